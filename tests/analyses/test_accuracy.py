"""Accuracy of forecasts: arithmetic by hand, and the test of a gain against its published formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from crmreport.analyses.forecasting.accuracy import better_by_chance, bias, mase, mase_scale, wape


def test_the_scale_is_the_mean_change_on_the_season_before():
    # Season 2: |7 - 4|, |1 - 2|, |10 - 7|: 7 / 3.
    assert mase_scale(np.array([4.0, 2, 7, 1, 10]), 2) == pytest.approx(7 / 3)
    assert mase_scale(np.array([4.0, 2, 7]), 1) == pytest.approx((2 + 5) / 2)


@pytest.mark.parametrize("history", [[5.0, 5, 5, 5], [5.0, 6, 5, 6], [1.0, 2]])
def test_a_history_without_change_or_of_a_season_has_no_scale(history: list[float]):
    assert math.isnan(mase_scale(np.array(history), 2))


def test_errors_are_measured_by_hand():
    actual, forecast = np.array([10.0, 20, 30]), np.array([12.0, 15, 30])
    assert mase(forecast - actual, np.array([2.0, 10, 1])) == pytest.approx((1 + 0.5 + 0) / 3)
    assert mase(forecast - actual, np.array([2.0, math.nan, 1])) == pytest.approx(0.5)
    assert wape(actual, forecast) == pytest.approx(7 / 60)
    assert bias(actual, forecast) == pytest.approx(-3 / 60)


def test_nothing_to_divide_by_is_missing_and_not_zero():
    nothing = np.zeros(2)
    assert math.isnan(wape(nothing, np.ones(2)))
    assert math.isnan(bias(nothing, np.ones(2)))
    assert math.isnan(mase(np.ones(2), np.array([math.nan, math.nan])))


def test_forecasts_of_one_period_are_compared_by_the_paired_t_test():
    # With a horizon of 1, the corrected test is Student's, with the variance over n - 1.
    random = np.random.default_rng(1)
    losses, benchmark = random.random(12), random.random(12) + 0.2
    found = better_by_chance(losses, benchmark, 1)
    assert found == pytest.approx(stats.ttest_rel(benchmark, losses, alternative="greater").pvalue)


def test_overlapping_forecasts_by_hand():
    benchmark, losses = np.array([3.0, 1, 4, 2]), np.zeros(4)
    # Gains 3 1 4 2: mean 2.5; about it 0.5 -1.5 1.5 -0.5. Variance 5 / 4, first covariance (-3.75) / 4;
    # 1.25 - 1.875 < 0, so the variance alone: 1.25 / 4. Correction: (4 + 1 - 4 + 2 / 4) / 4 = 0.375.
    expected = stats.t.sf(math.sqrt(0.375) * 2.5 / math.sqrt(1.25 / 4), 3)
    assert better_by_chance(losses, benchmark, 2) == pytest.approx(expected)


def test_too_few_origins_tell_nothing_and_equal_gains_tell_all():
    assert math.isnan(better_by_chance(np.zeros(3), np.ones(3), 3))
    assert better_by_chance(np.zeros(5), np.ones(5), 1) == 0
    assert better_by_chance(np.ones(5), np.ones(5), 1) == 1


@given(st.lists(st.floats(-100, 100), min_size=5, max_size=30), st.integers(1, 4))
def test_a_gain_and_a_loss_are_each_other_s_reverse(gains: list[float], horizon: int):
    values = np.round(np.array(gains), 3)
    one = better_by_chance(-values, np.zeros(len(values)), horizon)
    other = better_by_chance(values, np.zeros(len(values)), horizon)
    assert 0 <= one <= 1
    if np.ptp(values) > 0:
        assert one + other == pytest.approx(1)
