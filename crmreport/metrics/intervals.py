"""Intervals: how far each kind of estimate can be trusted, at 95 %."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

CONFIDENCE = 0.95
Z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))

Array = npt.NDArray[np.float64]

# The grid on which a group's quantiles are computed, so that any interval of its median can be read off.
QUANTILES = tuple(round(q / 40, 3) for q in range(1, 40))


def wilson(successes: Array, cases: Array) -> tuple[Array, Array]:
    """Interval of a share (Wilson 1927, Journal of the American Statistical Association 22)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = successes / cases
        centre = (share + Z**2 / (2 * cases)) / (1 + Z**2 / cases)
        half = Z / (1 + Z**2 / cases) * np.sqrt(share * (1 - share) / cases + Z**2 / (4 * cases**2))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def poisson(counts: Array) -> tuple[Array, Array]:
    """Exact interval of a count (Garwood 1936, Biometrika 28)."""
    tail = (1 - CONFIDENCE) / 2
    low = np.where(counts > 0, stats.chi2.ppf(tail, 2 * np.maximum(counts, 1)) / 2, 0.0)
    high = stats.chi2.ppf(1 - tail, 2 * counts + 2) / 2
    return np.where(np.isnan(counts), np.nan, low), np.where(np.isnan(counts), np.nan, high)


def total(sums: Array, squares: Array) -> tuple[Array, Array]:
    """Interval of a sum over a varying number of rows: compound Poisson, variance the sum of squares."""
    half = Z * np.sqrt(squares)
    return sums - half, sums + half


def mean(sums: Array, cases: Array, squares: Array) -> tuple[Array, Array]:
    """Give the normal interval of a mean, from the sum, the number and the sum of squares of the values."""
    with np.errstate(divide="ignore", invalid="ignore"):
        average = sums / cases
        variance = np.maximum(squares / cases - average**2, 0)
        half = Z * np.sqrt(variance / cases)
    return average - half, average + half


def median(quantiles: list[Array | None], cases: Array) -> tuple[Array, Array]:
    """Distribution-free interval of a median: the order statistics at ranks n/2 -+ z sqrt(n)/2.

    `quantiles` holds each group's values at `QUANTILES`; between them they are interpolated.
    """
    low = np.full(len(cases), np.nan)
    high = np.full(len(cases), np.nan)
    for position, (values, n) in enumerate(zip(quantiles, cases, strict=True)):
        if values is None or not n > 0:
            continue
        margin = Z / (2 * np.sqrt(n))
        low[position] = np.interp(max(0.5 - margin, QUANTILES[0]), QUANTILES, values)
        high[position] = np.interp(min(0.5 + margin, QUANTILES[-1]), QUANTILES, values)
    return low, high
