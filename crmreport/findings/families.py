"""Families: which figures a review speaks of first, and which of them say the same thing in other words."""

from __future__ import annotations

from crmreport.metrics import metric as metric_named
from crmreport.metrics.metric import Metric

# What a company is run by. The other metrics tell why these moved: they are tested apart, so that many of
# them do not blunt the tests of these, and head a review only where too few of these have changed.
KEY_METRICS = (
    *("revenue", "orders", "revenue_per_order", "product_revenue"),
    *("buyers", "active_customers", "joined_customers", "new_customers"),
    *("retention_rate", "repeat_purchase_rate", "csat", "nps", "service_cases", "first_response_time"),
    *("leads", "win_rate", "lead_conversion_rate", "open_pipeline", "visitors", "visits"),
)


def is_key(metric: str) -> bool:
    """Say whether a metric is one that a review speaks of first."""
    return metric in KEY_METRICS


def is_change(metric: Metric) -> bool:
    """Say whether a metric is a change itself, such as growth, and so is not compared with earlier ones."""
    return metric.quotient is not None and metric.quotient.top is metric.quotient.bottom


def family_of(metric: str) -> str:
    """Name the metric whose changes one repeats in other words: what it echoes in the end, or itself."""
    echoed = metric_named(metric).echoes
    return family_of(echoed) if echoed else metric
