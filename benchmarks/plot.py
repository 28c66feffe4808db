"""Plot: the figures of `benchmarks/README.md` as one picture, drawn from what the benchmarks printed."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from crmreport.display import theme


def of_pages(found: dict[str, Any]) -> alt.LayerChart:
    """Draw the seconds for each number of pages, of both routes."""
    lines = [
        {"pages": line["pages"], "route": route, "seconds": line[key]["wall_seconds"]}
        for line in found["builds"]
        for route, key in (("crmreport build", "ours"), ("papermill and jupyter-book", "plain"))
        if key in line
    ]
    return _lines(pd.DataFrame(lines), "pages", "Pages", "route", "A review's pages and site")


def of_cube(found: list[dict[str, Any]]) -> alt.LayerChart:
    """Draw the seconds for each number of orders, of the cube and of pandas."""
    lines = [
        {"orders": line["orders"], "route": route, "seconds": line[key]["cube"]["seconds"]}
        for line in found
        for route, key in (("the cube", "crmreport"), ("pandas, page by page", "pandas"))
        if line.get(key)
    ]
    return _lines(pd.DataFrame(lines), "orders", "Orders", "route", "72 pages' figures")


def _lines(frame: pd.DataFrame, x: str, axis: str, series: str, title: str) -> alt.LayerChart:
    """Draw lines with points on two logarithmic axes: what grows evenly is straight, and as steep as any."""
    base = alt.Chart(frame, title=title, width=330, height=240).encode(
        alt.X(
            x,
            type="quantitative",
            scale=alt.Scale(type="log", padding=20),
            axis=alt.Axis(title=axis, grid=False, format="~s"),
        ),
        alt.Y("seconds", type="quantitative", scale=alt.Scale(type="log"), axis=alt.Axis(title="Seconds")),
        alt.Color(
            series,
            type="nominal",
            scale=alt.Scale(domain=list(frame[series].unique()), range=[theme.ACCENT, theme.SERIES[1]]),
            legend=alt.Legend(title=None, orient="top"),
        ),
    )
    written = base.mark_text(dy=-12, fontSize=10).encode(
        alt.Text("seconds", type="quantitative", format=".3s")
    )
    return base.mark_line() + base.mark_point(filled=True) + written


def main() -> None:
    """Draw the picture into a file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plot", description=__doc__)
    parser.add_argument("pipeline", type=Path, help="what benchmarks.pipeline printed")
    parser.add_argument("cube", type=Path, help="what benchmarks.cube printed")
    parser.add_argument("picture", type=Path, help="the SVG to write")
    given = parser.parse_args()
    pages = of_pages(json.loads(given.pipeline.read_text(encoding="utf-8")))
    cube = of_cube(json.loads(given.cube.read_text(encoding="utf-8"))["runs"])
    picture = alt.hconcat(pages, cube, spacing=40, background="white").resolve_scale(color="independent")
    given.picture.write_text(vl_convert.vegalite_to_svg(picture.to_dict()), encoding="utf-8")


if __name__ == "__main__":
    main()
