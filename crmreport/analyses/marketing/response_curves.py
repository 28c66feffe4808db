"""Response curves: how many orders a channel's spending goes with, and how a budget is best split by them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from crmreport.metrics.intervals import Array

LEAST_MONTHS = 18
LEAST_VARIATION = 0.15  # standard deviation of log(spend)
RESAMPLES = 200
BLOCK_MONTHS = 3  # resampled together, since months that follow one another are alike
MOST_ELASTICITY = 0.95  # for the split: more money never brings more than in proportion
_SEED = 20260101
_MOST_STEPS, _CLOSE = 100, 1e-8  # of a fit, and by how much its deviance falls in the last one

TOO_SHORT, HARDLY_VARIES, NO_EFFECT_SHOWN, FITTED = "too_short", "hardly_varies", "no_effect_shown", "fitted"


def fit(spend: Array, orders: Array, demand: Array) -> Array:
    """Fit log E[orders] = a + b log(spend) + c log(demand) and give a, b, c.

    Poisson pseudo-maximum likelihood, which asks nothing of the distribution but the mean (Gourieroux,
    Monfort and Trognon 1984, Econometrica 52). b is the elasticity: below 1, returns diminish. `demand`:
    orders that the channel is not credited with, which carry trend and season.

    By iteratively reweighted least squares (McCullagh & Nelder 1989, Generalized Linear Models, section 2.5),
    with the start and the end of statsmodels, which needs ten times as long for so few months.
    """
    from scipy.special import xlogy

    inputs = np.column_stack([np.ones(len(spend)), np.log(spend), np.log(demand)])
    mean = (orders + orders.mean()) / 2
    logs = np.log(mean)
    found, deviance = np.zeros(3), np.inf
    for _ in range(_MOST_STEPS):
        root = np.sqrt(mean)
        wanted = logs + (orders - mean) / mean
        found = np.linalg.lstsq(inputs * root[:, None], wanted * root, rcond=-1)[0]
        logs = inputs @ found
        mean = np.exp(logs)
        before, deviance = deviance, 2 * float(np.sum(xlogy(orders, orders / mean) - (orders - mean)))
        if abs(before - deviance) <= _CLOSE:
            break
    return found


def status_of(spend: Array) -> str:
    """Say whether a channel's spending (months in which there was some) can tell anything of its effect."""
    if len(spend) < LEAST_MONTHS:
        return TOO_SHORT
    return HARDLY_VARIES if np.std(np.log(spend), ddof=1) < LEAST_VARIATION else FITTED


def resampled_months(months: int, resamples: int = RESAMPLES, seed: int = _SEED) -> np.ndarray[Any, Any]:
    """Draw months in blocks, with replacement (Künsch 1989, Annals of Statistics 17): one row per draw."""
    random = np.random.default_rng(seed)
    blocks = -(-months // BLOCK_MONTHS)
    starts = random.integers(0, max(months - BLOCK_MONTHS, 0) + 1, size=(resamples, blocks))
    drawn = (starts[:, :, None] + np.arange(BLOCK_MONTHS)).reshape(resamples, -1)
    chosen: np.ndarray[Any, Any] = np.minimum(drawn[:, :months], months - 1)
    return chosen


def draws_of(panel: pd.DataFrame, drawn: np.ndarray[Any, Any]) -> Array:
    """Fit a channel again and again: one row of a, b, c per draw; missing where a draw tells nothing.

    `panel`: one row per month, in order, with `spend`, `orders`, `demand`; months without spending are
    skipped.
    """
    values = panel[["spend", "orders", "demand"]].to_numpy(dtype=float)
    found = np.full((len(drawn), 3), np.nan)
    for number, rows in enumerate(drawn):
        spend, orders, demand = values[rows][values[rows][:, 0] > 0].T
        if len(spend) > 3 and np.std(np.log(spend)) > LEAST_VARIATION / 3 and orders.sum() > 0:
            found[number] = fit(spend, orders, demand)
    return found


def expected(parameters: Array, spend: Array | float, demand: float) -> Array:
    """Give the orders that a curve expects; `parameters` a, b, c along the last axis."""
    a, b, c = np.moveaxis(parameters, -1, 0)
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(np.exp(a + b * np.log(spend) + c * np.log(demand)))


def best_split(scale: Array, elasticity: Array, least: Array, most: Array, budget: float) -> Array:
    """Split a budget so that the sum of ``scale * spend ** elasticity`` is largest.

    Each share stays between `least` and `most`. At the optimum the last unit of money brings as much in
    every channel that is at neither bound; the elasticities are taken as at most 0.95.
    """
    b = np.clip(elasticity, 0.01, MOST_ELASTICITY)

    def shares(log_return: float) -> Array:
        with np.errstate(over="ignore"):  # more than any budget, which is cut at the most
            spend = np.exp((np.log(scale * b) - log_return) / (1 - b))
        return np.asarray(np.clip(spend, least, most))

    low, high = -200.0, 200.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if shares(middle).sum() > budget else (low, middle)
    return shares(high)
