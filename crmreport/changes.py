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

_COMPUTING = ("findings", "metrics", "periods.py", "segments.py")


def changes_of(project: Project, results: Results, period: Period) -> pd.DataFrame:
    """Give the tested changes of a period (see `find_changes`), kept by the figures that they rest on.

    These are the period's own, those with which it is compared, and those of earlier whole periods; what
    comes later changes nothing.
    """
    earlier = tuple(p for p in whole_periods(project, results, period.kind) if p.end <= period.start)
    figures = results.digest(f"cube {period.key}")
    depends = [
        figures,
        [p.key for p in earlier],
        repr(period),
        code_fingerprint(*_COMPUTING),
        library_versions(),
    ]
    path = project.store / "changes" / f"{mark(depends)}.parquet"
    changes = _read(path)
    if changes is None:
        keys = {p.key for p in (*earlier, period, *(before for _, before in baselines_of(period)))}
        cube = results.cube[results.cube["period"].isin(keys)]
        written = io.BytesIO()
        find_changes(cube, period, earlier).to_parquet(written, index=False)
        write_whole(path, written.getvalue())
        changes = read_frame(path)
    use(path)
    return changes


def _read(path: Path) -> pd.DataFrame | None:
    """Read a kept frame; None if there is none, or if it is broken."""
    try:
        return read_frame(path)
    except (OSError, ValueError):
        return None
