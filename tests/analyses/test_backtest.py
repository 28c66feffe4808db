"""Back-test: its arithmetic by hand, and series of which it is known which method must win."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.forecasting.backtest import (
    LEVEL,
    accuracy_of,
    backtest,
    choose,
    half_widths,
    sizes_of,
    units_of,
)
from tests.analyses.test_forecast_methods import season


def test_each_origin_knows_only_what_came_before():
    history = np.arange(1.0, 13)  # no season fits into it: naive and drift
    errors = backtest(history, 12, 3)
    assert sorted(set(errors["method"])) == ["drift", "naive"]
    assert sorted(set(errors["origin"])) == [4, 5, 6, 7, 8, 9]
    naive = errors[(errors["method"] == "naive") & (errors["origin"] == 4)]
    assert naive["forecast"].tolist() == [4, 4, 4]
    assert naive["actual"].tolist() == [5, 6, 7]
    assert naive["scale"].tolist() == [1, 1, 1]
    changed = np.append(history[:9], [0.0, 0, 0])
    before = errors[errors["origin"] <= 9]["forecast"].tolist()
    again = backtest(changed, 12, 3)
    assert again[again["origin"] <= 9]["forecast"].tolist() == before


def test_accuracy_by_hand():
    errors = backtest(np.arange(1.0, 13), 12, 3)
    found = accuracy_of(errors, 3).set_index(["method", "horizon"])
    # A straight line: naive is behind by the number of steps, drift is right.
    assert [found.loc[("naive", h), "mase"] for h in (0, 1, 2, 3)] == [2, 1, 2, 3]
    assert found.loc[("naive", 1), "wape"] == pytest.approx(6 / (5 + 6 + 7 + 8 + 9 + 10))
    assert found.loc[("naive", 1), "bias"] == pytest.approx(-6 / 45)
    assert found.loc[("drift", 0), "mase"] == pytest.approx(0, abs=1e-12)
    assert found.loc[("naive", 0), "n"] == 18


def test_the_interval_is_an_error_of_before():
    sizes = np.array([[5.0, 1], [1, 2], [2, 3], [3, np.nan]])
    # Step 1: n = 4, rank ceil(5 * 0.8) = 4: 5. Step 2: n = 3, rank 4: none.
    assert half_widths(sizes)[0] == 5
    assert np.isnan(half_widths(sizes)[1])
    sizes = np.array([[9.0, 1], [1, 2], [2, 3], [3, 4]])
    assert half_widths(sizes).tolist() == [9, 9]  # never narrower than one step before
    # n = 9: rank 8.
    assert half_widths(np.arange(1.0, 10).reshape(-1, 1)).tolist() == [8]


def test_errors_are_measured_in_what_is_forecast_unless_it_is_near_zero():
    assert units_of(np.array([50.0, 100, 150]), np.array([80.0, 120])).tolist() == [80, 120]
    assert units_of(np.array([0.0, 100, 150]), np.array([80.0, 120])).tolist() == [1, 1]
    errors = backtest(np.array([10.0, 12, 10, 12, 10, 12, 10, 12]), 12, 1)
    naive = sizes_of(errors, "naive")[1].tolist()
    assert naive == pytest.approx([2 / 12, 2 / 10, 2 / 12, 2 / 10])


def test_far_better_is_used_though_forecasts_overlap_for_longer_than_there_are_origins():
    history = np.concatenate([np.linspace(1000, 2000, 25), np.full(52, 300.0)])
    history = history + np.random.default_rng(0).normal(0, 20, 77)  # a season of weeks ago tells nothing
    errors = backtest(history, 52, 13)
    assert errors["origin"].nunique() < 13
    assert choose(errors, 13).method == "naive"


def test_coverage_uses_only_errors_that_were_known():
    # Naive errors of 1 until the jump at the end, which no earlier error could foresee.
    history = np.array([0.0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 50])
    errors = backtest(history, 12, 1)
    found = accuracy_of(errors, 1).set_index(["method", "horizon"]).loc[("naive", 1)]
    # Origins 4 to 10; from the fifth on four errors are known: 8, 9 and 10, of which the last is missed.
    assert found["n"] == 7
    assert found["coverage"] == pytest.approx(2 / 3)
    assert found["coverage_low"] < 2 / 3 < found["coverage_high"]


def test_a_margin_and_chance_decide():
    def errors(sizes: dict[str, list[float]]) -> pd.DataFrame:
        rows = [
            (method, origin, 1, 10.0, 10 + size, 1.0, 1.0)
            for method, given in sizes.items()
            for origin, size in enumerate(given)
        ]
        return pd.DataFrame(rows, columns=["method", "origin", "step", "actual", "forecast", "scale", "unit"])

    base = [2.0, 2.1, 1.9, 2.0, 2.2, 1.8]
    clear = choose(errors({"seasonal_naive": base, "ets": [1.0, 1.1, 1.0, 0.9, 1.0, 1.0]}), 1)
    assert (clear.method, clear.beats_benchmark) == ("ets", True)
    assert clear.gain == pytest.approx(0.5)
    assert clear.p_value < 0.001
    slight = choose(errors({"seasonal_naive": base, "ets": [0.97 * b for b in base]}), 1)
    assert (slight.method, slight.gain) == ("seasonal_naive", 0)  # 3 %, though at every origin
    chance = choose(errors({"seasonal_naive": base, "ets": [0.1, 4, 0.1, 4, 0.1, 0.1]}), 1)
    assert chance.method == "seasonal_naive"
    partly = errors({"seasonal_naive": base, "ets": [0.1] * 5})
    assert choose(partly, 1).method == "seasonal_naive"  # not fitted at one origin


def test_trend_and_season_are_seen_and_the_year_before_is_beaten():
    chosen = Counter(choose(backtest(season(48, 1.5, 0.03, seed), 12, 3), 3).method for seed in range(4))
    assert chosen["seasonal_naive"] == 0
    assert chosen["naive"] == chosen["drift"] == 0


def test_a_random_walk_is_forecast_by_its_last_value():
    chosen = Counter()
    for seed in range(8):
        walk = 500 + 10 * np.random.default_rng(seed).standard_normal(48).cumsum()
        chosen[choose(backtest(walk, 12, 3), 3).method] += 1
    assert chosen["naive"] >= 6  # the test lets a tenth pass by chance, for each method


def test_what_only_repeats_is_not_beaten():
    history = np.tile(np.array([5.0, 9, 7, 8, 4, 6, 9, 9, 3, 2, 1, 12]), 4)
    errors = backtest(history, 12, 3)
    choice = choose(errors, 3)
    assert choice.method == "seasonal_naive"
    assert not choice.beats_benchmark
    found = accuracy_of(errors, 3).set_index(["method", "horizon"])
    assert np.isnan(found.loc[("seasonal_naive", 0), "mase"])  # nothing to scale by
    assert found.loc[("seasonal_naive", 0), "wape"] == 0


def test_a_constant_history_is_forecast_exactly():
    errors = backtest(np.full(40, 3.0), 12, 3)
    assert choose(errors, 3).method == "seasonal_naive"
    assert (errors["forecast"] == 3).all()
    assert (half_widths(sizes_of(errors, "seasonal_naive").to_numpy()) == 0).all()


def test_intervals_hold_what_comes_about_as_often_as_they_say():
    random = np.random.default_rng(11)
    hits = []
    for _ in range(150):
        walk = random.standard_normal(32).cumsum()
        errors = backtest(walk[:29], 12, 3)
        widths = half_widths(sizes_of(errors[errors["method"] == "naive"], "naive").to_numpy())
        hits += list(np.abs(walk[29:] - walk[28]) <= widths)
    # Eleven errors a step, rank 10: 10 / 12 if they were independent, and less as they overlap.
    assert LEVEL - 0.05 < np.mean(hits) < 0.93
