"""Changes: every tested change of a period, kept by the figures that it rests on."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from crmreport.config import Project
from crmreport.covering import whole_periods
from crmreport.digests import mark
from crmreport.findings.detect import baselines_of, find_changes
from crmreport.frames import read_frame
from crmreport.kept import use, write_whole
from crmreport.periods import Period
from crmreport.results import Results
from crmreport.versions import code_fingerprint, library_versions

FOLDER = "changes"  # in the store
_COMPUTING = ("findings", "metrics", "periods.py", "segments.py")


def changes_of(project: Project, results: Results, period: Period) -> pd.DataFrame:
    """Give the tested changes of a period (see `find_changes`), kept by the figures that they rest on.

    These are the period's own, those with which it is compared, and those of earlier whole periods; what
    comes later changes nothing.
    """
    path = project.store / FOLDER / f"{name_of(project, results, period)}.parquet"
    changes = _read(path)
    if changes is None:
        earlier = _earlier(project, results, period)
        keys = {p.key for p in (*earlier, period, *(before for _, before in baselines_of(period)))}
        cube = results.cube[results.cube["period"].isin(keys)]
        written = io.BytesIO()
        find_changes(cube, period, earlier).to_parquet(written, index=False)
        write_whole(path, written.getvalue())
        changes = read_frame(path)
    use(path)
    return changes


def name_of(project: Project, results: Results, period: Period) -> str:
    """Name the changes of a period after all that they rest on."""
    return mark(
        [
            results.digest(f"cube {period.key}"),
            [p.key for p in _earlier(project, results, period)],
            repr(period),
            code_fingerprint(*_COMPUTING),
            library_versions(),
        ]
    )


def _earlier(project: Project, results: Results, period: Period) -> tuple[Period, ...]:
    return tuple(p for p in whole_periods(project, results, period.kind) if p.end <= period.start)


def _read(path: Path) -> pd.DataFrame | None:
    """Read a kept frame; None if there is none, or if it is broken."""
    try:
        return read_frame(path)
    except (OSError, ValueError):
        return None
