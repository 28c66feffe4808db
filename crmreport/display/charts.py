"""Charts: small frames of figures to Vega-Lite specifications; each knows its title, words and numbers.

Only the columns that a chart draws go into it, once for all its layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from crmreport.display import theme
from crmreport.display.layers import Part, data, layer, nominal, quantitative, tooltip
from crmreport.display.outputs import Chart, Table

# Vega abbreviates by thousands; Chinese counts by ten thousands.
_LARGE_NUMBERS = {
    "zh_CN": "abs(datum.value) >= 1e8 ? format(datum.value / 1e8, '~r') + '亿'"
    " : abs(datum.value) >= 1e4 ? format(datum.value / 1e4, '~r') + '万' : format(datum.value, ',')"
}
_AXIS_FORMAT = {
    "share": "%",
    "money": "~s",
    "count": "~s",
    "points": "+,.0f",
    "minutes": ",.0f",
    "days": ",.0f",
    "number": ",",
}


@dataclass(frozen=True)
class Words:
    """What the reader reads: the chart's finding, its description, axes and legend, in one language."""

    language: str
    title: str
    description: str
    value_axis: str
    category_axis: str = ""
    now: str = ""
    earlier: str = ""


def finish(
    layers: Sequence[Part], drawn: Part, height: int, words: Words, twin: Table, **shared: Part
) -> Chart:
    """Lay layers over one another, and give the chart its size, its words and its numbers.

    `drawn`: the data of all layers; `shared`: what is alike in how they encode a channel.
    """
    drawing = {
        "data": drawn,
        "encoding": shared,
        "layer": list(layers),
        "width": "container",
        "height": height,
    }
    return Chart(drawing, words.title, words.description, twin)


def axis_of(unit: str, words: Words) -> Part:
    """Give the axis of a unit's values, numbers written as the language does."""
    axis: Part = {"title": words.value_axis, "format": _AXIS_FORMAT[unit], "tickCount": 5}
    if _AXIS_FORMAT[unit] == "~s" and words.language in _LARGE_NUMBERS:
        axis["labelExpr"] = _LARGE_NUMBERS[words.language]
    return axis


def _along(labels: list[str]) -> Part:
    """Encode labels along the chart, in their order."""
    axis = {"title": None, "labelAngle": 0, "labelOverlap": True}
    return nominal(field="label", sort=labels, axis=axis)


def _down(labels: list[str]) -> Part:
    """Encode labels down the chart, in their order."""
    return nominal(field="label", sort=labels, axis={"title": None})


def _series(**looks: object) -> Part:
    """Encode series by name, in their order; `looks`: how each is drawn, by name."""
    return nominal(scale={"domain": list(looks), "range": list(looks.values())}, sort=list(looks))


def trend(frame: pd.DataFrame, unit: str, words: Words, twin: Table, zero: bool) -> Chart:
    """Draw a figure over time, with its interval, the year before and the target.

    `frame`: one row per period, oldest first: `label`, `value`, `low`, `high`, `earlier` (the same
    period last year), `target`; missing where there is none; and `written`. `zero`: whether the axis starts
    at nought.
    """
    figures = [name for name in ("value", "low", "high", "earlier", "target") if frame[name].notna().any()]
    now, earlier = {"datum": words.now}, {"datum": words.earlier}
    line = {"strokeWidth": 2, "invalid": "filter"}
    layers = []
    if "low" in figures:
        band = {"color": theme.BAND, "opacity": 0.35, "invalid": "filter"}
        layers.append(layer("area", band, y="low", y2="high"))
    layers.append(layer("line", line, y="value", color=now, strokeDash=now))
    if "earlier" in figures:
        layers.append(layer("line", line, y="earlier", color=earlier, strokeDash=earlier))
    if "target" in figures:
        layers.append(layer("tick", {"color": theme.INK, "thickness": 2, "width": 18}, y="target"))
    told = tooltip(label=words.category_axis, written=words.value_axis)
    layers.append(layer("circle", {"color": theme.ACCENT, "size": 36, "opacity": 1}, y="value", tooltip=told))
    return finish(
        layers,
        data(frame[["label", *figures, "written"]], figures),
        190,
        words,
        twin,
        x=_along(list(frame["label"])),
        y=quantitative(scale={"zero": zero}, axis=axis_of(unit, words)),
        color=_series(**{words.now: theme.ACCENT, words.earlier: theme.EARLIER}),
        strokeDash=_series(**{words.now: [1, 0], words.earlier: [4, 3]}),
    )


