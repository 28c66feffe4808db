"""Results: a project's cube and analyses, computed once and kept by what they depend on."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Protocol

import pandas as pd

from crmreport.analyses.pipeline.funnel import COLUMNS as FUNNEL_COLUMNS
from crmreport.analyses.pipeline.funnel import funnel
from crmreport.asked import read_period
from crmreport.config import Project
from crmreport.digests import cube_digests, digests_by, frame_digest, mark
from crmreport.errors import UserError
from crmreport.findings.detect import baselines_of
from crmreport.kept import use
from crmreport.language import _t
from crmreport.metrics.cube import compute_cube
from crmreport.periods import Kind, Period
from crmreport.quality.checks import as_frame
from crmreport.quality.measure import measure
from crmreport.quality.schema import Schema, drift, schema_of
from crmreport.reads import note
from crmreport.segments import ALL
from crmreport.tables.cleaning.set_aside import write_set_aside
from crmreport.tables.data import Data, fingerprints, read_data
from crmreport.tables.digests import digests
from crmreport.tables.facts import facts
from crmreport.tables.remote import opened_engine
from crmreport.tables.sources import find_sources
from crmreport.targets import read_targets
from crmreport.versions import code_fingerprint, library_versions

_COMPUTING = (
    *("source.py", "presets", "tables", "metrics", "analyses", "findings", "quality"),
    *("analysing.py", "analysed.py", "asked.py", "digests.py", "periods.py", "results.py"),
    *("segments.py", "targets.py"),
)
# Settings that decide what is shown and how, but no figure.
NOT_COMPUTED = {
    *("company", "languages", "labels", "targets"),
    *("notebooks", "book", "chapters", "segments", "periods", "fail_on"),
    *("page_timeout_seconds", "page_memory_mb", "cache_mb", "memory_mb"),
}
SET_ASIDE = "set_aside"


@dataclass(frozen=True)
class Read:
    """What is known of the tables as soon as they are read, before there is any figure.

    `first_day`, `as_of`: first and last day that the data cover. `columns`: each table's columns; `digests`:
    see `crmreport.tables.digests`.
    """

    first_day: date
    as_of: date
    columns: dict[str, list[str]]
    digests: pd.DataFrame

    def has(self, need: str) -> bool:
        """Say whether a table (``feedback``), or a column of one (``products.category``), is connected."""
        table, _, column = need.partition(".")
        return table in self.columns and (not column or column in self.columns[table])


class Beside(Protocol):
    """What is done beside the computing of results, if they must be computed."""

    def get_ready(self) -> None:
        """Hear that the tables are about to be read."""

    def begin(self, read: Read, data: Data) -> None:
        """Hear that they are read."""


@dataclass(frozen=True)
class Results(Read):
    """What pages show.

    `cube`: see `crmreport.metrics.cube`; `funnel`: see `crmreport.analyses.pipeline.funnel`; `cleaning`: see
    `crmreport.tables.cleaning.rules`; `quality`: see `crmreport.quality.checks`; `folds`: see
    `crmreport.tables.cleaning.folding`. `folder`: where all this is kept, with the rows that are not used in
    `SET_ASIDE`. `data`: each source's fingerprint; `schema`: its columns, see `crmreport.quality.schema`.
    `slices`: see `digest`. `read_otherwise_from`: see `is_outdated`; None if never.
    """

    folder: Path
    cube: pd.DataFrame
    funnel: pd.DataFrame
    cleaning: pd.DataFrame
    quality: pd.DataFrame
    folds: pd.DataFrame
    data: dict[str, str]
    schema: Schema
    slices: dict[str, str]
    read_otherwise_from: date | None = None

    @property
    def is_outdated(self) -> bool:
        """Whether a row that was set aside for being of the future no longer is."""
        return self.read_otherwise_from is not None and self.read_otherwise_from <= date.today()

    @cached_property
    def of_company(self) -> pd.DataFrame:
        """The cube's rows of the whole company: one in a hundred."""
        return self.cube[self.cube["dimension"] == ALL]

    def knows(self, need: str) -> bool:
        """Say whether a table or a column is connected, to a page, of which it is noted; else see `has`."""
        note(f"knows {need}")
        return self.has(need)

    def digest(self, read: str) -> str:
        """Give a part of the data's results a digest; "" if there is no such part.

        Of what `crmreport.reads` lists: figures, funnel, knows, and all of what has no parts; and
        ``cube 2025-10``: what may be known of the cube when that period of it ends. Two results that give a
        read the same digest give it the same content, whatever else differs between them.
        """
        kind, _, rest = read.partition(" ")
        if kind == "knows":
            return str(self.has(rest))
        if kind in ("cleaning", "folds", "quality"):
            return frame_digest(getattr(self, kind))
        if kind == "sources":
            return mark([self.data, str(self.as_of)])
        return str(self.first_day) if kind == "first_day" else self.slices.get(read, "")


_shared: dict[str, Results] = {}  # by project; see `share_results`


def share_results(project: Project, results: Results) -> None:
    """Let `compute_results` give these, here and in processes forked from this one, as they are.

    So the pages of one build show the same, and none looks at the data again.
    """
    _shared[project.identity] = results


