"""Warm: a process that has everything imported and at hand, and forks a process for each page from it.

The build starts it afresh, so that nothing was used in it that a fork would break, and speaks with it over
one connection: it loads what it needs while the build computes, is given `Pages`, says that it is ready or
why not, is given the jobs, and gives back what came of each. When it ends, however it ends, its pages end
with it.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from types import TracebackType
from typing import Any

from crmreport.environment import work_beside
from crmreport.kernels import ONE_THREAD
from crmreport.kernels.forking import Pages, fork_all, threads
from crmreport.language import Phrase, _t

START_SECONDS = 120  # after which a process that is not ready is given up


class NotWarm(Exception):  # noqa: N818 - pages are run otherwise, and nothing is amiss
    """There is no warm process, or none any more; the phrase says why."""

    def __init__(self, phrase: Phrase) -> None:
        self.phrase = phrase
        super().__init__(phrase.say("en"))


class Warm:
    """The build's end: a process that is begun when pages are foreseen, and ended on leaving."""

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Begin nothing yet; `modules`: what pages need, `log`: for what the process says of itself."""
        self._modules, self._environment, self._log = modules, environment, log
        self._process: subprocess.Popen[bytes] | None = None
        self._is_used = False
        self.connection, self._theirs = Pipe()

    def begin(self) -> subprocess.Popen[bytes]:
        """Begin it, if it has not been; it loads the modules."""
        if self._process is None:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("ab") as file:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", __name__, str(self._theirs.fileno()), *self._modules],
                    pass_fds=[self._theirs.fileno()],
                    cwd=os.sep,  # which Python will look in for modules: not in the folder of the build
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    env={**os.environ, **ONE_THREAD, **self._environment},
                    start_new_session=True,  # an interrupt from the keyboard is the build's
                )
            self._theirs.close()
        return self._process

    def prepare(self, pages: Pages) -> None:
        """Make it ready for pages. Raises NotWarm if it does not become so."""
        self.begin()
        self._is_used = True
        try:
            self.connection.send(pages.gathered())
            if not self.connection.poll(START_SECONDS):
                raise NotWarm(Phrase(_t("it was not ready after {n} s"), {"n": START_SECONDS}))
            answer = self.connection.recv()
        except (EOFError, OSError):
            raise NotWarm(Phrase(_t("it ended while it was prepared"), {})) from None
        if answer is not None:
            raise NotWarm(answer)

    def run(self, jobs: Sequence[Any], at_a_time: int) -> Iterator[tuple[int, Any]]:
        """Run jobs, several at a time; give what came of each, by its number, as it is done.

        Raises NotWarm when the process ends before all are done.
        """
        try:
            self.connection.send((list(jobs), at_a_time))
            for _ in jobs:
                yield self.connection.recv()
        except (EOFError, OSError):
            raise NotWarm(Phrase(_t("it ended before all pages were done"), {})) from None

    def __enter__(self) -> Warm:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.connection.close()
        if self._process is None:
            self._theirs.close()
            return
        if not self._is_used:
            self._process.kill()  # it would first load all that it has been told to
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve(connection: Connection, modules: Sequence[str]) -> None:
    """Be the warm process; what pages need is loaded while the build gathers the rest."""
    work_beside()
    for module in modules:
        import_module(module)
    pages: Pages = connection.recv()
    pages.prepare()
    if "duckdb" in sys.modules:
        # Importing it opens a connection, with threads; another is opened where one is needed
        # (duckdb/duckdb-python #292).
        sys.modules["duckdb"].close()
    gc.freeze()  # or each fork would copy what its collector touches
    found = threads()
    if found > 1:
        connection.send(Phrase(_t("it has {n} threads, with which it must not be forked"), {"n": found}))
        return
    connection.send(None)
    jobs, at_a_time = connection.recv()
    for done in fork_all(pages, jobs, at_a_time, connection):
        connection.send(done)


if __name__ == "__main__":
    code = 1
    try:
        del sys.path[0]
        serve(Connection(int(sys.argv[1])), sys.argv[2:])
        code = 0
    except (EOFError, BrokenPipeError):
        pass  # the build is gone
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)  # nothing that was only prepared needs an orderly end
