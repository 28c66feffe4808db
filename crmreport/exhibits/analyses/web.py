"""Exhibits of the web site: where visitors go from each page, and where they are lost before they buy."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from crmreport.analyses.web import paths as paths_analysis
from crmreport.analyses.web import visit_funnel
from crmreport.analyses.web.steps import GOAL, LEFT
from crmreport.context import Context
from crmreport.display.outputs import Chart, Table, Text
from crmreport.exhibits.analyses.drawn import Shown, bars, dots, grid, table, words
from crmreport.language import _t
from crmreport.metrics.metric import Unit
from crmreport.segments import ALL, UNKNOWN

Frames = Mapping[str, pd.DataFrame]

MOST_PATHS = 10

_SHARE = Shown("share", _t("Share"), Unit.SHARE)
_FROM = Shown("low", _t("From"), Unit.SHARE)
_TO = Shown("high", _t("To"), Unit.SHARE)
_STEP = Shown("step", _t("Step"), titles=visit_funnel.TITLES)


def funnel(context: Context, frames: Frames) -> Chart | Text:
    """Draw how many visitors reached each step within one visit; the title names the greatest loss."""
    frame = frames["steps"]
    frame = frame[frame["dimension"] == ALL].sort_values("step_order")
    if frame.empty:
        return Text("")
    visitors = Shown("visitors", _t("Visitors"), Unit.COUNT)
    title = context.say(_t("How many visitors reach each step"))
    worst = frame[frame["is_bottleneck"]]
    if len(worst):
        row = worst.iloc[0]
        title = context.say(
            _t("Most visitors are lost before {step}: {lost}; {rate} go on"),
            step=_STEP.cell(context, row["step"]),
            lost=context.writer.number(row["lost"]),
            rate=context.writer.percent(row["step_rate"], 0),
        )
    columns = (
        _STEP,
        visitors,
        Shown("step_rate", _t("Of the step before"), Unit.SHARE),
        _FROM,
        _TO,
        Shown("overall_rate", _t("Of all visitors"), Unit.SHARE),
        Shown("step_rate_before", _t("Period before"), Unit.SHARE),
    )
    said = words(context, title, context.say(_t("Bar chart by step.")), visitors.title, _STEP.title)
    return bars(context, frame, _STEP, visitors, said, table(context, frame, columns))


def funnel_by_segment(context: Context, frames: Frames) -> Chart | Text:
    """Draw the share of the visitors who take the last step, by device or by source."""
    frame = frames["steps"]
    frame = frame[(frame["dimension"] != ALL) & (frame["segment"] != UNKNOWN)]
    last = frame[frame["step_order"] == frame["step_order"].max()]
    if last.empty:
        return Text("")
    dimension = last["dimension"].iloc[0]
    last = last[(last["dimension"] == dimension) & last["step_rate"].notna()]
    last = last.sort_values("step_rate", ascending=False, kind="stable")
    if last.empty:
        return Text("")
    segment = Shown("segment", context.dimension_name(dimension))
    rate = Shown("step_rate", _t("Go on"), Unit.SHARE)
    best, worst = last.iloc[0], last.iloc[-1]
    text = _t("The last step is taken by {high} with {best} and {low} with {worst}")
    if best["low"] <= worst["high"]:
        text = _t("The last step: no clear difference between the segments")
    title = context.say(
        text,
        high=context.writer.percent(best["step_rate"], 0),
        best=segment.cell(context, best["segment"]),
        low=context.writer.percent(worst["step_rate"], 0),
        worst=segment.cell(context, worst["segment"]),
    )
    kind = context.say(_t("Dot chart by segment, with intervals."))
    said = words(context, title, kind, _t("Share of the step before"), segment.title)
    columns = (segment, _STEP, Shown("visitors", _t("Visitors"), Unit.COUNT), rate, _FROM, _TO)
    return dots(context, last, segment, rate, said, table(context, frame, columns))


def transitions(context: Context, frames: Frames) -> Chart | Text:
    """Draw where visitors go from each page."""
    frame = frames["transitions"]
    if frame.empty:
        return Text("")
    before = Shown("state", _t("Page"), titles=paths_analysis.TITLES)
    after = Shown("next_state", _t("Next page"), titles=paths_analysis.TITLES)
    share = Shown("probability", _t("Share"), Unit.SHARE)
    pages = frames["pages"]
    title = context.say(_t("Where visitors go from each page"))
    if len(pages):
        most = pages.loc[pages["exits"].idxmax()]
        title = context.say(
            _t("Most visits end on {page}: {exits} of its {views} views"),
            page=before.cell(context, most["page"]),
            exits=context.writer.number(most["exits"]),
            views=context.writer.number(most["views"]),
        )
    kind = context.say(_t("Grid of pages and next pages."))
    said = words(context, title, kind, _t("Share of the steps from the page"), after.title)
    columns = (before, after, Shown("steps", _t("Steps"), Unit.COUNT), share, _FROM, _TO)
    return grid(context, frame, before, after, share, said, table(context, frame, columns))


def paths(context: Context, frames: Frames) -> Table | Text:
    """Show the most frequent paths to the goal, and to leaving."""
    frame = frames["paths"]
    if frame.empty:
        return Text("")
    outcomes = {
        "goal": paths_analysis.TITLES[GOAL],
        "left": paths_analysis.TITLES[LEFT],
    }
    columns = (
        Shown("outcome", _t("Outcome"), titles=outcomes),
        Shown("path", _t("Path")),
        Shown("visits", _t("Visits"), Unit.COUNT),
        _SHARE,
        _FROM,
        _TO,
    )
    frame = frame.head(MOST_PATHS * 2)
    for sign, title in paths_analysis.TITLES.items():
        frame = frame.assign(path=frame["path"].str.replace(sign, context.say(title), regex=False))
    return table(context, frame, columns, context.say(_t("The most frequent paths")))


def pages(context: Context, frames: Frames) -> Table | Text:
    """Show how long visitors stay on each page, and how often they leave from it."""
    frame = frames["pages"]
    if frame.empty:
        return Text("")
    stay = frame.assign(minutes=frame["median_seconds"] / 60)
    note = context.say(
        _t("How long the last page of a visit was looked at is not known: it counts as longer than was seen.")
    )
    columns = (
        Shown("page", _t("Page"), titles=paths_analysis.TITLES),
        Shown("views", _t("Views"), Unit.COUNT),
        Shown("exit_share", _t("Visits that end here"), Unit.SHARE),
        Shown("minutes", _t("Median minutes on it"), Unit.NUMBER),
    )
    shown = stay if math.isfinite(stay["minutes"].max()) else stay.assign(minutes=math.nan)
    return table(context, shown, columns, context.say(_t("Pages, by views")), (note,))
