"""Back-test: what each method would have forecast at earlier times, and how far that was from what came."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmreport.analyses.forecasting.accuracy import better_by_chance, bias, mase, mase_scale, wape
from crmreport.analyses.forecasting.methods import TITLES, forecasts, possible_methods
from crmreport.metrics.intervals import Array, wilson

LEVEL = 0.8  # of the forecast's intervals: for 95 % one would need 19 earlier errors of each horizon
FEWEST_ORIGINS = 4  # as many errors as an interval of that level takes
MOST_ORIGINS = 24
MARGIN = 0.05  # how much lower the errors of a method must be than those of a simpler one
_WELL_ABOVE = 0.2
CHANCE = 0.1  # and how improbable that must be by chance

ERRORS = ("method", "origin", "step", "actual", "forecast", "scale", "unit")
ACCURACY = ("method", "horizon", "n", "mase", "wape", "bias", "coverage", "coverage_low", "coverage_high")


def backtest(history: Array, season: int, horizon: int) -> pd.DataFrame:
    """Forecast from each of up to 24 earlier origins, with what was known there, and set against what came.

    Columns: `method`; `origin`: periods known; `step`: periods ahead, from 1; `actual`, `forecast`; `scale`:
    see `accuracy.mase_scale`, of the periods known; `unit`: see `units_of`. No rows for a history that is
    too short.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    methods, first = possible_methods(len(history), season, horizon, FEWEST_ORIGINS)
    if not methods:
        return pd.DataFrame(columns=list(ERRORS))
    # All steps of an origin are known, so that methods and horizons are compared on the same origins.
    last = len(history) - horizon
    rows = []
    with threadpool_limits(1):  # in so small tasks, threads only wait for each other
        for origin in range(max(first, last + 1 - MOST_ORIGINS), last + 1):
            known = history[:origin]
            scale = mase_scale(known, season if origin > season else 1)
            for method, values in forecasts(known, season, horizon, methods).items():
                came = history[origin : origin + horizon]
                units = units_of(history, values)
                steps = zip(range(1, horizon + 1), came, values, units, strict=True)
                rows += [(method, origin, step, actual, f, scale, unit) for step, actual, f, unit in steps]
    return pd.DataFrame(rows, columns=list(ERRORS))


def units_of(history: Array, forecast: Array) -> Array:
    """Give what the errors of forecasts are measured in: the forecast itself, for a history well above 0.

    Errors grow with what is forecast: those of November are larger than those of July. Where values come
    near 0 (the lowest is less than a fifth of their mean) errors are taken as they are.
    """
    return np.where((history.min() > _WELL_ABOVE * history.mean()) & (forecast > 0), forecast, 1.0)


def sizes_of(errors: pd.DataFrame, method: str) -> pd.DataFrame:
    """Give the absolute errors of a method, in their units: a row per origin, a column per step."""
    own = errors[errors["method"] == method]
    sizes = (own["actual"] - own["forecast"]).abs() / own["unit"]
    return sizes.groupby([own["origin"], own["step"]]).first().unstack()


def half_widths(sizes: Array, level: float = LEVEL) -> Array:
    """Give how far from the forecast the interval's ends are, by step and in units, from earlier errors.

    `sizes`: see `sizes_of`; missing where not known yet. It is the k-th smallest of the
    n errors of that step, k = (n + 1) level rounded up: split conformal prediction (Vovk, Gammerman & Shafer
    2005, Algorithmic Learning in a Random World), whose coverage is at least the level if errors of later
    come from the same distribution. Never less than that of a shorter step; missing where there are too few.
    """
    ordered = np.sort(sizes, axis=0)  # what is missing comes last
    known = np.isfinite(sizes).sum(axis=0)
    ranks = np.ceil(np.round((known + 1) * level, 9)).astype(int)
    widths = [
        ordered[k - 1, step] if k <= n else np.nan
        for step, (k, n) in enumerate(zip(ranks, known, strict=True))
    ]
    return np.where(np.isnan(widths), np.nan, np.fmax.accumulate(np.array(widths, dtype=float)))


