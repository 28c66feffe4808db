"""Figures: a metric over time and by segment, and the funnel, as charts that say what they show."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from crmreport.context import Context
from crmreport.display import charts
from crmreport.display.charts import Words
from crmreport.display.outputs import Chart, Table
from crmreport.exhibits.status import cases, written
from crmreport.findings.detect import YEAR_BEFORE
from crmreport.language import _t
from crmreport.metrics.metric import Better, Estimate, Metric, Unit

MOST_SEGMENTS = 12  # in one chart; the smaller ones are in no chart, but in the table
_BETTER = {
    Better.HIGHER: _t("{title} (higher is better)"),
    Better.LOWER: _t("{title} (lower is better)"),
    Better.NEITHER: _t("{title}"),
}


def trend(context: Context, metric: Metric) -> Chart:
    """Draw a metric over time."""
    rows = []
    for period in context.trend_periods():
        row = context.figure(metric, context.segment, period)
        earlier = context.figure(metric, context.segment, period.year_before())
        rows.append(
            {
                "label": _short_name(context, period.name),
                "value": _number(row, "value"),
                "low": _number(row, "low"),
                "high": _number(row, "high"),
                "earlier": _number(earlier, "value"),
                "target": _or_nan(context.target(metric, context.segment, period)),
                "written": written(context, metric, row),
                "written_earlier": written(context, metric, earlier),
                "written_interval": _interval(context, metric, row),
                "cases": cases(context, row),
            }
        )
    frame = pd.DataFrame(rows)
    frame[["value", "low", "high", "earlier"]] = frame[["value", "low", "high", "earlier"]].astype(float)
    title = _finding(context, metric)
    twin = Table(
        columns=_titles(context, _t("Period"), metric.title, _t("95% interval"), _t("Cases"), _t("Year before")),
        align=("left", "right", "right", "right", "right"),
        rows=tuple(
            zip(
                frame["label"], frame["written"], frame["written_interval"], frame["cases"], frame["written_earlier"],
                strict=True,
            )
        ),
    )  # fmt: skip
    kind = context.say(_t("Line chart by period."))
    words = _words(context, metric, title, kind, context.title(metric), context.say(_t("Year before")))
    # A count or an amount is read by its height; a share or a score by its differences.
    zero = metric.unit in (Unit.COUNT, Unit.MONEY) and metric.estimate is not Estimate.MEAN
    return charts.trend(_rounded(frame), metric.unit, words, twin, zero)


def comparison(context: Context, metric: Metric, dimension: str) -> Chart:
    """Draw a metric by segment, with intervals."""
    frame, twin = _by_segment(context, metric, dimension)
    title = _leading_segment(context, metric, dimension)
    words = _words(context, metric, title, context.say(_t("Dot chart by segment, with intervals.")), *_both_years(context))
    return charts.comparison(_rounded(frame), metric.unit, words, twin, zero=False)


def split(context: Context, metric: Metric, dimension: str) -> Chart:
    """Draw how an amount splits into segments."""
    frame, twin = _by_segment(context, metric, dimension)
    known = frame.dropna(subset=["value"])
    total = known["value"].sum()
    largest = known.iloc[0] if len(known) else None
    title = context.say(_t("{title} by {dimension}"), **_names(context, metric, dimension))
    if largest is not None and total > 0:
        title = context.say(
            _t("{title} by {dimension}: {segment} brings {share}"),
            **_names(context, metric, dimension),
            segment=largest["label"],
            share=context.writer.percent(largest["value"] / total, 0),
        )
    words = _words(context, metric, title, context.say(_t("Bar chart by segment.")), *_both_years(context))
    return charts.bars(_rounded(frame), metric.unit, words, twin)


def funnel(context: Context, stages: pd.DataFrame) -> Chart:
    """Draw how far the leads came within their first 60 days."""
    own = stages[(stages["dimension"] == context.segment.dimension) & (stages["segment"] == context.segment.value)]
    now = own[own["period"] == context.period.key].sort_values("stage_order")
    before_key = dict(context.baselines())[YEAR_BEFORE].key
    before = own[own["period"] == before_key].set_index("stage")["reached"]
    first = now["reached"].iloc[0] if len(now) else 0
    first_before = before.max() if len(before) else 0
    shares = now["reached"] / first
    steps = now["reached"] / now["reached"].shift()
    frame = pd.DataFrame(
        {
            "label": [context.label(stage) for stage in now["stage"]],
            "value": shares.to_numpy(),
            "earlier": [before.get(s, math.nan) / first_before if first_before else math.nan for s in now["stage"]],
            "written": [
                f"{context.writer.percent(share, 0)} ({context.writer.number(n)})"
                for share, n in zip(shares, now["reached"], strict=True)
            ],
        }
    )
    twin = Table(
        columns=_titles(context, _t("Stage"), _t("Leads"), _t("Of all leads"), _t("Of the stage before")),
        align=("left", "right", "right", "right"),
        rows=tuple(
            (label, context.writer.number(n), context.writer.percent(share), _step(context, step))
            for label, n, share, step in zip(frame["label"], now["reached"], shares, steps, strict=True)
        ),
    )
    lost = (-now["reached"].diff()).to_numpy()
    title = context.say(_t("No leads had their 60 days up in this period"))
    if len(now) > 1:
        worst = int(pd.Series(lost[1:]).idxmax()) + 1
        title = context.say(
            _t("Most leads are lost before {stage}: {lost} of {leads}"),
            stage=frame["label"].iloc[worst],
            lost=context.writer.number(lost[worst]),
            leads=context.writer.number(first),
        )
    words = Words(
        title=title,
        description=context.say(
            _t("Bar chart of the stages that leads reached within 60 days: {stages}."),
            stages=", ".join(f"{a} {b}" for a, b in zip(frame["label"], frame["written"], strict=True)),
        ),
        value_axis=context.say(_t("Share of the leads whose 60 days ended in the period")),
        category_axis=context.say(_t("Stage")),
        now=_both_years(context)[0],
        earlier=_both_years(context)[1],
    )
    return charts.bars(_rounded(frame), "share", words, twin)


def _step(context: Context, step: float) -> str:
    return context.writer.percent(step) if math.isfinite(step) else "–"


def _by_segment(context: Context, metric: Metric, dimension: str) -> tuple[pd.DataFrame, Table]:
    """Lay out a metric's figures by segment, largest first; all in the table, the first dozen in the chart."""
    before = dict(context.baselines())[YEAR_BEFORE]
    rows = []
    for segment in context.segments_of(metric, dimension):
        row = context.figure(metric, segment, context.period)
        earlier = context.figure(metric, segment, before)
        rows.append(
            {
                "label": context.segment_name(segment),
                "value": _number(row, "value"),
                "low": _number(row, "low"),
                "high": _number(row, "high"),
                "earlier": _number(earlier, "value"),
                "written": written(context, metric, row),
                "written_earlier": written(context, metric, earlier),
                "written_interval": _interval(context, metric, row),
                "cases": cases(context, row),
            }
        )
    frame = pd.DataFrame(rows)
    frame[["value", "low", "high", "earlier"]] = frame[["value", "low", "high", "earlier"]].astype(float)
    twin = Table(
        columns=(
            context.dimension_name(dimension),
            *_titles(context, metric.title, _t("95% interval"), _t("Cases")),
            context.period_name(before),
        ),
        align=("left", "right", "right", "right", "right"),
        rows=tuple(
            zip(
                frame["label"], frame["written"], frame["written_interval"], frame["cases"], frame["written_earlier"],
                strict=True,
            )
        ),
    )  # fmt: skip
    return frame[frame["value"].notna()].head(MOST_SEGMENTS), twin


