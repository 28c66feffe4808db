"""Forecast methods: from a series to its next periods; simple ones, ETS, Theta and their mean."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from crmreport.language import _t
from crmreport.metrics.intervals import Array

# From the simplest on: a later one is only used if it is better by a margin. The mean of the methods comes
# before each of them, as it did best where methods were compared on many series (the M competitions).
TITLES: dict[str, str] = {
    "seasonal_naive": _t("Same period of the year before"),
    "naive": _t("Last period"),
    "drift": _t("Last period and average change"),
    "combination": _t("Mean of the methods"),
    "theta": _t("Theta method"),
    "ets": _t("Exponential smoothing (ETS)"),
}
_LONGEST_STATES = 24  # a longer season has too many states for ETS, and is taken off before
_FEWEST_BEFORE = 4
_FEWEST_FOR_ETS = 10  # beside a season; its first states are estimated from so many

Forecast = Array | None  # none where the method could not be fitted


def seasonal_naive(history: Array, season: int, horizon: int) -> Array:
    """Repeat the last season."""
    return np.asarray(history[len(history) - season + np.arange(horizon) % season], dtype=float)


def naive(history: Array, season: int, horizon: int) -> Array:
    """Repeat the last period."""
    return np.full(horizon, float(history[-1]))


def drift(history: Array, season: int, horizon: int) -> Array:
    """Go on from the last period by the average change between periods."""
    change = (history[-1] - history[0]) / (len(history) - 1)
    return np.asarray(history[-1] + change * np.arange(1, horizon + 1), dtype=float)


def ets(history: Array, season: int, horizon: int) -> Forecast:
    """Forecast by exponential smoothing, without or with a damped trend, whichever has the lower AICc.

    Error and season are multiplicative where all values are above 0. The states begin as Hyndman, Koehler,
    Ord & Snyder (2008, Forecasting with Exponential Smoothing, section 2.6) propose. A season of more than
    24 periods is taken off by STL before, and put on again.
    """
    from statsmodels.tsa.seasonal import STL

    level, values = _normed(history)
    if level == 0:
        return naive(history, season, horizon)
    if season <= _LONGEST_STATES:
        found = _smoothed(values, season, horizon, is_multiplicative=bool((values > 0).all()))
        return None if found is None else found * level
    seasonal = STL(values, period=season, robust=False).fit().seasonal
    found = _smoothed(values - seasonal, 1, horizon, is_multiplicative=False)
    return None if found is None else (found + seasonal_naive(seasonal, season, horizon)) * level


def _smoothed(values: Array, season: int, horizon: int, *, is_multiplicative: bool) -> Forecast:
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    kind = "mul" if is_multiplicative else "add"
    has_season = season > 1
    best: tuple[float, Array] | None = None
    for trend in (None, "add"):
        model = ETSModel(
            values,
            error=kind,
            trend=trend,
            damped_trend=trend is not None,
            seasonal=kind if has_season else None,
            seasonal_periods=season if has_season else None,
            initialization_method="heuristic",
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            try:
                fitted = model.fit(disp=False)
            except ConvergenceWarning:
                continue
        forecast = np.asarray(fitted.forecast(horizon), dtype=float)
        if np.isfinite(forecast).all() and (best is None or fitted.aicc < best[0]):
            best = float(fitted.aicc), forecast
    return None if best is None else best[1]


def theta(history: Array, season: int, horizon: int) -> Forecast:
    """Forecast by the Theta method (Assimakopoulos & Nikolopoulos 2000, Int. Journal of Forecasting 16(4)).

    The season is always taken off before: a test for it would find none in two years of months.
    """
    from statsmodels.tsa.forecasting.theta import ThetaModel

    level, values = _normed(history)
    if level == 0:
        return naive(history, season, horizon)
    method = "multiplicative" if (values > 0).all() else "additive"
    model = ThetaModel(values, period=season, deseasonalize=season > 1, use_test=False, method=method)
    forecast = np.asarray(model.fit().forecast(horizon), dtype=float)
    return forecast * level if np.isfinite(forecast).all() else None


def _normed(history: Array) -> tuple[float, Array]:
    """Give a series' level and the series over it, since the fits depend on size; 0 if it never changes."""
    if np.ptp(history) == 0:
        return 0.0, history
    level = float(np.abs(history).mean())
    return level, history / level


_METHODS: dict[str, Callable[[Array, int, int], Forecast]] = {
    "seasonal_naive": seasonal_naive,
    "naive": naive,
    "drift": drift,
    "theta": theta,
    "ets": ets,
}
_COMBINED = ("seasonal_naive", "theta", "ets")


def forecasts(history: Array, season: int, horizon: int, methods: tuple[str, ...]) -> dict[str, Array]:
    """Give the forecasts of these methods (names of `TITLES`), without those that could not be fitted.

    The combination is the mean of the seasonal naive (without a season, the naive), Theta and ETS. What was
    never below 0 is never forecast below 0.
    """
    needed = dict.fromkeys([*methods, *(_COMBINED if "combination" in methods else ())])
    found: dict[str, Array] = {}
    for name in needed:
        if name in _METHODS:
            made = _METHODS[name](history, season, horizon)
            if made is not None:
                found[name] = np.maximum(made, 0) if (history >= 0).all() else made
    if "combination" in methods and all(name in found for name in _COMBINED):
        found["combination"] = np.mean([found[name] for name in _COMBINED], axis=0)
    return {name: found[name] for name in methods if name in found}


def possible_methods(periods: int, season: int, horizon: int, origins: int) -> tuple[tuple[str, ...], int]:
    """Give the methods that so long a history allows to test, and the shortest history to test them from.

    `origins`: how often each method must at least be tested. No method, and how many periods are needed,
    where even the simplest cannot be. The models need two seasons, the seasonal naive one.
    """
    spare = periods - horizon - origins + 1
    for names, first in (
        (tuple(TITLES), max(2 * season, _FEWEST_FOR_ETS + 2 * (season // 2))),
        (("seasonal_naive", "naive", "drift"), season + _FEWEST_BEFORE),
        (("naive", "drift"), _FEWEST_BEFORE),
    ):
        if spare >= first:
            return tuple(n for n in names if season > 1 or n != "seasonal_naive"), first
    return (), _FEWEST_BEFORE + horizon + origins - 1
