"""Exhibits of voices: what customers write, how well that was read, and what they complain about."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from crmreport.analyses.voices import polarity_measured, topics
from crmreport.context import Context
from crmreport.display.outputs import Chart, Table, Text
from crmreport.exhibits.analyses.drawn import Shown, dimension_to_show, dots, table, words
from crmreport.language import _t
from crmreport.metrics.metric import Unit
from crmreport.segments import ALL, UNKNOWN

Frames = Mapping[str, pd.DataFrame]

_FROM = Shown("low", _t("From"), Unit.SHARE)
_TO = Shown("high", _t("To"), Unit.SHARE)
_NEGATIVE = Shown("negative_share", _t("Negative"), Unit.SHARE)
_COMMENTS = Shown("n", _t("Comments"), Unit.COUNT)
_ISSUE = Shown("issue_type", _t("Issue type"))
_LANGUAGES = {"en": _t("English"), "zh": _t("Chinese")}


def sentiment(context: Context, frames: Frames) -> Chart | Text:
    """Draw which share of the comments of a year is negative, by segment."""
    frame = frames["shares"]
    frame = frame[frame["window"] == "year"]
    whole = frame[frame["dimension"] == ALL]
    dimension = dimension_to_show(context, frame)
    drawn = frame[(frame["dimension"] == dimension) & (frame["segment"] != UNKNOWN)]
    if whole.empty or drawn.empty:
        return Text("")
    segment = Shown("segment", context.dimension_name(dimension))
    total = whole.iloc[0]
    drawn = drawn.sort_values("negative_share", ascending=False, kind="stable")
    worst = drawn.iloc[0]
    text = _t("{share} of the comments of a year are negative, in no segment clearly more")
    if worst["low"] > total["negative_share"]:
        text = _t("{share} of the comments of a year are negative; in {segment} {more}")
    title = context.say(
        text,
        share=context.writer.percent(total["negative_share"], 0),
        segment=segment.cell(context, worst["segment"]),
        more=context.writer.percent(worst["negative_share"], 0),
    )
    kind = context.say(_t("Dot chart by segment, with intervals."))
    columns = (
        segment,
        _COMMENTS,
        Shown("positive_share", _t("Positive"), Unit.SHARE),
        Shown("neutral_share", _t("Neutral"), Unit.SHARE),
        _NEGATIVE,
        _FROM,
        _TO,
        Shown("corrected_share", _t("Negative, corrected for misreading"), Unit.SHARE),
    )
    said = words(context, title, kind, _t("Share of negative comments"), segment.title)
    twin = table(context, pd.concat([whole, drawn], ignore_index=True), columns)
    return dots(context, drawn, segment, _NEGATIVE, said, twin)


def topic(context: Context, frames: Frames) -> Chart | Text:
    """Draw how often the comments about a topic are negative."""
    frame = frames["topics"]
    frame = frame[frame["negative_share"].notna()]
    frame = frame.sort_values("negative_share", ascending=False, kind="stable")
    if frame.empty:
        return Text("")
    subject = Shown("topic", _t("Topic"), titles=topics.TITLES)
    worst = frame.iloc[0]
    title = context.say(
        _t("{topic}: {share} of {n} comments are negative"),
        topic=subject.cell(context, worst["topic"]),
        share=context.writer.percent(worst["negative_share"], 0),
        n=context.writer.number(worst["n"]),
    )
    kind = context.say(_t("Dot chart by topic, with intervals."))
    columns = (subject, _COMMENTS, Shown("negative", _t("Negative ones"), Unit.COUNT), _NEGATIVE, _FROM, _TO)
    said = words(context, title, kind, _t("Share of negative comments"), subject.title)
    return dots(context, frame, subject, _NEGATIVE, said, table(context, frame, columns))


def accuracy(context: Context, frames: Frames) -> Table | Text:
    """Show how well comments are read: tested on texts that people had labelled."""
    frame = frames["accuracy"]
    if frame.empty:
        return Text("")
    columns = (
        Shown("language", _t("Language"), titles=_LANGUAGES),
        Shown("text_kind", _t("Texts"), titles=polarity_measured.KIND_TITLES),
        Shown("read", _t("Read"), Unit.COUNT),
        Shown("accuracy", _t("Read rightly"), Unit.SHARE),
        _FROM,
        _TO,
        Shown("recall", _t("Negative ones found"), Unit.SHARE),
        Shown("specificity", _t("Others taken for others"), Unit.SHARE),
    )
    shown = frame[frame["is_used"] | (frame["held_out"] == "kinds")]
    note = _t("Tested on texts of a kind that was not learnt from. A single comment may well be misread.")
    caption = context.say(_t("How well comments are read"))
    return table(context, shown, columns, caption, (context.say(note),))


def complaints(context: Context, frames: Frames) -> Chart | Text:
    """Draw the complaints per thousand active customers, by type."""
    frame = frames["issues"]
    frame = frame[frame["complaints_per_1000"].notna() & (frame["complaints"] > 0)]
    frame = frame.sort_values("complaints_per_1000", ascending=False, kind="stable")
    if frame.empty:
        return Text("")
    rate = Shown("complaints_per_1000", _t("Complaints per 1,000 customers"), Unit.NUMBER)
    first = frame.iloc[0]
    title = context.say(
        _t("Most complaints: {issue}, {rate} per 1,000 active customers"),
        issue=_ISSUE.cell(context, first["issue_type"]),
        rate=context.writer.number(first["complaints_per_1000"], 1),
    )
    kind = context.say(_t("Dot chart by type, with intervals."))
    columns = (
        _ISSUE,
        Shown("cases", _t("Cases"), Unit.COUNT),
        Shown("complaints", _t("Complaints"), Unit.COUNT),
        rate,
        Shown("low", _t("From"), Unit.NUMBER),
        Shown("high", _t("To"), Unit.NUMBER),
    )
    said = words(context, title, kind, _t("Complaints per 1,000 active customers"), _ISSUE.title)
    return dots(context, frame, _ISSUE, rate, said, table(context, frame, columns))


def solving(context: Context, frames: Frames) -> Table | Text:
    """Show how long each type of case is open, and how often one comes again."""
    frame = frames["times"]
    if frame.empty:
        return Text("")
    columns = (
        _ISSUE,
        Shown("cases", _t("Cases of a year"), Unit.COUNT),
        Shown("open", _t("Still open"), Unit.COUNT),
        Shown("median_days", _t("Median days to close"), Unit.NUMBER),
        Shown("reopened_share", _t("Opened again"), Unit.SHARE),
        Shown("reopened_low", _t("From"), Unit.SHARE),
        Shown("reopened_high", _t("To"), Unit.SHARE),
    )
    return table(context, frame, columns, context.say(_t("How long cases are open, by type")))
