"""Shards: a build's pages shared out, run apart, and joined to the same book."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmreport.pages.plan import Page
from crmreport.pages.shards import read_seconds, shard, write_seconds
from crmreport.segments import WHOLE
from tests.small_project import OPEN, crmreport, notebook, refused, write_project

CHAPTERS = ("sales", "service", "data")


def page(chapter: str, period: str, language: str = "en") -> Page:
    return Page(chapter, period, WHOLE, language, f"{period}/{chapter}")


pages = st.lists(
    st.builds(page, st.sampled_from(CHAPTERS), st.sampled_from(["2025-08", "2025-09", "2025-10"])),
    unique=True,
)
seconds = st.dictionaries(st.sampled_from(CHAPTERS), st.floats(0, 100))


@given(pages, seconds, st.integers(1, 8))
def test_each_page_is_in_exactly_one_shard(pages: list[Page], seconds: dict[str, float], of: int) -> None:
    shards = [shard(pages, seconds, part, of) for part in range(1, of + 1)]
    assert sorted(p.name for each in shards for p in each) == sorted(p.name for p in pages)


def test_shards_take_equally_long_and_keep_periods_together() -> None:
    planned = [page(c, p) for p in ("2025-10", "2025-09") for c in CHAPTERS]
    # 4 + 1 + 1 seconds in each of the two periods.
    parts = [shard(planned, {"sales": 4, "service": 1, "data": 1}, part, 2) for part in (1, 2)]
    assert [[p.period for p in part] for part in parts] == [["2025-10"] * 3, ["2025-09"] * 3]
    # Of three machines, the first has a long page to itself.
    parts = [shard(planned, {"sales": 4, "service": 1, "data": 1}, part, 3) for part in (1, 2, 3)]
    assert [len(part) for part in parts] == [1, 2, 3]


def test_a_chapter_without_a_time_takes_as_long_as_the_others(tmp_path: Path) -> None:
    assert read_seconds(tmp_path) == {}
    write_seconds(tmp_path, {page("sales", "2025-09"): 1.0, page("sales", "2025-10"): 3.0})
    write_seconds(tmp_path, {page("data", "2025-10"): 4.0})
    assert read_seconds(tmp_path) == {"data": 4.0, "sales": 2.0}
    planned = [page("service", "2025-10"), page("sales", "2025-10"), page("data", "2025-10")]
    # 3, 2 and 4 seconds: the first half ends within the second page.
    assert [p.chapter for p in shard(planned, read_seconds(tmp_path), 1, 2)] == ["service", "sales"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of three pages, none of which was run."""
    cells = {"sales": (OPEN, 'review.cards("revenue")'), "service": ("6 * 7",), "data": ("1 / 0",)}
    notebooks = {name: notebook(*code, title=name.title()) for name, code in cells.items()}
    settings = "  chapters: [sales, service, data]\n"
    return write_project(tmp_path_factory.mktemp("shards") / "project", settings, None, notebooks)


def run(project: Path, *arguments: str) -> int:
    chosen = ("--project", str(project), "--period", "2025-10", "--quiet", "--jobs", "1")
    return crmreport("run", *arguments, *chosen).exit_code


def book(project: Path, command: str) -> dict[str, bytes]:
    done = crmreport(command, "--project", str(project), "--period", "2025-10", "--no-pdf", "--quiet")
    assert done.exit_code == 1 and "failed: en/2025-10/data: Cell 3: ZeroDivisionError" in done.stderr
    built = project / "_build"
    files = {p.relative_to(built).as_posix(): p.read_bytes() for p in built.rglob("*") if p.is_file()}
    del files["run.json"]  # says how long each page took
    return files


def test_shards_that_were_run_apart_make_the_book_of_a_build(project: Path, tmp_path: Path) -> None:
    for part, code in ((1, 0), (2, 0), (3, 1)):  # the third page fails
        copy = shutil.copytree(project, tmp_path / str(part))
        assert run(copy, "--shard", f"{part}/3") == code
        made = list((copy / ".crmreport" / "pages" / "objects").iterdir())
        assert len(made) == 1
    joined = shutil.copytree(project, tmp_path / "joined")
    for part in (1, 2):
        shutil.copytree(tmp_path / str(part) / ".crmreport", joined / ".crmreport", dirs_exist_ok=True)
    said = refused("book", "--project", str(joined), "--period", "2025-10", "--quiet")
    assert said == (
        "1 of 3 pages are not run, or are out of date: en/2025-10/data. Run them first: crmreport run "
        "--shard 1/1."
    )
    assert not (joined / "_build").exists()
    shutil.copytree(tmp_path / "3" / ".crmreport", joined / ".crmreport", dirs_exist_ok=True)
    assert book(joined, "book") == book(shutil.copytree(project, tmp_path / "whole"), "build")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sales", "--shard", "1/2"], "CHAPTER is for one page, and --shard for many. Give one of them."),
        (["--shard", "1/2", "-p", "a=1"], "-p is for one page, and --shard for many."),
        (["--shard", "3/2"], "3/2 is no part. Write 2/3 for the second of three."),
        (["--shard", "0/2"], "0/2 is no part."),
        (["--period", "2025-10"], "Name a chapter with one --period, and one --language at most; or give"),
        (["sales", "--period", "2025-10", "--force"], "--force is for many pages. Give it with --shard,"),
    ],
)
def test_the_two_uses_of_run_are_not_mixed(arguments: list[str], said: str) -> None:
    result = crmreport("run", *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
