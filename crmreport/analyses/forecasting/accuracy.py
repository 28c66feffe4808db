"""Accuracy: how far forecasts were from what came, and whether one method is better by more than chance."""

from __future__ import annotations

import math

import numpy as np

from crmreport.metrics.intervals import Array


def mase_scale(history: Array, season: int) -> float:
    """Give the mean absolute error of the seasonal naive method within a history.

    It is what errors are divided by for the MASE (Hyndman & Koehler 2006, International Journal of
    Forecasting 22(4)); missing for a history of no more than a season, and for one that never changes.
    """
    if len(history) <= season:
        return math.nan
    scale = float(np.abs(history[season:] - history[:-season]).mean())
    return scale if scale > 0 else math.nan


def mase(errors: Array, scales: Array) -> float:
    """Give the mean absolute scaled error; below 1, better than the seasonal naive within the history.

    `scales`: what each error is divided by, see `mase_scale`; errors without one are left out.
    """
    scaled = np.abs(errors) / scales
    known = scaled[np.isfinite(scaled)]
    return float(known.mean()) if len(known) else math.nan


def wape(actual: Array, forecast: Array) -> float:
    """Give the sum of the absolute errors as a share of the sum of what came; missing where that is 0."""
    total = float(np.abs(actual).sum())
    return float(np.abs(forecast - actual).sum()) / total if total > 0 else math.nan


def bias(actual: Array, forecast: Array) -> float:
    """Give the sum of the errors as a share of the sum of what came; above 0, forecasts are too high."""
    total = float(np.abs(actual).sum())
    return float((forecast - actual).sum()) / total if total > 0 else math.nan


def better_by_chance(losses: Array, benchmark: Array, horizon: int) -> float:
    """Give the probability that a method no better than the benchmark would look as much better.

    One-sided test of Diebold & Mariano (1995, Journal of Business & Economic Statistics 13(3)), corrected
    for few forecasts by Harvey, Leybourne & Newbold (1997, International Journal of Forecasting 13(2)).
    `losses` and `benchmark` are one loss per origin, in the order of time; losses of forecasts over `horizon`
    periods overlap for as many. Missing for no more origins than that.
    """
    from scipy import stats

    gains = benchmark - losses
    n = len(gains)
    if n <= max(horizon, 1):
        return math.nan
    gain = float(gains.mean())
    around = gains - gain
    covariances = [float(around[k:] @ around[: n - k]) / n for k in range(horizon)]
    variance = (covariances[0] + 2 * sum(covariances[1:])) / n
    if variance <= 0:  # the truncated sum can be negative
        variance = covariances[0] / n
    if variance <= 0:
        return 0.0 if gain > 0 else 1.0
    correction = math.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    return float(stats.t.sf(correction * gain / math.sqrt(variance), n - 1))
