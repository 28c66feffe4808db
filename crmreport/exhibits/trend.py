"""Trend: a metric over time, with its interval, the year before and its targets."""

from __future__ import annotations

import math
from dataclasses import replace

from crmreport.context import Context
from crmreport.display import charts
from crmreport.display.outputs import Chart, Text
from crmreport.exhibits.figures import Row, laid_out, twin_of, words_of
from crmreport.exhibits.status import can_be_drawn, written
from crmreport.language import _t
from crmreport.metrics.metric import Estimate, Metric, Unit
from crmreport.periods import Period


def trend(context: Context, metric: Metric) -> Chart | Text:
    """Draw a metric over time; its title says what it did in the page's period."""
    periods = context.trend_periods()
    rows = [
        (_label(p), _drawn(context, metric, p), _drawn(context, metric, p.year_before())) for p in periods
    ]
    frame = laid_out(context, metric, rows)
    if frame["value"].isna().all():
        return Text(context.say(_t("{title}: no complete period to draw yet."), title=context.title(metric)))
    targets = [context.target(metric, context.segment, period) for period in periods]
    frame["target"] = [math.nan if target is None else target for target in targets]
    twin = twin_of(context, metric, frame, context.say(_t("Period")), context.say(_t("Year before")))
    kind = context.say(_t("Line chart by period."))
    title = _finding(context, metric)
    words = words_of(context, metric, title, kind, context.title(metric), context.say(_t("Year before")))
    words = replace(words, category_axis=context.say(_t("Period")))
    # A count or an amount is read by its height; a share or a score by its differences.
    zero = metric.unit in (Unit.COUNT, Unit.MONEY) and metric.estimate is not Estimate.MEAN
    return charts.trend(frame, metric.unit, words, twin, zero)


def _drawn(context: Context, metric: Metric, period: Period) -> Row:
    row = context.figure(metric, context.segment, period)
    return row if can_be_drawn(row) else None


def _label(period: Period) -> str:
    """Write a period as an axis can carry it: 2025-10."""
    return period.name.partition("..")[0]


def _finding(context: Context, metric: Metric) -> str:
    """Say what the metric did, as the title of its chart."""
    row = context.figure(metric, context.segment, context.period)
    names = {"title": context.title(metric), "value": written(context, metric, row)}
    change = context.main_change(metric, context.segment)
    if change is None:
        return context.say(_t("{title}: {value}"), **names)
    names["period"] = context.speaker.period_name(change["before_period"])
    names["difference"] = context.writer.difference(metric, change["before_value"], change["difference"])
    if not change["is_clear"]:
        return context.say(_t("{title}: {value}, no clear change on {period}"), **names)
    return context.say(_t("{title}: {value}, {difference} on {period}"), **names)
