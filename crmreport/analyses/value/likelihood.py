"""Likelihood: customers' purchases counted for a model, and the parameters that make them most likely."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmreport.metrics.intervals import Array

_LOG_BORDER = 9.0  # parameters are sought between exp(-9) and exp(9)
_FEW_ROWS = 10_000  # enough to choose where to start
_STEP = 1e-4


@dataclass(frozen=True)
class Counts:
    """How many customers have the same purchases: what the likelihood depends on, sorted.

    `repeat_days` (x), `weeks_to_last` (t_x), `weeks_observed` (T) and `customers`, one entry per kind.
    """

    repeat_days: Array
    weeks_to_last: Array
    weeks_observed: Array
    customers: Array

    @cached_property
    def frequencies(self) -> Array:
        """The values of `repeat_days` that occur; functions of them alone are computed once."""
        return np.unique(self.repeat_days)

    @cached_property
    def places(self) -> npt.NDArray[np.int64]:
        """Where in `frequencies` each entry's value is."""
        return np.searchsorted(self.frequencies, self.repeat_days)

    @property
    def mean_weeks_observed(self) -> float:
        """Weeks since the first purchase, averaged over customers."""
        return float(self.weeks_observed @ self.customers) / max(self.total, 1)

    @property
    def total(self) -> int:
        """Number of customers."""
        return int(self.customers.sum())

    def thinned(self, customers: int) -> Counts:
        """Give about so many of the customers, evenly from the sorted list; all, if there are no more."""
        if self.total <= customers:
            return self
        chosen = (np.arange(customers) + 0.5) * self.total / customers
        weights = np.bincount(
            np.searchsorted(np.cumsum(self.customers), chosen), minlength=len(self.customers)
        )
        taken = weights > 0
        return Counts(
            self.repeat_days[taken],
            self.weeks_to_last[taken],
            self.weeks_observed[taken],
            weights[taken].astype(float),
        )


def count_customers(history: pd.DataFrame) -> Counts:
    """Count the customers of a purchase history who bought alike (see `purchase_history`)."""
    keys = ["repeat_days", "weeks_to_last", "weeks_observed"]
    sizes = history.groupby(keys, sort=True).size()
    x, last, observed = (sizes.index.get_level_values(k).to_numpy(dtype=float) for k in keys)
    return Counts(x, last, observed, sizes.to_numpy(dtype=float))


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
    likelihood_of: Callable[[Counts], Slopes],
    counts: Counts,
    starts: Sequence[Sequence[float]],
) -> Fitted:
    """Find the parameters, all positive, with the greatest log-likelihood.

    `likelihood_of` gives, for counted customers, the function from parameters to the log-likelihood and its
    slopes. Each start is tried on some of the customers, the best place found there on all.
    ValueError if there are no customers.
    """
    if not counts.total:
        raise ValueError("there are no customers to fit the model to")
    few = counts.thinned(_FEW_ROWS)
    tried = [_climb(likelihood_of(few), np.log(np.asarray(s, dtype=float)), few.total) for s in starts]
    value, logs = max(tried, key=lambda found: found[0])
    function = likelihood_of(counts)
    if few is not counts:
        value, logs = _climb(function, logs, counts.total)
    return _at_maximum(model, names, function, value, logs, counts.total)


def maximise_over(
    model: str, names: tuple[str, ...], function: Slopes, customers: int, starts: Sequence[Sequence[float]]
) -> Fitted:
    """Find the parameters with the greatest value of a log-likelihood; each start is tried."""
    tried = [_climb(function, np.log(np.asarray(s, dtype=float)), customers) for s in starts]
    value, logs = max(tried, key=lambda found: found[0])
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
