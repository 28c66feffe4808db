"""Sources: find a project's files, and in them the columns of the contract."""

from __future__ import annotations

from pathlib import Path

import ibis

from crmreport.config import CONFIG_FILE, SECTION, Project, Source
from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.tables.contract import TABLES, Table
from crmreport.tables.files import FILE_TYPES, Connection, IbisTable

__all__ = ["Connection", "IbisTable", "connect", "find_sources", "heading_of"]


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
    beside: list[str] = []
    if settings.folder is not None:
        found, beside = _in_folder(project, settings.folder, tuple(sources))
        sources |= found
    for name, source in sources.items():
        _check_file(project.root / source.file, source.file, name)
    if not sources and beside:
        raise UserError(
            _t(
                "No file in {folder} is named like a table: {files}. Rename them ({tables}), or say in "
                "{file} which table each one is: {key}."
            ),
            folder=settings.folder,
            files=", ".join(beside),
            tables=", ".join(names),
            file=CONFIG_FILE,
            key=f"{SECTION}.tables",
        )
    if not sources:
        raise UserError(
            _t(
                "No table is connected. Put data into the folder that {file} names ({folder}), or name files "
                "there ({tables})."
            ),
            folder=f"{SECTION}.folder",
            tables=f"{SECTION}.tables",
            file=CONFIG_FILE,
        )
    return {name: sources[name] for name in names if name in sources}


def _in_folder(project: Project, folder: str, given: tuple[str, ...]) -> tuple[dict[str, Source], list[str]]:
    """Find the files of a folder that are named as tables, but for those given; then the other files."""
    place = project.folder("folder", folder)
    files = sorted(p for p in place.iterdir() if p.suffix.lower() in FILE_TYPES and p.is_file())
    found: dict[str, Source] = {}
    for table in TABLES:
        named = [path.name for path in files if path.stem == table.name]
        if table.name in given or not named:
            continue
        if len(named) > 1:
            raise UserError(
                _t("There are both {files} in {folder}. Take one away, or name the right one: {key}."),
                files=" / ".join(named),
                folder=folder,
                key=f"{SECTION}.tables.{table.name}",
            )
        found[table.name] = Source(file=Path(folder, named[0]).as_posix())
    return found, [path.name for path in files if path.stem not in found]


def _check_file(path: Path, written: str, name: str) -> None:
    """Refuse a file that is not there, or of a kind that cannot be read; `written`: as the settings say."""
    key = f"{SECTION}.tables.{name}"
    if not path.is_file():
        raise UserError(
            _t("{key} in {file}: there is no file {path}. Name it from the project's folder."),
            key=key,
            file=CONFIG_FILE,
            path=written,
        )
    if path.suffix.lower() not in FILE_TYPES:
        raise UserError(
            _t("{key} in {file}: {path} is of a kind that cannot be read. Save it as one of: {types}."),
            key=key,
            file=CONFIG_FILE,
            path=written,
            types=", ".join(FILE_TYPES),
        )


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
                _t(
                    "{path} has no column {name}, which the table {table} needs. Say in {file} which column "
                    "that is: {key}.{name}: HEADING. Its columns are: {headings}."
                ),
                path=source.file,
                name=column.name,
                table=table.name,
                file=CONFIG_FILE,
                key=key,
                headings=", ".join(headings),
            )
    return found


def connect(timezone: str) -> Connection:
    """Open the engine: DuckDB, in memory, whose clocks show the time of a zone."""
    connection = ibis.duckdb.connect()
    connection.raw_sql(f"SET TimeZone = '{timezone}'")
    return connection
