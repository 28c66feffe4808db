"""Satisfaction metrics: what customers say when they are asked."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import Better, Estimate, Metric, Unit, happened

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
