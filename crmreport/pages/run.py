"""Run: execute one prepared page with papermill, and keep of it only what the same input gives again."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nbformat

from crmreport.config import Project
from crmreport.display.outputs import MEDIUM
from crmreport.environment import environment
from crmreport.kernels import COLD, ENGINE, FORKED, ONE_THREAD, WARM, Begin, is_forked
from crmreport.kernels.fault import (
    Fault,
    TooMuchOutput,
    is_lack_of_memory,
    needs_too_much_memory,
    shows_too_much,
)
from crmreport.kernels.forking import limit_memory
from crmreport.kernels.warm import NotWarm, Warm
from crmreport.language import SOURCE_LANGUAGE, Phrase, _t, translate
from crmreport.pages.cleaned import cleaned
from crmreport.pages.plan import Page
from crmreport.pages.prepare import as_text
from crmreport.pages.shared import Shared, looked_up, prepare_shared, rehearsal
from crmreport.reads import FILE as READS_FILE
from crmreport.segments import WHOLE

OK = "ok"
FAILED = "failed"

# What every page loads; the build itself needs none of it.
_LOADED = ("papermill", "crmreport.kernels.here", "crmreport.review")
START_SECONDS = 60  # after which a kernel that does not answer is given up
STARTS = 3
WORTH_REHEARSING = 3  # pages: a rehearsal costs half a second, and saves each page a fifth


@dataclass(frozen=True)
class Job:
    """One page to run: the prepared notebook's text, its parameters, where, and what it may take."""

    page: Page
    notebook: str
    parameters: dict[str, Any]
    folder: Path
    timeout_seconds: int  # for each cell
    memory_mb: int = 4096  # for each process of the page


def job_of(project: Project, page: Page, prepared: str, parameters: dict[str, Any]) -> Job:
    """Give the job that runs a prepared page of a project."""
    settings = project.settings
    return Job(
        page, prepared, parameters, project.root, settings.page_timeout_seconds, settings.page_memory_mb
    )


def log_of(project: Project) -> Path:
    """Say where a project's log of papermill and the kernels is."""
    return project.store / "kernels.log"


@dataclass(frozen=True)
class Outcome:
    """What came of a job: the executed notebook's text, or the page that says what failed.

    `reads`: what the page looked at, sorted; see `crmreport.reads`.
    """

    state: str
    notebook: str
    seconds: float
    error: str
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pages:
    """How pages are run from a warm process; see `crmreport.kernels.forking`."""

    kernel: str
    shared: Shared | None
    count: int
    periods: frozenset[str] = frozenset()  # by name

    @property
    def grace_seconds(self) -> int:
        """How much longer than its time a cell may take: a real kernel has papermill's own watch."""
        return 60 if self.kernel == FORKED else 0

    def gathered(self) -> Pages:
        """Give them with all that pages of their periods look up."""
        return replace(self, shared=looked_up(self.shared, self.periods)) if self.shared else self

    def prepare(self) -> None:
        """Make ready what all pages share, and run a page that nobody sees; the log has its error, if any."""
        if self.shared is None:
            return
        prepare_shared(self.shared)
        if self.count < WORTH_REHEARSING:
            return
        project, last = self.shared.project, self.shared.periods[-1]
        page = Page("rehearsal", last.name, WHOLE, SOURCE_LANGUAGE, "rehearsal")
        job = job_of(project, page, rehearsal(), {**page.parameters, "project": str(project.root)})
        with tempfile.TemporaryDirectory(prefix="crmreport-") as folder:
            outcome = run_in(job, WARM, Path(folder), lambda cell: None)
        print(outcome.error, file=sys.stderr, end="\n" if outcome.error else "")

    def run(self, job: Job, folder: Path, begin: Begin) -> Outcome:
        """Run a page in a process of its own."""
        return run_in(job, self.kernel, folder, begin)

    def failed(self, job: Job, folder: Path, fault: Fault, seconds: float) -> Outcome:
        """Give what came of a page whose process ended without a word."""
        return _failed(job, fault.cell, fault.phrase.say(job.page.language), seconds, _reads(folder))


def warm_process(log: Path) -> Warm:
    """Give the warm process of one build, not begun yet."""
    return Warm((__name__, *_LOADED), {MEDIUM: "book"}, log)


def run_all(
    jobs: Sequence[Job],
    at_a_time: int,
    log: Path,
    kernel: str = COLD,
    shared: Shared | None = None,
    tell: Callable[[Phrase], None] = lambda phrase: None,
    warm: Warm | None = None,
) -> Iterator[tuple[Job, Outcome]]:
    """Run pages in processes of their own, several at a time; give each as it is done.

    `kernel`: one of `crmreport.kernels.KERNELS`; `shared`: what a warm process has at hand for all pages;
    `tell`: told why pages are run by cold kernels that were to be run otherwise; `warm`: the warm process, if
    the caller has begun it. What papermill and the kernels say of themselves goes to the log; a page's own
    words are in the page.
    """
    if not jobs:
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    left = dict(enumerate(jobs))
    if is_forked(kernel):
        pages = Pages(kernel, shared, len(jobs), frozenset(job.page.period for job in jobs))
        try:
            with warm or warm_process(log) as process:
                process.prepare(pages)
                for number, outcome in process.run(jobs, at_a_time):
                    yield left.pop(number), outcome
        except NotWarm as reason:
            tell(
                Phrase(
                    _t("The warm process gives no pages: {reason}. {n} pages are run by cold kernels."),
                    {"reason": reason.phrase, "n": len(left)},
                )
            )
    yield from _run_cold(tuple(left.values()), at_a_time, log)


