"""Value metrics, each on a table that fits on a hand."""

from __future__ import annotations

import pytest

from crmreport.metrics.value import (
    GROSS_REVENUE_RETENTION,
    NET_REVENUE_RETENTION,
    PROFIT_PER_CUSTOMER,
    REVENUE_PER_ACTIVE_CUSTOMER,
    REVENUE_PER_CUSTOMER,
    TOP_DECILE_SHARE,
)
from tests.metrics.case import Case, check_case, check_nothing_happened
from tests.tiny import cube_of, figure, tiny_data

# In April ann paid 60 and bob 40; cyd is active since February.
ORDERS_TABLE = """
order_id  customer_id  ordered_at  amount
1         ann          2025-03-31  1000
2         ann          2025-04-01  50
3         ann          2025-04-30  10
4         bob          2025-04-30  40
5         cyd          2025-02-01  20
6         ann          2025-06-01  5000
"""
PROFIT = {
    "orders": ORDERS_TABLE,
    "order_lines": "order_id product_id quantity unit_price\n2 desk 5 10\n4 desk 4 10\n6 desk 1 10",
    "products": "product_id unit_cost\ndesk 8",
}
# Eleven customers: the top tenth, rounded up, are two, who paid 100 and 50 of 190.
TOP_TABLE = "order_id customer_id ordered_at amount\nx a 2025-03-01 1\ny a 2025-06-01 1\n1 a 2025-04-01 60\n"
TOP_TABLE += "2 a 2025-04-02 40\n3 b 2025-04-02 50\n4 c 2025-04-02 8\n"
TOP_TABLE += "".join(f"{n} d{n} 2025-04-03 4\n" for n in range(5, 13))
# Paid before 1 April (from 1 January on): ann 100, bob 50, cyd 50; before 1 May (from 31 January on): ann
# 130, bob 20, cyd nothing; dee is new, and eve's return of all that she bought leaves nothing to keep.
RETENTION_TABLE = """
order_id  customer_id  ordered_at  amount
1         ann          2025-02-10  100
2         ann          2025-04-10  30
3         bob          2025-01-05  30
4         bob          2025-03-05  20
5         cyd          2025-01-30  50
6         dee          2025-04-30  500
7         eve          2025-03-01  10
8         eve          2025-03-02  -10
9         eve          2025-04-02  70
"""

CASES = (
    Case(REVENUE_PER_CUSTOMER, {"orders": ORDERS_TABLE}, 100, 2, 50),
    Case(REVENUE_PER_ACTIVE_CUSTOMER, {"orders": ORDERS_TABLE}, 100, 3, 100 / 3, empty="2025-12"),
    Case(PROFIT_PER_CUSTOMER, PROFIT, 5 * 2 + 4 * 2, 2, 9),
    Case(TOP_DECILE_SHARE, {"orders": TOP_TABLE}, 150, 190, 150 / 190),
    Case(NET_REVENUE_RETENTION, {"orders": RETENTION_TABLE}, 150, 200, 0.75, empty="2025-12"),
    Case(GROSS_REVENUE_RETENTION, {"orders": RETENTION_TABLE}, 100 + 20, 200, 0.6, empty="2025-12"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parts_and_value(case: Case):
    check_case(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_happened(case: Case):
    check_nothing_happened(case)


def test_ties_at_the_border_of_the_top_tenth_change_nothing():
    """Of eleven customers who all paid 10, two are the top tenth, whoever they are: 2/11 of the revenue."""
    orders = "order_id customer_id ordered_at amount\nx a 2025-03-01 1\n"
    orders += "".join(f"{n} c{n} 2025-04-03 10\n" for n in range(11)) + "y a 2025-06-01 1"
    cube = cube_of(tiny_data(orders=orders), "2025-04", metrics=(TOP_DECILE_SHARE,))
    assert figure(cube, TOP_DECILE_SHARE, "2025-04")["value"] == pytest.approx(2 / 11)


def test_the_top_tenth_of_a_segment_is_the_companys():
    customers = "customer_id region\na North\nb South\nc South\n" + "".join(
        f"d{n} North\n" for n in range(5, 13)
    )
    data = tiny_data(orders=TOP_TABLE, customers=customers)
    cube = cube_of(data, "2025-04", metrics=(TOP_DECILE_SHARE,))
    found = {s: figure(cube, TOP_DECILE_SHARE, "2025-04", "region", s) for s in ("North", "South")}
    assert (found["North"]["numerator"], found["North"]["denominator"]) == (100, 132)
    assert (found["South"]["numerator"], found["South"]["denominator"]) == (50, 58)
