"""Pareto/NBD: how often customers will buy again, who may leave at any time, not only after a purchase.

Schmittlein, Morrison and Colombo 1987, Management Science 33(1). While a customer is alive, purchases come
at random at the customer's own rate (gamma over customers: r, alpha); each leaves at the own rate (gamma: s,
beta). Written with an integral over the time of leaving, which is stable where the usual difference of two
hypergeometric functions is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from crmreport.analyses.likelihood import Fitted, with_likelihood
from crmreport.analyses.value.counts import Counts, fit_to_counts
from crmreport.metrics.intervals import Array

NAME = "pareto_nbd"
PARAMETERS = ("r", "alpha", "s", "beta")
MOST_CUSTOMERS = 20_000  # fitted to so many at most: each costs an integral of 32 nodes

_NODES = 32
_NEGLIGIBLE = 30.0  # the integrand is left out where it has fallen to exp(-30)
_LARGE = 50.0
_CHUNK = 50_000


def fit(counts: Counts) -> Fitted:
    """Fit the four parameters by maximum likelihood; alpha and beta are in weeks.

    Of more than 20,000 customers, so many are taken evenly; the log-likelihood is that of all. ValueError
    without customers.
    """
    weeks = max(counts.mean_weeks_observed, 1.0)
    starts = [(0.5, weeks / 3, 0.5, weeks / 3), (2.0, weeks, 1.0, 4 * weeks)]
    few = counts.thinned(MOST_CUSTOMERS)
    fitted = fit_to_counts(NAME, PARAMETERS, lambda c: lambda p: log_likelihood(p, c), few, starts)
    if few is counts:
        return fitted
    return with_likelihood(fitted, log_likelihood(fitted.values, counts)[0], counts.total)


def log_likelihood(parameters: Array, counts: Counts) -> tuple[float, Array]:
    """Give the log-likelihood and its slopes in the four parameters."""
    from scipy.special import digamma, gammaln

    r, alpha, s, beta = parameters
    x, places, weights = counts.frequencies, counts.places, counts.customers
    of_x = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    either, slopes = np.empty(len(places)), np.empty((4, len(places)))
    for start in range(0, len(places), _CHUNK):
        part = slice(start, start + _CHUNK)
        leaving = _leaving(
            parameters, counts.repeat_days[part], counts.weeks_to_last[part], counts.weeks_observed[part]
        )
        either[part] = leaving.log_either
        slopes[:, part] = _slopes(parameters, leaving)
    by_x = np.bincount(places, weights, len(x))
    total = slopes @ weights
    total[0] += by_x @ (digamma(r + x) - digamma(r)) + weights.sum() * np.log(alpha)
    total[1] += weights.sum() * r / alpha
    total[2] += weights.sum() * np.log(beta)
    total[3] += weights.sum() * s / beta
    return float(weights @ (of_x[places] + either)), total


def alive(parameters: Array, repeat_days: Array, weeks_to_last: Array, weeks_observed: Array) -> Array:
    """Give the probability that each customer still buys, given the purchases until now."""
    x, last, until = (np.asarray(v, dtype=float) for v in (repeat_days, weeks_to_last, weeks_observed))
    found = np.empty(len(x))
    for start in range(0, len(x), _CHUNK):
        part = slice(start, start + _CHUNK)
        found[part] = _leaving(parameters, x[part], last[part], until[part]).share_alive
    return found


def expected(
    parameters: Array, weeks: float, repeat_days: Array, weeks_to_last: Array, weeks_observed: Array
) -> Array:
    """Give each customer's expected purchase days in the next `weeks`.

    Equation 22 of Schmittlein, Morrison and Colombo 1987. With three zeros it is that of a new customer.
    """
    return expected_if_alive(parameters, weeks, repeat_days, weeks_observed) * alive(
        parameters, repeat_days, weeks_to_last, weeks_observed
    )


def expected_if_alive(parameters: Array, weeks: float, repeat_days: Array, weeks_observed: Array) -> Array:
    """Give the expected purchase days in the next `weeks` of customers of whom each still buys."""
    r, alpha, s, beta = parameters
    if abs(s - 1) < 1e-9:
        s = 1 + 1e-9  # the formula is 0 / 0 at 1, and smooth around it
    rate = (r + np.asarray(repeat_days, dtype=float)) / (alpha + weeks_observed)
    later = beta + np.asarray(weeks_observed, dtype=float)
    weeks_alive = -np.expm1((s - 1) * np.log(later / (later + weeks))) * later / (s - 1)
    return np.asarray(rate * weeks_alive, dtype=float)


def simulate_if_alive(
    parameters: Array, weeks: float, repeat_days: Array, weeks_observed: Array, random: np.random.Generator
) -> Array:
    """Draw the purchase days in the next `weeks` of customers of whom each still buys.

    The rates of buying and of leaving are gamma (r + x, alpha + T) and (s, beta + T), independently.
    """
    r, alpha, s, beta = parameters
    x = np.asarray(repeat_days, dtype=float)
    leaving = np.maximum(random.gamma(s, size=len(x)), 1e-300) / (beta + weeks_observed)
    with np.errstate(over="ignore"):
        weeks_alive = np.minimum(random.exponential(size=len(x)) / leaving, weeks)
    count = random.poisson(random.gamma(r + x) / (alpha + weeks_observed) * weeks_alive)
    return np.asarray(count, dtype=float)


@cache
def _rule() -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2


@dataclass(frozen=True)
class _Leaving:
    """When each customer may have left: shares of the nodes from t_x to T, and the share alive at T.

    `log_either` is the logarithm of the chance to be alive or gone, but for factors of x alone.
    """

    log_either: Array
    share_alive: Array
    shares: Array
    log_from_alpha: Array
    log_from_beta: Array
    powers: Array
    until: Array


def _leaving(parameters: Array, x: Array, last: Array, until: Array) -> _Leaving:
    """Weigh the times at which each customer may have left.

    Alive: (alpha + T)^-(r + x) (beta + T)^-s. Gone at t: s (alpha + t)^-(r + x) (beta + t)^-(s + 1), from
    t_x to T, by Gauss and Legendre's rule in the logarithm of t plus the smaller of alpha and beta.
    """
    r, alpha, s, beta = parameters
    nodes, weights = _rule()
    powers = r + x
    log_alpha_end = np.log(alpha + until)
    # The integral ends where either power alone has let the integrand fall to next to nothing.
    by_alpha = (alpha + last) * np.exp(np.minimum(_NEGLIGIBLE / powers, _LARGE)) - alpha
    by_beta = (beta + last) * np.exp(min(_NEGLIGIBLE / (s + 1), _LARGE)) - beta
    stop = np.minimum(until, np.minimum(by_alpha, by_beta))
    least = min(alpha, beta)  # on the scale of the smaller one, both powers are smooth
    start = np.log(least + last)
    width = np.maximum(np.log(least + stop) - start, 0.0)[:, None]
    log_least = start[:, None] + width * nodes
    log_other = np.log(np.exp(log_least) + abs(alpha - beta))
    log_alpha, log_beta = (log_least, log_other) if alpha <= beta else (log_other, log_least)
    with np.errstate(divide="ignore"):
        log_width = np.log(s * width)
    logs = log_width + np.log(weights) + log_least - powers[:, None] * log_alpha - (s + 1) * log_beta
    still = -powers * log_alpha_end - s * np.log(beta + until)
    highest = np.maximum(still, logs.max(axis=1))
    at_nodes = np.exp(logs - highest[:, None])
    at_end = np.exp(still - highest)
    whole = at_nodes.sum(axis=1) + at_end
    return _Leaving(
        highest + np.log(whole), at_end / whole, at_nodes / whole[:, None], log_alpha, log_beta, powers, until
    )


def _slopes(parameters: Array, leaving: _Leaving) -> Array:
    """Give the slopes of `log_either` in the four parameters."""
    _, alpha, s, beta = parameters
    shares, alive = leaving.shares, leaving.share_alive
    log_alpha_end, log_beta_end = np.log(alpha + leaving.until), np.log(beta + leaving.until)
    inverse_alpha = (shares * np.exp(-leaving.log_from_alpha)).sum(axis=1) + alive / (alpha + leaving.until)
    inverse_beta = (shares * np.exp(-leaving.log_from_beta)).sum(axis=1)
    return np.array(
        [
            -(shares * leaving.log_from_alpha).sum(axis=1) - alive * log_alpha_end,
            -leaving.powers * inverse_alpha,
            shares.sum(axis=1) / s - (shares * leaving.log_from_beta).sum(axis=1) - alive * log_beta_end,
            -(s + 1) * inverse_beta - alive * s / (beta + leaving.until),
        ]
    )
