"""Single: run one page for an analyst, with any parameters, and show it as the book would."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmreport.book.assemble import assemble
from crmreport.book.make import Press, html_of, make
from crmreport.book.volume import Book
from crmreport.build import check_writable
from crmreport.config import Project
from crmreport.covering import covered
from crmreport.errors import UserError
from crmreport.kernels import WARM
from crmreport.language import _t
from crmreport.pages.caution import gaps_of
from crmreport.pages.plan import Page, chapter_of
from crmreport.pages.prepare import as_text, check_parameters, prepare
from crmreport.pages.run import FAILED, job_of, log_of, run_all
from crmreport.pages.shared import Shared
from crmreport.pages.touched import quality_of
from crmreport.results import compute_results
from crmreport.review import segment_in
from crmreport.segments import Segment, slugs

DEFAULT_FOLDER = "_run"
_OWN = ("period", "segment", "language", "project")  # parameters that the page itself is made of


@dataclass(frozen=True)
class Single:
    """Where a page's executed notebook and its HTML are, and what failed ("" if nothing did)."""

    notebook: Path
    html: Path
    error: str


def run_single(
    project: Project,
    chapter: str,
    period: str,
    segment: str,
    language: str,
    extra: dict[str, Any],
    folder: Path,
    kernel: str = WARM,
) -> Single:
    """Run one page into a folder, beside pages that were run before.

    `extra`: parameters of the notebook beside the page's own. `kernel`: see `crmreport.kernels`; warm for one
    page, too: a cold one imports everything twice, and looks at the data again. Raises UserError, before
    anything runs, for a chapter, period, segment or parameter that is not there, and for a folder that cannot
    be written.
    """
    found = chapter_of(project, chapter)
    _check_extra(extra)
    check_parameters(found, extra)
    results = compute_results(project, (period,))
    chosen = covered(project, results, period)
    part = segment_in(results, segment)
    check_writable(folder)
    page = _page(found.name, chosen.name, part, language)
    gaps = gaps_of(project, chosen, quality_of(project, results))
    prepared = as_text(prepare(project, results, found, page, gaps))
    job = job_of(project, page, prepared, page.parameters | extra)
    ((_, outcome),) = run_all([job], 1, log_of(project), kernel, Shared(project, results, (chosen,)))
    failed = frozenset({page.name} if outcome.state == FAILED else ())
    source = project.store / "single" / language
    book = Book(project, results, language, (found,), (chosen,), {page: outcome.notebook}, failed)
    assemble(book, source)
    with Press() as press:
        list(make([source], ["html"], press))
    notebook = folder / language / f"{page.name}.ipynb"
    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_text(outcome.notebook, encoding="utf-8")
    html = folder / "html" / language
    # Nothing is taken away: the folder may be anyone's.
    shutil.copytree(html_of(source), html, dirs_exist_ok=True)
    return Single(notebook, html / f"{page.name}.html", outcome.error)


def _check_extra(extra: dict[str, Any]) -> None:
    """Refuse a page's own parameters: its headings would say one thing, its figures another."""
    for name in _OWN:
        if name in extra:
            raise UserError(_t("{name} is given twice. Say --{name} alone, without -p."), name=name)


def _page(chapter: str, period: str, segment: Segment, language: str) -> Page:
    name = f"{period}/{chapter}" + ("" if segment.is_whole else f"/{slugs([segment])[segment]}")
    return Page(chapter, period, segment, language, name)
