"""Readers: open whatever the settings name, as a table of what stands there and nothing more."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.misconfigured import CONFIG_FILE, SECTION
from crmreport.source import Source
from crmreport.tables.engine import Connection, IbisTable
from crmreport.tables.readers.database_files import is_sqlite, open_duckdb
from crmreport.tables.readers.databases import check_database
from crmreport.tables.readers.files import open_files
from crmreport.tables.readers.parquet import cannot_be_read, not_parquet, view_of_parquet
from crmreport.tables.readers.places import (
    DATABASE,
    FILE_TYPES,
    PARQUET,
    files_of,
    key_of,
    kind_of,
    table_name,
)
from crmreport.tables.readers.queries import check_query, run_query
from crmreport.tables.readers.snapshots import refresh_snapshots, snapshot
from crmreport.tables.readers.statements import quoted

__all__ = [
    "FILE_TYPES",
    "Opened",
    "check_source",
    "fingerprint",
    "open_source",
    "refresh_snapshots",
    "table_name",
    "unreadable",
]

# What a query calls the source's own file.
_FILE = "file"


@dataclass(frozen=True)
class Opened:
    """A source's rows as they are: texts where the source has only texts (CSV, workbooks), else typed.

    `table`: a table or view of the engine, its rows in the source's order. `place`: what messages and the
    log call it. `rejected`: rows that could not be taken apart, with `line` (of the file, from 1), `said`
    (the line itself) and `reason`; None if the reader rejects none. `paths`: the files.
    """

    table: IbisTable
    place: str
    rejected: IbisTable | None = None
    paths: tuple[Path, ...] = ()


def open_source(connection: Connection, root: Path, source: Source, name: str) -> Opened:
    """Open a source; `name`: the table of the contract that it becomes.

    Raises UserError for what is not there or cannot be read.
    """
    key = key_of(name)
    if source.database:
        path = snapshot(root, source, key)
        return Opened(view_of_parquet(connection, [path], f"file_{name}"), source.place, paths=(path,))
    paths = files_of(root, source.file, key)
    if kind_of(paths[0]) == DATABASE and not is_sqlite(paths[0]):
        return Opened(
            open_duckdb(connection, paths[0], source, f"file_{name}", key), source.place, paths=paths
        )
    if not source.query or kind_of(paths[0]) == DATABASE:
        table, rejected = open_files(connection, paths, source, f"file_{name}", key)
        return Opened(table, source.place, rejected, paths)
    check_query(source.query, (_FILE, *source.beside), f"{key}.query")
    home = f"query_{name}"
    connection.con.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(home)}")
    rejected = None
    for alias, written in {_FILE: source.file, **source.beside}.items():
        found = files_of(root, written, key if alias == _FILE else f"{key}.beside.{alias}")
        view = f"file_{name}_{alias}"
        _, lines = open_files(connection, found, source, view, key)
        rejected = lines if alias == _FILE else rejected
        connection.con.execute(
            f"CREATE OR REPLACE VIEW {quoted(home)}.{quoted(alias)} AS SELECT * FROM main.{quoted(view)}"
        )
    answer = run_query(connection, source.query, quoted(home), f"file_{name}", f"{key}.query")
    return Opened(answer, source.place, rejected, paths)


def check_source(root: Path, source: Source, name: str) -> None:
    """Refuse a source that is not there, or of a kind that cannot be read; nothing is read yet.

    `name`: the table of the contract that it becomes.
    """
    key = key_of(name)
    if source.database:
        check_database(source, key)
        return
    paths = files_of(root, source.file, key)
    for alias, written in source.beside.items():
        files_of(root, written, f"{key}.beside.{alias}")
    if source.query and kind_of(paths[0]) != DATABASE:
        check_query(source.query, (_FILE, *source.beside), f"{key}.query")
    if source.table and kind_of(paths[0]) != DATABASE:
        raise UserError(
            _t("{key} in {file}: only a database has tables, and {path} is none. Take it away."),
            key=f"{key}.table",
            file=CONFIG_FILE,
            path=source.file,
        )


def fingerprint(root: Path, source: Source) -> str:
    """Tell a source's content from any other: the first 16 digits of its SHA-256.

    Of several files, all count, with their names; of a database, what it answered last. Raises UserError
    for a file that is not there.
    """
    if source.database:
        return _digest(snapshot(root, source, f"{SECTION}.tables"))[:16]
    paths = files_of(root, source.file, SECTION)
    for written in source.beside.values():
        paths += files_of(root, written, SECTION)
    if len(paths) == 1:
        return _digest(paths[0])[:16]
    digests = "".join(f"{path.name} {_digest(path)}\n" for path in sorted(paths))
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def unreadable(opened: Opened, error: duckdb.Error) -> UserError:
    """Say why a source cannot be read to its end, as plainly as can be found out."""
    for path in opened.paths:
        if kind_of(path) == PARQUET:
            return not_parquet(path, path, error)
    return cannot_be_read(Path(opened.place), error)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
