"""Run: execute one prepared page with papermill, and keep of it only what the same input gives again."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from crmreport.config import Project
from crmreport.display.outputs import MEDIUM
from crmreport.language import _t, translate
from crmreport.pages.plan import Page
from crmreport.pages.prepare import HIDDEN_TAG, as_text
from crmreport.reads import FILE as READS_FILE

OK = "ok"
FAILED = "failed"

START_SECONDS = 60  # after which a kernel that does not answer is given up
STARTS = 3


@dataclass(frozen=True)
class Job:
    """One page to run: the prepared notebook's text, its parameters, and where."""

    page: Page
    notebook: str
    parameters: dict[str, Any]
    folder: Path
    timeout_seconds: int


def job_of(project: Project, page: Page, prepared: str, parameters: dict[str, Any]) -> Job:
    """Give the job that runs a prepared page of a project."""
    return Job(page, prepared, parameters, project.root, project.settings.page_timeout_seconds)


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


def run_all(jobs: Sequence[Job], at_a_time: int, log: Path) -> Iterator[tuple[Job, Outcome]]:
    """Run pages in processes of their own, several at a time; give each as it is done.

    What papermill and the kernels say of themselves goes to the log; a page's own words are in the page.
    """
    if not jobs:
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    # Started afresh: an engine that was used before a fork hangs in the child.
    with ProcessPoolExecutor(min(at_a_time, len(jobs)), get_context("spawn"), _start_worker, (log,)) as pool:
        running = {pool.submit(run, job): job for job in jobs}
        for future in as_completed(running):
            yield running[future], future.result()


def _start_worker(log: Path) -> None:
    os.environ[MEDIUM] = "book"  # the kernels inherit it
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)


def run(job: Job) -> Outcome:
    """Run one page; a cell's error, a dead or a hanging kernel make a failed page, not a failed build."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        source, target, reads = (Path(folder, name) for name in ("in.ipynb", "out.ipynb", "reads"))
        source.write_text(job.notebook, encoding="utf-8")
        failed, error_text = None, ""
        os.environ[READS_FILE] = str(reads)  # the kernel inherits it
        try:
            executed = _execute(job, source, target)
        except PapermillExecutionError as error:
            failed, error_text = error.cell_index, f"{error.ename}: {error.evalue}"
        except CellTimeoutError:
            error_text = translate(
                _t("a cell ran longer than {n} s"), job.page.language, n=job.timeout_seconds
            )
        except DeadKernelError:
            error_text = translate(_t("the kernel died"), job.page.language)
        except KernelSilent:
            error_text = translate(_t("the kernel did not begin"), job.page.language)
        finally:
            del os.environ[READS_FILE]
        lines = reads.read_text(encoding="utf-8").splitlines() if reads.is_file() else []
    seconds, noted = time.perf_counter() - started, tuple(sorted(set(lines)))
    if not error_text:
        return Outcome(OK, as_text(_cleaned(executed)), seconds, "", noted)
    page, said = _failure(job, failed, error_text.replace(str(job.folder), "."))
    return Outcome(FAILED, as_text(page), seconds, said, noted)


class KernelSilent(Exception):  # noqa: N818 - what came of it, not an error of ours
    """A kernel was begun again and again, and never answered."""


def _execute(job: Job, source: Path, target: Path) -> nbformat.NotebookNode:
    """Run a notebook with papermill; a kernel that does not answer is begun again.

    Two that begin at once may be given the same port, of which one then hears nothing
    (jupyter/jupyter_client #487).
    """
    for _start in range(STARTS):
        try:
            return papermill.execute_notebook(
                str(source),
                str(target),
                parameters=job.parameters,
                kernel_name="python3",
                cwd=str(job.folder),
                progress_bar=False,
                start_timeout=START_SECONDS,
                execution_timeout=job.timeout_seconds,
            )
        except DeadKernelError:
            raise
        except RuntimeError as error:
            if "didn't respond" not in str(error):
                raise
    raise KernelSilent


def _cleaned(executed: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop what differs from run to run: papermill's times, paths, versions; hide what says nothing."""
    executed.metadata = nbformat.from_dict(
        {"kernelspec": executed.metadata.get("kernelspec", {}), "language_info": {"name": "python"}}
    )
    for cell in executed.cells:
        tags = list(cell.metadata.get("tags", ()))
        if "injected-parameters" in tags:
            # Papermill gives it no tag that hides it, and a new id each time.
            cell["id"] = "injected-parameters"
            tags.append(HIDDEN_TAG)
        elif _says_nothing(cell):
            tags.append(HIDDEN_TAG)
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    return executed


def _says_nothing(cell: nbformat.NotebookNode) -> bool:
    """Say whether all that a cell shows is an empty text: there is nothing to say, and no place for it."""
    outputs = cell.get("outputs", [])
    return bool(outputs) and all(o.get("data", {}).get("text/markdown") == "" for o in outputs)


def _failure(job: Job, failed: int | None, error: str) -> tuple[nbformat.NotebookNode, str]:
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
    return notebook, said
