"""Cleaning: make each file's rows fit the contract, and account for every one of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import ibis
import pandas as pd

from crmreport.config import CONFIG_FILE, SECTION, Source
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.tables.contract import Column, Table, Type
from crmreport.tables.sources import Connection, IbisTable, heading_of

# The log's columns: `action` is "read", "kept", "set aside" (the row is not used) or "emptied" (a value
# that cannot be is treated as missing); `rule` says why; `reason`, JSON, is the configuration's own words.
LOG_COLUMNS = ("table", "file", "action", "rule", "column", "reason", "rows")

DECIMAL = "decimal(18, 4)"
_IBIS_TYPES = {
    Type.TEXT: "string",
    Type.INTEGER: "int64",
    Type.NUMBER: "float64",
    Type.MONEY: DECIMAL,
    Type.BOOLEAN: "boolean",
    Type.TIMESTAMP: "timestamp(6)",
    Type.DATE: "date",
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
    timezone: str,
    known: dict[str, IbisTable],
) -> Cleaned:
    """Clean one file.

    A row is set aside by the first rule that it meets: the configuration's own, a required value missing
    or unreadable, a key seen before, a line whose order is not there. A value that cannot be read or be
    true in a column that is not required is emptied. `known` are the tables cleaned before.
    """
    headings = heading_of(table, source, raw.columns)
    numbered = _with_conditions(raw, source, table.name).mutate(row_number=ibis.row_number())
    values = {name: _typed(numbered[h], table.column(name), timezone) for name, h in headings.items()}
    emptied = {name: numbered[h].notnull() & values[name].isnull() for name, h in headings.items()}
    typed = numbered.select(
        "row_number",
        *[c for c in numbered.columns if c.startswith("set_aside_")],
        **values,
        **{f"emptied_{name}": flag for name, flag in emptied.items()},
    )
    judged = typed.mutate(rule=_first_rule(typed, table, source, known))
    if table.key:
        judged = _mark_duplicates(judged, table, source)
    stored = connection.create_table(f"judged_{table.name}", judged, overwrite=True)
    kept = stored.filter(stored.rule.isnull()).select(*[c.name for c in table.columns if c.name in headings])
    return Cleaned(kept, _log(stored, table, source, tuple(headings)))


def _with_conditions(raw: IbisTable, source: Source, name: str) -> IbisTable:
    """Add one flag per condition of the configuration that sets rows aside."""
    for position, rule in enumerate(source.set_aside):
        query = f"SELECT *, COALESCE(({rule.where}), FALSE) AS set_aside_{position} FROM rows_{position}"
        try:
            raw = raw.alias(f"rows_{position}").sql(query)
        except Exception as error:  # sqlglot's or DuckDB's, whatever is wrong with the condition
            raise UserError(
                _t("{key} in {file}: {where} is no condition over the columns of {path}: {reason}"),
                key=f"{SECTION}.tables.{name}.set_aside",
                file=CONFIG_FILE,
                where=rule.where,
                path=source.file,
                reason=str(error).strip().split("\n")[0],
            ) from None
    return raw


def _typed(value: Any, column: Column, timezone: str) -> Any:  # noqa: ANN401 - Ibis expressions
    """Read a value as the column's type; missing where it cannot be read or be true."""
    if value.type().is_string():
        value = value.strip().nullif("")
    if column.type is Type.TEXT and value.type().is_floating():
        # An integer key beside a missing one comes as 17850.0.
        whole = value.try_cast("int64")
        read = ibis.ifelse(value == whole, whole.cast("string"), value.cast("string"))
    elif column.type in (Type.TIMESTAMP, Type.DATE) and value.type().is_timestamp() and value.type().timezone:
        read = value.cast(f"timestamp('{timezone}')").cast(_IBIS_TYPES[column.type])
    else:
        read = value.try_cast(_IBIS_TYPES[column.type])
    if column.low is not None:
        read = ibis.ifelse(read >= column.low, read, ibis.null())
    if column.high is not None:
        read = ibis.ifelse(read <= column.high, read, ibis.null())
    return read.cast(_IBIS_TYPES[column.type])


def _first_rule(typed: IbisTable, table: Table, source: Source, known: dict[str, IbisTable]) -> Any:  # noqa: ANN401
    """Name the first rule that sets a row aside, as ``rule:column``; missing for a row that is kept."""
    branches = [(typed[f"set_aside_{i}"], f"configured:{i}") for i in range(len(source.set_aside))]
    for column in table.columns:
        if column.required:
            branches.append((typed[f"emptied_{column.name}"], f"unreadable:{column.name}"))
            branches.append((typed[column.name].isnull(), f"missing:{column.name}"))
    if table.name == "order_lines" and "orders" in known:
        branches.append((typed.order_id.notin(known["orders"].order_id), "orphan:order_id"))
    return ibis.cases(*branches, else_=ibis.null("string")) if branches else ibis.null("string")


def _mark_duplicates(judged: IbisTable, table: Table, source: Source) -> IbisTable:
    """Set aside all but the first of the usable rows of one key."""
    key = [judged[name] for name in table.key if name in judged.columns]
    window = ibis.window(group_by=[judged.rule.isnull(), *key], order_by=judged.row_number)
    position = ibis.row_number().over(window)
    rule = f"{'repeats' if source.one_row_per_key else 'duplicate'}:{','.join(table.key)}"
    return judged.mutate(rule=ibis.ifelse(judged.rule.isnull() & (position > 0), rule, judged.rule))


def _log(stored: IbisTable, table: Table, source: Source, columns: tuple[str, ...]) -> pd.DataFrame:
    """Count what happened to the rows of one table."""
    counts = stored.group_by("rule").aggregate(rows=stored.count()).to_pyarrow().to_pylist()
    optional = [c for c in columns if not table.column(c).required]
    kept = stored.filter(stored.rule.isnull())
    emptied = (
        kept.aggregate(**{c: kept[f"emptied_{c}"].cast("int64").sum() for c in optional})
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
