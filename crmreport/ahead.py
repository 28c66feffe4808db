"""Ahead: analyses made beside what comes before them, as soon as what they rest on is there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from crmreport.analysed import tasks_of
from crmreport.analysing import MOST_ROWS_IN_MEMORY, get_ready, run_tasks
from crmreport.config import Project
from crmreport.language import _t
from crmreport.pages.needs import SHOWS_ANALYSES
from crmreport.pages.plan import chapters_of
from crmreport.periods import Period
from crmreport.results import Read, Results
from crmreport.stages import Report
from crmreport.tables.data import Data
from crmreport.tables.remote import is_remote
from crmreport.tables.remote.brought import leave_rows

LOOK_SECONDS = 0.5


class Ahead:
    """Makes a build's analyses beside the figures; see `crmreport.results.Beside`. Ended on leaving.

    First those that rest on tables alone, then those that rest on figures. Of tables that lie in another
    engine it makes none, nor of long ones: beside the figures they would take the memory of both. These are
    made when the figures are there.
    """

    def __init__(
        self,
        project: Project,
        periods: Callable[[Read], tuple[Period, ...]],
        others: Callable[[], None],
        workers: int,
        report: Report,
    ) -> None:
        """`periods`: those of which analyses are shown, given what the data cover; `others` begins others."""
        self._project, self._periods, self._workers, self._report = project, periods, workers, report
        self._begin_others = others
        self._made, self._all, self._is_left = 0, 0, False
        self._threads = ThreadPoolExecutor(2)
        self._running: list[Future[None]] = []
        self._data: Data | None = None
        self._place = TemporaryDirectory(prefix="crmreport-")

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_left = True
        self._threads.shutdown()
        self._place.cleanup()

    def get_ready(self) -> None:
        """Have the processes load what they need."""
        if self._workers > 1 and self._shows_any:
            get_ready()
        self._begin_others()

    def begin(self, read: Read, data: Data) -> None:
        """Begin those that rest on tables alone; the tables themselves are left for `rows_here`."""
        if is_remote(self._project.settings) or not self._shows_any:
            return
        leave_rows(self._project, data)
        if read.digests.groupby("table")["rows"].sum().max() > MOST_ROWS_IN_MEMORY:
            return
        self._data = data
        self._run(read, None)

    def go_on(self, results: Results) -> None:
        """Begin the others, now that the figures are there."""
        if self._data is not None:
            self._run(results, results.of_company)

    def finish(self) -> None:
        """Wait until all are made. Raises what was raised there."""
        while self._running:
            self._report(_t("Analysing the data"), self._made, self._all)
            for done in wait(self._running, LOOK_SECONDS).done:
                self._running.remove(done)
                done.result()

    def _run(self, read: Read, figures: pd.DataFrame | None) -> None:
        assert self._data is not None
        place = Path(self._place.name)
        tasks = tasks_of(self._project, read, figures, self._data, self._periods(read), place)
        self._all += sum(len(task.analyses) for task in tasks)
        if self._workers < 2:
            run_tasks(tasks, self._workers, self._count)
        elif tasks:
            self._running.append(self._threads.submit(run_tasks, tasks, self._workers, self._count))

    @property
    def _shows_any(self) -> bool:
        chapters = chapters_of(self._project)
        return any(SHOWS_ANALYSES in c.path.read_text(encoding="utf-8") for c in chapters)

    def _count(self, made: int) -> None:
        self._made += made
        if self._is_left:
            raise InterruptedError  # so that what has not begun does not
