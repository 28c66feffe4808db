"""Charts: small frames of figures to Altair charts; each knows its title, its words and its numbers.

Only the columns that a chart draws go into it: Altair embeds every column of the frame it is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import pandas as pd

from crmreport.display import theme
from crmreport.display.outputs import Chart, Table

WIDTH = "container"
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


def finish(chart: alt.LayerChart | alt.FacetChart, height: int, words: Words, twin: Table) -> Chart:
    """Give a chart its size, its theme, its words and its numbers."""
    sized = chart.properties(width=WIDTH, height=height)
    sized = sized.configure(**theme.vega_config())
    return Chart(sized, words.title, words.description, twin)


def axis_of(unit: str, words: Words) -> alt.Axis:
    """Give the axis of a unit's values, numbers written as the language does."""
    axis = alt.Axis(title=words.value_axis, format=_AXIS_FORMAT[unit], tickCount=5)
    if _AXIS_FORMAT[unit] == "~s" and words.language in _LARGE_NUMBERS:
        axis.labelExpr = _LARGE_NUMBERS[words.language]
    return axis


def trend(frame: pd.DataFrame, unit: str, words: Words, twin: Table, zero: bool) -> Chart:
    """Draw a figure over time, with its interval, the year before and the target.

    `frame`: one row per period, oldest first: `label`, `value`, `low`, `high`, `earlier` (the same
    period last year), `target`; missing where there is none. `zero`: whether the axis starts at nought.
    """
    order = list(frame["label"])
    x = alt.X("label:N", sort=order, axis=alt.Axis(title=None, labelAngle=0, labelOverlap=True))
    scale = alt.Scale(zero=zero)
    y = axis_of(unit, words)
    tooltip = [
        alt.Tooltip("label:N", title=words.category_axis),
        alt.Tooltip("written:N", title=words.value_axis),
    ]
    now = frame[["label", "value", "low", "high", "written"]].dropna(subset=["value"])
    layers: list[alt.Chart] = []
    if now["low"].notna().any():
        layers.append(
            alt.Chart(now[["label", "low", "high"]])
            .mark_area(color=theme.BAND, opacity=0.35)
            .encode(x=x, y=alt.Y("low:Q", scale=scale, axis=y), y2="high:Q")
        )
    colours = alt.Scale(domain=[words.now, words.earlier], range=[theme.ACCENT, theme.EARLIER])
    dashes = alt.Scale(domain=[words.now, words.earlier], range=[[1, 0], [4, 3]])
    lines = [now[["label", "value"]].assign(series=words.now)]
    if frame["earlier"].notna().any():
        earlier = frame[["label", "earlier"]].dropna().rename(columns={"earlier": "value"})
        lines.append(earlier.assign(series=words.earlier))
    layers.append(
        alt.Chart(pd.concat(lines, ignore_index=True))
        .mark_line(strokeWidth=2)
        .encode(
            x=x,
            y=alt.Y("value:Q", scale=scale, axis=y),
            color=alt.Color("series:N", scale=colours, sort=[words.now, words.earlier]),
            strokeDash=alt.StrokeDash("series:N", scale=dashes, sort=[words.now, words.earlier]),
        )
    )
    if frame["target"].notna().any():
        layers.append(
            alt.Chart(frame[["label", "target"]].dropna())
            .mark_tick(color=theme.INK, thickness=2, width=18)
            .encode(x=x, y=alt.Y("target:Q", scale=scale, axis=y))
        )
    layers.append(
        alt.Chart(now[["label", "value", "written"]])
        .mark_circle(color=theme.ACCENT, size=36, opacity=1)
        .encode(x=x, y=alt.Y("value:Q", scale=scale, axis=y), tooltip=tooltip)
    )
    return finish(alt.layer(*layers), 190, words, twin)


def comparison(frame: pd.DataFrame, unit: str, words: Words, twin: Table, zero: bool) -> Chart:
    """Draw a figure by segment: now with its interval, and before as a hollow mark.

    `frame`: one row per segment, in the order to be drawn: `label`, `value`, `low`, `high`, `earlier`,
    `written`.
    """
    order = list(frame["label"])
    y = alt.Y("label:N", sort=order, axis=alt.Axis(title=None))
    x = axis_of(unit, words)
    scale = alt.Scale(zero=zero, nice=True)
    known = frame.dropna(subset=["value"])
    marks = [known[["label", "value", "written"]].assign(series=words.now)]
    if frame["earlier"].notna().any():
        earlier = frame[["label", "earlier", "written_earlier"]].dropna()
        marks.append(
            earlier.rename(columns={"earlier": "value", "written_earlier": "written"}).assign(
                series=words.earlier
            )
        )
    domain = [name for name in (words.now, words.earlier) if name]
    colours = alt.Scale(domain=domain, range=[theme.ACCENT, theme.EARLIER][: len(domain)])
    shapes = alt.Scale(domain=domain, range=["circle", "diamond"][: len(domain)])
    layers = [
        alt.Chart(known[["label", "low", "high"]].dropna())
        .mark_rule(color=theme.BAND, strokeWidth=5, opacity=0.7)
        .encode(y=y, x=alt.X("low:Q", scale=scale, axis=x), x2="high:Q"),
        alt.Chart(pd.concat(marks, ignore_index=True))
        .mark_point(size=70, filled=True, opacity=1)
        .encode(
            y=y,
            x=alt.X("value:Q", scale=scale, axis=x),
            color=alt.Color("series:N", scale=colours),
            shape=alt.Shape("series:N", scale=shapes),
            tooltip=[alt.Tooltip("series:N", title=" "), alt.Tooltip("written:N", title=words.value_axis)],
        ),
    ]
    return finish(alt.layer(*layers), 28 * max(len(frame), 2) + 20, words, twin)


