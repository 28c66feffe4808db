"""Team metrics: how the company keeps in touch with its customers, and whether it does what it promised."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.customers import ACTIVE_CUSTOMERS
from crmreport.metrics.metric import Better, Estimate, Metric, Quotient, Unit, happened, matured
from crmreport.tables.facts.feedback import REPLY_DAYS

CONTACTS = Metric(
    name="contacts",
    title=_t("Contacts"),
    subject="team",
    definition=_t("Contacts and cases begun in the period, by customers or by the company."),
    source=_t("Common usage"),
    trap=_t("Split by channel it shows the mix; a case that moves from a call to mail counts once."),
    seed="沟通渠道",
    table="interactions",
    rows=happened("opened_at"),
    estimate=Estimate.COUNT,
    numerator=_.count(),
    unit=Unit.COUNT,
    better=Better.NEITHER,
    echoes="service_cases",
)

CONTACT_FREQUENCY = Metric(
    name="contact_frequency",
    title=_t("Contacts per customer"),
    subject="team",
    definition=_t("Contacts and cases of the period for each customer who is active at its end."),
    source=_t("Common usage"),
    trap=_t(
        "Customers without a contact belong to those it is divided by: the mean of those who had one is "
        "always 1 or more. More is no aim in itself, nor is less."
    ),
    seed="沟通频率",
    estimate=Estimate.RATIO,
    quotient=Quotient(CONTACTS, ACTIVE_CUSTOMERS),
    unit=Unit.NUMBER,
    better=Better.NEITHER,
    echoes="service_cases",
)

CONTACT_EFFECT = Metric(
    name="csat_after_contact",
    title=_t("Satisfaction after a contact"),
    subject="team",
    definition=_t(
        "Answers of 4 or 5 on the scale of 1 to 5, as a share of the answers in the period that follow a "
        "contact or case."
    ),
    source=_t("Top-2-box score of the surveys that follow a contact"),
    trap=_t("Only answered surveys count, and they follow resolved cases more often than open ones."),
    seed="沟通效果",
    table="feedback",
    rows=happened("answered_at"),
    estimate=Estimate.SHARE,
    numerator=(_.csat >= 4).cast("int64").sum(where=_.interaction_id.notnull()),
    denominator=_.csat.count(where=_.interaction_id.notnull()),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    echoes="csat",
)

FEEDBACK_REPLIED = Metric(
    name="feedback_replied",
    title=_t("Feedback replied to in time"),
    subject="team",
    definition=_t(
        "Answers with a comment to which the company replied within 3 days, as a share of those whose 3 days "
        "were up in the period."
    ),
    source=_t("Common usage: closing the loop"),
    trap=_t("A reply is no remedy; and who only gives a rating, without a word, is in neither number."),
    seed="反馈机制",
    table="comments",
    rows=matured("answered_at", REPLY_DAYS),
    estimate=Estimate.SHARE,
    numerator=_.is_replied_in_time.cast("int64").sum(),
    denominator=_.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

FOLLOW_UPS_KEPT = Metric(
    name="follow_ups_kept",
    title=_t("Follow-ups kept"),
    subject="team",
    definition=_t(
        "Contacts by the company that were done by the day promised, as a share of those promised for a day "
        "in the period. One that was not done is not kept."
    ),
    source=_t("Common usage"),
    trap=_t("Keeping dates is no result: read it beside retention. What was never promised is not counted."),
    seed="定期跟进",
    table="promises",
    rows=happened("due_at"),
    estimate=Estimate.SHARE,
    numerator=(_.is_kept & ~_.is_inbound).cast("int64").sum(),
    denominator=(~_.is_inbound).cast("int64").sum(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

TRANSFERS = Metric(
    name="transfers_per_case",
    title=_t("Transfers per case"),
    subject="team",
    definition=_t(
        "Mean number of times that a customer's case of the period was handed to another team or employee."
    ),
    source=_t("Common usage of service desks"),
    trap=_t(
        "A case handed to the one who can solve it is well handled: read it beside first-contact resolution."
    ),
    seed="跨部门协作",
    table="interactions",
    rows=happened("opened_at"),
    estimate=Estimate.MEAN,
    numerator=_.transfer_count.sum(where=_.is_inbound),
    denominator=_.transfer_count.count(where=_.is_inbound),
    squares=(_.transfer_count * _.transfer_count).sum(where=_.is_inbound),
    unit=Unit.NUMBER,
    better=Better.LOWER,
)

TEAM_METRICS = (
    CONTACTS,
    CONTACT_FREQUENCY,
    CONTACT_EFFECT,
    FEEDBACK_REPLIED,
    FOLLOW_UPS_KEPT,
    TRANSFERS,
)
