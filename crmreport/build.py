"""Build: from a project to a finished output folder: compute, run the pages, make the books, put in place."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from crmreport.ahead import Ahead
from crmreport.book.assemble import DRAWN, assemble
from crmreport.book.make import Press, html_of, make, pdf_of
from crmreport.book.volume import Book
from crmreport.config import Project
from crmreport.errors import UserError
from crmreport.gate import check_gate
from crmreport.kept import Dropped, drop_unused
from crmreport.kernels import is_forked
from crmreport.kernels.warm import Warm
from crmreport.language import _t
from crmreport.pages.run import FAILED, OK, log_of, warm_process
from crmreport.pages.shards import read_seconds, shard, write_seconds
from crmreport.pdf.drawing import charts_of, draw_all
from crmreport.quality.schema import remember
from crmreport.running import KEPT, Outcomes, line_of, run_pages
from crmreport.stages import Report, Stages
from crmreport.work import Request, Work, periods_of, plan_work

RUN_FILE = "run.json"
MOST_NAMED = 5  # pages in one message
DEFAULT_OUTPUT = "_build"
# Sphinx's own notes, and what themes leave among their static files: templates, maps of their sources,
# translations that are in the pages already, and scripts, typefaces and pictures that no page uses.
NOT_PUBLISHED = shutil.ignore_patterns(
    *(".buildinfo", "objects.inv", "*webpack-macros.html", "*.map", "locales"),
    *("fontawesome.js", "fa-brands-*", "fa-regular-*", "fa-*.ttf", "logo_*", "minus.png", "plus.png"),
)


@dataclass(frozen=True)
class Built:
    """What came of a build: where it is, what became of its pages, and Jupyter Book's warnings.

    `dropped`: what was not used for long, and went to keep the store within its limit.
    """

    output: Path
    outcomes: Outcomes
    warnings: tuple[str, ...]
    dropped: Dropped


def build(project: Project, output: Path, request: Request, report: Report) -> Built:
    """Build a project's review into an output folder, which appears whole or not at all.

    A page that fails is shown as such, and the rest is built. Raises UserError for what the user must mend,
    and for data from which the configuration lets nothing be built, before anything in the output folder has
    changed.
    """
    check_output(output)
    stages = Stages(report)
    with Press() as press, warm_process(log_of(project)) as warm:

        def begin() -> None:
            press.begin()
            _begin(warm, request)

        work = _planned_work(project, request, stages, begin)
        if any(planned.why for planned in work.pages):
            begin()
        outcomes = run_pages(work, work.pages, request, stages, warm)
        return _publish(work, outcomes, output, request, stages, press)


def run_shard(
    project: Project, request: Request, part: int, of: int, report: Report
) -> tuple[Outcomes, Dropped]:
    """Run those of a build's pages that are in one of so many parts, and keep them for `build_from_kept`.

    UserError as for `build`.
    """
    with warm_process(log_of(project)) as warm:
        work = _planned_work(project, request, report, lambda: _begin(warm, request))
        pages = [planned.page for planned in work.pages]
        chosen = set(shard(pages, read_seconds(project.store), part, of))
        outcomes = run_pages(work, [p for p in work.pages if p.page in chosen], request, report, warm)
    return outcomes, drop_unused(project.store, project.settings.cache_mb)


def build_from_kept(project: Project, output: Path, request: Request, report: Report) -> Built:
    """Build a review of pages that were all run before; failed ones are shown as such.

    UserError as for `build`, and if pages are not kept, or not as they would be now: their names, and how to
    run them.
    """
    check_output(output)
    stages = Stages(report)
    work = _planned_work(project, request, stages)
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
    kept = [(p, p.kept) for p in work.pages if p.kept]
    lines = tuple(line_of(work, p, FAILED if k.error else KEPT, error=k.error) for p, k in kept)
    outcomes = Outcomes({p.page: k.notebook for p, k in kept}, lines)
    with Press() as press:
        return _publish(work, outcomes, output, request, stages, press)


def _begin(warm: Warm, request: Request) -> None:
    """Let the warm process load what it needs, where it will be used."""
    if is_forked(request.kernel):
        warm.begin()


def _planned_work(
    project: Project, request: Request, report: Report, begin: Callable[[], None] | None = None
) -> Work:
    """Plan the work; `begin`: begins what else is to run, where pages will, beside analyses of theirs."""
    report(_t("Reading the data"), 0, 0)
    if begin is None:
        work = plan_work(project, request)
    else:
        periods = partial(periods_of, project, request)
        with Ahead(project, periods, begin, request.workers, report) as ahead:
            work = plan_work(project, request, ahead)
    check_gate(project, work.results, work.periods)
    return work


def _publish(
    work: Work, outcomes: Outcomes, output: Path, request: Request, stages: Stages, press: Press
) -> Built:
    """Make the books, put everything into the output folder, and remember what the next build needs."""
    project, results = work.project, work.results
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as folder:
        made = Path(folder, output.name)
        warnings = _make_books(work, outcomes, made, request, stages, press)
        _front_door(work, made)
        shutil.copyfile(results.folder / "cube.parquet", made / "cube.parquet")
        record = {
            "pages": [asdict(line) for line in outcomes.lines],
            "warnings": warnings,
            "data": results.data,
            "as_of": str(results.as_of),
            "seconds": stages.end(),
        }
        (made / RUN_FILE).write_text(
            json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        _put_in_place(made, output)
    remember(project.store, results.data, results.schema)
    took = {p.page: work.store.seconds(p.page) for p in work.pages}
    write_seconds(project.store, {page: seconds for page, seconds in took.items() if seconds is not None})
    dropped = drop_unused(project.store, project.settings.cache_mb)
    return Built(output, outcomes, tuple(warnings), dropped)


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


def _make_books(
    work: Work, outcomes: Outcomes, made: Path, request: Request, report: Report, press: Press
) -> list[str]:
    """Make each language's HTML and PDF, languages side by side; return the warnings."""
    failed = {(line.language, line.page) for line in outcomes.failed}
    executed = outcomes.notebooks
    folders = {}
    for language in work.languages:
        folder = folders[language] = work.project.store / "book" / language
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
    if request.pdf:
        _draw(work, outcomes, request.jobs, report)
    languages = {folder: language for language, folder in folders.items()}
    builders = ("html", "typst") if request.pdf else ("html",)
    parts = len(folders) * len(builders)
    report(_t("Making the book"), 0, parts)
    warnings: list[str] = []
    for done, book_made in enumerate(make(list(languages), builders, press), start=1):
        language, folder = languages[book_made.folder], book_made.folder
        warnings += book_made.warnings
        if book_made.builder == "html":
            shutil.copytree(html_of(folder), made / "html" / language, ignore=NOT_PUBLISHED)
        else:
            (made / "pdf" / language).mkdir(parents=True)
            for period in work.periods:
                shutil.copy(pdf_of(folder) / f"{period.name}.pdf", made / "pdf" / language)
        report(_t("Making the book"), done, parts)
    return list(dict.fromkeys(warnings))


def _draw(work: Work, outcomes: Outcomes, at_once: int, report: Report) -> None:
    """Draw for print the charts of the pages that were run; what is lacking then, a PDF draws itself."""
    ran = {(line.language, line.page) for line in outcomes.lines if line.state == OK}
    for language in work.languages:
        own = [p.page for p in work.pages if p.page.language == language and (language, p.page.name) in ran]
        if own:
            report(_t("Drawing the charts"), 0, 0)
            specs = [spec for page in own for spec in charts_of(outcomes.notebooks[page])]
            draw_all(specs, language, work.project.store / DRAWN, at_once)


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
