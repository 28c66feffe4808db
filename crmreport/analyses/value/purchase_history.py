"""Purchase history: when and how much each customer bought, in one row per customer."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import pandas as pd

from crmreport.tables.engine import IbisTable

COLUMNS = (
    "customer_id",
    "first_day",
    "last_day",
    "purchase_days",
    "amount",
    "repeat_days",
    "repeat_amount",
    "days_since_last",
    "weeks_to_last",
    "weeks_observed",
)
_DAYS_IN_WEEK = 7


def purchases(orders: IbisTable, start: date | None, end: date) -> IbisTable:
    """Sum up each customer's purchases from `start` (None: ever) until before `end`; nothing is computed yet.

    `orders` is the fact table. Orders of one day are one purchase. One of a negative amount is a return: no
    purchase, but it lessens the amounts. Columns: `customer_id`, `first_day`, `last_day`, `purchase_days`,
    `amount` (review's currency, missing where no order has one), `repeat_amount` (of the days after the
    first). Customers who did not buy in that time have no row.
    """
    day = orders.ordered_at.date()
    placed = orders.filter(orders.customer_id.notnull() & (day < end))
    if start is not None:
        placed = placed.filter(placed.ordered_at.date() >= start)
    is_purchase = ibis.coalesce(placed.amount, 0) >= 0
    daily = placed.group_by(customer_id=placed.customer_id, day=placed.ordered_at.date()).aggregate(
        amount=placed.amount.sum(), is_purchase=is_purchase.cast("int64").max()
    )
    bought_on = ibis.ifelse(daily.is_purchase == 1, daily.day, ibis.null("date"))
    daily = daily.mutate(bought_on=bought_on)
    daily = daily.mutate(first_day=daily.bought_on.min().over(ibis.window(group_by="customer_id")))
    repeat = ibis.ifelse(daily.day > daily.first_day, daily.amount, ibis.null())
    daily = daily.mutate(repeat=repeat)
    totals = daily.group_by("customer_id").aggregate(
        first_day=daily.bought_on.min(),
        last_day=daily.bought_on.max(),
        purchase_days=daily.bought_on.count(),
        amount=daily.amount.sum().cast("float64"),
        repeat_amount=daily.repeat.sum().cast("float64"),
    )
    return totals.filter(totals.purchase_days > 0)


def purchase_history(orders: IbisTable, end: date, start: date | None = None) -> pd.DataFrame:
    """Give each customer's purchases as they were known when `end` began, sorted by customer.

    Columns beside those of `purchases`: `repeat_days` (purchase days after the first: the frequency x of
    BG/NBD), `days_since_last` (from the last purchase to the last day before `end`: the recency of RFM),
    `weeks_to_last` (from the first purchase to the last: t_x) and `weeks_observed` (from the first purchase
    to the last day before `end`: T).
    """
    found = purchases(orders, start, end).to_pandas().sort_values("customer_id", ignore_index=True)
    first, last = pd.to_datetime(found["first_day"]), pd.to_datetime(found["last_day"])
    last_known = pd.Timestamp(end - timedelta(days=1))
    return found.assign(
        first_day=first,
        last_day=last,
        repeat_days=found["purchase_days"] - 1,
        days_since_last=(last_known - last).dt.days,
        weeks_to_last=(last - first).dt.days / _DAYS_IN_WEEK,
        weeks_observed=(last_known - first).dt.days / _DAYS_IN_WEEK,
    )[list(COLUMNS)]
