"""Brought: the cleaned tables that are small enough to leave a remote engine, for what needs rows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb

from crmreport.config import Settings
from crmreport.tables.data import Data
from crmreport.tables.engine import connect
from crmreport.tables.readers.parquet import view_of_parquet
from crmreport.tables.readers.statements import literal

_ABOUT = "about.json"


def bring(data: Data, folder: Path, most_rows: int) -> None:
    """Write the tables of up to `most_rows` rows into a folder, sorted, and note how long the others are."""
    folder.mkdir()
    too_long: dict[str, int] = {}
    for name, table in data.tables.items():
        rows = int(table.count().to_pyarrow().as_py())
        if rows > most_rows:
            too_long[name] = rows
            continue
        came = table.to_pyarrow()
        with duckdb.connect() as engine:
            engine.register("came", came)
            target = literal(str(folder / f"{name}.parquet"))
            engine.execute(f"COPY (SELECT * FROM came ORDER BY ALL) TO {target} (FORMAT parquet)")
    about = {"tables": list(data.tables), "too_long": too_long}
    (folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")


def brought(data: Data, folder: Path, settings: Settings) -> tuple[Data, dict[str, int]]:
    """Give the tables of such a folder, in DuckDB, and the numbers of rows of those that did not come.

    `data`: what else is known of them.
    """
    about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    here = connect(settings.timezone)
    tables = {
        name: view_of_parquet(here, [folder / f"{name}.parquet"], name)
        for name in about["tables"]
        if name not in about["too_long"]
    }
    return replace(data, tables=tables), about["too_long"]
