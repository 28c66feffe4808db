"""Fingerprints: what tells an engine's tables from earlier states of theirs, asked once per build."""

from __future__ import annotations

import hashlib
from pathlib import Path

from crmreport.config import Project
from crmreport.source import Source
from crmreport.tables.readers import fingerprint, refresh_snapshots
from crmreport.tables.remote import opened_engine
from crmreport.tables.remote.sources import fingerprint_in_engine, is_at_home

_FOLDER = Path(".crmreport", "snapshots")


def refresh_sources(project: Project, sources: dict[str, Source]) -> None:
    """Ask every database among a project's sources anew; of the engine's own tables, only a fingerprint.

    Raises UserError for a database or an engine that does not answer.
    """
    at_home = {name: source for name, source in sources.items() if is_at_home(project.settings, source)}
    refresh_snapshots(project.root, {n: s for n, s in sources.items() if n not in at_home})
    wanted = {_path(project, source): (name, source) for name, source in at_home.items()}
    for path in (project.root / _FOLDER).glob("*.fingerprint"):
        if path not in wanted:
            path.unlink()
    if wanted:
        _ask(project, wanted)


def fingerprint_of(project: Project, source: Source, name: str) -> str:
    """Tell a source's content from any other; the engine is asked only if it never was.

    Raises UserError for a file that is not there, and an engine that does not answer.
    """
    if not is_at_home(project.settings, source):
        return fingerprint(project.root, source)
    path = _path(project, source)
    if not path.is_file():
        _ask(project, {path: (name, source)})
    return path.read_text(encoding="utf-8")


def _ask(project: Project, wanted: dict[Path, tuple[str, Source]]) -> None:
    with opened_engine(project) as engine:
        for path, (name, source) in wanted.items():
            found = fingerprint_in_engine(engine, project, source, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(found, encoding="utf-8")


def _path(project: Project, source: Source) -> Path:
    """Name a fingerprint by what is asked of which engine, as the settings name it."""
    asked = "\0".join((project.settings.engine, source.database, source.table, source.query))
    return project.root / _FOLDER / f"{hashlib.sha256(asked.encode()).hexdigest()[:16]}.fingerprint"
