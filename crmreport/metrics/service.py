"""Service metrics: how much is asked of the service, how fast it answers, and whether that solves it."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.complaints import COMPLAINT_METRICS
from crmreport.metrics.metric import Better, Estimate, Metric, Unit, happened, matured, open_at_end
from crmreport.tables.facts.service import FIRST_CONTACT_DAYS

_OPEN_DAYS = _.end.delta(_.opened_at.date(), unit="day")  # `end`: the period's

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

SLOW_RESPONSE_TIME = Metric(
    name="first_response_p90",
    title=_t("First response time, slowest tenth"),
    subject="service",
    definition=_t(
        "The time within which nine cases of ten have their first answer by a person, in calendar hours; a "
        "case without an answer counts as longer than any other."
    ),
    source=_t("90th percentile of the first reply time, as service desks report it"),
    trap=_t(
        "The median can be good while a tenth of the customers wait for days. With more than a tenth of the "
        "cases unanswered there is no figure."
    ),
    seed="响应速度",
    table="interactions",
    rows=happened("opened_at"),
    estimate=Estimate.MEDIAN,
    numerator=_.first_response_seconds.sum() / 60,
    denominator=_.is_inbound.cast("int64").sum(),
    of=_.first_response_minutes,
    quantile=0.9,
    unit=Unit.MINUTES,
    better=Better.LOWER,
    echoes="first_response_time",
)

RESOLUTION_TIME = Metric(
    name="resolution_time",
    title=_t("Resolution time"),
    subject="service",
    definition=_t(
        "Median time from opening to the resolution of the cases opened in the period, in calendar hours; an "
        "open case counts as longer than any other."
    ),
    source=_t("Median full resolution time, as service desks report it"),
    trap=_t(
        "Cases resolved in a period, in place of those opened, would leave out those that are still open: it "
        "looks best when nothing difficult gets done. A case opened again is timed to its last resolution."
    ),
    seed="服务质量",
    table="cases",
    rows=happened("opened_at"),
    estimate=Estimate.MEDIAN,
    numerator=_.resolution_seconds.sum() / 60,
    denominator=_.count(),
    of=_.resolution_minutes,
    unit=Unit.MINUTES,
    better=Better.LOWER,
)

SLOW_RESOLUTION_TIME = Metric(
    name="resolution_p90",
    title=_t("Resolution time, slowest tenth"),
    subject="service",
    definition=_t(
        "The time within which nine of ten cases opened in the period are resolved, in calendar hours; an "
        "open case counts as longer than any other."
    ),
    source=_t("90th percentile of the full resolution time, as service desks report it"),
    trap=_t(
        "The newest cases have had little time: shortly after a period many are open, and the figure still "
        "comes down."
    ),
    seed="服务质量",
    table="cases",
    rows=happened("opened_at"),
    estimate=Estimate.MEDIAN,
    numerator=_.resolution_seconds.sum() / 60,
    denominator=_.count(),
    of=_.resolution_minutes,
    quantile=0.9,
    unit=Unit.MINUTES,
    better=Better.LOWER,
    echoes="resolution_time",
)

FIRST_CONTACT_RESOLUTION = Metric(
    name="first_contact_resolution",
    title=_t("First-contact resolution"),
    subject="service",
    definition=_t(
        "Issues whose first contact was resolved within 14 days and not opened again, while the same "
        "customer did not get in touch about the same type of issue again within 14 days; as a share of the "
        "issues whose 14 days were up in the period. An issue begins with a contact that follows none of the "
        "same customer and type within 14 days."
    ),
    source=_t("First-contact resolution, as service desks report it; the windows are 7 to 30 days"),
    trap=_t(
        "Counting every contact in place of every issue takes the last of three calls about one issue for a "
        "success. Without waiting, nearly all contacts seem to solve their issue; and where no type of issue "
        "is recorded, another question of the same customer counts as the same one."
    ),
    seed="问题解决能力",
    table="cases",
    rows=matured("opened_at", FIRST_CONTACT_DAYS),
    estimate=Estimate.SHARE,
    numerator=_.is_solved_at_once.cast("int64").sum(),
    denominator=_.begins_issue.cast("int64").sum(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    history_days=2 * FIRST_CONTACT_DAYS,  # for the contacts before those of the first days
)

REOPEN_RATE = Metric(
    name="reopen_rate",
    title=_t("Reopen rate"),
    subject="service",
    definition=_t(
        "Cases that were opened again, as a share of those whose first 14 days were up in the period."
    ),
    source=_t("Common usage of service desks"),
    trap=_t(
        "Only how often is recorded, not when: older cases have had more time to be opened again. Customers "
        "who open a new case in place of the old one do not show here."
    ),
    seed="问题解决能力",
    table="cases",
    rows=matured("opened_at", FIRST_CONTACT_DAYS),
    estimate=Estimate.SHARE,
    numerator=(_.reopened_count > 0).cast("int64").sum(),
    denominator=_.reopened_count.count(),
    unit=Unit.SHARE,
    better=Better.LOWER,
)

CASES_ON_TIME = Metric(
    name="cases_on_time",
    title=_t("Cases resolved on time"),
    subject="service",
    definition=_t(
        "Customers' cases that were resolved by the day promised, as a share of those promised for a day in "
        "the period. A case that is still open then is not on time."
    ),
    source=_t("Common usage: service level met"),
    trap=_t("Only cases with a promised day are counted; a day set or moved afterwards is always met."),
    seed="服务质量",
    table="promises",
    rows=happened("due_at"),
    estimate=Estimate.SHARE,
    numerator=(_.is_kept & _.is_inbound).cast("int64").sum(),
    denominator=_.is_inbound.cast("int64").sum(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

BACKLOG = Metric(
    name="backlog",
    title=_t("Open cases"),
    subject="service",
    definition=_t("Customers' cases that are open when the period ends, of whatever age."),
    source=_t("Common usage of service desks"),
    trap=_t("Cases that nobody will ever close add up in it: look at their age, too."),
    seed="服务质量",
    table="cases",
    rows=open_at_end("opened_at", "resolved_at"),
    estimate=Estimate.COUNT,
    numerator=_.count(),
    unit=Unit.COUNT,
    better=Better.LOWER,
)

BACKLOG_AGE = Metric(
    name="backlog_age",
    title=_t("Age of open cases"),
    subject="service",
    definition=_t("Median days since the cases were opened that are open when the period ends."),
    source=_t("Common usage of service desks"),
    trap=_t("It falls when many new cases come in, without one old case being resolved."),
    seed="服务质量",
    table="cases",
    rows=open_at_end("opened_at", "resolved_at"),
    estimate=Estimate.MEDIAN,
    numerator=_OPEN_DAYS.sum(),
    denominator=_.count(),
    of=_OPEN_DAYS,
    unit=Unit.DAYS,
    better=Better.LOWER,
    echoes="backlog",
)

SERVICE_METRICS = (
    SERVICE_CASES,
    FIRST_RESPONSE_TIME,
    SLOW_RESPONSE_TIME,
    RESOLUTION_TIME,
    SLOW_RESOLUTION_TIME,
    FIRST_CONTACT_RESOLUTION,
    REOPEN_RATE,
    CASES_ON_TIME,
    BACKLOG,
    BACKLOG_AGE,
    *COMPLAINT_METRICS,
)