def compute_results(project: Project, asked: tuple[str, ...] = (), beside: Beside | None = None) -> Results:
    """Give a project's results, computed if they are not kept from an earlier time.

    `asked`: names of periods to be had beside those of the review's own frequency. Raises UserError for what
    the user must mend.
    """
    shared = _shared.get(project.identity)
    if shared is not None and all(_has(project, shared, name) for name in asked):
        return shared
    found = fingerprints(project)
    others = sorted({name for name in asked if read_period(project, name).kind is not project.settings.kind})
    folder = project.store / "results" / _key(project, found, others)
    use(folder)
    kept = _load(folder)
    if kept is None or kept.is_outdated:
        if beside:
            beside.get_ready()
        with opened_engine(project) as engine:
            _compute(folder, project, read_data(project, engine=engine), others, found, beside)
        kept = _load(folder)
    if kept is None:
        raise RuntimeError(f"what has just been written to {folder} cannot be read")
    # Of the review before, and so not kept with what depends on the data alone.
    drifted = as_frame(drift(project.store, kept.data, kept.schema))
    return replace(kept, quality=pd.concat([kept.quality, drifted], ignore_index=True))


def _has(project: Project, results: Results, name: str) -> bool:
    """Say whether results are of a period, too: it is of the review's frequency, or was asked for."""
    period = read_period(project, name)
    return period.kind is project.settings.kind or bool((results.cube["period"] == period.key).any())


def _compute(
    folder: Path,
    project: Project,
    data: Data,
    others: list[str],
    found: dict[str, str],
    beside: Beside | None,
) -> None:
    """Compute everything of the review's own periods, and of others."""
    columns = {name: list(table.columns) for name, table in data.tables.items()}
    read = Read(data.first_day, data.as_of, columns, digests(data, found))
    calendar = project.settings.calendar
    wanted = calendar.between(data.first_day, data.as_of, project.settings.kind)
    wanted += _beside(project, data, others)
    try:
        if beside:
            beside.begin(read, data)
        _keep(folder, project, data, read, tuple(calendar.at(p, data.as_of) for p in wanted), found)
    except OSError as error:
        raise UserError(
            _t("{path} cannot be written: {reason}. Put the project where you may write."),
            path=str(project.store),
            reason=error.strerror or str(error),
        ) from None


def _key(project: Project, found: dict[str, str], others: list[str]) -> str:
    settings = project.settings.model_dump_json(exclude=NOT_COMPUTED)
    # As presets complete them, of which a project may have its own.
    sources = {name: source.model_dump_json() for name, source in find_sources(project).items()}
    targets = sorted([*key, target] for key, target in read_targets(project).items())
    depends = [found, settings, sources, targets, others, code_fingerprint(*_COMPUTING), library_versions()]
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:16]


def _beside(project: Project, data: Data, names: list[str]) -> tuple[Period, ...]:
    """Give periods of other kinds: those asked for, with the earlier ones that they are compared with."""
    calendar = project.settings.calendar
    found: list[Period] = []
    for name in names:
        period = read_period(project, name)
        if period.kind is Kind.RANGE:
            found += [period, period.predecessor(), period.year_before()]
        else:
            found += calendar.between(data.first_day, data.as_of, period.kind)
    return tuple(p for p in dict.fromkeys(found) if p.start <= data.as_of)


def _keep(
    folder: Path,
    project: Project,
    data: Data,
    read: Read,
    periods: tuple[Period, ...],
    found: dict[str, str],
) -> None:
    """Compute everything and put it into its folder, whole or not at all."""
    settings = project.settings
    partial = [p for p in periods if p.is_partial]
    parts = [before for p in partial for _, before in baselines_of(p)]
    periods = tuple(dict.fromkeys((*periods, *parts)))
    cube = compute_cube(
        data, periods, settings.active_days, settings.minimum_cell, targets=read_targets(project)
    )
    stages = pd.DataFrame(columns=list(FUNNEL_COLUMNS))
    if {"opportunities", "stage_history"} <= set(data.tables):
        opportunities = facts(data, periods, settings.active_days)["opportunities"]
        stages = funnel(opportunities, data.tables["stage_history"], periods)
    quality, folds = measure(data, settings.calendar, settings.kind)
    frames = (
        ("cube", cube),
        ("funnel", stages),
        ("cleaning", data.cleaning),
        ("quality", quality),
        ("folds", folds),
        ("digests", read.digests),
    )
    about = {
        "first_day": str(data.first_day),
        "as_of": str(data.as_of),
        "data": found,
        "columns": read.columns,
        "schema": schema_of(project, data),
        "slices": cube_digests(cube, periods)
        | {f"funnel {name}": digest for name, digest in digests_by(stages, "period", "dimension").items()},
        "read_otherwise_from": None if data.future_from is None else str(data.future_from),
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".", ignore_cleanup_errors=True) as place:
        made = Path(place, "made")
        made.mkdir()
        for name, frame in frames:
            frame.to_parquet(made / f"{name}.parquet", index=False)
        write_set_aside(data, made / SET_ASIDE)
        (made / "about.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
        before = _load(folder)
        if folder.exists() and (before is None or before.is_outdated):
            folder.rename(Path(place, "before"))
        try:
            made.rename(folder)
        except OSError:
            if _load(folder) is None:  # else another build was quicker
                raise


def _load(folder: Path) -> Results | None:
    """Read what is kept in a folder; None if nothing is, or if it is broken, and must be computed."""
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        return Results(
            folder=folder,
            cube=pd.read_parquet(folder / "cube.parquet"),
            funnel=pd.read_parquet(folder / "funnel.parquet"),
            cleaning=pd.read_parquet(folder / "cleaning.parquet"),
            quality=pd.read_parquet(folder / "quality.parquet"),
            folds=pd.read_parquet(folder / "folds.parquet"),
            digests=pd.read_parquet(folder / "digests.parquet"),
            first_day=date.fromisoformat(about["first_day"]),
            as_of=date.fromisoformat(about["as_of"]),
            data=about["data"],
            columns=about["columns"],
            schema=about["schema"],
            slices=about["slices"],
            read_otherwise_from=_day(about["read_otherwise_from"]),
        )
    except (OSError, ValueError, KeyError, TypeError):  # Arrow's own errors are among the first two
        return None


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)
