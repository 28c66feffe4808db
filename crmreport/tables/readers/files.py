"""Files: open one CSV or Parquet file as it is, and say what is wrong with one that cannot be read."""

from __future__ import annotations

import csv
import glob
import hashlib
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.tables.engine import Connection, IbisTable

FILE_TYPES = (".parquet", ".csv")
_SEPARATORS = (",", ";", "\t", "|")


def fingerprint(path: Path) -> str:
    """Tell a file's content from any other: the first 16 digits of its SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def open_file(connection: Connection, path: Path, name: str) -> IbisTable:
    """Open a file as it is; the cells of a CSV as text, so that cleaning decides what they mean.

    `name`: the table's name in the contract. Nothing but the headings is read yet. Raises UserError for a
    file that is empty, not of its kind, or that has two columns of one name.
    """
    if path.stat().st_size == 0:
        raise UserError(_t("{path} is empty. Save it again, or take it away."), path=path.name)
    # DuckDB reads *, ? and [ in a path as a pattern.
    address, view = glob.escape(str(path)), f"file_{name}"
    try:
        if path.suffix.lower() == ".csv":
            separator, headings = _headings(path)
            _check_unique(headings, path)
            return connection.read_csv(
                address,
                table_name=view,
                # Everything is said, for DuckDB's guesses depend on the rows: it may take a heading for a
                # row, or a line that begins with # for a comment.
                auto_detect=False,
                columns=dict.fromkeys(headings, "VARCHAR"),
                header=True,
                delim=separator,
                quote='"',
                escape='"',
            )
        _check_unique(tuple(pq.read_schema(path).names), path)
        return connection.read_parquet(address, table_name=view)
    except (duckdb.Error, pa.ArrowException) as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> UserError:
    """Say why a file cannot be read, as plainly as can be found out."""
    if path.suffix.lower() == ".csv":
        line = _first_line_not_utf8(path)
        if line is not None:
            return _not_utf8(path, line)
    elif not _is_parquet(path):
        return UserError(
            _t("{path} is not a Parquet file, or is cut short. Export it again."),
            path=path.name,
        )
    return UserError(
        _t("{path} cannot be read: {reason}. Mend what is named, or export the file again."),
        path=path.name,
        reason=_reason(error),
    )


def _headings(path: Path) -> tuple[str, tuple[str, ...]]:
    """Read a CSV's separator and headings from its first line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            if "\0" in first:
                raise _no_csv(path)
            separator = max(_SEPARATORS, key=lambda s: len(next(csv.reader([first], delimiter=s), [])))
            file.seek(0)
            found = next(csv.reader(file, delimiter=separator), [])
    except UnicodeDecodeError:
        raise _not_utf8(path, _first_line_not_utf8(path) or 1) from None
    except csv.Error:
        raise _no_csv(path) from None
    headings = tuple(name.strip() or f"column {number}" for number, name in enumerate(found, start=1))
    if not headings:
        raise UserError(_t("{path} has no headings in its first line. Add them."), path=path.name)
    return separator, headings


def _check_unique(headings: tuple[str, ...], path: Path) -> None:
    """Refuse two columns of one name; SQL does not tell capitals from small letters."""
    for name, count in Counter(heading.casefold() for heading in headings).items():
        if count > 1:
            alike = [heading for heading in headings if heading.casefold() == name]
            raise UserError(
                _t("{path} has {count} columns named {names}. Give each a name of its own."),
                path=path.name,
                count=count,
                names=", ".join(dict.fromkeys(alike)),
            )


def _no_csv(path: Path) -> UserError:
    return UserError(
        _t("{path} is not a CSV file: its first line is no text. Export it again."), path=path.name
    )


def _not_utf8(path: Path, line: int) -> UserError:
    return UserError(
        _t('{path}, line {line}: this is not UTF-8 text. Save the file as "CSV UTF-8".'),
        path=path.name,
        line=line,
    )


def _first_line_not_utf8(path: Path) -> int | None:
    """Find the first line that is not UTF-8, from 1; None if all are."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None


def _is_parquet(path: Path) -> bool:
    """Say whether a file begins and ends as Parquet files do."""
    mark = b"PAR1"
    with path.open("rb") as file:
        begins = file.read(len(mark))
        file.seek(max(0, path.stat().st_size - len(mark)))
        return begins == file.read() == mark


def _reason(error: Exception) -> str:
    """Take from an engine's message what is wrong and in which line, without its advice to programmers."""
    message, *_ = str(error).partition("Possible fixes")
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    # Between them stands the row itself, which may be long and private.
    chosen = dict.fromkeys((lines[0].partition("Error: ")[2] or lines[0], lines[-1]) if lines else ())
    return "; ".join(chosen).rstrip(".") or type(error).__name__
