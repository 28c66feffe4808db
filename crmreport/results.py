"""Results: a project's cube and analyses, computed once and kept by what they depend on."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from crmreport.analyses.pipeline.funnel import COLUMNS as FUNNEL_COLUMNS
from crmreport.analyses.pipeline.funnel import funnel
from crmreport.config import SECTION, Project
from crmreport.errors import UserError
from crmreport.findings.detect import baselines_of, find_changes
from crmreport.language import Phrase, _t
from crmreport.metrics.cube import compute_cube
from crmreport.periods import Kind, Period
from crmreport.quality.checks import as_frame
from crmreport.quality.measure import measure
from crmreport.quality.schema import Schema, drift, schema_of
from crmreport.tables.cleaning.set_aside import write_set_aside
from crmreport.tables.data import Data, fingerprints, read_data
from crmreport.tables.digests import digests
from crmreport.tables.facts import facts
from crmreport.tables.remote import opened_engine
from crmreport.tables.sources import find_sources
from crmreport.targets import read_targets

_LIBRARIES = (
    *("altair", "charset-normalizer", "duckdb", "ibis-framework", "numpy", "pandas", "papermill"),
    *("pyarrow", "python-calamine", "rapidfuzz", "scikit-learn", "scipy", "statsmodels"),
)
_COMPUTING = (
    *("source.py", "presets", "tables", "metrics", "analyses", "findings", "quality"),
    *("analysing.py", "analysed.py", "periods.py", "results.py", "segments.py", "targets.py"),
)
_CHANGES = ("findings", "metrics", "periods.py", "segments.py")
# Settings that decide what is shown and how, but no figure.
NOT_COMPUTED = {
    *("company", "languages", "labels", "targets"),
    *("notebooks", "book", "chapters", "segments", "periods", "page_timeout_seconds", "fail_on", "memory_mb"),
}
SET_ASIDE = "set_aside"
_FORMS = _t("2025-10 (month), 2025-Q4 (quarter), 2025-W41 (ISO week), 2025 (year), 2025-10-31 (day)")
_FISCAL_FORMS = _t(
    "2025-10 (month), FY2025-Q4 (quarter), 2025-W41 (ISO week), FY2025 (year), 2025-10-31 (day)"
)
_KINDS = {
    Kind.MONTH: _t("month"),
    Kind.QUARTER: _t("quarter"),
    Kind.WEEK: _t("week"),
    Kind.YEAR: _t("year"),
    Kind.DAY: _t("day"),
}


@dataclass(frozen=True)
class Results:
    """What pages show.

    `cube`: see `crmreport.metrics.cube`; `funnel`: see `crmreport.analyses.pipeline.funnel`; `cleaning`: see
    `crmreport.tables.cleaning.rules`; `quality`: see `crmreport.quality.checks`; `folds`: see
    `crmreport.tables.cleaning.folding`; `digests`: see `crmreport.tables.digests`. `first_day`, `as_of`:
    first and last day that the data cover. `folder`: where all this is kept, with the rows that are not used
    in `SET_ASIDE`. `data`: each source's fingerprint. `columns`: each table's columns; `schema`: those of its
    source, see `crmreport.quality.schema`. `read_otherwise_from`: see `is_outdated`; None if never.
    """

    folder: Path
    cube: pd.DataFrame
    funnel: pd.DataFrame
    cleaning: pd.DataFrame
    quality: pd.DataFrame
    folds: pd.DataFrame
    digests: pd.DataFrame
    first_day: date
    as_of: date
    data: dict[str, str]
    columns: dict[str, list[str]]
    schema: Schema
    read_otherwise_from: date | None = None

    @property
    def is_outdated(self) -> bool:
        """Whether a row that was set aside for being of the future no longer is."""
        return self.read_otherwise_from is not None and self.read_otherwise_from <= date.today()

    def knows(self, need: str) -> bool:
        """Say whether a table (``feedback``), or a column of one (``products.category``), is connected."""
        table, _, column = need.partition(".")
        return table in self.columns and (not column or column in self.columns[table])


def compute_results(project: Project, asked: tuple[str, ...] = ()) -> Results:
    """Give a project's results, computed if they are not kept from an earlier time.

    `asked`: names of periods to be had beside those of the review's own frequency. Raises UserError for what
    the user must mend.
    """
    found = fingerprints(project)
    others = sorted({name for name in asked if read_period(project, name).kind is not project.settings.kind})
    folder = project.store / "results" / _key(project, found, others)
    kept = _load(folder)
    if kept is None or kept.is_outdated:
        with opened_engine(project) as engine:
            _compute(folder, project, read_data(project, engine=engine), others, found)
        kept = _load(folder)
    if kept is None:
        raise RuntimeError(f"what has just been written to {folder} cannot be read")
    # Of the review before, and so not kept with what depends on the data alone.
    drifted = as_frame(drift(project.store, kept.data, kept.schema))
    return replace(kept, quality=pd.concat([kept.quality, drifted], ignore_index=True))


def _compute(folder: Path, project: Project, data: Data, others: list[str], found: dict[str, str]) -> None:
    """Compute everything of the review's own periods, and of others."""
    calendar = project.settings.calendar
    wanted = calendar.between(data.first_day, data.as_of, project.settings.kind)
    wanted += _beside(project, data, others)
    try:
        _keep(folder, project, data, tuple(calendar.at(p, data.as_of) for p in wanted), found)
    except OSError as error:
        raise UserError(
            _t("{path} cannot be written: {reason}. Put the project where you may write."),
            path=str(project.store),
            reason=error.strerror or str(error),
        ) from None


