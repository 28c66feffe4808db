"""Queries: one SELECT of the settings, over nothing but the tables that it may name."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from crmreport.errors import UserError
from crmreport.language import Phrase, _t
from crmreport.misconfigured import CONFIG_FILE
from crmreport.tables.engine import Connection, IbisTable
from crmreport.tables.readers.statements import first_line, quoted

# Of a statement that is none it knows, sqlglot would write a warning beside what we say of it.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def check_query(query: str, tables: Sequence[str] | None, key: str, dialect: str = "duckdb") -> None:
    """Refuse what is not one SELECT, or reads anything but `tables`; of a database's own, None, any of them.

    `key`: where the settings say it.
    """
    try:
        statements = [s for s in sqlglot.parse(query, read=dialect) if s is not None]
    except SqlglotError as error:
        raise wrong_query(key, first_line(error)) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise wrong_query(key, Phrase(_t("it is not one SELECT, which only reads"), {}))
    if tables is None:
        return
    (statement,) = statements
    own = {cte.alias.casefold() for cte in statement.find_all(exp.CTE) if cte.alias.isidentifier()}
    known = {name.casefold() for name in tables} | own
    for table in statement.find_all(exp.Table):
        # Makes rows of what it is given, and reads nothing.
        if isinstance(table.this, exp.GenerateSeries):
            continue
        name = ".".join(part.name for part in table.parts).casefold()
        if isinstance(table.this, exp.Func) or name not in known:
            reason = Phrase(
                _t("it reads {name}, and may read only: {names}"),
                {"name": table.sql(dialect=dialect, comments=False), "names": ", ".join(tables)},
            )
            raise wrong_query(key, reason)


def run_query(connection: Connection, query: str, home: str, table: str, key: str) -> IbisTable:
    """Keep the answer to a query as a table, its rows in the answer's order.

    `home`: the schema in which the names of the query are found (``orders``, or ``database.main``). Raises
    UserError where the engine cannot answer, or would have two columns of one name.
    """
    before = connection.con.execute("SELECT current_catalog(), current_schema()").fetchone()
    place = ".".join(map(quoted, before))
    statement = query.strip().rstrip(";")
    try:
        connection.con.execute(f"USE {home}")
        described = connection.con.execute(f"DESCRIBE {statement}").fetchall()
        _check_names([name for name, *_ in described], key)
        connection.con.execute(f"CREATE OR REPLACE TABLE {place}.{quoted(table)} AS {statement}")
    except duckdb.Error as error:
        raise wrong_query(key, first_line(error)) from None
    finally:
        connection.con.execute(f"USE {place}")
    return connection.table(table)


def wrong_query(key: str, reason: str | Phrase) -> UserError:
    """Say that a query of the settings cannot be asked."""
    return UserError(
        _t("{key} in {file} cannot be asked: {reason}. Mend the query."),
        key=key,
        file=CONFIG_FILE,
        reason=reason,
    )


def _check_names(names: Sequence[str], key: str) -> None:
    twice = [name for name, count in Counter(name.casefold() for name in names).items() if count > 1]
    if twice:
        reason = Phrase(
            _t("it has several columns named {name}; give each a name of its own, as in x AS {name}_2"),
            {"name": twice[0]},
        )
        raise wrong_query(key, reason)
