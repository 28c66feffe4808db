"""Intervals: how far each kind of estimate can be trusted, at 95 %."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

CONFIDENCE = 0.95
Z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))

Array = npt.NDArray[np.float64]

# The grid on which a group's quantiles are computed, so that the interval of any of them can be read off.
QUANTILES = tuple(round(q / 40, 3) for q in range(41))


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


def quantile(grids: Array, cases: Array, share: float = 0.5) -> tuple[Array, Array]:
    """Distribution-free interval of a quantile: the order statistics at ranks n q -+ z sqrt(n q (1 - q)).

    `grids` has a line for each group, its values at `QUANTILES`; between them they are interpolated. Missing
    where so few cases have no value of that rank (David and Nagaraja 2003, Order Statistics, section 7.1).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = Z * np.sqrt(share * (1 - share) / cases)
    known = (cases > 0) & (share - margin >= 0) & (share + margin <= 1)
    bounds = []
    for at in (share - margin, share + margin):
        bound = np.full(len(cases), np.nan)
        bound[known] = _between(grids[known], at[known])
        bounds.append(bound)
    return bounds[0], bounds[1]


def _between(grids: Array, at: Array) -> Array:
    """Interpolate each line of the grids at its own share."""
    shares = np.array(QUANTILES)
    below = np.clip(np.searchsorted(shares, at, side="right") - 1, 0, len(shares) - 2)
    lines = np.arange(len(at))
    low, high = grids[lines, below], grids[lines, below + 1]
    step = at - shares[below]
    with np.errstate(invalid="ignore"):
        found = (high - low) / (shares[below + 1] - shares[below]) * step + low
    # An infinite value begins where the last finite one ends.
    return np.where(step == 0, low, found)


def weighted(numerator: Array, denominator: Array, residuals: Array) -> tuple[Array, Array]:
    """Interval of one sum over another of the same rows, a ratio estimator.

    From Cochran 1977, Sampling Techniques, chapter 6. `residuals` is the sum of the squares of
    what each row's upper value is off the ratio times its lower one.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = numerator / denominator
        half = Z * np.sqrt(np.maximum(residuals, 0)) / denominator
    return value - half, value + half


def ratio(top: tuple[Array, Array, Array], bottom: tuple[Array, Array, Array]) -> tuple[Array, Array]:
    """Interval of a ratio of two independent figures, from their own: each is value, low, high.

    The method of variance estimates recovery (MOVER-R: Donner and Zou 2012, Statistical Methods in Medical
    Research 21); with symmetric intervals it is Fieller's. Figures that rest on the same customers rise and
    fall together, and then it is wider than need be. Missing where the lower figure may be zero, and where
    it is none above.
    """
    is_negative = top[0] < 0
    value, low, high = (np.where(is_negative, -part, part) for part in (top[0], *_turned(top, is_negative)))
    base, base_low, base_high = bottom
    with np.errstate(divide="ignore", invalid="ignore"):
        # Both bounds solve (t - r b)^2 = (t - t')^2 + r^2 (b - b')^2, t' and b' being those of the parts.
        product = value * base
        least = _square_gap(value, low)
        below = least / (product + _root_of_gap(product, _square_gap(base, base_high) * least))
        most, lowest = _square_gap(value, high), _square_gap(base, base_low)
        above = (product + _root_of_gap(product, lowest * most)) / lowest
    below = np.where(least == 0, 0.0, below)
    known = (base_low > 0) & np.isfinite(below) & np.isfinite(above)
    lower, upper = np.where(is_negative, -above, below), np.where(is_negative, -below, above)
    return np.where(known, lower, np.nan), np.where(known, upper, np.nan)


def _turned(part: tuple[Array, Array, Array], is_negative: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    return np.where(is_negative, part[2], part[1]), np.where(is_negative, part[1], part[2])


def _square_gap(value: Array, bound: Array) -> Array:
    """Give v^2 - (v - b)^2."""
    return bound * (2 * value - bound)


def _root_of_gap(product: Array, other: Array) -> Array:
    """Give the root of p^2 - o, which for figures without an interval is 0 but for rounding."""
    gap = product**2 - other
    return np.sqrt(np.where(np.abs(gap) <= 1e-12 * product**2, 0.0, gap))
