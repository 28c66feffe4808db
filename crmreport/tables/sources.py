"""Sources: find a project's files and open them as they come, columns named as in the contract."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import ibis

from crmreport.config import CONFIG_FILE, SECTION, Project, Source
from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.tables.contract import TABLES, Table

IbisTable = Any  # ibis.expr.types.Table; ibis ships no types
Connection = Any  # an Ibis backend

FILE_TYPES = (".parquet", ".csv")


def find_sources(project: Project) -> dict[str, Source]:
    """Say which table comes from which file: those that the configuration names, then those of its folder.

    Raises UserError for a table that the contract does not have, a file that is not there or of a kind
    that cannot be read, or when there is no table at all.
    """
    settings = project.settings
    names = [t.name for t in TABLES]
    for name in settings.tables:
        if name not in names:
            raise UserError(
                _t("{key} in {file} is not a table. {suggestion}"),
                key=f"{SECTION}.tables.{name}",
                file=CONFIG_FILE,
                suggestion=suggestion(name, names),
            )
    sources = dict(settings.tables)
    if settings.folder is not None:
        folder = project.root / settings.folder
        if not folder.is_dir():
            raise UserError(
                _t("{key} in {file}: there is no folder {folder}. Name the folder from the project's own."),
                key=f"{SECTION}.folder",
                file=CONFIG_FILE,
                folder=settings.folder,
            )
        for name in names:
            found = [folder / f"{name}{ending}" for ending in FILE_TYPES]
            found = [path for path in found if path.is_file()]
            if name not in sources and found:
                sources[name] = Source(file=found[0].relative_to(project.root).as_posix())
    for name, source in sources.items():
        _check_file(project.root / source.file, name)
    if not sources:
        raise UserError(
            _t("No table is connected. Name a folder ({folder}) or files ({tables}) in {file}."),
            folder=f"{SECTION}.folder",
            tables=f"{SECTION}.tables",
            file=CONFIG_FILE,
        )
    return {name: sources[name] for name in names if name in sources}


def _check_file(path: Path, name: str) -> None:
    key = f"{SECTION}.tables.{name}"
    if not path.is_file():
        raise UserError(
            _t("{key} in {file}: there is no file {path}. Name it from the project's folder."),
            key=key,
            file=CONFIG_FILE,
            path=str(path),
        )
    if path.suffix.lower() not in FILE_TYPES:
        raise UserError(
            _t("{key} in {file}: {path} is neither {types}. Save it as one of these."),
            key=key,
            file=CONFIG_FILE,
            path=path.name,
            types=" / ".join(FILE_TYPES),
        )


def fingerprint(path: Path) -> str:
    """Tell a file's content from any other: the first 16 digits of its SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def open_file(connection: Connection, path: Path, name: str) -> IbisTable:
    """Open a file as it is; the cells of a CSV as text, so that cleaning decides what they mean."""
    try:
        if path.suffix.lower() == ".csv":
            return connection.read_csv(path, table_name=f"file_{name}", all_varchar=True)
        return connection.read_parquet(path, table_name=f"file_{name}")
    except Exception as error:  # DuckDB's own errors, whatever is wrong with the file
        if not type(error).__module__.startswith(("duckdb", "_duckdb")):
            raise
        raise UserError(
            _t("{path} cannot be read: {reason}. Save it again, or mend the line that is named."),
            path=path.name,
            reason=str(error).strip().split("\n")[0],
        ) from None


def heading_of(table: Table, source: Source, headings: tuple[str, ...]) -> dict[str, str]:
    """Say in which column of the file each column of the contract is; those the file lacks are left out.

    Raises UserError where the configuration names a column that either side does not have, or where a
    required one is not found.
    """
    contract = [c.name for c in table.columns]
    key = f"{SECTION}.tables.{table.name}.columns"
    for name, heading in source.columns.items():
        if name not in contract:
            raise UserError(
                _t("{key} in {file}: the table {table} has no column {name}. {suggestion}"),
                key=key,
                file=CONFIG_FILE,
                table=table.name,
                name=name,
                suggestion=suggestion(name, contract),
            )
        if heading not in headings:
            raise UserError(
                _t("{key} in {file}: {path} has no column {heading}. {suggestion}"),
                key=f"{key}.{name}",
                file=CONFIG_FILE,
                path=source.file,
                heading=heading,
                suggestion=suggestion(heading, headings),
            )
    found = {name: source.columns.get(name, name) for name in contract}
    found = {name: heading for name, heading in found.items() if heading in headings}
    for column in table.columns:
        if column.required and column.name not in found:
            raise UserError(
                _t("{path} has no column {name}, which the table {table} needs. Say which of its columns that "
                   "is: {key}.{name}: HEADING. Its columns: {headings}."),
                path=source.file,
                name=column.name,
                table=table.name,
                key=key,
                headings=", ".join(headings),
            )  # fmt: skip
    return found


def connect() -> Connection:
    """Open the engine: DuckDB, in memory."""
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    return connection
