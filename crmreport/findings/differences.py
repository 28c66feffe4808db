"""Differences: how far two figures of one metric lie apart, and how far chance alone would put them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmreport.metrics import intervals
from crmreport.metrics.intervals import Array
from crmreport.metrics.metric import Estimate, Metric


@dataclass(frozen=True)
class Figures:
    """One metric's parts: arrays of the same shape (segments, or segments x periods)."""

    numerator: Array
    denominator: Array
    value: Array
    low: Array
    high: Array


def standard_error(metric: Metric, old: Figures, new: Figures) -> Array:
    """Give the standard error of the difference if nothing but chance were at work; in the metric's unit."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if metric.estimate is Estimate.COUNT:
            return np.asarray(np.sqrt(old.value + new.value))
        if metric.estimate is Estimate.SHARE:
            pooled = (old.numerator + new.numerator) / (old.denominator + new.denominator)
            variance = pooled * (1 - pooled) * (1 / old.denominator + 1 / new.denominator)
            return np.asarray(np.sqrt(variance))
        errors = [(f.high - f.low) / (2 * intervals.Z) for f in (old, new)]
        return np.asarray(np.hypot(*errors))


def z_scores(metric: Metric, old: Figures, new: Figures) -> Array:
    """Give the differences in standard errors; missing where a figure is, or where chance has no room."""
    error = standard_error(metric, old, new)
    nothing = np.full(error.shape, np.nan)
    return np.asarray(np.divide(new.value - old.value, error, out=nothing, where=error > 0))


def difference_interval(metric: Metric, old: Figures, new: Figures, dispersion: Array) -> tuple[Array, Array]:
    """Interval of the difference, at 95 %, widened by the routine variation (a variance ratio).

    For shares by Newcombe 1998, Statistics in Medicine 17, method 10; for all else the normal one.
    """
    difference = new.value - old.value
    if metric.estimate is Estimate.SHARE:
        below = np.hypot(new.value - new.low, old.high - old.value)
        above = np.hypot(new.high - new.value, old.value - old.low)
    else:
        below = above = intervals.Z * standard_error(metric, old, new)
    widening = np.sqrt(dispersion)
    low, high = difference - widening * below, difference + widening * above
    if metric.estimate in (Estimate.COUNT, Estimate.TOTAL):
        # More than there was cannot be lost.
        low = np.maximum(low, np.minimum(-old.value, difference))
    return low, high


def of_sums(metric: Metric, numerator: Array, denominator: Array, squares: Array) -> Figures:
    """Give a ratio's figures from the sums of its parts; missing where there is nothing to divide by."""
    value = np.divide(numerator, denominator, out=np.full(denominator.shape, np.nan), where=denominator > 0)
    if metric.estimate is Estimate.SHARE:
        low, high = intervals.wilson(numerator, denominator)
    else:
        low, high = intervals.mean(numerator, denominator, squares)
    return Figures(numerator, denominator, value, low, high)


def squares_of(metric: Metric, figures: Figures) -> Array:
    """Give back the sums of squares behind means, from their intervals; 0 where there are no cases.

    From `intervals.mean`: half the interval is z sqrt(variance / n), and variance = squares / n - mean^2.
    For shares, whose intervals need none, 0.
    """
    if metric.estimate is Estimate.SHARE:
        return np.zeros(figures.value.shape)
    n = figures.denominator
    variance = n * ((figures.high - figures.low) / (2 * intervals.Z)) ** 2
    return np.where(n == 0, 0.0, n * (variance + figures.value**2))


def pooled(metric: Metric, figures: Figures) -> Figures:
    """Put a ratio's periods together (segments x periods to segments x 1); missing where one is missing."""
    sums = [
        part.sum(axis=1, keepdims=True)
        for part in (figures.numerator, figures.denominator, squares_of(metric, figures))
    ]
    return of_sums(metric, *sums)
