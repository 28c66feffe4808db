"""Exhibits of times: how long customers stay, how long deals take, how soon leads are won."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pandas as pd

from crmreport.context import Context
from crmreport.display.outputs import Chart, Text
from crmreport.exhibits.analyses.drawn import Shown, curves, table, words
from crmreport.language import _t
from crmreport.metrics.metric import Unit
from crmreport.segments import ALL, UNKNOWN

Frames = Mapping[str, pd.DataFrame]
Exhibit = Callable[[Context, Frames], Chart | Text]

_FROM = Shown("low", _t("From"), Unit.SHARE)
_TO = Shown("high", _t("To"), Unit.SHARE)
_DAYS = Shown("days", _t("Days"), Unit.COUNT)


def survival_of(median: str, still: str) -> Exhibit:
    """Give the exhibit of a survival curve.

    `median` says in its title after how many days half are over (``{days}``, ``{low}``, ``{high}``);
    `still` is what its axis counts. Marked texts.
    """

    def exhibit(context: Context, frames: Frames) -> Chart | Text:
        medians = frames["medians"][frames["medians"]["dimension"] == ALL]
        title = context.say(still)
        if len(medians) and math.isfinite(medians["median_days"].iloc[0]):
            row = medians.iloc[0]
            number = context.writer.number
            bounds = {
                name: number(row[name]) if math.isfinite(row[name]) else "–" for name in ("low", "high")
            }
            title = context.say(median, days=number(row["median_days"]), **bounds)
        return _curve(context, frames["curve"], "survival", title, still)

    return exhibit


def time_to_convert(context: Context, frames: Frames) -> Chart | Text:
    """Draw the share of the leads that were won within so many days."""
    shares = frames["shares"][(frames["shares"]["dimension"] == ALL)]
    title = context.say(_t("How soon leads are won"))
    if len(shares):
        row = shares.sort_values("days").iloc[-1]
        title = context.say(
            _t("{share} of the leads are won within {days} days"),
            share=context.writer.percent(row["share"]),
            days=context.writer.number(row["days"]),
        )
    return _curve(context, frames["curve"], "share", title, _t("Share of the leads won"))


def _curve(context: Context, frame: pd.DataFrame, column: str, title: str, axis: str) -> Chart | Text:
    """Draw the curves of the groups that differ most surely, or of all."""
    if frame.empty:
        return Text("")
    parts = frame[(frame["dimension"] != ALL) & (frame["segment"] != UNKNOWN)]
    drawn = parts if len(parts) else frame
    dimension = drawn["dimension"].iloc[0]
    name = context.dimension_name(dimension) if dimension != ALL else _t("Group")
    group = Shown("segment", name, titles={ALL: _t("Whole company")})
    share = Shown(column, axis, Unit.SHARE)
    kind = context.say(_t("Stepped lines by days, with intervals."))
    said = words(context, title, kind, axis, _DAYS.title)
    twin = table(context, frame, (group, _DAYS, share, _FROM, _TO))
    return curves(context, drawn, "days", group, share, said, twin, zero=True, steps=True)
