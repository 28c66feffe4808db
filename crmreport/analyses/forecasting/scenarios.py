"""Market scenarios: what revenue would be if the market moved otherwise and we moved with it as before."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmreport.language import _t
from crmreport.metrics.intervals import Array
from crmreport.periods import Period
from crmreport.tables.engine import IbisTable

FEWEST_CHANGES = 20
FALL = -0.1

TITLES: dict[str, str] = {
    "as_last_year": _t("The market grows as in the last year"),
    "flat": _t("The market stays as it is"),
    "falls": _t("The market falls by 10 %"),
}
STATUS_TITLES: dict[str, str] = {
    "ok": _t("Estimated"),
    "no_series": _t("There is no series of the industry for the same periods"),
    "too_short": _t("Fewer than 20 changes are known of both revenue and the industry"),
    "not_estimable": _t("Revenue does not follow the industry by more than chance"),
}
COLUMNS = (
    *("scenario", "status", "market_growth", "value", "low", "high"),
    *("elasticity", "elasticity_low", "elasticity_high", "n"),
)


@dataclass(frozen=True)
class Elasticity:
    """By how many percent our sales change when the market changes by one, with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int

    @property
    def is_known(self) -> bool:
        """Whether the interval leaves out 0."""
        return bool(self.low > 0 or self.high < 0)


def elasticity(own: Array, market: Array, season: int) -> Elasticity:
    """Estimate the elasticity of our sales in those of the market, of the same periods, all above 0.

    Least squares of changes on changes: the logarithms less those of the same period a year before, and of
    these the change from period to period, so that what both series share by time alone is no relation;
    standard errors after Newey & West (1987, Econometrica 55(3)), one lag. All missing for fewer than
    20 changes.
    """
    import statsmodels.api as sm

    changes, market_changes = (np.diff(np.log(v[season:] / v[:-season])) for v in (own, market))
    n = len(changes)
    if n < FEWEST_CHANGES or np.ptp(market_changes) == 0:
        return Elasticity(math.nan, math.nan, math.nan, n)
    model = sm.OLS(changes, sm.add_constant(market_changes))
    fitted = model.fit(cov_type="HAC", cov_kwds={"maxlags": 1}, use_t=True)
    low, high = fitted.conf_int()[1]
    return Elasticity(float(fitted.params[1]), float(low), float(high), n)


def industry_sales(market: IbisTable, periods: tuple[Period, ...]) -> pd.Series:
    """Give the industry's sales by the period's key, as last published; the series that covers most periods.

    `market` is the contract's table. Empty if no industry series has values for such periods.
    """
    rows = market.filter(market.kind == "industry")
    published = rows.published_on if "published_on" in rows.columns else rows.starts_on
    frame = rows.select("series", "starts_on", "value", published=published).to_pandas()
    frame = frame.sort_values(["series", "starts_on", "published"], na_position="first")
    frame = frame.drop_duplicates(["series", "starts_on"], keep="last")
    keys = {p.start: p.key for p in periods}
    frame["period"] = [keys.get(pd.Timestamp(day).date()) for day in frame["starts_on"]]
    frame = frame.dropna(subset=["period", "value"])
    if frame.empty:
        return pd.Series(dtype=float)
    counts = frame.groupby("series").size()
    chosen = frame[frame["series"] == counts.sort_index().idxmax()]
    return chosen.set_index("period")["value"].astype(float)


def scenarios(own: pd.Series, market: pd.Series, season: int, forecast: float) -> pd.DataFrame:
    """Give revenue of the forecast's periods for each course of the market.

    `own`, `market`: revenue and industry sales by period, oldest first, see `industry_sales`; `forecast`:
    what is forecast in all, which stands for a market that grows as in the last year. Columns: `scenario`;
    `status` (see `STATUS_TITLES`; where not ok, the figures are missing); `market_growth` on the year before,
    a share; `value`, with `low` and `high` for the interval of the elasticity alone; `elasticity`, its 95 %
    interval and `n`, the changes that it is estimated from.
    """
    market = market[market.index.isin(own.index)]
    own_values = own.reindex([p for p in own.index if p in market.index]).to_numpy(dtype=float)
    values = market.reindex([p for p in own.index if p in market.index]).to_numpy(dtype=float)
    if not len(values):
        return _without("no_series")
    # A gap would set other periods against each other.
    start = own.index.get_loc(market.index[0])
    is_whole = list(own.index[start : start + len(values)]) == [p for p in own.index if p in market.index]
    possible = is_whole and (values > 0).all() and (own_values > 0).all()
    if not possible or len(values) < season + 1 + FEWEST_CHANGES:
        return _without("too_short")
    found = elasticity(own_values, values, season)
    if not found.is_known:
        return _without("not_estimable", found)
    if len(values) >= 2 * season:
        last_year = values[-season:].sum() / values[-2 * season : -season].sum() - 1
    else:
        compared = len(values) - season
        last_year = values[-compared:].sum() / values[:compared].sum() - 1
    rows = []
    for name, growth in (("as_last_year", last_year), ("flat", 0.0), ("falls", FALL)):
        ratio = math.log1p(growth) - math.log1p(last_year)
        ends = sorted(forecast * math.exp(e * ratio) for e in (found.low, found.high))
        value = forecast * math.exp(found.value * ratio)
        rows.append((name, "ok", growth, value, *ends, found.value, found.low, found.high, found.n))
    return _framed(rows)


def _without(status: str, found: Elasticity | None = None) -> pd.DataFrame:
    known = (found.value, found.low, found.high, found.n) if found else (math.nan, math.nan, math.nan, 0)
    return _framed([(name, status, math.nan, math.nan, math.nan, math.nan, *known) for name in TITLES])


def _framed(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"n": "int64"})
