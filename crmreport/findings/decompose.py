"""Decompose: split a change exactly into segments, and a ratio's change into mix and rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmreport.findings.chance import mix_changed, two_sided
from crmreport.findings.detect import MOST_UNKNOWN
from crmreport.findings.differences import Figures, of_sums, squares_of, standard_error
from crmreport.metrics.intervals import Array, Z
from crmreport.metrics.metric import Metric
from crmreport.segments import UNKNOWN

EXPLAINS_FROM = 0.5  # a segment that explains a change stands for at least this share of it,
ABOVE_ITS_WEIGHT = 0.2  # and for this much more than its size would
NEARLY = 0.8  # of the foremost segment, for one that has a page to be named in its stead

_PARTS = ("numerator", "denominator", "value", "low", "high")

Columns = Mapping[str, Any]  # columns as arrays, or a frame of them
Row = Mapping[str, Any]  # one value of each, or a frame's row


@dataclass(frozen=True)
class Mix:
    """How much of a ratio's change came from other shares of the segments, and how much from their rates.

    Both in the metric's unit; they add up to the change (symmetric form: each effect is weighted by the
    mean of both periods, Marshall 1887 and Edgeworth 1887). `low`, `high`, `z`, `p` are of the rate effect;
    `q` is `p` corrected for all the splits of one review, missing until that is done. `shift_p` tests
    whether the shares of the segments changed at all (chi-squared). Of the `segments`, the rates of
    `same_way` moved as the rate effect did.
    """

    dimension: str
    mix: float
    rate: float
    low: float
    high: float
    z: float
    p: float
    shift_p: float
    segments: int
    same_way: int
    q: float = np.nan


def contributions(metric: Metric, changes: pd.DataFrame, total: pd.Series) -> pd.DataFrame:
    """Split the whole company's change over the segments of one dimension.

    `changes` are the rows of `find_changes` of one metric, dimension and baseline, `total` the company's.
    Adds `contribution` (its sum, with that of segments not shown, is the change), `share` (of the change) and
    `weight` (the segment's part of the company before). Empty where the segments do not add up: customers
    who buy through two channels are in both, and medians and quotients never do.
    """
    basis = "denominator" if metric.is_ratio else "value"
    sums = [(changes[f"{side}_{basis}"].sum(), total[f"{side}_{basis}"]) for side in ("before", "after")]
    if not metric.adds_up or any(parts > whole * (1 + 1e-9) for parts, whole in sums):
        return changes.iloc[:0].assign(contribution=0.0, share=0.0, weight=0.0)
    weight = changes[f"before_{basis}"] / total[f"before_{basis}"]
    if metric.is_ratio:
        new_weight = changes["after_denominator"] / total["after_denominator"]
        centre = (total["before_value"] + total["after_value"]) / 2
        average = (changes["before_value"] + changes["after_value"]) / 2
        mix = (new_weight - weight) * (average - centre)
        contribution = mix + (weight + new_weight) / 2 * changes["difference"]
    else:
        contribution = changes["difference"]
    return changes.assign(contribution=contribution, share=contribution / total["difference"], weight=weight)


def mix_and_rate(
    metric: Metric, changes: Columns, total: Row, dimension: str, shifted: float = np.inf
) -> Mix | None:
    """Split a ratio's change into mix and rate.

    `changes` and `total` as for `contributions`, or their columns as arrays. Cases of no shown segment count
    as one more; a segment that was there in one period only has no change of rate. None where too many cases
    are in no shown segment, where the segments overlap, or where `shift_p` is not below `shifted`.
    """
    segments = len(changes["segment"])
    if not metric.is_ratio or segments < 2:
        return None
    cases = [_cases(side, changes, total) for side in ("before", "after")]
    if any(of_side is None for of_side in cases):
        return None
    old_cases, new_cases = (np.asarray(of_side) for of_side in cases)
    shift_p = mix_changed(old_cases, new_cases)
    if not shift_p < shifted:
        return None
    rest = _rest(metric, changes, total, old_cases[-1], new_cases[-1])
    old_value, new_value, error = (
        np.append(np.asarray(changes[name], dtype=float), value) for name, value in rest.items()
    )
    old, new = old_cases / old_cases.sum(), new_cases / new_cases.sum()
    mix = float(((new - old) * (old_value + new_value) / 2).sum())
    rate = float(((old + new) / 2 * (new_value - old_value)).sum())
    margin = float(np.sqrt((((old + new) / 2 * error) ** 2).sum()))
    z = rate / margin if margin > 0 else 0.0
    return Mix(
        dimension=dimension,
        mix=mix,
        rate=rate,
        low=rate - Z * margin,
        high=rate + Z * margin,
        z=z,
        p=float(two_sided(np.array(z))),
        shift_p=shift_p,
        segments=segments,
        same_way=int((np.sign(changes["difference"]) == np.sign(rate)).sum()),
    )


def _cases(side: str, changes: Columns, total: Row) -> Array | None:
    """Give the cases of each segment, then those of no shown one; None if these are too many, or negative."""
    shown = np.asarray(changes[f"{side}_denominator"], dtype=float)
    whole = float(total[f"{side}_denominator"])
    rest = whole - float(shown.sum())
    if rest < -0.5 or rest > MOST_UNKNOWN * whole:
        return None
    return np.append(shown, round(rest))


def _rest(
    metric: Metric, changes: Columns, total: Row, old_cases: float, new_cases: float
) -> dict[str, float]:
    """Give the cases of no shown segment as a segment of its own: values, standard error.

    Its one-sided value stands for the other side's too.
    """
    sides = {}
    for side, cases in (("before", old_cases), ("after", new_cases)):
        whole = _figures(side, {f"{side}_{part}": [total[f"{side}_{part}"]] for part in _PARTS})
        shown = _figures(side, changes)
        sums = [whole.numerator[0] - shown.numerator.sum(), cases]
        sums.append(squares_of(metric, whole)[0] - squares_of(metric, shown).sum())
        sides[side] = of_sums(metric, *(np.array([float(part)]) for part in sums))
    old, new = sides["before"], sides["after"]
    known = [float(f.value[0]) for f in (old, new) if np.isfinite(f.value[0])]
    error = standard_error(metric, old, new)[0] if len(known) == 2 else 0.0
    return {
        "before_value": known[0] if known else 0.0,
        "after_value": known[-1] if known else 0.0,
        "standard_error": float(np.nan_to_num(error)),
    }


def _figures(side: str, changes: Columns) -> Figures:
    return Figures(*(np.asarray(changes[f"{side}_{part}"], dtype=float) for part in _PARTS))


def explaining_segment(
    metric: Metric, changes: pd.DataFrame, total: pd.Series, page_dimensions: tuple[str, ...] = ()
) -> pd.Series | None:
    """Find the one segment that explains the whole company's change, if there is one.

    `changes` are one metric's and baseline's rows of all dimensions. The segment's own change is clear and
    in the same direction, it stands for at least half of the company's, and for more than its size would.
    Of two that do so nearly alike, the one of a dimension that has pages is given.
    """
    same_way = np.sign(changes["difference"]) == np.sign(total["difference"])
    could = changes["is_clear"] & same_way & (changes["segment"] != UNKNOWN)
    found = []
    # Most dimensions have no segment that could: adding the others up would be for nothing.
    for _, rows in changes[changes["dimension"].isin(changes.loc[could, "dimension"])].groupby("dimension"):
        split = contributions(metric, rows, total)
        explains = split["share"] >= np.maximum(EXPLAINS_FROM, split["weight"] + ABOVE_ITS_WEIGHT)
        found.append(split[could[split.index] & explains])
    candidates = pd.concat(found) if found else changes.iloc[:0]
    if candidates.empty:
        return None
    return foremost(candidates, candidates["share"] - candidates["weight"], page_dimensions)


def foremost(changes: pd.DataFrame, by: pd.Series, page_dimensions: tuple[str, ...]) -> pd.Series:
    """Give the row that is foremost `by` a figure, or one nearly so whose dimension has pages."""
    near = changes[changes["dimension"].isin(page_dimensions) & (by >= NEARLY * by.max())]
    return changes.loc[(by if near.empty else by[near.index]).idxmax()]
