"""SQL: each metric as the query that computes it, derived from its declaration."""

from __future__ import annotations

import ibis

from crmreport.metrics.metric import Estimate, Metric
from crmreport.metrics.placing import in_periods
from crmreport.periods import Period
from crmreport.tables.facts import fact_named


def metric_sql(metric: Metric, period: Period) -> str:
    """Write the query that gives a metric of one period, for the whole company, in DuckDB's SQL."""
    fact = ibis.table(fact_named(metric.table).schema, name=metric.table)
    rows = metric.rows
    if rows.rule == "happened":
        day = fact[rows.column].date()
        days = tuple(rows.days_of(period))
        chosen = fact.filter(day.between(ibis.date(days[0]), ibis.date(days[-1])))
    elif rows.rule == "open_at_end":
        opened, closed, end = fact[rows.column].date(), fact[rows.until].date(), ibis.date(period.end)
        chosen = fact.filter([opened < end, closed.isnull() | (closed >= end)])
    else:
        placed = in_periods(fact, rows, (period,))
        chosen = placed.filter(placed.period == period.key)
    parts = {"numerator": metric.numerator}
    if metric.denominator is not None:
        parts["denominator"] = metric.denominator
    if metric.estimate is Estimate.MEDIAN:
        parts["value"] = metric.of.median()
    return str(ibis.to_sql(chosen.aggregate(**parts), dialect="duckdb"))
