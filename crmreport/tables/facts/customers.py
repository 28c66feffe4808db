"""Customer facts: who there is, their first orders, and who is active at the edges of each period."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import pandas as pd

from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import Derived, Fact, Inputs, complete


def _customers(given: Inputs) -> IbisTable:
    """One row per customer, where it is known since when."""
    return complete(given.tables["customers"], "customers")


def _first_orders(given: Inputs) -> IbisTable:
    """One row per customer who ordered: when first, and how many days later again."""
    orders = given.tables["orders"]
    in_order = ibis.window(group_by="customer_id", order_by=[orders.ordered_at, orders.order_id])
    numbered = orders.mutate(
        position=ibis.row_number().over(in_order), next_at=orders.ordered_at.lead().over(in_order)
    )
    first = numbered.filter(numbered.position == 0)
    days = first.next_at.date().delta(first.ordered_at.date(), unit="day")
    return first.select("customer_id", first_ordered_at=first.ordered_at, days_to_second_order=days)


def _activity(given: Inputs) -> IbisTable:
    """One row per customer and period: active at either edge of it, with an order in the days before."""
    orders = given.tables["orders"]
    edges: list[tuple[date, str, bool]] = []
    for period in given.periods:
        for edge, is_end in ((period.start, False), (period.end, True)):
            days_before = range(1, given.active_days + 1)
            edges += [(edge - timedelta(days=n), period.key, is_end) for n in days_before]
    frame = pd.DataFrame(edges, columns=["day", "period", "is_end"])
    days = ibis.memtable(frame, schema={"day": "date", "period": "string", "is_end": "boolean"})
    buying_days = orders.select("customer_id", day=orders.ordered_at.date()).distinct()
    joined = buying_days.inner_join(days, "day")
    return joined.group_by(["customer_id", "period"]).aggregate(
        active_at_start=(~joined.is_end).any(), active_at_end=joined.is_end.any()
    )


CUSTOMERS = Fact(name="customers", make=_customers, needs=("customers.joined_at",), made_from=("customers",))

FIRST_ORDERS = Fact(
    name="first_orders",
    make=_first_orders,
    needs=("orders",),
    made_from=("orders",),
    derived={
        "customer_id": Derived("string"),
        "first_ordered_at": Derived("timestamp(6)"),
        "days_to_second_order": Derived("int64"),
    },
)

ACTIVITY = Fact(
    name="activity",
    make=_activity,
    needs=("orders",),
    made_from=("orders",),
    derived={
        "customer_id": Derived("string"),
        "period": Derived("string"),
        "active_at_start": Derived("boolean"),
        "active_at_end": Derived("boolean"),
    },
)
