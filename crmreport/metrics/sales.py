"""Sales metrics: what was ordered, and what is in the pipeline."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import Better, Estimate, Metric, Unit, happened, open_at_end

REVENUE = Metric(
    name="revenue",
    title=_t("Revenue"),
    subject="sales",
    definition=_t("Value of all orders placed in the period, after discounts and returns."),
    source=_t("Bookings: orders by the day on which they were placed; common usage"),
    trap=_t("Orders placed, not revenue recognised: the accounts differ at the edges of a period."),
    seed="销售额",
    table="orders",
    rows=happened("ordered_at"),
    estimate=Estimate.TOTAL,
    numerator=_.amount.sum(),
    squares=_.amount_squared.sum(),
    unit=Unit.MONEY,
    better=Better.HIGHER,
)

ORDERS = Metric(
    name="orders",
    title=_t("Orders"),
    subject="sales",
    definition=_t("Number of orders placed in the period."),
    source=_t("Common usage"),
    trap=_t("One purchase split into two orders counts twice."),
    seed="购买频率",
    table="orders",
    rows=happened("ordered_at"),
    estimate=Estimate.COUNT,
    numerator=_.order_id.count(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
)

REVENUE_PER_ORDER = Metric(
    name="revenue_per_order",
    title=_t("Revenue per order"),
    subject="sales",
    definition=_t("Revenue of the period divided by its number of orders."),
    source=_t("Average order value (AOV), common usage"),
    trap=_t("A mean: a few large orders move it. It is the ratio of the totals, never a mean of means."),
    seed="购买金额",
    table="orders",
    rows=happened("ordered_at"),
    estimate=Estimate.MEAN,
    numerator=_.amount.sum(),
    denominator=_.order_id.count(),
    squares=_.amount_squared.sum(),
    unit=Unit.MONEY,
    better=Better.HIGHER,
)

PRODUCT_REVENUE = Metric(
    name="product_revenue",
    title=_t("Product revenue"),
    subject="sales",
    definition=_t(
        "Value of all order lines of the period: units times the price paid, before order discounts."
    ),
    source=_t("Common usage"),
    trap=_t("Discounts on a whole order belong to no product, so that products add up to more than revenue."),
    seed="产品偏好",
    table="order_lines",
    rows=happened("ordered_at"),
    estimate=Estimate.TOTAL,
    numerator=_.amount.sum(),
    squares=_.amount_squared.sum(),
    unit=Unit.MONEY,
    better=Better.HIGHER,
)

OPEN_PIPELINE = Metric(
    name="open_pipeline",
    title=_t("Open pipeline"),
    subject="conversion",
    definition=_t("Expected value of the opportunities that are open when the period ends."),
    source=_t("Common usage in sales management; not weighted by probability"),
    trap=_t("A CRM overwrites amounts: past values are those of today's record."),
    seed="商机追踪",
    table="opportunities",
    rows=open_at_end("created_at", "closed_at"),
    estimate=Estimate.TOTAL,
    numerator=_.amount.sum(),
    squares=_.amount_squared.sum(),
    unit=Unit.MONEY,
    better=Better.HIGHER,
)
