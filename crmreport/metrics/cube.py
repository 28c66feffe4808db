"""The cube: every metric, by period and by segment, in one pass over the rows it counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import numpy as np
import pandas as pd
from ibis import _

from crmreport.metrics import METRICS, intervals
from crmreport.metrics.intervals import Array
from crmreport.metrics.metric import Estimate, Metric, Rows
from crmreport.metrics.placing import by_segment, in_periods
from crmreport.periods import Period
from crmreport.segments import ALL, UNKNOWN
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts import facts

COLUMNS = (
    "period",
    "dimension",
    "segment",
    "metric",
    "numerator",
    "denominator",
    "value",
    "low",
    "high",
    "status",
)
STATUSES = ("ok", "small", "incomplete", "undefined", "hidden")


def compute_cube(
    data: Data,
    periods: Iterable[Period],
    active_days: int,
    minimum_cell: int,
    metrics: Iterable[Metric] = METRICS,
) -> pd.DataFrame:
    """Compute all metrics for all periods and segments.

    Columns: `period` (a Period's key), `dimension` and `segment` ("all", "all" for the whole company),
    `metric`, `numerator`, `denominator` (missing where the metric has none), `value`, `low`, `high` (95 %
    interval) and `status`: "ok"; "small", fewer cases than the metric's minimum; "incomplete", the period
    is not over or the data do not reach back far enough; "undefined", nothing to divide by or no data of
    that time; "hidden", so few customers that the figure is withheld. Sorted by all its keys.
    """
    periods = tuple(dict.fromkeys(periods))
    found = facts(data, periods, active_days)
    wanted = sorted((m for m in metrics if m.table in found), key=_pass_of)
    passes = []
    for name, of_table in groupby(wanted, key=lambda m: m.table):
        groups = [(rows, tuple(group)) for rows, group in groupby(of_table, key=lambda m: m.rows)]
        # Storing a table costs as much as reading it twice.
        fact = found[name].cache() if len(groups) > 1 else found[name]
        passes += [_one_pass(fact, rows, group, periods, data, active_days) for rows, group in groups]
    if not passes:
        return pd.DataFrame(columns=list(COLUMNS))
    order = {m.name: n for n, m in enumerate(METRICS)}
    # Before anything depends on the order of rows: groups come from the engine in any.
    cube = pd.concat(passes, ignore_index=True).sort_values(
        ["period", "dimension", "segment", "metric"],
        key=lambda s: s.map(order) if s.name == "metric" else s,
        ignore_index=True,
    )
    return _hide_small_cells(cube, minimum_cell)[list(COLUMNS)]


def _pass_of(metric: Metric) -> tuple[str, str, str, int]:
    rows = metric.rows
    return metric.table, rows.rule, rows.column, rows.days


def _one_pass(
    fact: IbisTable,
    rows: Rows,
    metrics: tuple[Metric, ...],
    periods: tuple[Period, ...],
    data: Data,
    active_days: int,
) -> pd.DataFrame:
    """Compute the metrics that count the same rows of one fact table."""
    placed = by_segment(in_periods(fact, rows, periods))
    grouped = placed.group_by(["period", "dimension", "segment"])
    computed = grouped.aggregate(**_aggregates(metrics, "customer_id" in fact.columns)).to_pandas()
    wide = _spine(computed, periods).merge(computed, on=["period", "dimension", "segment"], how="left")
    span = _span(fact, rows, data)
    finished = []
    for metric in metrics:
        history_days = active_days if rows.rule == "of_period" else metric.history_days
        finished.append(_finish(wide, metric, _reach(span, periods, rows.days, history_days)))
    return pd.concat(finished, ignore_index=True)


def _aggregates(metrics: tuple[Metric, ...], has_customers: bool) -> dict[str, object]:
    """Name what one pass computes: the parts of each metric, and the rows and customers behind each cell."""
    wanted: dict[str, object] = {"rows": _.count()}
    if has_customers:
        # A lead has no customer yet; each row without one is somebody else.
        wanted["customers"] = _.customer_id.nunique() + _.customer_id.isnull().cast("int64").sum()
    for metric in metrics:
        wanted[f"{metric.name}.numerator"] = metric.numerator.cast("float64")
        if metric.denominator is not None:
            wanted[f"{metric.name}.denominator"] = metric.denominator.cast("float64")
        if metric.squares is not None:
            wanted[f"{metric.name}.squares"] = metric.squares.cast("float64")
        if metric.of is not None:
            wanted[f"{metric.name}.quantiles"] = metric.of.quantile(list(intervals.QUANTILES))
    return wanted


def _spine(computed: pd.DataFrame, periods: tuple[Period, ...]) -> pd.DataFrame:
    """List every period and segment, so that a group without rows does not vanish."""
    whole = pd.DataFrame({"dimension": [ALL], "segment": [ALL]})
    segments = pd.concat([whole, computed[["dimension", "segment"]]]).drop_duplicates()
    return pd.DataFrame({"period": [p.key for p in periods]}).merge(segments, how="cross")


@dataclass(frozen=True)
class _Reach:
    """How far the rows that a metric counts reach: which periods they cover, and which of them wholly."""

    covers: dict[str, bool]
    is_whole: dict[str, bool]


def _reach(
    span: tuple[date, date] | None, periods: tuple[Period, ...], shift_days: int, history_days: int
) -> _Reach:
    """Judge each period by the first and last day of the rows; `shift_days` earlier for a matured outcome."""
    if span is None:
        nowhere = {p.key: False for p in periods}
        return _Reach(nowhere, nowhere)
    shift = timedelta(days=shift_days)
    known_from = span[0] + timedelta(days=history_days)
    return _Reach(
        covers={p.key: p.start - shift <= span[1] and p.end - shift > span[0] for p in periods},
        is_whole={
            p.key: p.start - shift >= span[0] and p.start >= known_from and not p.is_partial for p in periods
        },
    )


def _span(fact: IbisTable, rows: Rows, data: Data) -> tuple[date, date] | None:
    """Find the first and last day on which the fact table says anything; None if it is empty."""
    if rows.rule == "of_period":
        return data.first_day, data.as_of
    column = fact[rows.column].date()
    span = fact.aggregate(first=column.min(), last=column.max()).to_pyarrow().to_pylist()[0]
    if span["first"] is None:
        return None
    return span["first"], data.as_of if rows.rule == "open_at_end" else span["last"]


def _finish(wide: pd.DataFrame, metric: Metric, reach: _Reach) -> pd.DataFrame:
    """Take one metric's parts out of the pass's frame, and add value, interval and status."""
    covered = wide["period"].map(reach.covers).to_numpy(dtype=bool)
    # A sum over no rows is 0 where the data cover the period, and unknown where they do not.
    parts = {
        part: np.where(covered, np.nan_to_num(wide[f"{metric.name}.{part}"].to_numpy(dtype=float)), np.nan)
        for part in ("numerator", "denominator", "squares")
        if f"{metric.name}.{part}" in wide
    }
    if metric.estimate is Estimate.TOTAL:
        # Rows of which none has an amount are no amount of 0.
        nothing_known = (wide["rows"] > 0) & wide[f"{metric.name}.numerator"].isna()
        parts["numerator"] = np.where(nothing_known, np.nan, parts["numerator"])
    cases = parts.get("denominator", parts["numerator"])
    value, low, high = _estimate(metric, parts, wide.get(f"{metric.name}.quantiles"))
    given = np.isfinite(value)  # the median of cases most of which wait for an answer is not
    is_small = (cases < metric.minimum) & (metric.estimate is not Estimate.TOTAL)
    is_whole = wide["period"].map(reach.is_whole).to_numpy(dtype=bool)
    customers = wide["customers"].fillna(0).to_numpy(dtype=float) if "customers" in wide else np.nan
    return wide[["period", "dimension", "segment"]].assign(
        metric=metric.name,
        numerator=parts["numerator"],
        denominator=parts.get("denominator", np.nan),
        value=np.where(given, value, np.nan),
        low=np.where(given & np.isfinite(low), low, np.nan),
        high=np.where(given & np.isfinite(high), high, np.nan),
        status=np.select([~given, ~is_whole, is_small], ["undefined", "incomplete", "small"], "ok"),
        people=customers if metric.estimate is Estimate.TOTAL else np.fmin(customers, cases),
    )


def _estimate(
    metric: Metric, parts: dict[str, Array], quantiles: pd.Series | None
) -> tuple[Array, Array, Array]:
    """Give a metric's values with the bounds of their 95 % intervals; missing where there are no cases."""
    numerator = parts["numerator"]
    if metric.denominator is None:
        if metric.estimate is Estimate.TOTAL:
            return numerator, *intervals.total(numerator, parts["squares"])
        return numerator, *intervals.poisson(numerator)
    cases = parts["denominator"]
    if quantiles is not None:
        grids = [np.asarray(q, dtype=float) if isinstance(q, list | np.ndarray) else None for q in quantiles]
        middle = intervals.QUANTILES.index(0.5)
        value = np.array([np.nan if grid is None else grid[middle] for grid in grids])
        return value, *intervals.median(grids, cases)
    value = np.divide(numerator, cases, out=np.full(len(cases), np.nan), where=cases > 0)
    if metric.estimate is Estimate.SHARE:
        return value, *intervals.wilson(numerator, cases)
    return value, *intervals.mean(numerator, cases, parts["squares"])


def _hide_small_cells(cube: pd.DataFrame, minimum_cell: int) -> pd.DataFrame:
    """Withhold the figures of groups of few customers, and of one more group that would give one away.

    `people` says how many customers a figure can at most rest on. A hidden segment could be computed from
    the whole and the others, so where only one segment of a dimension is hidden, the next smallest is
    hidden with it; not for those of no known segment, since nobody can tell who they are.
    """
    people = cube["people"]
    is_segment = cube["dimension"] != ALL
    few = is_segment & (people > 0) & (people < minimum_cell)
    groups = [cube["period"], cube["dimension"], cube["metric"]]
    named = few & (cube["segment"] != UNKNOWN)
    alone = (few.groupby(groups).transform("sum") == 1) & named.groupby(groups).transform("any")
    next_smallest = (
        people.where(is_segment & ~few & alone & (people > 0)).groupby(groups).rank(method="first")
    )
    hidden = few | (next_smallest == 1)
    cube = cube.copy()
    cube.loc[hidden, ["numerator", "denominator", "value", "low", "high"]] = np.nan
    cube.loc[hidden, "status"] = "hidden"
    return cube
