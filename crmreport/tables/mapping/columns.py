"""Mapping: the columns of a file as the contract's, each value with what is wrong with it."""

from __future__ import annotations

import duckdb
import ibis
from babel.numbers import get_currency_symbol

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.errors import UserError, suggestion
from crmreport.language import LANGUAGES, _t
from crmreport.source import ANY_OTHER, Cell, Source
from crmreport.tables.column import Column, Type
from crmreport.tables.contract import Table
from crmreport.tables.engine import ROW, Connection, IbisTable, IbisValue
from crmreport.tables.mapping.conventions import Conventions
from crmreport.tables.mapping.currencies import CURRENCY, convert
from crmreport.tables.mapping.expressions import CONDITION, EXPRESSION, columns_in, with_expressions
from crmreport.tables.mapping.reading import EPOCHS, Manner, as_text, as_written, read_as
from crmreport.tables.mapping.repairing import fill_missing, judge_values


def map_columns(
    connection: Connection,
    raw: IbisTable,
    table: Table,
    source: Source,
    conventions: Conventions,
    known: dict[str, IbisTable],
) -> IbisTable:
    """Read a file's columns as the contract's.

    Returns, for each row of the file: `_row`, its number from 0; `_set_aside_0` ..., one flag per condition
    of the settings; the contract's columns that the file has; and for each of these `_wrong_<column>`
    ("unreadable", "impossible" or missing), `_said_<column>` (what the cell said, where it was wrong) and,
    where the settings fill it, `_filled_<column>`.

    Raises UserError for a heading that is not there and for SQL that is none.
    """
    cells = cells_of(table, source, tuple(raw.columns))
    stored = with_expressions(connection, raw, source, cells, table.name)
    written = {name: _written(stored, name, cell, source) for name, cell in cells.items()}
    read = {
        name: _read(written[name], table.column(name), cells[name], source, conventions) for name in cells
    }
    currency = _currency_heading(table, source, tuple(raw.columns))
    typed = stored.select(
        *[c for c in stored.columns if c.startswith(CONDITION)],
        _row=stored[ROW] if ROW in stored.columns else ibis.row_number(),
        **({CURRENCY: stored[currency].cast("string")} if currency else {}),
        **{f"_text_{name}": written[name] for name in cells if cells[name].constant is None},
        **read,
    )
    typed = _leave_out(typed, cells)
    typed = judge_values(typed, table, cells)
    typed = convert(typed, table, source, conventions, known)
    typed = fill_missing(typed, table, cells)
    return typed.drop(*[c for c in typed.columns if c.startswith("_text_")])


def cells_of(table: Table, source: Source, headings: tuple[str, ...]) -> dict[str, Cell]:
    """Say how each column of the contract is read from a file; those that the file lacks are left out.

    A heading is the file's own spelling of it. Raises UserError where the settings name a column that either
    side does not have, or where a required one is not found.
    """
    contract = [c.name for c in table.columns]
    key = f"{SECTION}.tables.{table.name}.columns"
    spelt = {heading.casefold(): heading for heading in headings}
    found: dict[str, Cell] = {}
    for name, cell in source.columns.items():
        for named in (name, cell.missing_with):
            if named and named not in contract:
                raise UserError(
                    _t("{key} in {file}: the table {table} has no column {name}. {suggestion}"),
                    key=key,
                    file=CONFIG_FILE,
                    table=table.name,
                    name=named,
                    suggestion=suggestion(named, contract),
                )
        if cell.constant is not None or cell.sql:
            if not cell.optional or columns_in(cell.sql) <= spelt.keys():
                found[name] = cell
            continue
        wanted = cell.heading or (name,)
        known = [spelt[h.strip().casefold()] for h in wanted if h.strip().casefold() in spelt]
        if known:
            found[name] = cell.model_copy(update={"heading": (known[0],)})
        elif not cell.optional:
            raise UserError(
                _t("{key} in {file}: {path} has no column {heading}. {suggestion}"),
                key=f"{key}.{name}",
                file=CONFIG_FILE,
                path=source.place,
                heading=" / ".join(wanted),
                suggestion=suggestion(wanted[0], headings),
            )
    for name in contract:
        if name not in source.columns and name in spelt:
            found[name] = Cell(heading=(spelt[name],))
    for column in table.columns:
        if column.required and column.name not in found:
            raise UserError(
                _t(
                    "{path} has no column {name}, which the table {table} needs. Say in {file} which column "
                    "that is: {key}.{name}: HEADING. Its columns are: {headings}."
                ),
                path=source.place,
                name=column.name,
                table=table.name,
                file=CONFIG_FILE,
                key=key,
                headings=_some(headings),
            )
    return {name: found[name] for name in contract if name in found}


