"""Charts on their way to paper: drawn once, in processes of their own, and kept within bounds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time

import pytest

from crmreport.display import vega
from crmreport.pdf import drawing, fonts


def chart(title: str, label: str = "North") -> dict:
    return {
        "width": 80,
        "height": 40,
        "data": {"values": [{"region": label, "orders": 3}]},
        "mark": "bar",
        "encoding": {
            "x": {"field": "region", "type": "nominal", "title": title},
            "y": {"field": "orders", "type": "quantitative"},
        },
    }


def test_a_chart_is_drawn_once_for_all_books_that_share_a_store(tmp_path):
    assert drawing.draw_all([chart("Orders"), chart("Orders")], "en", tmp_path) == {}
    file = drawing.drawing_of(chart("Orders"), "en", tmp_path).file
    assert list(file.parent.iterdir()) == [file]
    assert ">Orders</text>" in file.read_text(encoding="utf-8")
    file.write_text("as it is", encoding="utf-8")
    drawing.draw_all([chart("Orders")], "en", tmp_path)
    assert file.read_text(encoding="utf-8") == "as it is"


def test_charts_drawn_side_by_side_are_the_same_bytes(tmp_path, monkeypatch):
    specs = [chart(title) for title in ("Orders", "Revenue", "Visits")]
    drawing.draw_all(specs, "en", tmp_path / "one", at_once=1)
    monkeypatch.setattr(drawing, "_WORTH_A_PROCESS", 1)
    drawing.draw_all(specs[::-1], "en", tmp_path / "three", at_once=3)
    one, three = (
        {file.name: file.read_bytes() for file in (tmp_path / name / "charts").iterdir()}
        for name in ("one", "three")
    )
    assert one == three
    assert len(one) == 3


def test_a_chart_that_cannot_be_drawn_keeps_no_other_from_it(tmp_path):
    wrong = chart("Orders") | {"mark": "no such mark"}
    reasons = drawing.draw_all([wrong, chart("Visits")], "en", tmp_path)
    assert list(reasons) == [drawing.drawing_of(wrong, "en", tmp_path).file]
    assert "TypeError" in next(iter(reasons.values()))
    assert drawing.drawing_of(chart("Visits"), "en", tmp_path).file.exists()


def test_the_last_words_of_a_drawing_process_that_stops_are_told(tmp_path, monkeypatch):
    stopping = tmp_path / "stopping.py"
    stopping.write_text("raise SystemExit('no memory left')", encoding="utf-8")
    monkeypatch.setattr(drawing, "_DRAWER", stopping)
    reasons = drawing.draw_all([chart("Orders")], "en", tmp_path)
    assert list(reasons.values()) == ["the drawing process stopped. no memory left"]


def test_the_charts_of_an_executed_notebook_are_those_its_outputs_show():
    shown = {"data": {"application/vnd.vegalite.v6+json": chart("Orders"), "text/plain": "a chart"}}
    cells = [
        {"cell_type": "markdown", "source": "# Sales"},
        {"cell_type": "code", "outputs": [{"output_type": "stream", "text": "done"}, shown]},
    ]
    assert drawing.charts_of(json.dumps({"cells": cells})) == [chart("Orders")]


def test_what_only_readers_of_the_screen_get_does_not_change_a_drawing(tmp_path):
    told = chart("Orders") | {"usermeta": {"alt": "Orders of North."}}
    assert drawing.drawing_of(told, "en", tmp_path) == drawing.drawing_of(chart("Orders"), "en", tmp_path)


def test_drawings_unused_for_longest_go_beyond_the_limit_and_those_of_today_stay(tmp_path, monkeypatch):
    day = 24 * 60 * 60
    for name, days_ago in (("old", 9), ("older", 10), ("oldest", 11), ("today", 0)):
        file = tmp_path / f"{name}.svg"
        file.write_text("x" * 100, encoding="utf-8")
        os.utime(file, times=(time.time() - days_ago * day,) * 2)
    monkeypatch.setattr(drawing, "_KEPT_BYTES", 250)  # two of the four
    drawing._drop_unused(tmp_path)
    assert {file.stem for file in tmp_path.iterdir()} == {"old", "today"}
    monkeypatch.setattr(drawing, "_KEPT_BYTES", 0)
    drawing._drop_unused(tmp_path)
    assert {file.stem for file in tmp_path.iterdir()} == {"today"}


@pytest.mark.parametrize(("language", "title", "label"), [
    ("en", "Days since the last order (fewer is better)", "Kitchen & dining"),
    ("zh_CN", "客户满意度（CSAT）（越高越好）", "华北大区：北京、天津"),
])  # fmt: skip
def test_a_drawing_is_laid_out_as_by_another_program_that_measures_whole_texts(
    tmp_path, language, title, label
):
    spec = chart(title, label) | {"width": "container"}
    spec["encoding"]["color"] = {"field": "region", "type": "nominal"}
    fonts.collect(tmp_path / "fonts")
    one = drawing.drawing_of(spec, language, tmp_path)
    drawing.draw_all([spec], language, tmp_path)
    draw = "import json, sys, vl_convert as v; v.register_font_directory(sys.argv[1]);"
    draw += "print(v.vegalite_to_svg(json.loads(sys.argv[2])))"
    other = subprocess.run(  # what has used vl-convert cannot be forked any more
        [sys.executable, "-c", draw, str(tmp_path / "fonts"), json.dumps(one.spec)],
        capture_output=True, check=True, encoding="utf-8",
    ).stdout  # fmt: skip
    ours, theirs = (_numbers(picture) for picture in (one.file.read_text(encoding="utf-8"), other.strip()))
    assert len(ours) == len(theirs) > 50
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= 2  # pixels, for pairs set closer


def _numbers(picture: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e-\d+)?", picture)]


def test_a_chart_that_would_fetch_its_data_is_not_drawn(tmp_path):
    spec = chart("Orders") | {"data": {"url": "https://example.org/orders.json"}}
    reasons = drawing.draw_all([spec], "en", tmp_path)
    assert "Loading failed" in next(iter(reasons.values()))
    assert list((tmp_path / "charts").iterdir()) == []


def test_a_long_label_is_cut_short_in_the_drawing_and_a_short_one_is_whole(tmp_path):
    specs = [chart("Orders", "North " * 20), chart("Orders", "North")]
    drawing.draw_all(specs, "en", tmp_path)
    cut, whole = (drawing.drawing_of(spec, "en", tmp_path).file.read_text(encoding="utf-8") for spec in specs)
    assert "North North" in cut and "…</text>" in cut
    assert ">North</text>" in whole


def test_the_drawing_library_is_made_once_and_leaves_the_pages_names_alone(tmp_path):
    file = vega.bundle(tmp_path)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("(() => {") and text.endswith("})();\n")
    for name in ("vegaEmbed", "vega", "vegaLite"):  # the last two draw for print
        assert f"window.{name}=" in text
    file.write_text("as it is", encoding="utf-8")
    assert vega.bundle(tmp_path) == file
    assert file.read_text(encoding="utf-8") == "as it is"
    assert list(tmp_path.iterdir()) == [file]
