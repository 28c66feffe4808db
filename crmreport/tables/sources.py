"""Sources: which table of a project comes from where."""

from __future__ import annotations

from pathlib import Path

from crmreport.config import CONFIG_FILE, SECTION, Project
from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.presets import read_preset
from crmreport.source import Source, with_preset
from crmreport.tables.contract import TABLES
from crmreport.tables.readers import check_source, table_name
from crmreport.tables.remote.sources import check_at_home, is_at_home


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
        if source.preset:
            sources[name] = with_preset(source, read_preset(source.preset, project.root))
        if is_at_home(settings, source):
            check_at_home(settings, source, name)
        else:
            check_source(project.root, sources[name], name)
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
    files = sorted(p for p in place.iterdir() if table_name(p) and p.is_file())
    found: dict[str, Source] = {}
    for table in TABLES:
        named = [path.name for path in files if table_name(path) == table.name]
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
    return found, [path.name for path in files if table_name(path) not in found]
