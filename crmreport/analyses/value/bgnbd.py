"""BG/NBD: how often customers without a contract will buy again, from when they bought.

Fader, Hardie and Lee 2005, Marketing Science 24(2). While a customer is alive, purchases come at random at
the customer's own rate (gamma over customers: r, alpha); after each, the customer leaves with an own
probability (beta over customers: a, b). Own code on SciPy: lifetimes is no longer maintained, and
pymc-marketing brings a compiler and a sampler for what is a likelihood of four parameters.
"""

from __future__ import annotations

import numpy as np

from crmreport.analyses.likelihood import Fitted
from crmreport.analyses.value.counts import Counts, fit_to_counts
from crmreport.metrics.intervals import Array

NAME = "bgnbd"
PARAMETERS = ("r", "alpha", "a", "b")
_NEAR_ONE = 1e-4
_LARGE = 50.0  # beyond, SciPy's series may overflow
_NODES = 48


def fit(counts: Counts) -> Fitted:
    """Fit the four parameters by maximum likelihood; alpha is in weeks. ValueError without customers."""
    weeks = max(counts.mean_weeks_observed, 1.0)
    starts = [(0.5, weeks / 4, 0.5, 2.0), (2.0, weeks, 1.0, 10.0), (0.2, weeks / 10, 1.0, 1.0)]
    return fit_to_counts(NAME, PARAMETERS, lambda c: lambda p: log_likelihood(p, c), counts, starts)


def log_likelihood(parameters: Array, counts: Counts) -> tuple[float, Array]:
    """Give the log-likelihood (equation 6 of the paper) and its slopes in the four parameters."""
    from scipy.special import digamma, gammaln

    r, alpha, a, b = parameters
    x, places, weights = counts.frequencies, counts.places, counts.customers
    powers = r + counts.repeat_days
    before = np.maximum(x, 1) - 1
    of_x = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    of_x += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    log_odds = np.where(x > 0, np.log(a) - np.log(b + before), -np.inf)
    log_observed = np.log(alpha + counts.weeks_observed)
    log_last = np.log(alpha + counts.weeks_to_last)
    alive_term = -powers * log_observed
    gone_term = log_odds[places] - powers * log_last
    either = np.logaddexp(alive_term, gone_term)
    value = float(weights @ (of_x[places] + either))

    gone = np.exp(gone_term - either)  # the chance that the customer left at the last purchase
    by_x = np.bincount(places, weights, len(x))
    gone_by_x = np.bincount(places, weights * gone, len(x))
    logs = log_observed + gone * (log_last - log_observed)
    inverse = (1 - gone) / (alpha + counts.weeks_observed) + gone / (alpha + counts.weeks_to_last)
    of_both = digamma(a + b) - digamma(a + b + x)
    slopes = np.array(
        [
            by_x @ (digamma(r + x) - digamma(r) + np.log(alpha)) - weights @ logs,
            weights.sum() * r / alpha - weights @ (powers * inverse),
            by_x @ of_both + gone_by_x.sum() / a,
            by_x @ (of_both + digamma(b + x) - digamma(b)) - gone_by_x @ (1 / (b + before)),
        ]
    )
    return value, slopes


def alive(parameters: Array, repeat_days: Array, weeks_to_last: Array, weeks_observed: Array) -> Array:
    """Give the probability that each customer still buys, given the purchases until now."""
    r, alpha, a, b = parameters
    x = np.asarray(repeat_days, dtype=float)
    log_odds = np.log(a) - np.log(b + np.maximum(x, 1) - 1)
    log_odds = log_odds + (r + x) * (np.log(alpha + weeks_observed) - np.log(alpha + weeks_to_last))
    return np.where(x == 0, 1.0, 1 / (1 + np.exp(np.minimum(log_odds, 700.0))))


def expected(
    parameters: Array, weeks: float, repeat_days: Array, weeks_to_last: Array, weeks_observed: Array
) -> Array:
    """Give each customer's expected purchase days in the next `weeks` (equation 10 of the paper).

    With three zeros it is what is expected of a new customer.
    """
    return expected_if_alive(parameters, weeks, repeat_days, weeks_observed) * alive(
        parameters, repeat_days, weeks_to_last, weeks_observed
    )


def expected_if_alive(parameters: Array, weeks: float, repeat_days: Array, weeks_observed: Array) -> Array:
    """Give the expected purchase days in the next `weeks` of customers of whom each still buys."""
    from scipy.special import hyp2f1

    r, alpha, a, b = parameters
    if abs(a - 1) < _NEAR_ONE / 2:
        # The formula is 0 / 0 at 1 and smooth around it: go through from one side to the other.
        low, high = (
            expected_if_alive(np.array([r, alpha, 1 + side, b]), weeks, repeat_days, weeks_observed)
            for side in (-_NEAR_ONE, _NEAR_ONE)
        )
        between: Array = low + (high - low) * ((a - 1) / _NEAR_ONE + 1) / 2
        return between
    x = np.asarray(repeat_days, dtype=float)
    if a > _LARGE or b > 10 * _LARGE:
        return _integrated(parameters, weeks, x, np.asarray(weeks_observed, dtype=float))
    kept = (alpha + weeks_observed) / (alpha + weeks_observed + weeks)
    # The paper's series after Euler's transformation, which leaves no large power to overflow.
    series = hyp2f1(a - 1, a + b - 1 - r, a + b + x - 1, 1 - kept)
    return np.asarray((a + b + x - 1) / (a - 1) * (1 - kept ** (a - 1) * series), dtype=float)


def _integrated(parameters: Array, weeks: float, x: Array, weeks_observed: Array) -> Array:
    """Give the same by Gauss and Legendre's rule over the quantiles of the probability to leave."""
    from scipy.special import betaincinv

    r, alpha, a, b = parameters
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    kinds, places = np.unique(x, return_inverse=True)
    leaving = np.maximum(betaincinv(a, b + kinds[:, None], (nodes + 1) / 2), 1e-12)
    found = np.zeros(len(x))
    for node in range(_NODES):
        p = leaving[places, node]
        found += weights[node] / 2 * -np.expm1(-(r + x) * np.log1p(p * weeks / (alpha + weeks_observed))) / p
    return found


def simulate_if_alive(
    parameters: Array, weeks: float, repeat_days: Array, weeks_observed: Array, random: np.random.Generator
) -> Array:
    """Draw the purchase days in the next `weeks` of customers of whom each still buys.

    The rate is gamma (r + x, alpha + T) and the probability to leave after a purchase beta (a, b + x),
    independently; so the draws are exact.
    """
    r, alpha, a, b = parameters
    x = np.asarray(repeat_days, dtype=float)
    count = random.poisson(random.gamma(r + x) / (alpha + weeks_observed) * weeks)
    leaving = np.clip(random.beta(a, b + x), 1e-12, 1 - 1e-12)
    with np.errstate(over="ignore"):
        last = np.floor(np.log(random.random(len(x))) / np.log1p(-leaving)) + 1
    return np.asarray(np.minimum(count, last), dtype=float)
