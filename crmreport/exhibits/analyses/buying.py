"""Exhibits of buying: when customers order, what groups they form, and how few bring how much."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from crmreport.analyses.products import purchase_times
from crmreport.analyses.value import abc as abc_classes
from crmreport.analyses.value import clusters
from crmreport.context import Context
from crmreport.display.outputs import Chart, Table, Text
from crmreport.exhibits.analyses.drawn import Shown, dots, grid, table, words
from crmreport.language import _t
from crmreport.metrics.metric import Unit

Frames = Mapping[str, pd.DataFrame]

_WEEKDAY = Shown("weekday", _t("Weekday"), titles=purchase_times.TITLES)
_INDEX = Shown("index", _t("Index"), Unit.COUNT)
_ORDERS = Shown("orders", _t("Orders"), Unit.COUNT)
_AXIS = _t("Orders, index: 100 is the mean of all hours")


def times(context: Context, frames: Frames) -> Chart | Text:
    """Draw when in the week customers order: by hour, or by day where the data have no time of day."""
    summary = frames["summary"]
    if summary.empty or frames["weekdays"].empty:
        return Text("")
    return _by_hour(context, frames["hours"]) if summary["has_hours"].iloc[0] else _by_day(context, frames)


def _by_hour(context: Context, frame: pd.DataFrame) -> Chart:
    hour = Shown("hour", _t("Hour of the day"), Unit.COUNT)
    most = frame.sort_values("index", ascending=False, kind="stable").iloc[0]
    title = context.say(
        _t(
            "Most orders come on {weekday} from {hour} to {next} o'clock, {times} times as many as on average"
        ),
        weekday=_WEEKDAY.cell(context, most["weekday"]),
        hour=int(most["hour"]),
        next=int(most["hour"]) + 1,
        times=context.writer.number(most["index"] / 100, 1),
    )
    said = words(context, title, context.say(_t("Grid of weekdays and hours.")), _AXIS, hour.title)
    open_hours = frame.groupby("hour")["orders"].transform("sum") > 0
    twin = table(context, frame[frame["orders"] > 0], (_WEEKDAY, hour, _ORDERS, _INDEX))
    return grid(context, frame[open_hours], _WEEKDAY, hour, _INDEX, said, twin)


def _by_day(context: Context, frames: Frames) -> Chart:
    frame = frames["weekdays"]
    most = frame.sort_values("index", ascending=False, kind="stable").iloc[0]
    title = context.say(
        _t("Most orders come on {weekday}: index {index}, where the mean is 100"),
        weekday=_WEEKDAY.cell(context, most["weekday"]),
        index=_INDEX.cell(context, most["index"]),
    )
    kind = context.say(_t("Dot chart by weekday, with intervals."))
    said = words(context, title, kind, _AXIS, _WEEKDAY.title)
    columns = (
        _WEEKDAY,
        _ORDERS,
        _INDEX,
        Shown("low", _t("From"), Unit.COUNT),
        Shown("high", _t("To"), Unit.COUNT),
    )
    return dots(context, frame, _WEEKDAY, _INDEX, said, table(context, frame, columns))


def classes(context: Context, frames: Frames) -> Table | Text:
    """Show how few customers bring most of the revenue."""
    frame = frames["abc"]
    if frame.empty:
        return Text("")
    columns = (
        Shown("abc_class", _t("Class"), titles=abc_classes.TITLES),
        Shown("customers", _t("Customers"), Unit.COUNT),
        Shown("share_customers", _t("Of all customers"), Unit.SHARE),
        Shown("amount", _t("Revenue of a year"), Unit.MONEY),
        Shown("share_amount", _t("Of all revenue"), Unit.SHARE),
        Shown("orders", _t("Days with an order"), Unit.NUMBER),
    )
    return table(context, frame, columns, context.say(_t("How few customers bring most of the revenue")))


def groups(context: Context, frames: Frames) -> Table | Text:
    """Show the groups that customers form by how recently, how often and for how much they order."""
    frame = frames["clusters"]
    if frame.empty:
        return Text("")
    columns = (
        Shown("recency", _t("Last order"), titles=clusters.TITLES),
        Shown("frequency", _t("Orders"), titles=clusters.TITLES),
        Shown("value", _t("Amount of an order"), titles=clusters.TITLES),
        Shown("customers", _t("Customers"), Unit.COUNT),
        Shown("share", _t("Of all customers"), Unit.SHARE),
        Shown("share_amount", _t("Of all revenue"), Unit.SHARE),
        Shown("recency_days", _t("Days since the last order"), Unit.COUNT),
    )
    quality = frames["quality"].iloc[0]
    note = context.say(
        _t("Silhouette {silhouette}, {reference} without groups; agreement of resampled groups {agreement}."),
        silhouette=context.writer.number(quality["silhouette"], 2),
        reference=context.writer.number(quality["reference"], 2),
        agreement=context.writer.number(quality["agreement"], 2),
    )
    return table(context, frame, columns, context.say(_t("Groups that customers form")), (note,))
