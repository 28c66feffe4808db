"""Drawn: a frame of an analysis as a table, as dots or bars, as curves, as a grid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from crmreport.context import Context
from crmreport.display import charts, shapes
from crmreport.display.charts import Words
from crmreport.display.outputs import Chart, Table
from crmreport.language import _t
from crmreport.metrics.metric import Unit
from crmreport.segments import ALL

MOST_ROWS = 15  # rows of a chart; all of them are in its table


@dataclass(frozen=True)
class Shown:
    """How a frame's column is shown: its title, and its unit, or for a text what its values are called."""

    column: str
    title: str
    unit: Unit | None = None
    titles: Mapping[str, str] = field(default_factory=dict)

    def cell(self, context: Context, value: object) -> str:
        """Write one of its values; a dash where there is none."""
        if self.unit is None:
            name = "" if value is None or value != value else str(value)
            return context.say(self.titles[name]) if name in self.titles else context.label(name) or "–"
        number = math.nan if value is None else float(value)  # type: ignore[arg-type]
        return context.writer.in_unit(self.unit, number) if math.isfinite(number) else "–"

    def cells(self, context: Context, frame: pd.DataFrame) -> list[str]:
        """Write the column."""
        return [self.cell(context, value) for value in frame[self.column]]


def table(
    context: Context,
    frame: pd.DataFrame,
    shown: Sequence[Shown],
    caption: str = "",
    notes: tuple[str, ...] = (),
) -> Table:
    """Show a frame's columns as a table; `caption` and `notes` are in the reader's language already."""
    return Table(
        columns=tuple(context.say(each.title) for each in shown),
        align=tuple("left" if each.unit is None else "right" for each in shown),
        rows=tuple(zip(*(each.cells(context, frame) for each in shown), strict=True)),
        caption=caption,
        notes=notes,
    )


def words(context: Context, title: str, kind: str, value_axis: str, category_axis: str = "") -> Words:
    """Give what a reader reads around a chart.

    `title` says the finding and `kind` what sort of chart it is, both in the reader's language; the axes are
    marked texts.
    """
    return Words(
        language=context.language,
        title=title,
        description=context.say(_t("{title}. {kind}"), title=title, kind=kind),
        value_axis=context.say(value_axis),
        category_axis=context.say(category_axis) if category_axis else "",
        now=context.period_name(context.period),
    )


def dots(
    context: Context, frame: pd.DataFrame, label: Shown, value: Shown, said: Words, twin: Table
) -> Chart:
    """Draw a figure by row as dots, with its interval in `low` and `high`."""
    laid = _labelled(context, frame, label, value).assign(
        low=frame["low"].to_numpy(dtype=float), high=frame["high"].to_numpy(dtype=float), written_earlier=""
    )
    return charts.comparison(laid.head(MOST_ROWS), _unit(value), said, twin, zero=False)


def bars(
    context: Context, frame: pd.DataFrame, label: Shown, value: Shown, said: Words, twin: Table
) -> Chart:
    """Draw a figure by row as bars."""
    return charts.bars(_labelled(context, frame, label, value).head(MOST_ROWS), _unit(value), said, twin)


def curves(
    context: Context,
    frame: pd.DataFrame,
    x: str,
    series: Shown,
    value: Shown,
    said: Words,
    twin: Table,
    *,
    zero: bool = False,
    steps: bool = False,
) -> Chart:
    """Draw a figure along the column `x`, a line for each series, with its interval in `low` and `high`."""
    laid = pd.DataFrame(
        {
            "x": frame[x].to_numpy(),
            "series": series.cells(context, frame),
            "value": frame[value.column].to_numpy(dtype=float),
            "low": frame["low"].to_numpy(dtype=float),
            "high": frame["high"].to_numpy(dtype=float),
            "written": value.cells(context, frame),
        }
    )
    return shapes.curves(laid, _unit(value), said, twin, zero=zero, steps=steps)


def grid(
    context: Context,
    frame: pd.DataFrame,
    row: Shown,
    column: Shown,
    value: Shown,
    said: Words,
    twin: Table,
    span: tuple[float, float] | None = None,
) -> Chart:
    """Draw a figure as a grid; what has titles comes in their order. `span`: see `shapes.grid`."""
    laid = pd.DataFrame(
        {
            "row": row.cells(context, frame),
            "column": column.cells(context, frame),
            "value": frame[value.column].to_numpy(dtype=float),
            "written": value.cells(context, frame),
        }
    )
    order = {
        "rows": _in_order(context, row, laid["row"]),
        "columns": _in_order(context, column, laid["column"]),
    }
    return shapes.grid(laid, said, twin, **order, span=span)


def _in_order(context: Context, shown: Shown, cells: pd.Series) -> list[str]:
    """List the labels as they come, or in the order of their titles."""
    found = list(dict.fromkeys(cells))
    titles = [context.say(title) for title in shown.titles.values()]
    return [t for t in titles if t in found] + [label for label in found if label not in titles]


def dimension_to_show(context: Context, frame: pd.DataFrame) -> str:
    """Choose one of a frame's dimensions: the first that has pages, or else the first; "" for none."""
    found = [d for d in frame["dimension"].unique() if d != ALL]
    return next((d for d in (*context.project.settings.segments, *found) if d in found), "")


def _labelled(context: Context, frame: pd.DataFrame, label: Shown, value: Shown) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": label.cells(context, frame),
            "value": frame[value.column].to_numpy(dtype=float),
            "written": value.cells(context, frame),
            "earlier": math.nan,
        }
    )


def _unit(value: Shown) -> str:
    return (value.unit or Unit.NUMBER).value
