"""Database files: a table, or the answer to a query, of a DuckDB or SQLite file, which is only read."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import duckdb

from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.misconfigured import CONFIG_FILE
from crmreport.source import Source
from crmreport.tables.engine import Connection, IbisTable
from crmreport.tables.readers.cells import write_texts
from crmreport.tables.readers.headings import check_unique
from crmreport.tables.readers.queries import check_query, run_query, wrong_query
from crmreport.tables.readers.statements import engine_says, first_line, literal, quoted

_ROWS_AT_ONCE = 10_000


def is_sqlite(path: Path) -> bool:
    """Say whether a database file is SQLite's; else it must be DuckDB's. UserError if it is neither's."""
    with path.open("rb") as file:
        start = file.read(32)
    if start.startswith(b"SQLite format 3\0"):
        page_bytes, pages = int.from_bytes(start[16:18]), int.from_bytes(start[28:32])
        # SQLite itself would take what is cut off for nothing but missing values.
        if path.stat().st_size >= pages * (1 << 16 if page_bytes == 1 else page_bytes):
            return True
    elif start[8:12] == b"DUCK":
        return False
    raise UserError(
        _t("{path} is neither a DuckDB nor an SQLite database, or is cut short. Copy it again."),
        path=path.name,
    )


def open_duckdb(connection: Connection, path: Path, source: Source, view: str, key: str) -> IbisTable:
    """Show a table of a DuckDB file, or the answer to a query of it.

    Raises UserError for a file that another program is writing, a table that is not there, a wrong query.
    """
    # Several tables of a project may come from one file, which can be attached only once.
    name = f"file_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    try:
        connection.con.execute(f"ATTACH IF NOT EXISTS {literal(str(path))} AS {name} (READ_ONLY)")
        rows = connection.con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = $1 AND NOT internal "
            "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = $1 "
            "AND NOT internal ORDER BY ALL",
            [name],
        ).fetchall()
        tables = {t if schema == "main" else f"{schema}.{t}": (schema, t) for schema, t in rows}
        if source.query:
            names = [*tables, *(f"{schema}.{table}" for schema, table in rows)]
            check_query(source.query, tuple(dict.fromkeys(names)), f"{key}.query")
            return run_query(connection, source.query, f"{name}.main", view, f"{key}.query")
        schema, table = tables[_chosen(tuple(tables), source, path, key)]
        connection.con.execute(
            f"CREATE OR REPLACE VIEW {quoted(view)} AS SELECT * FROM {name}.{quoted(schema)}.{quoted(table)}"
        )
    except duckdb.Error as error:
        raise _unreadable(path, engine_says(error)) from None
    return connection.table(view)


def sqlite_to_parquet(path: Path, source: Source, key: str, target: Path) -> None:
    """Read a table of an SQLite file, or the answer to a query, into a Parquet file of texts.

    SQLite knows no types of columns, only of cells. Raises UserError for a file that is broken, a table that
    is not there, a wrong query.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.text_factory = lambda text: text.decode("utf-8", "replace")
            names = (
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
            )
            tables = [name for (name,) in database.execute(f"{names} ORDER BY name")]
            if source.query:
                check_query(source.query, tables, f"{key}.query", dialect="sqlite")
                statement = source.query
            else:
                statement = f"SELECT * FROM {quoted(_chosen(tables, source, path, key))}"
            try:
                rows = database.execute(statement)
            except sqlite3.Error as error:
                raise wrong_query(f"{key}.query", first_line(error)) from None
            headings = [name for name, *_ in rows.description]
            check_unique(headings, path)
            write_texts(target, headings, _fetched(rows))
    except sqlite3.Error as error:
        raise _unreadable(path, first_line(error)) from None


def _fetched(rows: sqlite3.Cursor) -> Iterator[Sequence[object]]:
    while some := rows.fetchmany(_ROWS_AT_ONCE):
        yield from some


def _chosen(tables: Sequence[str], source: Source, path: Path, key: str) -> str:
    """Find the table that the settings name. UserError, with those that there are, if it is not there."""
    spelt = {name.casefold(): name for name in tables}
    wanted = source.table.strip()
    if wanted.casefold() in spelt:
        return spelt[wanted.casefold()]
    text = _t("{key} in {file}: {path} has no table {table}. {suggestion}")
    if not wanted:
        text = _t("{key} in {file}: say which table of {path} is meant. {suggestion}")
    raise UserError(
        text,
        key=f"{key}.table",
        file=CONFIG_FILE,
        path=path.name,
        table=wanted,
        suggestion=suggestion(wanted, tables),
    )


def _unreadable(path: Path, reason: str) -> UserError:
    return UserError(
        _t("{path} cannot be read: {reason}. Close it where it is open, or copy it again."),
        path=path.name,
        reason=reason,
    )