def _currency_heading(table: Table, source: Source, headings: tuple[str, ...]) -> str | None:
    """Find the column that says in which currency a row is. UserError if it is not there."""
    if source.currency_heading is None:
        return None
    wanted = source.currency_heading.strip().casefold()
    for heading in headings:
        if heading.casefold() == wanted:
            return heading
    raise UserError(
        _t("{key} in {file}: {path} has no column {heading}. {suggestion}"),
        key=f"{SECTION}.tables.{table.name}.currency_heading",
        file=CONFIG_FILE,
        path=source.place,
        heading=source.currency_heading,
        suggestion=suggestion(source.currency_heading, headings),
    )


def _some(names: tuple[str, ...], count: int = 40) -> str:
    """List names, the first ones only where there are very many."""
    return ", ".join(names[:count]) + (", ..." if len(names) > count else "")


def _written(stored: IbisTable, name: str, cell: Cell, source: Source) -> IbisValue:
    """Give what a cell says: missing where it says nothing, and as the value map has it."""
    if cell.constant is not None:
        return ibis.literal(as_written(cell.constant))
    value = stored[f"{EXPRESSION}{name}"] if cell.sql else stored[cell.heading[0]]
    if value.type().is_string():
        value = value.strip().nullif("")
        if source.missing:
            value = ibis.ifelse(value.isin(source.missing), ibis.null("string"), value)
    if not cell.values:
        return value
    text = as_text(value)
    branches = [
        (text == wanted, ibis.null("string") if meant is None else ibis.literal(as_written(meant)))
        for wanted, meant in cell.values.items()
        if wanted != ANY_OTHER
    ]
    rest: IbisValue = text
    if ANY_OTHER in cell.values:
        other = cell.values[ANY_OTHER]
        # A missing value is no other one.
        meant = ibis.null("string") if other is None else ibis.literal(as_written(other))
        rest = ibis.ifelse(text.isnull(), ibis.null("string"), meant)
    return ibis.cases(*branches, else_=rest) if branches else rest


def _read(
    value: IbisValue, column: Column, cell: Cell, source: Source, conventions: Conventions
) -> IbisValue:
    manner = Manner(
        timezone=conventions.timezone,
        from_timezone=source.timezone or conventions.timezone,
        dates=cell.dates or source.dates,
        decimal=source.decimal,
        thousands=source.thousands,
        signs=_signs(source.currency or conventions.currency) if column.type is Type.MONEY else (),
    )
    return read_as(value, column, manner)


def _signs(currency: str) -> tuple[str, ...]:
    """Give what may stand beside an amount of a currency, the longest first."""
    symbols = {currency, *(get_currency_symbol(currency, language) for language in LANGUAGES)}
    if currency == "CNY":
        symbols |= {"元", "￥"}
    if currency == "USD":
        symbols |= {"$"}
    return tuple(sorted(symbols, key=lambda s: (-len(s), s)))


def _leave_out(typed: IbisTable, cells: dict[str, Cell]) -> IbisTable:
    """Take out the values that say nothing in a row where another column is missing."""
    changed: dict[str, IbisValue] = {}
    for name, cell in cells.items():
        if not cell.missing_with:
            continue
        has_other = cell.missing_with in cells
        is_said = typed[cell.missing_with].notnull() if has_other else ibis.literal(value=False)
        for column in (c for c in (name, f"_text_{name}") if c in typed.columns):
            changed[column] = ibis.ifelse(is_said, typed[column], ibis.null())
    return typed.mutate(**changed) if changed else typed


def check_dates(source: Source, name: str) -> None:
    """Refuse a format of dates that the engine cannot read by."""
    place = f"{SECTION}.tables.{name}"
    given = [(f"{place}.dates", source.dates)]
    given += [(f"{place}.columns.{c}.dates", cell.dates) for c, cell in source.columns.items()]
    for key, formats in given:
        for each in formats:
            if each in EPOCHS:
                continue
            try:
                with duckdb.connect() as engine:
                    engine.execute("SELECT try_strptime('', [?])", [each])
                usable = "%" in each
            except duckdb.Error:
                usable = False
            if not usable:
                raise UserError(
                    _t(
                        "{key} in {file}: {format} is no format of a date. Write it as %d/%m/%Y %H:%M, or as "
                        "one of {names}."
                    ),
                    key=key,
                    file=CONFIG_FILE,
                    format=each,
                    names=", ".join(EPOCHS),
                )
