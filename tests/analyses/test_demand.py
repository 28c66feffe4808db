"""Demand: a forecast by hand, quantiles that cover what they say, and too little data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined
from crmreport.analyses.products.demand import (
    DEMAND,
    covered,
    expected_units,
    log_errors,
    quantiles_of,
    units_sold,
)
from tests.tiny import CALENDAR, known_of, tiny_data


def test_a_forecast_by_hand():
    """Quarters, 4 to a season: 10 and 20 a year ago, growth (30 + 30) / (15 + 15) = 2, shares 2/3 and 1/3."""
    history = np.array([[5.0, 10, 10, 10, 20, 20], [5.0, 5, 0, 10, 10, 10]])
    # All items: 10, 15, 10, 20, 30, 30. The last half season 60, a year before 25: growth 2.4.
    found = expected_units(history, season=4, horizon=2)
    assert found[:, 0] == pytest.approx([10 * 2.4 * 40 / 60, 10 * 2.4 * 20 / 60])
    assert found[:, 1] == pytest.approx([20 * 2.4 * 40 / 60, 20 * 2.4 * 20 / 60])


def test_without_a_season_it_is_the_mean_of_the_last_three():
    found = expected_units(np.array([[9.0, 3, 4, 5], [9.0, 1, 1, 1]]), season=12, horizon=2)
    assert found == pytest.approx(np.array([[4.0, 4.0], [1.0, 1.0]]))


def test_nothing_sold_lately():
    assert expected_units(np.zeros((2, 30)), season=12, horizon=3) == pytest.approx(np.zeros((2, 3)))


def test_quantiles_cover_what_they_say():
    """Categories with a season, a trend and a shock of each month that all share: 80 % are meant."""
    inside, checked = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        months = np.arange(39)
        level = 200 * (1 + 0.3 * np.sin(months * 2 * np.pi / 12)) * 1.005**months
        shock = np.exp(rng.normal(0, 0.08, 39))
        sold = rng.poisson(level * shock * np.array([1.0, 0.6, 0.4, 1.5, 0.8])[:, None]).astype(float)
        history, came = sold[:, :36], sold[:, 36:]
        errors = log_errors(history, 12, 3)
        low, _, high = np.exp(quantiles_of(errors))[:, None, :] * (expected_units(history, 12, 3) + 0.5) - 0.5
        inside.append((came >= low) & (came <= high))
        checked.append(covered(errors))
    assert 0.70 < np.mean(inside) < 0.88
    assert 0.70 < np.mean(checked) < 0.88  # what the review says of itself


def test_units_by_hand():
    orders = (
        "order_id customer_id ordered_at\n1 a 2025-05-31T23:59\n2 a 2025-06-01T00:00\n3 b 2025-06-02T10:00"
    )
    lines = """
order_id product_id quantity unit_price
1 lamp 2 10
2 lamp 3 10
3 lamp -1 10
3 desk 1 10
"""
    known = known_of(tiny_data(orders=orders, order_lines=lines), "2025-05", "2025-06", metrics=())
    found = units_sold(known.facts["order_lines"], "product_id", known.periods, most=5)
    assert found.to_dict() == {"2025-05": {"desk": 0, "lamp": 2}, "2025-06": {"desk": 1, "lamp": 3}}
    top = units_sold(known.facts["order_lines"], "product_id", known.periods, most=1)
    assert list(top.index) == ["lamp"]


def company(months: int) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(3)
    names = [f"{2022 + m // 12}-{1 + m % 12:02d}-10T10:00" for m in range(months)]
    orders = pd.DataFrame(
        [(str(n), f"c{n % 7}", at) for n, at in enumerate(names)],
        columns=["order_id", "customer_id", "ordered_at"],
    )
    lines = pd.DataFrame(
        [(str(n), p, str(rng.integers(5, 15)), "5") for n in range(months) for p in ("lamp", "desk")],
        columns=["order_id", "product_id", "quantity", "unit_price"],
    )
    return {"orders": orders, "order_lines": lines}


def periods(months: int) -> list[str]:
    return [f"{2022 + m // 12}-{1 + m % 12:02d}" for m in range(months)]


def test_frames_are_as_declared_and_ordered():
    products = "product_id category\nlamp light\ndesk wood"
    data = tiny_data(products=products, **company(36))
    frames = DEMAND.compute(known_of(data, *periods(36), metrics=()))
    for name, columns in DEMAND.columns.items():
        assert list(frames[name].columns) == list(columns)
    demand = frames["demand"]
    assert list(demand["period"].unique()) == ["2025-01", "2025-02", "2025-03"]
    assert (demand["low_units"] <= demand["middle_units"]).all()
    assert (demand["middle_units"] <= demand["high_units"]).all()
    year_before = demand[(demand["item"] == "lamp") & (demand["step"] == 1)]["year_before_units"].item()
    sold = company(36)["order_lines"]
    assert year_before == float(
        sold[(sold["order_id"] == "24") & (sold["product_id"] == "lamp")]["quantity"].item()
    )
    assert CALENDAR.period("2025-01").start.year == 2025


def test_half_a_year_is_too_little():
    with pytest.raises(Declined):
        DEMAND.compute(known_of(tiny_data(**company(6)), *periods(6), metrics=()))
