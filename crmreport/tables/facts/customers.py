"""Customer facts: who there is, their first orders, and who is active at the edges of each period."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import pandas as pd

from crmreport.tables.contract import table
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import SQUARE, Derived, Fact, Inputs, complete, squared
from crmreport.tables.facts.orders import order_lines_with_profit, orders_of, orders_with_amount
from crmreport.tables.mapping.reading import DECIMAL


def _customers(given: Inputs) -> IbisTable:
    """One row per customer, where it is known since when."""
    return complete(given.tables["customers"], "customers")


def _first_orders(given: Inputs) -> IbisTable:
    """One row per customer who ordered: when first, and how many days later again."""
    orders = orders_of(given).select("customer_id", "ordered_at")
    in_order = ibis.window(group_by="customer_id", order_by=orders.ordered_at)
    numbered = orders.mutate(
        position=ibis.row_number().over(in_order), next_at=orders.ordered_at.lead().over(in_order)
    )
    first = numbered.filter(numbered.position == 0)
    days = first.next_at.date().delta(first.ordered_at.date(), unit="day")
    return first.select("customer_id", first_ordered_at=first.ordered_at, days_to_second_order=days)


def buyers(given: Inputs) -> IbisTable:
    """Give each customer who ordered, with the day of the first order and the customer's dimensions."""
    if "buyers" in given.prepared:
        return given.prepared["buyers"]
    orders, customers = given.tables["orders"], given.tables["customers"]
    first = orders.group_by("customer_id").aggregate(first_day=orders.ordered_at.min().date())
    dimensions = [d for d in table("customers").dimensions if d in customers.columns]
    known = customers.select("customer_id", *dimensions)
    return first.left_join(known, "customer_id").drop("customer_id_right")


def _activity(given: Inputs) -> IbisTable:
    """One row per customer and period with an order in it, or in the active window before either edge of it.

    The `revenue` columns are of the windows; an order of unknown amount adds nothing.
    """
    orders = orders_with_amount(given).select("customer_id", "ordered_at", "amount")
    windows = [
        (
            period.start + timedelta(days=n),
            number,
            n < 0,
            n >= 0,
            n >= period.days - given.active_days,
        )
        for number, period in enumerate(given.periods)
        for n in range(-given.active_days, period.days)
    ]
    schema = {
        "day": "date",
        "number": "int16",
        "is_before": "boolean",
        "is_within": "boolean",
        "is_at_end": "boolean",
    }
    days = ibis.memtable(pd.DataFrame(windows, columns=list(schema)), schema=schema)
    joined = _of_days(orders, days, [day for day, *_flags in windows])
    found = joined.group_by(["customer_id", "number"]).aggregate(
        orders_at_start=joined.count(where=joined.is_before),
        orders_in_period=joined.count(where=joined.is_within),
        orders_at_end=joined.count(where=joined.is_at_end),
        revenue_at_start=joined.amount.sum(where=joined.is_before).cast(DECIMAL),
        revenue_at_end=joined.amount.sum(where=joined.is_at_end).cast(DECIMAL),
    )
    edges = [(number, p.key, p.start, p.days) for number, p in enumerate(given.periods)]
    schema = {"number": "int16", "period": "string", "period_start": "date", "period_days": "int64"}
    spans = ibis.memtable(pd.DataFrame(edges, columns=list(schema)), schema=schema)
    customers = buyers(given)
    found = found.inner_join(spans, "number").inner_join(customers, "customer_id")
    # Whose returns are as much as their orders had paid nothing that could be kept.
    paid = (found.revenue_at_start > 0).ifelse(found.revenue_at_start, ibis.null())
    now = found.revenue_at_end.fill_null(0)
    return found.select(
        "customer_id",
        "period",
        *(c for c in customers.columns if c not in ("customer_id", "first_day")),
        active_at_start=found.orders_at_start > 0,
        active_at_end=found.orders_at_end > 0,
        had_ordered_before=found.first_day < found.period_start,
        orders_in_period=found.orders_in_period,
        orders_at_end=found.orders_at_end,
        period_days=found.period_days,
        opening_revenue=paid,
        kept_revenue=ibis.least(paid, ibis.greatest(now, 0)).cast(DECIMAL),
        closing_revenue=paid.notnull().ifelse(now, ibis.null()),
    )


