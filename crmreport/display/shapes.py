"""Shapes: charts of what analyses find: curves with their intervals, and grids of figures."""

from __future__ import annotations

from typing import Literal

import altair as alt
import pandas as pd

from crmreport.display import theme
from crmreport.display.charts import Words, axis_of, finish
from crmreport.display.outputs import Chart, Table

_DASHES = ([1, 0], [5, 3], [2, 2], [8, 3, 2, 3], [1, 0], [5, 3], [2, 2])
_MOST_TICKS = 15  # numbers of an axis that still have room
_LONG = 5  # letters of a column's name for which there is no room level
_MOST_WRITTEN = 160  # cells of a grid that still have room for their figure


def curves(
    frame: pd.DataFrame, unit: str, words: Words, twin: Table, *, zero: bool, steps: bool = False
) -> Chart:
    """Draw one line for each series, with its interval.

    `frame`: one row per point, in the order to be drawn: `x` (a number, or a label), `series`, `value`,
    `low`, `high` (missing where there is none) and `written`. `steps`: the figure stays until it changes,
    as a survival curve does. Series differ in dashes as well as in colour.
    """
    is_number = pd.api.types.is_numeric_dtype(frame["x"])
    if is_number:
        marks = sorted({float(v) for v in frame["x"]})
        axis_x = alt.Axis(title=words.category_axis, format="~r")
        if len(marks) <= _MOST_TICKS:
            axis_x.values = marks
        x = alt.X("x:Q", axis=axis_x, scale=alt.Scale(nice=False))
    else:
        order = list(dict.fromkeys(frame["x"]))
        labels = alt.Axis(title=words.category_axis or None, labelAngle=0, labelOverlap=True)
        x = alt.X("x:N", sort=order, axis=labels)
    scale = alt.Scale(zero=zero)
    axis = axis_of(unit, words)
    names = list(dict.fromkeys(frame["series"]))
    legend = alt.Legend(symbolOpacity=1) if len(names) > 1 else None
    colours = alt.Scale(domain=names, range=list(theme.SERIES[: len(names)]))
    dashes = alt.Scale(domain=names, range=list(_DASHES[: len(names)]))
    colour = alt.Color("series:N", scale=colours, sort=names, legend=legend)
    known = frame.dropna(subset=["value"])
    bands = known.dropna(subset=["low", "high"])
    interpolate: Literal["step-after", "linear"] = "step-after" if steps else "linear"
    layers = []
    if len(bands):
        layers.append(
            alt.Chart(bands[["x", "series", "low", "high"]])
            .mark_area(opacity=0.2, interpolate=interpolate)
            .encode(x=x, y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q", color=colour)
        )
    line = alt.Chart(known[["x", "series", "value", "written"]])
    y = alt.Y("value:Q", scale=scale, axis=axis)
    tooltip = [
        alt.Tooltip("x:N", title=words.category_axis or " "),
        alt.Tooltip("series:N", title=" "),
        alt.Tooltip("written:N", title=words.value_axis),
    ]
    layers.append(
        line.mark_line(strokeWidth=2, interpolate=interpolate).encode(
            x=x,
            y=y,
            color=colour,
            strokeDash=alt.StrokeDash("series:N", scale=dashes, sort=names, legend=legend),
        )
    )
    points = line.mark_circle(size=26, opacity=0 if steps else 1)
    layers.append(points.encode(x=x, y=y, color=colour, tooltip=tooltip))
    return finish(alt.layer(*layers), 200, words, twin)


def grid(
    frame: pd.DataFrame,
    words: Words,
    twin: Table,
    rows: list[str],
    columns: list[str],
    span: tuple[float, float] | None = None,
) -> Chart:
    """Draw figures as a grid: the larger, the darker; each with its figure where there is room.

    `frame`: one row per cell: `row`, `column` (labels, drawn in the order of `rows` and `columns`), `value`
    and `written`; a cell without a value is left empty. `words.category_axis` names the columns. `span`: what
    the shades reach over at least, so that small differences do not look large.
    """
    known = frame.dropna(subset=["value"])[["row", "column", "value", "written"]]
    slant = -30 if max(map(len, columns)) > _LONG else 0
    axis = alt.Axis(title=words.category_axis or None, labelAngle=slant, orient="top", labelOverlap=not slant)
    x = alt.X("column:N", sort=columns, axis=axis)
    y = alt.Y("row:N", sort=rows, axis=alt.Axis(title=None))
    ends = [*known["value"], *(span or ())]
    low, high = float(min(ends)), float(max(ends))
    shades = alt.Scale(domain=[low, high], range=["#eef3f8", theme.ACCENT])
    base = alt.Chart(known).encode(x=x, y=y)
    layers = [
        base.mark_rect(stroke="white").encode(
            color=alt.Color("value:Q", scale=shades, legend=None),
            tooltip=[
                alt.Tooltip("row:N", title=" "),
                alt.Tooltip("column:N", title=words.category_axis or " "),
                alt.Tooltip("written:N", title=words.value_axis),
            ],
        )
    ]
    if len(known) <= _MOST_WRITTEN:
        middle = (low + high) / 2
        ink = alt.condition(f"datum.value > {middle!r}", alt.value("white"), alt.value(theme.INK))
        layers.append(base.mark_text(fontSize=10).encode(text="written:N", color=ink))
    return finish(alt.layer(*layers), 24 * max(len(rows), 3) + 30, words, twin)