def _run_cold(jobs: Sequence[Job], at_a_time: int, log: Path) -> Iterator[tuple[Job, Outcome]]:
    """Run pages by kernels that are started for them."""
    if not jobs:
        return
    workers = min(at_a_time, len(jobs))
    arguments = (log, jobs[0].memory_mb)
    # Started afresh: an engine that was used before a fork hangs in the child.
    with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, arguments) as pool:
        running = {pool.submit(run, job): job for job in jobs}
        for future in as_completed(running):
            job = running[future]
            try:
                outcome = future.result()
            except BrokenProcessPool:
                said = Phrase(_t("the process that ran it was killed"), {}).say(job.page.language)
                outcome = _failed(job, None, said, 0.0, ())
            yield job, outcome


def _start_worker(log: Path, memory_mb: int) -> None:
    """Set what the worker's kernels inherit."""
    os.environ.update({MEDIUM: "book", **ONE_THREAD})
    limit_memory(memory_mb)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)


def run(job: Job) -> Outcome:
    """Run one page by a cold kernel; a cell's error, a dead or hanging kernel make a failed page."""
    with tempfile.TemporaryDirectory(prefix="crmreport-", ignore_cleanup_errors=True) as folder:
        return run_in(job, COLD, Path(folder), lambda cell: None)


def run_in(job: Job, kernel: str, folder: Path, begin: Begin) -> Outcome:
    """Run one page by a kernel; `folder`: for what it needs meanwhile; `begin`: told each cell's number."""
    from papermill.exceptions import PapermillExecutionError

    started = time.perf_counter()
    # No start-up files of IPython's, no history: the same on every machine.
    inherited = {READS_FILE: str(folder / "reads"), "IPYTHONDIR": str(folder)}
    failed = None
    try:
        with environment(inherited):
            executed = _execute(job, kernel, folder, begin)
    except PapermillExecutionError as error:
        failed = error.cell_index
        if error.ename == TooMuchOutput.__name__:
            said = shows_too_much().say(job.page.language)
        elif is_lack_of_memory(error.ename):
            said = needs_too_much_memory(job.memory_mb).say(job.page.language)
        else:
            said = f"{error.ename}: {error.evalue}".replace(str(job.folder), ".")
    except Fault as fault:
        failed, said = fault.cell, fault.phrase.say(job.page.language)
    except KernelSilent:
        said = translate(_t("the kernel did not begin"), job.page.language)
    else:
        text = as_text(cleaned(executed))
        return Outcome(OK, text, time.perf_counter() - started, "", _reads(folder))
    return _failed(job, failed, said, time.perf_counter() - started, _reads(folder))


def _reads(folder: Path) -> tuple[str, ...]:
    """Give the lines that a page's process has noted, each once, in order."""
    try:
        return tuple(sorted(set((folder / "reads").read_text(encoding="utf-8").splitlines())))
    except OSError:
        return ()


class KernelSilent(Exception):  # noqa: N818 - what came of it, not an error of ours
    """A kernel was begun again and again, and never answered."""


def _execute(job: Job, kernel: str, folder: Path, begin: Begin) -> nbformat.NotebookNode:
    """Run a notebook with papermill; a kernel that does not answer is begun again.

    Two that begin at once may be given the same port, of which one then hears nothing
    (jupyter/jupyter_client #487).
    """
    import papermill
    from nbclient.exceptions import DeadKernelError

    for _start in range(STARTS):
        try:
            return papermill.execute_notebook(
                nbformat.reads(job.notebook, as_version=4),
                None,
                parameters=job.parameters,
                engine_name=ENGINE,
                kernel_name="python3",
                cwd=str(job.folder),
                progress_bar=False,
                autosave_cell_every=0,
                start_timeout=START_SECONDS,
                execution_timeout=job.timeout_seconds,
                kernel=kernel,
                begin=begin,
                folder=folder,
            )
        except DeadKernelError:
            raise
        except RuntimeError as error:
            if "didn't respond" not in str(error):
                raise
    raise KernelSilent


def _failed(job: Job, failed: int | None, error: str, seconds: float, reads: tuple[str, ...]) -> Outcome:
    """Make the page that stands where the real one would: what failed, in which cell, with the message."""
    notebook = nbformat.reads(job.notebook, as_version=4)
    heading = next((c for c in notebook.cells if c.cell_type == "markdown"), None)
    where = ""
    code = ""
    if failed is not None:
        # Papermill has put the injected parameters among the cells.
        position = min(failed - 1, len(notebook.cells) - 1)
        where = translate(_t("Cell {number}: "), job.page.language, number=failed)
        code = f"\n\n~~~~~~python\n{notebook.cells[position].source}\n~~~~~~"
    said = f"{where}{error}"
    title = translate(_t("This page could not be made"), job.page.language)
    rest = translate(_t("The rest of the review is complete."), job.page.language)
    text = f":::::{{error}}\n**{title}**\n\n~~~~~~text\n{said}\n~~~~~~{code}\n\n{rest}\n:::::"
    cell = nbformat.v4.new_markdown_cell(text)
    cell["id"] = "failure"
    notebook.cells = [c for c in (heading, cell) if c is not None]
    return Outcome(FAILED, as_text(notebook), seconds, said, reads)
