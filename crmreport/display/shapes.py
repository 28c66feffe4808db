"""Shapes: charts of what analyses find: curves with their intervals, and grids of figures."""

from __future__ import annotations

import pandas as pd

from crmreport.display import theme
from crmreport.display.charts import Words, axis_of, finish
from crmreport.display.layers import Part, data, layer, nominal, quantitative, tooltip
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
        axis_x: Part = {"title": words.category_axis, "format": "~r"}
        if len(marks) <= _MOST_TICKS:
            axis_x["values"] = marks
        x = quantitative(field="x", axis=axis_x, scale={"nice": False})
    else:
        labels = {"title": words.category_axis or None, "labelAngle": 0, "labelOverlap": True}
        x = nominal(field="x", sort=list(dict.fromkeys(frame["x"])), axis=labels)
    names = list(dict.fromkeys(frame["series"]))
    one_by_one = {
        "field": "series",
        "sort": names,
        "legend": {"symbolOpacity": 1} if len(names) > 1 else None,
    }
    figures = [name for name in ("value", "low", "high") if frame[name].notna().any()]
    path = {"interpolate": "step-after" if steps else "linear", "invalid": "filter"}
    layers = []
    if "low" in figures:
        layers.append(layer("area", {"opacity": 0.2, **path}, y="low", y2="high"))
    dashes = nominal(**one_by_one, scale={"domain": names, "range": list(_DASHES[: len(names)])})
    layers.append(layer("line", {"strokeWidth": 2, **path}, y="value", strokeDash=dashes))
    told = tooltip(x=words.category_axis, series="", written=words.value_axis)
    point = {"size": 26, "opacity": 0 if steps else 1}
    layers.append(layer("circle", point, y="value", tooltip=told))
    return finish(
        layers,
        data(frame[["x", "series", *figures, "written"]], figures, *([["x"]] if is_number else [])),
        200,
        words,
        twin,
        x=x,
        y=quantitative(scale={"zero": zero}, axis=axis_of(unit, words)),
        color=nominal(**one_by_one, scale={"domain": names, "range": list(theme.SERIES[: len(names)])}),
    )


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
    ends = [*known["value"], *(span or ())]
    low, high = (float(f"{end:.5g}") for end in (min(ends), max(ends)))
    told = tooltip(row="", column=words.category_axis, written=words.value_axis)
    shades = quantitative(
        field="value", scale={"domain": [low, high], "range": ["#eef3f8", theme.ACCENT]}, legend=None
    )
    layers = [layer("rect", {"stroke": "white"}, color=shades, tooltip=told)]
    if len(known) <= _MOST_WRITTEN:
        dark = {"test": f"datum.value > {(low + high) / 2:.5g}", "value": "white"}
        ink = {"condition": dark, "value": theme.INK}
        layers.append(layer("text", {"fontSize": 10}, text="written", color=ink))
    slant = -30 if max(map(len, columns)) > _LONG else 0
    axis = {
        "title": words.category_axis or None,
        "labelAngle": slant,
        "orient": "top",
        "labelOverlap": not slant,
    }
    return finish(
        layers,
        data(known, ["value"]),
        24 * max(len(rows), 3) + 30,
        words,
        twin,
        x=nominal(field="column", sort=columns, axis=axis),
        y=nominal(field="row", sort=rows, axis={"title": None}),
    )
