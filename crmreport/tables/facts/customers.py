"""Customer facts: who there is, their first orders, and who is active at the edges of each period."""

from __future__ import annotations

from datetime import timedelta

import ibis
import pandas as pd

from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import SQUARE, Derived, Fact, Inputs, complete, squared
from crmreport.tables.facts.orders import order_lines_with_profit, orders_with_amount
from crmreport.tables.mapping.reading import DECIMAL


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
    """One row per customer and period with an order in it, or in the active window before either edge of it.

    The `revenue` columns are of the windows; an order of unknown amount adds nothing.
    """
    orders = orders_with_amount(given)
    windows = [
        {
            "day": period.start + timedelta(days=n),
            "period": period.key,
            "period_start": period.start,
            "period_days": period.days,
            "is_before": n < 0,
            "is_at_end": n >= period.days - given.active_days,
        }
        for period in given.periods
        for n in range(-given.active_days, period.days)
    ]
    schema = {
        "day": "date",
        "period": "string",
        "period_start": "date",
        "period_days": "int64",
        "is_before": "boolean",
        "is_at_end": "boolean",
    }
    days = ibis.memtable(pd.DataFrame(windows, columns=list(schema)), schema=schema)
    daily = orders.group_by(["customer_id", orders.ordered_at.date().name("day")]).aggregate(
        orders=orders.order_id.count(), revenue=orders.amount.sum().cast(DECIMAL)
    )
    first = orders.group_by("customer_id").aggregate(first_day=orders.ordered_at.min().date())
    joined = daily.inner_join(days, "day").inner_join(first, "customer_id")
    in_period = ~joined.is_before
    found = joined.group_by(["customer_id", "period"]).aggregate(
        active_at_start=joined.is_before.any(),
        active_at_end=joined.is_at_end.any(),
        had_ordered_before=(joined.first_day < joined.period_start).any(),
        orders_in_period=joined.orders.sum(where=in_period).fill_null(0),
        orders_at_end=joined.orders.sum(where=joined.is_at_end).fill_null(0),
        revenue_at_start=joined.revenue.sum(where=joined.is_before).cast(DECIMAL),
        revenue_at_end=joined.revenue.sum(where=joined.is_at_end).cast(DECIMAL),
        period_days=joined.period_days.max(),
    )
    # Whose returns are as much as their orders had paid nothing that could be kept.
    paid = (found.revenue_at_start > 0).ifelse(found.revenue_at_start, ibis.null())
    now = found.revenue_at_end.fill_null(0)
    found = found.mutate(
        opening_revenue=paid, kept_revenue=ibis.least(paid, ibis.greatest(now, 0)).cast(DECIMAL)
    )
    return found.mutate(closing_revenue=found.opening_revenue.notnull().ifelse(now, ibis.null())).drop(
        "revenue_at_start", "revenue_at_end"
    )


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
    bought = bought.select("customer_id", "category", day=bought.ordered_at.date()).distinct()
    joined = bought.inner_join(days, "day")
    return joined.group_by(["customer_id", "period"]).aggregate(categories=joined.category.nunique())


def _spending(given: Inputs) -> IbisTable:
    """One row per customer who bought and period: what they paid, and again if they are of the top tenth.

    That is the first tenth (rounded up) of the whole company's customers of the period by revenue. Of
    customers with equal revenue it does not matter who is in it, since what is summed is their revenue.
    """
    orders = orders_with_amount(given)
    calendar = [
        (period.start + timedelta(days=n), period.key) for period in given.periods for n in range(period.days)
    ]
    frame = pd.DataFrame(calendar, columns=["day", "period"])
    days = ibis.memtable(frame, schema={"day": "date", "period": "string"})
    placed = orders.inner_join(days, orders.ordered_at.date() == days.day)
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
)
