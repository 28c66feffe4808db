"""Whatever a page does to its process, it is a failed page that says so, and all others are as ever."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from crmreport.kernels import COLD, FORKED, WARM, can_fork
from crmreport.pages.plan import Page
from crmreport.pages.run import FAILED, OK, Job, Outcome, run_all
from crmreport.segments import WHOLE
from tests.small_project import notebook

pytestmark = pytest.mark.skipif(not can_fork(), reason="nothing can be forked here")

LEAVES_CHILDREN = """
import os, pathlib, subprocess, sys
child = [sys.executable, "-c", "import time; time.sleep(600)"]
pids = [subprocess.Popen(child).pid, subprocess.Popen(child, start_new_session=True).pid]
pathlib.Path({file!r}).write_text(" ".join(map(str, pids)))
"""
FAULTS = {
    "raises": ("raise ValueError('no such thing')", "ValueError: no such thing"),
    "exits": ("import os; os._exit(3)", "the cell ended the process with exit code 3"),
    "is killed": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "the process was killed by SIGKILL",
    ),
    "crashes": ("import ctypes; ctypes.string_at(0)", "the process was killed by SIGSEGV"),
    "hangs": ("while True: pass", "a cell ran longer than 6 s"),
    "sleeps": (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)",
        "a cell ran longer than 6 s",
    ),
    "grows": (
        "import numpy; numpy.zeros(2_000_000_000, dtype=numpy.int8)",
        "the page wanted more than 1500 MB of memory; crmreport.page_memory_mb sets the limit",
    ),
    "prints": ("while True: print('x' * 1000)", "the cell printed more than 10 MB"),
    "lets print": ("import os; os.system('yes')", "the cell printed more than 10 MB"),
}


def job(name: str, *code: str) -> Job:
    page = Page(name, "2025-10", WHOLE, "en", f"2025-10/{name}")
    return Job(page, notebook(*code), page.parameters, Path.cwd(), timeout_seconds=6, memory_mb=1500)


def run_jobs(jobs: list[Job], kernel: str, log: Path) -> dict[str, Outcome]:
    told: list[str] = []
    ran = run_all(jobs, 2, log, kernel, None, lambda phrase: told.append(phrase.say("en")))
    outcomes = {job.page.chapter: outcome for job, outcome in ran}
    assert (told, len(outcomes)) == ([], len(jobs))
    return outcomes


@pytest.mark.parametrize("kernel", [WARM, FORKED, COLD])
def test_each_fault_is_a_failed_page_that_says_what_and_where(kernel: str, tmp_path: Path) -> None:
    names = FAULTS if kernel == WARM else ("raises", "exits", "is killed", "hangs", "grows", "prints")
    jobs = [job(name, "x = 1", FAULTS[name][0], "x = 2") for name in names]
    outcomes = run_jobs([*jobs, job("good", "6 * 7")], kernel, tmp_path / "log")
    assert (outcomes["good"].state, outcomes["good"].error) == (OK, "")
    assert {name: (outcomes[name].state, outcomes[name].error) for name in names} == {
        name: (FAILED, f"Cell 4: {FAULTS[name][1]}") for name in names
    }
    assert "This page could not be made" in outcomes["exits"].notebook
    assert "os._exit(3)" in outcomes["exits"].notebook
    assert not list(Path(os.environ.get("TMPDIR", "/tmp")).glob(f"crmreport-*/{tmp_path.name}"))


def is_gone(pid: int) -> bool:
    for _ in range(100):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return True
        time.sleep(0.05)
    return False


def test_what_a_page_leaves_running_ends_with_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    outcomes = run_jobs([job("leaves", LEAVES_CHILDREN.format(file=str(pids)))], WARM, tmp_path / "log")
    assert outcomes["leaves"].state == OK
    assert [is_gone(int(pid)) for pid in pids.read_text().split()] == [True, True]


def test_a_cell_that_closes_what_it_writes_to_harms_itself_alone(tmp_path: Path) -> None:
    jobs = [
        job("python's", "import sys; sys.stdout.close()", "6 * 7"),
        job("all", "import os; os.closerange(0, 200)", "6 * 7"),
        job("good", "print('said')"),
    ]
    outcomes = run_jobs(jobs, WARM, tmp_path / "log")
    assert outcomes["good"].state == OK
    assert outcomes["all"].state == FAILED
    assert outcomes["python's"].state in (OK, FAILED)


def test_pages_are_run_cold_when_the_warm_process_ends(tmp_path: Path) -> None:
    kill = "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"
    told: list[str] = []
    jobs = [job("first", "1"), job("kills", kill), job("last", "print(6 * 7)")]
    # A cold kernel's parent is the process that runs the page; killed, it takes the page with it.
    ran = run_all(jobs, 1, tmp_path / "log", WARM, None, lambda phrase: told.append(phrase.say("en")))
    outcomes = {job.page.chapter: outcome for job, outcome in ran}
    assert outcomes["first"].state == OK
    assert outcomes["kills"].state == FAILED
    assert len(told) == 1
    assert told[0].startswith("The warm process gives no pages: it ended before all pages were done. 2 pages")
