"""Metrics: the declarations, by subject, and the cube that computes all of them."""

from __future__ import annotations

from collections.abc import Iterable

from crmreport.metrics.behaviour import BEHAVIOUR_METRICS
from crmreport.metrics.conversion import CONVERSION_METRICS
from crmreport.metrics.customers import CUSTOMER_METRICS
from crmreport.metrics.flows import FLOW_METRICS
from crmreport.metrics.market import MARKET_METRICS
from crmreport.metrics.marketing import MARKETING_METRICS
from crmreport.metrics.metric import Metric
from crmreport.metrics.pipeline import PIPELINE_METRICS
from crmreport.metrics.sales import SALES_METRICS
from crmreport.metrics.satisfaction import SATISFACTION_METRICS
from crmreport.metrics.service import SERVICE_METRICS
from crmreport.metrics.team import TEAM_METRICS
from crmreport.metrics.value import VALUE_METRICS

METRICS: tuple[Metric, ...] = (
    *SALES_METRICS,
    *CUSTOMER_METRICS,
    *FLOW_METRICS,
    *VALUE_METRICS,
    *SATISFACTION_METRICS,
    *SERVICE_METRICS,
    *CONVERSION_METRICS,
    *PIPELINE_METRICS,
    *TEAM_METRICS,
    *MARKETING_METRICS,
    *MARKET_METRICS,
    *BEHAVIOUR_METRICS,
)


def metric(name: str, among: Iterable[Metric] = METRICS) -> Metric:
    """Return the metric of that name; KeyError if there is none."""
    for each in among:
        if each.name == name:
            return each
    raise KeyError(name)
