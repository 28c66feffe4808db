"""Marketing facts: what campaigns cost and did, day by day, and the orders that are put down to them."""

from __future__ import annotations

import ibis

from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import SQUARE, Derived, Fact, Inputs, complete, squared
from crmreport.tables.facts.orders import orders_with_amount
from crmreport.tables.mapping.reading import DECIMAL

SPREAD = ("spend", "impressions", "deliveries", "opens", "clicks", "unsubscribes")


def _campaign_days(given: Inputs) -> IbisTable:
    """One row per campaign and day: what a row of the source says of several days, evenly spread over them.

    A row without a last day is of its first one.
    """
    source = given.tables["campaigns"]
    rows = complete(source, "campaigns")
    last = ibis.coalesce(rows.ends_on, rows.starts_on)
    rows = rows.mutate(days=last.delta(rows.starts_on, unit="day") + 1)
    rows = rows.mutate(number=ibis.range(0, rows.days).unnest())
    shares = {name: _share_of_day(rows, name) for name in SPREAD}
    channel = ["marketing_channel"] if "marketing_channel" in source.columns else []
    day = rows.starts_on + rows.number.as_interval("D")
    days = rows.select("campaign_id", *channel, "is_online", spent_on=day.cast("timestamp(6)"), **shares)
    return days.mutate(
        online_spend=ibis.ifelse(days.is_online, days.spend, ibis.literal(0).cast(DECIMAL)),
        spend_of_known=ibis.ifelse(days.is_online.notnull(), days.spend, ibis.null(DECIMAL)),
    )


def _share_of_day(rows: IbisTable, name: str) -> IbisTable:
    """Give a day's share of an amount, so that the shares of all days add up to it exactly."""
    total = rows[name].cast("float64")
    # The division of decimals is not exact; the difference of two rounded running sums is.
    until, before = ((total * n / rows.days).cast(DECIMAL) for n in (rows.number + 1, rows.number))
    return (until - before).cast(DECIMAL)


def _attributed_orders(given: Inputs) -> IbisTable:
    """One row per order that names a campaign, with the campaign's channel."""
    orders = orders_with_amount(given)
    orders = orders.filter(orders.campaign_id.notnull())
    orders = orders.mutate(amount_squared=squared(orders.amount))
    campaigns = given.tables["campaigns"]
    if "marketing_channel" not in campaigns.columns:
        return orders
    channels = campaigns.group_by("campaign_id").aggregate(
        marketing_channel=campaigns.marketing_channel.min()
    )
    return orders.left_join(channels, "campaign_id").drop("campaign_id_right")


CAMPAIGN_DAYS = Fact(
    name="campaign_days",
    make=_campaign_days,
    needs=("campaigns",),
    made_from=("campaigns",),
    derived={
        "campaign_id": Derived("string"),
        "marketing_channel": Derived("string", of="marketing_channel"),
        "is_online": Derived("boolean", of="is_online"),
        "spent_on": Derived("timestamp(6)", of="starts_on"),
        **{name: Derived(DECIMAL, of=name) for name in SPREAD},
        "online_spend": Derived(DECIMAL, of="is_online"),
        "spend_of_known": Derived(DECIMAL, of="is_online"),
    },
)

ATTRIBUTED_ORDERS = Fact(
    name="attributed_orders",
    make=_attributed_orders,
    needs=("orders.campaign_id", "campaigns"),
    made_from=("orders", "order_lines", "campaigns"),
    derived={
        "order_id": Derived("string"),
        "customer_id": Derived("string"),
        "campaign_id": Derived("string"),
        "ordered_at": Derived("timestamp(6)", of="ordered_at"),
        "amount": Derived(DECIMAL, of="amount"),
        "amount_squared": Derived(SQUARE, of="amount"),
        "marketing_channel": Derived("string", of="marketing_channel"),
    },
)
