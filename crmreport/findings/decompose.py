"""Decompose: split a change exactly into segments, and a ratio's change into mix and rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from crmreport.segments import UNKNOWN
from crmreport.metrics.metric import Estimate, Metric

EXPLAINS_FROM = 0.5  # a segment that explains a change stands for at least this share of it,
ABOVE_ITS_WEIGHT = 0.2  # and for this much more than its size would


@dataclass(frozen=True)
class Mix:
    """How much of a ratio's change came from other shares of the segments, and how much from their rates.

    Both in the metric's unit; they add up to the change (symmetric form: each effect is weighted by the
    mean of both periods, Marshall 1887 and Edgeworth 1887). `rate_p` tests the rate effect.
    """

    dimension: str
    mix: float
    rate: float
    rate_z: float
    rate_p: float


def contributions(metric: Metric, changes: pd.DataFrame, total: pd.Series) -> pd.DataFrame:
    """Split the whole company's change over the segments of one dimension.

    `changes` are one metric's, dimension's and baseline's rows of `find_changes`, `total` the whole company's.
    Adds `contribution` (its sum, with that of segments not shown, is the change), `share` (of the change) and
    `weight` (the segment's part of the company before). Empty where the segments do not add up: customers
    who buy through two channels are in both.
    """
    basis = "denominator" if metric.is_ratio else "value"
    sums = [(changes[f"{side}_{basis}"].sum(), total[f"{side}_{basis}"]) for side in ("before", "after")]
    if metric.estimate is Estimate.MEDIAN or any(parts > whole * (1 + 1e-9) for parts, whole in sums):
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


def mix_and_rate(metric: Metric, changes: pd.DataFrame, total: pd.Series, dimension: str) -> Mix | None:
    """Split a ratio's change into mix and rate; None where the segments are not all known."""
    if not metric.is_ratio or len(changes) < 2:
        return None
    known = [changes[f"{side}_denominator"].sum() / total[f"{side}_denominator"] for side in ("before", "after")]
    if not np.allclose(known, 1):
        return None
    old = changes["before_denominator"] / total["before_denominator"]
    new = changes["after_denominator"] / total["after_denominator"]
    average = (old + new) / 2
    mix = float(((new - old) * (changes["before_value"] + changes["after_value"]) / 2).sum())
    rate = float((average * changes["difference"]).sum())
    error = float(np.sqrt((average**2 * changes["standard_error"] ** 2).sum()))
    z = rate / error if error > 0 else 0.0
    return Mix(dimension, mix, rate, z, float(2 * stats.norm.sf(abs(z))))


def explaining_segment(metric: Metric, changes: pd.DataFrame, total: pd.Series) -> pd.Series | None:
    """Find the one segment that explains the whole company's change, if there is one.

    `changes` are one metric's and baseline's rows of all dimensions. The segment's own change is clear and
    in the same direction, it stands for at least half of the company's, and for more than its size would.
    """
    best: pd.Series | None = None
    for _, rows in changes.groupby("dimension"):
        split = contributions(metric, rows, total)
        split = split[
            split["is_clear"]
            & (split["segment"] != UNKNOWN)
            & (np.sign(split["difference"]) == np.sign(total["difference"]))
            & (split["share"] >= EXPLAINS_FROM)
            & (split["share"] >= split["weight"] + ABOVE_ITS_WEIGHT)
        ]
        for _, row in split.iterrows():
            if best is None or row["share"] - row["weight"] > best["share"] - best["weight"]:
                best = row
    return best
