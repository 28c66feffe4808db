"""Layers: the parts of a Vega-Lite specification, as plain data: small, and rounded to what can be seen.

Altair would write the same, with a copy and a check of every part at every step: half of a page's time.
Tests check each chart against Altair's schema.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

Part = dict[str, Any]

_DIGITS = 3  # of an axis that are told apart: on the widest page, a thousandth is less than a pixel
_BETWEEN = "|"  # columns; a comma is in many a written figure


def nominal(**how: Any) -> Part:  # noqa: ANN401 - whatever Vega-Lite knows
    """Say how names are shown."""
    return {"type": "nominal", **how}


def quantitative(**how: Any) -> Part:  # noqa: ANN401
    """Say how numbers are shown."""
    return {"type": "quantitative", **how}


def tooltip(**titles: str) -> list[Part]:
    """Say what a mark tells who points at it: columns and their titles."""
    return [{"field": name, "title": title or " "} for name, title in titles.items()]


def layer(mark: str, style: Part, **encoding: str | Part | list[Part]) -> Part:
    """Draw all rows with one kind of mark; rows that lack what it shows are left out.

    `encoding`: by channel, the name of a column, or whatever else is shown.
    """
    fields = {channel: {"field": name} for channel, name in encoding.items() if isinstance(name, str)}
    return {"mark": {"type": mark, **style}, "encoding": encoding | fields}


def data(frame: pd.DataFrame, *axes: Sequence[str]) -> Part:
    """Write a frame as the data of a chart: lines of text, which are half as long as objects.

    `axes`: the columns of each axis, whose figures are rounded together; a row without any of the first axis
    is left out. All other columns are texts.
    """
    columns: dict[str, list[Any]] = {str(name): frame[name].to_numpy().tolist() for name in frame.columns}
    for axis in axes:
        columns |= rounded({name: columns[name] for name in axis})
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=_BETWEEN, lineterminator="\n")
    writer.writerow(columns)
    drawn = zip(*(columns[name] for name in axes[0]), strict=True)
    for row, figures in zip(zip(*columns.values(), strict=True), drawn, strict=True):
        if any(figure is not None for figure in figures):
            writer.writerow(row)
    numbers = dict.fromkeys((name for axis in axes for name in axis), "number")
    form = {"type": "dsv", "delimiter": _BETWEEN, "parse": numbers}
    return {"values": lines.getvalue().rstrip("\n"), "format": form}


def rounded(columns: dict[str, list[float]]) -> dict[str, list[float | None]]:
    """Round the figures of one axis to a step that is at most a thousandth of what they span.

    An axis is never shorter than that, so that nothing moves by as much as half a pixel. None for what is
    missing.
    """
    known = [value for column in columns.values() for value in column if math.isfinite(value)]
    span = max(known, default=0.0) - min(known, default=0.0)
    # Of figures that are all alike, four digits.
    span = span or max(known, default=0.0, key=abs) or 1.0
    digits = _DIGITS - math.floor(math.log10(abs(span)))
    return {name: [_round(value, digits) for value in column] for name, column in columns.items()}


def _round(value: float, digits: int) -> float | None:
    if not math.isfinite(value):
        return None
    near = round(value, digits)
    return int(near) if near == int(near) else near
