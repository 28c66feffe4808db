"""Cleaning: make each file's rows fit the contract, and account for every one of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import sqlglot
from sqlglot.errors import SqlglotError

from crmreport.config import CONFIG_FILE, SECTION, Source
from crmreport.errors import UserError
from crmreport.language import Phrase, _t
from crmreport.tables.contract import Table
from crmreport.tables.files import Connection, IbisTable, unreadable
from crmreport.tables.reading import DECIMAL, IbisValue, read_as
from crmreport.tables.sources import heading_of

__all__ = ["DECIMAL", "LOG_COLUMNS", "Cleaned", "clean"]

# The log's columns: `action` is "read", "kept", "set aside" (the row is not used) or "emptied" (a value
# that cannot be is treated as missing); `rule` says why; `reason`, JSON, is the configuration's own words.
LOG_COLUMNS = ("table", "file", "action", "rule", "column", "reason", "rows")

# Why none of a file's rows can be used, by rule.
_UNUSABLE = {
    "configured": _t("{path}: {key} in {file} sets aside {n} of its {rows} rows, and none is left. Mend it."),
    "missing": _t(
        "{path}: none of its {rows} rows can be used; {column} is empty in {n}. Fill it, or say in {file} "
        "which column it is: {key}."
    ),
    "unreadable": _t(
        "{path}: none of its {rows} rows can be used; {column} cannot be read in {n}. It must be of the type "
        "{type}: times are written 2025-10-31 14:05, numbers 1234.5."
    ),
    "orphan": _t(
        "{path}: none of its {rows} rows can be used; in {n}, {column} is no order of the table orders. "
        "Connect the orders that they belong to."
    ),
}


@dataclass(frozen=True)
class Cleaned:
    """One table as the contract wants it, and the log of what was changed to get there."""

    table: IbisTable
    log: pd.DataFrame


def clean(
    connection: Connection,
    raw: IbisTable,
    table: Table,
    source: Source,
    path: Path,
    timezone: str,
    known: dict[str, IbisTable],
) -> Cleaned:
    """Clean one file.

    A row is set aside by the first rule that it meets: the configuration's own, a required value missing
    or unreadable, a line whose order is not there, a key seen before. A value that cannot be read or be
    true in a column that is not required is emptied. `known` are the tables cleaned before.

    Raises UserError for a file that cannot be read to its end, a condition that is none, and for a file that
    has rows of which none can be used.
    """
    headings = heading_of(table, source, raw.columns)
    flagged = _with_conditions(connection, raw, source, table.name)
    values = {name: read_as(flagged[h], table.column(name), timezone) for name, h in headings.items()}
    emptied = {name: flagged[h].notnull() & values[name].isnull() for name, h in headings.items()}
    # No column of the contract begins with "_".
    typed = flagged.select(
        *[c for c in flagged.columns if c.startswith("_set_aside_")],
        _row=ibis.row_number(),
        **values,
        **{f"_emptied_{name}": flag for name, flag in emptied.items()},
    )
    judged = typed.mutate(_rule=_first_rule(typed, table, source, known))
    if table.key:
        judged = _mark_duplicates(judged, table, source)
    try:
        stored = connection.create_table(f"judged_{table.name}", judged, overwrite=True)
    except duckdb.Error as error:
        _try_conditions(connection, raw, source, table.name)
        raise unreadable(path, error) from None
    log = _log(stored, table, source, tuple(headings))
    _check_usable(log, table)
    kept = stored.filter(stored["_rule"].isnull()).select(
        *[c.name for c in table.columns if c.name in headings]
    )
    return Cleaned(kept, log)


def _with_conditions(connection: Connection, raw: IbisTable, source: Source, name: str) -> IbisTable:
    """Add one flag per condition of the configuration that sets rows aside."""
    for position, rule in enumerate(source.set_aside):
        flag, view = f"_set_aside_{position}", f"flagged_{name}_{position}"
        try:
            query = f"SELECT *, COALESCE(({_as_sql(rule.where)}), FALSE) AS {flag} FROM {raw.get_name()}"
            connection.raw_sql(f"CREATE OR REPLACE TEMP VIEW {view} AS {query}")
        except (duckdb.Error, SqlglotError) as error:
            raise _no_condition(source, rule.where, name, _first_line(error)) from None
        raw = connection.table(view)
        if not raw[flag].type().is_boolean():
            raise _no_condition(source, rule.where, name, Phrase(_t("it is neither true nor false"), {}))
    return raw


def _as_sql(where: str) -> str:
    """Parse a condition, so that it is one and nothing besides. Raises SqlglotError."""
    parsed = sqlglot.parse(where, read="duckdb")
    if len(parsed) != 1 or parsed[0] is None:
        raise SqlglotError("it is not one expression")
    return parsed[0].sql(dialect="duckdb", comments=False)


def _try_conditions(connection: Connection, raw: IbisTable, source: Source, name: str) -> None:
    """Name the condition that fails on some row, if one does."""
    for rule in source.set_aside:
        try:
            query = f"SELECT COUNT(*) FROM {raw.get_name()} WHERE ({_as_sql(rule.where)})"
            connection.raw_sql(query).fetchall()
        except duckdb.ConversionException as error:
            raise _no_condition(source, rule.where, name, _first_line(error)) from None
        except duckdb.Error:
            return  # the file itself cannot be read


def _no_condition(source: Source, where: str, name: str, reason: str | Phrase) -> UserError:
    return UserError(
        _t(
            "{key} in {file}: {where} is no condition over the columns of {path}: {reason}. All cells of a "
            "CSV are texts; a number is TRY_CAST(column AS DOUBLE)."
        ),
        key=f"{SECTION}.tables.{name}.set_aside",
        file=CONFIG_FILE,
        where=where,
        path=source.file,
        reason=reason,
    )


def _first_line(error: Exception) -> str:
    """Take what an engine says is wrong, without its pointers into a query that is not the user's."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return lines[0].strip().rstrip(".!") if lines else type(error).__name__


