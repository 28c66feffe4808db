"""Several: more than one file for a table: read as one, side by side, or one of them chosen."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.connecting.finishing import in_order, source_of
from crmreport.connecting.proposal import Looked, Proposal
from crmreport.connecting.words import likeness_key
from crmreport.language import Phrase, _t
from crmreport.tables.contract import TABLES
from crmreport.tables.contract import table as table_of
from crmreport.tables.readers.statements import quoted

_ALIKE = _t("{files} have the same headings and are read as one table.")
_BESIDE = _t("{files} give the same table: the columns of the second are added to the rows of the first.")
_NOT_CHOSEN = _t(
    "{other} gives the table {table} too, and says less of it than {file}, which is used. To use both, write "
    "a query at {key} in {file_of_settings}."
)


def choose(root: Path, looked: tuple[Looked, ...]) -> tuple[tuple[Proposal, ...], tuple[Phrase, ...]]:
    """Choose what to write for each table, in the contract's order; and say what was left and why.

    Of several files of one table, those with the same headings are read together, where a pattern names them
    and no other file; one that lacks a column of the table, or has more of it, is put beside the first.
    """
    by_table: dict[str, list[Proposal]] = {}
    for each in looked:
        for proposal in each.proposals:
            by_table.setdefault(proposal.table, []).append(proposal)
    chosen: list[Proposal] = []
    notes: list[Phrase] = []
    headings = {each.file: each.headings for each in looked}
    for proposals in by_table.values():
        proposals.sort(key=lambda p: (not p.is_usable, -p.weight, p.source.file))
        first, *rest = proposals
        pattern = _pattern(root, proposals, headings) if rest else None
        if pattern is not None:
            files = ", ".join(p.source.file for p in proposals)
            source = first.source.model_copy(update={"file": pattern})
            chosen.append(
                replace(first, source=source, notes=(*first.notes, Phrase(_ALIKE, {"files": files})))
            )
            continue
        for other in rest:
            joined = _beside(first, other)
            if joined is None:
                notes.append(_not_chosen(first, other))
            else:
                first = joined
        chosen.append(first)
    order = [table.name for table in TABLES]
    chosen.sort(key=lambda p: order.index(p.table))
    return tuple(chosen), tuple(notes)


def _not_chosen(first: Proposal, other: Proposal) -> Phrase:
    values: dict[str, object] = {
        "other": other.source.file,
        "file": first.source.file,
        "table": first.table,
        "key": f"{SECTION}.tables.{first.table}.query",
        "file_of_settings": CONFIG_FILE,
    }
    return Phrase(_NOT_CHOSEN, values)


def _pattern(root: Path, proposals: list[Proposal], headings: dict[str, tuple[str, ...]]) -> str | None:
    """Write one pattern for files of the same headings in one folder; None if other files fit it."""
    files = sorted(p.source.file for p in proposals)
    paths = [PurePosixPath(file) for file in files]
    alike = {tuple(sorted(h.casefold() for h in headings[file])) for file in files}
    if len(alike) > 1 or len({(path.parent, path.suffix) for path in paths}) > 1:
        return None
    stems = [path.stem for path in paths]
    begin = _common(stems)
    end = _common([stem[len(begin) :][::-1] for stem in stems])[::-1]
    pattern = f"{begin}*{end}{paths[0].suffix}"
    found = {path.resolve() for path in (root / paths[0].parent).glob(pattern)}
    if found != {(root / path).resolve() for path in paths}:
        return None
    return str(paths[0].parent / pattern)


def _common(texts: list[str]) -> str:
    """Give what all texts begin with."""
    first, last = min(texts), max(texts)
    return first[
        : next(
            (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b),
            min(len(first), len(last)),
        )
    ]


def _beside(first: Proposal, other: Proposal) -> Proposal | None:
    """Add the columns that only another file has, by the key that both have; None if that cannot be."""
    if first.source.query or first.source.preset or other.source.preset or other.source.query:
        return None
    keys = table_of(first.table).key
    headings = {m.column: m.heading for m in first.matches}
    others = {m.column: m.heading for m in other.matches}
    if len(keys) != 1 or not headings.get(keys[0]) or not others.get(keys[0]):
        return None
    key, other_key = headings[keys[0]], others[keys[0]]
    if likeness_key(key) != likeness_key(other_key) or other.source.one_row_per_key:
        return None
    more = tuple(m for m in other.matches if m.column not in headings)
    taken = {m.heading.casefold() for m in first.matches}
    added = tuple(dict.fromkeys(m.heading for m in more if m.heading))
    if not added or any(heading.casefold() in taken for heading in added):
        return None
    name = re.sub(r"\W+", "_", PurePosixPath(other.source.file).stem.casefold()).strip("_")
    name = name if name.isidentifier() and name != "file" else "other"
    listed = ", ".join(f"{name}.{quoted(heading)}" for heading in added)
    same = f"file.{quoted(key)} = {name}.{quoted(other_key)}"
    query = f"SELECT file.*, {listed} FROM file LEFT JOIN {name} ON {same}"
    columns = dict(first.source.columns)
    for match in more:
        cell = other.source.columns[match.column]
        dates = cell.dates or other.source.dates
        columns[match.column] = cell.model_copy(update={"dates": dates}) if dates and cell.heading else cell
    table = table_of(first.table)
    settings = {"beside": {name: other.source.file}, "query": query}
    note = Phrase(_BESIDE, {"files": f"{first.source.file}, {other.source.file}"})
    return replace(
        first,
        source=source_of(table, first.source, settings, columns),
        matches=in_order(table, (*first.matches, *more)),
        notes=(*first.notes, *other.notes, note),
    )
