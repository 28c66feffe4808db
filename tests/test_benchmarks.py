"""Benchmarks: what they compare is the same on both sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.cube import main, metrics


def test_pandas_page_by_page_finds_the_figures_of_the_cube(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three of the 72 pages of 3,000 orders: the first, one in the middle, the last."""
    assert main(["--orders", "3000", "--pandas-pages", "3", "--json", "--folder", str(tmp_path)]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["equal"]
    assert run["compared"] == 3 * len(metrics())
    assert run["crmreport"]["peak_mb"] > 0
