"""Breakdown: a metric by the segments of a dimension, compared or as parts of an amount."""

from __future__ import annotations

import pandas as pd

from crmreport.context import Context
from crmreport.display import charts
from crmreport.display.outputs import Chart, Table
from crmreport.exhibits.figures import both_years, laid_out, twin_of, words_of
from crmreport.findings.detect import YEAR_BEFORE
from crmreport.language import _t
from crmreport.metrics.metric import Metric

MOST_SEGMENTS = 12  # in one chart; the smaller ones are in no chart, but in the table


def comparison(context: Context, metric: Metric, dimension: str) -> Chart:
    """Draw a metric by segment, with intervals; its title names the segment that changed most clearly."""
    frame, twin = _by_segment(context, metric, dimension)
    kind = context.say(_t("Dot chart by segment, with intervals."))
    title = _outstanding(context, metric, dimension)
    words = words_of(context, metric, title, kind, *both_years(context))
    return charts.comparison(frame.head(MOST_SEGMENTS), metric.unit, words, twin, zero=False)


def split(context: Context, metric: Metric, dimension: str) -> Chart:
    """Draw how an amount splits into segments; its title names the largest."""
    frame, twin = _by_segment(context, metric, dimension)
    frame = frame[(frame["value"] != 0) | (frame["earlier"] > 0)]
    total = frame["value"].sum()
    title = context.say(_t("{title} by {dimension}"), **_names(context, metric, dimension))
    if total > 0:
        title = context.say(
            _t("{title} by {dimension}: {segment} brings {share}"),
            **_names(context, metric, dimension),
            segment=frame["label"].iloc[0],
            share=context.writer.percent(frame["value"].iloc[0] / total, 0),
        )
    kind = context.say(_t("Bar chart by segment."))
    words = words_of(context, metric, title, kind, *both_years(context))
    return charts.bars(frame.head(MOST_SEGMENTS), metric.unit, words, twin)


def _by_segment(context: Context, metric: Metric, dimension: str) -> tuple[pd.DataFrame, Table]:
    """Lay out a metric's figures by segment, largest first; all of them in the table."""
    before = context.period.year_before()
    rows = [
        (
            context.segment_name(segment),
            context.figure(metric, segment, context.period),
            context.figure(metric, segment, before),
        )
        for segment in context.segments_of(metric, dimension)
    ]
    frame = laid_out(context, metric, rows)
    names = context.dimension_name(dimension), context.period_name(before)
    return frame[frame["value"].notna()], twin_of(context, metric, frame, *names)


def _outstanding(context: Context, metric: Metric, dimension: str) -> str:
    """Say which segment's figure changed most clearly."""
    names = _names(context, metric, dimension)
    clear = [
        (change, segment)
        for segment in context.segments_of(metric, dimension)
        if (change := context.change(metric, segment, YEAR_BEFORE)) and change["is_clear"]
    ]
    if not clear:
        return context.say(_t("{title} by {dimension}: no clear change in any segment"), **names)
    change, segment = max(clear, key=lambda item: abs(item[0]["z"]))
    return context.say(
        _t("{title} by {dimension}: {segment} stands out, {difference} on {period}"),
        **names,
        segment=context.segment_name(segment),
        difference=context.writer.difference(metric, change["before_value"], change["difference"]),
        period=context.speaker.period_name(change["before_period"]),
    )


def _names(context: Context, metric: Metric, dimension: str) -> dict[str, str]:
    return {"title": context.title(metric), "dimension": context.dimension_in_sentence(dimension)}
