"""Schema: the columns of each source, and how they differ from those of the review before.

The last two states are remembered with the data that they were of, so that a review of the same data says the
same again, however often it is made.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from crmreport.config import Project
from crmreport.quality.checks import NOTE, PROBLEM, Check, check
from crmreport.tables.contract import table as table_named
from crmreport.tables.data import Data
from crmreport.tables.engine import ROW
from crmreport.tables.mapping.columns import cells_of
from crmreport.tables.sources import find_sources

FILE = "schema.json"

# Each table's headings, with their types and the column of the contract that is read from them, or "".
Schema = dict[str, dict[str, dict[str, str]]]


def schema_of(project: Project, data: Data) -> Schema:
    """Give the columns of each connected source, as they stand there."""
    sources = find_sources(project)
    found: Schema = {}
    for reading in data.readings:
        opened = reading.opened.table
        cells = cells_of(table_named(reading.name), sources[reading.name], tuple(opened.columns))
        read = {heading: name for name, cell in cells.items() for heading in cell.heading}
        found[reading.name] = {
            heading: {"type": _type(kind), "column": read.get(heading, "")}
            for heading, kind in opened.schema().items()
            if heading != ROW
        }
    return found


def _type(kind: Any) -> str:  # noqa: ANN401 - ibis ships no types
    """Name a type as far as a reader cares: 32 or 64 bits make no difference."""
    if kind.is_integer():
        return "integer"
    if kind.is_floating() or kind.is_decimal():
        return "number"
    return "text" if kind.is_string() else type(kind).__name__.lower()


def drift(store: Path, fingerprints: dict[str, str], schema: Schema) -> list[Check]:
    """Say which columns appeared, vanished or changed their type since the last review of other data.

    A column that is read and is gone, or is of another type, is a problem; any other is worth a note. One row
    that all is well for each table without a difference; none for a table that is not remembered.
    """
    states = [s for s in _remembered(store) if s["data"] != _mark(fingerprints)]
    before: Schema = states[0]["schema"] if states else {}
    found: list[Check] = []
    for table, columns in schema.items():
        if table in before:
            changed = _changes(table, before[table], columns)
            found += changed or [check(table, "schema", len(columns), 0)]
    return found


def _changes(table: str, before: dict[str, dict[str, str]], now: dict[str, dict[str, str]]) -> list[Check]:
    found = []
    for heading in [*before, *(h for h in now if h not in before)]:
        old, new = before.get(heading), now.get(heading)
        if old and new and old["type"] == new["type"]:
            continue
        kind = "retyped" if old and new else "vanished" if old else "appeared"
        verdict = PROBLEM if old and old["column"] else NOTE
        types = f"{old['type']} → {new['type']}" if old and new else ""
        place = {"column": heading, "kind": kind, "note": types, "verdict": verdict}
        found.append(check(table, "schema", len(now), 1, **place))
    return found


def is_remembered(store: Path, fingerprints: dict[str, str]) -> bool:
    """Say whether a review of these data was finished, or their columns were taken for right."""
    states = _remembered(store)
    return bool(states) and states[0]["data"] == _mark(fingerprints)


def remember(store: Path, fingerprints: dict[str, str], schema: Schema) -> None:
    """Remember the columns of a review that is finished, and those of the one before it, of other data."""
    state = {"data": _mark(fingerprints), "schema": schema}
    earlier = [s for s in _remembered(store) if s["data"] != state["data"]]
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=store, prefix=".", encoding="utf-8", delete=False) as file:
        json.dump([state, *earlier[:1]], file, ensure_ascii=False, indent=1)
    Path(file.name).replace(store / FILE)


def _remembered(store: Path) -> list[dict[str, Any]]:
    """Read the states that are remembered, the newest first; none if there are none, or they are broken."""
    try:
        states = json.loads((store / FILE).read_text(encoding="utf-8"))
        return [{"data": str(state["data"]), "schema": dict(state["schema"])} for state in states]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _mark(fingerprints: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(fingerprints, sort_keys=True).encode()).hexdigest()[:16]
