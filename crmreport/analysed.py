"""Analysed: every analysis of a period, computed only if something that it rests on has changed."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pandas as pd

from crmreport.analyses import ANALYSES
from crmreport.analyses.analysis import Analysis, Declined, Frames, figures_of
from crmreport.analyses.kept import Kept, keep, load
from crmreport.analysing import Task, export, run_tasks
from crmreport.config import SECTION, Project
from crmreport.covering import whole_periods
from crmreport.language import Phrase, _t
from crmreport.periods import Period
from crmreport.results import NOT_COMPUTED, Read, Results
from crmreport.tables.data import Data
from crmreport.tables.digests import known_before
from crmreport.tables.remote.brought import rows_here
from crmreport.versions import code_fingerprint, library_versions

_FOLDER = "analyses"
_COMPUTING = ("analyses", "metrics", "tables", "analysing.py", "periods.py", "segments.py")
# Settings that decide how tables are read; what came of it tells the tables' digests.
_READING = {"as_of", "folder", "tables", "merge_customers_by", "confirmed_merges", "rates"}


@dataclass(frozen=True)
class Analysed:
    """A period's analyses.

    `found`: what came out of each, by name; what needs tables that are not connected is not in it.
    """

    found: dict[str, Kept]

    @property
    def kept(self) -> dict[str, tuple[str, ...]]:
        """The names of the frames that there are, by analysis, but for the private ones."""
        return {name: kept.frames for name, kept in self.found.items() if kept.declined is None}

    @property
    def declined(self) -> dict[str, Phrase]:
        """Why other analyses were not computed."""
        return {name: kept.declined for name, kept in self.found.items() if kept.declined is not None}

    def digest(self, analysis: str) -> str:
        """Tell what an analysis shows from anything else that it could; empty if it lacks its tables."""
        return self.found[analysis].digest if analysis in self.found else ""

    def frames(self, analysis: str) -> Frames:
        """Read an analysis' frames, by name; none if it was not computed."""
        return {name: self.frame(analysis, name) for name in self.kept.get(analysis, ())}

    def frame(self, analysis: str, name: str) -> pd.DataFrame:
        """Read one frame; a private one, too."""
        return self.found[analysis].frame(name)


def analysed(
    project: Project,
    results: Results,
    periods: Iterable[Period],
    analyses: tuple[Analysis, ...] = ANALYSES,
    workers: int = 1,
    report: Callable[[str, int, int], None] = lambda doing, done, of: None,
) -> dict[str, Analysed]:
    """Give the analyses of these periods, by the period's key; those not kept yet are computed.

    An analysis rests on the tables and figures that it declares, as they were known when the period ended:
    what comes later changes nothing. The data are read once for all that must be computed, by up to `workers`
    processes; `report` hears how many are done.
    """
    folders = {period: _folders(project, results, results.of_company, period, analyses) for period in periods}
    missing = _missing(folders)
    if missing:
        _compute(project, results, missing, workers, report)
    return {period.key: Analysed(_all_there(_loaded(folders[period]))) for period in folders}


def tasks_of(
    project: Project,
    read: Read,
    figures: pd.DataFrame | None,
    data: Data,
    periods: Iterable[Period],
    place: Path,
) -> list[Task]:
    """Give the tasks of analyses that are not kept: those that rest on figures, or on tables alone.

    `figures`: the whole company's; None gives the tasks of tables alone. The tables are written into `place`,
    those that are not there. What is kept of it is found by `analysed`.
    """
    analyses = tuple(a for a in ANALYSES if bool(a.metrics) == (figures is not None))
    known = pd.DataFrame({"period": []}) if figures is None else figures
    folders = {period: _folders(project, read, known, period, analyses) for period in periods}
    return _tasks(project, read, known, _missing(folders), data, place)


def kept_analyses(
    project: Project, results: Results, period: Period, analyses: tuple[Analysis, ...] = ANALYSES
) -> dict[str, Kept | None]:
    """Find what is kept of the analyses of a period, by name; None of one that would have to be computed."""
    return _loaded(_folders(project, results, results.of_company, period, analyses))


Folders = dict[Analysis, Path]


def _loaded(folders: Folders) -> dict[str, Kept | None]:
    return {analysis.name: load(folder) for analysis, folder in folders.items()}


def _missing(folders: dict[Period, Folders]) -> dict[Period, Folders]:
    """Leave, of each period that has any, the analyses that are not kept."""
    found = {
        period: {analysis: folder for analysis, folder in of_it.items() if load(folder) is None}
        for period, of_it in folders.items()
    }
    return {period: of_it for period, of_it in found.items() if of_it}