def comparison(frame: pd.DataFrame, unit: str, words: Words, twin: Table, zero: bool) -> Chart:
    """Draw a figure by segment: now with its interval, and before as a hollow mark.

    `frame`: one row per segment, in the order to be drawn: `label`, `value`, `low`, `high`, `earlier`,
    `written`, `written_earlier`.
    """
    names = [name for name in (words.now, words.earlier) if name]
    columns = {"value": "written"}
    if frame["earlier"].notna().any():
        columns["earlier"] = "written_earlier"
    layers = [layer("rule", {"color": theme.BAND, "strokeWidth": 5, "opacity": 0.7}, x="low", x2="high")]
    for (column, written), name in zip(columns.items(), names, strict=False):
        one, told = {"datum": name}, tooltip(**{written: name})
        point = {"size": 70, "filled": True, "opacity": 1}
        layers.append(layer("point", point, x=column, color=one, shape=one, tooltip=told))
    figures = ["low", "high", *columns]
    return finish(
        layers,
        data(frame[["label", *figures, *columns.values()]], figures),
        28 * max(len(frame), 2) + 20,
        words,
        twin,
        y=_down(list(frame["label"])),
        x=quantitative(scale={"zero": zero, "nice": True}, axis=axis_of(unit, words)),
        color=_series(**dict(zip(names, (theme.ACCENT, theme.EARLIER), strict=False))),
        shape=_series(**dict(zip(names, ("circle", "diamond"), strict=False))),
    )


def bars(frame: pd.DataFrame, unit: str, words: Words, twin: Table) -> Chart:
    """Draw amounts by segment as bars, with a mark where each stood before.

    `frame`: one row per segment, in the order to be drawn: `label`, `value`, `written`, `earlier`.
    """
    names = [name for name in (words.now, words.earlier) if name]
    told = tooltip(label=words.category_axis, written=words.value_axis)
    layers = [
        layer("bar", {"height": {"band": 0.62}}, x="value", color={"datum": words.now}, tooltip=told),
        layer("text", {"align": "right", "color": theme.INK}, x={"value": "width"}, text="written"),
    ]
    figures = ["value"]
    if frame["earlier"].notna().any():
        figures.append("earlier")
        tick = {"thickness": 2, "height": {"band": 0.8}}
        layers.append(layer("tick", tick, x="earlier", color={"datum": words.earlier}))
    # Room at the right for the figures, so that no mark runs through them.
    room = [0, float(f"{frame[figures].max().max() * 1.18:.5g}")]
    drawn = frame[["label", *figures]].assign(written=frame["written"].where(frame["value"].notna(), ""))
    return finish(
        layers,
        data(drawn, figures),
        30 * max(len(frame), 2) + 20,
        words,
        twin,
        y=_down(list(frame["label"])),
        x=quantitative(scale={"domain": room, "nice": False}, axis=axis_of(unit, words)),
        color=_series(**dict(zip(names, (theme.ACCENT, theme.INK), strict=False)))
        | {"legend": {"symbolType": "square"}},
    )


def counts(frame: pd.DataFrame, words: Words, twin: Table, *, gap: str, unfinished: str) -> Chart:
    """Draw counts over time as bars, each with a mark where it was to be expected; a gap has a sign above it.

    `frame`: one row per period, oldest first: `label`, `value`, `expected` (missing where nobody can tell),
    `series` (`words.now`, or what `gap` or `unfinished` say), `written`.
    """
    there = set(frame["series"])
    colours = {words.now: theme.BAND, gap: theme.SERIES[1], unfinished: theme.LINE}
    looks = {name: colour for name, colour in colours.items() if name in there}
    told = tooltip(label=words.category_axis, written=words.value_axis)
    layers = [layer("bar", {"width": {"band": 0.7}}, y="value", color="series", tooltip=told)]
    figures = ["value"]
    if frame["expected"].notna().any():
        figures.append("expected")
        looks[words.earlier] = theme.INK
        tick = {"thickness": 2, "width": {"band": 0.9}}
        layers.append(layer("tick", tick, y="expected", color={"datum": words.earlier}))
    if gap in there:
        sign = layer("text", {"dy": -8, "color": theme.INK, "fontSize": 12, "text": gap[:1]}, y="value")
        layers.append({"transform": [{"filter": {"field": "series", "equal": gap}}], **sign})
    return finish(
        layers,
        data(frame[["label", *figures, "series", "written"]], figures),
        130,
        words,
        twin,
        x=_along(list(frame["label"])),
        y=quantitative(axis=axis_of("count", words)),
        color=_series(**looks) | {"legend": {"symbolType": "square"}},
    )
