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
from crmreport.results import NOT_COMPUTED, Results
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
    wanted = tuple(periods)
    possible = tuple(a for a in analyses if all(results.has(need) for need in a.needs))
    folders = {period: _folders(project, results, period, possible) for period in wanted}
    found = {period: {name: load(folder) for name, folder in folders[period].items()} for period in wanted}
    missing = {
        period: tuple(a for a in possible if found[period][a.name] is None)
        for period in wanted
        if None in found[period].values()
    }
    if missing:
        _compute(project, results, missing, folders, workers, report)
        for period in missing:
            found[period] = {name: load(folder) for name, folder in folders[period].items()}
    return {period.key: Analysed(_all_there(found[period])) for period in wanted}


def kept_analyses(
    project: Project, results: Results, period: Period, analyses: tuple[Analysis, ...] = ANALYSES
) -> dict[str, Kept | None]:
    """Find what is kept of the analyses of a period, by name; None of one that would have to be computed."""
    possible = tuple(a for a in analyses if all(results.has(need) for need in a.needs))
    return {name: load(folder) for name, folder in _folders(project, results, period, possible).items()}


def _all_there(found: dict[str, Kept | None]) -> dict[str, Kept]:
    lost = [name for name, kept in found.items() if kept is None]
    if lost:
        raise RuntimeError(f"what has just been kept of {', '.join(lost)} cannot be read")
    return {name: kept for name, kept in found.items() if kept is not None}


def _folders(
    project: Project, results: Results, period: Period, analyses: tuple[Analysis, ...]
) -> dict[str, Path]:
    """Name each analysis' folder, by the name of the analysis, after all that its frames depend on."""
    tables = known_before(results.digests, period.end)
    periods = _periods(project, results, period)
    common = [
        project.settings.model_dump_json(exclude=NOT_COMPUTED | _READING),
        [repr(p) for p in periods],
        str(results.first_day),
        str(min(results.as_of, period.end - timedelta(days=1))),
        code_fingerprint(*_COMPUTING),
        library_versions(),
    ]
    cube = _figures(results, periods)
    folders = {}
    for analysis in analyses:
        rows = figures_of(cube, analysis.metrics)
        depends = [
            *common,
            {
                name: [results.columns[name], tables.get(name, "")]
                for name in analysis.rests_on
                if name in results.columns
            },
            [str(each) for each in pd.util.hash_pandas_object(rows, index=False)],
        ]
        key = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:16]
        folders[analysis.name] = project.store / _FOLDER / f"{analysis.name}-{key}"
    return folders


def _figures(results: Results, periods: tuple[Period, ...]) -> pd.DataFrame:
    return results.of_company[results.of_company["period"].isin([p.key for p in periods])]


def _periods(project: Project, results: Results, period: Period) -> tuple[Period, ...]:
    return (*(p for p in whole_periods(project, results, period.kind) if p.end < period.end), period)


def _compute(
    project: Project,
    results: Results,
    missing: dict[Period, tuple[Analysis, ...]],
    folders: dict[Period, dict[str, Path]],
    workers: int,
    report: Callable[[str, int, int], None],
) -> None:
    total, done = sum(len(analyses) for analyses in missing.values()), 0

    def count(made: int) -> None:
        nonlocal done
        done += made
        report(_t("Analysing the data"), done, total)

    report(_t("Analysing the data"), 0, total)
    names = {name for analyses in missing.values() for a in analyses for name in a.rests_on}
    data = rows_here(project, names)
    missing = _without_rows(missing, folders, data, project.settings.engine_rows)
    if declined := total - sum(len(analyses) for analyses in missing.values()):
        count(declined)
    metrics = tuple({m for analyses in missing.values() for a in analyses for m in a.metrics})
    with tempfile.TemporaryDirectory(prefix="crmreport-") as place:
        export(data.tables, sorted(names), Path(place))
        tasks = []
        for period, analyses in missing.items():
            periods = _periods(project, results, period)
            tasks.append(
                Task(
                    tables=Path(place),
                    first_day=data.first_day,
                    as_of=data.as_of,
                    periods=periods,
                    cube=figures_of(_figures(results, periods), metrics),
                    settings=project.settings,
                    analyses=analyses,
                    folders=tuple(folders[period][a.name] for a in analyses),
                )
            )
        run_tasks(tasks, workers, count)


def _without_rows(
    missing: dict[Period, tuple[Analysis, ...]],
    folders: dict[Period, dict[str, Path]],
    data: Data,
    most_rows: int,
) -> dict[Period, tuple[Analysis, ...]]:
    """Decline the analyses of tables that are too long to leave their engine; give the others."""
    left: dict[Period, tuple[Analysis, ...]] = {}
    for period, analyses in missing.items():
        for analysis in analyses:
            too_long = [name for name in analysis.rests_on if name in data.absent]
            if not too_long:
                left[period] = (*left.get(period, ()), analysis)
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
            keep(folders[period][analysis.name], analysis, {}, reason)
    return left
