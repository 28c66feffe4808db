"""Demand: how many units of each category and product the next periods will ask for, as quantiles."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.language import _t
from crmreport.metrics.intervals import Array, wilson
from crmreport.periods import Kind, Period
from crmreport.tables.engine import IbisTable

SEASONS = {Kind.YEAR: 1, Kind.QUARTER: 4, Kind.MONTH: 12, Kind.WEEK: 52}
HORIZON = 3
QUANTILES = (0.1, 0.5, 0.9)
MOST_ITEMS = {"category": 15, "product": 20}
FEWEST_ORIGINS = 4
_HALF = 0.5  # a unit, so that nothing sold has a logarithm


def units_sold(lines: IbisTable, item: str, periods: tuple[Period, ...], most: int) -> pd.DataFrame:
    """Sum up the units ordered by item and period, for the `most` items with most units.

    `lines`: the fact table `order_lines`, `item` one of its columns. Returns are left out: they were asked
    for, too. A row per item, sorted, a column per period (its key); 0 where none was ordered.
    """
    spans = [{"period": p.key, "start": p.start, "end": p.end} for p in periods]
    calendar = ibis.memtable(pd.DataFrame(spans), schema={"period": "string", "start": "date", "end": "date"})
    sold = lines.filter((lines.quantity > 0) & lines[item].notnull())
    daily = sold.group_by(item=sold[item], day=sold.ordered_at.date()).aggregate(
        units=sold.quantity.sum().cast("float64")
    )
    placed = daily.inner_join(calendar, [daily.day >= calendar.start, daily.day < calendar.end])
    totals = placed.group_by("item").aggregate(total=placed.units.sum())
    top = totals.order_by([ibis.desc("total"), "item"]).limit(most)
    kept = placed.semi_join(top, "item")
    found = kept.group_by(["item", "period"]).aggregate(units=kept.units.sum()).to_pandas()
    wide = found.pivot_table(index="item", columns="period", values="units", fill_value=0.0)
    return wide.reindex(columns=[p.key for p in periods], fill_value=0.0).sort_index()


def expected_units(history: Array, season: int, horizon: int) -> Array:
    """Give the units to be expected of each item in the next periods, from those so far.

    `history`: a row per item, a column per period. All items together are taken to sell what they sold a
    season before, times the growth of the last half season; each item has its share of the last half
    season. With less than a season and a half, the mean of the last three periods.
    """
    half = max(1, season // 2)
    total = history.sum(axis=0)
    periods = len(total)
    if season > 1 and periods >= season + half:
        before = total[periods - half - season : periods - season].sum()
        growth = total[-half:].sum() / before if before > 0 else 1.0
        ahead = np.array([total[periods - season + step % season] for step in range(horizon)]) * growth
    else:
        ahead = np.full(horizon, total[-3:].mean())
        half = min(3, periods)
    recent = history[:, -half:].sum(axis=1)
    share = recent / recent.sum() if recent.sum() > 0 else np.full(len(recent), 1 / max(len(recent), 1))
    return np.asarray(share[:, None] * ahead[None, :])


def log_errors(history: Array, season: int, horizon: int) -> Array:
    """Give what came over what was expected at earlier times, as logarithms: origin, item, step.

    An origin has at least a season and a half before it, if there are four such origins; else half of the
    periods, at least three.
    """
    periods = history.shape[1]
    first = season + max(1, season // 2)
    if periods - horizon - first + 1 < FEWEST_ORIGINS:
        first = max(3, periods // 2)
    origins = range(first, periods - horizon + 1)
    made = [expected_units(history[:, :origin], season, horizon) for origin in origins]
    came = [history[:, origin : origin + horizon] for origin in origins]
    if not made:
        return np.empty((0, history.shape[0], horizon))
    return np.asarray(np.log(np.array(came) + _HALF) - np.log(np.array(made) + _HALF))


def quantiles_of(errors: Array) -> Array:
    """Give the 10, 50 and 90 % quantiles of the errors of each step: a row per quantile.

    Of n errors, the quantile q is the one at the rank (n + 1) q, so that a new one is as likely beyond it.
    """
    flat = errors.reshape(-1, errors.shape[-1])
    return np.asarray(np.quantile(flat, QUANTILES, axis=0, method="weibull"))


def covered(errors: Array) -> Array:
    """Say of each error whether it lies between the 10 and 90 % quantiles of the other origins' errors."""
    origins = range(len(errors))
    found = np.zeros(errors.shape, dtype=float)
    for origin in origins:
        low, _, high = quantiles_of(np.delete(errors, origin, axis=0))
        found[origin] = (errors[origin] >= low) & (errors[origin] <= high)
    return found


def _ahead(known: Known) -> list[str]:
    calendar, period = known.settings.calendar, [p for p in known.periods if not p.is_partial][-1]
    keys = []
    for _ in range(HORIZON):
        period = calendar.containing(period.full_end, period.kind)
        keys.append(period.key)
    return keys


