"""Running: the pages of a build that must run, and what became of each page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crmreport.analysed import analysed
from crmreport.kernels.warm import Warm
from crmreport.language import SOURCE_LANGUAGE, Phrase, _t
from crmreport.pages.needs import SHOWS_ANALYSES
from crmreport.pages.plan import Page
from crmreport.pages.run import FAILED, job_of, log_of, run_all
from crmreport.pages.shared import Shared
from crmreport.pages.why import say_why
from crmreport.stages import Report
from crmreport.tables.remote.brought import forget_rows
from crmreport.work import Planned, Request, Work, looked_at_again

KEPT = "kept"


@dataclass(frozen=True)
class Ran:
    """One line of `run.json`; `state`: kept, ok or failed; `changed`: the reads because of which it ran.

    The same build of the same store gives the same, but for the seconds.
    """

    page: str
    language: str
    state: str
    seconds: float
    why: str
    changed: tuple[str, ...]
    error: str


@dataclass(frozen=True)
class Outcomes:
    """What came of some pages: their notebooks, their lines, and why they were run otherwise than asked."""

    notebooks: dict[Page, str]
    lines: tuple[Ran, ...]
    notes: tuple[Phrase, ...] = ()

    @property
    def failed(self) -> tuple[Ran, ...]:
        """The pages that failed."""
        return tuple(line for line in self.lines if line.state == FAILED)


def run_pages(
    work: Work, pages: Sequence[Planned], request: Request, report: Report, warm: Warm | None = None
) -> Outcomes:
    """Run those of some pages that must run, several at a time, and keep what comes of them.

    `warm`: the process that runs them, if it has been begun.
    """
    _compute_once(work, [p for p in pages if p.why], request.workers, report)
    slices = work.slices.anew()  # the analyses are known now
    pages = [looked_at_again(work.store, p, slices) for p in pages]
    found = {p.page: p.kept.notebook for p in pages if p.kept and not p.why}
    lines = {p.page: line_of(work, p, KEPT) for p in pages if p.page in found}
    stale = {p.page: p for p in pages if p.page not in found}
    if stale:
        report(_t("Running the pages"), 0, len(stale))
    jobs = [job_of(work.project, p.page, p.prepared, p.page.parameters) for p in stale.values()]
    shared = Shared(work.project, work.results, work.periods)
    notes: list[Phrase] = []
    running = run_all(jobs, request.workers, log_of(work.project), request.kernel, shared, notes.append, warm)
    for done, (job, outcome) in enumerate(running, start=1):
        planned = stale[job.page]
        found[job.page] = outcome.notebook
        lines[job.page] = line_of(work, planned, outcome.state, outcome.seconds, outcome.error)
        work.store.write(job.page, planned.key, outcome, slices.digest)
        report(_t("Running the pages"), done, len(stale))
    return Outcomes(found, tuple(lines[planned.page] for planned in pages), tuple(notes))


def _compute_once(work: Work, stale: list[Planned], workers: int, report: Report) -> None:
    """Compute what several pages of a period show, before they run side by side."""
    prepared = {p.name: [s.prepared for s in stale if s.page.period == p.name] for p in work.periods}
    for period in work.periods:
        if prepared[period.name]:
            work.slices.digest(f"changes {period.key}")
    shown = [p for p in work.periods if any(SHOWS_ANALYSES in text for text in prepared[p.name])]
    if shown:
        analysed(work.project, work.results, shown, workers=workers, report=report)
    forget_rows()


def line_of(work: Work, planned: Planned, state: str, seconds: float = 0.0, error: str = "") -> Ran:
    """Give a page's line of the run table."""
    return Ran(
        page=planned.page.name,
        language=planned.page.language,
        state=state,
        seconds=round(seconds, 2),
        why=say_why(planned.why, work.project, SOURCE_LANGUAGE),
        changed=planned.why.reads if planned.why else (),
        error=error,
    )
