"""Cards: the key figures at the top of a page."""

from __future__ import annotations

from typing import Any

from crmreport.context import Context
from crmreport.display.outputs import Cards
from crmreport.exhibits.status import can_be_drawn, is_shown, status_note
from crmreport.language import _t
from crmreport.metrics.figures import verdict
from crmreport.metrics.metric import Better, Metric
from crmreport.periods import Period

_BETTER = {Better.HIGHER: _t("higher is better"), Better.LOWER: _t("lower is better"), Better.NEITHER: ""}


def cards(context: Context, metrics: list[Metric]) -> Cards:
    """Make a card of each metric that the data know."""
    return Cards(tuple(_card(context, metric) for metric in metrics if context.has(metric)))


def _card(context: Context, metric: Metric) -> dict[str, Any]:
    row = context.figure(metric, context.segment, context.period)
    writer = context.writer
    note = status_note(context, row)
    value = writer.value(metric, row["value"]) if is_shown(row) else "–"
    interval = writer.interval(metric, row["low"], row["high"]) if is_shown(row) else ""
    changes = [_change(context, metric, baseline, before) for baseline, before in context.baselines()]
    goal = context.target(metric, context.segment, context.period)
    title = context.title(metric)
    said = context.say(_t("{title}: {value}"), title=title, value=value if is_shown(row) else note)
    return {
        "title": title,
        "value": value,
        "interval": context.say(_t("95% interval {interval}"), interval=interval) if interval else "",
        "note": note,
        "better": context.say(_BETTER[metric.better]) if _BETTER[metric.better] else "",
        "target": "" if goal is None else _target(context, metric, goal, row),
        "changes": changes,
        "trend": [_value(context, metric, period) for period in context.trend_periods()],
        "alt": "; ".join([said, *(f"{c['text']} {c['label']}" for c in changes if c["text"])]),
    }


def _value(context: Context, metric: Metric, period: Period) -> float | None:
    row = context.figure(metric, context.segment, period)
    return float(f"{row['value']:.4g}") if can_be_drawn(row) else None


def _change(context: Context, metric: Metric, baseline: str, before: Period) -> dict[str, str]:
    """Write one change; "unclear" where chance or routine may be all there is to it."""
    label = context.say(_t("on {period}"), period=context.period_name(before))
    found = context.change(metric, context.segment, baseline)
    if found is None:
        return {"label": label, "text": "–", "verdict": "none"}
    return {
        "label": label,
        "text": context.writer.difference(metric, found["before_value"], found["difference"]),
        "verdict": verdict(metric, found["difference"], found["is_clear"]),
    }


def _target(context: Context, metric: Metric, goal: float, row: dict[str, Any] | None) -> str:
    """Write the target, and whether it is reached."""
    written = context.writer.value(metric, goal)
    # What is not over can still be reached.
    if not is_shown(row) or row["status"] == "incomplete" or metric.better is Better.NEITHER:
        return context.say(_t("target {target}"), target=written)
    reached = row["value"] >= goal if metric.better is Better.HIGHER else row["value"] <= goal
    text = _t("target {target}: reached") if reached else _t("target {target}: missed")
    return context.say(text, target=written)
