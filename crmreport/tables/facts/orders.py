"""Order facts: orders with their amount, and their lines with the order's time and what they left over."""

from __future__ import annotations

import ibis

from crmreport.tables.contract import table
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import SQUARE, Derived, Fact, Inputs, complete, product, squared
from crmreport.tables.mapping.reading import DECIMAL


def orders_of(given: Inputs) -> IbisTable:
    """Give one row per order, with an amount or without."""
    return given.prepared.get("orders", given.tables["orders"])


def orders_with_amount(given: Inputs) -> IbisTable:
    """Give one row per order; an amount that is missing is the sum of the order's lines."""
    if "orders" in given.prepared:
        return complete(given.prepared["orders"], "orders")
    orders = complete(given.tables["orders"], "orders")
    if "order_lines" in given.tables:
        lines = _with_amount(given.tables["order_lines"])
        sums = lines.group_by("order_id").aggregate(lines_amount=lines.amount.sum().cast(DECIMAL))
        joined = orders.left_join(sums, "order_id")
        joined = joined.mutate(amount=ibis.coalesce(joined.amount, joined.lines_amount))
        orders = joined.drop("lines_amount", "order_id_right")
    return orders


def _orders(given: Inputs) -> IbisTable:
    orders = orders_with_amount(given)
    return orders.mutate(amount_squared=squared(orders.amount))


def order_lines_with_profit(given: Inputs) -> IbisTable:
    """Give one row per line, with the customer, the time and the dimensions of its order, and its category.

    `profit` is its amount less the cost of its units, and `costed_amount` its amount, where the cost is
    known; both are missing where it is not.
    """
    orders = orders_of(given)
    own = [d for d in table("orders").dimensions if d in orders.columns]
    lines = _with_amount(given.tables["order_lines"]).inner_join(
        orders.select("order_id", "customer_id", "ordered_at", *own), "order_id"
    )
    products = given.tables.get("products")
    known = [c for c in ("category", "unit_cost") if products is not None and c in products.columns]
    if products is not None and known:
        chosen = products.select("product_id", *known)
        lines = lines.left_join(chosen, "product_id").drop("product_id_right")
    cost = product(lines.quantity, lines.unit_cost) if "unit_cost" in known else ibis.null(DECIMAL)
    lines = lines.mutate(profit=(lines.amount - cost).cast(DECIMAL))
    costed = lines.profit.notnull().ifelse(lines.amount, ibis.null(DECIMAL))
    return lines.mutate(costed_amount=costed)


def _order_lines(given: Inputs) -> IbisTable:
    lines = order_lines_with_profit(given)
    units = lines.quantity.cast(DECIMAL)
    return lines.mutate(
        amount_squared=squared(lines.amount),
        profit_squared=squared(lines.profit),
        units=units,
        units_squared=squared(units),
    )


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
    made_from=("order_lines", "orders", "products"),
    derived={
        "customer_id": Derived("string"),
        "ordered_at": Derived("timestamp(6)"),
        "amount": Derived(DECIMAL),
        "amount_squared": Derived(SQUARE),
        "profit": Derived(DECIMAL, of="unit_cost"),
        "profit_squared": Derived(SQUARE, of="unit_cost"),
        "costed_amount": Derived(DECIMAL, of="unit_cost"),
        "units": Derived(DECIMAL, of="quantity"),
        "units_squared": Derived(SQUARE, of="quantity"),
    },
)