def accuracy_of(errors: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Give each method's accuracy over the origins, by horizon; horizon 0 is all of them together.

    Columns: `method`; `horizon`: periods ahead; `n`: forecasts; `mase`; `wape` and `bias`: shares of what
    came; `coverage`: share of what came that was within the interval that was possible at the origin, from
    the errors known there, with its 95 % interval. Missing where no origin had one.
    """
    rows = []
    for method in [m for m in TITLES if m in set(errors["method"])]:
        own = errors[errors["method"] == method]
        covered = _covered(sizes_of(errors, method), horizon)
        for step in range(horizon + 1):
            chosen = own if step == 0 else own[own["step"] == step]
            actual, forecast = chosen["actual"].to_numpy(), chosen["forecast"].to_numpy()
            hits = covered if step == 0 else covered[:, step - 1]
            rows.append((
                *(method, step, len(chosen), mase(forecast - actual, chosen["scale"].to_numpy())),
                *(wape(actual, forecast), bias(actual, forecast), *_share(hits[np.isfinite(hits)])),
            ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(ACCURACY))


def _covered(sizes: pd.DataFrame, horizon: int) -> Array:
    """Say of each forecast whether its interval, as one could have made it then, had what came."""
    values = sizes.to_numpy(dtype=float)
    origins = sizes.index.to_numpy()
    came = origins[:, None] + np.arange(1, horizon + 1)
    covered = np.full(values.shape, np.nan)
    for row, origin in enumerate(origins):
        widths = half_widths(np.where(came <= origin, values, np.nan))
        covered[row] = np.where(np.isnan(widths), np.nan, values[row] <= widths)
    return covered


def _share(hits: Array) -> tuple[float, float, float]:
    if not len(hits):
        return math.nan, math.nan, math.nan
    low, high = wilson(np.array([hits.sum()]), np.array([float(len(hits))]))
    return float(hits.mean()), float(low[0]), float(high[0])


@dataclass(frozen=True)
class Choice:
    """The method that is used, the benchmark, and by how much its errors are lower (a share).

    `p_value`: how probable that is by chance; missing if the benchmark itself is used.
    """

    method: str
    benchmark: str
    gain: float
    p_value: float

    @property
    def beats_benchmark(self) -> bool:
        """Whether another method than the benchmark is used."""
        return self.method != self.benchmark


def choose(errors: pd.DataFrame, horizon: int) -> Choice:
    """Choose a method by its back-test.

    From the simplest method on, a later one replaces the one before if its mean absolute error is at least
    5 % lower and the test of Diebold and Mariano gives it a probability of chance of less than 10 %; for few
    origins the test takes forecasts to overlap for no more than half of them. A
    method that could not be fitted at an origin is not chosen. The benchmark is the seasonal naive, or the
    naive for a history of less than a season.
    """
    sizes = (errors["actual"] - errors["forecast"]).abs().groupby([errors["origin"], errors["method"]])
    losses = sizes.mean().unstack().dropna(axis=1)
    tested = [m for m in TITLES if m in losses.columns]
    overlap = min(horizon, max(1, len(losses) // 2))
    benchmark = used = tested[0]
    p_value = math.nan
    for method in tested[1:]:
        mine, others = losses[method].to_numpy(), losses[used].to_numpy()
        if not mine.mean() < (1 - MARGIN) * others.mean():
            continue
        chance = better_by_chance(mine, others, overlap)
        if chance < CHANCE:
            used = method
    own, base = losses[used].to_numpy(), losses[benchmark].to_numpy()
    gain = 1 - own.mean() / base.mean() if base.mean() > 0 else math.nan
    if used != benchmark:
        p_value = better_by_chance(own, base, overlap)
    return Choice(used, benchmark, float(gain), p_value)
