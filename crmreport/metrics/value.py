"""Value metrics: what customers bring, how much of it stays, and how few bring most of it."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.customers import ACTIVE_CUSTOMERS, BUYERS
from crmreport.metrics.metric import Better, Estimate, Metric, Quotient, Unit, of_period, of_window
from crmreport.metrics.sales import GROSS_PROFIT, REVENUE

REVENUE_PER_CUSTOMER = Metric(
    name="revenue_per_customer",
    title=_t("Revenue per buying customer"),
    subject="value",
    definition=_t("Revenue of the period divided by the number of customers who ordered in it."),
    source=_t("Average revenue per customer, common usage; interval from what each customer paid"),
    trap=_t("A mean: a few large accounts move it, and most customers pay less."),
    seed="消费能力",
    table="spending",
    rows=of_period("period"),
    estimate=Estimate.MEAN,
    numerator=_.revenue.sum(),
    denominator=_.revenue.count(),
    squares=_.revenue_squared.sum(),
    unit=Unit.MONEY,
    better=Better.HIGHER,
    echoes="revenue",
)

REVENUE_PER_ACTIVE_CUSTOMER = Metric(
    name="revenue_per_active_customer",
    title=_t("Revenue per active customer"),
    subject="value",
    definition=_t(
        "Revenue of the period divided by the customers with at least one order in the {active_days} days "
        "before it ends."
    ),
    source=_t("Average revenue per user (ARPU), common usage"),
    trap=_t(
        "Most active customers do not order in every period: it is less than the revenue per buying one."
    ),
    seed="消费能力",
    estimate=Estimate.RATIO,
    quotient=Quotient(REVENUE, ACTIVE_CUSTOMERS),
    unit=Unit.MONEY,
    better=Better.HIGHER,
    echoes="revenue",
)

PROFIT_PER_CUSTOMER = Metric(
    name="profit_per_customer",
    title=_t("Gross profit per buying customer"),
    subject="value",
    definition=_t("Gross profit of the period divided by the number of customers who ordered in it."),
    source=_t("Customer profitability before the cost to serve, common usage"),
    trap=_t("Lines of unknown cost add nothing to it; what service and discounts cost is not taken off."),
    seed="客户盈利贡献",
    estimate=Estimate.RATIO,
    quotient=Quotient(GROSS_PROFIT, BUYERS),
    unit=Unit.MONEY,
    better=Better.HIGHER,
    echoes="revenue",
)

TOP_DECILE_SHARE = Metric(
    name="top_decile_share",
    title=_t("Revenue share of the top tenth"),
    subject="value",
    definition=_t(
        "Revenue of the tenth of the period's customers who paid most, as a share of all revenue. In a "
        "segment: of its customers, those who are in the company's top tenth."
    ),
    source=_t("Top-decile share (concentration), common usage"),
    trap=_t(
        "Who is at the top in one period is lower in the next by chance alone; a short period looks unequal."
    ),
    seed="高价值客户",
    table="spending",
    rows=of_period("period"),
    estimate=Estimate.WEIGHTED,
    of=_.top_revenue,
    weight=_.revenue,
    unit=Unit.SHARE,
    better=Better.NEITHER,
)

NET_REVENUE_RETENTION = Metric(
    name="net_revenue_retention",
    title=_t("Net revenue retention"),
    subject="value",
    definition=_t(
        "Of the customers active when the period begins, what they paid in the {active_days} days before it "
        "ends, as a share of what they had paid in the {active_days} days before it began."
    ),
    source=_t("Net revenue retention (NRR), as subscription companies report it, with the active window"),
    trap=_t(
        "The two times overlap if the period is shorter, and seasons move it: compare with the year before."
    ),
    seed="客户保留率",
    table="activity",
    rows=of_window("period"),
    estimate=Estimate.WEIGHTED,
    of=_.closing_revenue,
    weight=_.opening_revenue,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    echoes="revenue",
)

GROSS_REVENUE_RETENTION = Metric(
    name="gross_revenue_retention",
    title=_t("Gross revenue retention"),
    subject="value",
    definition=_t(
        "As net revenue retention, but each customer counts with no more than they had paid before: growth "
        "of some does not make up for the loss of others."
    ),
    source=_t("Gross revenue retention (GRR), as subscription companies report it, with the active window"),
    trap=_t(
        "Without a contract, orders come irregularly, so that it is well below 100% while nobody leaves."
    ),
    seed="客户保留率",
    table="activity",
    rows=of_window("period"),
    estimate=Estimate.WEIGHTED,
    of=_.kept_revenue,
    weight=_.opening_revenue,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    echoes="retention_rate",
)

VALUE_METRICS = (
    REVENUE_PER_CUSTOMER,
    REVENUE_PER_ACTIVE_CUSTOMER,
    PROFIT_PER_CUSTOMER,
    TOP_DECILE_SHARE,
    NET_REVENUE_RETENTION,
    GROSS_REVENUE_RETENTION,
)
