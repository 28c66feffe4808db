"""Churn quality: how well probabilities rank customers, and whether they are as high as they should be."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from crmreport.metrics.intervals import Array, Z, wilson

QUALITY = ("auc", "low", "high", "pr_auc", "brier", "brier_skill", "slope", "intercept", "top_decile_lift")
_LEAST, _MOST = 1e-6, 1 - 1e-6
_BINS = 10
_BIN_ROWS = 50


def aucs(outcome: Array, *scores: Array) -> tuple[Array, Array]:
    """Give the areas under the ROC curves of scores for the same customers, and their covariance matrix.

    `outcome`: 1 or 0, both of which must occur. The area is the probability that of two customers, of whom
    one churned, that one has the higher score, ties counting half. Covariance after DeLong, DeLong &
    Clarke-Pearson (1988, Biometrics 44(3)).
    """
    from scipy import stats

    churned = outcome == 1
    m, n = int(churned.sum()), int((~churned).sum())
    areas, of_churned, of_others = [], [], []
    for score in scores:
        ranks = stats.rankdata(score)
        above = (ranks[churned] - stats.rankdata(score[churned])) / n
        below = 1 - (ranks[~churned] - stats.rankdata(score[~churned])) / m
        areas.append(above.mean())
        of_churned.append(above)
        of_others.append(below)
    covariance = np.atleast_2d(np.cov(of_churned)) / m + np.atleast_2d(np.cov(of_others)) / n
    return np.array(areas), covariance


def area(outcome: Array, score: Array) -> float:
    """Give the area under the ROC curve alone, which takes less than the covariance; see `aucs`."""
    from scipy import stats

    churned = outcome == 1
    m = int(churned.sum())
    above = float(stats.rankdata(score)[churned].sum()) - m * (m + 1) / 2
    return above / (m * (len(outcome) - m))


def auc_gain(outcome: Array, scores: Array, others: Array) -> tuple[float, float, float]:
    """Give by how much the area of one score is above that of another, with its 95 % interval."""
    areas, covariance = aucs(outcome, scores, others)
    gain = float(areas[0] - areas[1])
    half = Z * math.sqrt(max(float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]), 0))
    return gain, gain - half, gain + half


def top_decile_lift(outcome: Array, scores: Array) -> float:
    """Give the share that churned among the tenth with the highest scores, over the share among all.

    As Lemmens & Croux (2006, Journal of Marketing Research 43(2)). Of equal scores at the edge of the tenth,
    each counts by the same part. At most one over the share among all, or 10.
    """
    size = len(outcome) / 10
    by_score = pd.DataFrame({"score": scores, "churned": outcome}).groupby("score")["churned"]
    groups = by_score.agg(["size", "sum"]).sort_index(ascending=False)
    before = groups["size"].cumsum() - groups["size"]
    taken = np.clip(size - before, 0, groups["size"]) / groups["size"]
    return float((groups["sum"] * taken).sum() / size / outcome.mean())


def slope_and_intercept(outcome: Array, probabilities: Array) -> tuple[float, float]:
    """Give the slope and the intercept of calibration; 1 and 0 are right.

    The slope is that of a logistic regression of the outcome on the probabilities' log-odds (Cox 1958,
    Biometrika 45): below 1, high probabilities are too high and low ones too low. The intercept is that
    with a slope of 1: below 0, probabilities are too high on the whole. Missing where it cannot be fitted,
    the slope of one probability for all, too.
    """
    import statsmodels.api as sm

    kept = np.clip(probabilities, _LEAST, _MOST)
    odds = np.log(kept / (1 - kept))
    ones = np.ones((len(odds), 1))
    binomial = sm.families.Binomial()
    intercept = float(sm.GLM(outcome, ones, family=binomial, offset=odds).fit().params[0])
    areas, _ = aucs(outcome, odds)
    if np.ptp(odds) == 0 or areas[0] in (0, 1):  # nothing to go by, or nothing to stop it
        return math.nan, intercept
    return float(sm.GLM(outcome, np.column_stack([ones, odds]), family=binomial).fit().params[1]), intercept


def quality_of(outcome: Array, probabilities: Array, base: Array) -> dict[str, float]:
    """Give the figures of `QUALITY` for probabilities; `base`: those of no model, one for all.

    The areas under the ROC curve (with a 95 % interval) and under the precision-recall curve, the mean
    squared error of the probabilities (Brier 1950, Monthly Weather Review 78), the share by which it is
    below that of `base`, and what the other functions here give.
    """
    from sklearn.metrics import average_precision_score

    areas, covariance = aucs(outcome, probabilities)
    half = Z * math.sqrt(float(covariance[0, 0]))
    brier = float(np.mean((probabilities - outcome) ** 2))
    slope, intercept = slope_and_intercept(outcome, probabilities)
    values = (
        *(float(areas[0]), max(float(areas[0]) - half, 0.0), min(float(areas[0]) + half, 1.0)),
        *(float(average_precision_score(outcome, probabilities)), brier),
        *(1 - brier / float(np.mean((base - outcome) ** 2)), slope, intercept),
        top_decile_lift(outcome, probabilities),
    )
    return dict(zip(QUALITY, values, strict=True))


def calibration(outcome: Array, probabilities: Array) -> pd.DataFrame:
    """Set what came against what was predicted, in up to ten groups of customers, as large as one another.

    Columns: `bin`, from 1, the lowest probabilities; `n`, customers; `predicted`, mean probability;
    `observed`, share that churned, with its 95 % interval `low` to `high`. Equal probabilities are in one
    group; a group has at least 50 customers, unless there are fewer.
    """
    from scipy import stats

    count = max(1, min(_BINS, len(outcome) // _BIN_ROWS))
    places = (stats.rankdata(probabilities) - 0.5) / len(outcome)
    bins = pd.Series(np.minimum((places * count).astype(int), count - 1))
    rows = pd.DataFrame({"bin": bins, "predicted": probabilities, "observed": outcome}).groupby("bin")
    found = rows.agg(
        n=("observed", "size"), predicted=("predicted", "mean"), observed=("observed", "mean")
    ).reset_index(drop=True)
    n = found["n"].to_numpy(dtype=float)
    low, high = wilson(found["observed"].to_numpy() * n, n)
    return found.assign(bin=np.arange(1, len(found) + 1), low=low, high=high)[
        ["bin", "n", "predicted", "observed", "low", "high"]
    ]
