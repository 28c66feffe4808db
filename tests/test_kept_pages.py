"""Pages are run again only if what they read changed, and are kept so that folders of them can be joined."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from crmreport.config import read_project
from crmreport.work import Request, plan_work
from tests.small_project import OPEN, crmreport, notebook, write, write_project

NOTEBOOKS = {
    "sales": notebook(OPEN, 'review.cards("revenue")', "review.provenance()", title="Sales"),
    "voices": notebook(OPEN, 'review.cards("csat")', title="Voices"),
    "data": notebook(OPEN, "review.cleaning()", title="Data", runs="newest period"),
}
SETTINGS = "  chapters: [sales, voices, data]\n  minimum_cell: 1\n"


# An order of 10.50 on every day of four whole months, and an answer.
DAYS = [date(2025, 8, 1) + timedelta(days=n) for n in range(122)]
ORDERS = "order_id,customer_id,ordered_at,amount\n" + "".join(
    f"o{day:%m-%d},c{day.day % 3},{day},10.50\n" for day in DAYS
)
FEEDBACK = "feedback_id,answered_at,csat\n" + "".join(
    f"f{day:%m-%d},{day},{4 if day.day % 2 else 5}\n" for day in DAYS
)


def without_november(rows: str) -> str:
    return "".join(row for row in rows.splitlines(keepends=True) if "2025-11" not in row)


def write_data(project: Path, orders: str, feedback: str) -> None:
    write(project / "data" / "orders.csv", orders)
    write(project / "data" / "feedback.csv", feedback)


def run(project: Path, *periods: str) -> list[dict]:
    """Run all pages of some periods that must run, and give the run table."""
    chosen = [part for period in periods for part in ("--period", period)]
    done = crmreport("run", "--shard", "1/1", "--jobs", "2", "--json", "--project", str(project), *chosen)
    return json.loads(done.stdout)["pages"]


def ran(project: Path, *periods: str) -> list[str]:
    """Run all pages of some periods that must run; give their names."""
    table = run(project, *periods)
    assert {line["state"] for line in table} <= {"ok", "kept"}
    return [line["page"] for line in table if line["state"] == "ok"]


def listed(project: Path, *periods: str, language: str = "en_GB") -> list[str]:
    """List the pages, and give why each must run."""
    chosen = [part for period in periods for part in ("--period", period)]
    done = crmreport("list", "--project", str(project), *chosen)
    assert done.exit_code == 0, done.output
    return [line.split("  en     ")[1] for line in done.output.splitlines()]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of three months of data; the pages of two of them were run."""
    folder = tmp_path_factory.mktemp("first") / "project"
    files: dict[str, str | bytes] = {
        "orders.csv": without_november(ORDERS),
        "feedback.csv": without_november(FEEDBACK),
    }
    write_project(folder, SETTINGS, files, NOTEBOOKS)
    assert len(ran(folder, "2025-09", "2025-10")) == 5
    return folder


@pytest.fixture
def project(first: Path, tmp_path: Path) -> Path:
    """A copy of that project, at another place."""
    return shutil.copytree(first, tmp_path / "elsewhere")


def test_a_store_that_was_copied_to_another_place_runs_nothing(project: Path) -> None:
    assert ran(project, "2025-09", "2025-10") == []


def test_a_new_month_leaves_the_earlier_ones_alone(project: Path) -> None:
    write_data(project, ORDERS, FEEDBACK)
    table = run(project, "2025-09", "2025-10", "2025-11")
    # What was cleaned is said on one page, that of the newest month.
    assert {line["page"]: line["state"] for line in table} == {
        "2025-11/sales": "ok",
        "2025-11/voices": "ok",
        "2025-11/data": "ok",
        "2025-10/sales": "kept",
        "2025-10/voices": "kept",
        "2025-09/sales": "kept",
        "2025-09/voices": "kept",
    }


def test_one_changed_row_runs_the_pages_that_read_it_and_says_why(project: Path) -> None:
    before = without_november(ORDERS)
    changed = before.replace("o10-07,c1,2025-10-07,10.50", "o10-07,c1,2025-10-07,11.50")
    write(project / "data" / "orders.csv", changed)
    why = listed(project, "2025-09", "2025-10")
    assert why[0].startswith("to be run: Revenue of October 2025 changed, and ")
    assert why[1:] == ["up to date"] * 4
    table = run(project, "2025-09", "2025-10")
    assert [line["page"] for line in table if line["state"] == "ok"] == ["2025-10/sales"]
    assert "figures revenue 2025-10 all" in table[0]["changed"]
    # And back again, it is kept still.
    write(project / "data" / "orders.csv", before)
    assert ran(project, "2025-09", "2025-10") == []


def test_a_changed_notebook_runs_its_own_pages(project: Path) -> None:
    write(project / "notebooks" / "voices.ipynb", NOTEBOOKS["voices"].replace("Voices", "Opinions"))
    why = listed(project, "2025-10")
    assert why == [
        "up to date",
        "to be run: the notebook, or what is said at its head, changed",
        "up to date",
    ]


def test_a_label_of_another_language_or_one_more_period_runs_nothing(project: Path) -> None:
    more = SETTINGS + "  periods: 2\n  labels: {zh_CN: {North: 北}}\n"
    write(project / "_config.yml", f"crmreport:\n  company: Tiny\n  folder: data\n{more}")
    assert set(listed(project)) == {"up to date"}


def test_a_notebook_that_takes_the_context_is_run_when_anything_changed(tmp_path: Path) -> None:
    own = {"summary": notebook(OPEN, "len(review.context.results.cube)")}
    project = write_project(tmp_path, notebooks=own)
    assert len(ran(project, "2025-09")) == 1
    assert listed(project, "2025-09") == ["up to date"]
    write(project / "data" / "orders.csv", without_november(ORDERS))
    assert listed(project, "2025-09") == ["to be run: the data or their settings changed"]


def test_a_page_that_was_cut_short_is_a_missing_one(project: Path) -> None:
    objects = sorted((project / ".crmreport" / "pages" / "objects").glob("*.ipynb"))
    for path in objects:
        path.write_bytes(path.read_bytes()[:-100])
    assert set(listed(project, "2025-09", "2025-10")) == {"to be run: it is no longer kept"}
    for path in (project / ".crmreport" / "pages").rglob("*.json"):
        path.write_bytes(path.read_bytes()[:40])
    assert set(listed(project, "2025-09", "2025-10")) == {"not run yet"}


def test_a_failed_page_is_kept_for_the_book_and_run_again_by_a_build(tmp_path: Path) -> None:
    own = {"summary": notebook(OPEN, "open('data/added.txt').read()")}
    project = write_project(tmp_path, notebooks=own)
    assert [line["state"] for line in run(project, "2025-10")] == ["failed"]
    assert listed(project, "2025-10") == ["to be run: it failed the last time"]
    done = crmreport("book", "--project", str(project), "--no-pdf", "--quiet", "--period", "2025-10")
    assert done.exit_code == 1
    assert "failed: en/2025-10/summary: Cell 4: FileNotFoundError" in done.stderr
    write(project / "data" / "added.txt", "here")
    assert ran(project, "2025-10") == ["2025-10/summary"]
    assert listed(project, "2025-10") == ["up to date"]


def test_hits_are_not_prepared(project: Path) -> None:
    work = plan_work(read_project(project), Request(("2025-09", "2025-10")))
    assert [planned.prepared for planned in work.pages] == [""] * 5
