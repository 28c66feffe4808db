"""Exhibits of retention: cohorts and how long they stay, the stages of customers and how they move."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from crmreport.analyses.retention import cohorts, lifecycle
from crmreport.context import TREND_PERIODS, Context
from crmreport.display.outputs import Chart, Text
from crmreport.exhibits.analyses.drawn import Shown, curves, dimension_to_show, dots, grid, table, words
from crmreport.language import _t
from crmreport.metrics.metric import Unit
from crmreport.segments import ALL, UNKNOWN

Frames = Mapping[str, pd.DataFrame]

MOST_COHORTS = 13  # rows of the grid; all are in its table
_JUDGED_AGE = 3  # months after the first order, at which the title judges

_COHORT = Shown("label", _t("First order in"))
_AGE = Shown("age_months", _t("Months later"), Unit.COUNT)
_CUSTOMERS = Shown("customers", _t("Customers"), Unit.COUNT)
_SHARE = Shown("share", _t("Share"), Unit.SHARE)
_LOW = Shown("low", _t("From"), Unit.SHARE)
_HIGH = Shown("high", _t("To"), Unit.SHARE)


def cohort_grid(context: Context, frames: Frames) -> Chart | Text:
    """Draw which share of each cohort ordered again, month by month."""
    frame = frames["retention"]
    frame = frame[(frame["age_months"] > 0) & frame["is_complete"]]
    if frame.empty:
        return Text("")
    frame = frame.assign(label=pd.to_datetime(frame["cohort"]).dt.strftime("%Y-%m"))
    latest = sorted(frame["label"].unique())[-MOST_COHORTS:]
    title = context.say(_t("How many of each month's new customers order again, month by month"))
    kind = context.say(_t("Grid of months of the first order and months since then."))
    said = words(context, title, kind, _t("Share who ordered again"), _t("Months since the first order"))
    twin = table(context, frame, (_COHORT, _CUSTOMERS, _AGE, _SHARE, _LOW, _HIGH))
    whole_percents = Shown("share", _SHARE.title, Unit.SHARE)
    return grid(context, frame[frame["label"].isin(latest)], _COHORT, _AGE, whole_percents, said, twin)


def cohort_curve(context: Context, frames: Frames) -> Chart | Text:
    """Draw how many customers order so many months after their first order, over all cohorts."""
    text = _t("{months} months after their first order, {share} of the customers order ({low} to {high})")
    return _curve(context, frames["curve"], text, _t("Months since the first order"))


def joining_curve(context: Context, frames: Frames) -> Chart | Text:
    """Draw how many customers order so many months after they joined, over all cohorts."""
    text = _t("{months} months after they joined, {share} of the customers order ({low} to {high})")
    return _curve(context, frames["curve"], text, _t("Months since joining"))


def _curve(context: Context, frame: pd.DataFrame, judged: str, axis: str) -> Chart | Text:
    frame = frame[frame["age_months"] > 0]
    at = frame[(frame["measure"] == "on") & (frame["age_months"] == _JUDGED_AGE)]
    title = context.say(_t("How many customers come back"))
    if len(at):
        row = at.iloc[0]
        shares = {name: context.writer.percent(row[name]) for name in ("share", "low", "high")}
        title = context.say(judged, months=_JUDGED_AGE, **shares)
    if frame.empty:
        return Text("")
    measure = Shown("measure", _t("Counted"), titles=cohorts.TITLES)
    kind = context.say(_t("Lines by months, with intervals."))
    said = words(context, title, kind, _t("Share of the customers"), axis)
    twin = table(context, frame, (measure, _AGE, _CUSTOMERS, _SHARE, _LOW, _HIGH))
    return curves(context, frame, "age_months", measure, _SHARE, said, twin, zero=True)


def flows(context: Context, frames: Frames) -> Chart | Text:
    """Draw who came and who went, period by period; the title adds them up for this one."""
    frame = frames["flows"].tail(TREND_PERIODS[context.period.kind])
    now = frame[frame["period"] == context.period.key]
    if now.empty:
        return Text("")
    number = context.writer.number
    parts = {name: number(now[name].iloc[0]) for name in ("opening", "new", "reactivated", "lost", "closing")}
    title = context.say(
        _t("{opening} active + {new} new + {reactivated} came back − {lost} lost = {closing} active"), **parts
    )
    names = {"new": _t("new"), "reactivated": _t("came back"), "lost": _t("lost")}
    long = frame.melt("period", list(names), "movement", "customers").assign(low=math.nan, high=math.nan)
    said = words(context, title, context.say(_t("Lines by period.")), _t("Customers"))
    period = Shown("period", _t("Period"))
    titles = {
        "opening": _t("Active at the start"),
        "new": _t("New"),
        "reactivated": _t("Came back"),
        "lost": _t("Lost"),
        "closing": _t("Active at the end"),
    }
    twin = table(context, frame, (period, *(Shown(c, t, Unit.COUNT) for c, t in titles.items())))
    movement = Shown("movement", _t("Movement"), titles=names)
    return curves(context, long, "period", movement, _CUSTOMERS, said, twin, zero=True)


def moves(context: Context, frames: Frames) -> Chart | Text:
    """Draw from which stage to which customers moved in the period."""
    frame = frames["moves"]
    if frame.empty:
        return Text("")
    before = Shown("stage_before", _t("Stage before"), titles=lifecycle.TITLES)
    stage = Shown("stage", _t("Stage now"), titles=lifecycle.TITLES)
    at_risk = frame[(frame["stage_before"] == "at_risk") & (frame["stage"] == "lapsed")]
    title = context.say(_t("Where customers moved in the period"))
    if len(at_risk) and math.isfinite(at_risk["share"].iloc[0]):
        title = context.say(
            _t("Of those who were at risk, {share} have lapsed"),
            share=context.writer.percent(at_risk["share"].iloc[0], 0),
        )
    kind = context.say(_t("Grid of stages before and stages now."))
    said = words(context, title, kind, _t("Share of the stage before"), stage.title)
    twin = table(context, frame, (before, stage, _CUSTOMERS, _SHARE, _LOW, _HIGH))
    return grid(context, frame, before, stage, _SHARE, said, twin)


def lost_by_segment(context: Context, frames: Frames) -> Chart | Text:
    """Draw which share of the customers each segment lost in the period."""
    frame = frames["flows_by_segment"]
    frame = frame[frame["lost_share"].notna()]
    dimension = dimension_to_show(context, frame)
    of_dimension = frame[frame["dimension"] == dimension]
    if of_dimension.empty:
        return Text("")
    of_dimension = of_dimension.assign(is_unknown=of_dimension["segment"] == UNKNOWN)
    ordered = of_dimension.sort_values(["is_unknown", "lost_share"], ascending=[True, False])
    segment = Shown("segment", context.dimension_name(dimension))
    lost = Shown("lost_share", _t("Lost"), Unit.SHARE)
    first = ordered.iloc[0]
    whole = frame.loc[frame["dimension"] == ALL, "lost_share"]
    text = _t("No segment clearly lost more of its active customers than the whole company: {share}")
    if len(whole) and first["low"] > whole.iloc[0]:
        text = _t("{segment} lost the largest share of its active customers: {share}")
        whole = ordered["lost_share"]
    title = context.say(
        text,
        segment=segment.cell(context, first["segment"]),
        share=context.writer.percent(whole.iloc[0]) if len(whole) else "–",
    )
    said = words(context, title, context.say(_t("Dot chart by segment, with intervals.")), _t("Share lost"))
    columns = (segment, Shown("opening", _t("Active at the start"), Unit.COUNT), lost, _LOW, _HIGH)
    return dots(context, ordered, segment, lost, said, table(context, ordered, columns))
