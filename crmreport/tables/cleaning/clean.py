"""Cleaning: make each source's rows fit the contract, and account for every one of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import duckdb
import ibis
import pandas as pd

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.errors import UserError
from crmreport.language import Phrase
from crmreport.source import Source
from crmreport.tables.cleaning.cancellations import mark_cancellations
from crmreport.tables.cleaning.duplicates import mark_duplicates
from crmreport.tables.cleaning.rules import LOG_COLUMNS, RULES, UNUSABLE, UNUSABLE_OTHERWISE
from crmreport.tables.contract import Table
from crmreport.tables.engine import Connection, IbisTable, IbisValue
from crmreport.tables.mapping.columns import check_dates, map_columns
from crmreport.tables.mapping.conventions import Conventions
from crmreport.tables.mapping.expressions import try_expressions
from crmreport.tables.readers import Opened, unreadable

EXAMPLES = 3

_Count = dict[str, Any]  # what (rule:column, or why a cell is wrong), rows, examples


@dataclass(frozen=True)
class Cleaned:
    """One table as the contract wants it, and the log of what was changed to get there.

    `log`: columns as of `crmreport.tables.cleaning.rules.LOG_COLUMNS`. `judged`: every row of the source,
    with `_row` (from 0) and `_rule`, "rule:column" for a row that was set aside. `future_from`: the first day
    on which a row that is set aside for being of the future no longer is; None if there is none.
    """

    table: IbisTable
    log: pd.DataFrame
    judged: IbisTable
    future_from: date | None


def clean(
    connection: Connection,
    opened: Opened,
    table: Table,
    source: Source,
    conventions: Conventions,
    known: dict[str, IbisTable],
) -> Cleaned:
    """Clean one source.

    A row is set aside by the first rule that it meets: the configuration's own, a required value missing,
    unreadable or impossible, a time in the future, a line whose order is not there, then duplicates and
    cancellations. A value that cannot be read or be true in a column that is not required is emptied.
    `known` are the tables cleaned before.

    Raises UserError for a source that cannot be read to its end, an expression of the settings that is none,
    and for one that has rows of which none can be used.
    """
    check_dates(source, table.name)
    typed = map_columns(connection, opened.table, table, source, conventions, known)
    judged = typed.mutate(_rule=_first_rule(typed, table, source, conventions, known))
    judged = mark_duplicates(judged, table, source)
    judged = mark_cancellations(judged, table, source, known)
    try:
        stored = connection.create_table(f"judged_{table.name}", judged, overwrite=True)
    except duckdb.Error as error:
        try_expressions(connection, opened.table, source, table.name)
        raise unreadable(opened, error) from None
    return _cleaned(stored, opened, table, source)


def set_aside_more(
    connection: Connection, cleaned: Cleaned, rule: IbisValue, opened: Opened, table: Table, source: Source
) -> Cleaned:
    """Set aside further rows of a cleaned source, by a rule that only tables cleaned later can give.

    `rule`: over `cleaned.judged`; missing for rows that stay as they are.
    """
    judged = cleaned.judged.mutate(_rule=ibis.coalesce(cleaned.judged["_rule"], rule))
    stored = connection.create_table(f"judged_again_{table.name}", judged, overwrite=True)
    return _cleaned(stored, opened, table, source)


def _cleaned(stored: IbisTable, opened: Opened, table: Table, source: Source) -> Cleaned:
    log = _log(stored, opened, table, source)
    _check_usable(log, table)
    kept = stored.filter(stored["_rule"].isnull()).select(
        *[c.name for c in table.columns if c.name in stored.columns]
    )
    return Cleaned(kept, log, stored, _future_from(stored, table))


def _first_rule(
    typed: IbisTable, table: Table, source: Source, conventions: Conventions, known: dict[str, IbisTable]
) -> IbisValue:
    """Name the first rule that sets a row aside, as ``rule:column``; missing for a row that is kept."""
    branches = [(typed[f"_set_aside_{i}"], f"configured:{i}") for i in range(len(source.set_aside))]
    for column in table.columns:
        if column.required:
            wrong = typed[f"_wrong_{column.name}"]
            branches.append((wrong.notnull(), wrong.concat(f":{column.name}")))
            branches.append((typed[column.name].isnull(), f"missing:{column.name}"))
    if table.clock in typed.columns:
        tomorrow = datetime.combine(conventions.today + timedelta(days=1), time())
        branches.append((typed[table.clock] >= tomorrow, f"future:{table.clock}"))
    if table.name == "order_lines" and "orders" in known:
        branches.append((typed.order_id.notin(known["orders"].order_id), "orphan:order_id"))
    if {"is_won", "closed_at"} <= set(typed.columns):
        branches.append((typed.is_won.notnull() & typed.closed_at.isnull(), "undated:closed_at"))
    return ibis.cases(*branches, else_=ibis.null("string")) if branches else ibis.null("string")


def _future_from(stored: IbisTable, table: Table) -> date | None:
    if table.clock not in stored.columns:
        return None
    future = stored.filter(stored["_rule"] == f"future:{table.clock}")
    first = future[table.clock].min().to_pyarrow().as_py()
    return None if first is None else first.date()


def _check_usable(log: pd.DataFrame, table: Table) -> None:
    """Refuse a source that has rows of which none can be used: then its columns are mapped wrongly."""
    counts = log.groupby("action")["rows"].sum()
    if counts["kept"] or not counts["read"]:
        return
    first = log[log["action"] == "set aside"].iloc[0]
    column, rule = str(first["column"]), str(first["rule"])
    is_column = any(c.name == column for c in table.columns)
    examples = json.loads(first["examples"])
    part = "set_aside" if rule == "configured" else f"columns.{column}" if is_column else "columns"
    raise UserError(
        UNUSABLE.get(rule, UNUSABLE_OTHERWISE),
        path=first["file"],
        rows=counts["read"],
        n=first["rows"],
        column=column,
        example=repr(examples[0][1]) if examples else "",
        reason=Phrase(RULES[rule], {"column": column}),
        type=table.column(column).type if is_column else "",
        key=f"{SECTION}.tables.{table.name}.{part}",
        file=CONFIG_FILE,
    )


def _log(stored: IbisTable, opened: Opened, table: Table, source: Source) -> pd.DataFrame:
    """Count what happened to the rows of one table, with examples."""
    columns = [c.name for c in table.columns if c.name in stored.columns]
    counts = _counted(stored, stored["_rule"], _said(stored, columns))
    rejected = [] if opened.rejected is None else _rejected(opened.rejected)
    n_rejected = sum(count["rows"] for count in rejected)
    lines: list[tuple[str, str, str, str, int, str]] = [
        ("read", "", "", "", n_rejected + sum(c["rows"] for c in counts), "[]")
    ]
    aside = rejected + [c for c in counts if c["what"] is not None]
    for count in sorted(aside, key=lambda c: (-c["rows"], c["what"])):
        rule, _, column = count["what"].partition(":")
        reason = json.dumps(source.set_aside[int(column)].reason) if rule == "configured" else ""
        named = "" if rule == "configured" else column
        lines.append(("set aside", rule, named, reason, count["rows"], _as_json(count["examples"])))
    kept = stored.filter(stored["_rule"].isnull())
    judged = [n for n in columns if not table.column(n).required and f"_wrong_{n}" in stored.columns]
    # One pass says which columns have anything to tell; most have not.
    wrongs = {name: kept[f"_wrong_{name}"].count() for name in judged}
    n_wrong = kept.aggregate(**wrongs).to_pyarrow().to_pylist()[0] if wrongs else {}
    for name in judged:
        if n_wrong[name]:
            wrong = kept.filter(kept[f"_wrong_{name}"].notnull())
            for count in _counted(wrong, wrong[f"_wrong_{name}"], wrong[f"_said_{name}"]):
                lines.append(("emptied", count["what"], name, "", count["rows"], _as_json(count["examples"])))
    for name in columns:
        if f"_filled_{name}" in stored.columns:
            n = kept.filter(kept[f"_filled_{name}"] & kept[name].notnull()).count().to_pyarrow().as_py()
            if n:
                lines.append(("filled", "default", name, "", n, "[]"))
    if "_converted" in stored.columns:
        n = kept.filter(kept["_converted"]).count().to_pyarrow().as_py()
        if n:
            lines.append(("converted", "currency", "", "", n, "[]"))
    lines.append(("kept", "", "", "", sum(c["rows"] for c in counts if c["what"] is None), "[]"))
    return pd.DataFrame([(table.name, opened.place, *line) for line in lines], columns=list(LOG_COLUMNS))


def _counted(rows: IbisTable, what: IbisValue, said: IbisValue) -> list[_Count]:
    """Count the rows of each kind, with the first few of each: number, and what the cell said."""
    marked = rows.select(what=what, said=said, _row=rows["_row"])
    position = ibis.row_number().over(ibis.window(group_by="what", order_by="_row"))
    few = marked.filter(marked["what"].notnull()).mutate(_position=position)  # of those kept nobody asks
    few = few.filter(few["_position"] < EXAMPLES).order_by("_row").to_pyarrow().to_pylist()
    counts: list[_Count] = (
        marked.group_by("what").aggregate(rows=marked.count()).order_by("what").to_pyarrow().to_pylist()
    )
    for count in counts:
        count["examples"] = [[f["_row"] + 1, f["said"]] for f in few if f["what"] == count["what"]]
    return counts


def _said(stored: IbisTable, columns: list[str]) -> IbisValue:
    """Give what the cell said for which a row was set aside, where a cell is to blame."""
    blamed = stored["_rule"].split(":")[1]
    branches = [
        (blamed == name, stored[f"_said_{name}"]) for name in columns if f"_said_{name}" in stored.columns
    ]
    return ibis.cases(*branches, else_=ibis.null("string")) if branches else ibis.null("string")


def _rejected(rejected: IbisTable) -> list[_Count]:
    """Count the lines that could not be taken apart, with the first few of them."""
    n = rejected.count().to_pyarrow().as_py()
    first = rejected.order_by("line").limit(EXAMPLES).to_pyarrow().to_pylist()
    examples = [[line["line"], line["said"]] for line in first]
    return [{"what": "no row:", "rows": n, "examples": examples}] if n else []


def _as_json(examples: list[list[Any]]) -> str:
    return json.dumps(examples, ensure_ascii=False)
