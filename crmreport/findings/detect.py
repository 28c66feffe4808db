"""Detect: every change of a period, tested on the metric's two parts before anybody may say it.

A change is measured against two kinds of variation. One is chance: with this many cases, how far would the
figure move by itself (`standard_error`)? The other is routine: how far has it moved from period to
period in the past, beyond chance (`_dispersion`, as in quasi-Poisson models)? All comparisons of one review
are corrected together, so that among those called clear at most 5 % are expected to be false (Benjamini
and Hochberg 1995, Journal of the Royal Statistical Society B 57): those of the whole company as one family,
those of its segments as another, so that many segments do not blunt the first (Yekutieli 2008, Journal of
the American Statistical Association 103), and each of them for the key figures apart from all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmreport.findings.chance import false_discovery, spread, two_sided
from crmreport.findings.differences import (
    Figures,
    difference_interval,
    pooled,
    standard_error,
    z_scores,
)
from crmreport.findings.families import is_change, is_key
from crmreport.metrics import metric as metric_named
from crmreport.metrics.intervals import Array
from crmreport.metrics.metric import Metric
from crmreport.periods import Kind, Period
from crmreport.segments import ALL, UNKNOWN

FALSE_DISCOVERY_RATE = 0.05
MINIMUM_HISTORY = 8  # fewer earlier changes do not tell what is routine

MOST_UNKNOWN = 0.2  # a dimension with more cases of no known segment is not judged

PREVIOUS = "previous"
YEAR_BEFORE = "year_before"
BASELINES = (PREVIOUS, YEAR_BEFORE)

POOLED = "pooled_year_before"  # the last periods together, against the same ones of the year before
POOLED_PERIODS = {Kind.MONTH: 3, Kind.WEEK: 13}  # a quarter's: what creeps is seen in no single month

_PARTS = ("numerator", "denominator", "value", "low", "high")

Names = npt.NDArray[np.object_]
Columns = dict[str, npt.NDArray[Any]]


@cache  # it is asked for every metric, of every period that there was
def baseline_of(period: Period, baseline: str) -> Period:
    """Give the period with which one is compared."""
    return period.predecessor() if baseline == PREVIOUS else period.year_before()


def baselines_of(period: Period) -> tuple[tuple[str, Period], ...]:
    """Give the periods with which one is compared, by baseline; a year has one before it, not two."""
    found = tuple((baseline, baseline_of(period, baseline)) for baseline in BASELINES)
    return found[1:] if found[0][1] == found[1][1] else found


def find_changes(cube: pd.DataFrame, period: Period, history: Iterable[Period]) -> pd.DataFrame:
    """Test every metric and segment of a period against the period before and the same one last year.

    `history` are the whole periods of the same kind in the cube. Columns: `metric`, `dimension`, `segment`,
    `baseline`, `period`, `before_period` (keys), then `before_` and `after_` numerator, denominator, value,
    low, high; `difference` with `low` and `high` (95 %, widened by the routine variation),
    `standard_error`, `dispersion`, `history` (how many earlier changes are known), `z`, `p`, `q` (corrected)
    and `is_clear`. Small samples are there, since parts must add up, but are not tested (`p` is missing);
    figures of unfinished periods only beside the same part of another. What is a change itself, such as
    growth, is not there. Ratios have a third baseline, POOLED, in which `mix_and_rate` sees what creeps; its
    rows are not tested themselves.
    """
    earlier = sorted(p for p in history if p.end <= period.start)
    testable = ("ok", "incomplete") if period.is_partial else ("ok",)
    parts: list[Columns] = []
    for metric, laid in _laid_out(cube, testable):
        parts += _tested(metric, laid, period, earlier)
    if not parts:
        return pd.DataFrame()
    changes = pd.DataFrame({name: np.concatenate([rows[name] for rows in parts]) for name in parts[0]})
    changes["q"] = np.nan
    is_whole, of_key = changes["dimension"] == ALL, changes["metric"].map(is_key)
    for family in (is_whole & of_key, ~is_whole & of_key, is_whole & ~of_key, ~is_whole & ~of_key):
        tested = family & changes["p"].notna()
        if tested.any():
            changes.loc[tested, "q"] = false_discovery(changes.loc[tested, "p"].to_numpy())
    changes["is_clear"] = changes["q"] < FALSE_DISCOVERY_RATE
    return changes


@dataclass(frozen=True)
class _Laid:
    """One metric's figures: segments down, periods across; missing where there is none.

    `columns` says where a period's key is; the last column is that of all that are not there.
    """

    dimension: Names
    segment: Names
    columns: dict[str, int]
    parts: Array  # parts x segments x columns
    is_small: Array  # segments x columns

    def at(self, periods: Iterable[Period]) -> Figures:
        """Give the figures of some periods."""
        return Figures(*self.parts[:, :, [self.columns.get(p.key, -1) for p in periods]])


def _laid_out(cube: pd.DataFrame, testable: tuple[str, ...]) -> Iterator[tuple[Metric, _Laid]]:
    """Lay out each metric's figures that can be compared.

    In arrays: making a frame for each metric and baseline takes longer than all the tests.
    """
    # A share of nothing is no figure, but it adds nothing to those of a longer time either.
    usable = (cube["status"].isin((*testable, "small")) | (cube["denominator"] == 0)).to_numpy()
    parts = cube[list(_PARTS)].to_numpy(dtype=float)
    is_small = (cube["status"] == "small").to_numpy()
    metrics, names = _codes(cube["metric"])
    dimensions, segments, periods = (
        _codes(cube[name], sort=True) for name in ("dimension", "segment", "period")
    )
    order = np.argsort(metrics, kind="stable")
    for name, rows in zip(names, np.split(order, np.cumsum(np.bincount(metrics))[:-1]), strict=True):
        metric = metric_named(name)
        rows = rows[usable[rows]]
        if is_change(metric) or not len(rows):
            continue
        of_dimension, of_period = dimensions[0][rows], periods[0][rows]
        is_unknown = segments[1][segments[0][rows]] == UNKNOWN
        known = _of_known_segment(parts[rows], of_dimension, of_period, is_unknown)
        rows, of_dimension, of_period = rows[known], of_dimension[known], of_period[known]
        places, down = np.unique(of_dimension * len(segments[1]) + segments[0][rows], return_inverse=True)
        there, across = np.unique(of_period, return_inverse=True)
        figures = np.full((len(_PARTS), len(places), len(there) + 1), np.nan)
        figures[:, down, across] = parts[rows].T
        small = np.zeros(figures.shape[1:])
        small[down, across] = is_small[rows]
        yield (
            metric,
            _Laid(
                dimension=dimensions[1][places // len(segments[1])],
                segment=segments[1][places % len(segments[1])],
                columns={key: column for column, key in enumerate(periods[1][there])},
                parts=figures,
                is_small=small,
            ),
        )


def _codes(texts: pd.Series, *, sort: bool = False) -> tuple[npt.NDArray[np.int64], Names]:
    """Give texts as places in the array of those that differ, and that array."""
    codes, different = texts.factorize(sort=sort)
    return codes, different.to_numpy(dtype=object)


def _of_known_segment(
    parts: Array, dimension: Array, period: Array, is_unknown: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Leave out the dimensions in which many cases have no segment: what the others did says little."""
    value, denominator = parts[:, _PARTS.index("value")], parts[:, _PARTS.index("denominator")]
    basis = np.where(np.isnan(denominator), value, denominator)
    place = dimension * (period.max(initial=0) + 1) + period
    total = np.bincount(place, weights=np.nan_to_num(basis))
    lost = is_unknown & (basis > MOST_UNKNOWN * total[place])
    return ~np.isin(dimension, dimension[lost])


