"""The book: what is built when something has changed is what a build from nothing gives, byte for byte."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from crmreport import glossary
from crmreport.analyses import ANALYSES
from crmreport.book import assemble as assembling
from crmreport.book import config as book_config
from crmreport.book import sources
from crmreport.book.assemble import assemble
from crmreport.book.make import BookError, Made, Press, html_of, make
from crmreport.book.volume import Book
from crmreport.config import Project, read_project
from crmreport.display.outputs import TABLE_MIME
from crmreport.metrics import METRICS
from crmreport.pages.plan import EACH_SEGMENT, Page, chapters_of
from crmreport.periods import Calendar
from crmreport.results import compute_results
from crmreport.segments import WHOLE, Segment
from tests.small_project import notebook, write_project

MONTHS = ("2025-08", "2025-09", "2025-10", "2025-11")
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("book") / "project"
    notebooks = {
        "summary": notebook("review.cards('revenue')"),
        "segment": notebook("review.cards('revenue')", title="Segments", runs=EACH_SEGMENT),
    }
    settings = "  chapters: [summary, segment]\n  languages: [en, zh_CN]\n"
    return read_project(write_project(folder, settings, notebooks=notebooks))


@pytest.fixture(scope="module", autouse=True)
def small_books() -> Iterator[None]:
    """Books without PDFs, whose covers need figures, and with a glossary of a few words."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book_config, "edition", lambda _book, period, _glossary: {"name": period.name})
        patch.setattr(glossary, "METRICS", METRICS[:2])
        patch.setattr(glossary, "ANALYSES", ANALYSES[:1])
        yield


def executed(title: str, month: str, *outputs: dict) -> str:
    """Write an executed notebook: a title, and a cell for each output."""
    text = {"id": "a", "cell_type": "markdown", "metadata": {}, "source": f"# {title}, {month}\n\n## Part"}
    cells = [
        {
            "id": f"c{n}", "cell_type": "code", "execution_count": n, "metadata": {}, "source": f"show({n})",
            "outputs": [{"output_type": "display_data", "metadata": {}, "data": data}],
        }
        for n, data in enumerate(outputs)
    ]  # fmt: skip
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [text, *cells]})


def table(*rows: Sequence[str]) -> dict:
    columns = [{"title": "Kind", "align": "left"}, {"title": "Orders", "align": "right"}]
    return {
        TABLE_MIME: {"columns": columns, "rows": [list(r) for r in rows], "caption": "Orders", "notes": []},
        "text/plain": "Orders, plainly",
    }


def a_book(project: Project, months: Sequence[str] = MONTHS[:2], **changes: object) -> Book:
    """Make a book of tiny pages: a summary and two segments' pages for each month."""
    calendar = Calendar()
    pages = {}
    for month in months:
        summary = executed("Summary", month, table(["Desks", "3"]), {"image/png": PICTURE})
        pages[Page("summary", month, WHOLE, "en", f"{month}/summary")] = summary
        for segment, address in ((WHOLE, ""), (Segment("region", "North"), "/region-north")):
            link = {"text/markdown": f"See [](/{month}/summary)."}
            text = executed("Segment", f"{month}{address}", link)
            pages[Page("segment", month, segment, "en", f"{month}/segment{address}")] = text
    book = Book(
        project=project,
        results=compute_results(project),
        language="en",
        chapters=chapters_of(project),
        periods=tuple(calendar.period(month) for month in months),
        pages=pages,
        failed=frozenset(),
    )
    return replace(book, **changes)


def files_of(folder: Path) -> dict[str, bytes]:
    """Give all files of a book's HTML."""
    return {
        path.relative_to(html_of(folder)).as_posix(): path.read_bytes()
        for path in sorted(html_of(folder).rglob("*"))
        if path.is_file()
    }


def done(folder: Path, doing: str) -> set[str]:
    """Name the pages that the last build read or wrote (`doing`), by what Jupyter Book said."""
    said = re.sub(r"\x1b\[[0-9;]*m", "", (folder / "_build" / "html.log").read_text(encoding="utf-8"))
    return set(re.findall(rf"{doing}\.\.\. \[ *\d+%\] ([\w/-]+)", said))


def page(folder: Path, name: str) -> str:
    return (html_of(folder) / f"{name}.html").read_text(encoding="utf-8")


