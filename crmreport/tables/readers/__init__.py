"""Readers: open whatever the settings name, as a table of what stands there and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.misconfigured import CONFIG_FILE, SECTION
from crmreport.source import Source
from crmreport.tables.engine import Connection, IbisTable
from crmreport.tables.readers.files import FILE_TYPES, open_file
from crmreport.tables.readers.files import fingerprint as file_fingerprint
from crmreport.tables.readers.files import unreadable as file_unreadable


@dataclass(frozen=True)
class Opened:
    """A source's rows as they are: texts where the source has only texts (CSV, workbooks), else typed.

    `table`: a table or view of the engine, its rows in the source's order. `place`: what messages and the
    log call it. `rejected`: rows that could not be taken apart, with `line` (of the file, from 1), `said`
    (the line itself) and `reason`; None if the reader rejects none.
    """

    table: IbisTable
    place: str
    rejected: IbisTable | None = None
    path: Path = Path()


def open_source(connection: Connection, root: Path, source: Source, name: str) -> Opened:
    """Open a source; `name`: the table of the contract that it becomes.

    Raises UserError for what is not there or cannot be read.
    """
    return Opened(open_file(connection, root / source.file, name), source.place, path=root / source.file)


def check_source(root: Path, source: Source, name: str) -> None:
    """Refuse a source that is not there, or of a kind that cannot be read; nothing is read yet.

    `name`: the table of the contract that it becomes.
    """
    key = f"{SECTION}.tables.{name}"
    path = root / source.file
    if not path.is_file():
        raise UserError(
            _t("{key} in {file}: there is no file {path}. Name it from the project's folder."),
            key=key,
            file=CONFIG_FILE,
            path=source.file,
        )
    if path.suffix.lower() not in FILE_TYPES:
        raise UserError(
            _t("{key} in {file}: {path} is of a kind that cannot be read. Save it as one of: {types}."),
            key=key,
            file=CONFIG_FILE,
            path=source.file,
            types=", ".join(FILE_TYPES),
        )


def fingerprint(root: Path, source: Source) -> str:
    """Tell a source's content from any other: the first 16 digits of its SHA-256."""
    return file_fingerprint(root / source.file)


def unreadable(opened: Opened, error: duckdb.Error) -> UserError:
    """Say why a source cannot be read to its end, as plainly as can be found out."""
    return file_unreadable(opened.path, error)
