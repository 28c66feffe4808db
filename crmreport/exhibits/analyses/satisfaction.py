"""Exhibits of satisfaction: which features matter, and how satisfaction goes with the time to an answer."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from crmreport.analyses.voices import kano as kano_analysis
from crmreport.context import Context
from crmreport.display.outputs import Chart, Table, Text
from crmreport.exhibits.analyses.drawn import Shown, dots, table, words
from crmreport.language import _t
from crmreport.metrics.metric import Unit

Frames = Mapping[str, pd.DataFrame]

_FROM = Shown("low", _t("From"), Unit.SHARE)
_TO = Shown("high", _t("To"), Unit.SHARE)


def kano(context: Context, frames: Frames) -> Table | Text:
    """Show each feature's category, and what having and lacking it does to satisfaction."""
    frame = frames["features"]
    if frame.empty:
        return Text("")
    category = Shown("category", _t("Kano category"), titles=kano_analysis.TITLES)
    columns = (
        Shown("feature", _t("Feature")),
        Shown("n", _t("Answers"), Unit.COUNT),
        category,
        Shown("second", _t("Next"), titles=kano_analysis.TITLES),
        Shown("clear", _t("Clear"), titles={"True": _t("yes"), "False": _t("no")}),
        Shown("better", _t("Better, if there"), Unit.NUMBER),
        Shown("worse", _t("Worse, if not"), Unit.NUMBER),
    )
    notes = [
        context.say(
            _t(
                "Must-be: missed if absent, unnoticed if there. One-dimensional: the more, the better. "
                "Attractive: delights if there, unnoticed if absent. Better and Worse say how far a feature "
                "lifts or lowers satisfaction, from 0 to 1."
            )
        )
    ]
    if frame["is_doubtful"].any():
        share = context.writer.percent(frame["questionable_share"].max())
        text = _t("Up to {share} of the answers contradict themselves: ask more clearly.")
        notes.append(context.say(text, share=share))
    caption = context.say(_t("What customers feel if a feature is there, and if it is not"))
    return table(context, frame.assign(clear=frame["is_clear"].astype(str)), columns, caption, tuple(notes))


def response_time(context: Context, frames: Frames) -> Chart | Text:
    """Draw satisfaction by how long the first answer took."""
    frame = frames["bins"]
    frame = frame[(frame["kind"] == "fixed") & frame["csat"].notna()].sort_values("place")
    if frame.empty:
        return Text("")
    frame = frame.assign(label=[_between(context, *pair) for pair in _bounds(frame)])
    label = Shown("label", _t("First answer within"))
    csat = Shown("csat", _t("Satisfied"), Unit.SHARE)
    first, last = frame.iloc[0], frame.iloc[-1]
    title = context.say(_t("Satisfaction does not clearly go with the time to the first answer"))
    if frames["trend"]["p"].iloc[0] < 0.05:
        title = context.say(
            _t("{fast} are satisfied where the answer came within {first}, {slow} where it took {last}"),
            fast=context.writer.percent(first["csat"], 0),
            first=context.writer.duration(first["to_minutes"]),
            slow=context.writer.percent(last["csat"], 0),
            last=last["label"],
        )
    kind = context.say(_t("Dot chart by time to the first answer, with intervals."))
    columns = (label, Shown("answers", _t("Answers"), Unit.COUNT), csat, _FROM, _TO)
    notes = (context.say(_t("An association: slow answers and unhappy customers may share a cause.")),)
    said = words(context, title, kind, _t("Satisfied (4 or 5 of 5)"), label.title)
    return dots(context, frame, label, csat, said, table(context, frame, columns, notes=notes))


def _bounds(frame: pd.DataFrame) -> list[tuple[float, float]]:
    return list(zip(frame["from_minutes"], frame["to_minutes"], strict=True))


def _between(context: Context, low: float, high: float) -> str:
    """Write a range of times; the last has no end."""
    if math.isfinite(high):
        return context.say(
            _t("{low} to {high}"), low=context.writer.duration(low), high=context.writer.duration(high)
        )
    return context.say(_t("more than {time}"), time=context.writer.duration(low))
