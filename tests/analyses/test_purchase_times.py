"""Times of purchase: days counted, an index by hand, intervals that cover."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined
from crmreport.analyses.products.purchase_times import PURCHASE_TIMES, index_by, orders_by_hour
from tests.tiny import known_of, tiny_data

# 2025-06-01 is a Sunday; June has five Sundays and Mondays, four of the other days.
ORDERS = """
order_id customer_id ordered_at amount
1 a 2025-06-01T09:59 10
2 a 2025-06-08T10:00 20
3 b 2025-06-02T10:30 30
4 b 2025-06-03T10:30 40
5 b 2025-06-03T10:45 50
"""
JUNE = (date(2025, 6, 1), date(2025, 7, 1))


def test_days_are_counted_and_the_index_by_hand():
    """5 orders in 30 days: 1/6 a day. Tuesdays: 2 in 4 days, three times as many; Sundays: 2 in 5."""
    known = known_of(tiny_data(orders=ORDERS), "2025-06", metrics=())
    counted = orders_by_hour(known.facts["orders"], *JUNE)
    days = index_by(counted, *JUNE, hourly=False).set_index("weekday")
    assert days["days"].to_dict() == {
        "monday": 5,
        "tuesday": 4,
        "wednesday": 4,
        "thursday": 4,
        "friday": 4,
        "saturday": 4,
        "sunday": 5,
    }
    assert days.loc["tuesday", "index"] == pytest.approx(300)
    assert days.loc["sunday", "index"] == pytest.approx(240)
    assert days.loc["sunday", "amount"] == 30
    assert days.loc["friday", "index"] == 0
    hours = index_by(counted, *JUNE, hourly=True).set_index(["weekday", "hour"])
    assert len(hours) == 7 * 24
    assert hours.loc[("sunday", 9), "orders"] == 1
    assert hours.loc[("sunday", 10), "orders"] == 1
    assert hours.loc[("tuesday", 10), "index"] == pytest.approx(100 * 2 / (5 / (30 * 24) * 4))


def test_parts_add_up_to_an_index_of_100():
    rng = np.random.default_rng(0)
    at = pd.Timestamp("2025-01-06") + pd.to_timedelta(rng.integers(0, 28 * 24, 500), unit="h")
    counted = pd.DataFrame({"day": at.normalize(), "hour": at.hour, "orders": 1, "amount": 2.0})
    counted = counted.groupby(["day", "hour"], as_index=False).sum()
    found = index_by(counted, date(2025, 1, 6), date(2025, 2, 3), hourly=True)
    assert (found["index"] * found["days"]).sum() / found["days"].sum() == pytest.approx(100)
    assert found["orders"].sum() == 500
    assert found["amount"].sum() == 1000


def test_intervals_cover_also_when_orders_come_in_waves():
    """Weekdays alike; days differ by a factor of their own, so that counts vary more than Poisson's do."""
    rng = np.random.default_rng(1)
    days = pd.date_range("2024-07-01", periods=364)
    inside = []
    for _ in range(100):
        orders = rng.poisson(10 * rng.gamma(4, 1 / 4, 364))
        counted = pd.DataFrame({"day": days, "hour": 12, "orders": orders, "amount": 1.0})
        counted = counted[counted["orders"] > 0]
        found = index_by(counted, date(2024, 7, 1), date(2025, 6, 30), hourly=False)
        inside += list((found["low"] <= 100) & (found["high"] >= 100))
    assert 0.93 < np.mean(inside) < 0.985  # the mean of all days moves with each of them


def test_dates_alone_have_no_hours():
    rows = "".join(f"\n{n} c{n % 9} 2025-06-{1 + n % 28:02d} 5" for n in range(60))
    data = tiny_data(date(2025, 6, 1), orders="order_id customer_id ordered_at amount" + rows)
    frames = PURCHASE_TIMES.compute(known_of(data, "2025-06", metrics=()))
    assert frames["hours"].empty
    assert not frames["summary"]["has_hours"].item()
    assert frames["summary"]["days"].item() == 28  # whole weeks
    for name, columns in PURCHASE_TIMES.columns.items():
        assert list(frames[name].columns) == list(columns)


def test_amounts_of_few_customers_are_not_shown():
    rows = "".join(f"\n{n} c{n} 2025-06-17T10:{n:02d} 5" for n in range(8))
    rows += "\n50 c1 2025-06-17T11:00 7" + "".join(f"\n6{n} c{n} 2025-06-17T12:30 9" for n in range(6))
    data = tiny_data(date(2025, 6, 1), orders="order_id customer_id ordered_at amount" + rows)
    hours = PURCHASE_TIMES.compute(known_of(data, "2025-06", metrics=()))["hours"]
    tuesday = hours[hours["weekday"] == "tuesday"].set_index("hour")
    assert tuesday.loc[10, "amount"] == 40
    # One at 11, and the next smallest, 12: else the day's sum would give 11 away.
    assert tuesday.loc[[11, 12], "amount"].isna().all()


def test_no_order_in_these_weeks():
    data = tiny_data(orders="order_id customer_id ordered_at amount\n1 a 2021-06-01T10:00 5")
    with pytest.raises(Declined):
        PURCHASE_TIMES.compute(known_of(data, "2025-06", metrics=()))
