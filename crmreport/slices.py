"""Slices: a digest of each part of the results that a page may have looked at; see `crmreport.reads`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from crmreport.analysed import kept_analyses
from crmreport.changes import FOLDER, name_of
from crmreport.config import Project
from crmreport.context import commentary_file
from crmreport.covering import covered
from crmreport.digests import digests_by, frame_digest, mark, mark_of
from crmreport.kept import kept_value, read_kept, write_whole
from crmreport.lookup import Lookup, lookup_of
from crmreport.periods import Kind, Period
from crmreport.reads import UNREAD, noted
from crmreport.results import Results
from crmreport.segments import ALL, WHOLE
from crmreport.targets import read_targets
from crmreport.versions import code_fingerprint

# What decides the digests of changes, beside the changes.
_TELLING = ("findings", "digests.py", "lookup.py", "slices.py")


@dataclass(frozen=True)
class Slices:
    """The digests of what pages of some periods read, each found out once; `periods`: by their keys.

    Those of changes and analyses are written down, by what these rest on, so that of a month in which nothing
    changed neither is looked at.
    """

    project: Project
    results: Results
    periods: dict[str, Period]

    def digest(self, read: str) -> str | None:
        """Give what a read gave a digest; None for an analysis that would have to be computed first."""
        if read not in self._known:
            self._known[read] = self._find(read)
        return self._known[read]

    def anew(self) -> Slices:
        """Give the same, to find out again."""
        return replace(self)

    @cached_property
    def _known(self) -> dict[str, str | None]:
        return {}

    def _find(self, read: str) -> str | None:
        kind, *words = read.split(" ", 3)
        match kind:
            case "change":
                return self._of_changes(words[1], read)
            case "changes" | "findings":
                return self._of_changes(words[0], read)
            case "analysis":
                return self._of_analyses(words[1], read)
            case "target":
                return self._targets.get(words[0], "")
            case "commentary":
                path = commentary_file(self.project, words[0], words[1])
                return mark_of(path.read_bytes()) if path else ""
            case "chapters":
                return self._chapters
        return self.results.digest(read)

    def _period(self, key: str) -> Period | None:
        """Find the period of a read; None for a part of another one, which its key does not tell."""
        if key in self.periods:
            return self.periods[key]
        period = covered(self.project, self.results, key)
        return None if period.kind is Kind.RANGE else period

    def _of_changes(self, key: str, read: str) -> str | None:
        if f"changes {key}" not in self._known:
            period = self._period(key)
            if period is None:
                return None
            lookup = lookup_of(self.project, self.results, period)
            depends = [
                name_of(self.project, self.results, period),
                self.project.settings.segments,
                code_fingerprint(*_TELLING),
            ]
            folder = self.project.store / FOLDER
            self._known.update(kept_value(folder, depends, lambda: _digests(lookup)))
        return self._known.get(read, "")

    def _of_analyses(self, key: str, read: str) -> str | None:
        period = self._period(key)
        if period is None:
            return None
        path = self.results.folder / f"analyses-{key}.json"
        found: dict[str, str | None] | None = read_kept(path)
        if found is None:
            kept = kept_analyses(self.project, self.results, period)
            found = {f"analysis {name} {key}": each.digest if each else None for name, each in kept.items()}
            if None not in found.values():
                write_whole(path, json.dumps(found, indent=1).encode())
        self._known.update(found)
        return found.get(read, "")

    @cached_property
    def _targets(self) -> dict[str, str]:
        by_metric: dict[str, list[tuple[str, str, float]]] = {}
        for (metric, period, segment), target in sorted(read_targets(self.project).items()):
            by_metric.setdefault(metric, []).append((period, segment, target))
        return {metric: mark(targets) for metric, targets in by_metric.items()}

    @property
    def _chapters(self) -> str:
        """Tell the chapters' notebooks, which say what a defect of the data touches."""
        files = [self.project.notebooks / f"{name}.ipynb" for name in self.project.settings.chapters]
        return mark([mark_of(path.read_bytes()) for path in files if path.is_file()])


def slices_of(project: Project, results: Results, periods: Iterable[Period]) -> Slices:
    """Give the slices of a project's results for pages of these periods."""
    return Slices(project, results, {period.key: period for period in periods})


def fingerprint_of_reads(project: Project, results: Results, period: Period) -> str:
    """Tell what this process has read so far from anything else that it might have read."""
    slices = slices_of(project, results, [period])
    return mark({read: slices.digest(read) for read in noted()})


def _digests(lookup: Lookup) -> dict[str, str]:
    """Give a period's changes digests, by the reads that ask for them."""
    changes, period = lookup.changes, lookup.period.key
    found = {
        f"changes {period}": frame_digest(changes),
        f"findings {period} {ALL}": mark(repr(lookup.findings(WHOLE))),
    }
    if changes.empty:
        return found
    # The error rates of all tests hang together; a sentence tells them, a figure does not.
    tested = digests_by(changes.drop(columns=["q", *UNREAD], errors="ignore"), "metric", "dimension")
    segments = digests_by(changes[changes["dimension"] != ALL], "dimension", "segment")
    return (
        found
        | {f"change {_of_period(name, period)}": digest for name, digest in tested.items()}
        | {f"findings {period} {_segment(name)}": digest for name, digest in segments.items()}
    )


def _of_period(name: str, period: str) -> str:
    """Put the period between the names of a metric and a dimension."""
    metric, _, dimension = name.partition(" ")
    return f"{metric} {period} {dimension}"


def _segment(name: str) -> str:
    """Write a segment as `crmreport.reads.note` does."""
    dimension, _, value = name.partition(" ")
    return " ".join(f"{dimension}={value}".splitlines())
