"""Recognising: which preset a file's headings are those of."""

from __future__ import annotations

from crmreport.connecting.assigning import Match
from crmreport.connecting.vocabulary import Why
from crmreport.source import Cell, Preset
from crmreport.tables.mapping.expressions import columns_in

_CONFIDENCE = 0.98


def recognise(headings: tuple[str, ...], presets: dict[str, Preset]) -> dict[str, Preset]:
    """Find the presets whose headings a file has, by their names: at most one for each table, of one system.

    Of several, the one that more headings tell, then the one of which the file has more columns.
    """
    fitting = []
    for name, preset in presets.items():
        told = _told_by(headings, preset)
        if told:
            columns = () if preset.query else preset_cells(headings, preset)
            fitting.append((-told, -len(columns), name, preset))
    chosen: dict[str, Preset] = {}
    for _, _, name, preset in sorted(fitting, key=lambda each: each[:3]):
        is_same_system = not chosen or next(iter(chosen)).split("-")[0] == name.split("-")[0]
        if is_same_system and preset.table not in {p.table for p in chosen.values()}:
            chosen[name] = preset
    return chosen


def preset_cells(headings: tuple[str, ...], preset: Preset) -> dict[str, Cell]:
    """Give the columns of a preset that a file has, each with the file's own heading."""
    spelt = {heading.strip().casefold(): heading for heading in headings}
    cells = {}
    for name, cell in preset.columns.items():
        known = [spelt[h.casefold()] for h in cell.heading if h.casefold() in spelt]
        if known:
            cells[name] = cell.model_copy(update={"heading": (known[0],)})
        elif not cell.heading and columns_in(cell.sql) <= spelt.keys():
            cells[name] = cell
    return cells


def preset_matches(cells: dict[str, Cell]) -> tuple[Match, ...]:
    """Say of each column of a preset by which heading it was found."""
    return tuple(
        Match(name, cell.heading[0] if cell.heading else "", _CONFIDENCE, Why.PRESET)
        for name, cell in cells.items()
    )


def _told_by(headings: tuple[str, ...], preset: Preset) -> int:
    """Count the headings of the largest set, of those that tell the preset, that a file has wholly."""
    known = {heading.strip().casefold() for heading in headings}
    sets = [{heading.casefold() for heading in each} for each in preset.recognise]
    return max((len(each) for each in sets if each <= known), default=0)