def bars(frame: pd.DataFrame, unit: str, words: Words, twin: Table) -> Chart:
    """Draw amounts by segment as bars, with a mark where each stood before.

    `frame`: one row per segment, in the order to be drawn: `label`, `value`, `written`, `earlier`.
    """
    order = list(frame["label"])
    y = alt.Y("label:N", sort=order, axis=alt.Axis(title=None))
    x = axis_of(unit, words)
    known = frame.dropna(subset=["value"])
    named = [name for name in (words.now, words.earlier) if name]
    colours = alt.Scale(domain=named, range=[theme.ACCENT, theme.INK][: len(named)])
    # Room at the right for the figures, so that no mark runs through them.
    furthest = frame[["value", "earlier"]].max().max()
    room = alt.Scale(domain=[0, furthest * 1.18], nice=False)
    base = alt.Chart(known[["label", "value", "written"]].assign(series=words.now))
    layers = [
        base.mark_bar(height={"band": 0.62}).encode(
            y=y,
            x=alt.X("value:Q", axis=x, scale=room),
            color=alt.Color("series:N", scale=colours),
            tooltip=[
                alt.Tooltip("label:N", title=words.category_axis),
                alt.Tooltip("written:N", title=words.value_axis),
            ],
        ),
        base.mark_text(align="right", color=theme.INK).encode(y=y, x=alt.value("width"), text="written:N"),
    ]
    if frame["earlier"].notna().any():
        earlier = frame[["label", "earlier"]].dropna().assign(series=words.earlier)
        layers.append(
            alt.Chart(earlier)
            .mark_tick(thickness=2, height={"band": 0.8})
            .encode(y=y, x=alt.X("earlier:Q", axis=x, scale=room), color=alt.Color("series:N", scale=colours))
        )
    return finish(alt.layer(*layers), 30 * max(len(frame), 2) + 20, words, twin)


def counts(frame: pd.DataFrame, words: Words, twin: Table, *, gap: str, unfinished: str) -> Chart:
    """Draw counts over time as bars, each with a mark where it was to be expected; a gap has a sign above it.

    `frame`: one row per period, oldest first: `label`, `value`, `expected` (missing where nobody can tell),
    `series` (`words.now`, or what `gap` or `unfinished` say), `written`.
    """
    order = list(frame["label"])
    x = alt.X("label:N", sort=order, axis=alt.Axis(title=None, labelAngle=0, labelOverlap=True))
    y = alt.Y("value:Q", axis=axis_of("count", words))
    known = [words.now, gap, unfinished]
    domain = [name for name in known if name in set(frame["series"])]
    colours = dict(zip(known, (theme.BAND, theme.SERIES[1], theme.LINE), strict=True))
    marks = frame[["label", "expected"]].dropna()
    if len(marks):
        domain.append(words.earlier)
        colours[words.earlier] = theme.INK
    scale = alt.Scale(domain=domain, range=[colours[name] for name in domain])
    colour = alt.Color("series:N", scale=scale, legend=alt.Legend(symbolType="square"))
    layers = [
        alt.Chart(frame[["label", "value", "series", "written"]])
        .mark_bar(width={"band": 0.7})
        .encode(
            x=x,
            y=y,
            color=colour,
            tooltip=[
                alt.Tooltip("label:N", title=words.category_axis),
                alt.Tooltip("written:N", title=words.value_axis),
            ],
        ),
        alt.Chart(marks.assign(series=words.earlier))
        .mark_tick(thickness=2, width={"band": 0.9})
        .encode(x=x, y=alt.Y("expected:Q", axis=axis_of("count", words)), color=colour),
        alt.Chart(frame.loc[frame["series"] == gap, ["label", "value"]].assign(sign=gap[:1]))
        .mark_text(dy=-8, color=theme.INK, fontSize=12)
        .encode(x=x, y=y, text="sign:N"),
    ]
    return finish(alt.layer(*layers), 130, words, twin)
