"""The cube: every metric, by period and by segment, in one pass over the rows it counts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from crmreport.metrics import METRICS
from crmreport.metrics.hiding import hide_small_cells
from crmreport.metrics.metric import Metric, parts_of
from crmreport.metrics.passes import passes
from crmreport.metrics.quotients import figures_of_quotient, periods_needed
from crmreport.periods import Period
from crmreport.segments import parse_segment
from crmreport.tables.data import Data
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
    counted = list(passes(parts.values(), data, needed, active_days))
    counted += [_of_targets(part, wanted, targets or {}) for part in parts.values()]
    counted = [found for found in counted if not found.empty]
    if not counted:
        return pd.DataFrame(columns=list(COLUMNS))
    # Before anything depends on the order of rows: groups come from the engine in any.
    plain = hide_small_cells(_sorted(pd.concat(counted, ignore_index=True), metrics), minimum_cell)
    by_name = {str(name): rows for name, rows in plain.groupby("metric", sort=False)}
    there = [m for m in metrics if all(part.name in by_name for part in parts_of(m))]
    found = [figures_of_quotient(metric, asked, by_name) for metric in there]
    if not found:
        return pd.DataFrame(columns=list(COLUMNS))
    return _sorted(pd.concat(found, ignore_index=True), metrics)[list(COLUMNS)]


def _sorted(cube: pd.DataFrame, metrics: tuple[Metric, ...]) -> pd.DataFrame:
    """Sort by period, dimension and segment, then in the metrics' order; other parts of theirs by name."""
    ours = dict.fromkeys(m.name for m in (*METRICS, *metrics))
    found, names = pd.factorize(cube["metric"])
    order = {name: n for n, name in enumerate([*ours, *sorted(set(names) - set(ours))])}
    rank = np.array([order[name] for name in names])[found]
    # By numbers: to sort these many texts takes longer than to find the few that there are.
    numbers = [pd.factorize(cube[name], sort=True)[0] for name in ("segment", "dimension", "period")]
    return cube.iloc[np.lexsort([rank, *numbers])].reset_index(drop=True)


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