def read_period(project: Project, name: str) -> Period:
    """Read a period's name. UserError, with the forms that there are, if it is none."""
    calendar = project.settings.calendar
    try:
        period = calendar.period(name)
        # What it is compared with must be in the calendar, too, which begins with the year 2.
        period.year_before()
        period.predecessor()
    except (ValueError, OverflowError):
        forms = _FORMS if calendar.fiscal_year_start == 1 else _FISCAL_FORMS
        raise UserError(
            _t("{name} is not a period. Write it as {forms}, or as 2010-12-01..2011-12-09 (days)."),
            name=name or "''",
            forms=Phrase(forms, {}),
        ) from None
    return period


def last_complete(project: Project, results: Results, count: int) -> tuple[Period, ...]:
    """Give the last complete periods of the review's frequency that the data cover wholly, oldest first.

    UserError if there is none.
    """
    settings = project.settings
    found = settings.calendar.last_complete(results.as_of, settings.kind, count)
    whole = tuple(
        p for p in found if p.start >= settings.calendar.containing(results.first_day, p.kind).start
    )
    if not whole:
        raise UserError(
            _t(
                "The data run from {first} to {last}: no whole {kind} yet. Connect more data, or set a "
                "shorter {key}."
            ),
            first=results.first_day,
            last=results.as_of,
            kind=Phrase(_KINDS[settings.kind], {}),
            key=f"{SECTION}.frequency",
        )
    return whole


def covered(project: Project, results: Results, name: str) -> Period:
    """Read a period's name, and cut the period where the data end. UserError if they do not reach it."""
    period = read_period(project, name)
    if period.start > results.as_of or period.end <= results.first_day:
        raise UserError(
            _t("There are no data of {name}: they run from {first} to {last}. Name a period within."),
            name=name,
            first=results.first_day,
            last=results.as_of,
        )
    return project.settings.calendar.at(period, results.as_of)


def whole_periods(project: Project, results: Results, kind: Kind) -> tuple[Period, ...]:
    """Give all complete periods of a kind that the data cover, oldest first."""
    if kind is Kind.RANGE:
        return ()
    found = project.settings.calendar.between(results.first_day, results.as_of, kind)
    return tuple(p for p in found if not project.settings.calendar.at(p, results.as_of).is_partial)


def changes_of(project: Project, results: Results, period: Period) -> pd.DataFrame:
    """Give the tested changes of a period (see `find_changes`), kept by the figures that they rest on.

    These are the period's own, those with which it is compared, and those of earlier whole periods; what
    comes later changes nothing.
    """
    earlier = tuple(p for p in whole_periods(project, results, period.kind) if p.end <= period.start)
    keys = {p.key for p in (*earlier, period, *(before for _, before in baselines_of(period)))}
    cube = results.cube[results.cube["period"].isin(keys)]
    depends = hashlib.sha256(pd.util.hash_pandas_object(cube, index=False).to_numpy().tobytes())
    known = [[p.key for p in earlier], repr(period), code_fingerprint(*_CHANGES), library_versions()]
    depends.update(json.dumps(known).encode())
    path = project.store / "changes" / f"{depends.hexdigest()[:16]}.parquet"
    changes = _read(path)
    if changes is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(find_changes(cube, period, earlier), path)
        changes = pd.read_parquet(path)
    return changes


@cache
def code_fingerprint(*parts: str) -> str:
    """Tell this version of our code from any other; of some of its modules and folders, or of all."""
    root = Path(__file__).parent
    chosen = [root / part for part in parts] or [root]
    files = [f for c in chosen for f in ([c] if c.is_file() else c.rglob("*")) if f.is_file()]
    digest = hashlib.sha256()
    for file in sorted(f for f in files if f.suffix != ".pyc"):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def library_versions() -> dict[str, str]:
    """Give the versions of the libraries that a number or a picture may depend on."""
    return {name: version(name) for name in _LIBRARIES}


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
    folder: Path, project: Project, data: Data, periods: tuple[Period, ...], found: dict[str, str]
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
        ("digests", digests(data, found)),
    )
    about = {
        "first_day": str(data.first_day),
        "as_of": str(data.as_of),
        "data": found,
        "columns": {name: list(table.columns) for name, table in data.tables.items()},
        "schema": schema_of(project, data),
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
            read_otherwise_from=_day(about["read_otherwise_from"]),
        )
    except (OSError, ValueError, KeyError, TypeError):  # Arrow's own errors are among the first two
        return None


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)


def _read(path: Path) -> pd.DataFrame | None:
    """Read a kept frame; None if there is none, or if it is broken."""
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError):
        return None


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame whole or not at all; pages that run side by side may write the same one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    os.close(handle)
    try:
        frame.to_parquet(temporary, index=False)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
