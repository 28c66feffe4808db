"""Purchase history: what counts as a purchase, and its times in weeks, on a table that can be counted."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from crmreport.analyses.value.purchase_history import COLUMNS, purchase_history
from tests.tiny import known_of, tiny_data

ORDERS = """
order_id customer_id ordered_at amount
o1 ann 2025-01-01T09:00 100
o2 ann 2025-01-01T18:00 50
o3 ann 2025-01-15T09:00 30
o4 ann 2025-01-20T09:00 -10
o5 ann 2025-02-03T00:00 999
o6 bob 2025-01-31T23:59 -
o7 cid 2025-01-10T12:00 -20
o8 dan 2025-01-04T12:00 0
"""


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    known = known_of(tiny_data(orders=ORDERS), "2025-01")
    return purchase_history(known.facts["orders"], date(2025, 2, 1))


def test_orders_of_one_day_are_one_purchase_and_returns_are_none(history):
    assert list(history.columns) == list(COLUMNS)
    assert list(history["customer_id"]) == ["ann", "bob", "dan"]  # cid only returned something
    ann = history.iloc[0]
    assert (ann["purchase_days"], ann["repeat_days"]) == (2, 1)
    assert ann["amount"] == 100 + 50 + 30 - 10
    assert ann["repeat_amount"] == 30 - 10


def test_times_are_in_weeks_to_the_last_day_that_is_known(history):
    ann = history.iloc[0]
    assert ann["weeks_to_last"] == 14 / 7
    assert ann["weeks_observed"] == 30 / 7  # 1 to 31 January
    assert ann["days_since_last"] == 16


def test_an_amount_that_is_missing_stays_missing(history):
    bob, dan = history.iloc[1], history.iloc[2]
    assert pd.isna(bob["amount"]) and bob["purchase_days"] == 1
    assert dan["amount"] == 0 and dan["purchase_days"] == 1


def test_a_window_begins_with_its_first_day():
    known = known_of(tiny_data(orders=ORDERS), "2025-01")
    found = purchase_history(known.facts["orders"], date(2025, 2, 1), start=date(2025, 1, 15))
    assert dict(zip(found["customer_id"], found["purchase_days"], strict=True)) == {"ann": 1, "bob": 1}


def test_the_order_of_rows_changes_nothing(history):
    header, *rows = ORDERS.strip().splitlines()
    turned = tiny_data(orders="\n".join([header, *rows[::-1]]))
    again = purchase_history(known_of(turned, "2025-01").facts["orders"], date(2025, 2, 1))
    pd.testing.assert_frame_equal(history, again)
