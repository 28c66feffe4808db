"""Churn features: what was known on a day, counted by hand, and that nothing of later is in it."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from crmreport.analyses.risk.features import LEFT, NO_PURCHASE, compact, customers_at, with_outcome
from crmreport.tables.data import Data
from crmreport.tables.facts import facts
from tests.tiny import tiny_data

CUSTOMERS = """
    customer_id region joined_at left_at
    a North 2024-01-01 -
    b - 2024-06-01 -
    c South 2024-01-01 2025-02-20
    d South 2025-04-01 -
    e South 2024-01-01 2025-04-15
"""
ORDERS = """
    order_id customer_id ordered_at amount
    1 a 2024-12-01 100
    2 a 2025-01-10 50
    3 a 2025-03-21 30
    4 b 2025-03-02 -
    5 c 2025-02-01 10
    6 e 2024-09-01 10
    7 a 2025-04-02 999
"""
CASES = """
    interaction_id customer_id direction opened_at first_response_at is_complaint
    1 a inbound 2025-03-01T10:00:00 2025-03-01T12:30:00 true
    2 a outbound 2025-03-02T10:00:00 - false
    3 a inbound 2025-03-30T10:00:00 2025-04-03T10:00:00 false
    4 a inbound 2024-10-01T10:00:00 2024-10-09T10:00:00 true
"""
ANSWERS = """
    feedback_id customer_id answered_at csat nps
    1 a 2025-01-01 2 9
    2 a 2025-03-31 4 -
    3 a 2025-04-01 1 0
"""
CUTOFF = date(2025, 4, 1)


def data_of(orders: str = ORDERS, cases: str = CASES, answers: str = ANSWERS) -> Data:
    data = tiny_data(customers=CUSTOMERS, orders=orders, interactions=cases, feedback=answers)
    return compact(data, facts(data, (), 90)["orders"])


def rows_of(data: Data, outcome: str = NO_PURCHASE) -> pd.DataFrame:
    return customers_at(data, CUTOFF, 90, outcome).set_index("customer_id")


def test_the_active_customers_and_what_was_known_of_them():
    rows = rows_of(data_of())
    assert list(rows.index) == ["a", "b"]  # c had left, d had not begun, e had not ordered for long
    a, b = rows.loc["a"], rows.loc["b"]
    assert (a["recency_days"], a["orders_recent"], a["orders_before"], a["order_trend"]) == (11, 2, 1, 1)
    # First order 121 days before: two gaps in 110 days.
    assert a["mean_gap_days"] == 55
    assert a["recency_over_gap"] == pytest.approx(11 / 55)
    assert a["orders_per_30_days"] == pytest.approx(3 * 30 / 121)
    assert (a["revenue_recent"], a["revenue_per_order"]) == (80, 60)
    assert (a["tenure_days"], a["region"]) == (456, "North")
    assert (b["recency_days"], b["orders_per_30_days"]) == (30, 1)
    assert b[["mean_gap_days", "revenue_recent", "longest_wait_hours", "last_csat"]].isna().all()
    assert pd.isna(b["region"])


def test_service_and_answers_of_before():
    rows = rows_of(data_of())
    a = rows.loc["a"]
    assert (a["cases_recent"], a["complaints_recent"]) == (2, 1)
    assert a["longest_wait_hours"] == 48  # the open case waited for two days then, whatever came later
    assert (a["last_csat"], a["last_nps"]) == (4, 9)
    assert (rows.loc["b", "cases_recent"], rows.loc["b", "complaints_recent"]) == (0, 0)


def test_nothing_of_later_changes_what_was_known():
    before = rows_of(data_of())
    later = data_of(
        "\n".join(ORDERS.strip().splitlines()[:-1]),
        CASES.replace("2025-04-03T10", "2025-06-03T10") + "5 a inbound 2025-04-01T00:00:00 - true\n",
        "\n".join(ANSWERS.strip().splitlines()[:-1]),
    )
    pd.testing.assert_frame_equal(before, rows_of(later))


def test_the_outcomes_are_those_of_the_days_after():
    data = data_of()
    bought = with_outcome(customers_at(data, CUTOFF, 90, NO_PURCHASE), data, CUTOFF, 90, NO_PURCHASE)
    assert bought.set_index("customer_id")["churned"].to_dict() == {"a": False, "b": True}
    left = with_outcome(customers_at(data, CUTOFF, 90, LEFT), data, CUTOFF, 90, LEFT)
    assert left.set_index("customer_id")["churned"].to_dict() == {"a": False, "b": False, "e": True}
    soon = with_outcome(customers_at(data, CUTOFF, 90, LEFT), data, CUTOFF, 14, LEFT)
    assert not soon["churned"].any()  # the fourteen days end before 15 April


def test_without_service_and_answers_there_are_fewer_features():
    data = tiny_data(orders=ORDERS)
    rows = customers_at(compact(data, facts(data, (), 90)["orders"]), CUTOFF, 90, NO_PURCHASE)
    assert list(rows["customer_id"]) == ["a", "b", "c"]
    assert "cases_recent" not in rows.columns
    assert rows["tenure_days"].tolist() == [121, 30, 59]  # since the first order
