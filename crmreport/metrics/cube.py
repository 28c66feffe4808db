"""The cube: every metric, by period and by segment, in one pass over the rows it counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

import numpy as np
import pandas as pd
from ibis import _

from crmreport.metrics import METRICS
from crmreport.metrics.estimates import aggregates, figures_of
from crmreport.metrics.hiding import hide_small_cells
from crmreport.metrics.metric import Metric, Rows, parts_of
from crmreport.metrics.placing import by_segment, in_periods
from crmreport.metrics.quotients import figures_of_quotient, periods_needed
from crmreport.metrics.reach import reach_of, span_of
from crmreport.periods import Period
from crmreport.segments import ALL, parse_segment
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts import facts
from crmreport.targets import Targets, target_of

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
    targets: Targets | None = None,
) -> pd.DataFrame:
    """Compute all metrics for all periods and segments.

    Columns: `period` (a Period's key), `dimension` and `segment` ("all", "all" for the whole company),
    `metric`, `numerator`, `denominator` (missing where the metric has none), `value`, `low`, `high` (95 %
    interval) and `status`: "ok"; "small", fewer cases than the metric's minimum; "incomplete", the period
    is not over or the data do not reach back far enough; "undefined", nothing to divide by or no data of
    that time; "hidden", so few customers that the figure is withheld. Sorted by all its keys.
    """
    asked, metrics = tuple(dict.fromkeys(periods)), tuple(metrics)
    wanted = tuple(dict.fromkeys((*asked, *(p for m in metrics for p in periods_needed(m, asked)))))
    # Before the data nothing is known, and after them only what is set.
    needed = tuple(p for p in wanted if p in asked or (p.start <= data.as_of and p.end > data.first_day))
    parts = {part.name: part for metric in metrics for part in parts_of(metric)}
    passes = _passes(parts.values(), facts(data, needed, active_days), needed, data, active_days)
    passes += [_of_targets(part, wanted, targets or {}) for part in parts.values()]
    passes = [found for found in passes if not found.empty]
    if not passes:
        return pd.DataFrame(columns=list(COLUMNS))
    # Before anything depends on the order of rows: groups come from the engine in any.
    plain = hide_small_cells(_sorted(pd.concat(passes, ignore_index=True), metrics), minimum_cell)
    by_name = {str(name): rows for name, rows in plain.groupby("metric", sort=False)}
    there = [m for m in metrics if all(part.name in by_name for part in parts_of(m))]
    found = [figures_of_quotient(metric, asked, by_name) for metric in there]
    if not found:
        return pd.DataFrame(columns=list(COLUMNS))
    return _sorted(pd.concat(found, ignore_index=True), metrics)[list(COLUMNS)]


def _sorted(cube: pd.DataFrame, metrics: tuple[Metric, ...]) -> pd.DataFrame:
    order = {name: n for n, name in enumerate(dict.fromkeys(m.name for m in (*METRICS, *metrics)))}
    by_name = cube.sort_values("metric")  # those that are only parts of others are in no order of ours
    return by_name.sort_values(
        ["period", "dimension", "segment", "metric"],
        key=lambda s: s.map(order) if s.name == "metric" else s,
        kind="stable",
        ignore_index=True,
    )


def _passes(
    metrics: Iterable[Metric],
    found: Mapping[str, IbisTable],
    periods: tuple[Period, ...],
    data: Data,
    active_days: int,
) -> list[pd.DataFrame]:
    """Compute the metrics whose fact tables there are; those that count the same rows in one pass."""
    passes = []
    wanted = sorted((m for m in metrics if m.table in found), key=_pass_of)
    for name, of_table in groupby(wanted, key=lambda m: m.table):
        groups = [(rows, tuple(group)) for rows, group in groupby(of_table, key=lambda m: m.rows)]
        # Storing a table costs as much as reading it twice.
        fact = found[name].cache() if len(groups) > 1 else found[name]
        passes += [_one_pass(fact, rows, group, periods, data, active_days) for rows, group in groups]
    return passes


def _pass_of(metric: Metric) -> tuple[str, str, str, str, int]:
    rows = metric.rows
    return metric.table, rows.rule, rows.column, rows.until, rows.days


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
    span = span_of(fact, rows, data)
    window = active_days if rows.rule == "of_window" else 0
    finished = []
    for metric in metrics:
        reach = reach_of(span, periods, rows.days, max(metric.history_days, window))
        finished.append(figures_of(metric, wide, reach))
    return pd.concat(finished, ignore_index=True)


def _aggregates(metrics: tuple[Metric, ...], has_customers: bool) -> dict[str, object]:
    """Name what one pass computes: the parts of each metric, and the rows and customers behind each cell."""
    wanted: dict[str, object] = {"rows": _.count()}
    if has_customers:
        # A lead has no customer yet; each row without one is somebody else.
        wanted["customers"] = _.customer_id.nunique() + _.customer_id.isnull().cast("int64").sum()
    for metric in metrics:
        wanted |= {f"{metric.name}.{part}": expression for part, expression in aggregates(metric).items()}
    return wanted


def _spine(computed: pd.DataFrame, periods: tuple[Period, ...]) -> pd.DataFrame:
    """List every period and segment, so that a group without rows does not vanish."""
    whole = pd.DataFrame({"dimension": [ALL], "segment": [ALL]})
    segments = pd.concat([whole, computed[["dimension", "segment"]]]).drop_duplicates()
    return pd.DataFrame({"period": [p.key for p in periods]}).merge(segments, how="cross")


def _of_targets(metric: Metric, periods: tuple[Period, ...], targets: Targets) -> pd.DataFrame:
    """Give the targets that are set for a metric, as figures of another; empty if it is about none."""
    if metric.rows.rule != "target":
        return pd.DataFrame()
    segments = dict.fromkeys(segment for name, _period, segment in targets if name == metric.rows.column)
    lines = []
    for period in periods:
        for segment in segments:
            target = target_of(targets, metric.rows.column, period.name, segment)
            place = parse_segment(segment)
            status = "undefined" if target is None else "incomplete" if period.is_partial else "ok"
            figure = np.nan if target is None else target
            lines.append((period.key, place.dimension, place.value, metric.name, figure, status))
    frame = pd.DataFrame(lines, columns=["period", "dimension", "segment", "metric", "value", "status"])
    known = dict.fromkeys(("numerator", "low", "high"), frame["value"])
    return frame.assign(**known, denominator=np.nan, people=np.nan)
