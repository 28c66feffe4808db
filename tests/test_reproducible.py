"""The same input gives the same bytes, and a page the same numbers wherever it is run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner
from nbclient import NotebookClient

from crmreport.cli import main
from crmreport.display.outputs import CARDS_MIME, CHART_MIME
from tests.conftest import PERIOD, BuiltReview, build_review, copy_project

# Only the record of the run may differ: it says how long each page took.
MAY_DIFFER = {"run.json"}


def files(output: Path) -> dict[str, bytes]:
    return {
        p.relative_to(output).as_posix(): p.read_bytes() for p in sorted(output.rglob("*")) if p.is_file()
    }


def test_two_builds_in_two_places_give_the_same_bytes(review: BuiltReview, tmp_path: Path) -> None:
    again = build_review(copy_project(tmp_path / "elsewhere"), "--period", PERIOD, "--jobs", "1")
    first, second = files(review.output), files(again.output)
    assert set(first) == set(second)
    assert [name for name in first if first[name] != second[name] and name not in MAY_DIFFER] == []


def test_nothing_changed_runs_nothing_and_gives_the_same_bytes(review: BuiltReview) -> None:
    before = files(review.output)
    again = build_review(review.project, "--period", PERIOD)
    assert {line["state"] for line in again.run["pages"]} == {"kept"}
    after = files(again.output)
    assert set(before) == set(after)
    assert [name for name in before if before[name] != after[name] and name not in MAY_DIFFER] == []
    # The fixture is shared: let its record say again what it said.
    (review.output / "run.json").write_bytes(before["run.json"])


def shown(notebook: dict) -> list[object]:
    """Give the figures that a notebook's outputs show, charts and cards alike."""
    outputs = [o for cell in notebook["cells"] for o in cell.get("outputs", ()) if "data" in o]
    return [o["data"][mime] for o in outputs for mime in (CARDS_MIME, CHART_MIME) if mime in o["data"]]


@pytest.fixture(scope="module")
def by_cli(review: BuiltReview, tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("single")
    done = CliRunner().invoke(
        main,
        ["run", "summary", "--project", str(review.project), "--period", PERIOD, "--output", str(folder)],
    )
    assert done.exit_code == 0, done.output
    assert (folder / "html" / "en" / PERIOD / "summary.html").is_file()
    return json.loads((folder / "en" / PERIOD / "summary.ipynb").read_text(encoding="utf-8"))


def test_a_page_shows_the_same_by_the_cli_and_in_the_book(review: BuiltReview, by_cli: dict) -> None:
    page = (review.html("en") / PERIOD / "summary.html").read_text(encoding="utf-8")
    specs = [json.loads(text) for text in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    ran = [{k: v for k, v in spec.items() if k != "usermeta"} for spec in shown(by_cli)[1:]]
    assert specs == ran
    for card in shown(by_cli)[0]["cards"]:  # type: ignore[index]
        assert f'<p class="crm-card-value">{card["value"]}</p>' in page


def test_a_page_shows_the_same_by_papermill_from_a_shell(
    review: BuiltReview, by_cli: dict, tmp_path: Path
) -> None:
    target = str(tmp_path / "out.ipynb")
    subprocess.run(
        [sys.executable, "-m", "papermill", "notebooks/summary.ipynb", target, "-p", "period", PERIOD],
        cwd=review.project,
        check=True,
        capture_output=True,
    )
    notebook = json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))
    html = "".join(
        "".join(o["data"].get("text/html", ""))
        for c in notebook["cells"]
        for o in c.get("outputs", ())
        if "data" in o
    )
    plain = "".join(
        "".join(o["data"].get("text/plain", ""))
        for c in notebook["cells"]
        for o in c.get("outputs", ())
        if "data" in o
    )
    for card in shown(by_cli)[0]["cards"]:  # type: ignore[index]
        assert f"{card['title']}: {card['value']}" in plain
        assert card["value"] in html


def test_a_notebook_runs_where_jupyterlab_runs_it(review: BuiltReview) -> None:
    notebook = nbformat.read(review.project / "notebooks" / "data.ipynb", as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": str(review.project / "notebooks")}}).execute()
    assert "<table" in notebook.cells[-2].outputs[0].data["text/html"]


def test_the_cube_is_published_with_its_columns(review: BuiltReview) -> None:
    cube = pd.read_parquet(review.output / "cube.parquet")
    assert list(cube.columns) == [
        *("period", "dimension", "segment", "metric"),
        *("numerator", "denominator", "value", "low", "high", "status"),
    ]
    whole = cube[(cube["dimension"] == "all") & (cube["period"] == PERIOD)].set_index("metric")
    orders = pd.read_parquet(review.project / "data" / "sample" / "orders.parquet")
    october = orders[(orders["ordered_at"] >= "2025-10-01") & (orders["ordered_at"] < "2025-11-01")]
    assert whole.loc["orders", "value"] == len(october)
    assert whole.loc["revenue", "value"] == pytest.approx(float(october["amount"].sum()), abs=0.005)