def _of_days(rows: IbisTable, days: IbisTable, listed: list[date]) -> IbisTable:
    """Join to each row of `ordered_at` what is said of its day; `listed`: all days of which anything is."""
    if listed:
        # What lies outside need not be looked up day by day.
        rows = rows.filter(rows.ordered_at.date().between(ibis.date(min(listed)), ibis.date(max(listed))))
    return rows.inner_join(days, rows.ordered_at.date() == days.day)


def _baskets(given: Inputs) -> IbisTable:
    """One row per customer and period who bought of a known category in the active window before its end."""
    lines = order_lines_with_profit(given)
    windows = [
        (period.end - timedelta(days=n), period.key)
        for period in given.periods
        for n in range(1, given.active_days + 1)
    ]
    frame = pd.DataFrame(windows, columns=["day", "period"])
    days = ibis.memtable(frame, schema={"day": "date", "period": "string"})
    bought = lines.filter((lines.quantity > 0) & lines.category.notnull())
    bought = bought.select("customer_id", "category", "ordered_at")
    joined = _of_days(bought, days, [day for day, _period in windows])
    return joined.group_by(["customer_id", "period"]).aggregate(categories=joined.category.nunique())


def _spending(given: Inputs) -> IbisTable:
    """One row per customer who bought and period: what they paid, and again if they are of the top tenth.

    That is the first tenth (rounded up) of the whole company's customers of the period by revenue. Of
    customers with equal revenue it does not matter who is in it, since what is summed is their revenue.
    """
    orders = orders_with_amount(given).select("customer_id", "ordered_at", "amount")
    calendar = [
        (period.start + timedelta(days=n), period.key) for period in given.periods for n in range(period.days)
    ]
    frame = pd.DataFrame(calendar, columns=["day", "period"])
    days = ibis.memtable(frame, schema={"day": "date", "period": "string"})
    placed = _of_days(orders, days, [day for day, _period in calendar])
    spent = placed.group_by(["customer_id", "period"]).aggregate(revenue=placed.amount.sum().cast(DECIMAL))
    by_revenue = ibis.window(
        group_by="period", order_by=[spent.revenue.desc(nulls_first=False), spent.customer_id]
    )
    of_period = ibis.window(group_by="period")
    ranked = spent.mutate(
        rank=ibis.row_number().over(by_revenue), buyers=spent.revenue.count().over(of_period)
    )
    is_top = 10 * ranked.rank < ranked.buyers
    top = is_top.ifelse(ranked.revenue, ranked.revenue * 0).cast(DECIMAL)
    return ranked.mutate(top_revenue=top, revenue_squared=squared(ranked.revenue)).drop("rank", "buyers")


CUSTOMERS = Fact(
    name="customers",
    make=_customers,
    needs=("customers.joined_at",),
    made_from=("customers",),
    by_customer=True,
)

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
    by_customer=True,
)

ACTIVITY = Fact(
    name="activity",
    make=_activity,
    needs=("orders",),
    made_from=("orders", "order_lines"),
    derived={
        "customer_id": Derived("string"),
        "period": Derived("string"),
        "active_at_start": Derived("boolean"),
        "active_at_end": Derived("boolean"),
        "had_ordered_before": Derived("boolean"),
        "orders_in_period": Derived("int64"),
        "orders_at_end": Derived("int64"),
        "period_days": Derived("int64"),
        "opening_revenue": Derived(DECIMAL, of="amount"),
        "kept_revenue": Derived(DECIMAL, of="amount"),
        "closing_revenue": Derived(DECIMAL, of="amount"),
    },
    by_customer=True,
    knows_customers=True,
)

BASKETS = Fact(
    name="baskets",
    make=_baskets,
    needs=("orders", "order_lines", "products.category"),
    made_from=("order_lines", "orders", "products"),
    derived={
        "customer_id": Derived("string"),
        "period": Derived("string"),
        "categories": Derived("int64", of="category"),
    },
    by_customer=True,
)

SPENDING = Fact(
    name="spending",
    make=_spending,
    needs=("orders",),
    made_from=("orders", "order_lines"),
    derived={
        "customer_id": Derived("string"),
        "period": Derived("string"),
        "revenue": Derived(DECIMAL, of="amount"),
        "revenue_squared": Derived(SQUARE, of="amount"),
        "top_revenue": Derived(DECIMAL, of="amount"),
    },
    by_customer=True,
)
