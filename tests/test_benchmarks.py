"""Benchmarks: what they compare is the same on both sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.cube import main, metrics
from benchmarks.plain import differences


def test_pandas_page_by_page_finds_the_figures_of_the_cube(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three of the 72 pages of 3,000 orders: the first, one in the middle, the last."""
    assert main(["--orders", "3000", "--pandas-pages", "3", "--json", "--folder", str(tmp_path)]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["equal"]
    assert run["compared"] == 3 * len(metrics())
    assert run["crmreport"]["peak_mb"] > 0


OURS = """<article>
<h1>Sales<a class="headerlink">#</a></h1>
<p>Revenue rose by <strong>4.1%</strong>.</p>
<table><tr><th>Region<th>Revenue<tr><td>North<td>1,204</table>
<script type="application/json">{"mark": "bar", "width": 300}</script>
<a class="crm-code">Code</a>
</article>"""
PLAIN = """<article class="bd-article">
<h1>Sales</h1>
<details class="hide above-input"><summary>Show code cell source</summary>
<div class="cell_input">code</div></details>
<p>Revenue rose by <strong>4.1%</strong>.</p>
<table><tr><th>Region</th><th>Revenue</th></tr><tr><td>North</td><td>1,204</td></tr></table>
<script type="application/json">{"width": 300, "mark": "bar"}</script>
<div class="prev-next-footer">Next</div>
</article>"""


@pytest.mark.parametrize(
    ("was", "other", "unequal"),
    [
        ("", "", []),
        ("1,204</td>", "1,205</td>", ["2025-10/sales.html"]),
        ("4.1%", "4.2%", ["2025-10/sales.html"]),
        ('"mark": "bar"', '"mark": "line"', ["2025-10/sales.html"]),
        ("<td>North</td>", "", ["2025-10/sales.html"]),
    ],
)
def test_pages_are_equal_in_all_that_a_reader_reads(
    tmp_path: Path, was: str, other: str, unequal: list[str]
) -> None:
    for name, text in (("ours", OURS), ("plain", PLAIN.replace(was, other))):
        (tmp_path / name / "2025-10").mkdir(parents=True)
        (tmp_path / name / "2025-10/sales.html").write_text(text)
    assert differences(tmp_path / "ours", tmp_path / "plain") == unequal


def test_a_page_that_one_route_lacks_is_unequal(tmp_path: Path) -> None:
    for name, pages in (("ours", ["sales"]), ("plain", ["sales", "summary"])):
        (tmp_path / name / "2025-10").mkdir(parents=True)
        for page in pages:
            (tmp_path / name / f"2025-10/{page}.html").write_text(OURS)
    assert differences(tmp_path / "ours", tmp_path / "plain") == ["2025-10/summary.html"]
    assert differences(tmp_path / "plain", tmp_path / "ours") == ["2025-10/summary.html"]
