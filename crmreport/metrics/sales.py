"""Sales metrics: what was ordered, what it leaves, and how that compares with before and with the target."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import At, Better, Estimate, Metric, Quotient, Unit, happened, target_for

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

REVENUE_GROWTH = Metric(
    name="revenue_growth",
    title=_t("Revenue growth on the period before"),
    subject="sales",
    definition=_t("Revenue of the period over that of the period before, less 1."),
    source=_t("Month-on-month (or week-on-week, quarter-on-quarter) growth, common usage"),
    trap=_t(
        "Months differ in their days and weekends, and every season looks like growth or decline: read it "
        "with the growth on the year before."
    ),
    seed="销售额增长",
    estimate=Estimate.RATIO,
    quotient=Quotient(REVENUE, REVENUE, at=At.PREVIOUS, less=1),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    echoes="revenue",
)

REVENUE_GROWTH_YEAR = Metric(
    name="revenue_growth_year",
    title=_t("Revenue growth on the year before"),
    subject="sales",
    definition=_t("Revenue of the period over that of the same period of the year before, less 1."),
    source=_t("Year-on-year growth, common usage"),
    trap=_t(
        "Holidays that move, such as Easter or the Chinese New Year, fall into another month; growth after a "
        "bad year is a recovery."
    ),
    seed="同比增长率",
    estimate=Estimate.RATIO,
    quotient=Quotient(REVENUE, REVENUE, at=At.YEAR_BEFORE, less=1),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    echoes="revenue",
)

UNITS_SOLD = Metric(
    name="units_sold",
    title=_t("Units sold"),
    subject="sales",
    definition=_t("Units of all order lines of the period, less those returned."),
    source=_t("Common usage"),
    trap=_t("Units of different products add up to no volume: a lamp counts as much as a desk."),
    seed="购买量",
    table="order_lines",
    rows=happened("ordered_at"),
    estimate=Estimate.TOTAL,
    numerator=_.units.sum(),
    squares=_.units_squared.sum(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
    echoes="product_revenue",
)

GROSS_PROFIT = Metric(
    name="gross_profit",
    title=_t("Gross profit"),
    subject="sales",
    definition=_t(
        "Value of the order lines of the period less the cost of their units, where the cost of the product "
        "is known."
    ),
    source=_t("Revenue less cost of goods sold, common usage; without the cost to serve"),
    trap=_t(
        "Today's unit cost is applied to the past; lines of unknown cost are left out, not taken as free, "
        "and discounts on a whole order belong to no line."
    ),
    seed="盈利能力",
    table="order_lines",
    rows=happened("ordered_at"),
    estimate=Estimate.TOTAL,
    numerator=_.profit.sum(),
    squares=_.profit_squared.sum(),
    unit=Unit.MONEY,
    better=Better.HIGHER,
    echoes="product_revenue",
)

GROSS_MARGIN = Metric(
    name="gross_margin",
    title=_t("Gross margin"),
    subject="sales",
    definition=_t("Gross profit as a share of the value of the same order lines, those of known cost."),
    source=_t(
        "Gross margin, common usage; interval of a ratio estimator (Cochran 1977, Sampling Techniques)"
    ),
    trap=_t("It moves with the product mix while no price or cost changes: read it by category."),
    seed="盈利能力",
    table="order_lines",
    rows=happened("ordered_at"),
    estimate=Estimate.WEIGHTED,
    of=_.profit,
    weight=_.costed_amount,
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

SALES_TARGET = Metric(
    name="sales_target",
    title=_t("Revenue target"),
    subject="sales",
    definition=_t("What revenue should reach in the period, as targets.csv says."),
    source=_t("Set by the company"),
    trap=_t("Of a period that is not over, it is the target of the whole period."),
    seed="绩效监控",
    table="targets",
    rows=target_for("revenue"),
    estimate=Estimate.KNOWN,
    unit=Unit.MONEY,
    better=Better.NEITHER,
)

TARGET_ATTAINMENT = Metric(
    name="target_attainment",
    title=_t("Target attainment"),
    subject="sales",
    definition=_t("Revenue of the period as a share of its target in targets.csv."),
    source=_t("Quota attainment, common usage in sales management"),
    trap=_t(
        "It judges the target as much as the sales; a team with few orders misses or beats it by chance."
    ),
    seed="绩效监控",
    estimate=Estimate.RATIO,
    quotient=Quotient(REVENUE, SALES_TARGET),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    echoes="revenue",
)

SALES_METRICS = (
    REVENUE,
    REVENUE_GROWTH,
    REVENUE_GROWTH_YEAR,
    SALES_TARGET,
    TARGET_ATTAINMENT,
    ORDERS,
    REVENUE_PER_ORDER,
    PRODUCT_REVENUE,
    UNITS_SOLD,
    GROSS_PROFIT,
    GROSS_MARGIN,
)