def _words(context: Context, metric: Metric, title: str, kind: str, now: str, earlier: str) -> Words:
    return Words(
        title=title,
        description=context.say(_t("{title}. {kind}"), title=title, kind=kind),
        value_axis=context.say(_BETTER[metric.better], title=context.title(metric)),
        category_axis=context.say(_t("Segment")),
        now=now,
        earlier=earlier,
    )


def _both_years(context: Context) -> tuple[str, str]:
    return context.period_name(context.period), context.period_name(dict(context.baselines())[YEAR_BEFORE])


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


def _leading_segment(context: Context, metric: Metric, dimension: str) -> str:
    """Say which segment's figure changed most clearly, as the title of a chart by segment."""
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


def _titles(context: Context, *titles: str) -> tuple[str, ...]:
    return tuple(context.say(title) for title in titles)


def _short_name(context: Context, name: str) -> str:
    """Write a period as an axis can carry it: 2025-10."""
    return name.partition("..")[0]


def _interval(context: Context, metric: Metric, row: dict[str, Any] | None) -> str:
    return (context.writer.interval(metric, row["low"], row["high"]) if row else "") or "–"


def _number(row: dict[str, Any] | None, part: str) -> float:
    return math.nan if row is None else row[part]


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """Round to what can be drawn: five digits are less than a pixel."""
    numbers = frame.select_dtypes("float").columns
    return frame.assign(**{c: [float(f"{v:.5g}") if math.isfinite(v) else math.nan for v in frame[c]] for c in numbers})
