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
from crmreport.language import Phrase
from crmreport.periods import Period
from crmreport.results import Results, whole_periods
from crmreport.tables.data import Data, read_data
from crmreport.tables.facts import facts
from crmreport.tables.until import until

_FOLDER = "analyses"
_DECLINED = "declined.json"


@dataclass(frozen=True)
class Analysed:
    """A period's analyses.

    `frames`: by the analysis' name, those that were computed, without the private ones; `declined`: why
    others were not. What needs tables that are not connected is in neither.
    """

    frames: dict[str, Frames]
    declined: dict[str, Phrase]


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
        kept = _load(folder, analyses)
        if kept is None:
            data = data or read_data(project)
            _keep(folder, _known(project, results, data, period), results, analyses)
            kept = _load(folder, analyses)
        if kept is None:
            raise RuntimeError(f"what has just been written to {folder} cannot be read")
        found[period.key] = kept
    return found


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
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".", ignore_cleanup_errors=True) as place:
        made = Path(place, "made")
        made.mkdir()
        declined = {}
        for analysis in analyses:
            if not all(results.knows(need) for need in analysis.needs):
                continue
            try:
                frames = analysis.compute(known)
            except Declined as reason:
                declined[analysis.name] = [reason.phrase.text, reason.phrase.values]
                continue
            for name, columns in analysis.columns.items():
                frames[name][list(columns)].to_parquet(made / f"{analysis.name}.{name}.parquet", index=False)
        (made / _DECLINED).write_text(json.dumps(declined, indent=1, sort_keys=True), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            made.rename(folder)
        except OSError:
            if not folder.exists():  # else another build was quicker
                raise


def _load(folder: Path, analyses: tuple[Analysis, ...]) -> Analysed | None:
    """Read what is kept in a folder; None if nothing is, or if it is broken, and must be computed."""
    try:
        reasons = json.loads((folder / _DECLINED).read_text(encoding="utf-8"))
        frames: dict[str, Frames] = {}
        for analysis in analyses:
            paths = {name: folder / f"{analysis.name}.{name}.parquet" for name in analysis.columns}
            if any(path.is_file() for path in paths.values()):
                shown = {name: path for name, path in paths.items() if name not in analysis.private}
                frames[analysis.name] = {name: pd.read_parquet(path) for name, path in shown.items()}
        return Analysed(frames, {name: Phrase(text, values) for name, (text, values) in reasons.items()})
    except (OSError, ValueError, TypeError):  # Arrow's own errors are among the first two
        return None
