"""Mapping: the columns of a file as the contract's, each value with what is wrong with it."""

from __future__ import annotations

import duckdb
import ibis
import sqlglot
from babel.numbers import get_currency_symbol
from sqlglot import exp
from sqlglot.errors import SqlglotError

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.errors import UserError, suggestion
from crmreport.language import LANGUAGES, Phrase, _t
from crmreport.source import ANY_OTHER, Cell, Source
from crmreport.tables.column import Column, Type
from crmreport.tables.contract import Table
from crmreport.tables.conventions import Conventions
from crmreport.tables.currencies import CURRENCY, convert
from crmreport.tables.engine import Connection, IbisTable, IbisValue
from crmreport.tables.reading import EPOCHS, IBIS_TYPES, Manner, as_text, is_possible, read_as

# A cell's text in messages and in the log is cut after so many characters.
SAID_CHARACTERS = 80

# How an SQL expression of the settings is called among the columns of a file; `_set_aside_0`, `_sql_amount`.
_CONDITION, _EXPRESSION = "_set_aside_", "_sql_"


def map_columns(
    connection: Connection,
    raw: IbisTable,
    table: Table,
    source: Source,
    conventions: Conventions,
) -> IbisTable:
    """Read a file's columns as the contract's.

    Returns, for each row of the file: `_row`, its number from 0; `_set_aside_0` ..., one flag per condition
    of the settings; the contract's columns that the file has; and for each of these `_wrong_<column>`
    ("unreadable", "impossible" or missing), `_said_<column>` (what the cell said, where it was wrong) and,
    where the settings fill it, `_filled_<column>`.

    Raises UserError for a heading that is not there and for SQL that is none.
    """
    cells = cells_of(table, source, tuple(raw.columns))
    stored = _with_expressions(connection, raw, source, cells, table.name)
    written = {name: _written(stored, name, cell, source) for name, cell in cells.items()}
    read = {
        name: _read(written[name], table.column(name), cells[name], source, conventions) for name in cells
    }
    currency = _currency_heading(table, source, tuple(raw.columns))
    typed = stored.select(
        *[c for c in stored.columns if c.startswith(_CONDITION)],
        _row=ibis.row_number(),
        **({CURRENCY: stored[currency].cast("string")} if currency else {}),
        **{f"_text_{name}": written[name] for name in cells if cells[name].constant is None},
        **read,
    )
    typed = _judge_values(typed, table, cells)
    typed = convert(typed, table, source, conventions)
    typed = _fill(typed, table, cells)
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
        if name not in contract:
            raise UserError(
                _t("{key} in {file}: the table {table} has no column {name}. {suggestion}"),
                key=key,
                file=CONFIG_FILE,
                table=table.name,
                name=name,
                suggestion=suggestion(name, contract),
            )
        if cell.constant is not None or cell.sql:
            if not cell.optional or _columns_in(cell.sql) <= spelt.keys():
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


def _columns_in(sql: str) -> set[str]:
    """Name the columns that an expression reads, in small letters."""
    try:
        return {c.name.casefold() for c in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Column)}
    except SqlglotError:
        return set()


def _with_expressions(
    connection: Connection, raw: IbisTable, source: Source, cells: dict[str, Cell], name: str
) -> IbisTable:
    """Add a column for each SQL expression of the settings: flags of conditions, and values."""
    place = f"{SECTION}.tables.{name}"
    wanted = [
        (f"{_CONDITION}{position}", f"{place}.set_aside", rule.where)
        for position, rule in enumerate(source.set_aside)
    ]
    wanted += [
        (f"{_EXPRESSION}{c}", f"{place}.columns.{c}.sql", cell.sql) for c, cell in cells.items() if cell.sql
    ]
    selected = []
    for alias, key, sql in wanted:
        try:
            asked = f"({_as_sql(sql)})"
            answer = connection.raw_sql(f"SELECT {asked} FROM {raw.get_name()} LIMIT 0").description
        except (duckdb.Error, SqlglotError) as error:
            raise not_sql(source, key, sql, _first_line(error)) from None
        if alias.startswith(_CONDITION):
            if str(answer[0][1]) != "BOOLEAN":
                raise not_sql(source, key, sql, Phrase(_t("it is neither true nor false"), {}))
            asked = f"COALESCE({asked}, FALSE)"
        selected.append(f"{asked} AS {alias}")
    if not selected:
        return raw
    view = f"mapped_{name}"
    connection.raw_sql(
        f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT *, {', '.join(selected)} FROM {raw.get_name()}"
    )
    return connection.table(view)


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


def _as_sql(where: str) -> str:
    """Parse an expression, so that it is one and nothing besides. Raises SqlglotError."""
    parsed = sqlglot.parse(where, read="duckdb")
    if len(parsed) != 1 or parsed[0] is None:
        raise SqlglotError("it is not one expression")
    return parsed[0].sql(dialect="duckdb", comments=False)


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


def _written(stored: IbisTable, name: str, cell: Cell, source: Source) -> IbisValue:
    """Give what a cell says: missing where it says nothing, and as the value map has it."""
    if cell.constant is not None:
        return ibis.literal(_as_written(cell.constant))
    value = stored[f"{_EXPRESSION}{name}"] if cell.sql else stored[cell.heading[0]]
    if value.type().is_string():
        value = value.strip().nullif("")
        if source.missing:
            value = ibis.ifelse(value.isin(source.missing), ibis.null("string"), value)
    if not cell.values:
        return value
    text = as_text(value)
    branches = [
        (text == wanted, ibis.null("string") if meant is None else ibis.literal(_as_written(meant)))
        for wanted, meant in cell.values.items()
        if wanted != ANY_OTHER
    ]
    rest: IbisValue = text
    if ANY_OTHER in cell.values:
        other = cell.values[ANY_OTHER]
        # A missing value is no other one.
        meant = ibis.null("string") if other is None else ibis.literal(_as_written(other))
        rest = ibis.ifelse(text.isnull(), ibis.null("string"), meant)
    return ibis.cases(*branches, else_=rest) if branches else rest


def _as_written(value: object) -> str:
    """Write a value of the settings as a file would."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


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


def _judge_values(typed: IbisTable, table: Table, cells: dict[str, Cell]) -> IbisTable:
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


def _fill(typed: IbisTable, table: Table, cells: dict[str, Cell]) -> IbisTable:
    """Fill missing values where the settings say how."""
    filled: dict[str, IbisValue] = {}
    for name, cell in cells.items():
        column, value = table.column(name), typed[name]
        if cell.fill is not None:
            new = read_as(ibis.literal(_as_written(cell.fill)), column, Manner())
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


def check_dates(connection: Connection, source: Source, name: str) -> None:
    """Refuse a format of dates that the engine cannot read by."""
    place = f"{SECTION}.tables.{name}"
    given = [(f"{place}.dates", source.dates)]
    given += [(f"{place}.columns.{c}.dates", cell.dates) for c, cell in source.columns.items()]
    for key, formats in given:
        for each in formats:
            if each in EPOCHS:
                continue
            try:
                connection.con.execute("SELECT try_strptime('', [?])", [each])
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
