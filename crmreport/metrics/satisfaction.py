"""Satisfaction metrics: what customers say when they are asked, and whether they answer at all."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import Better, Estimate, Metric, Unit, happened, matured
from crmreport.tables.facts.feedback import ANSWER_DAYS

CSAT = Metric(
    name="csat",
    title=_t("Customer satisfaction (CSAT)"),
    subject="satisfaction",
    definition=_t("Answers of 4 or 5 on the scale of 1 to 5, as a share of all answers in the period."),
    source=_t("Top-2-box score, the usual form of CSAT"),
    trap=_t("Only those who answer are heard; the share and the mean can move apart."),
    seed="客户满意度",
    table="feedback",
    rows=happened("answered_at"),
    estimate=Estimate.SHARE,
    numerator=(_.csat >= 4).cast("int64").sum(),
    denominator=_.csat.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

CSAT_MEAN = Metric(
    name="csat_mean",
    title=_t("Mean satisfaction rating"),
    subject="satisfaction",
    definition=_t("Mean of the answers in the period, on the scale of 1 to 5."),
    source=_t("Common usage"),
    trap=_t(
        "Ratings lie at the ends: the same mean can come from content customers and from a few furious ones. "
        "Read it beside the share of 4 and 5."
    ),
    seed="满意度评分",
    table="feedback",
    rows=happened("answered_at"),
    estimate=Estimate.MEAN,
    numerator=_.csat.sum(),
    denominator=_.csat.count(),
    squares=(_.csat * _.csat).sum(),
    unit=Unit.NUMBER,
    better=Better.HIGHER,
    echoes="csat",
)

NPS = Metric(
    name="nps",
    title=_t("Net Promoter Score (NPS)"),
    subject="satisfaction",
    definition=_t(
        "Share of promoters (9 or 10 of 10) less share of detractors (0 to 6), in points from -100 to 100."
    ),
    source=_t("Reichheld, Harvard Business Review, December 2003; variance (p + d - (p - d)²) / n"),
    trap=_t("With 100 answers the margin is about 15 points: smaller moves are noise."),
    seed="净推荐值",
    table="feedback",
    rows=happened("answered_at"),
    estimate=Estimate.MEAN,
    numerator=100 * ((_.nps >= 9).cast("int64").sum() - (_.nps <= 6).cast("int64").sum()),
    denominator=_.nps.count(),
    squares=10000 * ((_.nps >= 9).cast("int64").sum() + (_.nps <= 6).cast("int64").sum()),
    unit=Unit.POINTS,
    better=Better.HIGHER,
)

RECOMMENDATION = Metric(
    name="recommendation",
    title=_t("Intention to recommend"),
    subject="satisfaction",
    definition=_t("Mean likelihood to recommend, on the scale of 0 to 10, of the answers in the period."),
    source=_t("The question of the Net Promoter Score, as a mean"),
    trap=_t("What customers say they will do is not what they do: look at referred customers, too."),
    seed="推荐意愿",
    table="feedback",
    rows=happened("answered_at"),
    estimate=Estimate.MEAN,
    numerator=_.nps.sum(),
    denominator=_.nps.count(),
    squares=(_.nps * _.nps).sum(),
    unit=Unit.NUMBER,
    better=Better.HIGHER,
    echoes="nps",
)

REPURCHASE_INTENTION = Metric(
    name="repurchase_intention",
    title=_t("Repurchase intention"),
    subject="satisfaction",
    definition=_t("Answers of 4 or 5 to the likelihood to buy again, 1 to 5, as a share of all answers."),
    source=_t(
        "Top-2-box score; how far intentions foretell sales: Morwitz, Steckel and Gupta, International "
        "Journal of Forecasting 23, 2007"
    ),
    trap=_t("An intention is no purchase: never mix it with the repeat purchase rate."),
    seed="再购买意愿",
    table="feedback",
    rows=happened("answered_at"),
    estimate=Estimate.SHARE,
    numerator=(_.repurchase_intention >= 4).cast("int64").sum(),
    denominator=_.repurchase_intention.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

EASE = Metric(
    name="ease",
    title=_t("Found it easy (CES)"),
    subject="satisfaction",
    definition=_t("Answers of 5 to 7 to 'It was easy', on the scale of 1 to 7, as a share of all answers."),
    source=_t("Customer Effort Score in its second form, agreement from 1 to 7"),
    trap=_t(
        "The first form (Dixon, Freeman and Toman, Harvard Business Review, July 2010) asks for the effort, "
        "1 to 5, where low is good: the two run in opposite directions and cannot be compared."
    ),
    seed="客户体验",
    table="feedback",
    rows=happened("answered_at"),
    estimate=Estimate.SHARE,
    numerator=(_.ces >= 5).cast("int64").sum(),
    denominator=_.ces.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

CES_MEAN = Metric(
    name="ces_mean",
    title=_t("Customer Effort Score (CES)"),
    subject="satisfaction",
    definition=_t("Mean agreement with 'It was easy', 1 strongly disagree to 7 strongly agree."),
    source=_t("Customer Effort Score in its second form, agreement from 1 to 7"),
    trap=_t("High is good here; on the older scale of effort, 1 to 5, low is good."),
    seed="客户体验管理",
    table="feedback",
    rows=happened("answered_at"),
    estimate=Estimate.MEAN,
    numerator=_.ces.sum(),
    denominator=_.ces.count(),
    squares=(_.ces * _.ces).sum(),
    unit=Unit.NUMBER,
    better=Better.HIGHER,
    echoes="ease",
)

RESPONSE_RATE = Metric(
    name="response_rate",
    title=_t("Survey response rate"),
    subject="satisfaction",
    definition=_t(
        "Customers asked who answered within 14 days, as a share of all asked whose 14 days were up in the "
        "period."
    ),
    source=_t("AAPOR, Standard Definitions: the minimum response rate RR1"),
    trap=_t(
        "Who has left is not asked, and who is silent is not heard: a high rate of those asked says nothing "
        "of the customers who are gone."
    ),
    seed="满意度调查",
    table="invitations",
    rows=matured("invited_at", ANSWER_DAYS),
    estimate=Estimate.SHARE,
    numerator=_.is_answered_in_time.cast("int64").sum(),
    denominator=_.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

SATISFACTION_METRICS = (
    CSAT,
    CSAT_MEAN,
    NPS,
    RECOMMENDATION,
    REPURCHASE_INTENTION,
    EASE,
    CES_MEAN,
    RESPONSE_RATE,
)
