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
from crmreport.config import Project
from crmreport.errors import UserError
from crmreport.gate import check_gate
from crmreport.kept import Dropped, drop_unused
from crmreport.language import SOURCE_LANGUAGE, _t
from crmreport.pages.needs import SHOWS_ANALYSES
from crmreport.pages.plan import Page
from crmreport.pages.run import FAILED, job_of, log_of, run_all
from crmreport.pages.shards import read_seconds, shard, write_seconds
from crmreport.pages.why import say_why
from crmreport.quality.schema import remember
from crmreport.work import Planned, Request, Work, plan_work

RUN_FILE = "run.json"
MOST_NAMED = 5  # pages in one message
DEFAULT_OUTPUT = "_build"
# Sphinx's own notes, and templates that themes leave among their static files.
NOT_PUBLISHED = shutil.ignore_patterns(".buildinfo", "objects.inv", "*webpack-macros.html")
Report = Callable[[str, int, int], None]  # what is being done, how many are done, of how many


@dataclass(frozen=True)
class Ran:
    """One line of `run.json`."""

    page: str
    language: str
    state: str
    seconds: float
    why: str
    changed: tuple[str, ...]  # the reads that did; see `crmreport.reads`
    error: str


@dataclass(frozen=True)
class Built:
    """What came of a build: where it is, what became of each page, and Jupyter Book's warnings.

    `dropped`: what was not used for long, and went to keep the store within its limit.
    """

    output: Path
    pages: tuple[Ran, ...]
    warnings: tuple[str, ...]
    dropped: Dropped

    @property
    def failed(self) -> tuple[Ran, ...]:
        """The pages that failed."""
        return tuple(page for page in self.pages if page.state == FAILED)


def build(project: Project, output: Path, request: Request, report: Report) -> Built:
    """Build a project's review into an output folder, which appears whole or not at all.

    A page that fails is shown as such, and the rest is built. Raises UserError for what the user must mend,
    and for data from which the configuration lets nothing be built, before anything in the output folder has
    changed.
    """
    check_output(output)
    work = _planned_work(project, request, report)
    executed, ran = run_pages(work, work.pages, request.jobs, report)
    return _publish(work, executed, ran, output, request, report)


def run_shard(
    project: Project, request: Request, part: int, of: int, report: Report
) -> tuple[tuple[Ran, ...], Dropped]:
    """Run those of a build's pages that are in one of so many parts, and keep them for `build_from_kept`.

    UserError as for `build`.
    """
    work = _planned_work(project, request, report)
    pages = [planned.page for planned in work.pages]
    chosen = set(shard(pages, read_seconds(project.store), part, of))
    _, ran = run_pages(work, [p for p in work.pages if p.page in chosen], request.jobs, report)
    return ran, drop_unused(project.store, project.settings.cache_mb)


def build_from_kept(project: Project, output: Path, request: Request, report: Report) -> Built:
    """Build a review of pages that were all run before; failed ones are shown as such.

    UserError as for `build`, and if pages are not kept, or not as they would be now: their names, and how to
    run them.
    """
    check_output(output)
    work = _planned_work(project, request, report)
    missing = [f"{p.page.language}/{p.page.name}" for p in work.pages if p.kept is None]
    if missing:
        listed = ", ".join(missing[:MOST_NAMED]) + (" ..." if missing[MOST_NAMED:] else "")
        raise UserError(
            _t("{n} of {all} pages are not run, or are out of date: {pages}. Run them first: {command}."),
            n=len(missing),
            all=len(work.pages),
            pages=listed,
            command="crmreport run --shard 1/1",
        )
    executed = {p.page: p.kept.notebook for p in work.pages if p.kept}
    ran = tuple(_line(work, p, p.kept.state, 0.0, p.kept.error) for p in work.pages if p.kept)
    return _publish(work, executed, ran, output, request, report)


def _planned_work(project: Project, request: Request, report: Report) -> Work:
    report(_t("Reading the data"), 0, 0)
    work = plan_work(project, request)
    check_gate(project, work.results, work.periods)
    return work


def _publish(
    work: Work,
    executed: dict[Page, str],
    ran: tuple[Ran, ...],
    output: Path,
    request: Request,
    report: Report,
) -> Built:
    """Make the books, put everything into the output folder, and remember what the next build needs."""
    project, results = work.project, work.results
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as folder:
        made = Path(folder, output.name)
        warnings = _make_books(work, executed, ran, made, request.pdf, report)
        _front_door(work, made)
        shutil.copyfile(results.folder / "cube.parquet", made / "cube.parquet")
        record = {
            "pages": [asdict(line) for line in ran],
            "warnings": warnings,
            "data": results.data,
            "as_of": str(results.as_of),
        }
        (made / RUN_FILE).write_text(
            json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        _put_in_place(made, output)
    remember(project.store, results.data, results.schema)
    took = {p.page: work.store.seconds(p.page) for p in work.pages}
    write_seconds(project.store, {page: seconds for page, seconds in took.items() if seconds is not None})
    return Built(output, ran, tuple(warnings), drop_unused(project.store, project.settings.cache_mb))


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


def run_pages(
    work: Work, pages: Sequence[Planned], at_once: int, report: Report
) -> tuple[dict[Page, str], tuple[Ran, ...]]:
    """Run those of some pages that must run, several at a time, and keep what comes of them.

    Give every page's executed notebook and its line of the run table.
    """
    _compute_once(work, [p for p in pages if p.why], report)
    pages = [work.looked_at_again(p) for p in pages]
    executed: dict[Page, str] = {}
    lines: dict[Page, Ran] = {}
    for planned in pages:
        if planned.kept and not planned.why:
            executed[planned.page] = planned.kept.notebook
            lines[planned.page] = _line(work, planned, "kept", 0.0, "")
    stale = {p.page: p for p in pages if p.page not in executed}
    if stale:
        report(_t("Running the pages"), 0, len(stale))
    jobs = [job_of(work.project, p.page, p.prepared, p.page.parameters) for p in stale.values()]
    at_a_time = at_once or os.cpu_count() or 1
    for done, (job, outcome) in enumerate(run_all(jobs, at_a_time, log_of(work.project)), start=1):
        planned = stale[job.page]
        executed[job.page] = outcome.notebook
        lines[job.page] = _line(work, planned, outcome.state, outcome.seconds, outcome.error)
        work.store.write(job.page, planned.key, outcome, work.slices.digest)
        report(_t("Running the pages"), done, len(stale))
    return executed, tuple(lines[planned.page] for planned in pages)


def _compute_once(work: Work, stale: list[Planned], report: Report) -> None:
    """Compute what several pages of a period show, before they run side by side."""
    prepared = {p.name: [s.prepared for s in stale if s.page.period == p.name] for p in work.periods}
    for period in work.periods:
        if prepared[period.name]:
            work.slices.digest(f"changes {period.key}")
    shown = [p for p in work.periods if any(SHOWS_ANALYSES in text for text in prepared[p.name])]
    if shown:
        report(_t("Analysing the data"), 0, 0)
        analysed(work.project, work.results, shown)


def _line(work: Work, planned: Planned, state: str, seconds: float, error: str) -> Ran:
    return Ran(
        page=planned.page.name,
        language=planned.page.language,
        state=state,
        seconds=round(seconds, 2),
        why=say_why(planned.why, work.project, SOURCE_LANGUAGE),
        changed=planned.why.reads if planned.why else (),
        error=error,
    )


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
