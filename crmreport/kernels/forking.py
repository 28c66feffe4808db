"""Forking: a process for each page, forked from this one, with a watch over its time, memory and end."""

from __future__ import annotations

import ctypes
import os
import pickle
import select
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn, Protocol

from crmreport.kernels import STDERR, STDOUT, Begin
from crmreport.kernels.fault import MOST_OUTPUT_BYTES, Fault, ended_with, ran_too_long, shows_too_much

LOOK_SECONDS = 0.5  # between two looks at what pages have printed
_OUTCOME = "outcome"
_CELL = struct.Struct("i")
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


class Job(Protocol):
    """What a page may take: seconds for each cell, memory."""

    @property
    def timeout_seconds(self) -> int:
        """How long a cell may run."""

    @property
    def memory_mb(self) -> int:
        """How much memory a process of the page may have."""


class Pages(Protocol):
    """How pages are run; it and its jobs are sent to the warm process."""

    @property
    def grace_seconds(self) -> int:
        """How much longer than its time a cell may take, where its kernel has a watch of its own."""

    def gathered(self) -> Pages:
        """Give them with all that they are to share, which the build looks up while the process begins."""

    def prepare(self) -> None:
        """Make ready what all pages share, before the first is forked."""

    def run(self, job: Any, folder: Path, begin: Begin) -> object:  # noqa: ANN401 - its own kind of job
        """Run a page in a process of its own; give what came of it."""

    def failed(self, job: Any, folder: Path, fault: Fault, seconds: float) -> object:  # noqa: ANN401
        """Give what came of a page whose process ended without a word."""


@dataclass
class _Fork:
    """A page's process, while it runs."""

    number: int
    job: Any
    folder: TemporaryDirectory[str]
    pid: int
    end: int  # readable when the process has ended
    cells: int  # where it says which cell it begins
    started: float
    deadline: float
    cell: int | None = None
    fault: Fault | None = None
    is_mute: bool = False  # it has closed its end of `cells`

    @property
    def place(self) -> Path:
        """The folder of the page's files."""
        return Path(self.folder.name)


def threads() -> int:
    """Count the threads of this process."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - names are enough


def fork_all(
    pages: Pages, jobs: Sequence[Any], at_a_time: int, connection: Connection
) -> Iterator[tuple[int, object]]:
    """Run jobs in forks, several at a time; give what came of each, with its number, as it is done.

    Whatever a page does to its process, it ends within its time, and so do the processes that it began.
    All are ended when the connection's other end is closed.
    """
    _control(_PR_SET_CHILD_SUBREAPER, 1)  # what a page leaves behind comes to this process
    waiting = deque(enumerate(jobs))
    running: dict[int, _Fork] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_a_time:
                if threads() > 1:
                    raise RuntimeError("a thread has come up in the warm process")
                fork = _fork(pages, *waiting.popleft(), connection)
                running[fork.end] = fork
            for fork in _ended(pages, running, connection):
                del running[fork.end]
                yield fork.number, _outcome(pages, fork)
    finally:
        for fork in running.values():
            _kill(fork)
            os.waitpid(fork.pid, 0)
            fork.folder.cleanup()
        _kill_orphans()


def _ended(pages: Pages, running: dict[int, _Fork], connection: Connection) -> list[_Fork]:
    """Wait for something to happen; give the processes that have ended."""
    cells = [fork.cells for fork in running.values() if not fork.is_mute]
    poll = select.poll()
    for descriptor in (*running, *cells, connection.fileno()):
        poll.register(descriptor, select.POLLIN)
    now = time.monotonic()
    until = min([now + LOOK_SECONDS, *(fork.deadline for fork in running.values())])
    ready = [descriptor for descriptor, _ in poll.poll(max(0, until - now) * 1000 + 1)]
    if connection.fileno() in ready:
        raise EOFError  # nothing is ever said to it now: the build is gone
    now = time.monotonic()
    for fork in running.values():
        if fork.cells in ready and not fork.is_mute:
            _hear(pages, fork, now)
        if fork.fault is None and now >= fork.deadline:
            fork.fault = Fault(ran_too_long(fork.job.timeout_seconds), fork.cell)
            _kill(fork)
        elif fork.fault is None and _printed(fork) > MOST_OUTPUT_BYTES:
            fork.fault = Fault(shows_too_much(), fork.cell)
            _kill(fork)
    return [running[descriptor] for descriptor in ready if descriptor in running]


def _hear(pages: Pages, fork: _Fork, now: float) -> None:
    """Take in which cell a page has begun."""
    said = os.read(fork.cells, 1024 * _CELL.size)
    fork.is_mute = not said
    if said:
        (fork.cell,) = _CELL.unpack(said[-_CELL.size :])
        fork.deadline = now + fork.job.timeout_seconds + pages.grace_seconds


def _printed(fork: _Fork) -> int:
    """Give how much was written past Python to a page's standard output and error."""
    sizes = 0
    for name in (STDOUT, STDERR):
        with suppress(FileNotFoundError):
            sizes += (fork.place / name).stat().st_size
    return sizes


