"""Duplicates: rows that say again what another row has said."""

from __future__ import annotations

import ibis

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.source import NearDuplicates, Source
from crmreport.tables.contract import TABLES, Table
from crmreport.tables.engine import IbisTable, IbisValue

# Times of the contract lie within two centuries; no two are further apart than this.
_LONGEST_MINUTES = 200 * 366 * 24 * 60
_MICROSECONDS_A_MINUTE = 60_000_000


def mark_duplicates(judged: IbisTable, table: Table, source: Source) -> IbisTable:
    """Set aside the usable rows that repeat another one; the first stays.

    In turn: rows equal in every column that is read, if the settings say so ("exact duplicate:"); rows equal
    in the table's key ("duplicate:<key>"; "repeats:<key>" where the file repeats its rows by design); rows
    that say the same within minutes, if the settings say so ("near duplicate:<columns>").

    Raises UserError where the settings of near duplicates do not fit the table.
    """
    steps = [_mark_exact, _mark_same_key]
    if source.one_row_per_key:
        # The rows of one key are equal by design then, which is no defect.
        steps.reverse()
    for step in (*steps, _mark_near):
        judged = step(judged, table, source)
    return judged


def _mark_same_key(judged: IbisTable, table: Table, source: Source) -> IbisTable:
    key = [name for name in table.key if name in judged.columns]
    rule = f"{'repeats' if source.one_row_per_key else 'duplicate'}:{','.join(table.key)}"
    return _mark_all_but_first(judged, key, rule) if key else judged


def _mark_exact(judged: IbisTable, table: Table, source: Source) -> IbisTable:
    if not source.drop_exact_duplicates:
        return judged
    read = [c.name for c in table.columns if c.name in judged.columns]
    # Two cells that cannot be read are both missing now, and equal only if they said the same.
    said = [f"_said_{name}" for name in read if f"_said_{name}" in judged.columns]
    return _mark_all_but_first(judged, read + said, "exact duplicate:")


def _mark_all_but_first(judged: IbisTable, same: list[str], rule: str) -> IbisTable:
    """Mark each usable row that has an earlier one of the same values, missing ones being equal."""
    usable = judged["_rule"].isnull()
    window = ibis.window(group_by=[usable, *(judged[name] for name in same)], order_by=judged["_row"])
    return _mark(judged, usable & (ibis.row_number().over(window) > 0), rule)


def _mark_near(judged: IbisTable, table: Table, source: Source) -> IbisTable:
    """Mark each usable row that follows another one of the same values within so many minutes.

    The time is measured from the row before, marked or not, so that one of a chain stays: the first. A
    missing value is not the same as another missing one.
    """
    near = source.near_duplicates
    if near is None:
        return judged
    _check(near, judged, table)
    same = [judged[name] for name in near.columns]
    usable = ibis.and_(judged["_rule"].isnull(), *(value.notnull() for value in same))
    clock = judged[table.clock]
    window = ibis.window(group_by=[usable, *same], order_by=[clock, judged["_row"]])
    minutes = min(near.within_minutes, _LONGEST_MINUTES)
    until = clock.lag().over(window) + ibis.interval(microseconds=round(minutes * _MICROSECONDS_A_MINUTE))
    is_near = ibis.coalesce(clock <= until, ibis.literal(False))
    return _mark(judged, usable & is_near, f"near duplicate:{','.join(near.columns)}")


def _mark(judged: IbisTable, marked: IbisValue, rule: str) -> IbisTable:
    return judged.mutate(_rule=ibis.ifelse(marked, rule, judged["_rule"]))


def _check(near: NearDuplicates, judged: IbisTable, table: Table) -> None:
    """Refuse near duplicates of a table without a clock, and columns that it has not."""
    key = f"{SECTION}.tables.{table.name}.near_duplicates"
    if not table.clock:
        raise UserError(
            _t(
                "{key} in {file}: the rows of {table} have no time by which to tell them near. Take it away; "
                "the tables that have one are {tables}."
            ),
            key=key,
            file=CONFIG_FILE,
            table=table.name,
            tables=", ".join(each.name for each in TABLES if each.clock),
        )
    read = [c.name for c in table.columns if c.name in judged.columns]
    for name in near.columns:
        if name not in read:
            raise UserError(
                _t("{key} in {file}: the table {table} has no column {name}. {suggestion}"),
                key=f"{key}.columns",
                file=CONFIG_FILE,
                table=table.name,
                name=name,
                suggestion=suggestion(name, read),
            )
