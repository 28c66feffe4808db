"""Likelihood: the parameters of a model that make most likely what was seen, and how sure they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from crmreport.metrics.intervals import Array

_LOG_BORDER = 9.0  # parameters are sought between exp(-9) and exp(9)
_STEP = 1e-4


@dataclass(frozen=True)
class Fitted:
    """A model's parameters as estimated.

    `log_covariance` is the asymptotic covariance of the parameters' logarithms, from the curvature of the
    log-likelihood at its maximum. `at_border` says that a parameter ran off to where it means "none" or
    "all alike", so that its value means little.
    """

    model: str
    names: tuple[str, ...]
    values: Array
    log_likelihood: float
    log_covariance: Array
    customers: int
    at_border: bool

    def interval(self, name: str, z: float) -> tuple[float, float]:
        """Give the bounds of a parameter's interval, symmetric for its logarithm."""
        place = self.names.index(name)
        half = z * float(np.sqrt(self.log_covariance[place, place]))
        value = float(self.values[place])
        with np.errstate(over="ignore"):
            return value * float(np.exp(-half)), value * float(np.exp(half))

    def draws(self, count: int, random: np.random.Generator) -> Array:
        """Draw parameters as uncertain as they are, one set per row, within the borders."""
        roots, directions = np.linalg.eigh(self.log_covariance)
        normal = random.standard_normal((count, len(self.values)))
        moved = np.log(self.values) + (normal * np.sqrt(np.maximum(roots, 0))) @ directions.T
        bounded: Array = np.exp(np.clip(moved, -_LOG_BORDER, _LOG_BORDER))
        return bounded


Slopes = Callable[[Array], tuple[float, Array]]


def maximise(
    model: str,
    names: tuple[str, ...],
    function: Slopes,
    customers: int,
    starts: Sequence[Sequence[float]],
    few: tuple[Slopes, int] | None = None,
) -> Fitted:
    """Find the parameters, all positive, with the greatest log-likelihood of so many customers.

    `function` gives, for parameters, the log-likelihood and its slopes. Each start is tried, on a `few` of
    the customers where these are given, with their function and number; then the best place found on all.
    """
    of_few, number = few or (function, customers)
    tried = [_climb(of_few, np.log(np.asarray(s, dtype=float)), number) for s in starts]
    value, logs = max(tried, key=lambda found: found[0])
    if few:
        value, logs = _climb(function, logs, customers)
    return _at_maximum(model, names, function, value, logs, customers)


def _climb(function: Slopes, start: Array, customers: int) -> tuple[float, Array]:
    from scipy.optimize import minimize

    def downhill(logs: Array) -> tuple[float, Array]:
        parameters = np.exp(logs)
        value, slopes = function(parameters)
        return -value / customers, -slopes * parameters / customers

    found = minimize(
        downhill,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_LOG_BORDER, _LOG_BORDER)] * len(start),
        options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 1000},
    )
    return -float(found.fun) * customers, np.asarray(found.x, dtype=float)


def _at_maximum(
    model: str, names: tuple[str, ...], function: Slopes, value: float, logs: Array, customers: int
) -> Fitted:
    parameters = np.exp(logs)
    free = np.abs(logs) < _LOG_BORDER - _STEP
    curvature = _curvature(function, logs)
    covariance = np.zeros_like(curvature)
    roots, directions = np.linalg.eigh(-curvature[np.ix_(free, free)])
    flat = bool((roots <= 1e-9 * max(roots.max(initial=0), 1)).any())
    roots = np.where(roots > 0, roots, np.inf)
    covariance[np.ix_(free, free)] = (directions / roots) @ directions.T
    return Fitted(
        model, names, parameters, value, covariance, customers, at_border=flat or not bool(free.all())
    )


def _curvature(function: Slopes, logs: Array) -> Array:
    """Give the second derivatives of the log-likelihood in the logarithms, from its slopes."""

    def slopes(at: Array) -> Array:
        return function(np.exp(at))[1] * np.exp(at)

    columns = []
    for step in np.eye(len(logs)) * _STEP:
        columns.append((slopes(logs + step) - slopes(logs - step)) / (2 * _STEP))
    curvature = np.array(columns)
    return (curvature + curvature.T) / 2


def with_likelihood(fitted: Fitted, log_likelihood: float, customers: int) -> Fitted:
    """Give the same parameters with the log-likelihood of other customers."""
    return replace(fitted, log_likelihood=log_likelihood, customers=customers)