def _fork(pages: Pages, number: int, job: Any, connection: Connection) -> _Fork:  # noqa: ANN401
    """Begin a page."""
    folder = TemporaryDirectory(prefix="crmreport-", ignore_cleanup_errors=True)
    hear, tell = os.pipe()
    now = time.monotonic()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        connection.close()
        os.close(hear)
        _be_page(pages, job, Path(folder.name), tell)
    os.close(tell)
    os.set_blocking(hear, False)
    with suppress(OSError):  # whoever comes first
        os.setpgid(pid, pid)
    deadline = now + job.timeout_seconds + pages.grace_seconds
    return _Fork(number, job, folder, pid, os.pidfd_open(pid), hear, now, deadline)


def _be_page(pages: Pages, job: Any, folder: Path, tell: int) -> NoReturn:  # noqa: ANN401
    """Run a page, leave its outcome in the folder, and end, without anything that the parent has to do."""
    code = 1
    try:
        os.setpgid(0, 0)  # a group of its own, with all that its cells begin
        _control(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _control(_PR_SET_CHILD_SUBREAPER, 0)
        limit_memory(job.memory_mb)
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)  # so that it goes with the page
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed()  # or all pages would draw the same

        def begin(cell: int) -> None:
            with suppress(OSError):  # a cell may have closed it
                os.write(tell, _CELL.pack(cell))

        outcome = pages.run(job, folder, begin)
        written = folder / f".{_OUTCOME}"
        written.write_bytes(pickle.dumps(outcome))
        written.rename(folder / _OUTCOME)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def limit_memory(memory_mb: int) -> None:
    """Let this process, and each that it begins, have no more memory of its own than that.

    What is mapped from files or only reserved does not count.
    """
    if sys.platform == "win32":
        return  # has no such limit
    import resource

    most = memory_mb * 1_000_000
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard in (resource.RLIM_INFINITY, -1) or most < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _outcome(pages: Pages, fork: _Fork) -> object:
    """Give what came of a page whose process has ended, and clear up after it."""
    _kill(fork)  # before its number may be another's
    _, status = os.waitpid(fork.pid, 0)
    with suppress(OSError):
        _hear(pages, fork, 0.0)
    os.close(fork.end)
    os.close(fork.cells)
    try:
        if fork.fault is None:
            with suppress(OSError):
                return pickle.loads((fork.place / _OUTCOME).read_bytes())
        fault = fork.fault or Fault(ended_with(os.waitstatus_to_exitcode(status)), fork.cell)
        return pages.failed(fork.job, fork.place, fault, time.monotonic() - fork.started)
    finally:
        fork.folder.cleanup()


def _kill(fork: _Fork) -> None:
    """End a page's process and all that are in its group."""
    with suppress(ProcessLookupError):
        os.killpg(fork.pid, signal.SIGKILL)


def _kill_orphans() -> None:
    """End the processes that pages began outside of their group and left behind."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    with suppress(OSError):
        for pid in children.read_text(encoding="ascii").split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _control(what: int, value: int) -> None:
    ctypes.CDLL(None).prctl(what, value, 0, 0, 0)
