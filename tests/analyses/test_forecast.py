"""Forecast: from the cube's periods to the next ones, and what is said where it cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined, Known
from crmreport.analyses.forecasting.backtest import LEVEL
from crmreport.analyses.forecasting.forecast import FORECAST, forecast_of, series_of
from tests.analyses.test_forecast_methods import season
from tests.test_projects import SHARED
from tests.tiny import CALENDAR, known_of, tiny_data

ORDERS = "order_id customer_id ordered_at amount\n1 a 2022-01-01 5"
MONTHS = [f"{year}-{month:02d}" for year in (2022, 2023, 2024) for month in range(1, 13)]


def known_with(values: dict[str, list[float]], missing: tuple[str, ...] = (), last: str = "2024-12") -> Known:
    """Give what is known at the end of a month, of metrics with these values in the months up to it."""
    months = MONTHS[: MONTHS.index(last) + 1]
    rows = [
        (month, "all", "all", metric, value, "undefined" if month in missing else "ok")
        for metric, given in values.items()
        for month, value in zip(months[-len(given) :], given, strict=True)
    ]
    cube = pd.DataFrame(rows, columns=["period", "dimension", "segment", "metric", "value", "status"])
    known = known_of(tiny_data(orders=ORDERS), last, metrics=())
    return replace(known, cube=cube, periods=tuple(CALENDAR.period(m) for m in months))


def test_the_series_is_the_last_run_without_a_gap():
    known = known_with({"revenue": [1.0, 2, 3, 4, 5]}, missing=("2024-09",))
    assert series_of(known, "revenue").to_dict() == {"2024-10": 3, "2024-11": 4, "2024-12": 5}


def test_a_period_that_is_not_over_is_none_of_the_series():
    known = known_with({"revenue": [1.0, 2, 3]})
    cut = replace(known, periods=(*known.periods[:-1], known.periods[-1].until(date(2024, 12, 9))))
    assert list(series_of(cut, "revenue").index) == ["2024-10", "2024-11"]


def test_the_next_months_are_forecast_with_their_intervals():
    frames = FORECAST.compute(known_with({"revenue": list(season(36, 2, 0.02)), "orders": [5.0] * 36}))
    for name, columns in FORECAST.columns.items():
        assert list(frames[name].columns) == list(columns)
    revenue = frames["forecast"][frames["forecast"]["metric"] == "revenue"]
    assert list(revenue["period"]) == ["2025-01", "2025-02", "2025-03"]
    assert (revenue["low"] < revenue["value"]).all()
    assert (revenue["value"] < revenue["high"]).all()
    assert revenue["value"].to_numpy() == pytest.approx(season(39, 2)[36:], rel=0.08)
    choice = frames["choice"].set_index("metric")
    assert choice.loc["revenue", "beats_benchmark"]
    assert choice.loc["orders", "method"] == "seasonal_naive"
    used = frames["backtest"][frames["backtest"]["is_used"]]
    assert set(used["method"]) == {choice.loc["revenue", "method"], "seasonal_naive"}
    constant = frames["forecast"][frames["forecast"]["metric"] == "orders"]
    assert (constant[["value", "low", "high"]] == 5).all(axis=None)


def test_a_metric_that_is_too_short_is_named_and_the_others_forecast():
    frames = FORECAST.compute(known_with({"revenue": list(season(36)), "orders": [5.0, 6, 7]}))
    assert frames["choice"].set_index("metric")["status"].to_dict() == {
        "revenue": "ok",
        "orders": "too_short",
    }
    assert set(frames["forecast"]["metric"]) == {"revenue"}
    assert set(frames["history"]["metric"]) == {"revenue", "orders"}


def test_too_few_periods_are_declined_with_how_many_it_takes():
    with pytest.raises(Declined) as declined:
        FORECAST.compute(known_with({"revenue": [1.0] * 9}))
    assert declined.value.phrase.values == {"needed": 10, "found": 9}
    assert len(FORECAST.compute(known_with({"revenue": [1.0] * 10}))["forecast"]) == 3


def test_a_range_of_days_has_no_next_one():
    known = known_of(tiny_data(orders=ORDERS), "2024-01-03..2024-05-07", metrics=())
    with pytest.raises(Declined, match="range of days"):
        FORECAST.compute(known)


def test_the_same_series_gives_the_same_bytes():
    history = season(40, 1, 0.05, seed=4)
    for one, other in zip(forecast_of(history, 12, 3), forecast_of(history, 12, 3), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_what_was_above_zero_has_no_interval_below():
    ahead, _, _ = forecast_of(np.abs(np.random.default_rng(0).standard_normal(40)), 12, 3)
    assert (ahead["low"] >= 0).all()
    assert LEVEL == 0.8  # as the texts say


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data sets are not beside the project")
def test_real_series_are_forecast_by_what_suits_them():
    jobs = pd.read_parquet(SHARED / "macro" / "us_employment_by_industry.parquet")["nonfarm"]
    _, accuracy, choice = forecast_of(jobs.to_numpy(dtype=float), 12, 3)
    assert choice.loc[0, "method"] == "ets"  # adjusted for the season, and growing steadily
    assert accuracy.loc[accuracy["is_used"] & (accuracy["horizon"] == 0), "mase"].item() < 0.1
    bought = pd.read_parquet(SHARED / "cdnow" / "cdnow_master.parquet", columns=["date"])["date"]
    weekly = bought.groupby(pd.to_datetime(bought.astype(str)).dt.to_period("W")).size().iloc[1:-1]
    _, _, choice = forecast_of(weekly.to_numpy(dtype=float), 52, 13)
    # All customers of the set began in its first weeks, so that a year before tells nothing.
    assert choice.loc[0, "method"] == "naive"
    assert choice.loc[0, "gain"] > 0.8
