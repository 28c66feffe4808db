"""Proposing: what tables a file gives, by a preset or by the vocabulary."""

from __future__ import annotations

from pathlib import Path

from crmreport.connecting.assigning import assign, weight
from crmreport.connecting.deriving import cells_of_matches, numbered_key
from crmreport.connecting.finishing import Candidate, finish
from crmreport.connecting.market import market
from crmreport.connecting.proposal import Looked, Proposal
from crmreport.connecting.recognising import preset_cells, preset_matches, recognise
from crmreport.connecting.repeats import UNIQUE, is_constant
from crmreport.connecting.sample import Sample, take_sample
from crmreport.source import Preset, Source
from crmreport.tables.column import Table
from crmreport.tables.contract import MARKET, TABLES
from crmreport.tables.contract import table as table_of
from crmreport.tables.engine import Connection

_UNKNOWN_TABLE = "tables.NAME"  # where messages say that more must be told of a file
_LEAST_NUMBERED = 3  # columns of a table whose rows are numbered for want of a key
_LEAST_WEAK = 3  # columns of a table whose key has a heading that says little


def look(connection: Connection, root: Path, file: str, currency: str, presets: dict[str, Preset]) -> Looked:
    """Look at one file, a path from the project's folder.

    `currency`: the review's; `presets`: those that the project may use. UserError for a file that cannot be
    read.
    """
    sample = take_sample(connection, root, Source(file=file), _UNKNOWN_TABLE)
    fitting = recognise(sample.headings, presets)
    if fitting:
        proposals = _by_presets(root, file, sample, fitting, currency)
    else:
        proposals = _by_vocabulary(sample, file, currency)
    used = {m.heading for proposal in proposals for m in proposal.matches}
    # A query that puts columns below one another uses them all.
    is_turned = any("UNPIVOT" in proposal.source.query for proposal in proposals)
    unused = () if is_turned else tuple(h for h in sample.headings if h not in used)
    return Looked(file, sample.headings, tuple(proposals), unused)


def _by_presets(
    root: Path, file: str, sample: Sample, presets: dict[str, Preset], currency: str
) -> list[Proposal]:
    proposals: list[Proposal] = []
    for preset_name, preset in presets.items():
        looked, table = sample, table_of(preset.table)
        if preset.query:
            asked = Source(file=file, query=preset.query)
            looked = take_sample(sample.connection, root, asked, f"tables.{table.name}")
        given = preset_cells(looked.headings, preset)
        spoken_for = frozenset(heading for cell in given.values() for heading in cell.heading)
        free = assign(table, looked, spoken_for)
        more = tuple(m for m in free if m.column not in given and m.is_sure)
        candidate = Candidate(table, preset_matches(given) + more)
        if candidate.lacking and proposals:
            continue
        cells = given | cells_of_matches(table, looked, more)
        source = Source(file=file, preset=preset_name)
        proposals.append(finish(candidate, looked, cells, source, currency, preset=preset))
    return proposals


def _by_vocabulary(sample: Sample, file: str, currency: str) -> list[Proposal]:
    candidates = [_candidate(table, sample) for table in TABLES if table is not MARKET]
    candidates.sort(key=lambda c: -weight(c.table, c.matches))
    whole = [c for c in candidates if _is_told(c, sample)]
    if not whole:
        return market(sample, file, currency) or _nearly(candidates, sample, file, currency)
    chosen = whole[:1]
    for candidate in whole[1:]:
        own = _own_columns(candidate, chosen, sample)
        if own is not None:
            chosen.append(own)
    is_of_lines = any(c.table.name == "order_lines" for c in chosen)
    return [
        finish(
            c,
            sample,
            cells_of_matches(c.table, sample, c.matches),
            Source(file=file),
            currency,
            is_of_lines=is_of_lines,
        )
        for c in chosen
    ]


def _candidate(table: Table, sample: Sample) -> Candidate:
    matches = assign(table, sample)
    return Candidate(table, matches, numbered_key(table, {m.column for m in matches}))


def _is_told(candidate: Candidate, sample: Sample) -> bool:
    """Say whether a file has all that a table must have, and something that tells the table from others."""
    n, sure = len(candidate.matches), [m for m in candidate.matches if m.is_sure]
    if candidate.lacking or not sure:
        return False
    if candidate.numbered:
        return n >= _LEAST_NUMBERED
    key = candidate.key
    if key is None:
        return True
    facts = sample.facts(key.heading)
    is_unique = facts.distinct >= UNIQUE * facts.filled
    if n == 1:
        return is_unique
    return key.is_sure or len(sure) >= 2 or (is_unique and n >= _LEAST_WEAK)


def _own_columns(candidate: Candidate, chosen: list[Candidate], sample: Sample) -> Candidate | None:
    """Give a further table of a file, with the columns that are its own; None if it says nothing new."""
    used = {m.heading for c in chosen for m in c.matches}
    table, key = candidate.table, candidate.key
    if candidate.numbered or (key is not None and not key.is_sure):
        return None
    kept = candidate.matches
    if key is not None:
        kept = tuple(
            m for m in kept if table.column(m.column).required or is_constant(sample, key.heading, m.heading)
        )
    return Candidate(table, kept) if any(m.heading not in used for m in kept) else None


def _nearly(candidates: list[Candidate], sample: Sample, file: str, currency: str) -> list[Proposal]:
    """Give the table of which a file has the key and more, but lacks one column that it must have."""
    for candidate in candidates:
        sure = {m.column for m in candidate.matches if m.is_sure}
        has_key = bool(candidate.table.key) and set(candidate.table.key) <= sure
        if has_key and len(sure) >= 2 and len(candidate.lacking) == 1:
            cells = cells_of_matches(candidate.table, sample, candidate.matches)
            return [finish(candidate, sample, cells, Source(file=file), currency)]
    return []