def changed(book: Book, name: str, text: str) -> Book:
    """Give a book in which one page has another text."""
    return replace(book, pages={page: text if page.name == name else t for page, t in book.pages.items()})


def retitled(book: Book, title: str) -> Book:
    first, *others = book.chapters
    return replace(book, chapters=(replace(first, title=title), *others))


def labelled(book: Book) -> Book:
    settings = book.project.settings.model_copy(update={"labels": {"en": {"North": "Up north"}}})
    return replace(book, project=replace(book.project, settings=settings))


def renamed(book: Book) -> Book:
    settings = book.project.settings.model_copy(update={"company": "Another"})
    return replace(book, project=replace(book.project, settings=settings))


CHANGES = {
    "a month is added": lambda project: a_book(project, MONTHS[:3]),
    "a month is removed": lambda project: a_book(project, MONTHS[:1]),
    "months are replaced": lambda project: a_book(project, MONTHS[2:]),
    "a page is changed": lambda project: changed(
        a_book(project), "2025-09/summary", executed("Another title", "2025-09", table(["Lamps", "4"]))
    ),
    "a chapter's title is changed": lambda project: retitled(a_book(project), "Overview"),
    "a segment's label is changed": lambda project: labelled(a_book(project)),
    "the company is renamed": lambda project: renamed(a_book(project)),
}


def press(folders: list[Path]) -> list[Made]:
    with Press() as begun:
        return list(make(folders, ["html"], begun))


