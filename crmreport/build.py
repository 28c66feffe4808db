"""Build: from a project to a finished output folder: compute, run the pages, make the books, put in place."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from crmreport.analysed import analysed
from crmreport.book import Book, assemble, html_of, make, pdf_of
from crmreport.config import SECTION, Project
from crmreport.errors import UserError
from crmreport.gate import check_gate
from crmreport.language import _t
from crmreport.pages.needs import SHOWS_ANALYSES
from crmreport.pages.plan import Chapter, Page, chapters_of, chapters_with_data, plan, segments_with_pages
from crmreport.pages.prepare import as_text, prepare
from crmreport.pages.run import FAILED, OK, job_of, log_of, run_all
from crmreport.pages.store import FORCED, Key, key_of, open_store
from crmreport.pages.touched import quality_of
from crmreport.periods import Period
from crmreport.quality.schema import remember
from crmreport.results import Results, changes_of, compute_results, covered, last_complete
from crmreport.tables.remote.fingerprints import refresh_sources
from crmreport.tables.sources import find_sources

RUN_FILE = "run.json"
DEFAULT_OUTPUT = "_build"
# Sphinx's own notes, and templates that themes leave among their static files.
NOT_PUBLISHED = shutil.ignore_patterns(".buildinfo", "objects.inv", "*webpack-macros.html")
Report = Callable[[str, int, int], None]  # what is being done, how many are done, of how many


@dataclass(frozen=True)
class Request:
    """What to build; nothing given means what the configuration says."""

    periods: tuple[str, ...] = ()
    segments: tuple[str, ...] | None = None
    languages: tuple[str, ...] = ()
    jobs: int = 0
    force: bool = False
    pdf: bool = True


@dataclass(frozen=True)
class Planned:
    """A page with its prepared notebook, its key, and why it must run ("" if it need not)."""

    page: Page
    prepared: str
    key: Key
    why: str


@dataclass(frozen=True)
class Ran:
    """One line of `run.json`."""

    page: str
    language: str
    state: str
    seconds: float
    why: str
    error: str


@dataclass(frozen=True)
class Built:
    """What came of a build: where it is, what became of each page, and Jupyter Book's warnings."""

    output: Path
    pages: tuple[Ran, ...]
    warnings: tuple[str, ...]

    @property
    def failed(self) -> tuple[Ran, ...]:
        """The pages that failed."""
        return tuple(page for page in self.pages if page.state == FAILED)


@dataclass(frozen=True)
class Work:
    """Everything that a build is about to do, known before it does it."""

    project: Project
    results: Results
    chapters: tuple[Chapter, ...]
    periods: tuple[Period, ...]
    languages: tuple[str, ...]
    pages: tuple[Planned, ...]


def plan_work(project: Project, request: Request) -> Work:
    """Compute the results and list the pages, each with its state; databases are asked anew.

    Raises UserError for what cannot be.
    """
    settings = project.settings
    languages = request.languages or settings.languages
    chapters_of(project)  # before anything is computed: the list may name one that is not there
    refresh_sources(project, find_sources(project))
    results = compute_results(project, request.periods)
    chapters = chapters_with_data(project, results)
    if request.periods:
        periods = tuple(sorted({covered(project, results, name) for name in request.periods}))
    else:
        periods = last_complete(project, results, settings.periods)
    if request.segments is None:
        segments = segments_with_pages(results, settings.segments, f"{SECTION}.segments")
    else:
        segments = segments_with_pages(results, request.segments, "--segments")
    by_name = {chapter.name: chapter for chapter in chapters}
    quality = quality_of(project, results)
    store = open_store(project)
    pages = []
    for page in plan(chapters, periods, segments, languages):
        prepared = as_text(prepare(project, results, by_name[page.chapter], page, quality))
        key = key_of(project, results, page, prepared, quality)
        why = FORCED if request.force else store.why_stale(page, key)
        pages.append(Planned(page, prepared, key, why))
    return Work(project, results, chapters, periods, languages, tuple(pages))


