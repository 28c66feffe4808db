"""Layers: charts are written as Vega-Lite that Altair knows, rounded; nothing is lost that can be seen."""

from __future__ import annotations

import csv
import math
from typing import Any

import altair as alt
import pandas as pd
import pytest
import vl_convert
from hypothesis import example, given
from hypothesis import strategies as st

from crmreport.display import charts, shapes
from crmreport.display.charts import Words
from crmreport.display.layers import data, rounded
from crmreport.display.outputs import MEDIUM, Chart, Table

WORDS = Words("en", "Up", "Up. Chart.", "Orders", "Region", "October 2025", "October 2024")
TWIN = Table(("a",), ("left",), (("1",),))

MONTHS = pd.DataFrame(
    {
        "label": ["2025-08", "2025-09", "2025-10"],
        "value": [100.0, math.nan, 120.0],
        "low": [90.0, math.nan, 110.0],
        "high": [110.0, math.nan, 130.0],
        "earlier": [80.0, 85.0, math.nan],
        "target": [105.0, 105.0, 105.0],
        "expected": [99.0, 99.0, 99.0],
        "written": ["100", "–", "120"],
        "written_earlier": ["80", "85", "–"],
        "series": ["rows", "▼ fewer", "not over"],
    }
)
CURVE = MONTHS.rename(columns={"label": "x"})
CELLS = pd.DataFrame(
    {"row": ["Mon", "Tue"], "column": ["9", "10"], "value": [1.0, 4.0], "written": ["1", "4"]}
)

ALL_KINDS = {
    "trend": charts.trend(MONTHS, "count", WORDS, TWIN, zero=True),
    "comparison": charts.comparison(MONTHS, "count", WORDS, TWIN, zero=False),
    "bars": charts.bars(MONTHS, "count", WORDS, TWIN),
    "counts": charts.counts(
        MONTHS.assign(series=["October 2025", "▼ fewer", "not over"]),
        WORDS,
        TWIN,
        gap="▼ fewer",
        unfinished="not over",
    ),
    "curves": shapes.curves(CURVE, "count", WORDS, TWIN, zero=True),
    "steps": shapes.curves(CURVE.assign(x=[0, 7, 14]), "count", WORDS, TWIN, zero=True, steps=True),
    "grid": shapes.grid(CELLS, WORDS, TWIN, rows=["Mon", "Tue"], columns=["9", "10"]),
}


@pytest.fixture(params=ALL_KINDS)
def chart(request: pytest.FixtureRequest) -> Chart:
    return ALL_KINDS[request.param]


def without_words(chart: Chart) -> dict[str, Any]:
    return {name: part for name, part in chart.spec().items() if name != "usermeta"}


def test_each_kind_of_chart_is_vega_lite_as_altair_knows_it(chart: Chart) -> None:
    spec = without_words(chart)
    again = alt.Chart.from_dict(spec).to_dict()  # checked against the schema
    assert (again["layer"], again["encoding"]) == (spec["layer"], spec["encoding"])


def test_each_kind_of_chart_can_be_drawn(chart: Chart) -> None:
    svg = vl_convert.vegalite_to_svg(without_words(chart) | {"width": 400})
    assert "NaN" not in svg and "undefined" not in svg and ">null<" not in svg


def test_jupyterlab_draws_a_chart_by_itself(chart: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MEDIUM, raising=False)
    bundle = chart._repr_mimebundle_()
    assert bundle["text/plain"] == "Up. Chart."
    assert len(bundle) > 1 and "#d5dae1" in str(bundle)  # with the theme's colours


def test_what_is_missing_is_not_drawn_and_a_row_without_a_figure_is_left_out() -> None:
    frame = pd.DataFrame(
        {
            "label": ["North|East", "South", "West"],
            "value": [1.0, math.nan, math.nan],
            "earlier": [2.0, 3.0, math.nan],
        }
    )
    written = data(frame, ["value", "earlier"])
    lines = csv.reader(written["values"].split("\n"), delimiter=written["format"]["delimiter"])
    assert list(lines) == [["label", "value", "earlier"], ["North|East", "1", "2"], ["South", "", "3"]]


def test_figures_are_rounded_to_a_thousandth_of_what_they_span() -> None:
    # From 0.8123456 to 0.8623456 there are 0.05: a thousandth of it is 0.00005, and so to 0.00001.
    assert rounded({"value": [0.8123456, 0.8623456]}) == {"value": [0.81235, 0.86235]}
    assert rounded({"value": [1_234_567.0], "low": [234_567.0]}) == {"value": [1_235_000], "low": [235_000]}
    assert rounded({"value": [123_456.0]}) == {"value": [123_500]}  # one figure: four digits
    assert rounded({"value": [math.nan]}) == {"value": [None]}
    assert rounded({"value": [0.0, 0.0]}) == {"value": [0, 0]}


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20), st.floats(-1e9, 1e9))
@example([5e-324], 0.0)  # the least number that there is
def test_nothing_moves_by_half_a_pixel(values: list[float], low: float) -> None:
    """On an axis of 612 pixels, the widest of a page of paper, that spans no more than the figures."""
    drawn = rounded({"value": values, "low": [low] * len(values)})
    span = max(*values, low) - min(*values, low) or max(abs(low), 1.0)
    for before, after in zip(values, drawn["value"], strict=True):
        assert after is not None and abs(after - before) / span * 612 < 0.5
