"""Finishing: a table whose columns were found becomes a proposal: how it is read, what its repeats mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.connecting.assigning import Match, weight
from crmreport.connecting.deriving import ROW_NUMBER, derive, won_as_named
from crmreport.connecting.layout import layout
from crmreport.connecting.proposal import Proposal
from crmreport.connecting.recognising import preset_cells
from crmreport.connecting.repeats import Repeat, is_constant, last_state, repeat
from crmreport.connecting.sample import Sample
from crmreport.connecting.vocabulary import Why
from crmreport.language import Phrase, _t
from crmreport.source import Cell, Preset, Source
from crmreport.tables.column import Table

_LOG = _t(
    "{key} is there more than once with changing values: the file is a log. The query takes the last state "
    "of each {key}."
)
_LOG_UNDATED = _t(
    "{key} is there more than once with changing values, and no column says when a row was written: the "
    "first row of each {key} is used. If the file is a log, write a query at {place} in {file} that takes "
    "the last state of each {key}."
)
_UNKNOWN_STAGES = _t(
    "None of the stages of {heading} is known to mean won or lost: {stages}. Write at {place} in {file} "
    "which do: {{heading: {heading}, values: {{STAGE: true, STAGE: false, '*': null}}}}."
)
_NUMBERED_ROWS = _t("No column identifies a row: rows are numbered.")


@dataclass(frozen=True)
class Candidate:
    """A table that a file may give, and its columns so far; `numbered`: the key, where rows are numbered."""

    table: Table
    matches: tuple[Match, ...]
    numbered: Match | None = None

    @property
    def lacking(self) -> tuple[str, ...]:
        """The required columns that were not found."""
        found = {m.column for m in self.matches} | ({self.numbered.column} if self.numbered else set())
        return tuple(c.name for c in self.table.columns if c.required and c.name not in found)

    @property
    def key(self) -> Match | None:
        """The match of the table's key, where that is one column of the file."""
        return next((m for m in self.matches if m.heading and self.table.key == (m.column,)), None)


def finish(
    candidate: Candidate,
    sample: Sample,
    cells: dict[str, Cell],
    source: Source,
    currency: str,
    *,
    preset: Preset | None = None,
    is_of_lines: bool = False,
    notes: tuple[Phrase, ...] = (),
) -> Proposal:
    """Make a proposal of a candidate.

    `cells`: how its columns are read; `source`: what is settled beside them; `currency`: the review's;
    `is_of_lines`: the file has a row for each line of an order.
    """
    table, matches = candidate.table, candidate.matches
    if candidate.numbered:
        cells = cells | {candidate.numbered.column: ROW_NUMBER}
        matches += (candidate.numbered,)
        notes += (Phrase(_NUMBERED_ROWS, {}),)
    for match, derived in derive(table, sample, cells):
        cells = cells | {match.column: derived}
        matches += (match,)
    if "is_won" in cells:
        won = won_as_named(sample, cells["is_won"])
        notes += () if won else (_unknown_stages(table, sample, cells["is_won"].heading[0]),)
        cells = cells | {"is_won": won or cells["is_won"]}
    written = layout(table, sample, cells, currency)
    settings, cells, notes = dict(written.settings), dict(written.cells), written.notes + notes
    if preset and "missing" in settings:
        settings["missing"] = tuple(dict.fromkeys(preset.missing + settings["missing"]))
    key = candidate.key
    if key is not None and not (preset and preset.one_row_per_key):
        headed = {m.column: m.heading for m in matches if m.heading}
        what = repeat(sample, key.heading, tuple(headed.values()))
        if what is Repeat.LOG and is_of_lines:
            varying = {c for c, h in headed.items() if not is_constant(sample, key.heading, h)}
            varying -= {c.name for c in table.columns if c.required}
            matches = tuple(m for m in matches if m.column not in varying)
            cells = {name: cell for name, cell in cells.items() if name not in varying}
        elif what is Repeat.LOG:
            notes += (_as_log(table, sample, key, settings),)
        if what is not Repeat.NONE and "query" not in settings:
            settings["one_row_per_key"] = True
    if preset:
        said = preset_cells(sample.headings, preset)
        cells = {name: cell for name, cell in cells.items() if said.get(name) != cell}
    return Proposal(
        table.name,
        source_of(table, source, settings, cells),
        in_order(table, matches),
        candidate.lacking,
        notes,
        weight(table, matches),
    )


def source_of(table: Table, source: Source, settings: dict[str, Any], cells: dict[str, Cell]) -> Source:
    """Give a source with more settings, and with columns in the contract's order."""
    given: dict[str, Any] = {name: getattr(source, name) for name in source.model_fields_set}
    ordered = {c.name: cells[c.name] for c in table.columns if c.name in cells}
    return Source.model_validate(given | settings | ({"columns": ordered} if ordered else {}))


def in_order(table: Table, matches: tuple[Match, ...]) -> tuple[Match, ...]:
    """Put matches into the contract's order."""
    order = [c.name for c in table.columns]
    return tuple(sorted(matches, key=lambda m: order.index(m.column)))


def assumed(column: str) -> Match:
    """Give the match of a column that is the same for all rows, for want of a better one."""
    return Match(column, "", 0.5, Why.CONSTANT)


def _unknown_stages(table: Table, sample: Sample, heading: str) -> Phrase:
    place, stages = f"{SECTION}.tables.{table.name}.columns.is_won", sample.facts(heading).values
    values = {"heading": heading, "stages": ", ".join(stages), "place": place, "file": CONFIG_FILE}
    return Phrase(_UNKNOWN_STAGES, dict(values))


def _as_log(table: Table, sample: Sample, key: Match, settings: dict[str, Any]) -> Phrase:
    query = last_state(sample, key.heading)
    if query is None:
        place = f"{SECTION}.tables.{table.name}"
        return Phrase(_LOG_UNDATED, {"key": key.heading, "place": place, "file": CONFIG_FILE})
    settings["query"] = query
    return Phrase(_LOG, {"key": key.heading})
