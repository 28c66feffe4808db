"""Facts: the rows that metrics count, each with the dimensions by which they may be split."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import ibis
import pandas as pd

from crmreport.periods import Period
from crmreport.tables.contract import TABLES, table
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable
from crmreport.tables.mapping.reading import DECIMAL, IBIS_TYPES

# DuckDB multiplies decimals of up to 18 digits in 64 bits, which overflow; of 19 digits in 128.
_WIDE = "decimal(19, 4)"
_TO_CENTS = "decimal(19, 2)"
_SQUARE = "decimal(38, 4)"

DIMENSIONS = tuple(dict.fromkeys(d for t in TABLES for d in t.dimensions))


# The columns that facts have beside the contract's.
_DERIVED = {
    "orders": {"amount_squared": _SQUARE},
    "order_lines": {
        "customer_id": "string",
        "ordered_at": "timestamp(6)",
        "amount": DECIMAL,
        "amount_squared": _SQUARE,
    },
    "first_orders": {
        "customer_id": "string",
        "first_ordered_at": "timestamp(6)",
        "days_to_second_order": "int64",
    },
    "activity": {
        "customer_id": "string",
        "period": "string",
        "active_at_start": "boolean",
        "active_at_end": "boolean",
    },
    "interactions": {
        "is_inbound": "boolean",
        "first_response_seconds": "int64",
        "first_response_minutes": "float64",
    },
    "feedback": {},
    "events": {},
    "customers": {},
    "opportunities": {"days_to_close": "int64", "amount_squared": _SQUARE},
}

# The contract's tables of whose rows each is made, and the contract's columns behind those that are derived.
MADE_FROM = {name: (name,) for name in _DERIVED} | {
    "orders": ("orders", "order_lines"),
    "order_lines": ("order_lines", "orders"),
    "first_orders": ("orders",),
    "activity": ("orders",),
}
DERIVED_FROM = {
    "days_to_close": "closed_at",
    "is_inbound": "direction",
    "first_response_seconds": "first_response_at",
    "first_response_minutes": "first_response_at",
}

FACT_SCHEMAS: dict[str, dict[str, str]] = {
    name: {c.name: IBIS_TYPES[c.type] for t in TABLES if t.name == name for c in t.columns} | derived
    for name, derived in _DERIVED.items()
}


def facts(data: Data, periods: Iterable[Period], active_days: int) -> dict[str, IbisTable]:
    """Give the fact tables that the project's tables allow.

    `orders` (amount filled from the lines), `order_lines` (with the order's time), `first_orders` (one row
    per customer: first_ordered_at, days_to_second_order), `activity` (one row per customer and period:
    active_at_start, active_at_end), `interactions`, `feedback`, `events`, `opportunities` (days_to_close),
    `customers` (where it is known since when). Each has the customer's dimensions beside its own.
    """
    tables = data.tables
    found: dict[str, IbisTable] = {}
    if "orders" in tables:
        found["orders"] = _squared(_orders(tables))
        found["first_orders"] = _first_orders(tables["orders"])
        found["activity"] = _activity(tables["orders"], tuple(periods), active_days)
    if "orders" in tables and "order_lines" in tables:
        found["order_lines"] = _squared(_order_lines(tables))
    if "interactions" in tables:
        found["interactions"] = _interactions(tables["interactions"])
    if "feedback" in tables:
        found["feedback"] = _complete(tables["feedback"], "feedback")
    if "events" in tables:
        found["events"] = _complete(tables["events"], "events")
    if "opportunities" in tables:
        found["opportunities"] = _squared(_opportunities(tables["opportunities"]))
    found = {name: _with_customer_dimensions(fact, tables["customers"]) for name, fact in found.items()}
    if "joined_at" in tables["customers"].columns:
        found["customers"] = _complete(tables["customers"], "customers")
    return found


def _complete(given: IbisTable, name: str) -> IbisTable:
    """Add the contract's columns that the source lacks, all missing, so that formulas can name them."""
    lacking = [c for c in table(name).columns if c.name not in given.columns and not c.dimension]
    return given.mutate(**{c.name: ibis.null(IBIS_TYPES[c.type]) for c in lacking}) if lacking else given


def _line_amount(lines: IbisTable) -> IbisTable:
    amount = lines.quantity.cast(_WIDE) * lines.unit_price.cast(_WIDE)
    return lines.mutate(amount=amount.cast(DECIMAL))


def _squared(fact: IbisTable) -> IbisTable:
    """Add the squared amount, which the interval of a sum of amounts needs."""
    cents = fact.amount.cast(_TO_CENTS)
    # Ibis gives a product the scale of its factors; the cast says the true one.
    return fact.mutate(amount_squared=(cents * cents).cast(_SQUARE))


