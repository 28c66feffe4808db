"""Files: one, or many of one kind, as one table of the engine: what is not Parquet is brought into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.source import Source
from crmreport.tables.engine import Connection, IbisTable, scratch_folder
from crmreport.tables.readers.database_files import sqlite_to_parquet
from crmreport.tables.readers.parquet import not_parquet, parquet_headings, view_of_parquet
from crmreport.tables.readers.places import DATABASE, PARQUET, SPSS, TEXT, check_beginning, kind_of
from crmreport.tables.readers.spss import spss_to_parquet
from crmreport.tables.readers.text_files import text_file_to_parquet
from crmreport.tables.readers.workbooks import workbook_to_parquet


def open_files(
    connection: Connection, paths: Sequence[Path], source: Source, view: str, key: str
) -> tuple[IbisTable, IbisTable | None]:
    """Open files of one kind as one table, one after the other, with the columns of all.

    `view`: how the table is called; `key`: where the settings speak of the source. Returns also the lines
    that are no rows (`line`, `said`, `reason`), None if there are none. Raises UserError for a file that
    cannot be read, or has no column of the first one's.
    """
    read: list[Path] = []
    headings: list[tuple[str, ...]] = []
    rejected: list[pa.Table] = []
    folder = scratch_folder(connection) if kind_of(paths[0]) != PARQUET else None
    for number, path in enumerate(paths):
        check_beginning(path)
        target = path
        if folder is not None:
            target = folder / f"{number}.parquet"
            lines = _bring(connection, path, source, key, target)
            if lines is not None:
                rejected.append(_of_file(lines, path) if len(paths) > 1 else lines)
        read.append(target)
        headings.append(parquet_headings(target, path))
    _check_alike(paths, headings)
    try:
        table = view_of_parquet(connection, read, view)
    except duckdb.Error as error:
        raise not_parquet(read[0], paths[0], error) from None
    if not rejected:
        return table, None
    return table, connection.create_table(f"rejected_{view}", pa.concat_tables(rejected), overwrite=True)


def _bring(connection: Connection, path: Path, source: Source, key: str, target: Path) -> pa.Table | None:
    """Write a file's rows as Parquet; give its lines that are no rows."""
    kind = kind_of(path)
    if kind == TEXT:
        return text_file_to_parquet(connection, path, source, key, target)
    if kind == SPSS:
        spss_to_parquet(path, target)
    elif kind == DATABASE:
        sqlite_to_parquet(path, source, key, target)
    else:
        workbook_to_parquet(path, source, key, target)
    return None


def _of_file(lines: pa.Table, path: Path) -> pa.Table:
    """Say of which file rejected lines are."""
    reasons = [f"{path.name}: {reason}" for reason in lines["reason"].to_pylist()]
    return lines.set_column(lines.schema.get_field_index("reason"), "reason", pa.array(reasons, pa.string()))


def _check_alike(paths: Sequence[Path], headings: Sequence[Sequence[str]]) -> None:
    """Refuse a file among others that has none of their columns."""
    wanted = {heading.casefold() for heading in headings[0]}
    for path, found in zip(paths, headings, strict=True):
        if wanted.isdisjoint(heading.casefold() for heading in found):
            raise UserError(
                _t("{path} has no column of {first}, beside which it is. Take it away, or name the others."),
                path=path.name,
                first=paths[0].name,
            )
