"""Every route gives the same executed page, byte for byte: a cold kernel is the reference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crmreport import kernels
from crmreport.config import read_project
from crmreport.kernels import COLD, FORKED, WARM
from crmreport.pages.plan import Page
from crmreport.pages.run import OK, Job, Outcome, job_of, run_all
from crmreport.pages.shared import Shared
from crmreport.results import compute_results, share_results
from crmreport.segments import WHOLE
from crmreport.work import Request, plan_work
from tests.conftest import PERIOD, BuiltReview
from tests.small_project import OPEN, notebook, write_project

HARD = (
    "import os, sys, time\nprint('out'); print('err', file=sys.stderr); print('中文 😀')",
    "!echo magic",
    "%%bash\necho one\necho two 1>&2",
    "from IPython.display import HTML, clear_output, display, update_display",
    "display('first', display_id='x'); display(HTML('<b>b</b>')); update_display('second', display_id='x')",
    "print('gone'); clear_output(); print('stays')",
    "print('gone'); clear_output(wait=True); print('stays')",
    "for i in range(3): print('\\rdone', i, end='')",
    "import warnings; warnings.warn('careful'); 42",
    "7;",
    "import asyncio; await asyncio.sleep(0); asyncio.get_running_loop().is_running()",
    "import pandas as pd; pd.DataFrame({'a': [1, 2], 'b': ['中文', '😀']})",
    "class Picture:\n    def _repr_png_(self): return b'\\x89PNG\\r\\n'\nPicture()",
    "display({'application/json': {1: (2, 3)}}, raw=True)",
    "import logging; logging.warning('logged')",
    "_, len(In), sorted(Out)[-1], __name__, os.getcwd() == project_folder",
    "%who int",
    "import of_this_project; of_this_project.VALUE, sys.path[0]",
    "with open(os.environ['CRMREPORT_READS'], 'a') as file: file.write('b\\na\\nb\\n')",
)
RAISING = (
    "1 / 0",
    "input('asked')",
    "def fails():\n    raise KeyError('deep')\nfails()",
    "%nothing",
    "sys.exit(3)",
)


def hard_page(folder: Path) -> Job:
    first = f"project_folder = {str(folder)!r}"
    content = json.loads(notebook(first, *HARD, *RAISING))
    for cell in content["cells"][-len(RAISING) :]:
        cell["metadata"] = {"tags": ["raises-exception"]}
    page = Page("hard", PERIOD, WHOLE, "en", f"{PERIOD}/hard")
    return Job(page, json.dumps(content), page.parameters, folder, 60)


def by(kernel: str, jobs: list[Job], log: Path, shared: Shared | None = None) -> list[Outcome]:
    told: list[str] = []
    ran = run_all(jobs, 2, log, kernel, shared, lambda phrase: told.append(phrase.say("en")))
    outcomes = {job.page: outcome for job, outcome in ran}
    assert told == []
    assert [(outcome.state, outcome.error) for outcome in outcomes.values()] == [(OK, "")] * len(jobs)
    return [outcomes[job.page] for job in jobs]


def test_a_notebook_of_hard_cells_is_the_same_by_every_route(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "of_this_project.py").write_text("VALUE = 6 * 7\n")
    job = hard_page(tmp_path)
    (cold,) = by(COLD, [job], tmp_path / "log")
    for kernel in (WARM, FORKED):
        (outcome,) = by(kernel, [job], tmp_path / "log")
        assert (kernel, outcome.notebook) == (kernel, cold.notebook)
        assert (kernel, outcome.reads) == (kernel, ("a", "b"))
    assert cold.reads == ("a", "b")
    assert "<cell>:1: UserWarning: careful" in cold.notebook
    assert "deep" in cold.notebook
    monkeypatch.setattr(kernels, "can_fork", lambda: False)
    assert by(WARM, [job], tmp_path / "log")[0].notebook == cold.notebook


def test_what_is_written_past_python_is_in_its_cell(tmp_path: Path) -> None:
    # An ipykernel takes it in by and by, at times with the next cell, at times never.
    page = Page("past", PERIOD, WHOLE, "en", f"{PERIOD}/past")
    code = (
        "import os; print('a'); os.system('echo b'); print('c')",
        "os.write(2, b'd\\n');",
        "'x' * 2_000_000",
    )
    job = Job(page, notebook(*code), page.parameters, tmp_path, 60)
    (outcome,) = by(WARM, [job], tmp_path / "log")
    shown = [cell["outputs"] for cell in json.loads(outcome.notebook)["cells"][-3:]]
    assert [[output["text"] for output in outputs] for outputs in shown[:2]] == [["a\nb\nc\n"], ["d\n"]]


def test_chapters_are_the_same_by_every_route(review: BuiltReview, tmp_path: Path) -> None:
    project = read_project(review.project)
    work = plan_work(project, Request((PERIOD,), ("region",), ("en",), force=True))
    chosen = {f"{PERIOD}/sales", f"{PERIOD}/data", f"{PERIOD}/segment/region-north"}
    wanted = [p for p in work.pages if p.page.name in chosen]
    jobs = [job_of(project, p.page, p.prepared, p.page.parameters) for p in wanted]
    assert len(jobs) == len(chosen)
    shared = Shared(project, work.results, work.periods)
    cold = [outcome.notebook for outcome in by(COLD, jobs, tmp_path / "log")]
    for kernel in (WARM, FORKED):
        assert [outcome.notebook for outcome in by(kernel, jobs, tmp_path / "log", shared)] == cold


def test_shared_results_are_given_as_they_are_for_the_periods_that_they_are_of(tmp_path: Path) -> None:
    project = read_project(write_project(tmp_path))
    results = compute_results(project)
    share_results(project, results)
    assert compute_results(project, ("2025-10",)) is results
    assert compute_results(project, ("2025-W41",)) is not results


def test_a_page_of_a_warm_process_shows_the_results_that_the_build_has(tmp_path: Path) -> None:
    project = read_project(write_project(tmp_path / "project"))
    work = plan_work(project, Request((PERIOD,)))
    page = work.pages[0].page
    job = Job(page, notebook(OPEN, "review.context.results.folder.name"), page.parameters, project.root, 60)
    (tmp_path / "project" / "data" / "orders.csv").unlink()
    shared = Shared(project, work.results, work.periods)
    (outcome,) = by(WARM, [job], tmp_path / "log", shared)
    assert work.results.folder.name in outcome.notebook
