"""Analysing: many analyses of many periods, side by side over the cores, each kept whole or not at all."""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from crmreport.analyses.analysis import Analysis, Declined, Known
from crmreport.analyses.kept import keep
from crmreport.config import Settings
from crmreport.environment import environment, work_beside
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.periods import Period
from crmreport.tables.cleaning.rules import LOG_COLUMNS
from crmreport.tables.data import Data
from crmreport.tables.engine import Connection, IbisTable, connect
from crmreport.tables.facts import fact_named, facts
from crmreport.tables.until import until

MOST_ROWS_IN_MEMORY = 2_000_000
# What analyses load when they are computed, and take longest to load.
_LIBRARIES = ("scipy.stats", "sklearn.cluster", "sklearn.ensemble", "sklearn.linear_model", "statsmodels.api")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class Task:
    """Some analyses of a period, for one process: where the tables lie, and where what comes out is kept.

    `tables`: Parquet files, named after the tables (see `export`), uncut, of data that cover `first_day` to
    `as_of`; `periods`: see `Known.periods`; `cube`: the figures that the analyses read;
    `folders`: each analysis' own.
    """

    tables: tuple[Path, ...]
    first_day: date
    as_of: date
    periods: tuple[Period, ...]
    cube: pd.DataFrame
    settings: Settings
    analyses: tuple[Analysis, ...]
    folders: tuple[Path, ...]


def export(tables: Mapping[str, IbisTable], names: Iterable[str], folder: Path) -> tuple[Path, ...]:
    """Write those of the tables that are there and not written yet; give the files, as tasks read them."""
    files = {name: folder / f"{name}.parquet" for name in names if name in tables}
    for name, file in files.items():
        if not file.exists():
            tables[name].to_parquet(file)
    return tuple(files.values())


def run_tasks(tasks: list[Task], workers: int, done: Callable[[int], None]) -> None:
    """Run tasks in up to `workers` processes, or in this one; `done` hears how many analyses were made.

    What is kept is the same, to the byte, whatever their number. Raises UserError where a process was ended
    from outside.
    """
    if workers < 2:
        for task in tasks:
            done(_run(task))
        _opened.cache_clear()
        _known.cache_clear()
        return
    shared = shared_out(tasks, workers)
    with _pool(min(workers, len(shared))) as pool:
        running: list[Future[int]] = [pool.submit(_run, task) for task in shared]
        try:
            for each in as_completed(running):
                done(each.result())
        except BrokenProcessPool:
            raise UserError(
                _t(
                    "A process that analysed the data was ended from outside, most likely because memory "
                    "ran out. Run it again with fewer at a time ({option})."
                ),
                option="--jobs 1",
            ) from None
        finally:
            for each in running:
                each.cancel()


def get_ready() -> None:
    """Begin what analyses need, beside whatever else is done before them: their libraries take seconds."""
    if _can_fork():
        modules = [__name__, "crmreport.analyses", *_LIBRARIES]
        multiprocessing.get_context("forkserver").set_forkserver_preload(modules)
        multiprocessing.forkserver.ensure_running()


def shared_out(tasks: list[Task], workers: int) -> list[Task]:
    """Divide tasks so that all processes have about as much to do.

    A process cuts a period's tables, and joins each fact table of them, once for all that it makes of them.
    So periods stay whole as long as none has more than a process' share, and there is one for each process.
    Of the rest, analyses of the same fact tables stay together, within a share of it.
    """
    share = sum(len(task.analyses) for task in tasks) / workers
    large = [task for task in tasks if len(task.analyses) > share]
    whole = [task for task in tasks if len(task.analyses) <= share]
    if not large:
        divided = len(whole) % workers
        whole, large = whole[: len(whole) - divided], whole[len(whole) - divided :]
    share = sum(len(task.analyses) for task in large) / workers
    return whole + [part for task in large for part in _by_facts(task, share)]


