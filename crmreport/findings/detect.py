"""Detect: every change of a period, tested on the metric's two parts before anybody may say it.

A change is measured against two kinds of variation. One is chance: with this many cases, how far would the
figure move by itself (`_standard_error`)? The other is routine: how far has it moved from period to
period in the past, beyond chance (`_dispersion`, as in quasi-Poisson models)? All comparisons of one review
are corrected together, so that among those called clear at most 5 % are expected to be false (Benjamini
and Hochberg 1995, Journal of the Royal Statistical Society B 57): those of the whole company as one family,
those of its segments as another, so that many segments do not blunt the first (Yekutieli 2008, Journal of
the American Statistical Association 103).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from crmreport.metrics import intervals
from crmreport.metrics import metric as metric_named
from crmreport.segments import ALL, UNKNOWN
from crmreport.metrics.metric import Estimate, Metric
from crmreport.periods import Period

FALSE_DISCOVERY_RATE = 0.05
MINIMUM_HISTORY = 8  # fewer earlier changes do not tell what is routine

MOST_UNKNOWN = 0.2  # a dimension with more cases of no known segment is not judged

PREVIOUS = "previous"
YEAR_BEFORE = "year_before"
BASELINES = (PREVIOUS, YEAR_BEFORE)

Array = npt.NDArray[np.float64]
_PARTS = ("numerator", "denominator", "value", "low", "high")


def baseline_of(period: Period, baseline: str) -> Period:
    """Give the period with which one is compared."""
    return period.predecessor() if baseline == PREVIOUS else period.year_before()


@dataclass(frozen=True)
class _Figures:
    """One metric's parts: arrays of the same shape (segments, or segments x periods)."""

    numerator: Array
    denominator: Array
    value: Array
    low: Array
    high: Array


def find_changes(cube: pd.DataFrame, period: Period, history: Iterable[Period]) -> pd.DataFrame:
    """Test every metric and segment of a period against the period before and the same one last year.

    `history` are the whole periods of the same kind in the cube. Columns: `metric`, `dimension`, `segment`,
    `baseline`, `before_period`, then `before_` and `after_` numerator, denominator, value, low, high;
    `difference` with `low` and `high` (95 %, widened by the routine variation), `standard_error`,
    `dispersion`, `z`, `p`, `q` (corrected) and `is_clear`. Small samples are there, since parts must add up, but are not tested (`p` is missing); figures
    of unfinished periods only beside the same part of another.
    """
    earlier = sorted(p for p in history if p.end <= period.start)
    testable = ("ok", "incomplete") if period.is_partial else ("ok",)
    frames = []
    for name, rows in cube.groupby("metric", sort=False):
        metric = metric_named(str(name))
        wide = _pivot(_of_known_segment(rows[rows["status"].isin((*testable, "small"))]))
        for baseline in BASELINES:
            before = baseline_of(period, baseline)
            if {period.key, before.key} <= set(wide["value"].columns):
                frames.append(_changes_of(metric, wide, period, before, baseline, earlier))
    if not frames:
        return pd.DataFrame()
    changes = pd.concat(frames, ignore_index=True)
    changes["q"] = np.nan
    is_whole = changes["dimension"] == ALL
    for family in (is_whole, ~is_whole):
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


def _pivot(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Lay one metric's figures out: a frame per part, segments down, periods across."""
    index = pd.MultiIndex.from_frame(rows[["dimension", "segment"]])
    keyed = rows.assign(place=index)
    return {part: keyed.pivot(index="place", columns="period", values=part) for part in (*_PARTS, "status")}


def _at(wide: dict[str, pd.DataFrame], keys: list[str]) -> _Figures:
    return _Figures(*(wide[part].reindex(columns=keys).to_numpy(dtype=float) for part in _PARTS))


def _changes_of(
    metric: Metric,
    wide: dict[str, pd.DataFrame],
    period: Period,
    before: Period,
    baseline: str,
    earlier: list[Period],
) -> pd.DataFrame:
    """Test one metric's segments against one baseline."""
    old, new = _at(wide, [before.key]), _at(wide, [period.key])
    pairs = [(p.key, baseline_of(p, baseline).key) for p in earlier]
    routine = _z(metric, _at(wide, [b for _, b in pairs]), _at(wide, [p for p, _ in pairs]))
    dispersion = _dispersion(routine)
    z = _z(metric, old, new)[:, 0] / np.sqrt(dispersion)
    low, high = _difference_interval(metric, old, new, dispersion)
    is_small = (wide["status"].reindex(columns=[before.key, period.key]) == "small").any(axis=1).to_numpy()
    frame = pd.DataFrame(
        {
            "metric": metric.name,
            "dimension": [place[0] for place in wide["value"].index],
            "segment": [place[1] for place in wide["value"].index],
            "baseline": baseline,
            "before_period": before.key,
            **{f"before_{part}": getattr(old, part)[:, 0] for part in _PARTS},
            **{f"after_{part}": getattr(new, part)[:, 0] for part in _PARTS},
            "difference": (new.value - old.value)[:, 0],
            "low": low,
            "high": high,
            "standard_error": _standard_error(metric, old, new)[:, 0] * np.sqrt(dispersion),
            "dispersion": dispersion,
            "z": z,
            "p": np.where(is_small, np.nan, 2 * stats.norm.sf(np.abs(z))),
        }
    )
    return frame[np.isfinite(frame["difference"])]


def _standard_error(metric: Metric, old: _Figures, new: _Figures) -> Array:
    """Standard error of the difference if nothing but chance were at work."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if metric.estimate is Estimate.COUNT:
            return np.sqrt(old.value + new.value)
        if metric.estimate is Estimate.SHARE:
            pooled = (old.numerator + new.numerator) / (old.denominator + new.denominator)
            return np.sqrt(pooled * (1 - pooled) * (1 / old.denominator + 1 / new.denominator))
        widths = [(f.high - f.low) / (2 * intervals.Z) for f in (old, new)]
        return np.hypot(*widths)


def _z(metric: Metric, old: _Figures, new: _Figures) -> Array:
    error = _standard_error(metric, old, new)
    return np.divide(new.value - old.value, error, out=np.full(error.shape, np.nan), where=error > 0)


def _dispersion(routine: Array) -> Array:
    """Say how much more the figure varied in the past than chance explains: 1 or more, per segment.

    Robust (median absolute deviation), so that one past upheaval does not excuse the next. With too short
    a history it is 1: chance alone.
    """
    dispersion = np.ones(len(routine))
    for position, values in enumerate(routine):
        known = values[np.isfinite(values)]
        if len(known) >= MINIMUM_HISTORY:
            dispersion[position] = max(1.0, stats.median_abs_deviation(known, scale="normal") ** 2)
    return dispersion


def _difference_interval(metric: Metric, old: _Figures, new: _Figures, dispersion: Array) -> tuple[Array, Array]:
    """Interval of the difference; for shares by Newcombe 1998, Statistics in Medicine 17, method 10."""
    difference = (new.value - old.value)[:, 0]
    if metric.estimate is Estimate.SHARE:
        below = np.hypot(new.value - new.low, old.high - old.value)[:, 0]
        above = np.hypot(new.high - new.value, old.value - old.low)[:, 0]
    else:
        below = above = intervals.Z * _standard_error(metric, old, new)[:, 0]
    widening = np.sqrt(dispersion)
    return difference - widening * below, difference + widening * above


def whole(changes: pd.DataFrame) -> pd.DataFrame:
    """Keep the changes of the whole company."""
    return changes[changes["dimension"] == ALL]