def _tested(metric: Metric, laid: _Laid, period: Period, earlier: list[Period]) -> list[Columns]:
    """Test one metric's segments against each baseline that the cube has."""
    known = set(laid.columns)
    found = []
    dispersion, history = np.ones(len(laid.segment)), np.zeros(len(laid.segment), dtype=int)
    for baseline, before in baselines_of(period):
        if not {period.key, before.key} <= known:
            continue
        past = laid.at([baseline_of(p, baseline) for p in earlier])
        routine = z_scores(metric, past, laid.at(earlier))
        dispersion, history = _dispersion(routine), np.isfinite(routine).sum(axis=1)
        small = laid.is_small[:, [laid.columns[before.key], laid.columns[period.key]]].any(axis=1)
        names = {"baseline": baseline, "period": period.key, "before_period": before.key}
        rows = _rows(metric, laid, laid.at([before]), laid.at([period]), dispersion, history, names)
        found.append(rows | {"p": np.where(small, np.nan, two_sided(rows["z"]))})
    now, before_them = _pooled_periods(metric, period)
    if now and {p.key for p in (*now, *before_them)} <= known:
        # The routine variation is that of the last baseline above, the year before.
        old, new = (pooled(metric, laid.at(periods)) for periods in (before_them, now))
        names = {"baseline": POOLED, "period": _run(now), "before_period": _run(before_them)}
        rows = _rows(metric, laid, old, new, dispersion, history, names)
        found.append(rows | {"p": np.full(len(laid.segment), np.nan)})
    return [{name: part[np.isfinite(rows["difference"])] for name, part in rows.items()} for rows in found]