def build(project: Project, output: Path, request: Request, report: Report) -> Built:
    """Build a project's review into an output folder, which appears whole or not at all.

    A page that fails is shown as such, and the rest is built. Raises UserError for what the user must mend,
    and for data from which the configuration lets nothing be built, before anything in the output folder has
    changed.
    """
    check_output(output)
    report(_t("Reading the data"), 0, 0)
    work = plan_work(project, request)
    check_gate(project, work.results, work.periods)
    executed, ran = run_pages(work, request.jobs, report)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as folder:
        made = Path(folder, output.name)
        warnings = _make_books(work, executed, ran, made, request.pdf, report)
        _front_door(work, made)
        shutil.copyfile(work.results.folder / "cube.parquet", made / "cube.parquet")
        record = {"pages": [asdict(line) for line in ran], "warnings": warnings}
        (made / RUN_FILE).write_text(
            json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        _put_in_place(made, output)
    remember(project.store, work.results.data, work.results.schema)
    return Built(output, ran, tuple(warnings))


def check_output(output: Path) -> None:
    """Refuse an output folder that cannot be written, or that holds something else than a review of ours."""
    if output.exists() and not output.is_dir():
        raise UserError(_t("{path} is a file, not a folder. Name another output folder."), path=str(output))
    if output.is_dir() and any(output.iterdir()) and not (output / RUN_FILE).is_file():
        raise UserError(
            _t("{path} holds other files, which a build would replace. Name an empty or a new folder."),
            path=str(output),
        )
    check_writable(output.parent)


def check_writable(folder: Path) -> None:
    """Make a folder if it is not there, and refuse one in which nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder):
            pass
    except OSError as error:
        raise UserError(
            _t("{path} cannot be written: {reason}. Name another output folder."),
            path=str(folder),
            reason=error.strerror or str(error),
        ) from None


def run_pages(work: Work, at_once: int, report: Report) -> tuple[dict[Page, str], tuple[Ran, ...]]:
    """Run the pages that must run, several at a time; give every page's executed notebook and its line."""
    store = open_store(work.project)
    executed: dict[Page, str] = {}
    lines: dict[Page, Ran] = {}
    stale: list[Planned] = []
    for planned in work.pages:
        kept = None if planned.why else store.read(planned.key)
        if kept is None:
            stale.append(planned)
        else:
            executed[planned.page] = kept
            lines[planned.page] = _line(planned, "kept", 0.0, "")
    at_a_time = at_once or os.cpu_count() or 1
    _compute_once(work, stale, at_a_time, report)
    planned_of = {p.page: p for p in stale}
    if stale:
        report(_t("Running the pages"), 0, len(stale))
    jobs = [job_of(work.project, p.page, p.prepared, p.page.parameters) for p in stale]
    for done, (job, outcome) in enumerate(run_all(jobs, at_a_time, log_of(work.project)), start=1):
        planned = planned_of[job.page]
        executed[job.page] = outcome.notebook
        lines[job.page] = _line(planned, outcome.state, outcome.seconds, outcome.error)
        if outcome.state == OK:
            store.write(job.page, planned.key, outcome.notebook)
        report(_t("Running the pages"), done, len(stale))
    return executed, tuple(lines[planned.page] for planned in work.pages)


def _compute_once(work: Work, stale: list[Planned], at_a_time: int, report: Report) -> None:
    """Compute what several pages of a period show, before they run side by side."""
    prepared = {p.name: [s.prepared for s in stale if s.page.period == p.name] for p in work.periods}
    for period in work.periods:
        if prepared[period.name]:
            changes_of(work.project, work.results, period)
    shown = [p for p in work.periods if any(SHOWS_ANALYSES in text for text in prepared[p.name])]
    if shown:
        analysed(work.project, work.results, shown, workers=at_a_time, report=report)


def _line(planned: Planned, state: str, seconds: float, error: str) -> Ran:
    return Ran(planned.page.name, planned.page.language, state, round(seconds, 2), planned.why, error)


def _make_books(
    work: Work, executed: dict[Page, str], ran: Sequence[Ran], made: Path, pdf: bool, report: Report
) -> list[str]:
    """Make each language's HTML and PDF, languages side by side; return the warnings."""
    failed = {(line.language, line.page) for line in ran if line.state == FAILED}

    def make_book(language: str) -> list[str]:
        folder = work.project.store / "book" / language
        book = Book(
            project=work.project,
            results=work.results,
            language=language,
            chapters=work.chapters,
            periods=work.periods,
            pages={p.page: executed[p.page] for p in work.pages if p.page.language == language},
            failed=frozenset(name for code, name in failed if code == language),
        )
        assemble(book, folder)
        warnings = make(folder, "html")
        shutil.copytree(html_of(folder), made / "html" / language, ignore=NOT_PUBLISHED)
        if pdf:
            warnings += make(folder, "typst")
            (made / "pdf" / language).mkdir(parents=True)
            for period in work.periods:
                shutil.copy(pdf_of(folder) / f"{period.name}.pdf", made / "pdf" / language)
        return warnings

    report(_t("Making the book"), 0, len(work.languages))
    warnings: list[str] = []
    with ThreadPoolExecutor(len(work.languages)) as pool:
        for done, found in enumerate(pool.map(make_book, work.languages), start=1):
            warnings += found
            report(_t("Making the book"), done, len(work.languages))
    return list(dict.fromkeys(warnings))


def _front_door(work: Work, made: Path) -> None:
    """Write the page that leads to the newest review."""
    newest = f"{work.periods[-1].name}/{work.chapters[0].name}.html"
    links = "".join(f'<p><a href="{code}/{newest}">{code}</a></p>' for code in work.languages)
    (made / "html" / "index.html").write_text(
        f'<!doctype html><html lang="{work.languages[0][:2]}"><meta charset="utf-8"><title>CRM review</title>'
        f'<meta http-equiv="refresh" content="0; url={work.languages[0]}/{newest}">{links}</html>\n',
        encoding="utf-8",
    )


def _put_in_place(made: Path, output: Path) -> None:
    """Swap the new output for the old one, which comes back if the new one cannot take its place."""
    before = made.with_name("before")
    if output.exists():
        output.rename(before)
    try:
        made.rename(output)
    except OSError:
        if before.exists():
            before.rename(output)
        raise
