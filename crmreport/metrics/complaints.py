"""Complaints and requests: what customers object to, want changed, or miss."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.customers import ACTIVE_CUSTOMERS
from crmreport.metrics.metric import Better, Estimate, Metric, Quotient, Unit, happened, matured, open_at_end
from crmreport.tables.facts.service import REQUEST_DAYS

_OPEN_DAYS = _.end.delta(_.opened_at.date(), unit="day")  # `end`: the period's

COMPLAINTS = Metric(
    name="complaints",
    title=_t("Complaints"),
    subject="service",
    definition=_t("Contacts and cases opened in the period in which the customer complained."),
    source=_t("Common usage"),
    trap=_t("A new way to complain brings more of them, and customers who leave complain no more."),
    seed="客户投诉",
    table="interactions",
    rows=happened("opened_at"),
    estimate=Estimate.COUNT,
    numerator=_.is_complaint.cast("int64").sum(),
    unit=Unit.COUNT,
    better=Better.LOWER,
)

COMPLAINT_RATE = Metric(
    name="complaint_rate",
    title=_t("Complaints per 1,000 customers"),
    subject="service",
    definition=_t("Complaints of the period for every 1,000 customers who are active at its end."),
    source=_t("Common usage: complaints by exposure"),
    trap=_t("The share of complaints among the contacts is no such rate: it falls when people ask more."),
    seed="客户投诉",
    estimate=Estimate.RATIO,
    quotient=Quotient(COMPLAINTS, ACTIVE_CUSTOMERS, per=1000),
    unit=Unit.NUMBER,
    better=Better.LOWER,
    echoes="complaints",
)

COMPLAINT_SHARE = Metric(
    name="complaint_share",
    title=_t("Complaints among the cases"),
    subject="service",
    definition=_t(
        "Customers' cases of the period in which they complained, as a share of all of which that is known."
    ),
    source=_t("Common usage"),
    trap=_t("It says what the desk is busy with, not how often customers complain: see the rate for that."),
    seed="客户投诉",
    table="interactions",
    rows=happened("opened_at"),
    estimate=Estimate.SHARE,
    numerator=(_.is_complaint & _.is_inbound).cast("int64").sum(),
    denominator=_.is_complaint.count(where=_.is_inbound),
    unit=Unit.SHARE,
    better=Better.LOWER,
    echoes="complaints",
)

CHANGE_REQUESTS = Metric(
    name="change_requests",
    title=_t("Change requests"),
    subject="service",
    definition=_t("Contacts and cases of the issue type 'Change request' that were opened in the period."),
    source=_t("Common usage"),
    trap=_t(
        "They are counted as far as somebody gives them this type; one wish of many customers counts often."
    ),
    seed="客户需求变更",
    table="requests",
    rows=happened("opened_at"),
    estimate=Estimate.COUNT,
    numerator=_.is_change_request.cast("int64").sum(),
    unit=Unit.COUNT,
    better=Better.NEITHER,
)

MISSING_FEATURES = Metric(
    name="missing_features",
    title=_t("Missing features reported"),
    subject="service",
    definition=_t("Contacts and cases of the issue type 'Missing feature' that were opened in the period."),
    source=_t("Common usage"),
    trap=_t("Customers who do without, or left for want of it, do not report it."),
    seed="产品功能缺失",
    table="requests",
    rows=happened("opened_at"),
    estimate=Estimate.COUNT,
    numerator=_.is_missing_feature.cast("int64").sum(),
    unit=Unit.COUNT,
    better=Better.LOWER,
)

REQUESTS_CLOSED = Metric(
    name="requests_closed",
    title=_t("Requests closed"),
    subject="service",
    definition=_t(
        "Change requests and missing features that were closed within 90 days, as a share of those whose 90 "
        "days were up in the period."
    ),
    source=_t("Common usage"),
    trap=_t("Closed is not granted: a refusal closes a request, too."),
    seed="产品功能缺失",
    table="requests",
    rows=matured("opened_at", REQUEST_DAYS),
    estimate=Estimate.SHARE,
    numerator=_.is_closed_in_time.cast("int64").sum(),
    denominator=_.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

REQUEST_AGE = Metric(
    name="request_age",
    title=_t("Age of open requests"),
    subject="service",
    definition=_t(
        "Median days since the change requests and missing features were opened that are open when the "
        "period ends."
    ),
    source=_t("Common usage"),
    trap=_t("Only the open ones are looked at: it rises while the young ones are decided on."),
    seed="客户需求变更",
    table="requests",
    rows=open_at_end("opened_at", "resolved_at"),
    estimate=Estimate.MEDIAN,
    numerator=_OPEN_DAYS.sum(),
    denominator=_.count(),
    of=_OPEN_DAYS,
    unit=Unit.DAYS,
    better=Better.LOWER,
)

COMPLAINT_METRICS = (
    COMPLAINTS,
    COMPLAINT_RATE,
    COMPLAINT_SHARE,
    CHANGE_REQUESTS,
    MISSING_FEATURES,
    REQUESTS_CLOSED,
    REQUEST_AGE,
)
