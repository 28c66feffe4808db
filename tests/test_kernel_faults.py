"""Whatever a page does to its process, it is a failed page that says so, and all others are as ever."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from crmreport.kernels import COLD, FORKED, WARM, can_fork
from crmreport.kernels.warm import NotWarm, Warm
from crmreport.pages.plan import Page
from crmreport.pages.run import FAILED, OK, Job, Outcome, Pages, run_all, warm_process
from crmreport.segments import WHOLE
from tests.conftest import ROOT
from tests.small_project import notebook

pytestmark = pytest.mark.skipif(not can_fork(), reason="nothing can be forked here")

FAULTS = {
    "raises": ("raise ValueError('no such thing')", "ValueError: no such thing"),
    "exits": ("import os; os._exit(3)", "the cell ended the process with exit code 3"),
    "is killed": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "the process was killed by SIGKILL",
    ),
    "hangs": ("while True: pass", "a cell ran longer than 6 s"),
    "grows": (
        "import numpy; numpy.zeros(2_000_000_000, dtype=numpy.int8)",
        "the page wanted more than 1500 MB of memory; crmreport.page_memory_mb sets the limit",
    ),
    "prints": (
        "import time\nwhile True: print('x' * 100_000); time.sleep(0.001)",
        "the cell printed more than 10 MB",
    ),
}
FAULTS_OF_FORKS = FAULTS | {
    "crashes": ("import ctypes; ctypes.string_at(0)", "the process was killed by SIGSEGV"),
    "is deaf": (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)",
        "a cell ran longer than 6 s",
    ),
    "lets print": ("import os; os.system('yes')", "the cell printed more than 10 MB"),
    "floods": ("while True: print('x' * 100_000)", "the cell printed more than 10 MB"),
    "closes all": ("import os; os.closerange(0, 200)", "the cell ended the process with exit code 1"),
}
LEAVES_CHILDREN = """
import os, pathlib, subprocess, sys
child = [sys.executable, "-c", "import time; time.sleep(600)"]
pids = [os.getpid(), subprocess.Popen(child).pid, subprocess.Popen(child, start_new_session=True).pid]
pathlib.Path({file!r}).write_text(" ".join(map(str, pids)))
"""


def job(name: str, *code: str) -> Job:
    page = Page(name, "2025-10", WHOLE, "en", f"2025-10/{name}")
    return Job(page, notebook(*code), page.parameters, Path.cwd(), timeout_seconds=6, memory_mb=1500)


def run_jobs(jobs: list[Job], kernel: str, log: Path, at_a_time: int = 2) -> tuple[dict[str, Outcome], str]:
    """Run jobs; give what came of each, and what was told of how they were run."""
    told: list[str] = []
    ran = run_all(jobs, at_a_time, log, kernel, None, lambda phrase: told.append(phrase.say("en")))
    return {job.page.chapter: outcome for job, outcome in ran}, "".join(told)


def are_gone(pids: list[int]) -> bool:
    def is_gone(pid: int) -> bool:
        status = Path(f"/proc/{pid}/status")
        return not status.exists() or "State:\tZ" in status.read_text()

    for _ in range(200):
        if all(is_gone(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("kernel", "faults"),
    [(WARM, FAULTS_OF_FORKS), (FORKED, FAULTS), (COLD, FAULTS)],
    ids=[WARM, FORKED, COLD],
)
def test_each_fault_is_a_failed_page_that_says_what_and_where(
    kernel: str, faults: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    good = [job("good", "6 * 7"), job("leaves", LEAVES_CHILDREN.format(file=str(pids)))]
    bad = [job(name, "x = 1", code, "x = 2") for name, (code, _) in faults.items()]
    outcomes, told = run_jobs([*bad, *good], kernel, tmp_path / "log")
    assert told == ""
    assert {name: (outcomes[name].state, outcomes[name].error) for name in faults} == {
        name: (FAILED, f"Cell 4: {said}") for name, (_, said) in faults.items()
    }
    assert "This page could not be made" in outcomes["exits"].notebook
    assert "os._exit(3)" in outcomes["exits"].notebook
    assert [(outcomes[name].state, outcomes[name].error) for name in ("good", "leaves")] == [(OK, "")] * 2
    of_group, of_others = [int(pid) for pid in pids.read_text().split()][:2], pids.read_text().split()[2]
    # A cold kernel has nobody who would know of a process that left its group.
    assert are_gone(of_group if kernel == COLD else [*of_group, int(of_others)])


@pytest.mark.parametrize("kernel", [FORKED, COLD])
def test_a_flood_ends_by_its_size_or_for_want_of_memory(kernel: str, tmp_path: Path) -> None:
    # A kernel gathers a fifth of a second's printing before it sends it, which may be all that it may have.
    flood, _ = FAULTS_OF_FORKS["floods"]
    outcomes, _ = run_jobs([job("floods", "x = 1", flood, "x = 2")], kernel, tmp_path / "log")
    assert outcomes["floods"].state == FAILED
    assert outcomes["floods"].error in {
        f"Cell 4: {said}" for said in (FAULTS["prints"][1], FAULTS["grows"][1])
    }


def test_an_error_that_the_kernel_could_not_publish_is_shown_in_its_cell(tmp_path: Path) -> None:
    mute = "get_ipython()._showtraceback = lambda *_: None\nraise MemoryError('none is left')"
    outcomes, _ = run_jobs([job("mute", "x = 1", mute)], FORKED, tmp_path / "log")
    assert outcomes["mute"].error == f"Cell 4: {FAULTS['grows'][1]}"


def test_pages_are_run_cold_when_the_warm_process_ends(tmp_path: Path) -> None:
    kill = "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"
    jobs = [job("first", "1"), job("kills", kill)]
    outcomes, told = run_jobs(jobs, WARM, tmp_path / "log", at_a_time=1)
    assert told == (
        "The warm process gives no pages: it ended before all pages were done. "
        "1 pages are run by cold kernels."
    )
    assert outcomes["first"].state == OK
    # It kills the process that runs the page there, too.
    assert (outcomes["kills"].state, outcomes["kills"].error) == (
        FAILED,
        "the process that ran it was killed",
    )


def test_pages_end_with_the_build(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    warm = warm_process(tmp_path / "log")
    warm.prepare(Pages(WARM, None, 1))
    code = LEAVES_CHILDREN.format(file=str(pids)) + "\nimport time; time.sleep(600)"
    warm.connection.send(([job("sleeps", code)], 1))
    while not (pids.exists() and pids.read_text()):
        time.sleep(0.05)
    with warm:
        pass
    assert are_gone([int(pid) for pid in pids.read_text().split()])


@dataclass(frozen=True)
class WithThread:
    """Prepares what must not be forked."""

    def gathered(self) -> WithThread:
        return self

    def prepare(self) -> None:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()


def test_a_process_with_threads_is_not_forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # where `WithThread` is
    wanted = "it has 2 threads, with which it must not be forked"
    with Warm((__name__,), {}, tmp_path / "log") as warm, pytest.raises(NotWarm, match=wanted):
        warm.prepare(WithThread())  # type: ignore[arg-type]


def test_a_warm_process_that_is_not_needed_ends_with_the_build(tmp_path: Path) -> None:
    with warm_process(tmp_path / "log") as warm:
        pid = warm.begin().pid
        assert warm.begin().pid == pid
    assert are_gone([pid])
    with warm_process(tmp_path / "log"):
        pass  # which was not even begun
