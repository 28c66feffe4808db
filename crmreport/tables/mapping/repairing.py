"""Repairing: values that cannot be are taken out, missing ones filled where the settings say how."""

from __future__ import annotations

import ibis

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.source import Cell
from crmreport.tables.column import Column, Type
from crmreport.tables.contract import Table
from crmreport.tables.engine import IbisTable, IbisValue
from crmreport.tables.mapping.reading import IBIS_TYPES, Manner, as_written, is_possible, read_as

# A cell's text in messages and in the log is cut after so many characters.
SAID_CHARACTERS = 80


def judge_values(typed: IbisTable, table: Table, cells: dict[str, Cell]) -> IbisTable:
    """Take out the values that cannot be, and say of each what was wrong and what the cell said."""
    judged: dict[str, IbisValue] = {}
    for name in cells:
        column, value = table.column(name), typed[name]
        wrong = []
        if f"_text_{name}" in typed.columns:
            wrong.append((typed[f"_text_{name}"].notnull() & value.isnull(), "unreadable"))
        possible = is_possible(value, column)
        if possible is not None:
            wrong.append((~possible, "impossible"))
        if column.not_before in cells:
            wrong.append((_is_before(value, typed[column.not_before]), "impossible"))
        none = ibis.null("string")
        judged[f"_wrong_{name}"] = ibis.cases(*wrong, else_=none) if wrong else none
    typed = typed.mutate(**judged)
    cleared: dict[str, IbisValue] = {}
    for name in cells:
        is_wrong = typed[f"_wrong_{name}"].notnull()
        said = typed[f"_text_{name}"] if f"_text_{name}" in typed.columns else typed[name]
        cleared[f"_said_{name}"] = ibis.ifelse(
            is_wrong, said.cast("string").substr(0, SAID_CHARACTERS), ibis.null("string")
        )
        cleared[name] = ibis.ifelse(is_wrong, ibis.null(IBIS_TYPES[table.column(name).type]), typed[name])
    return typed.mutate(**cleared)


def _is_before(time: IbisValue, earliest: IbisValue) -> IbisValue:
    """Say whether a time precedes another; one that is a day alone does so only if its day does."""
    time, earliest = time.cast("timestamp(6)"), earliest.cast("timestamp(6)")
    is_day = time == time.truncate("D")
    return ibis.ifelse(is_day, time < earliest.truncate("D"), time < earliest)


def fill_missing(typed: IbisTable, table: Table, cells: dict[str, Cell]) -> IbisTable:
    """Fill missing values where the settings say how."""
    filled: dict[str, IbisValue] = {}
    for name, cell in cells.items():
        column, value = table.column(name), typed[name]
        if cell.fill is not None:
            new = read_as(ibis.literal(as_written(cell.fill)), column, Manner())
        elif cell.fill_with == "median":
            new = value.quantile(0.5).cast(IBIS_TYPES[column.type]) if _is_number(column) else None
        elif cell.fill_with == "most common":
            new = _most_common(typed, name)
        else:
            continue
        if new is None:
            raise UserError(
                _t("{key} in {file}: a median needs numbers, and {column} holds none. Use most common."),
                key=f"{SECTION}.tables.{table.name}.columns.{name}.fill_with",
                file=CONFIG_FILE,
                column=name,
            )
        if cell.fill_with == "median":
            new = typed.aggregate(x=new).as_scalar()
        filled[name] = ibis.coalesce(value, new).cast(IBIS_TYPES[column.type])
        filled[f"_filled_{name}"] = value.isnull()
    return typed.mutate(**filled) if filled else typed


def _is_number(column: Column) -> bool:
    return column.type in (Type.INTEGER, Type.NUMBER, Type.MONEY)


def _most_common(typed: IbisTable, name: str) -> IbisValue:
    """Give the value that most rows have, the first in order of several."""
    counts = typed.filter(typed[name].notnull()).group_by(name).aggregate(_n=ibis._.count())
    return counts.order_by(ibis.desc("_n"), name).limit(1)[name].as_scalar()
