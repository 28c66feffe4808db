"""Customer metrics: who buys, who is new, who stays, who comes back."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import Better, Estimate, Metric, Unit, happened, matured, of_window

REPEAT_DAYS = 90
DAYS_PER_MONTH = 30.4375
KNOWN_AFTER_DAYS = 365  # before that, many a "first" order is only the first one in the data

BUYERS = Metric(
    name="buyers",
    title=_t("Buying customers"),
    subject="customers",
    definition=_t("Customers who placed at least one order in the period."),
    source=_t("Common usage"),
    trap=_t("Months do not add up to a year: who buys in two months is one customer."),
    seed="购买客户数",
    table="orders",
    rows=happened("ordered_at"),
    estimate=Estimate.COUNT,
    numerator=_.customer_id.nunique(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
)

ACTIVE_CUSTOMERS = Metric(
    name="active_customers",
    title=_t("Active customers"),
    subject="customers",
    definition=_t("Customers with at least one order in the {active_days} days before the period ends."),
    source=_t("Activity window, as in RFM and retention analysis; the window is set in the configuration"),
    trap=_t("Another window gives another number; compare only figures of the same window."),
    seed="活跃客户",
    table="activity",
    rows=of_window("period"),
    estimate=Estimate.COUNT,
    numerator=_.active_at_end.cast("int64").sum(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
)

NEW_CUSTOMERS = Metric(
    name="new_customers",
    title=_t("New customers"),
    subject="customers",
    definition=_t("Customers whose first order was placed in the period."),
    source=_t("Common usage"),
    trap=_t("Where the data begin, every customer looks new: the first year is marked as incomplete."),
    seed="新客户",
    table="first_orders",
    rows=happened("first_ordered_at"),
    estimate=Estimate.COUNT,
    numerator=_.customer_id.count(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
    history_days=KNOWN_AFTER_DAYS,
)

JOINED_CUSTOMERS = Metric(
    name="joined_customers",
    title=_t("Customers joined"),
    subject="customers",
    definition=_t("Customers whose relation with the company began in the period."),
    source=_t("Common usage"),
    trap=_t("Joining is not buying: compare with new customers, who placed a first order."),
    seed="新增客户",
    table="customers",
    rows=happened("joined_at"),
    estimate=Estimate.COUNT,
    numerator=_.count(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
)

RETENTION_RATE = Metric(
    name="retention_rate",
    title=_t("Retention rate"),
    subject="customers",
    definition=_t(
        "Of the customers active when the period begins, the share still active when it ends; active means "
        "an order in the {active_days} days before."
    ),
    source=_t("Share of the opening customers that remain, |S ∩ E| / |S|; the usual (E - N) / S with sets"),
    trap=_t("Customers won back in the period are no retained ones: (E - N) / S would count them."),
    seed="客户留存率",
    table="activity",
    rows=of_window("period"),
    estimate=Estimate.SHARE,
    numerator=(_.active_at_start & _.active_at_end).cast("int64").sum(),
    denominator=_.active_at_start.cast("int64").sum(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

REPEAT_PURCHASE_RATE = Metric(
    name="repeat_purchase_rate",
    title=_t("Repeat purchase rate"),
    subject="customers",
    definition=_t(
        "Of the customers whose first 90 days since their first order ended in the period, the share who "
        "ordered again within these 90 days."
    ),
    source=_t("Repeat purchase within a fixed horizon since the first order"),
    trap=_t("Without a fixed horizon, many new customers alone would lower it."),
    seed="复购率",
    table="first_orders",
    rows=matured("first_ordered_at", REPEAT_DAYS),
    estimate=Estimate.SHARE,
    numerator=(_.days_to_second_order <= REPEAT_DAYS).cast("int64").sum().fill_null(0),
    denominator=_.customer_id.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    history_days=KNOWN_AFTER_DAYS,
)

CHURN_RATE = Metric(
    name="churn_rate",
    title=_t("Churn rate"),
    subject="customers",
    definition=_t(
        "Of the customers active when the period begins, the share no longer active when it ends; active "
        "means an order in the {active_days} days before."
    ),
    source=_t("Lost customers over opening customers (logo churn): 1 less the retention rate"),
    trap=_t("Without a contract nobody says goodbye: who is silent for long may still come back."),
    seed="客户流失率",
    table="activity",
    rows=of_window("period"),
    estimate=Estimate.SHARE,
    numerator=(_.active_at_start & ~_.active_at_end).cast("int64").sum(),
    denominator=_.active_at_start.cast("int64").sum(),
    unit=Unit.SHARE,
    better=Better.LOWER,
    echoes="retention_rate",
)

PURCHASE_FREQUENCY = Metric(
    name="purchase_frequency",
    title=_t("Purchase frequency"),
    subject="customers",
    definition=_t(
        "Orders of the {active_days} days before the period ends, per customer with any: orders per active "
        "customer."
    ),
    source=_t("Orders over active customers, common usage"),
    trap=_t(
        "Only customers who ordered are in it, so that it is never below 1; who came late in the time had "
        "less of it. See the orders per customer and month."
    ),
    seed="购买频率",
    table="activity",
    rows=of_window("period"),
    estimate=Estimate.MEAN,
    numerator=_.orders_at_end.sum(),
    denominator=_.active_at_end.cast("int64").sum(),
    squares=(_.orders_at_end * _.orders_at_end).sum(),
    unit=Unit.NUMBER,
    better=Better.HIGHER,
    echoes="orders",
)

ORDER_RATE = Metric(
    name="order_rate",
    title=_t("Orders per customer and month"),
    subject="customers",
    definition=_t(
        "Orders that the customers active when the period begins placed in it, per customer and 30.4 days; "
        "those who placed none are counted."
    ),
    source=_t("Orders over the customer-months of exposure, all customers with the same"),
    trap=_t(
        "New customers are not in it; active means an order in the time before, as for the retention rate."
    ),
    seed="购买频率",
    table="activity",
    rows=of_window("period"),
    estimate=Estimate.MEAN,
    numerator=(_.orders_in_period * _.active_at_start.cast("int64")).sum()
    * DAYS_PER_MONTH
    / _.period_days.max(),
    denominator=_.active_at_start.cast("int64").sum(),
    squares=(_.orders_in_period * _.orders_in_period * _.active_at_start.cast("int64")).sum()
    * (DAYS_PER_MONTH / _.period_days.max())
    * (DAYS_PER_MONTH / _.period_days.max()),
    unit=Unit.NUMBER,
    better=Better.HIGHER,
    echoes="orders",
)

CROSS_SELL_RATE = Metric(
    name="cross_sell_rate",
    title=_t("Cross-sell rate"),
    subject="customers",
    definition=_t(
        "Of the customers who bought in the {active_days} days before the period ends, the share who bought "
        "products of two or more categories in that time."
    ),
    source=_t("Customers with two or more categories over customers, common usage"),
    trap=_t("It grows with the time that is looked at and with the number of categories that there are."),
    seed="交叉销售",
    table="baskets",
    rows=of_window("period"),
    estimate=Estimate.SHARE,
    numerator=(_.categories >= 2).cast("int64").sum(),
    denominator=_.customer_id.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

CUSTOMER_METRICS = (
    BUYERS,
    ACTIVE_CUSTOMERS,
    JOINED_CUSTOMERS,
    NEW_CUSTOMERS,
    RETENTION_RATE,
    CHURN_RATE,
    REPEAT_PURCHASE_RATE,
    PURCHASE_FREQUENCY,
    ORDER_RATE,
    CROSS_SELL_RATE,
)
