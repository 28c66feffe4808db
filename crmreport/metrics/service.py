"""Service metrics: how much is asked of the service, and how fast it answers."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import Better, Estimate, Metric, Unit, happened

SERVICE_CASES = Metric(
    name="service_cases",
    title=_t("Service cases"),
    subject="service",
    definition=_t("Contacts and cases that customers opened in the period."),
    source=_t("Common usage"),
    trap=_t("More cases may mean more customers: read them per customer too."),
    seed="服务记录",
    table="interactions",
    rows=happened("opened_at"),
    estimate=Estimate.COUNT,
    numerator=_.is_inbound.cast("int64").sum(),
    unit=Unit.COUNT,
    better=Better.LOWER,
)

FIRST_RESPONSE_TIME = Metric(
    name="first_response_time",
    title=_t("First response time"),
    subject="service",
    definition=_t(
        "Median time from opening to the first answer by a person, in calendar hours; a case "
        "without an answer "
        "counts as longer than any other."
    ),
    source=_t("Median first reply time, as service desks report it"),
    trap=_t("Leaving unanswered cases out would flatter it; the mean follows a few very long waits."),
    seed="客服响应时间",
    table="interactions",
    rows=happened("opened_at"),
    estimate=Estimate.MEDIAN,
    numerator=_.first_response_seconds.sum() / 60,
    denominator=_.is_inbound.cast("int64").sum(),
    of=_.first_response_minutes,
    unit=Unit.MINUTES,
    better=Better.LOWER,
)