def _orders(tables: dict[str, IbisTable]) -> IbisTable:
    orders = tables["orders"]
    if "order_lines" not in tables:
        return _complete(orders, "orders")
    lines = _line_amount(tables["order_lines"])
    sums = lines.group_by("order_id").aggregate(lines_amount=lines.amount.sum().cast(DECIMAL))
    joined = _complete(orders, "orders").left_join(sums, "order_id")
    joined = joined.mutate(amount=ibis.coalesce(joined.amount, joined.lines_amount))
    return joined.drop("lines_amount", "order_id_right")


def _order_lines(tables: dict[str, IbisTable]) -> IbisTable:
    orders = tables["orders"]
    own = [d for d in table("orders").dimensions if d in orders.columns]
    lines = _line_amount(tables["order_lines"]).inner_join(
        orders.select("order_id", "customer_id", "ordered_at", *own), "order_id"
    )
    if "products" not in tables or "category" not in tables["products"].columns:
        return lines
    products = tables["products"].select("product_id", "category")
    return lines.left_join(products, "product_id").drop("product_id_right")


def _first_orders(orders: IbisTable) -> IbisTable:
    in_order = ibis.window(group_by="customer_id", order_by=[orders.ordered_at, orders.order_id])
    numbered = orders.mutate(
        position=ibis.row_number().over(in_order), next_at=orders.ordered_at.lead().over(in_order)
    )
    first = numbered.filter(numbered.position == 0)
    days = first.next_at.date().delta(first.ordered_at.date(), unit="day")
    return first.select("customer_id", first_ordered_at=first.ordered_at, days_to_second_order=days)


def _activity(orders: IbisTable, periods: tuple[Period, ...], active_days: int) -> IbisTable:
    """Find the customers active at either edge of each period: with an order in the days before it."""
    edges: list[tuple[date, str, bool]] = []
    for period in periods:
        for edge, is_end in ((period.start, False), (period.end, True)):
            edges += [(edge - timedelta(days=n), period.key, is_end) for n in range(1, active_days + 1)]
    frame = pd.DataFrame(edges, columns=["day", "period", "is_end"])
    days = ibis.memtable(frame, schema={"day": "date", "period": "string", "is_end": "boolean"})
    buying_days = orders.select("customer_id", day=orders.ordered_at.date()).distinct()
    joined = buying_days.inner_join(days, "day")
    return joined.group_by(["customer_id", "period"]).aggregate(
        active_at_start=(~joined.is_end).any(), active_at_end=joined.is_end.any()
    )


def _interactions(interactions: IbisTable) -> IbisTable:
    given = _complete(interactions, "interactions")
    if "direction" in interactions.columns:
        is_inbound = ibis.coalesce(given.direction, "inbound") != "outbound"
    else:
        is_inbound = ibis.literal(True)
    if "first_response_at" not in interactions.columns:
        nothing = ibis.null("float64")
        return given.mutate(
            is_inbound=is_inbound, first_response_seconds=ibis.null("int64"), first_response_minutes=nothing
        )
    seconds = given.first_response_at.delta(given.opened_at, unit="second")
    seconds = ibis.ifelse(is_inbound & (seconds >= 0), seconds, ibis.null())
    # Without an answer yet, a case has waited longer than all that have one.
    waited = ibis.ifelse(is_inbound, ibis.coalesce(seconds / 60, float("inf")), ibis.null())
    return given.mutate(is_inbound=is_inbound, first_response_seconds=seconds, first_response_minutes=waited)


def _opportunities(opportunities: IbisTable) -> IbisTable:
    given = _complete(opportunities, "opportunities")
    closed = given.closed_at.notnull()
    return given.mutate(
        is_won=ibis.ifelse(closed, given.is_won, ibis.null()),
        days_to_close=given.closed_at.date().delta(given.created_at.date(), unit="day"),
    )


def _with_customer_dimensions(fact: IbisTable, customers: IbisTable) -> IbisTable:
    """Join the customer's dimensions; where both have one, the fact's own value comes first."""
    dimensions = [d for d in table("customers").dimensions if d in customers.columns]
    if "customer_id" not in fact.columns or not dimensions:
        return fact
    joined = fact.left_join(
        customers.select("customer_id", *dimensions), "customer_id", rname="customer_{name}"
    )
    own = [d for d in dimensions if d in fact.columns]
    joined = joined.mutate(**{d: ibis.coalesce(joined[d], joined[f"customer_{d}"]) for d in own})
    return joined.drop("customer_customer_id", *[f"customer_{d}" for d in own])
