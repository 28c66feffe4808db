"""SQL: each metric as the query that computes it, derived from its declaration."""

from __future__ import annotations

from textwrap import indent

import ibis
from ibis import _

from crmreport.metrics.metric import Estimate, Metric
from crmreport.metrics.placing import in_periods
from crmreport.metrics.quotients import at
from crmreport.periods import Period
from crmreport.tables.facts import fact_named


def metric_sql(metric: Metric, period: Period) -> str:
    """Write the query that gives a metric of one period, for the whole company, in DuckDB's SQL.

    Its columns are `value` and, for what is no quotient, the parts that it is made of.
    """
    if metric.quotient is None:
        return str(ibis.to_sql(_query(metric, period), dialect="duckdb"))
    quotient = metric.quotient
    top = metric_sql(quotient.top, period)
    bottom = metric_sql(quotient.bottom, at(period, quotient.at))
    times = f" * {quotient.per:g}" if quotient.per != 1 else ""
    less = f" - {quotient.less:g}" if quotient.less else ""
    value = f"CASE WHEN bottom.value > 0 THEN top.value / bottom.value{times}{less} END"
    return (
        f"WITH top AS (\n{indent(top, '  ')}\n), bottom AS (\n{indent(bottom, '  ')}\n)\n"
        f"SELECT {value} AS value FROM top, bottom"
    )


def _query(metric: Metric, period: Period) -> ibis.Table:
    if metric.rows.rule == "target":
        return _target(metric.rows.column, period)
    chosen = _chosen(metric, period)
    if metric.estimate is Estimate.WEIGHTED:
        both = chosen.filter([metric.of.notnull(), metric.weight.notnull()])
        summed = both.aggregate(numerator=metric.of.sum(), denominator=metric.weight.sum())
        return summed.mutate(value=_.numerator / _.denominator.nullif(0))
    if metric.denominator is None:
        return chosen.aggregate(value=metric.numerator)
    parts = {"numerator": metric.numerator, "denominator": metric.denominator}
    if metric.estimate is Estimate.MEDIAN:
        middle = metric.of.median() if metric.quantile == 0.5 else metric.of.quantile(metric.quantile)
        return chosen.aggregate(**parts, value=middle)
    return chosen.aggregate(**parts).mutate(value=_.numerator / _.denominator.nullif(0))


def _chosen(metric: Metric, period: Period) -> ibis.Table:
    """Choose the rows of the period."""
    fact = ibis.table(fact_named(metric.table).schema, name=metric.table)
    rows = metric.rows
    if rows.rule == "happened":
        day = fact[rows.column].date()
        days = tuple(rows.days_of(period))
        return fact.filter(day.between(ibis.date(days[0]), ibis.date(days[-1])))
    if rows.rule == "open_at_end":
        opened, closed, end = fact[rows.column].date(), fact[rows.until].date(), ibis.date(period.end)
        stock = fact.filter([opened < end, closed.isnull() | (closed >= end)])
        # Ages are counted to the period's end; others are easier to read without it.
        return stock.mutate(end=end) if "_.end" in repr(metric.of) else stock
    placed = in_periods(fact, rows, (period,))
    return placed.filter(placed.period == period.key)


def _target(metric: str, period: Period) -> ibis.Table:
    """Choose the target of the period, or else the one for every period."""
    columns = {"metric": "string", "period": "string", "segment": "string", "target": "float64"}
    targets = ibis.table(columns, name="targets")
    own = targets.filter(
        [targets.metric == metric, targets.segment == "all", targets.period.isin((period.name, ""))]
    )
    return own.order_by(own.period.desc()).limit(1).select(value=own.target)
