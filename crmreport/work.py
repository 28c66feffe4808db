"""Work: everything that a build is about to do, known before it does it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from crmreport.ahead import Ahead
from crmreport.config import SECTION, Project
from crmreport.covering import covered, last_complete
from crmreport.kernels import WARM
from crmreport.pages.caution import gaps_of
from crmreport.pages.plan import Chapter, Page, chapters_of, chapters_with_data, plan, segments_with_pages
from crmreport.pages.prepare import as_text, made_of, prepare
from crmreport.pages.store import Kept, Key, Store, key_of, open_store, why_failed
from crmreport.pages.touched import quality_of
from crmreport.pages.why import FORCED, Why
from crmreport.periods import Period
from crmreport.queries import queries
from crmreport.results import Read, Results, compute_results
from crmreport.slices import Slices, slices_of
from crmreport.tables.remote.fingerprints import refresh_sources
from crmreport.tables.sources import find_sources


@dataclass(frozen=True)
class Request:
    """What to build; nothing given means what the configuration says."""

    periods: tuple[str, ...] = ()
    segments: tuple[str, ...] | None = None
    languages: tuple[str, ...] = ()
    jobs: int = 0
    force: bool = False
    pdf: bool = True
    kernel: str = WARM  # see `crmreport.kernels`

    @property
    def workers(self) -> int:
        """How many processes work side by side: as many as are asked for, or else as there are cores."""
        return self.jobs or os.cpu_count() or 1


@dataclass(frozen=True)
class Planned:
    """A page with its key, what is kept of it, and why it must run; None if it need not.

    `prepared`: its notebook, if it must run, else "".
    """

    page: Page
    key: Key
    kept: Kept | None
    why: Why | None
    prepared: str


@dataclass(frozen=True)
class Work:
    """A build's results, its chapters, periods and languages, and each of its pages."""

    project: Project
    results: Results
    chapters: tuple[Chapter, ...]
    periods: tuple[Period, ...]
    languages: tuple[str, ...]
    pages: tuple[Planned, ...]
    slices: Slices

    @property
    def store(self) -> Store:
        """Where executed pages are kept."""
        return open_store(self.project)


def looked_at_again(store: Store, planned: Planned, slices: Slices) -> Planned:
    """Look whether a page need not run after all, now that the analyses are there that it shows."""
    if planned.why is None or not planned.why.reads:
        return planned
    kept = store.find(planned.key, slices.digest)
    return replace(planned, kept=kept, why=why_failed(kept)) if kept else planned


def periods_of(project: Project, request: Request, read: Read) -> tuple[Period, ...]:
    """Give the periods of a build, oldest first. UserError for one that the data do not cover."""
    if request.periods:
        return tuple(sorted({covered(project, read, name) for name in request.periods}))
    return last_complete(project, read, project.settings.periods)


def plan_work(project: Project, request: Request, ahead: Ahead | None = None) -> Work:
    """Compute the results and list the pages, each with its state; databases are asked anew.

    `ahead`: makes analyses meanwhile, if results must be computed. Raises UserError for what cannot be.
    """
    settings = project.settings
    languages = request.languages or settings.languages
    # Before anything is computed: a folder may not be there, or a chapter that the list names.
    project.find_folders()
    chapters_of(project)
    refresh_sources(project, find_sources(project))
    results = compute_results(project, request.periods, ahead)
    if ahead:
        ahead.go_on(results)
    chapters = chapters_with_data(project, results)
    periods = periods_of(project, request, results)
    if request.segments is None:
        segments = segments_with_pages(results, settings.segments, f"{SECTION}.segments")
    else:
        segments = segments_with_pages(results, request.segments, "--segments")
    by_name = {chapter.name: chapter for chapter in chapters}
    quality = quality_of(project, results)
    gaps = {period.name: gaps_of(project, period, quality) for period in periods}
    slices = slices_of(project, results, periods)
    if ahead:
        for period in periods:
            slices.digest(f"changes {period.key}")  # which takes a while, too
        queries(project.store, periods[-1])  # which the glossary shows
        ahead.finish()
    store = open_store(project)

    def planned(page: Page) -> Planned:
        chapter = by_name[page.chapter]
        made = project, results, chapter, page, gaps[page.period]
        key = key_of(project, results, chapter, page, made_of(*made))
        kept = store.find(key, slices.digest)
        why = why_failed(kept) if kept else store.why_stale(page, key, slices.digest)
        if request.force:
            kept, why = None, Why((FORCED,))
        prepared = as_text(prepare(*made)) if why else ""
        return Planned(page, key, kept, why, prepared)

    pages = tuple(planned(page) for page in plan(chapters, periods, segments, languages))
    return Work(project, results, chapters, periods, languages, pages, slices)
