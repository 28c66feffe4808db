"""Chance: the tests of changes, and their correction for being many.

`scipy.stats` has them all, but takes longer to be imported than a page takes to be made, and a
millisecond a test; these are the same numbers.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from crmreport.metrics.intervals import Array

_MAD_OF_NORMAL = 0.6744897501960817  # the median absolute deviation of the standard normal distribution


def two_sided(z: Array) -> Array:
    """Give the chance of at least so many standard errors, either way."""
    return np.asarray(2 * special.ndtr(-np.abs(z)))


def false_discovery(p: Array) -> Array:
    """Correct the p of many tests, none missing (Benjamini and Hochberg 1995)."""
    order = np.argsort(p)
    stepped = p[order] * (len(p) / np.arange(1, len(p) + 1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum.accumulate(stepped[::-1])[::-1]
    return np.clip(corrected, 0, 1)


def mix_changed(old: Array, new: Array) -> float:
    """Test whether cases are shared out among segments otherwise than before; gives p.

    Pearson's chi-squared test of a table with a row for each time; with Yates' correction for two segments.
    """
    there = old + new > 0
    observed = np.array([old[there], new[there]])
    freedom = observed.shape[1] - 1
    if freedom == 0:
        return 1.0
    expected = observed.sum(axis=1, keepdims=True) * observed.sum(axis=0, keepdims=True) / observed.sum()
    off = np.abs(observed - expected)
    if freedom == 1:
        off = np.maximum(off - 0.5, 0)
    return float(special.chdtrc(freedom, (off**2 / expected).sum()))


def spread(rows: Array) -> Array:
    """Give each row's standard deviation from the median of its deviations; missing values are left out.

    Robust: up to half of the values may be anything.
    """
    middle = _median(rows)[:, None]
    return _median(np.abs(rows - middle)) / _MAD_OF_NORMAL


def _median(rows: Array) -> Array:
    ordered = np.sort(np.where(np.isfinite(rows), rows, np.nan), axis=1)  # missing ones come last
    known = np.isfinite(ordered).sum(axis=1)
    each = np.arange(len(rows))
    return np.asarray((ordered[each, (known - 1) // 2] + ordered[each, known // 2]) / 2)
