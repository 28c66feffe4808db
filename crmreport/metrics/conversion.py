"""Conversion metrics: from lead to customer, and from opportunity to deal."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import Better, Estimate, Metric, Unit, happened, matured

CONVERSION_DAYS = 60
CLOSE_DAYS = 180

LEADS = Metric(
    name="leads",
    title=_t("New leads"),
    subject="conversion",
    definition=_t("Leads and opportunities created in the period."),
    source=_t("Common usage"),
    trap=_t("More leads of a poorer source are no gain: read them with the conversion."),
    seed="潜在客户",
    table="opportunities",
    rows=happened("created_at"),
    estimate=Estimate.COUNT,
    numerator=_.opportunity_id.count(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
)

WIN_RATE = Metric(
    name="win_rate",
    title=_t("Win rate"),
    subject="conversion",
    definition=_t("Opportunities won, as a share of those closed (won or lost) in the period."),
    source=_t("Won / (won + lost), by closing date"),
    trap=_t("Deals that are lost slowly arrive later than those won; open ones are in neither part."),
    seed="成交率",
    table="opportunities",
    rows=happened("closed_at"),
    estimate=Estimate.SHARE,
    numerator=_.is_won.cast("int64").sum(),
    denominator=_.is_won.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

LEAD_CONVERSION_RATE = Metric(
    name="lead_conversion_rate",
    title=_t("Lead-to-customer conversion"),
    subject="conversion",
    definition=_t(
        "Of the leads whose first 60 days ended in the period, the share who became customers within these "
        "60 days."
    ),
    source=_t("Conversion of a cohort of leads within a fixed horizon"),
    trap=_t("A recent lead is not a lost one: leads are judged when all of them have had 60 days."),
    seed="转化率",
    table="opportunities",
    rows=matured("created_at", CONVERSION_DAYS),
    estimate=Estimate.SHARE,
    numerator=((_.days_to_close <= CONVERSION_DAYS) & _.is_won).cast("int64").sum().fill_null(0),
    denominator=_.opportunity_id.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

CLOSE_RATE = Metric(
    name="close_rate",
    title=_t("Close rate"),
    subject="conversion",
    definition=_t(
        "Of the opportunities whose first 180 days ended in the period, the share won within these 180 days; "
        "lost ones and those without a decision count as not won."
    ),
    source=_t("Won / created, of a cohort by its creation date; open deals without a decision included"),
    trap=_t(
        "Lower than the win rate, which leaves the undecided out: of 12 won, 26 lost and 9 undecided, 12/47 "
        "is 25.5% and 12/38 is 31.6%."
    ),
    seed="成交率",
    table="opportunities",
    rows=matured("created_at", CLOSE_DAYS),
    estimate=Estimate.SHARE,
    numerator=((_.days_to_close <= CLOSE_DAYS) & _.is_won).cast("int64").sum().fill_null(0),
    denominator=_.opportunity_id.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    echoes="lead_conversion_rate",
)

WIN_RATE_BY_VALUE = Metric(
    name="win_rate_by_value",
    title=_t("Win rate by value"),
    subject="conversion",
    definition=_t("Value of the opportunities won, as a share of the value of all closed in the period."),
    source=_t("Won value / (won value + lost value), by closing date"),
    trap=_t("A few large deals decide it; the value of a lost one is what was once hoped for."),
    seed="成交率",
    table="opportunities",
    rows=happened("closed_at"),
    estimate=Estimate.WEIGHTED,
    of=_.won_amount,
    weight=_.closed_amount,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    echoes="win_rate",
)

CONVERSION_METRICS = (
    LEADS,
    WIN_RATE,
    WIN_RATE_BY_VALUE,
    LEAD_CONVERSION_RATE,
    CLOSE_RATE,
)