def _compute(known: Known) -> Frames:
    kind = known.period.kind
    whole = tuple(p for p in known.periods if not p.is_partial and p.start >= known.data.first_day)
    if kind not in SEASONS or len(whole) < 3 + FEWEST_ORIGINS + HORIZON - 1:
        raise Declined(
            _t("This needs at least {needed} whole weeks, months, quarters or years; there are {found}."),
            needed=3 + FEWEST_ORIGINS + HORIZON - 1,
            found=len(whole) if kind in SEASONS else 0,
        )
    lines, season = known.facts["order_lines"], SEASONS[kind]
    demand: list[pd.DataFrame] = []
    checks: list[pd.DataFrame] = []
    for level, column in (("category", "category"), ("product", "product_id")):
        if column not in lines.columns:
            continue
        sold = units_sold(lines, column, whole, MOST_ITEMS[level])
        if sold.empty:
            continue
        history = sold.to_numpy(dtype=float)
        errors = log_errors(history, season, HORIZON)
        demand.append(_demand(level, sold.index, history, errors, _ahead(known), season))
        checks.append(_check(level, history, errors, season))
    if not demand:
        raise Declined(_t("No product was sold in these periods."))
    return {
        "demand": pd.concat(demand, ignore_index=True),
        "check": pd.concat(checks, ignore_index=True),
    }


def _demand(
    level: str, items: pd.Index, history: Array, errors: Array, keys: list[str], season: int
) -> pd.DataFrame:
    expected = expected_units(history, season, HORIZON)
    made = (expected + _HALF)[None, :, :] * np.exp(quantiles_of(errors))[:, None, :] - _HALF
    low, middle, high = np.maximum(made, 0)
    year_before = np.full(expected.shape, np.nan)
    if history.shape[1] >= season and season >= HORIZON:
        start = history.shape[1] - season
        year_before = history[:, start : start + HORIZON]
    return pd.DataFrame(
        {
            "level": level,
            "item": np.repeat(items.to_numpy(dtype=object), HORIZON),
            "step": np.tile(np.arange(1, HORIZON + 1), len(items)),
            "period": keys * len(items),
            "low_units": low.ravel(),
            "middle_units": middle.ravel(),
            "high_units": high.ravel(),
            "year_before_units": year_before.ravel(),
        }
    ).astype({"item": "str", "period": "str", "level": "str"})


def _check(level: str, history: Array, errors: Array, season: int) -> pd.DataFrame:
    """Sum up the back-test by step; WAPE: the errors' sizes as a share of what came."""
    inside = covered(errors)
    origins = history.shape[1] - HORIZON - len(errors) + 1 + np.arange(len(errors))
    rows = []
    for step in range(HORIZON):
        came = np.array([history[:, o + step] for o in origins])
        made = (came + _HALF) / np.exp(errors[:, :, step]) - _HALF
        is_seasonal = season > step and origins[0] >= season
        naive = [history[:, o + step - season] if is_seasonal else history[:, o - 1] for o in origins]
        total = came.sum()
        low, high = wilson(np.array([inside[:, :, step].sum()]), np.array([float(inside[:, :, step].size)]))
        rows.append(
            {
                "level": level,
                "step": step + 1,
                "cases": int(came.size),
                "coverage": inside[:, :, step].mean(),
                "low": low[0],
                "high": high[0],
                "wape": np.abs(came - made).sum() / total if total else np.nan,
                "wape_naive": np.abs(came - np.array(naive)).sum() / total if total else np.nan,
            }
        )
    return pd.DataFrame(rows)


DEMAND = Analysis(
    name="demand",
    title=_t("Demand to expect"),
    subject="products",
    definition=_t(
        "Units of each category, and of the products sold most, to be expected in the next three periods: "
        "with 10 % probability fewer than the low figure, with 10 % more than the high one. All items "
        "together follow the year before and its growth; each has its share of the last half year."
    ),
    source=_t(
        "Top-down seasonal forecast; the quantiles are those of its own relative errors at earlier times, of "
        "all items together"
    ),
    trap=_t(
        "What was sold is not what was wanted: while something is out of stock, nobody buys it, and neither "
        "the history nor the forecast shows that. For stock, plan with the high figure, not with the middle."
    ),
    limit=_t(
        "The 15 categories and 20 products with most units. With less than a year and a half of data there "
        "is no season in it."
    ),
    needs=("orders", "order_lines"),
    facts=("order_lines",),
    compute=_compute,
    columns={
        "demand": {
            "level": _t("categories or products"),
            "item": _t("category or product"),
            "step": _t("periods ahead"),
            "period": _t("key of the period"),
            "low_units": _t("units; fewer are needed with 10 % probability"),
            "middle_units": _t("units; more and fewer are as probable"),
            "high_units": _t("units; more are needed with 10 % probability"),
            "year_before_units": _t("units ordered in the same period of the year before"),
        },
        "check": {
            "level": _t("categories or products"),
            "step": _t("periods ahead"),
            "cases": _t("earlier forecasts of an item"),
            "coverage": _t("share of what came between low and high figures made without it; 0.8 is meant"),
            "low": _t("lower bound of its 95 % interval, as if the items did not move together"),
            "high": _t("upper bound of its 95 % interval"),
            "wape": _t("sum of the errors' sizes over the sum of what came"),
            "wape_naive": _t("the same of the simplest forecast: as in the same period of the year before"),
        },
    },
    seed="优化库存",
)
