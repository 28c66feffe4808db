"""Conversion metrics: from lead to customer, and from opportunity to deal."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import Better, Estimate, Metric, Unit, happened, matured

CONVERSION_DAYS = 60

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
