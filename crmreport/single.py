"""Single: run one page for an analyst, with any parameters, and show it as the book would."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmreport.book import Book, assemble, call_jupyter_book, html_of
from crmreport.config import Project
from crmreport.pages.plan import Page, chapter_of
from crmreport.pages.prepare import as_text, check_parameters, prepare
from crmreport.pages.run import FAILED, Job, run
from crmreport.results import compute_results, covered
from crmreport.review import segment_in
from crmreport.segments import Segment, slugs

DEFAULT_FOLDER = "_run"


@dataclass(frozen=True)
class Single:
    """Where a page's executed notebook and its HTML are, and what failed ("" if nothing did)."""

    notebook: Path
    html: Path
    error: str


def run_single(
    project: Project, chapter: str, period: str, segment: str, language: str, extra: dict[str, Any], folder: Path
) -> Single:
    """Run one page into a folder. Raises UserError for a chapter, period, segment or parameter that is not there."""
    found = chapter_of(project, chapter)
    check_parameters(found, extra)
    results = compute_results(project, (period,))
    chosen = covered(project, results, period)
    part = segment_in(results, segment)
    page = _page(found.name, chosen.name, part, language)
    prepared = as_text(prepare(project, results, found, page))
    outcome = run(
        Job(
            name=page.name,
            language=language,
            notebook=prepared,
            parameters=page.parameters | extra,
            folder=project.root,
            timeout_seconds=project.settings.page_timeout_seconds,
        )
    )
    failed = frozenset({page.name} if outcome.state == FAILED else ())
    source = project.store / "single" / language
    book = Book(project, results, language, (found,), (chosen,), {page: outcome.notebook}, failed)
    assemble(book, source)
    call_jupyter_book(source, "html")
    notebook = folder / language / f"{page.name}.ipynb"
    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_text(outcome.notebook, encoding="utf-8")
    html = folder / "html" / language
    shutil.rmtree(html, ignore_errors=True)
    shutil.copytree(html_of(source), html)
    return Single(notebook, html / f"{page.name}.html", outcome.error)


def _page(chapter: str, period: str, segment: Segment, language: str) -> Page:
    name = f"{period}/{chapter}" + ("" if segment.is_whole else f"/{slugs([segment])[segment]}")
    return Page(chapter, period, segment, language, name)