def _by_facts(task: Task, share: float) -> list[Task]:
    """Divide a task's analyses by their fact tables, most first; one by one where they are more than that."""
    groups: dict[tuple[str, ...], dict[Analysis, Path]] = {}
    for analysis, folder in zip(task.analyses, task.folders, strict=True):
        groups.setdefault(analysis.facts or (analysis.name,), {})[analysis] = folder
    together = [group for group in groups.values() if len(group) <= share]
    apart = [
        {analysis: folder}
        for group in groups.values()
        if len(group) > share
        for analysis, folder in group.items()
    ]
    parts = sorted(together, key=len, reverse=True) + apart
    return [replace(task, analyses=tuple(part), folders=tuple(part.values())) for part in parts]


def _pool(workers: int) -> ProcessPoolExecutor:
    # Never forked from this process, whose engine has been used: its threads would be missing in the child,
    # and it would wait for them for ever. A server that has only imported may be forked, where that is had.
    get_ready()
    begun = multiprocessing.get_context("forkserver" if _can_fork() else "spawn")
    return ProcessPoolExecutor(workers, begun, work_beside)


def _can_fork() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods()


def _run(task: Task) -> int:
    """Make a task's analyses; give their number."""
    data, made = _known(
        task.tables,
        task.first_day,
        task.as_of,
        task.periods,
        task.settings.timezone,
        task.settings.active_days,
    )
    known = Known(
        data=data,
        facts=made,
        period=task.periods[-1],
        periods=task.periods,
        cube=task.cube,
        settings=task.settings,
    )
    with _one_thread():
        for analysis, folder in zip(task.analyses, task.folders, strict=True):
            try:
                frames = analysis.compute(known.declared_by(analysis))
            except Declined as reason:
                keep(folder, analysis, {}, reason)
            else:
                keep(folder, analysis, frames)
    return len(task.analyses)


@lru_cache(maxsize=1)
def _opened(tables: tuple[Path, ...], timezone: str) -> tuple[Connection, dict[str, IbisTable]]:
    connection = connect(timezone)
    connection.raw_sql("SET threads = 1")  # the other cores have processes of their own
    return connection, {f.stem: connection.read_parquet(f, table_name=f"all_{f.stem}") for f in tables}


@lru_cache(maxsize=1)
def _known(
    tables: tuple[Path, ...],
    first_day: date,
    as_of: date,
    periods: tuple[Period, ...],
    timezone: str,
    active_days: int,
) -> tuple[Data, _Facts]:
    """Cut the tables where the last of the periods ends; views, since Ibis is slow to write long queries."""
    connection, given = _opened(tables, timezone)
    data = Data(given, pd.DataFrame(columns=list(LOG_COLUMNS)), first_day, as_of)
    cut = until(data, periods[-1].end)
    named = {n: connection.create_view(f"cut_{n}", t, overwrite=True) for n, t in cut.tables.items()}
    cut = replace(cut, tables=named)
    rows = {file.stem: pq.read_metadata(file).num_rows for file in tables}
    return cut, _Facts(connection, facts(cut, periods, active_days), rows)


@dataclass(frozen=True, eq=False)
class _Facts(Mapping[str, IbisTable]):
    """Fact tables, joined when the first analysis asks for one, and kept for the others if not too large.

    `given`: as expressions; `rows`: how many rows the contract's tables have.
    """

    connection: Connection
    given: Mapping[str, IbisTable]
    rows: Mapping[str, int]
    made: dict[str, IbisTable] = field(default_factory=dict)

    def __getitem__(self, name: str) -> IbisTable:
        if name not in self.made:
            given = self.given[name]
            most = max(self.rows.get(table, 0) for table in fact_named(name).made_from)
            if most <= MOST_ROWS_IN_MEMORY:
                self.made[name] = given.cache()
            else:
                self.made[name] = self.connection.create_view(f"fact_{name}", given, overwrite=True)
        return self.made[name]

    def __contains__(self, name: object) -> bool:
        return name in self.given  # which the mixin would find out by joining it

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let NumPy and its kin work with one thread, whose sums are always in the same order."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # For libraries that an analysis is the first to load, too.
    with environment(dict.fromkeys(_THREADS, "1")), threadpool_limits(1):
        yield