def _check_usable(log: pd.DataFrame, table: Table) -> None:
    """Refuse a file that has rows of which none can be used: then its columns are mapped wrongly."""
    counts = log.groupby("action")["rows"].sum()
    if counts["kept"] or not counts["read"]:
        return
    first = log[log["action"] == "set aside"].iloc[0]
    column = str(first["column"])
    part = "set_aside" if first["rule"] == "configured" else f"columns.{column}"
    raise UserError(
        _UNUSABLE[first["rule"]],
        path=first["file"],
        rows=counts["read"],
        n=first["rows"],
        column=column,
        type=table.column(column).type if column else "",
        key=f"{SECTION}.tables.{table.name}.{part}",
        file=CONFIG_FILE,
    )


def _first_rule(typed: IbisTable, table: Table, source: Source, known: dict[str, IbisTable]) -> IbisValue:
    """Name the first rule that sets a row aside, as ``rule:column``; missing for a row that is kept."""
    branches = [(typed[f"_set_aside_{i}"], f"configured:{i}") for i in range(len(source.set_aside))]
    for column in table.columns:
        if column.required:
            branches.append((typed[f"_emptied_{column.name}"], f"unreadable:{column.name}"))
            branches.append((typed[column.name].isnull(), f"missing:{column.name}"))
    if table.name == "order_lines" and "orders" in known:
        branches.append((typed.order_id.notin(known["orders"].order_id), "orphan:order_id"))
    return ibis.cases(*branches, else_=ibis.null("string")) if branches else ibis.null("string")


def _mark_duplicates(judged: IbisTable, table: Table, source: Source) -> IbisTable:
    """Set aside all but the first of the usable rows of one key."""
    key = [judged[name] for name in table.key if name in judged.columns]
    usable = judged["_rule"].isnull()
    window = ibis.window(group_by=[usable, *key], order_by=judged["_row"])
    position = ibis.row_number().over(window)
    rule = f"{'repeats' if source.one_row_per_key else 'duplicate'}:{','.join(table.key)}"
    return judged.mutate(_rule=ibis.ifelse(usable & (position > 0), rule, judged["_rule"]))


def _log(stored: IbisTable, table: Table, source: Source, columns: tuple[str, ...]) -> pd.DataFrame:
    """Count what happened to the rows of one table."""
    counts = stored.group_by(rule=stored["_rule"]).aggregate(rows=stored.count()).to_pyarrow().to_pylist()
    optional = [c for c in columns if not table.column(c).required]
    kept = stored.filter(stored["_rule"].isnull())
    emptied = (
        kept.aggregate(**{c: kept[f"_emptied_{c}"].cast("int64").sum() for c in optional})
        .to_pyarrow()
        .to_pylist()[0]
        if optional
        else {}
    )
    lines: list[tuple[str, str, str, str, int]] = [("read", "", "", "", sum(c["rows"] for c in counts))]
    for count in sorted(counts, key=lambda c: (-c["rows"], c["rule"] or "")):
        if count["rule"] is None:
            continue
        rule, _, column = count["rule"].partition(":")
        reason = json.dumps(source.set_aside[int(column)].reason) if rule == "configured" else ""
        lines.append(("set aside", rule, "" if rule == "configured" else column, reason, count["rows"]))
    lines += [("emptied", "unreadable", c, "", n) for c, n in emptied.items() if n]
    lines.append(("kept", "", "", "", sum(c["rows"] for c in counts if c["rule"] is None)))
    return pd.DataFrame(
        [(table.name, source.file, *line) for line in lines],
        columns=list(LOG_COLUMNS),
    )
