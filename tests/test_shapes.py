"""Shapes: curves and grids, as they are drawn."""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd
import vl_convert

from crmreport.display import shapes, theme
from crmreport.display.charts import Words
from crmreport.display.outputs import Chart, Table

WORDS = Words("en", "Who stays", "Who stays. Lines.", "Share", "Months", "October 2025")
TWIN = Table(("a",), ("left",), (("1",),))


def drawn(chart: Chart) -> tuple[dict[str, Any], str]:
    spec = chart.spec()
    assert spec.pop("usermeta")["title"] == "Who stays"
    return spec, vl_convert.vegalite_to_svg({**spec, "width": 500})


def curve(x: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": x * 2,
            "series": ["North"] * 3 + ["South"] * 3,
            "value": [1, 0.5, 0.25, 1, 0.9, math.nan],
            "low": [1, 0.4, 0.2, 1, 0.8, math.nan],
            "high": [1, 0.6, 0.3, 1, 0.95, math.nan],
            "written": ["100%", "50%", "25%", "100%", "90%", "–"],
            "customer_id": ["secret"] * 6,
        }
    )


def test_curves_differ_in_dashes_and_colour_and_carry_their_intervals() -> None:
    spec, svg = drawn(shapes.curves(curve([0, 1, 2]), "share", WORDS, TWIN, zero=True))
    assert spec["data"]["values"].split("\n")[0] == "x|series|value|low|high|written"
    assert theme.SERIES[0] in svg and theme.SERIES[1] in svg and "stroke-dasharray" in svg
    assert {"North", "South", "Months"} <= set(re.findall(r">([^<>]+)</text>", svg))


def test_one_curve_needs_no_legend() -> None:
    one = curve(["2025-08", "2025-09", "2025-10"]).head(3)
    _, svg = drawn(shapes.curves(one, "share", WORDS, TWIN, zero=True, steps=True))
    texts = re.findall(r">([^<>]+)</text>", svg)
    assert "North" not in texts and {"2025-08", "2025-10"} <= set(texts)


def test_a_grid_writes_each_figure_and_leaves_out_what_is_not_there() -> None:
    cells = pd.DataFrame(
        {
            "row": ["Mon", "Mon", "Tue", "Tue"],
            "column": ["9", "10", "9", "10"],
            "value": [1.0, 4.0, 2.0, math.nan],
            "written": ["one", "four", "two", "none"],
        }
    )
    spec, svg = drawn(shapes.grid(cells, WORDS, TWIN, rows=["Tue", "Mon"], columns=["9", "10"]))
    texts = re.findall(r">([^<>]+)</text>", svg)
    assert {"one", "four", "two", "Mon", "Tue", "9", "10"} <= set(texts) and "none" not in texts
    fills = {text: attributes for attributes, text in re.findall(r"<text([^>]*)>([^<>]+)</text>", svg)}
    assert 'fill="white"' in fills["four"] and 'fill="white"' not in fills["one"]  # dark cell, light cell
    assert spec["data"]["values"].split("\n")[1:] == ["Mon|9|1|one", "Mon|10|4|four", "Tue|9|2|two"]
