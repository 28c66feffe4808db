"""Queries: the SQL of every metric for one period, kept by the code that decides it."""

from __future__ import annotations

from pathlib import Path

from crmreport.kept import kept_value
from crmreport.metrics import METRICS
from crmreport.metrics.sql import metric_sql
from crmreport.periods import Period
from crmreport.versions import code_fingerprint

_DECIDING = ("metrics", "tables", "periods.py")  # the code that decides what a query is


def queries(store: Path, period: Period) -> dict[str, str]:
    """Give each metric's query for a period, by the metric's name.

    To write them costs as much as to make a dozen pages, and they are the same in every language.
    """
    depends = [period.name, str(period.start), str(period.end), code_fingerprint(*_DECIDING)]
    found: dict[str, str] = kept_value(
        store / "queries", depends, lambda: {metric.name: metric_sql(metric, period) for metric in METRICS}
    )
    return found
