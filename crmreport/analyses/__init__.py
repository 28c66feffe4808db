"""Analyses: what is not a ratio; one file per method, each a plain function from tables to small frames."""

from __future__ import annotations

from crmreport.analyses.analysis import Analysis
from crmreport.analyses.forecasting.forecast import FORECAST
from crmreport.analyses.market.economy import ECONOMY
from crmreport.analyses.market.position import MARKET_POSITION
from crmreport.analyses.marketing.budget import BUDGET
from crmreport.analyses.marketing.campaign_effects import CAMPAIGN_EFFECTS
from crmreport.analyses.pipeline.deal_times import SALES_CYCLE, TIME_TO_CONVERT
from crmreport.analyses.products.affinity import AFFINITY
from crmreport.analyses.products.cross_sell import CROSS_SELL
from crmreport.analyses.products.demand import DEMAND
from crmreport.analyses.products.next_category import NEXT_CATEGORY
from crmreport.analyses.products.next_purchase import NEXT_PURCHASE
from crmreport.analyses.products.preference import PREFERENCE
from crmreport.analyses.products.purchase_times import PURCHASE_TIMES
from crmreport.analyses.retention.cohorts import COHORTS, JOINING_COHORTS
from crmreport.analyses.retention.lifecycle import LIFECYCLE
from crmreport.analyses.retention.tenure import TENURE
from crmreport.analyses.risk.churn import CHURN, LEAVING
from crmreport.analyses.value.abc import ABC
from crmreport.analyses.value.clusters import CLUSTERS
from crmreport.analyses.value.lifetime_value import LIFETIME_VALUE
from crmreport.analyses.value.potential import POTENTIAL
from crmreport.analyses.value.rfm import RFM
from crmreport.analyses.voices.issues import ISSUES_BY_TYPE
from crmreport.analyses.voices.kano import KANO
from crmreport.analyses.voices.response_time import RESPONSE_TIME
from crmreport.analyses.voices.sentiment import SENTIMENT
from crmreport.analyses.web.paths import PATHS
from crmreport.analyses.web.visit_funnel import VISIT_FUNNEL

ANALYSES: tuple[Analysis, ...] = (
    LIFECYCLE,
    RFM,
    CLUSTERS,
    COHORTS,
    JOINING_COHORTS,
    TENURE,
    CHURN,
    LEAVING,
    LIFETIME_VALUE,
    POTENTIAL,
    ABC,
    PREFERENCE,
    AFFINITY,
    CROSS_SELL,
    PURCHASE_TIMES,
    NEXT_PURCHASE,
    NEXT_CATEGORY,
    DEMAND,
    SENTIMENT,
    RESPONSE_TIME,
    KANO,
    ISSUES_BY_TYPE,
    SALES_CYCLE,
    TIME_TO_CONVERT,
    VISIT_FUNNEL,
    PATHS,
    CAMPAIGN_EFFECTS,
    BUDGET,
    MARKET_POSITION,
    ECONOMY,
    FORECAST,
)


def analysis_named(name: str) -> Analysis:
    """Return the analysis of that name; KeyError if there is none."""
    for each in ANALYSES:
        if each.name == name:
            return each
    raise KeyError(name)
