"""Press: the process that calls Jupyter Book, once for each book and builder, with everything loaded once.

It reads from its standard input, as JSON, a list of books, or nothing if there is none to be made; a book is
a list of calls that must follow one another, since each uses what the one before has read. For each call that
is done it writes a line: its place in the two lists, and the exit code. What a call says goes to the call's
log.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from crmreport.environment import work_beside

HAS_FORK = hasattr(os, "fork")

LOADED = (
    "jupyter_book.cli.main",
    "jupyter_book.sphinx",
    "myst_nb.sphinx_ext",
    "sphinx.builders.html",
    "sphinx_book_theme",
    "sphinx_design",
    "sphinx_external_toc.events",
    "crmreport.display.sphinx",
    "crmreport.pdf.builder",
)


def press(books: list[list[dict[str, Any]]]) -> None:
    """Make books side by side, and the calls of each book one after the other, up to one that fails."""
    running = {}
    for number, calls in enumerate(books):
        if calls:
            running[_start(calls[0])] = (number, 0)
    while running:
        pid, status = os.wait()
        number, place = running.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        _report(number, place, code)
        if code == 0 and place + 1 < len(books[number]):
            running[_start(books[number][place + 1])] = (number, place + 1)


def press_plainly(books: list[list[dict[str, Any]]]) -> None:
    """Make books one after the other, each call in a fresh process, where there is no fork."""
    start = "from jupyter_book.cli.main import main; main()"
    for number, calls in enumerate(books):
        for place, call in enumerate(calls):
            with Path(call["log"]).open("wb") as log:
                code = subprocess.run(
                    [sys.executable, "-c", start, *call["arguments"]], stdout=log, stderr=log, check=False
                ).returncode
            _report(number, place, code)
            if code:
                break


def _report(number: int, place: int, code: int) -> None:
    print(json.dumps([number, place, code]), flush=True)


def _start(call: dict[str, Any]) -> int:
    """Begin a call in a fork of this process, where all is loaded and nothing used."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        log = os.open(call["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        code = _call(call["arguments"])
    except BaseException:  # whatever it is, this process must not go on as if it were the press
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _call(arguments: list[str]) -> int:
    from jupyter_book.cli.main import main

    try:
        main(arguments)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    return 0


def load() -> None:
    """Import what every call needs, and use none of it: a library that has begun threads hangs in a fork."""
    for name in LOADED:
        import_module(name)
    # What reads the table of contents asks for PyYAML's own parser, which takes ten times as long.
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # it is the build that says what an interrupt means
    work_beside()
    if HAS_FORK:
        load()
        gc.freeze()  # or each fork would copy what its collector touches
    given = sys.stdin.read()
    if given:
        (press if HAS_FORK else press_plainly)(json.loads(given))
