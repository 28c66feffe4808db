"""Sales metrics, each on a table that fits on a hand."""

from __future__ import annotations

import pytest

from crmreport.metrics.sales import (
    GROSS_MARGIN,
    GROSS_PROFIT,
    ORDERS,
    PRODUCT_REVENUE,
    REVENUE,
    REVENUE_GROWTH,
    REVENUE_GROWTH_YEAR,
    REVENUE_PER_ORDER,
    SALES_TARGET,
    TARGET_ATTAINMENT,
    UNITS_SOLD,
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
LINES_TABLE = """
order_id  product_id  quantity  unit_price
2         desk        2         4.00
2         lamp        1         2.75
4         desk        -1        4.00
5         desk        1         5000
"""
# Nobody knows what a lamp costs.
PRODUCTS_TABLE = """
product_id  unit_cost
desk        2.50
lamp        -
"""
GROWTH_TABLE = """
order_id  customer_id  ordered_at  amount
1         ann          2024-04-10  50
2         ann          2025-03-31  75
3         ann          2025-04-01  40
4         ann          2025-04-30  20
5         ann          2025-06-01  1
"""
TARGETS = {("revenue", "", "all"): 100.0, ("revenue", "2025-04", "all"): 80.0}
COSTED = {"orders": ORDERS_TABLE, "order_lines": LINES_TABLE, "products": PRODUCTS_TABLE}

CASES = (
    Case(REVENUE, {"orders": ORDERS_TABLE}, 60.75, None, 60.75),
    Case(ORDERS, {"orders": ORDERS_TABLE}, 3, None, 3),
    Case(REVENUE_PER_ORDER, {"orders": ORDERS_TABLE}, 60.75, 3, 20.25),
    Case(PRODUCT_REVENUE, {"orders": ORDERS_TABLE, "order_lines": LINES_TABLE}, 10.75 - 4, None, 6.75),
    Case(UNITS_SOLD, {"orders": ORDERS_TABLE, "order_lines": LINES_TABLE}, 2 + 1 - 1, None, 2),
    # Two desks sold and one returned, each 4.00 less 2.50; the lamp's cost is unknown.
    Case(GROSS_PROFIT, COSTED, 3 - 1.5, None, 1.5),
    Case(GROSS_MARGIN, COSTED, 1.5, 8 - 4, 0.375),
    # 60 after 75; no revenue in May, so that June has nothing to grow from.
    Case(REVENUE_GROWTH, {"orders": GROWTH_TABLE}, 60, 75, -0.2, empty="2025-06"),
    Case(REVENUE_GROWTH_YEAR, {"orders": GROWTH_TABLE}, 60, 50, 0.2),
    Case(SALES_TARGET, {"orders": ORDERS_TABLE}, 80, None, 80, targets=TARGETS, empty=""),
    Case(TARGET_ATTAINMENT, {"orders": GROWTH_TABLE}, 60, 80, 0.75, targets=TARGETS, empty=""),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parts_and_value(case: Case):
    check_case(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.empty], ids=str)
def test_nothing_happened(case: Case):
    check_nothing_happened(case)


def test_a_target_without_a_period_is_that_of_each():
    data = tiny_data(orders=GROWTH_TABLE)
    cube = cube_of(data, "2025-03", "2025-04", metrics=(TARGET_ATTAINMENT,), targets=TARGETS)
    assert figure(cube, TARGET_ATTAINMENT, "2025-03")["value"] == 75 / 100
    assert figure(cube, TARGET_ATTAINMENT, "2025-04")["value"] == 60 / 80


def test_without_targets_there_is_no_attainment():
    assert cube_of(tiny_data(orders=GROWTH_TABLE), "2025-04", metrics=(TARGET_ATTAINMENT,)).empty


def test_a_target_of_a_team_is_that_of_its_orders():
    orders = "order_id customer_id ordered_at amount sales_team\n1 ann 2025-03-01 1 east"
    orders += "\n2 ann 2025-04-01 30 east\n3 bob 2025-04-02 50 west\n4 bob 2025-05-02 1 west"
    targets = {("revenue", "", "all"): 100.0, ("revenue", "", "sales_team=east"): 40.0}
    cube = cube_of(tiny_data(orders=orders), "2025-04", metrics=(TARGET_ATTAINMENT,), targets=targets)
    east, west = (figure(cube, TARGET_ATTAINMENT, "2025-04", "sales_team", s) for s in ("east", "west"))
    assert (east["numerator"], east["denominator"], east["value"]) == (30, 40, 0.75)
    assert west["status"] == "undefined"
    assert figure(cube, TARGET_ATTAINMENT, "2025-04")["value"] == 0.8


def test_unknown_costs_are_not_free():
    """Without any cost there is no profit, where a missing cost taken for 0 would give the whole revenue."""
    without = {"orders": ORDERS_TABLE, "order_lines": LINES_TABLE}
    cube = cube_of(tiny_data(**without), "2025-04", metrics=(GROSS_PROFIT, GROSS_MARGIN))
    for metric in (GROSS_PROFIT, GROSS_MARGIN):
        assert figure(cube, metric, "2025-04")["status"] == "undefined"
