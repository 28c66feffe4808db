"""Durations: curves and medians of how long things last, for the whole and by the dimensions that differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.shown import large_enough
from crmreport.analyses.survival import COUNTED, log_rank, on_days, quantile_days, survival_curve
from crmreport.segments import ALL, UNKNOWN
from crmreport.tables.engine import IbisTable

_MOST_SEGMENTS = 12
_POINTS = 40
_LEAST_AT_RISK = 10  # with fewer, a curve says nothing any more
_BETWEEN = ": "
_STEPS = (1, 2, 5, 7, 14, 30, 60, 90, 180, 365)


@dataclass(frozen=True)
class Durations:
    """How long rows lasted, counted per dimension and segment; see `crmreport.analyses.survival`."""

    groups: Mapping[tuple[str, str], pd.DataFrame]

    @property
    def whole(self) -> pd.DataFrame:
        """The counts of all rows."""
        return self.groups[ALL, ALL]

    def of(self, dimension: str) -> dict[str, pd.DataFrame]:
        """Give the counts of each segment of a dimension."""
        return {segment: counts for (name, segment), counts in self.groups.items() if name == dimension}


def grouped_durations(
    count: Callable[[IbisTable, str], pd.DataFrame], rows: IbisTable, dimensions: list[str]
) -> Durations:
    """Count for the whole and for each dimension with two to twelve segments, in one query.

    `count` gives the counts (see `count_durations`) of rows, by the column that it is given.
    """
    kinds = ibis.memtable(pd.DataFrame({"kind": [ALL, *dimensions]}), schema={"kind": "string"})
    split = rows.cross_join(kinds)
    of_kind = [(split.kind == d, ibis.coalesce(split[d], UNKNOWN)) for d in dimensions]
    segment = ibis.cases(*of_kind, else_=ALL) if of_kind else ibis.literal(ALL)
    counted = count(split.mutate(group=split.kind + _BETWEEN + segment), "group")
    found = {tuple(group.split(_BETWEEN, 1)): c[list(COUNTED)] for group, c in counted.groupby("segment")}
    groups = {(ALL, ALL): found.get((ALL, ALL), counted[list(COUNTED)])}
    for dimension in dimensions:
        segments = sorted(segment for kind, segment in found if kind == dimension)
        if 1 < len(segments) <= _MOST_SEGMENTS:
            groups |= {(dimension, segment): found[dimension, segment] for segment in segments}
    return Durations(groups)


def medians(durations: Durations, minimum_cell: int) -> pd.DataFrame:
    """Give each group's median, and how likely its dimension's curves differ so by chance.

    Columns: `dimension`, `segment`, `rows`, `ended`, `open`, `median_days`, `low`, `high` (95 %),
    `naive_median_days` (of what has ended alone: too short), `difference_p` (log-rank test of the
    dimension). Groups of fewer than `minimum_cell` rows are left out.
    """
    rows: list[dict[str, object]] = []
    chances = {name: _chance(durations.of(name)) for name in dict.fromkeys(d for d, _ in durations.groups)}
    for (dimension, segment), counted in durations.groups.items():
        median, low, high = quantile_days(survival_curve(counted))
        sums = {c: int(counted[c].to_numpy().sum()) for c in ("ended", "otherwise", "open")}
        rows.append(
            {
                "dimension": dimension,
                "segment": segment,
                "rows": sum(sums.values()),
                "ended": sums["ended"],
                "open": sums["open"],
                "median_days": median,
                "low": low,
                "high": high,
                "naive_median_days": _naive_median(counted),
                "difference_p": chances[dimension],
            }
        )
    found = pd.DataFrame(rows)
    shown = large_enough(found, ["dimension"], "rows", minimum_cell) | (found["dimension"] == ALL)
    return found[shown].reset_index(drop=True)


def curves(
    durations: Durations,
    shown: pd.DataFrame,
    curve_of: Callable[[pd.DataFrame], pd.DataFrame] = survival_curve,
    column: str = "survival",
) -> pd.DataFrame:
    """Give the curve of the whole, and of the segments of the dimension that differs most surely.

    `shown`: see `medians`. Columns: `dimension`, `segment`, `days` (some forty evenly spaced, as long as ten
    rows are at risk), the figure, `low`, `high`.
    """
    tested = shown[shown["difference_p"].notna() & (shown["dimension"] != ALL)]
    chosen = [ALL]
    if len(tested):
        chosen.append(str(tested.sort_values(["difference_p", "dimension"]).iloc[0]["dimension"]))
    visible = set(zip(shown["dimension"], shown["segment"], strict=True))
    longest = _last_day(durations.whole)
    step = next((s for s in _STEPS if longest <= s * _POINTS), int(np.ceil(longest / _POINTS)))
    parts = []
    for (dimension, segment), counted in durations.groups.items():
        if dimension not in chosen or (dimension, segment) not in visible:
            continue
        days = np.arange(0, _last_day(counted) + 1, step, dtype=float)
        read = on_days(curve_of(counted), days, column)
        parts.append(read.assign(dimension=dimension, segment=segment))
    found = pd.concat(parts, ignore_index=True)
    return found.astype({"days": "int64"})[["dimension", "segment", "days", column, "low", "high"]]


def _chance(groups: dict[str, pd.DataFrame]) -> float:
    known = {name: counted for name, counted in groups.items() if name != UNKNOWN}
    return log_rank(known) if len(known) > 1 else float("nan")


def _naive_median(counted: pd.DataFrame) -> float:
    days, ended = counted["days"].to_numpy(), counted["ended"].to_numpy()
    order = np.argsort(days, kind="stable")
    reached = ended[order].cumsum() * 2 >= max(ended.sum(), 1)
    return float(days[order][reached][0]) if reached.any() else float("nan")


def _last_day(counted: pd.DataFrame) -> int:
    """Find the last day on which enough rows are still at risk; late entries are at risk, too."""
    days = counted["days"].to_numpy()
    order = np.argsort(-days, kind="stable")
    rows = sum(counted[c].to_numpy() for c in ("ended", "otherwise", "open"))
    reached = rows[order].cumsum() >= _LEAST_AT_RISK
    return int(days[order][reached][0]) if reached.any() else 0
