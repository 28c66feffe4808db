"""Behaviour metrics: what people do on the web site, in the app or in the product."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import Better, Estimate, Metric, Unit, happened

VISITORS = Metric(
    name="visitors",
    title=_t("Visitors"),
    subject="behaviour",
    definition=_t("Visitors or devices with at least one action in the period, each counted once."),
    source=_t("Unique visitors, as web analytics counts them"),
    trap=_t("Who comes on two devices, or has deleted cookies, is counted twice; months do not add up."),
    seed="独立访客数",
    table="events",
    rows=happened("occurred_at"),
    estimate=Estimate.COUNT,
    numerator=_.visitor_id.nunique(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
)

VISITS = Metric(
    name="visits",
    title=_t("Visits"),
    subject="behaviour",
    definition=_t("Visits (sessions) with at least one action in the period."),
    source=_t("Sessions, as the source of the data separates them"),
    trap=_t("Sources end a visit after different pauses; one visit over midnight of a month is in both."),
    seed="访问次数",
    table="events",
    rows=happened("occurred_at"),
    estimate=Estimate.COUNT,
    numerator=_.session_id.nunique(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
)