@pytest.fixture(scope="module")
def builds(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of HTML after each change, one made upon the other (`upon`), and each from nothing (`anew`)."""
    folder = tmp_path_factory.mktemp("builds")
    book = folder / "book"
    assemble(a_book(project), book)
    press([book])
    for name, change in CHANGES.items():
        assemble(change(project), book)
        press([book])
        shutil.copytree(book, folder / "upon" / name)
        assemble(change(project), folder / "anew" / name)
    press(sorted((folder / "anew").iterdir()))
    return folder


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_built_upon_an_earlier_build_is_what_is_built_from_nothing(builds: Path, change: str) -> None:
    upon, anew = files_of(builds / "upon" / change), files_of(builds / "anew" / change)
    assert sorted(upon) == sorted(anew)
    assert [name for name in anew if upon[name] != anew[name]] == []


def test_a_month_that_is_added_has_its_own_pages_read_and_what_tells_of_it(builds: Path) -> None:
    folder = builds / "upon" / "a month is added"
    own = {f"2025-10/{name}" for name in ("summary", "segment", "segment/region-north")}
    newest = {"index", "glossary/sales"}  # the front page names it, and queries are written for it
    assert done(folder, "reading sources") == own | newest
    # Pages that refer to others show their titles, and are written whenever the book is.
    referring = {f"{month}/segment{end}" for month in MONTHS[:2] for end in ("", "/region-north")}
    assert done(folder, "writing output") == own | newest | referring | {"code", "glossary"}


def test_a_sidebar_has_its_own_period_and_what_all_share_is_in_one_file(builds: Path) -> None:
    folder = builds / "upon" / "a month is added"
    own = page(folder, "2025-08/summary")
    assert 'aria-current="page" href="#">Summary</a>' in own
    assert 'href="segment/region-north.html">' in own
    assert "2025-09" not in own and "2025-10" not in own
    shared = (html_of(folder) / "_static" / "contents.js").read_text(encoding="utf-8")
    assert [month for month in MONTHS if month in shared] == list(MONTHS[:3])
    # Without scripts the front page leads to every period.
    assert [month for month in MONTHS if f'href="{month}/summary.html"' in page(folder, "index")] == list(
        MONTHS[:3]
    )


def test_a_page_s_neighbours_are_of_its_own_period(builds: Path) -> None:
    folder = builds / "upon" / "a month is added"
    last, first = page(folder, "2025-09/segment/region-north"), page(folder, "2025-09/summary")
    assert 'class="left-prev"' in last and 'class="right-next"' not in last
    assert 'class="right-next"' in first and 'class="left-prev"' not in first


def test_nothing_of_a_removed_month_or_of_an_old_title_stays(builds: Path) -> None:
    files = files_of(builds / "upon" / "months are replaced")
    assert [
        name for name, content in files.items() if b"2025-08" in content or b"Another title" in content
    ] == []
    assert [name for name in files if name.startswith("2025-0")] == []


def test_what_is_built_already_is_not_built_again(builds: Path) -> None:
    folder = builds / "anew" / "a month is added"
    log = folder / "_build" / "html.log"
    before = log.stat().st_mtime_ns
    (made,) = press([folder])
    assert made.builder == "html" and made.warnings == ()
    assert log.stat().st_mtime_ns == before


def test_pages_older_than_the_templates_are_not_written_again_for_that(
    project: Project, tmp_path: Path
) -> None:
    assemble(a_book(project), tmp_path)
    press([tmp_path])
    for path in html_of(tmp_path).rglob("*.html"):
        os.utime(path, (0, 0))  # as if all that is installed were newer
    (html_of(tmp_path) / "code.html").unlink()
    assemble(CHANGES["a page is changed"](project), tmp_path)
    press([tmp_path])
    written = done(tmp_path, "writing output")
    assert {"2025-09/summary", "code"} <= written
    assert not {"2025-08/summary", "glossary/sales"} & written


def test_of_a_page_that_is_the_same_nothing_is_made_again_but_what_is_broken(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = a_book(project)
    assemble(book, tmp_path)
    first = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*.ipynb"))}
    made: list[str] = []
    monkeypatch.setattr(assembling, "shown_of", lambda text: made.append(text) or sources.shown_of(text))
    assemble(book, tmp_path)
    assert len(first) == len(book.pages) and made == []
    one, other, *_ = first
    one.write_text("broken")
    other.unlink()
    assemble(book, tmp_path)
    assert len(made) == 2
    (tmp_path / "_build" / "pages.json").write_text("broken")
    assemble(book, tmp_path)
    assert len(made) == 2 + len(book.pages)
    assert {path: path.read_bytes() for path in sorted(tmp_path.rglob("*.ipynb"))} == first


def test_a_book_gets_neither_code_nor_the_plain_text_of_what_is_shown_better(builds: Path) -> None:
    folder = builds / "anew" / "a month is added"
    source = (folder / "2025-08" / "summary.ipynb").read_text(encoding="utf-8")
    assert "show(0)" not in source and "plainly" not in source
    text = page(folder, "2025-08/summary")
    assert '<table class="table crm-table crm-right-2">' in text
    assert "<tr><td>Desks<td>3" in text
    assert '<img alt="../_images/' in text


def test_words_of_a_table_can_be_searched(builds: Path) -> None:
    index = (html_of(builds / "anew" / "a month is added") / "searchindex.js").read_text(encoding="utf-8")
    assert '"desk"' in index


def test_what_an_interrupted_build_left_is_not_built_upon(builds: Path, tmp_path: Path) -> None:
    anew = builds / "anew" / "a month is added"
    folder = tmp_path / "book"
    shutil.copytree(anew, folder)
    (folder / "_build" / "html.json").unlink()  # it is written when all is done
    (html_of(folder) / "2025-08" / "summary.html").write_text("half a pa", encoding="utf-8")
    press([folder])
    assert files_of(folder) == files_of(anew)


def test_a_press_that_is_begun_for_nothing_is_ended_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    with Press() as begun:
        process = begun.begin()
        assert begun.begin() is process
    assert process.returncode == -signal.SIGKILL  # it was not waited for until it had loaded all
    assert capfd.readouterr() == ("", "")


def test_a_press_that_was_begun_before_makes_the_book(project: Project, tmp_path: Path) -> None:
    with Press() as begun:
        process = begun.begin()
        assemble(a_book(project, MONTHS[:1]), tmp_path)
        (made,) = make([tmp_path], ["html"], begun)
    assert process.returncode == 0 and made.warnings == ()
    assert (html_of(tmp_path) / "2025-08" / "summary.html").is_file()


def test_jupyter_book_s_error_is_told(project: Project, tmp_path: Path) -> None:
    assemble(a_book(project, MONTHS[:1]), tmp_path)
    (tmp_path / "_contents.json").write_text("{", encoding="utf-8")
    with pytest.raises(BookError, match="JSONDecodeError"):
        press([tmp_path])
