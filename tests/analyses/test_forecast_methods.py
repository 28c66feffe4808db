"""Forecast methods: by hand, against the library's own answers, and on series of any kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from crmreport.analyses.forecasting.methods import (
    TITLES,
    drift,
    ets,
    forecasts,
    naive,
    possible_methods,
    seasonal_naive,
    theta,
)

ALL = tuple(TITLES)


def season(periods: int, trend: float = 0.0, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    t = np.arange(periods)
    wave = 1 + 0.25 * np.sin(t * 2 * np.pi / 12)
    return (100 + trend * t) * wave * (1 + noise * np.random.default_rng(seed).standard_normal(periods))


def test_the_simple_methods_by_hand():
    history = np.array([3.0, 5, 4, 6, 9])
    assert naive(history, 2, 3).tolist() == [9, 9, 9]
    assert seasonal_naive(history, 2, 3).tolist() == [6, 9, 6]
    assert drift(history, 2, 3).tolist() == [10.5, 12, 13.5]  # (9 - 3) / 4 a period


def test_the_combination_is_the_mean_of_three():
    made = forecasts(season(36, 1, 0.05), 12, 3, ALL)
    mean = (made["seasonal_naive"] + made["theta"] + made["ets"]) / 3
    assert made["combination"] == pytest.approx(mean)
    assert list(made) == list(ALL)


def test_a_season_is_repeated_by_the_models():
    history = season(48, noise=0.002)
    ahead = season(51)[48:]
    assert ets(history, 12, 3) == pytest.approx(ahead, rel=0.01)
    assert theta(history, 12, 3) == pytest.approx(ahead, rel=0.01)


def test_without_a_season_theta_is_the_library_s():
    history = 50 + np.random.default_rng(3).standard_normal(40).cumsum()
    expected = np.asarray(ThetaModel(history, period=1, deseasonalize=False).fit().forecast(4))
    assert theta(history, 1, 4) == pytest.approx(expected, rel=1e-3)


def test_around_a_level_exponential_smoothing_agrees_with_another_implementation():
    history = 100 + np.random.default_rng(5).standard_normal(60)
    expected = SimpleExpSmoothing(history, initialization_method="estimated").fit().forecast(2)
    assert ets(history, 1, 2) == pytest.approx(np.asarray(expected), rel=0.005)


def test_what_has_no_error_at_all_cannot_be_fitted_and_says_so():
    assert ets(season(48), 12, 3) is None
    assert "combination" not in forecasts(season(48), 12, 3, ALL)


def test_a_long_season_is_taken_off_and_put_on_again():
    t = np.arange(160)
    history = 100 + 20 * np.sin(t * 2 * np.pi / 52) + np.random.default_rng(2).normal(0, 0.2, 160)
    ahead = 100 + 20 * np.sin(np.arange(160, 173) * 2 * np.pi / 52)
    assert ets(history, 52, 13) == pytest.approx(ahead, abs=2)


def test_what_never_changes_stays():
    for made in forecasts(np.full(40, 7.0), 12, 3, ALL).values():
        assert made.tolist() == [7, 7, 7]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(0, 1e9).map(lambda v: round(v, 2)), min_size=14, max_size=24),
    st.sampled_from([1, 4]),
)
def test_any_history_gives_finite_forecasts_and_none_below_zero(values: list[float], length: int):
    for name, made in forecasts(np.array(values), length, 3, ALL).items():
        assert np.isfinite(made).all(), name
        assert (made >= 0).all(), name


@pytest.mark.parametrize(
    ("periods", "names", "first"),
    [
        (36, ALL, 24),
        (30, ALL, 24),  # 30 - 3 - 4 + 1
        (29, ("seasonal_naive", "naive", "drift"), 16),
        (21, ("naive", "drift"), 4),
        (10, ("naive", "drift"), 4),
        (9, (), 10),  # periods that are needed
    ],
)
def test_a_shorter_history_allows_simpler_methods(periods: int, names: tuple[str, ...], first: int):
    assert possible_methods(periods, 12, 3, 4) == (names, first)


def test_years_have_no_season_to_repeat():
    names, _ = possible_methods(30, 1, 1, 4)
    assert "seasonal_naive" not in names
    assert "combination" in names
