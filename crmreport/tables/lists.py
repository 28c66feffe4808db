"""Lists: small tables that the settings name beside the company's own: rates, confirmed merges."""

from __future__ import annotations

from pathlib import Path

import duckdb

from crmreport.config import CONFIG_FILE, SECTION, Project
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.source import Source
from crmreport.tables.engine import Connection, IbisTable
from crmreport.tables.readers import open_source, unreadable

# The columns that a list must have, by the setting that names its file.
LISTS = {
    "rates": ("currency", "starts_on", "rate"),
    "confirmed_merges": ("customer_id", "other_customer_id", "confirmed"),
}


def find_lists(project: Project) -> dict[str, Source]:
    """Say which lists the settings name, and where they are. UserError for a file that is not there."""
    found: dict[str, Source] = {}
    for name in LISTS:
        path = getattr(project.settings, name)
        if path is None:
            continue
        if not (project.root / path).is_file():
            raise UserError(
                _t("{key} in {file}: there is no file {path}. Name it from the project's folder."),
                key=f"{SECTION}.{name}",
                file=CONFIG_FILE,
                path=path,
            )
        found[name] = Source(file=path)
    return found


def read_list(connection: Connection, root: Path, source: Source, name: str) -> IbisTable:
    """Read a list into the engine: its columns by their headings in small letters, its cells as texts.

    Cells that say nothing are missing. Raises UserError for a file that cannot be read, lacks a column, or
    has a line that has not the columns of the others.
    """
    opened = open_source(connection, root, source, name)
    texts = {h.strip().casefold(): opened.table[h].cast("string").strip() for h in opened.table.columns}
    lacking = [column for column in LISTS[name] if column not in texts]
    if lacking:
        raise UserError(
            _t("{path} has no column {names}. It must have: {columns}."),
            path=source.place,
            names=", ".join(lacking),
            columns=", ".join(LISTS[name]),
        )
    try:
        read = opened.table.select(**{heading: text.nullif("") for heading, text in texts.items()})
        stored = connection.create_table(f"list_{name}", read, overwrite=True)
    except duckdb.Error as error:
        raise unreadable(opened, error) from None
    torn = (
        [] if opened.rejected is None else opened.rejected.order_by("line").limit(1).to_pyarrow().to_pylist()
    )
    if torn:
        raise UserError(
            _t("{path}, line {line}: it has not the columns of the others. Mend it."),
            path=source.place,
            line=torn[0]["line"],
        )
    return stored
