"""Shifted beta-geometric: how many subscribers renew each month, and how long they may still stay.

Fader and Hardie 2007, Journal of Interactive Marketing 21(1). Each subscriber leaves at the end of every
month with an own, constant probability, which is beta (alpha, beta) over subscribers; so those who stayed
long leave less.
"""

from __future__ import annotations

import numpy as np

from crmreport.analyses.likelihood import Fitted, maximise
from crmreport.metrics.intervals import Array

NAME = "sbg"
PARAMETERS = ("alpha", "beta")


def fit(left_in: Array, stayed: Array, at_risk_from: Array | None = None) -> Fitted:
    """Fit the two parameters by maximum likelihood.

    `left_in[t]` and `stayed[t]` count the subscribers who left in their month t + 1, and those who had
    stayed t whole months when last seen. `at_risk_from[t]` counts those first seen after t whole months,
    whose earlier leaving could not be known (all of month 0 need not be given). ValueError if nobody left.
    """
    months = max(len(left_in), len(stayed), 0 if at_risk_from is None else len(at_risk_from))
    left = np.pad(np.asarray(left_in, dtype=float), (0, months - len(left_in)))
    kept = np.pad(np.asarray(stayed, dtype=float), (0, months - len(stayed)))
    late = np.zeros(months)
    if at_risk_from is not None:
        late[: len(at_risk_from)] = at_risk_from
    if left.sum() <= 0:
        raise ValueError("nobody left, so that nothing says how long subscribers stay")
    starts = [(1.0, 1.0), (0.5, 5.0), (2.0, 20.0)]
    people = int(left.sum() + kept.sum())
    return maximise(NAME, PARAMETERS, lambda p: log_likelihood(p, left, kept - late), people, starts)


def log_likelihood(parameters: Array, left_in: Array, stayed: Array) -> tuple[float, Array]:
    """Give the log-likelihood (equation A3 of the paper) and its slopes in the two parameters.

    Late entries are `stayed` of the opposite sign: their chance is divided by that of having stayed so long.
    """
    from scipy.special import betaln, digamma

    alpha, beta = parameters
    t = np.arange(len(left_in), dtype=float)
    gone = betaln(alpha + 1, beta + t) - betaln(alpha, beta)
    kept = betaln(alpha, beta + t) - betaln(alpha, beta)
    start, both = digamma(alpha + beta), digamma(alpha + beta + t)
    more = digamma(alpha + beta + t + 1)
    slopes = [
        left_in @ (1 / alpha - more + start) + stayed @ (start - both),
        (left_in @ (digamma(beta + t) - more) + stayed @ (digamma(beta + t) - both))
        + (left_in + stayed).sum() * (start - digamma(beta)),
    ]
    return float(left_in @ gone + stayed @ kept), np.array(slopes)


def survival(parameters: Array, months: Array) -> Array:
    """Give the share that stays longer than so many months."""
    from scipy.special import betaln

    alpha, beta = parameters
    share: Array = np.exp(betaln(alpha, beta + np.asarray(months, dtype=float)) - betaln(alpha, beta))
    return share


def retention(parameters: Array, months: Array) -> Array:
    """Give the share of those who stayed so many months that stays the next one, too (equation 8)."""
    alpha, beta = parameters
    t = np.asarray(months, dtype=float)
    return np.asarray((beta + t) / (alpha + beta + t), dtype=float)


def months_to_come(parameters: Array, months: float, horizon_months: int) -> float:
    """Give the months that those who stayed so long are expected to stay within the next ones.

    The sum of the chances to stay each of them: without a horizon it may be infinite.
    """
    ahead = survival(parameters, months + np.arange(1.0, horizon_months + 1))
    return float(ahead.sum() / survival(parameters, np.array([months]))[0])
