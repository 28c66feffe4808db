"""Order facts: orders with their amount, and their lines with the order's time."""

from __future__ import annotations

import ibis

from crmreport.tables.contract import table
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import SQUARE, Derived, Fact, Inputs, complete, product, squared
from crmreport.tables.mapping.reading import DECIMAL


def _orders(given: Inputs) -> IbisTable:
    """One row per order; an amount that is missing is the sum of the order's lines."""
    orders = complete(given.tables["orders"], "orders")
    if "order_lines" in given.tables:
        lines = _with_amount(given.tables["order_lines"])
        sums = lines.group_by("order_id").aggregate(lines_amount=lines.amount.sum().cast(DECIMAL))
        joined = orders.left_join(sums, "order_id")
        joined = joined.mutate(amount=ibis.coalesce(joined.amount, joined.lines_amount))
        orders = joined.drop("lines_amount", "order_id_right")
    return orders.mutate(amount_squared=squared(orders.amount))


def _order_lines(given: Inputs) -> IbisTable:
    """One row per line, with the customer, the time and the dimensions of its order, and its category."""
    orders = given.tables["orders"]
    own = [d for d in table("orders").dimensions if d in orders.columns]
    lines = _with_amount(given.tables["order_lines"]).inner_join(
        orders.select("order_id", "customer_id", "ordered_at", *own), "order_id"
    )
    if "products" in given.tables and "category" in given.tables["products"].columns:
        products = given.tables["products"].select("product_id", "category")
        lines = lines.left_join(products, "product_id").drop("product_id_right")
    return lines.mutate(amount_squared=squared(lines.amount))


def _with_amount(lines: IbisTable) -> IbisTable:
    return lines.mutate(amount=product(lines.quantity, lines.unit_price))


ORDERS = Fact(
    name="orders",
    make=_orders,
    needs=("orders",),
    made_from=("orders", "order_lines"),
    derived={"amount_squared": Derived(SQUARE)},
)

ORDER_LINES = Fact(
    name="order_lines",
    make=_order_lines,
    needs=("orders", "order_lines"),
    made_from=("order_lines", "orders"),
    derived={
        "customer_id": Derived("string"),
        "ordered_at": Derived("timestamp(6)"),
        "amount": Derived(DECIMAL),
        "amount_squared": Derived(SQUARE),
    },
)
