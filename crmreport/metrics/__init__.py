"""Metrics: the declarations, by subject, and the cube that computes all of them."""

from __future__ import annotations

from collections.abc import Iterable

from crmreport.metrics.behaviour import VISITORS, VISITS
from crmreport.metrics.conversion import LEAD_CONVERSION_RATE, LEADS, WIN_RATE
from crmreport.metrics.customers import (
    ACTIVE_CUSTOMERS,
    BUYERS,
    JOINED_CUSTOMERS,
    NEW_CUSTOMERS,
    REPEAT_PURCHASE_RATE,
    RETENTION_RATE,
)
from crmreport.metrics.metric import Metric
from crmreport.metrics.sales import OPEN_PIPELINE, ORDERS, PRODUCT_REVENUE, REVENUE, REVENUE_PER_ORDER
from crmreport.metrics.satisfaction import CSAT, NPS
from crmreport.metrics.service import FIRST_RESPONSE_TIME, SERVICE_CASES

METRICS: tuple[Metric, ...] = (
    REVENUE,
    ORDERS,
    REVENUE_PER_ORDER,
    PRODUCT_REVENUE,
    BUYERS,
    ACTIVE_CUSTOMERS,
    JOINED_CUSTOMERS,
    NEW_CUSTOMERS,
    RETENTION_RATE,
    REPEAT_PURCHASE_RATE,
    CSAT,
    NPS,
    SERVICE_CASES,
    FIRST_RESPONSE_TIME,
    LEADS,
    WIN_RATE,
    LEAD_CONVERSION_RATE,
    OPEN_PIPELINE,
    VISITORS,
    VISITS,
)


def metric(name: str, among: Iterable[Metric] = METRICS) -> Metric:
    """Return the metric of that name; KeyError if there is none."""
    for each in among:
        if each.name == name:
            return each
    raise KeyError(name)
