"""Layout: how the cells of a table are written, as the settings would say it, and what is to be asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.connecting.dates import Times
from crmreport.connecting.deriving import closes_while_open
from crmreport.connecting.sample import Facts, Sample
from crmreport.connecting.values import DOUBTFUL_MARKS, MARKS
from crmreport.connecting.vocabulary import currency_headings
from crmreport.connecting.words import likeness_key
from crmreport.language import Phrase, _t
from crmreport.source import Cell
from crmreport.tables.column import Table, Type

_OPEN_ORDER = _t(
    "{heading}: day and month cannot be told apart. Write dates: [{first}] or dates: [{second}] at {key} in "
    "{file}."
)
_OPEN_COMMA = _t(
    "{heading}: its commas may be decimal signs or separate thousands; the latter is assumed. If they are "
    'decimal signs, write decimal: "," at {key} in {file}.'
)
_CURRENCIES = _t(
    "{heading} names the currencies {codes}; amounts of others than the review's {currency} need a table of "
    "rates: {key} in {file}."
)


@dataclass(frozen=True)
class Written:
    """How a table's cells are written: settings beside its columns, its columns, and what is to be asked."""

    settings: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    notes: tuple[Phrase, ...] = ()


def layout(table: Table, sample: Sample, cells: dict[str, Cell], currency: str) -> Written:
    """Find how the cells of a table's columns are written. `currency`: that of the review."""
    headed = [(name, sample.facts(cell.heading[0])) for name, cell in cells.items() if cell.heading]
    settings: dict[str, Any] = {}
    notes: list[Phrase] = []
    marks = _marks(table, headed)
    if marks:
        settings["missing"] = marks
    cells = dict(cells)
    _add_numbers(table, headed, settings, notes)
    _add_dates(table, headed, cells, settings, notes)
    _add_currency(table, sample, cells, currency, settings, notes)
    won, closed = cells.get("is_won"), cells.get("closed_at")
    if won and closed and not closed.missing_with and closes_while_open(sample, closed, won):
        cells["closed_at"] = closed.model_copy(update={"missing_with": "is_won"})
    return Written(settings, cells, tuple(notes))


def _marks(table: Table, headed: list[tuple[str, Facts]]) -> tuple[str, ...]:
    """Collect the texts that stand for no value in the columns that are used."""
    seen: set[str] = set()
    for name, facts in headed:
        seen |= set(facts.marks)
        if table.column(name).type is not Type.TEXT:
            seen |= set(facts.doubtful_marks)
    return tuple(mark for mark in (*MARKS, *DOUBTFUL_MARKS) if mark in seen)


def _add_numbers(
    table: Table, headed: list[tuple[str, Facts]], settings: dict[str, Any], notes: list[Phrase]
) -> None:
    for name, facts in headed:
        if table.column(name).type not in (Type.INTEGER, Type.NUMBER, Type.MONEY) or facts.numbers is None:
            continue
        if facts.numbers.decimal != ".":
            settings["decimal"] = facts.numbers.decimal
        if facts.numbers.thousands:
            settings["thousands"] = facts.numbers.thousands
        if facts.numbers.is_open:
            notes.append(_note(_OPEN_COMMA, table, heading=facts.heading))


def _add_dates(
    table: Table,
    headed: list[tuple[str, Facts]],
    cells: dict[str, Cell],
    settings: dict[str, Any],
    notes: list[Phrase],
) -> None:
    """Say the formats once where all times of the table have the same, else at each column."""
    times: dict[str, Times] = {}
    for name, facts in headed:
        is_time = table.column(name).type in (Type.TIMESTAMP, Type.DATE)
        if is_time and facts.times is not None and facts.filled and not cells[name].dates:
            times[name] = facts.times
            if facts.times.other:
                first, second = _listed(facts.times.formats), _listed(facts.times.other)
                notes.append(_note(_OPEN_ORDER, table, heading=facts.heading, first=first, second=second))
    asked = {name: () if t.other else t.formats for name, t in times.items()}
    said = dict.fromkeys(f for formats in asked.values() for f in formats)
    if not said:
        return
    if (
        len(
            {
                formats[0].partition(" %H")[0].partition(" %I")[0] if formats else ""
                for formats in asked.values()
            }
        )
        == 1
    ):
        settings["dates"] = tuple(said)
        return
    for name, formats in asked.items():
        if formats:
            cells[name] = cells[name].model_copy(update={"dates": formats})


def _add_currency(
    table: Table,
    sample: Sample,
    cells: dict[str, Cell],
    currency: str,
    settings: dict[str, Any],
    notes: list[Phrase],
) -> None:
    if not any(table.column(name).type is Type.MONEY for name in cells):
        return
    for facts in sample.columns:
        codes = [value.upper() for value in facts.values if len(value) == 3 and value.isalpha()]
        if likeness_key(facts.heading) not in currency_headings() or not codes or set(codes) == {currency}:
            continue
        settings["currency_heading"] = facts.heading
        key = f"{SECTION}.rates"
        values: dict[str, object] = {
            "heading": facts.heading,
            "codes": ", ".join(sorted(codes)),
            "currency": currency,
        }
        notes.append(Phrase(_CURRENCIES, values | {"key": key, "file": CONFIG_FILE}))
        return


def _listed(formats: tuple[str, ...]) -> str:
    return ", ".join(f'"{each}"' for each in formats)


def _note(text: str, table: Table, **values: object) -> Phrase:
    return Phrase(text, {"key": f"{SECTION}.tables.{table.name}", "file": CONFIG_FILE} | values)