def _all_there(found: dict[str, Kept | None]) -> dict[str, Kept]:
    lost = [name for name, kept in found.items() if kept is None]
    if lost:
        raise RuntimeError(f"what has just been kept of {', '.join(lost)} cannot be read")
    return {name: kept for name, kept in found.items() if kept is not None}


def _folders(
    project: Project, read: Read, figures: pd.DataFrame, period: Period, analyses: tuple[Analysis, ...]
) -> Folders:
    """Name the folder of each analysis that the tables allow after all that its frames depend on.

    `figures`: the whole company's.
    """
    tables = known_before(read.digests, period.end)
    periods = _periods(project, read, period)
    common = [
        project.settings.model_dump_json(exclude=NOT_COMPUTED | _READING),
        [repr(p) for p in periods],
        str(read.first_day),
        str(min(read.as_of, period.end - timedelta(days=1))),
        code_fingerprint(*_COMPUTING),
        library_versions(),
    ]
    cube = _of_periods(figures, periods)
    folders = {}
    for analysis in analyses:
        if not all(read.has(need) for need in analysis.needs):
            continue
        rows = figures_of(cube, analysis.metrics)
        depends = [
            *common,
            {
                name: [read.columns[name], tables.get(name, "")]
                for name in analysis.rests_on
                if name in read.columns
            },
            [str(each) for each in pd.util.hash_pandas_object(rows, index=False)],
        ]
        key = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:16]
        folders[analysis] = project.store / _FOLDER / f"{analysis.name}-{key}"
    return folders


def _of_periods(figures: pd.DataFrame, periods: tuple[Period, ...]) -> pd.DataFrame:
    return figures[figures["period"].isin([p.key for p in periods])]


def _periods(project: Project, read: Read, period: Period) -> tuple[Period, ...]:
    return (*(p for p in whole_periods(project, read, period.kind) if p.end < period.end), period)


def _compute(
    project: Project,
    results: Results,
    missing: dict[Period, Folders],
    workers: int,
    report: Callable[[str, int, int], None],
) -> None:
    total, done = sum(len(folders) for folders in missing.values()), 0

    def count(made: int) -> None:
        nonlocal done
        done += made
        report(_t("Analysing the data"), done, total)

    report(_t("Analysing the data"), 0, total)
    data = rows_here(project, _rest_on(missing))
    missing = _without_rows(missing, data, project.settings.engine_rows)
    if declined := total - sum(len(folders) for folders in missing.values()):
        count(declined)
    with tempfile.TemporaryDirectory(prefix="crmreport-") as place:
        run_tasks(_tasks(project, results, results.of_company, missing, data, Path(place)), workers, count)


def _rest_on(missing: dict[Period, Folders]) -> set[str]:
    return {name for folders in missing.values() for analysis in folders for name in analysis.rests_on}


def _tasks(
    project: Project,
    read: Read,
    figures: pd.DataFrame,
    missing: dict[Period, Folders],
    data: Data,
    place: Path,
) -> list[Task]:
    """Write the tables that are read into a folder; give a task for each period."""
    files = export(data.tables, sorted(_rest_on(missing)), place)
    metrics = tuple({m for folders in missing.values() for analysis in folders for m in analysis.metrics})
    tasks = []
    for period, folders in missing.items():
        periods = _periods(project, read, period)
        tasks.append(
            Task(
                tables=files,
                first_day=data.first_day,
                as_of=data.as_of,
                periods=periods,
                cube=figures_of(_of_periods(figures, periods), metrics),
                settings=project.settings,
                analyses=tuple(folders),
                folders=tuple(folders.values()),
            )
        )
    return tasks


def _without_rows(missing: dict[Period, Folders], data: Data, most_rows: int) -> dict[Period, Folders]:
    """Decline the analyses of tables that are too long to leave their engine; give the others."""
    left: dict[Period, Folders] = {}
    for period, folders in missing.items():
        for analysis, folder in folders.items():
            too_long = [name for name in analysis.rests_on if name in data.absent]
            if not too_long:
                left.setdefault(period, {})[analysis] = folder
                continue
            reason = Declined(
                _t(
                    "It needs the rows of {table} on one machine. There are {rows} in another engine, and "
                    "{most} may come from there ({key})."
                ),
                table=too_long[0],
                rows=data.absent[too_long[0]],
                most=most_rows,
                key=f"{SECTION}.engine_rows",
            )
            keep(folder, analysis, {}, reason)
    return left
