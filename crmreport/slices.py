"""Slices: a digest of each part of the results that a page may have looked at; see `crmreport.reads`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from crmreport.analysed import Analysed, kept_analyses
from crmreport.config import Project
from crmreport.context import commentary_file
from crmreport.digests import digests_by, frame_digest, mark, mark_of
from crmreport.kept import write_whole
from crmreport.periods import Period
from crmreport.reads import noted
from crmreport.results import Results, changes_of
from crmreport.segments import ALL
from crmreport.targets import read_targets


@dataclass(frozen=True)
class Slices:
    """The digests of what pages of one period read."""

    project: Project
    results: Results
    period: Period

    def digest(self, read: str) -> str | None:
        """Give what a read gave a digest; None for an analysis that would have to be computed first."""
        kind, *rest = read.split(" ", 2)
        match kind:
            case "change" | "changes" | "findings":
                return self._changes.get(read, "")
            case "analysis":
                return self._analysed.digest(rest[0]) if self._analysed else None
            case "target":
                return self._targets.get(rest[0], "")
            case "commentary":
                path = commentary_file(self.project, rest[0], rest[1])
                return mark_of(path.read_bytes()) if path else ""
            case "chapters":
                return self._chapters
            case _:
                return self.results.digest(read)

    @property
    def _analysed(self) -> Analysed | None:
        return kept_analyses(self.project, self.results, self.period)

    @cached_property
    def _changes(self) -> dict[str, str]:
        """Find the digests of the changes; they are written down, since a build asks for those of all pages."""
        path = self.results.folder / f"changes-{self.period.key}.json"
        found = _read(path)
        if found is None:
            found = _of_changes(changes_of(self.project, self.results, self.period), self.period.key)
            write_whole(path, json.dumps(found, indent=1).encode())
        return found

    @cached_property
    def _targets(self) -> dict[str, str]:
        by_metric: dict[str, list[tuple[str, str, float]]] = {}
        for (metric, period, segment), target in sorted(read_targets(self.project).items()):
            by_metric.setdefault(metric, []).append((period, segment, target))
        return {metric: mark(targets) for metric, targets in by_metric.items()}

    @cached_property
    def _chapters(self) -> str:
        """Tell the chapters' notebooks, which say what a defect of the data touches."""
        files = [self.project.notebooks / f"{name}.ipynb" for name in self.project.settings.chapters]
        return mark([mark_of(path.read_bytes()) for path in files if path.is_file()])


def _of_changes(changes: pd.DataFrame, period: str) -> dict[str, str]:
    if changes.empty:
        return {}
    # The error rates of all tests hang together; a sentence tells them, a figure does not.
    tested = digests_by(changes.drop(columns="q"), "metric")
    segments = digests_by(changes[changes["dimension"] != ALL], "dimension", "segment")
    whole = frame_digest(changes)
    return {
        f"changes {period}": whole,
        f"findings {period} {ALL}": whole,
        **{f"change {metric} {period}": digest for metric, digest in tested.items()},
        **{f"findings {period} {_segment(name)}": digest for name, digest in segments.items()},
    }


def _segment(name: str) -> str:
    dimension, _, value = name.partition(" ")
    return " ".join(f"{dimension}={value}".splitlines())  # as `crmreport.reads.note` writes it


def _read(path: Path) -> dict[str, str] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def fingerprint_of_reads(project: Project, results: Results, period: Period) -> str:
    """Tell what this process has read so far from anything else that it might have read."""
    slices = Slices(project, results, period)
    return mark({read: slices.digest(read) for read in noted()})
