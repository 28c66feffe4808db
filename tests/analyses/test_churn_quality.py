"""Churn quality: arithmetic by hand, and second opinions on generated data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from crmreport.analyses.risk.quality import (
    auc_gain,
    aucs,
    calibration,
    quality_of,
    slope_and_intercept,
    top_decile_lift,
)

CAME = np.array([1.0, 0, 1, 0, 0])
SCORES = np.array([0.9, 0.8, 0.4, 0.4, 0.1])


def test_the_area_counts_pairs():
    # 0.9 beats all three; 0.4 loses to 0.8, ties with 0.4, beats 0.1: (3 + 1.5) / 6.
    areas, _ = aucs(CAME, SCORES)
    assert areas[0] == pytest.approx(4.5 / 6)
    assert roc_auc_score(CAME, SCORES) == pytest.approx(4.5 / 6)


def test_the_variance_of_the_area_by_hand():
    _, covariance = aucs(CAME, SCORES)
    # Of those who churned: 1 and 0.5, variance 0.125, over 2. Of the others, as shares of those who churned
    # above them: 0.8 -> 0.5, 0.4 -> 0.75, 0.1 -> 1: variance 0.0625, over 3.
    assert covariance[0, 0] == pytest.approx(0.125 / 2 + 0.0625 / 3)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=4, max_size=40))
def test_the_area_is_the_library_s(pairs: list[tuple[bool, int]]):
    came, scores = np.array(pairs, dtype=float).T
    if 2 <= came.sum() <= len(came) - 2:
        assert aucs(came, scores)[0][0] == pytest.approx(roc_auc_score(came, scores))
        assert aucs(came, scores)[0][0] == pytest.approx(1 - aucs(came, -scores)[0][0])


def test_the_interval_of_a_gain_is_that_of_resampling():
    random = np.random.default_rng(1)
    came = (random.random(400) < 0.3).astype(float)
    one, other = came + random.normal(0, 1.2, 400), came + random.normal(0, 2.5, 400)
    gain, low, high = auc_gain(came, one, other)
    drawn = [random.integers(0, 400, 400) for _ in range(250)]
    gains = [roc_auc_score(came[d], one[d]) - roc_auc_score(came[d], other[d]) for d in drawn]
    assert gain == pytest.approx(roc_auc_score(came, one) - roc_auc_score(came, other))
    assert (low, high) == pytest.approx(tuple(np.quantile(gains, [0.025, 0.975])), abs=0.025)


def test_lift_by_hand():
    came = np.array([1.0, 0] * 2 + [0] * 15 + [1])
    scores = np.linspace(1, 0.05, 20)
    # The two highest have one of three: (1 / 2) / (3 / 20).
    assert top_decile_lift(came, scores) == pytest.approx(0.5 / 0.15)
    assert top_decile_lift(came, came) == pytest.approx(1 / 0.15)  # the highest possible
    assert top_decile_lift(came, np.ones(20)) == pytest.approx(1)  # ties count by their part


@given(st.permutations(range(20)))
def test_lift_does_not_depend_on_the_order_of_rows(order: list[int]):
    came = np.array([1.0] * 5 + [0] * 15)
    scores = np.array([0.5] * 7 + [0.4] * 13)
    assert top_decile_lift(came[order], scores[order]) == pytest.approx(top_decile_lift(came, scores))


def test_right_probabilities_have_slope_one_and_doubled_log_odds_one_half():
    random = np.random.default_rng(2)
    odds = random.normal(-1, 1, 40_000)
    came = (random.random(40_000) < 1 / (1 + np.exp(-odds))).astype(float)
    slope, intercept = slope_and_intercept(came, 1 / (1 + np.exp(-odds)))
    assert (slope, intercept) == pytest.approx((1, 0), abs=0.05)
    assert slope_and_intercept(came, 1 / (1 + np.exp(-2 * odds)))[0] == pytest.approx(0.5, abs=0.03)
    # Log-odds that are 0.7 too high on the whole.
    assert slope_and_intercept(came, 1 / (1 + np.exp(-odds - 0.7)))[1] == pytest.approx(-0.7, abs=0.05)


def test_one_probability_for_all_has_no_slope():
    slope, intercept = slope_and_intercept(CAME, np.full(5, 0.4))
    assert math.isnan(slope)
    assert intercept == pytest.approx(0, abs=1e-9)
    assert math.isnan(slope_and_intercept(CAME, CAME)[0])


def test_quality_by_hand():
    found = quality_of(CAME, SCORES, np.full(5, 0.4))
    brier = (0.01 + 0.64 + 0.36 + 0.16 + 0.01) / 5
    assert found["brier"] == pytest.approx(brier)
    assert brier_score_loss(CAME, SCORES) == pytest.approx(brier)
    assert found["brier_skill"] == pytest.approx(1 - brier / (0.4 * 0.6))
    # Precision when the first is found 1, and, of the four down to 0.4, 2 / 4: (1 + 0.5) / 2.
    assert found["pr_auc"] == pytest.approx(0.75)


def test_calibration_bins_by_hand():
    probabilities = np.repeat([0.1, 0.6], [60, 40])
    came = np.array([1.0] * 6 + [0] * 54 + [1] * 20 + [0] * 20)
    found = calibration(came, probabilities)
    assert found[["bin", "n"]].to_numpy().tolist() == [[1, 60], [2, 40]]
    assert found["predicted"].to_numpy() == pytest.approx([0.1, 0.6])
    assert found["observed"].to_numpy() == pytest.approx([0.1, 0.5])
    assert ((found["low"] < found["observed"]) & (found["observed"] < found["high"])).all()
    assert len(calibration(came[:30], probabilities[:30])) == 1
