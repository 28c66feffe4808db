"""Survival: how long things last, when some have not ended yet: Kaplan and Meier's curve and its relatives.

Everything starts from counts per number of days, which the engine makes, so that millions of rows cost
nothing. SciPy and statsmodels want a row for each; they are the second opinion of the tests.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd

from crmreport.metrics.intervals import Array, Z
from crmreport.tables.engine import IbisTable, IbisValue

FROM_START = -1  # `entered_days` of what was watched from its first day on
COUNTED = ("entered_days", "days", "ended", "otherwise", "open")


def count_durations(
    rows: IbisTable,
    begun: IbisValue,
    ended: IbisValue,
    end: date,
    *,
    dimension: str = "",
    otherwise: IbisValue | None = None,
    watched_from: date | None = None,
) -> pd.DataFrame:
    """Count how long the rows lasted, in days, and which still last when `end` begins.

    `begun`, `ended`: times, the latter missing while it lasts. `otherwise`: whether it ended in another way
    than the one studied. `watched_from`: the first day on which an end would have been recorded; what ended
    earlier is not in the rows, so that older ones enter late. Columns: `segment` if a dimension is given,
    `entered_days` (days after which the row was watched; -1 from the first), `days`, and the rows that
    `ended`, ended `otherwise`, and are `open`.
    """
    last = ibis.literal(end - timedelta(days=1))
    day = ended.date()
    is_over = day.notnull() & (day < end)
    other = is_over & ibis.coalesce(otherwise, False) if otherwise is not None else ibis.literal(False)
    values: dict[str, Any] = {
        "days": ibis.ifelse(is_over, day, last).delta(begun.date(), unit="day"),
        "ended": (is_over & ~other).cast("int64"),
        "otherwise": other.cast("int64"),
        "open": (~is_over).cast("int64"),
        "entered_days": ibis.literal(FROM_START),
    }
    if watched_from is not None:
        late = ibis.literal(watched_from).delta(begun.date(), unit="day") - 1
        values["entered_days"] = ibis.ifelse(late > FROM_START, late, FROM_START)
    if dimension:
        values["segment"] = rows[dimension]
    known = rows.filter(begun.notnull() & (begun.date() < end))
    lasted = known.select(**values)
    lasted = lasted.filter((lasted.days >= 0) & (lasted.entered_days < lasted.days))
    keys = [*(["segment"] if dimension else []), "entered_days", "days"]
    sums = lasted.group_by(keys).aggregate(**{c: lasted[c].sum() for c in COUNTED[2:]})
    return sums.to_pandas().sort_values(keys, ignore_index=True)[[*keys, *COUNTED[2:]]]


def survival_curve(counted: pd.DataFrame) -> pd.DataFrame:
    """Give the share that lasts longer than each number of days on which something ended.

    Kaplan and Meier 1958, Journal of the American Statistical Association 53; those who enter late are at
    risk from then on. The interval is that of Greenwood's variance on the log-log scale. `counted`: see
    `count_durations`; what ended otherwise counts as no longer watched. Columns: `days`, `at_risk`, `ended`,
    `survival`, `low`, `high` (95 %, pointwise; missing where the share is 0 or 1).
    """
    at = _at_risk(counted)
    at = at.chosen(at.ended > 0)
    n, d = at.at_risk, at.ended
    survival: Array = np.asarray(np.cumprod(1 - d / n), dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(d / (n * (n - d)))
        low, high = _log_log(survival, np.sqrt(variance) * survival)
    return _curve(at, "survival", survival, low, high)


def cumulative_incidence(counted: pd.DataFrame) -> pd.DataFrame:
    """Give the share that has ended in the way studied, where others end otherwise and never can again.

    Aalen and Johansen 1978, Scandinavian Journal of Statistics 5; variance by the delta method (Marubini
    and Valsecchi 1995, Analysing Survival Data from Clinical Trials), interval on the log-log scale. Columns:
    `days`, `at_risk`, `ended`, `share`, `low`, `high`.
    """
    at = _at_risk(counted)
    at = at.chosen(at.ended + at.otherwise > 0)
    n, d, leaving = at.at_risk, at.ended, at.ended + at.otherwise
    before = np.concatenate([[1.0], np.cumprod(1 - leaving / n)])[:-1]
    share = np.cumsum(before * d / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(n > leaving, leaving / (n * (n - leaving)), 0.0)
        own = before * d / n**2
        variance = share**2 * np.cumsum(rate) - 2 * share * np.cumsum(share * rate)
        variance += np.cumsum(share**2 * rate) + np.cumsum(before**2 * (n - d) * d / n**3)
        variance += -2 * share * np.cumsum(own) + 2 * np.cumsum(share * own)
        low, high = _log_log(share, np.sqrt(np.maximum(variance, 0)))
    return _curve(at, "share", share, low, high)


def quantile_days(curve: pd.DataFrame, share_left: float = 0.5) -> tuple[float, float, float]:
    """Give the days after which no more than that share is left, with its 95 % interval.

    Brookmeyer and Crowley 1982, Biometrics 38, on the log-log scale. Missing where the curve or its bound
    does not fall so far.
    """

    def first_at(column: str) -> float:
        reached = curve["days"].to_numpy()[curve[column].to_numpy() <= share_left + 1e-12]
        return float(reached[0]) if len(reached) else float("nan")

    return first_at("survival"), first_at("low"), first_at("high")


def on_days(curve: pd.DataFrame, days: Array, column: str = "survival") -> pd.DataFrame:
    """Read a curve at these days: `days`, the figure, `low`, `high`, as they were at the last step before."""
    start = {"survival": 1.0, "share": 0.0}[column]
    places = np.searchsorted(curve["days"].to_numpy(), days, side="right")
    values = {"days": days}
    for name in (column, "low", "high"):
        values[name] = np.concatenate([[start], curve[name].to_numpy(dtype=float)])[places]
    return pd.DataFrame(values)


def log_rank(groups: dict[str, pd.DataFrame]) -> float:
    """Give the probability of curves so different if all groups were alike; missing for fewer than two.

    Mantel 1966, Cancer Chemotherapy Reports 50, for any number of groups. `groups`: counts by name.
    """
    from scipy.stats import chi2

    tables = [_at_risk(c) for c in groups.values()]
    if len(tables) < 2:
        return float("nan")
    tables = [t.chosen(t.ended > 0) for t in tables]
    days = np.unique(np.concatenate([t.days for t in tables]))
    died = np.zeros((len(tables), len(days)))
    for row, of_group in zip(died, tables, strict=True):
        row[np.searchsorted(days, of_group.days)] = of_group.ended
    risk = np.array([_risk_on(c, days) for c in groups.values()])
    n, d = risk.sum(axis=0), died.sum(axis=0)
    difference = (died - risk * d / n).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(n > 1, d * (n - d) / (n - 1), 0.0)
    share = risk / n
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    free = covariance[:-1, :-1]
    if not len(days) or np.linalg.matrix_rank(free) < len(free):
        return float("nan")
    statistic = float(difference[:-1] @ np.linalg.solve(free, difference[:-1]))
    return float(chi2.sf(statistic, len(free)))


class _AtRisk(NamedTuple):
    """Counts by number of days, sorted, with how many were at risk then: arrays, as there are many groups."""

    days: Array
    at_risk: Array
    ended: Array
    otherwise: Array

    def chosen(self, mask: npt.NDArray[np.bool_]) -> _AtRisk:
        """Give some of the numbers of days alone."""
        return _AtRisk(*(values[mask] for values in self))


def _at_risk(counted: pd.DataFrame) -> _AtRisk:
    days, places = np.unique(counted["days"].to_numpy(dtype=float), return_inverse=True)
    ended, otherwise = (
        np.bincount(places, counted[c].to_numpy(dtype=float), len(days)).astype(float)
        for c in ("ended", "otherwise")
    )
    return _AtRisk(days, _risk_on(counted, days), ended, otherwise)


def _curve(at: _AtRisk, name: str, figure: Array, low: Array, high: Array) -> pd.DataFrame:
    counts = {"days": at.days, "at_risk": at.at_risk, "ended": at.ended}
    whole = {column: values.astype("int64") for column, values in counts.items()}
    return pd.DataFrame({**whole, name: figure, "low": low, "high": high})


def _risk_on(counted: pd.DataFrame, days: Array) -> Array:
    """Count those who had entered before each of these days and had not ended before it."""
    rows = sum(counted[c].to_numpy(dtype=float) for c in ("ended", "otherwise", "open"))

    def reaching(column: str) -> Array:
        values = counted[column].to_numpy(dtype=float)
        order = np.argsort(values, kind="stable")
        left = np.concatenate([np.cumsum(rows[order][::-1])[::-1], [0.0]])
        found: Array = left[np.searchsorted(values[order], days, side="left")]
        return found

    return reaching("days") - reaching("entered_days")


def _log_log(share: Array, error: Array) -> tuple[Array, Array]:
    """Give the bounds of a share from its standard error, on the scale of log(-log(share))."""
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, 0.5)
    half = Z * np.where(inside, error, np.nan) / (safe * np.abs(np.log(safe)))
    return safe ** np.exp(half), safe ** np.exp(-half)
