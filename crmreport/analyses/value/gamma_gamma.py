"""Gamma-Gamma: what customers spend on a purchase, the few purchases of one drawn towards the mean of all.

Fader and Hardie 2013, note 025 (brucehardie.com). A purchase of a customer is gamma with shape p and the
customer's own rate, which is gamma over customers with shape q and rate gamma; it does not depend on how
often the customer buys.
"""

from __future__ import annotations

import numpy as np

from crmreport.analyses.likelihood import Fitted, maximise
from crmreport.metrics.intervals import Array

NAME = "gamma_gamma"
PARAMETERS = ("p", "q", "gamma")


def fit(purchases: Array, mean_amount: Array) -> Fitted:
    """Fit the three parameters by maximum likelihood; gamma is in the money of `mean_amount`.

    `purchases` is the number of each customer's purchases and `mean_amount` their mean, both above zero;
    others must be left out. ValueError otherwise, and without customers.
    """
    if not len(purchases) or (purchases <= 0).any() or not (mean_amount > 0).all():
        raise ValueError("Gamma-Gamma needs customers with purchases, of a mean amount above zero")
    ordered = np.lexsort((mean_amount, purchases))
    x = np.asarray(purchases, dtype=float)[ordered]
    scale = float(np.median(mean_amount))
    m = np.asarray(mean_amount, dtype=float)[ordered] / scale
    starts = [(6.0, 4.0, 0.5), (1.0, 2.0, 1.0), (2.0, 10.0, 4.0)]
    found = maximise(NAME, PARAMETERS, lambda p: log_likelihood(p, x, m), len(x), starts)
    values = found.values * np.array([1, 1, scale])
    # The amounts were divided by the scale: the density per unit of money is so much smaller.
    return Fitted(
        NAME,
        PARAMETERS,
        values,
        found.log_likelihood - len(x) * float(np.log(scale)),
        found.log_covariance,
        len(x),
        found.at_border,
    )


def log_likelihood(parameters: Array, purchases: Array, mean_amount: Array) -> tuple[float, Array]:
    """Give the log-likelihood (equation 1a of the note) and its slopes in the three parameters."""
    from scipy.special import digamma, gammaln

    p, q, gamma = parameters
    x, log_m = purchases, np.log(mean_amount)
    counts, places = np.unique(x, return_inverse=True)
    weights = np.bincount(places).astype(float)
    total = gamma + mean_amount * x
    of_x = gammaln(p * counts + q) - gammaln(p * counts) - gammaln(q) + q * np.log(gamma)
    of_x += p * counts * np.log(counts)
    log_total = np.log(total)
    value = float(weights @ of_x) + float(np.sum((p * x - 1) * log_m - (p * x + q) * log_total))
    both = digamma(p * counts + q)
    slopes = np.array(
        [
            weights @ (counts * (both - digamma(p * counts) + np.log(counts)))
            + np.sum(x * (log_m - log_total)),
            weights @ (both - digamma(q) + np.log(gamma)) - np.sum(log_total),
            len(x) * q / gamma - np.sum((p * x + q) / total),
        ]
    )
    return value, slopes


def expected(parameters: Array, purchases: Array, mean_amount: Array) -> Array:
    """Give the expected amount of each customer's next purchase (equation 5 of the note).

    Customers without purchases (0; their mean amount does not matter) get the mean of all. Infinite where
    q is 1 or less and nothing is known.
    """
    p, q, gamma = parameters
    x = np.asarray(purchases, dtype=float)
    spent = np.where(x > 0, x * np.where(x > 0, mean_amount, 0.0), 0.0)
    left = p * x + q - 1
    return np.where(left > 0, p * (gamma + spent) / np.where(left > 0, left, 1.0), np.inf)


def simulate(
    parameters: Array, purchases: Array, mean_amount: Array, future: Array, random: np.random.Generator
) -> Array:
    """Draw what each customer spends on `future` purchases in all, given the purchases until now."""
    p, q, gamma = parameters
    x = np.asarray(purchases, dtype=float)
    spent = np.where(x > 0, x * np.where(x > 0, mean_amount, 0.0), 0.0)
    rate = np.maximum(random.gamma(q + p * x), 1e-300) / (gamma + spent)
    with np.errstate(over="ignore"):
        spending: Array = random.gamma(p * np.asarray(future, dtype=float)) / rate
    return spending
