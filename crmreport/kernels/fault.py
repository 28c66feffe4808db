"""Fault: what ended a page's run before its last cell, said so that the page's author can mend it."""

from __future__ import annotations

import signal

from crmreport.language import Phrase, _t

MOST_OUTPUT_BYTES = 10_000_000


class Fault(Exception):  # noqa: N818 - of the page's cells, not of ours
    """What ended a page's run, and in which cell (counted from 0 in the executed notebook; None: in none)."""

    def __init__(self, phrase: Phrase, cell: int | None = None) -> None:
        self.phrase = phrase
        self.cell = cell
        super().__init__(phrase.say("en"))

    def __reduce__(self) -> tuple[type[Fault], tuple[Phrase, int | None]]:
        return Fault, (self.phrase, self.cell)


class TooMuchOutput(BaseException):
    """Raised in a cell that prints without end; no `except Exception` of the cell catches it."""


def ran_too_long(timeout_seconds: int) -> Phrase:
    """Say that a cell ran longer than it may."""
    return Phrase(_t("a cell ran longer than {n} s"), {"n": timeout_seconds})


def ended_with(code: int) -> Phrase:
    """Say how a process ended; `code` as of `subprocess`: negative for a signal."""
    if code >= 0:
        return Phrase(_t("the cell ended the process with exit code {code}"), {"code": code})
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    return Phrase(_t("the process was killed by {signal}"), {"signal": name})


def needs_too_much_memory(memory_mb: int) -> Phrase:
    """Say that a page wanted more memory than it may have."""
    return Phrase(
        _t("the page wanted more than {n} MB of memory; crmreport.page_memory_mb sets the limit"),
        {"n": memory_mb},
    )


def shows_too_much() -> Phrase:
    """Say that a cell printed more than any page can show."""
    return Phrase(_t("the cell printed more than {n} MB"), {"n": MOST_OUTPUT_BYTES // 1_000_000})


def is_lack_of_memory(name: str) -> bool:
    """Say whether an exception of this name says that there was no memory: Python's, NumPy's, DuckDB's."""
    return name.endswith("MemoryError") or name == "OutOfMemoryException"
