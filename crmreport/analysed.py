"""Analysed: every analysis of a period, computed once and kept beside the cube."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from crmreport.analyses import ANALYSES
from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.config import Project
from crmreport.digests import mark, mark_of
from crmreport.frames import read_frame
from crmreport.language import Phrase
from crmreport.periods import Period
from crmreport.results import Results, whole_periods
from crmreport.tables.data import Data, read_data
from crmreport.tables.facts import facts
from crmreport.tables.until import until

_FOLDER = "analyses"
_ABOUT = "about.json"


@dataclass(frozen=True)
class Analysed:
    """A period's analyses, kept in a folder.

    `kept`: the names of the frames that there are, by analysis, but for the private ones, which only lie in
    the folder; `declined`: why other analyses were not
    computed. What needs tables that are not connected is in neither.
    """

    folder: Path
    kept: dict[str, tuple[str, ...]]
    declined: dict[str, Phrase]

    def frames(self, analysis: str) -> Frames:
        """Read an analysis' frames, by name; none if it was not computed."""
        return {name: self.frame(analysis, name) for name in self.kept.get(analysis, ())}

    def frame(self, analysis: str, name: str) -> pd.DataFrame:
        """Read one frame; a private one, too."""
        return read_frame(self.folder / f"{analysis}.{name}.parquet")

    def digest(self, analysis: str) -> str:
        """Tell what pages may show of an analysis from anything else: its frames, or why there are none."""
        files = [self.folder / f"{analysis}.{name}.parquet" for name in self.kept.get(analysis, ())]
        declined = self.declined.get(analysis)
        return mark(
            [
                [mark_of(file.read_bytes()) for file in files],
                declined and [declined.text, declined.values],
            ]
        )


def analysed(
    project: Project, results: Results, periods: Iterable[Period], analyses: tuple[Analysis, ...] = ANALYSES
) -> dict[str, Analysed]:
    """Give the analyses of these periods, by the period's key; those not kept yet are computed.

    The data are read once for all of them, and only if anything is missing.
    """
    found: dict[str, Analysed] = {}
    data: Data | None = None
    for period in periods:
        folder = results.folder / _FOLDER / period.key
        kept = _load(folder)
        if kept is None:
            data = data or read_data(project)
            _keep(folder, _known(project, results, data, period), results, analyses)
            kept = _load(folder)
        if kept is None:
            raise RuntimeError(f"what has just been written to {folder} cannot be read")
        found[period.key] = kept
    return found


def kept_analyses(project: Project, results: Results, period: Period) -> Analysed | None:
    """Give the analyses of a period if all are kept; None if any would have to be computed."""
    return _load(results.folder / _FOLDER / period.key)


def _known(project: Project, results: Results, data: Data, period: Period) -> Known:
    """Cut everything at the period's end."""
    settings = project.settings
    whole = [p for p in whole_periods(project, results, period.kind) if p.end < period.end]
    periods = (*whole, period)
    cut = until(data, period.end)
    return Known(
        data=cut,
        facts=facts(cut, periods, settings.active_days),
        period=period,
        periods=periods,
        cube=results.cube[results.cube["period"].isin([p.key for p in periods])],
        settings=settings,
    )


def _keep(folder: Path, known: Known, results: Results, analyses: tuple[Analysis, ...]) -> None:
    """Compute the analyses and put them into their folder, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    kept: dict[str, list[str]] = {}
    declined: dict[str, tuple[str, dict[str, object]]] = {}
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".", ignore_cleanup_errors=True) as place:
        made = Path(place, "made")
        made.mkdir()
        for analysis in analyses:
            if not all(results.knows(need) for need in analysis.needs):
                continue
            try:
                frames = analysis.compute(known)
            except Declined as reason:
                declined[analysis.name] = (reason.phrase.text, reason.phrase.values)
                continue
            kept[analysis.name] = [name for name in analysis.columns if name not in analysis.private]
            for name, columns in analysis.columns.items():
                frames[name][list(columns)].to_parquet(made / f"{analysis.name}.{name}.parquet", index=False)
        sizes = {path.name: path.stat().st_size for path in sorted(made.iterdir())}
        about = {"kept": kept, "declined": declined, "sizes": sizes}
        (made / _ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")
        if _load(folder) is None:
            shutil.rmtree(folder, ignore_errors=True)
        try:
            made.rename(folder)
        except OSError:
            if _load(folder) is None:  # else another build was quicker
                raise


def _load(folder: Path) -> Analysed | None:
    """Find what is kept in a folder; None if nothing is, or if it is broken, and must be computed."""
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        if any((folder / name).stat().st_size != size for name, size in about["sizes"].items()):
            return None
        kept = {name: tuple(frames) for name, frames in about["kept"].items()}
        declined = {name: Phrase(text, values) for name, (text, values) in about["declined"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Analysed(folder, kept, declined)
