"""Warm: a process that has everything imported and at hand, and forks a process for each page from it.

The build starts it afresh, so that nothing was used in it that a fork would break, and speaks with it over
one connection: it is given `Pages`, says that it is ready or why not, is given the jobs, and gives back
what came of each. When it ends, however it ends, its pages end with it.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from types import TracebackType
from typing import Any

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
    """The build's end: a warm process, ended on leaving."""

    def __init__(self, pages: Pages, log: Path) -> None:
        """Start it; what it says of itself goes to the log. Raises NotWarm if it does not become ready."""
        self.connection, theirs = Pipe()
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno()), type(pages).__module__],
                pass_fds=[theirs.fileno()],
                cwd=os.sep,  # which Python will look in for modules: not in the folder of the build
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=os.environ | ONE_THREAD | pages.environment,
                start_new_session=True,  # an interrupt from the keyboard is the build's
            )
        theirs.close()
        try:
            self.connection.send(pages.gathered())
            if not self.connection.poll(START_SECONDS):
                raise NotWarm(Phrase(_t("it was not ready after {n} s"), {"n": START_SECONDS}))
            answer = self.connection.recv()
        except (EOFError, OSError):
            self._end()
            raise NotWarm(Phrase(_t("it ended while it was prepared"), {})) from None
        except NotWarm:
            self._end()
            raise
        if answer is not None:
            self._end()
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
        self._end()

    def _end(self) -> None:
        self.connection.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve(connection: Connection, module: str) -> None:
    """Be the warm process; what the pages' module loads is loaded while the build gathers the rest."""
    import_module(module)
    pages: Pages = connection.recv()
    pages.prepare()
    if "duckdb" in sys.modules:
        # Importing it opens a connection, with threads; another is opened where one is needed
        # (duckdb/duckdb-python #292).
        sys.modules["duckdb"].close()
    gc.collect()
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
        serve(Connection(int(sys.argv[1])), sys.argv[2])
        code = 0
    except (EOFError, BrokenPipeError):
        pass  # the build is gone
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)  # nothing that was only prepared needs an orderly end
