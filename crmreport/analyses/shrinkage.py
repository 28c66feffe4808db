"""Shrinkage: ratios of observed to expected counts, drawn towards each other as far as chance moves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmreport.metrics.intervals import CONFIDENCE, Array

# No ratios are alike to within less than 2 %, exp(-8 / 2), whatever the counts say.
_LOG_BOUNDS = (-6.0, 8.0)
_FEWEST = 3


@dataclass(frozen=True)
class GammaPrior:
    """How the true ratios are spread: a gamma distribution of this shape and rate, of mean shape / rate."""

    shape: float
    rate: float


def gamma_prior(observed: Array, expected: Array) -> GammaPrior:
    """Estimate how the true ratios are spread, by penalized maximum likelihood.

    ``observed ~ Poisson(ratio * expected)``, ``ratio ~ Gamma(shape, rate)``, so that a count alone is
    negative binomial: the gamma-Poisson shrinkage of DuMouchel 1999 (The American Statistician 53(3),
    177-190) with one gamma instead of his mixture of two. Where the counts vary no more than by chance, the
    likelihood would make all ratios equal, and their intervals points; so the logarithm of the ratios'
    relative spread, ``-log(shape) / 2``, is added to it (Chung, Rabe-Hesketh, Dorie, Gelman & Liu 2013,
    Psychometrika 78(4), 685-709). Counts with nothing expected are left out. Of fewer than three, it is the
    flat gamma of the shape 1 and the rate 1.
    """
    from scipy.optimize import minimize
    from scipy.special import gammaln

    keep = expected > 0
    n, e = observed[keep], expected[keep]
    if len(n) < _FEWEST:
        return GammaPrior(1.0, 1.0)

    def loss(logs: Array) -> float:
        shape, rate = np.exp(np.clip(logs, *_LOG_BOUNDS))
        chance = rate / (rate + e)
        fits = gammaln(shape + n) - gammaln(shape) + shape * np.log(chance) + n * np.log1p(-chance)
        beyond = np.sum((logs - np.clip(logs, *_LOG_BOUNDS)) ** 2)
        return float(-(fits.sum() - np.log(shape) / 2) / len(n) + beyond)

    mean = max(n.sum() / e.sum(), 1e-3)
    options = {"xatol": 1e-6, "fatol": 1e-10, "maxiter": 2000}
    starts = [np.log([mean * rate, rate]) for rate in (1.0, 100.0)]
    fits = [minimize(loss, start, method="Nelder-Mead", options=options) for start in starts]
    best = min(fits, key=lambda fit: fit.fun)
    shape, rate = np.exp(np.clip(best.x, *_LOG_BOUNDS))
    return GammaPrior(float(shape), float(rate))


def shrunken(observed: Array, expected: Array, prior: GammaPrior) -> tuple[Array, Array, Array]:
    """Give each ratio as it is likely to be, with its 95 % interval (credible: of the posterior gamma).

    The mean is ``(shape + observed) / (rate + expected)``.
    """
    from scipy.stats import gamma

    shape, rate = prior.shape + observed, prior.rate + expected
    tail = (1 - CONFIDENCE) / 2
    low, high = gamma.ppf(tail, shape) / rate, gamma.ppf(1 - tail, shape) / rate
    return shape / rate, low, high
