"""Pipeline metrics: what is open, what it brings, how fast, and what each salesperson brings."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import At, Better, Estimate, Metric, Quotient, Unit, happened, open_at_end
from crmreport.metrics.sales import SALES_TARGET

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

OPEN_OPPORTUNITIES = Metric(
    name="open_opportunities",
    title=_t("Open opportunities"),
    subject="conversion",
    definition=_t("Number of leads and opportunities that are open when the period ends."),
    source=_t("Common usage in sales management"),
    trap=_t("Nobody closes what is forgotten: a growing number may be old ones that are dead."),
    seed="商机追踪",
    table="opportunities",
    rows=open_at_end("created_at", "closed_at"),
    estimate=Estimate.COUNT,
    numerator=_.opportunity_id.count(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
    echoes="open_pipeline",
)

PIPELINE_COVERAGE = Metric(
    name="pipeline_coverage",
    title=_t("Pipeline coverage"),
    subject="conversion",
    definition=_t(
        "Expected value of the opportunities open when the period ends, over the revenue target of the next "
        "period: how many times it would reach if all were won."
    ),
    source=_t("Pipeline coverage ratio, common usage in sales management; the target is that of targets.csv"),
    trap=_t("Three times is no law: what is enough is 1 / (win rate by value), and not all closes in time."),
    seed="商机追踪",
    estimate=Estimate.RATIO,
    quotient=Quotient(OPEN_PIPELINE, SALES_TARGET, at=At.NEXT),
    unit=Unit.NUMBER,
    better=Better.HIGHER,
    echoes="open_pipeline",
)

WON_VALUE = Metric(
    name="won_value",
    title=_t("Value won"),
    subject="conversion",
    definition=_t("Value of the opportunities won in the period."),
    source=_t("Closed-won bookings, by closing date; common usage in sales management"),
    trap=_t("Not revenue: an opportunity is won before it is ordered, and orders come without one."),
    seed="销售业绩",
    table="opportunities",
    rows=happened("closed_at"),
    estimate=Estimate.TOTAL,
    numerator=_.won_amount.sum(),
    squares=_.won_amount_squared.sum(),
    unit=Unit.MONEY,
    better=Better.HIGHER,
)

SALES_CYCLE = Metric(
    name="sales_cycle",
    title=_t("Sales cycle"),
    subject="conversion",
    definition=_t("Median number of days from creation to close, of the opportunities won in the period."),
    source=_t("Sales cycle length, as sales management reports it"),
    trap=_t(
        "Only deals that are over are counted, and of those in a growing pipeline the fast ones are over "
        "first: the true cycle is longer, often by a third. See the analysis with open deals."
    ),
    seed="销售周期",
    table="opportunities",
    rows=happened("closed_at"),
    estimate=Estimate.MEDIAN,
    numerator=_.days_to_win.sum(),
    denominator=_.days_to_win.count(),
    of=_.days_to_win,
    unit=Unit.DAYS,
    better=Better.LOWER,
)

_MEAN_CYCLE = Metric(
    name="mean_sales_cycle",
    title=_t("Mean sales cycle"),
    subject="conversion",
    definition=_t("Mean number of days from creation to close, of the opportunities won in the period."),
    source=_t("Sales cycle length, as sales management reports it"),
    trap=_t("A few very long deals move it."),
    table="opportunities",
    rows=happened("closed_at"),
    estimate=Estimate.MEAN,
    numerator=_.days_to_win.sum(),
    denominator=_.days_to_win.count(),
    squares=(_.days_to_win * _.days_to_win).sum(),
    unit=Unit.DAYS,
    better=Better.LOWER,
)

_VALUE_PER_CLOSE = Metric(
    name="value_per_close",
    title=_t("Value won per closed opportunity"),
    subject="conversion",
    definition=_t("Value won over the number of opportunities closed (won or lost) in the period."),
    source=_t("Win rate times mean value won, of the same opportunities"),
    trap=_t("A few large deals move it."),
    table="opportunities",
    rows=happened("closed_at"),
    estimate=Estimate.MEAN,
    numerator=_.won_amount.sum(),
    denominator=_.won_amount.count(),
    squares=_.won_amount_squared.sum(),
    unit=Unit.MONEY,
    better=Better.HIGHER,
)

_DAYS_PER_VALUE = Metric(
    name="days_per_value",
    title=_t("Days of the sales cycle per unit of value"),
    subject="conversion",
    definition=_t("Mean sales cycle over the value won per closed opportunity."),
    source=_t("A part of the pipeline velocity"),
    trap=_t("A few large deals move it."),
    estimate=Estimate.RATIO,
    quotient=Quotient(_MEAN_CYCLE, _VALUE_PER_CLOSE),
    unit=Unit.NUMBER,
    better=Better.LOWER,
)

PIPELINE_VELOCITY = Metric(
    name="pipeline_velocity",
    title=_t("Pipeline velocity"),
    subject="conversion",
    definition=_t(
        "Value that the pipeline brings per day if it goes on as in the period: open opportunities at its "
        "end, times win rate, times mean value won, over the mean sales cycle in days. The last three are of "
        "the opportunities closed in the period."
    ),
    source=_t("Sales velocity, common usage: opportunities x win rate x value / cycle"),
    trap=_t(
        "A product of averages is no average: where large deals take longer, it says too much. Segments do "
        "not add up."
    ),
    seed="销售效率",
    estimate=Estimate.RATIO,
    quotient=Quotient(OPEN_OPPORTUNITIES, _DAYS_PER_VALUE),
    unit=Unit.MONEY,
    better=Better.HIGHER,
    echoes="open_pipeline",
)

SALES_OWNERS = Metric(
    name="sales_owners",
    title=_t("Active salespeople"),
    subject="conversion",
    definition=_t("Employees who lead at least one opportunity that was closed (won or lost) in the period."),
    source=_t("Common usage in sales management"),
    trap=_t("Who left in the middle of the period counts as a whole; months do not add up to a year."),
    seed="销售团队绩效",
    table="opportunities",
    rows=happened("closed_at"),
    estimate=Estimate.KNOWN,
    numerator=_.owner.nunique().nullif(0),
    unit=Unit.COUNT,
    better=Better.NEITHER,
)

WON_VALUE_PER_OWNER = Metric(
    name="won_value_per_owner",
    title=_t("Value won per salesperson"),
    subject="conversion",
    definition=_t("Value of the opportunities won in the period, over the salespeople who closed any in it."),
    source=_t("Sales efficiency: revenue per salesperson, common usage"),
    trap=_t(
        "Territories and products differ, and chance is large with few deals each: no ranking of people."
    ),
    seed="销售效率",
    estimate=Estimate.RATIO,
    quotient=Quotient(WON_VALUE, SALES_OWNERS),
    unit=Unit.MONEY,
    better=Better.HIGHER,
    echoes="won_value",
)

PIPELINE_METRICS = (
    OPEN_PIPELINE,
    OPEN_OPPORTUNITIES,
    PIPELINE_COVERAGE,
    WON_VALUE,
    SALES_CYCLE,
    PIPELINE_VELOCITY,
    SALES_OWNERS,
    WON_VALUE_PER_OWNER,
)
