"""Statements: names, texts and paths as the engine's SQL has them, and what the engine says is wrong."""

from __future__ import annotations

import glob
from pathlib import Path


def literal(text: str) -> str:
    """Write a text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Write the name of a table or column as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def address(path: Path) -> str:
    """Write the path of one file, in which DuckDB would read ``*``, ``?`` and ``[`` as a pattern."""
    return literal(glob.escape(str(path)))


def engine_says(error: Exception) -> str:
    """Take from an engine's message what is wrong and in which line, without its advice to programmers."""
    message, *_ = str(error).partition("Possible fixes")
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    # Between them stands the row itself, which may be long and private.
    chosen = dict.fromkeys(map(_without_kind, (lines[0], lines[-1]) if lines else ()))
    return "; ".join(chosen).rstrip(".") or type(error).__name__


def first_line(error: Exception) -> str:
    """Take what an engine says is wrong, without its pointers into the statement."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return _without_kind(lines[0]).rstrip(".!") if lines else type(error).__name__


def _without_kind(line: str) -> str:
    """Leave out what kind of error it is: "Binder Error: "."""
    return line.partition("Error: ")[2] or line
