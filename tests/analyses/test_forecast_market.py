"""Market scenarios: a known elasticity is found again, and none where there is none."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.forecasting.scenarios import COLUMNS, elasticity, industry_sales, scenarios
from tests.tiny import CALENDAR, tiny_data

MONTHS = [f"{year}-{month:02d}" for year in range(2019, 2026) for month in range(1, 13)]


def simulated(true: float, months: int = 60, seed: int = 0) -> tuple[pd.Series, pd.Series]:
    """Draw a market that wanders, and sales that follow it with an elasticity, both with a season."""
    random = np.random.default_rng(seed)
    log_market = random.normal(0.003, 0.03, months).cumsum()
    own = true * log_market + random.normal(0, 0.01, months)
    wave = 0.2 * np.sin(np.arange(months) * 2 * np.pi / 12)
    index = MONTHS[:months]
    return pd.Series(100 * np.exp(own + wave), index), pd.Series(1e4 * np.exp(log_market + wave), index)


def test_a_known_elasticity_is_found_again():
    inside = 0
    for seed in range(20):
        own, market = simulated(1.5, seed=seed)
        found = elasticity(own.to_numpy(), market.to_numpy(), 12)
        assert found.is_known
        assert found.n == 60 - 13
        inside += found.low <= 1.5 <= found.high
    assert inside >= 16


def test_what_does_not_follow_the_market_has_none():
    statuses = []
    for seed in range(10):
        own, _ = simulated(1, seed=seed)
        _, other = simulated(1, seed=seed + 100)
        statuses += list(scenarios(own, other, 12, 300)["status"].unique())
    assert statuses.count("not_estimable") >= 8


def test_the_scenarios_by_hand():
    own, market = simulated(1.5)
    found = scenarios(own, market, 12, 300.0).set_index("scenario")
    growth = market.iloc[-12:].sum() / market.iloc[-24:-12].sum() - 1
    slope = found.loc["flat", "elasticity"]
    assert found.loc["as_last_year", "value"] == pytest.approx(300)
    assert found.loc["as_last_year", "market_growth"] == pytest.approx(growth)
    assert found.loc["flat", "value"] == pytest.approx(300 / (1 + growth) ** slope)
    assert found.loc["falls", "value"] == pytest.approx(300 * (0.9 / (1 + growth)) ** slope)
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()


def test_without_a_series_or_with_a_short_one_it_says_why():
    own, market = simulated(1)
    assert set(scenarios(own, pd.Series(dtype=float), 12, 1)["status"]) == {"no_series"}
    short = scenarios(own.iloc[-30:], market.iloc[-30:], 12, 1)
    assert set(short["status"]) == {"too_short"}
    assert short["value"].isna().all()
    assert list(short.columns) == list(COLUMNS)
    gap = market.drop(market.index[20])
    assert set(scenarios(own, gap, 12, 1)["status"]) == {"too_short"}


def test_a_few_changes_are_no_evidence():
    own, market = simulated(1, months=32)
    found = elasticity(own.to_numpy(), market.to_numpy(), 12)
    assert (found.n, found.is_known) == (19, False)
    assert math.isnan(found.value)


def test_the_last_published_value_of_the_industry_counts():
    market = tiny_data(
        market="""
            series kind starts_on published_on value
            Sales industry 2025-01-01 2025-02-05 100
            Sales industry 2025-01-01 2025-03-20 104
            Sales industry 2025-02-01 2025-03-05 110
            Prices macro 2025-01-01 2025-02-05 3
            Other industry 2025-01-01 2025-02-05 7
        """
    ).tables["market"]
    periods = tuple(CALENDAR.period(name) for name in ("2025-01", "2025-02", "2025-03"))
    assert industry_sales(market, periods).to_dict() == {"2025-01": 104, "2025-02": 110}
    assert industry_sales(market, (CALENDAR.period("2025-Q2"),)).empty
