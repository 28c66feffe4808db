"""Databases: a table, or the answer to a query, of a server or of Spark, as a stream of Arrow batches."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote_plus, urlsplit

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa
from ibis.util import backend_entry_points

from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.misconfigured import CONFIG_FILE
from crmreport.source import Source
from crmreport.tables.engine import Connection, IbisTable
from crmreport.tables.readers.places import expanded
from crmreport.tables.readers.queries import check_query
from crmreport.tables.readers.spark import spark_answer
from crmreport.tables.readers.statements import first_line

SPARK = "spark"
_ROWS_AT_ONCE = 50_000
# Extras of this package that bring a driver, by how an address begins.
_EXTRAS = {"postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", SPARK: "spark"}
# What sqlglot calls the SQL that a database understands, where it is not the address's own name.
_DIALECTS = {"postgresql": "postgres", "pyspark": "spark", "mssql": "tsql"}
_SECONDS_TO_CONNECT = "10"
# Values that Parquet has too; all others come as texts.
_PLAIN = (dt.Boolean, dt.Integer, dt.Floating, dt.String, dt.Date, dt.Time, dt.Timestamp)


def check_database(source: Source, key: str) -> None:
    """Refuse an address that leads to no kind of database, and a query that is none; nobody is asked yet."""
    scheme = _scheme(expanded(source.database, f"{key}.database"))
    known = {SPARK, "postgresql"} | {entry.name for entry in backend_entry_points()}
    if scheme not in known:
        raise UserError(
            _t(
                "{key} in {file} is no address of a database. It must begin as one of: postgresql://, "
                "mysql://, spark:FOLDER, or another that Ibis knows."
            ),
            key=f"{key}.database",
            file=CONFIG_FILE,
        )
    if source.query:
        check_query(source.query, None, f"{key}.query", _DIALECTS.get(scheme, scheme))


@contextmanager
def answered(root: Path, source: Source, key: str) -> Iterator[pa.RecordBatchReader]:
    """Ask a database, and read what it answers while this lasts.

    `key`: where the settings speak of the source. Raises UserError, in which no password stands, for a
    missing driver, a server that cannot be reached, a table that is not there, a query that is none.
    """
    check_database(source, key)
    address = expanded(source.database, f"{key}.database")
    scheme = _scheme(address)
    try:
        if scheme == SPARK:
            yield spark_answer(root / address.removeprefix(f"{SPARK}:"), source, key)
            return
        with warnings.catch_warnings():
            # A server without a list of time zones; what it answers has none anyway.
            warnings.filterwarnings("ignore", message="Unable to set session timezone", category=UserWarning)
            database = ibis.connect(with_patience(address))
        try:
            asked = database.sql(source.query) if source.query else find_table(database, source, key)
            yield plain(asked).to_pyarrow_batches(chunk_size=_ROWS_AT_ONCE)
        finally:
            database.disconnect()
    except UserError:
        raise
    except ImportError:
        wanted = f"crmreport[{_EXTRAS[scheme]}]" if scheme in _EXTRAS else f"ibis-framework[{scheme}]"
        raise UserError(
            _t('{key} in {file} names a database that needs another library: pip install "{library}".'),
            key=f"{key}.database",
            file=CONFIG_FILE,
            library=wanted,
        ) from None
    except Exception as error:  # each driver has errors of its own
        raise UserError(
            _t(
                "{key} in {file}: the database did not answer: {reason}. Check its address, and that it runs."
            ),
            key=key,
            file=CONFIG_FILE,
            reason=without_secrets(first_line(error), address),
        ) from None


def find_table(database: Connection, source: Source, key: str) -> IbisTable:
    """Find a table, which may be named with its schema. UserError if it is not there."""
    schema, _, name = source.table.rpartition(".")
    tables = database.list_tables(database=schema or None)
    if name not in tables:
        raise _no_table(source, key, tables)
    return database.table(name, database=schema or None)


def _no_table(source: Source, key: str, tables: list[str]) -> UserError:
    """Say that a database has not the table that the settings name."""
    return UserError(
        _t("{key} in {file}: the database has no table {table}. {suggestion}"),
        key=f"{key}.table",
        file=CONFIG_FILE,
        table=source.table,
        suggestion=suggestion(source.table, sorted(tables)),
    )


def plain(asked: IbisTable) -> IbisTable:
    """Have as texts what only this database has: its own types, and numbers of any number of digits."""
    texts = {
        name: asked[name].cast("string")
        for name, kind in asked.schema().items()
        if not isinstance(kind, _PLAIN) and not (isinstance(kind, dt.Decimal) and kind.precision is not None)
    }
    return asked.mutate(**texts) if texts else asked


def _scheme(address: str) -> str:
    return address.partition(":")[0].lower() if ":" in address else ""


def with_patience(address: str) -> str:
    """Have a server that does not answer given up after some seconds, where its driver knows how."""
    if not _scheme(address).startswith("postgres") or "connect_timeout=" in address:
        return address
    return f"{address}{'&' if '?' in address else '?'}connect_timeout={_SECONDS_TO_CONNECT}"


def without_secrets(text: str, address: str) -> str:
    """Take an address and its password out of what a driver says."""
    secrets = {address}
    try:
        password = urlsplit(address).password
    except ValueError:
        password = None
    if password:
        secrets |= {password, unquote_plus(password)}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return re.sub(r"(?i)(password|pwd)=\S+", r"\1=***", text)
