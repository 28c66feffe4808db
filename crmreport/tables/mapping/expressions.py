"""Expressions: the SQL of the settings, asked of a source's own columns."""

from __future__ import annotations

from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.errors import UserError
from crmreport.language import Phrase, _t
from crmreport.source import Cell, Source
from crmreport.tables.engine import Connection, IbisTable

# How an SQL expression of the settings is called among the columns of a file; `_set_aside_0`, `_sql_amount`.
CONDITION, EXPRESSION = "_set_aside_", "_sql_"


def with_expressions(
    connection: Connection, raw: IbisTable, source: Source, cells: dict[str, Cell], name: str
) -> IbisTable:
    """Add a column for each SQL expression of the settings: flags of conditions, and values."""
    place = f"{SECTION}.tables.{name}"
    wanted = [
        (f"{CONDITION}{position}", f"{place}.set_aside", rule.where)
        for position, rule in enumerate(source.set_aside)
    ]
    wanted += [
        (f"{EXPRESSION}{c}", f"{place}.columns.{c}.sql", cell.sql) for c, cell in cells.items() if cell.sql
    ]
    selected = []
    for alias, key, sql in wanted:
        try:
            asked = f"({_as_sql(sql, connection.dialect)})"
            kind = connection.sql(f"SELECT {asked} AS x FROM {raw.get_name()}").x.type()
        except Exception as error:  # each engine has errors of its own
            raise not_sql(source, key, sql, _first_line(error)) from None
        if alias.startswith(CONDITION):
            if not kind.is_boolean():
                raise not_sql(source, key, sql, Phrase(_t("it is neither true nor false"), {}))
            asked = f"COALESCE({asked}, FALSE)"
        selected.append(f"{asked} AS {alias}")
    if not selected:
        return raw
    answer = connection.sql(f"SELECT *, {', '.join(selected)} FROM {raw.get_name()}")
    return connection.create_view(f"mapped_{name}", answer, overwrite=True)


def try_expressions(connection: Connection, raw: IbisTable, source: Source, name: str) -> None:
    """Name the SQL of the settings that fails on some row, if one does."""
    place = f"{SECTION}.tables.{name}"
    wanted = [(f"{place}.set_aside", rule.where) for rule in source.set_aside]
    wanted += [(f"{place}.columns.{c}.sql", cell.sql) for c, cell in source.columns.items() if cell.sql]
    for key, sql in wanted:
        try:
            query = f"SELECT COUNT(({_as_sql(sql)})) FROM {raw.get_name()}"
            connection.raw_sql(query).fetchall()
        except duckdb.ConversionException as error:
            raise not_sql(source, key, sql, _first_line(error)) from None
        except duckdb.Error:
            return  # the file itself cannot be read


def columns_in(sql: str) -> set[str]:
    """Name the columns that an expression reads, in small letters."""
    try:
        return {c.name.casefold() for c in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Column)}
    except SqlglotError:
        return set()


def _as_sql(where: str, dialect: Any = "duckdb") -> str:  # noqa: ANN401 - sqlglot's own, or its name
    """Parse an expression, so that it is one and nothing besides. Raises SqlglotError."""
    parsed = sqlglot.parse(where, read="duckdb")
    if len(parsed) != 1 or parsed[0] is None:
        raise SqlglotError("it is not one expression")
    return str(parsed[0].sql(dialect=dialect, comments=False))


def not_sql(source: Source, key: str, sql: str, reason: str | Phrase) -> UserError:
    """Say that an expression of the settings cannot be asked of a file."""
    return UserError(
        _t(
            "{key} in {file}: {where} cannot be asked of the columns of {path}: {reason}. All cells of a "
            "CSV are texts; a number is TRY_CAST(column AS DOUBLE)."
        ),
        key=key,
        file=CONFIG_FILE,
        where=sql,
        path=source.place,
        reason=reason,
    )


def _first_line(error: Exception) -> str:
    """Take what an engine says is wrong, without its pointers into a query that is not the user's."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return lines[0].strip().rstrip(".!") if lines else type(error).__name__
