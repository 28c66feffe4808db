"""Environment: what holds for a whole process: its rank among others, its garbage, variables for a while."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_NICENESS = 10  # of 19


def collect_rarely() -> None:
    """Look for garbage less often than Python does by itself.

    Queries and charts are millions of small objects that stay: to look among them takes a tenth of the time.
    """
    gc.set_threshold(100_000, 20, 20)


def work_beside() -> None:
    """Begin as a process beside the build: look for garbage rarely, and wait where others have work.

    The build itself, for which all others wait, goes first. What this process begins waits, too, and it
    cannot be undone.
    """
    collect_rarely()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables, and set them back in the end."""
    before = {name: os.environ.get(name) for name in values}
    os.environ |= values
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