def _pooled_periods(metric: Metric, period: Period) -> tuple[list[Period], list[Period]]:
    """Give the last periods and those of the year before, oldest first; none where they cannot be added up.

    Of a flow, each row is in one period only, so that its parts add up; of a stock the same customers
    would be counted again and again.
    """
    count = POOLED_PERIODS.get(period.kind)
    if count is None or period.is_partial or not metric.is_ratio or metric.rows.rule != "happened":
        return [], []
    now = [period]
    while len(now) < count:
        now.insert(0, now[0].predecessor())
    before = [p.year_before() for p in now]
    return (now, before) if len(set(before)) == count else ([], [])  # week 53 gives 52, as week 52 does


def _run(periods: list[Period]) -> str:
    """Name several periods in a row by their days, as ranges are named."""
    return f"{periods[0].start}..{periods[-1].end - timedelta(days=1)}"


def _rows(
    metric: Metric,
    laid: _Laid,
    old: Figures,
    new: Figures,
    dispersion: Array,
    history: npt.NDArray[np.int64],
    names: dict[str, str],
) -> Columns:
    """Lay out the differences of one metric's segments (`old` and `new`: segments x 1)."""
    low, high = difference_interval(metric, old, new, dispersion[:, None])
    return {
        "metric": np.full(len(laid.segment), metric.name, dtype=object),
        "dimension": laid.dimension,
        "segment": laid.segment,
        **{f"before_{part}": getattr(old, part)[:, 0] for part in _PARTS},
        **{f"after_{part}": getattr(new, part)[:, 0] for part in _PARTS},
        "difference": (new.value - old.value)[:, 0],
        "low": low[:, 0],
        "high": high[:, 0],
        "standard_error": standard_error(metric, old, new)[:, 0] * np.sqrt(dispersion),
        "dispersion": dispersion,
        "z": z_scores(metric, old, new)[:, 0] / np.sqrt(dispersion),
        **{name: np.full(len(laid.segment), value, dtype=object) for name, value in names.items()},
        "history": history,
    }


def _dispersion(routine: Array) -> Array:
    """Say how much more the figure varied in the past than chance explains: 1 or more, per segment.

    Robust, so that one past upheaval does not excuse the next. With too short a history it is 1: chance
    alone.
    """
    dispersion = np.ones(len(routine))
    long = np.isfinite(routine).sum(axis=1) >= MINIMUM_HISTORY
    if long.any():
        dispersion[long] = np.maximum(1.0, spread(routine[long]) ** 2)
    return dispersion
