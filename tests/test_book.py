"""The book: what is built when something has changed is what a build from nothing gives, byte for byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from crmreport import glossary
from crmreport.analyses import ANALYSES
from crmreport.book import Book, assemble, html_of, make
from crmreport.book import config as book_config
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


def reads(folder: Path) -> list[str]:
    """Name the pages that the last build read, by what Jupyter Book said."""
    said = (folder / "_build" / "html.log").read_text(encoding="utf-8")
    return sorted({name for name in _pages(folder) if f"\x1b[35m{name}\x1b" in said})


def writes(folder: Path) -> list[str]:
    """Name the pages that the last build wrote."""
    said = (folder / "_build" / "html.log").read_text(encoding="utf-8")
    return sorted({name for name in _pages(folder) if f"\x1b[32m{name}\x1b" in said})


def _pages(folder: Path) -> list[str]:
    files = [*folder.glob("*.md"), *folder.glob("20*/**/*.ipynb")]
    return [path.relative_to(folder).with_suffix("").as_posix() for path in files]


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


@pytest.fixture(scope="module")
def builds(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of HTML after each change, one made upon the other (`upon`), and each from nothing (`anew`)."""
    folder = tmp_path_factory.mktemp("builds")
    book = folder / "book"
    assemble(a_book(project), book)
    list(make([book], ["html"]))
    for name, change in CHANGES.items():
        assemble(change(project), book)
        list(make([book], ["html"]))
        shutil.copytree(book, folder / "upon" / name)
        assemble(change(project), folder / "anew" / name)
    list(make(sorted((folder / "anew").iterdir()), ["html"]))
    return folder


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_built_upon_an_earlier_build_is_what_is_built_from_nothing(builds: Path, change: str) -> None:
    upon, anew = files_of(builds / "upon" / change), files_of(builds / "anew" / change)
    assert sorted(upon) == sorted(anew)
    assert [name for name in anew if upon[name] != anew[name]] == []
