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

from collections.abc import Iterable
from datetime import timedelta

import numpy as np
import pandas as pd
from scipy import stats

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
    frames = []
    for name, rows in cube.groupby("metric", sort=False):
        metric = metric_named(str(name))
        if is_change(metric):
            continue
        # A share of nothing is no figure, but it adds nothing to those of a longer time either.
        usable = rows["status"].isin((*testable, "small")) | (rows["denominator"] == 0)
        if usable.any():
            frames += _changes_of(metric, _pivot(_of_known_segment(rows[usable])), period, earlier)
    if not frames:
        return pd.DataFrame()
    changes = pd.concat(frames, ignore_index=True)
    changes["q"] = np.nan
    is_whole, of_key = changes["dimension"] == ALL, changes["metric"].map(is_key)
    for family in (is_whole & of_key, ~is_whole & of_key, is_whole & ~of_key, ~is_whole & ~of_key):
        tested = family & changes["p"].notna()
        if tested.any():
            changes.loc[tested, "q"] = stats.false_discovery_control(changes.loc[tested, "p"])
    changes["is_clear"] = changes["q"] < FALSE_DISCOVERY_RATE
    return changes


def _of_known_segment(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out the dimensions in which many cases have no segment: what the others did says little."""
    basis = rows["denominator"].fillna(rows["value"])
    total = basis.groupby([rows["period"], rows["dimension"]]).transform("sum")
    lost = (rows["segment"] == UNKNOWN) & (basis > MOST_UNKNOWN * total)
    return rows[~rows["dimension"].isin(rows.loc[lost, "dimension"])]


def _pivot(rows: pd.DataFrame) -> pd.DataFrame:
    """Lay one metric's figures out: segments down; parts, and of each the periods, across."""
    keyed = rows.assign(is_small=(rows["status"] == "small").astype(float))
    return keyed.set_index(["dimension", "segment", "period"])[[*_PARTS, "is_small"]].unstack("period")


def _at(wide: pd.DataFrame, periods: Iterable[Period]) -> Figures:
    keys = [p.key for p in periods]
    return Figures(*(wide[part].reindex(columns=keys).to_numpy(dtype=float) for part in _PARTS))


def _changes_of(
    metric: Metric, wide: pd.DataFrame, period: Period, earlier: list[Period]
) -> list[pd.DataFrame]:
    """Test one metric's segments against each baseline that the cube has."""
    known = set(wide["value"].columns)
    frames = []
    dispersion, history = np.ones(len(wide)), np.zeros(len(wide), dtype=int)
    for baseline, before in baselines_of(period):
        if not {period.key, before.key} <= known:
            continue
        past = _at(wide, [baseline_of(p, baseline) for p in earlier])
        routine = z_scores(metric, past, _at(wide, earlier))
        dispersion, history = _dispersion(routine), np.isfinite(routine).sum(axis=1)
        small = wide["is_small"].reindex(columns=[before.key, period.key]).eq(1).any(axis=1).to_numpy()
        frame = _rows(metric, wide, _at(wide, [before]), _at(wide, [period]), dispersion)
        p = np.where(small, np.nan, 2 * stats.norm.sf(np.abs(frame["z"])))
        names = {"baseline": baseline, "period": period.key, "before_period": before.key}
        frames.append(frame.assign(**names, p=p, history=history))
    now, before_them = _pooled_periods(metric, period)
    if now and {p.key for p in (*now, *before_them)} <= known:
        # The routine variation is that of the last baseline above, the year before.
        old, new = (pooled(metric, _at(wide, periods)) for periods in (before_them, now))
        names = {"baseline": POOLED, "period": _run(now), "before_period": _run(before_them)}
        frames.append(_rows(metric, wide, old, new, dispersion).assign(**names, p=np.nan, history=history))
    return [frame[np.isfinite(frame["difference"])] for frame in frames]


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


def _rows(metric: Metric, wide: pd.DataFrame, old: Figures, new: Figures, dispersion: Array) -> pd.DataFrame:
    """Lay out the differences of one metric's segments (`old` and `new`: segments x 1)."""
    low, high = difference_interval(metric, old, new, dispersion[:, None])
    return pd.DataFrame(
        {
            "metric": metric.name,
            "dimension": wide.index.get_level_values("dimension"),
            "segment": wide.index.get_level_values("segment"),
            **{f"before_{part}": getattr(old, part)[:, 0] for part in _PARTS},
            **{f"after_{part}": getattr(new, part)[:, 0] for part in _PARTS},
            "difference": (new.value - old.value)[:, 0],
            "low": low[:, 0],
            "high": high[:, 0],
            "standard_error": standard_error(metric, old, new)[:, 0] * np.sqrt(dispersion),
            "dispersion": dispersion,
            "z": z_scores(metric, old, new)[:, 0] / np.sqrt(dispersion),
        }
    )


def _dispersion(routine: Array) -> Array:
    """Say how much more the figure varied in the past than chance explains: 1 or more, per segment.

    Robust (median absolute deviation), so that one past upheaval does not excuse the next. With too short
    a history it is 1: chance alone.
    """
    dispersion = np.ones(len(routine))
    long = np.isfinite(routine).sum(axis=1) >= MINIMUM_HISTORY
    if long.any():
        spread = stats.median_abs_deviation(
            np.where(np.isfinite(routine), routine, np.nan)[long], axis=1, scale="normal", nan_policy="omit"
        )
        dispersion[long] = np.maximum(1.0, spread**2)
    return dispersion
