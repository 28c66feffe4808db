"""Analyses: what is not a ratio; one file per method, each a plain function from tables to small frames."""

from __future__ import annotations

from crmreport.analyses.abc import ABC
from crmreport.analyses.affinity import AFFINITY
from crmreport.analyses.analysis import Analysis
from crmreport.analyses.budget import BUDGET
from crmreport.analyses.campaign_effects import CAMPAIGN_EFFECTS
from crmreport.analyses.churn import CHURN, LEAVING
from crmreport.analyses.clusters import CLUSTERS
from crmreport.analyses.cohorts import COHORTS, JOINING_COHORTS
from crmreport.analyses.cross_sell import CROSS_SELL
from crmreport.analyses.deal_times import SALES_CYCLE, TIME_TO_CONVERT
from crmreport.analyses.demand import DEMAND
from crmreport.analyses.economy import ECONOMY
from crmreport.analyses.forecast import FORECAST
from crmreport.analyses.issues import ISSUES_BY_TYPE
from crmreport.analyses.kano import KANO
from crmreport.analyses.lifecycle import LIFECYCLE
from crmreport.analyses.lifetime_value import LIFETIME_VALUE
from crmreport.analyses.market_position import MARKET_POSITION
from crmreport.analyses.next_category import NEXT_CATEGORY
from crmreport.analyses.next_purchase import NEXT_PURCHASE
from crmreport.analyses.paths import PATHS
from crmreport.analyses.potential import POTENTIAL
from crmreport.analyses.preference import PREFERENCE
from crmreport.analyses.purchase_times import PURCHASE_TIMES
from crmreport.analyses.response_time import RESPONSE_TIME
from crmreport.analyses.rfm import RFM
from crmreport.analyses.sentiment import SENTIMENT
from crmreport.analyses.tenure import TENURE
from crmreport.analyses.visit_funnel import VISIT_FUNNEL

ANALYSES: tuple[Analysis, ...] = (
    PATHS,
    VISIT_FUNNEL,
    CAMPAIGN_EFFECTS,
    BUDGET,
    MARKET_POSITION,
    ECONOMY,
    FORECAST,
    RFM,
    LIFETIME_VALUE,
    POTENTIAL,
    TENURE,
    CHURN,
    LEAVING,
    SALES_CYCLE,
    TIME_TO_CONVERT,
    COHORTS,
    JOINING_COHORTS,
    LIFECYCLE,
    ABC,
    CLUSTERS,
    AFFINITY,
    PREFERENCE,
    CROSS_SELL,
    DEMAND,
    NEXT_PURCHASE,
    NEXT_CATEGORY,
    PURCHASE_TIMES,
    KANO,
    ISSUES_BY_TYPE,
    RESPONSE_TIME,
    SENTIMENT,
)


def analysis_named(name: str) -> Analysis:
    """Return the analysis of that name; KeyError if there is none."""
    for each in ANALYSES:
        if each.name == name:
            return each
    raise KeyError(name)
