"""Market metrics: how large the market is, and our place in it."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import At, Better, Estimate, Metric, Quotient, Unit, of_period

OWN_MARKET_SALES = Metric(
    name="own_market_sales",
    title=_t("Own sales in the market"),
    subject="market",
    definition=_t(
        "Own sales of the period as the market's series have them, in their unit: the same scope as the "
        "industry's."
    ),
    source=_t("The series of kind own, in the values published last"),
    trap=_t("The revenue of orders has another scope and other days: never divide it by the market."),
    table="market",
    rows=of_period("period"),
    estimate=Estimate.KNOWN,
    numerator=_.own_sales.sum(),
    unit=Unit.NUMBER,
    better=Better.HIGHER,
    echoes="revenue",
)

MARKET_SALES = Metric(
    name="market_sales",
    title=_t("Market sales"),
    subject="market",
    definition=_t(
        "Sales of the whole industry in the period, in the unit in which they are published. Several series "
        "of one unit are added up."
    ),
    source=_t("The series of kind industry, in the values published last"),
    trap=_t(
        "First estimates are revised. Connect a total or its parts, not both; a series that is published for "
        "longer times than the period is not divided."
    ),
    table="market",
    rows=of_period("period"),
    estimate=Estimate.KNOWN,
    numerator=_.industry_sales.sum(),
    unit=Unit.NUMBER,
    better=Better.NEITHER,
)

MARKET_GROWTH = Metric(
    name="market_growth",
    title=_t("Industry growth"),
    subject="market",
    definition=_t("Market sales of the period, compared with those of the same period of the year before."),
    source=_t("S(t) / S(t - 1 year) - 1, nominal"),
    trap=_t("Nominal: rising prices are in it. An unusual year before makes this one look unusual."),
    seed="行业增长率",
    estimate=Estimate.RATIO,
    quotient=Quotient(MARKET_SALES, MARKET_SALES, at=At.YEAR_BEFORE, less=1),
    unit=Unit.SHARE,
    better=Better.NEITHER,
)

MARKET_SHARE = Metric(
    name="market_share",
    title=_t("Market share"),
    subject="market",
    definition=_t("Own sales as a share of the sales of the whole industry, both of the market's series."),
    source=_t("Own sales / market sales, by value, of the same scope, place and time"),
    trap=_t(
        "Own sales must be measured as the industry's are. The newest industry figures are estimates, whose "
        "revision moves the share."
    ),
    seed="市场份额",
    estimate=Estimate.RATIO,
    quotient=Quotient(OWN_MARKET_SALES, MARKET_SALES),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

MARKET_SHARE_CHANGE = Metric(
    name="market_share_change",
    title=_t("Change of market share on the year"),
    subject="market",
    definition=_t(
        "Market share of the period, compared with that of the same period of the year before: by how much, "
        "relative to it, we grew faster than the market."
    ),
    source=_t("share(t) / share(t - 1 year) - 1 = (1 + own growth) / (1 + market growth) - 1"),
    trap=_t("In per cent of the share, not in points: from 10 % to 11 % of the market is 10 %."),
    seed="市场份额",
    estimate=Estimate.RATIO,
    quotient=Quotient(MARKET_SHARE, MARKET_SHARE, at=At.YEAR_BEFORE, less=1),
    unit=Unit.SHARE,
    better=Better.HIGHER,
    echoes="market_share",
)

MARKET_METRICS = (
    MARKET_SALES,
    OWN_MARKET_SALES,
    MARKET_GROWTH,
    MARKET_SHARE,
    MARKET_SHARE_CHANGE,
)
