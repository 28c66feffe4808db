"""Customer metrics, each on a table that fits on a hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crmreport.metrics.customers import (
    ACTIVE_CUSTOMERS,
    BUYERS,
    CHURN_RATE,
    CROSS_SELL_RATE,
    JOINED_CUSTOMERS,
    NEW_CUSTOMERS,
    ORDER_RATE,
    PURCHASE_FREQUENCY,
    REPEAT_PURCHASE_RATE,
    RETENTION_RATE,
)
from crmreport.metrics.flows import (
    LOST_CUSTOMERS,
    NEWLY_ACTIVE_CUSTOMERS,
    OPENING_CUSTOMERS,
    REACTIVATED_CUSTOMERS,
)
from tests.metrics.case import Case, check_case, check_nothing_happened
from tests.tiny import cube_of, figure, tiny_data

# Nothing happens in May 2025.
ORDERS_TABLE = """
order_id  customer_id  ordered_at                  amount
1         ann          2025-03-31T23:59:59.999     1000
2         ann          2025-04-01T00:00:00         10.50
3         ann          2025-04-10                  20.25
4         bob          2025-04-30T23:59:59.999     30.00
5         cyd          2025-06-01T00:00:00         5000
"""
# Active within 90 days before 1 April (from 1 January on): ann, bob, cyd, dee. Before 1 May (from 31 January
# on): ann, bob and eve, who was away before and came back. In December nobody is.
ACTIVITY_TABLE = """
order_id  customer_id  ordered_at  amount
1         ann          2025-01-01  1
2         ann          2025-04-05  1
3         bob          2025-01-31  1
4         cyd          2025-01-30  1
5         dee          2025-01-02  1
6         eve          2024-08-01  1
7         eve          2025-04-20  1
8         fay          2024-12-31  1
"""
# The first 90 days of a first order of 1 January end on 1 April.
REPEAT_TABLE = """
order_id  customer_id  ordered_at           amount
1         ann          2025-01-01           1
2         ann          2025-04-01T23:00:00  1
3         bob          2025-01-30           1
4         bob          2025-05-01           1
5         cyd          2025-01-15           1
6         dee          2024-12-31           1
7         dee          2025-01-02           1
8         eve          2025-06-01           1
"""
JOINED_TABLE = """
customer_id  joined_at
ann          2025-03-31T23:59:59
bob          2025-04-01T00:00:00
cyd          2025-04-30
dee          -
eve          2025-06-01
"""
ACTIVITY = {"orders": ACTIVITY_TABLE}
# In the 90 days before 1 May (from 31 January on): ann three orders, bob and cyd one. Active on 1 April (from
# 1 January on): ann, bob, dee; of their orders, April has ann's two.
FREQUENCY_TABLE = """
order_id  customer_id  ordered_at  amount
1         ann          2025-02-01  1
2         ann          2025-04-02  1
3         ann          2025-04-03  1
4         bob          2025-01-31  1
5         cyd          2025-04-30  1
6         dee          2025-01-30  1
7         eve          2025-06-01  1
"""
# Ann bought desks and a lamp, bob two desks, cyd a chair of no known category, dee a lamp too early.
BASKETS = {
    "orders": "order_id customer_id ordered_at\n1 ann 2025-02-01\n2 ann 2025-04-30\n3 bob 2025-04-01\n"
    "4 cyd 2025-04-02\n5 dee 2025-01-30\n6 bob 2025-04-05",
    "order_lines": "order_id product_id quantity unit_price\n1 desk 2 1\n2 lamp 1 1\n3 desk 1 1\n"
    "4 chair 1 1\n5 lamp 1 1\n6 desk 1 1\n6 lamp -1 1",
    "products": "product_id category\ndesk desks\nlamp lamps\nchair -",
}

CASES = (
    Case(BUYERS, {"orders": ORDERS_TABLE}, 2, None, 2),
    # bob; ann's first order was in March
    Case(NEW_CUSTOMERS, {"orders": ORDERS_TABLE}, 1, None, 1),
    Case(ACTIVE_CUSTOMERS, {"orders": ACTIVITY_TABLE}, 3, None, 3, empty="2025-12"),
    # ann and bob of four; eve is not retained
    Case(RETENTION_RATE, {"orders": ACTIVITY_TABLE}, 2, 4, 1 / 2, empty="2025-12"),
    # ann on day 90; bob on day 91
    Case(REPEAT_PURCHASE_RATE, {"orders": REPEAT_TABLE}, 1, 3, 1 / 3, empty="2025-06"),
    Case(JOINED_CUSTOMERS, {"customers": JOINED_TABLE}, 2, None, 2),
    # cyd and dee of four; in December nobody is active
    Case(CHURN_RATE, ACTIVITY, 2, 4, 1 / 2, empty="2025-12"),
    Case(OPENING_CUSTOMERS, ACTIVITY, 4, None, 4, empty="2025-12"),
    Case(LOST_CUSTOMERS, ACTIVITY, 2, None, 2, empty="2025-12"),
    # eve had ordered in August
    Case(REACTIVATED_CUSTOMERS, ACTIVITY, 1, None, 1),
    Case(NEWLY_ACTIVE_CUSTOMERS, {"orders": ORDERS_TABLE}, 1, None, 1),
    Case(PURCHASE_FREQUENCY, {"orders": FREQUENCY_TABLE}, 5, 3, 5 / 3, empty="2025-12"),
    Case(ORDER_RATE, {"orders": FREQUENCY_TABLE}, 2 * 30.4375 / 30, 3, 2 * 30.4375 / 30 / 3, empty="2025-12"),
    Case(CROSS_SELL_RATE, BASKETS, 1, 2, 1 / 2, empty="2025-12"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parts_and_value(case: Case):
    check_case(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_happened(case: Case):
    check_nothing_happened(case)


@pytest.mark.parametrize(
    ("kept", "left", "won_back", "expected"), [(180, 20, 0, 0.9), (160, 40, 10, 0.8)], ids=["seed", "T17"]
)
def test_retention_counts_the_same_customers(kept, left, won_back, expected):
    """Of 200, 20 left: 90 %. Of 200, 40 left while 10 were won back: 80 %, where (E - N) / S says 85 %."""
    lines = ["order_id customer_id ordered_at amount"]
    lines += [f"s{i} c{i} 2025-03-01 1" for i in range(kept)]
    lines += [f"l{i} g{i} 2025-01-15 1" for i in range(left)]
    lines += [f"b{i} w{i} 2025-04-20 1" for i in range(won_back)]
    lines += [f"o{i} w{i} 2024-01-01 1" for i in range(won_back)]
    cube = cube_of(tiny_data(orders="\n".join(lines)), "2025-04", metrics=(RETENTION_RATE, ACTIVE_CUSTOMERS))
    assert figure(cube, RETENTION_RATE, "2025-04")["value"] == expected
    textbook = figure(cube, ACTIVE_CUSTOMERS, "2025-04")["value"] / (kept + left)
    assert textbook == (kept + won_back) / (kept + left)


ORDER = st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 700))
FLOWS = (OPENING_CUSTOMERS, NEWLY_ACTIVE_CUSTOMERS, REACTIVATED_CUSTOMERS, LOST_CUSTOMERS, ACTIVE_CUSTOMERS)


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])  # each computes a cube
@given(st.lists(ORDER, min_size=1, max_size=60))
def test_flows_reconcile(orders):
    """Opening + new + reactivated - lost is what is active at the end, even where a year outlasts it."""
    lines = ["order_id customer_id ordered_at amount"]
    lines += [f"{n} {who} {date(2023, 6, 1) + timedelta(days=day)} 1" for n, (who, day) in enumerate(orders)]
    names = ("2024-02", "2024-Q3", "2024", "2024-W20", "2024-05-31")
    cube = cube_of(tiny_data(orders="\n".join(lines)), *names, metrics=FLOWS)
    values = cube.pivot_table(index="period", columns="metric", values="value")
    opening, new, back, lost, closing = (values[m.name] for m in FLOWS)
    assert (opening + new + back - lost == closing).all() and len(values) == len(names)


def test_opening_is_the_closing_of_the_period_before():
    cube = cube_of(tiny_data(**ACTIVITY), "2025-03", "2025-04", metrics=(OPENING_CUSTOMERS, ACTIVE_CUSTOMERS))
    before, after = figure(cube, ACTIVE_CUSTOMERS, "2025-03"), figure(cube, OPENING_CUSTOMERS, "2025-04")
    assert before["value"] == after["value"] == 4


def test_churn_and_retention_are_one():
    cube = cube_of(tiny_data(**ACTIVITY), "2025-04", metrics=(CHURN_RATE, RETENTION_RATE))
    assert (
        figure(cube, CHURN_RATE, "2025-04")["value"] == 1 - figure(cube, RETENTION_RATE, "2025-04")["value"]
    )
