"""Lookup: what the pages of one period look up, laid out once and shared by all pages of a process."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmreport.analysed import Analysed, analysed, kept_analyses
from crmreport.analyses.analysis import Frames
from crmreport.changes import changes_of
from crmreport.config import Project
from crmreport.findings.rank import Finding, find, of_segment
from crmreport.periods import Period
from crmreport.reads import UNREAD
from crmreport.results import Results
from crmreport.segments import WHOLE, Segment
from crmreport.targets import Targets, read_targets

Row = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """Rows of a frame, found by the values of some of their columns; each is made when it is asked for."""

    columns: Mapping[str, list[Any]]
    places: Mapping[tuple[str, ...], int]

    def get(self, *key: str) -> Row | None:
        """Give a row as a dictionary; None where there is none."""
        place = self.places.get(key)
        return None if place is None else {name: values[place] for name, values in self.columns.items()}


def rows_by(columns: Mapping[str, list[Any]], *key: str) -> Rows:
    """Lay rows out, given as columns, by the columns that tell them apart."""
    found = zip(*(columns[name] for name in key), strict=True)
    return Rows(columns, {each: place for place, each in enumerate(found)})


def _arrays(frame: pd.DataFrame) -> dict[str, np.ndarray[Any, Any]]:
    """Give a frame's columns, but for those that no page has."""
    return {str(name): frame[name].to_numpy() for name in frame.columns if name not in UNREAD}


@dataclass(frozen=True)
class Figures:
    """The rows of a cube, a metric's at a time: a page looks at few of them."""

    cube: pd.DataFrame

    @cached_property
    def _columns(self) -> dict[str, np.ndarray[Any, Any]]:
        return _arrays(self.cube)

    @cached_property
    def _places(self) -> dict[str, np.ndarray[Any, Any]]:
        codes, metrics = pd.factorize(self._columns["metric"])
        order = np.argsort(codes, kind="stable")
        return dict(zip(metrics, np.split(order, np.cumsum(np.bincount(codes))[:-1]), strict=True))

    @cached_property
    def _laid_out(self) -> dict[str, Rows]:
        return {}

    def of(self, metric: str) -> Rows:
        """Give a metric's rows, by dimension, segment and the period's key; none of one that is not there."""
        if metric not in self._laid_out:
            places = self._places.get(metric, np.array([], dtype=int))
            columns = {name: array[places].tolist() for name, array in self._columns.items()}
            self._laid_out[metric] = rows_by(columns, "dimension", "segment", "period")
        return self._laid_out[metric]

    def lay_out(self) -> None:
        """Lay out all metrics."""
        for metric in self._places:
            self.of(metric)


@dataclass(frozen=True)
class Lookup:
    """A period's figures, changes, findings and analyses, each kept once it has been asked for.

    Nobody may change the frames: other pages look at the same ones.
    """

    project: Project
    results: Results
    period: Period
    figures: Figures

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Every tested change of the period; see `crmreport.findings.detect.find_changes`."""
        return changes_of(self.project, self.results, self.period)

    @cached_property
    def change_rows(self) -> Rows:
        """The same changes, by metric, dimension, segment and baseline."""
        columns = {name: array.tolist() for name, array in _arrays(self.changes).items()}
        if not columns:
            return Rows({}, {})
        return rows_by(columns, "metric", "dimension", "segment", "baseline")

    @cached_property
    def _findings(self) -> dict[Segment, tuple[Finding, ...]]:
        return {}

    def findings(self, segment: Segment) -> tuple[Finding, ...]:
        """Give the findings about a segment, or the whole company, the weightiest first."""
        if segment not in self._findings:
            self._findings[segment] = self._found(segment)
        return self._findings[segment]

    def _found(self, segment: Segment) -> tuple[Finding, ...]:
        if self.changes.empty:
            return ()
        if segment.is_whole:
            return find(self.changes, self.project.settings.segments)
        return of_segment(self.changes, segment.dimension, segment.value)

    @cached_property
    def analysed(self) -> Analysed:
        """The analyses of the period, of the whole company."""
        return analysed(self.project, self.results, (self.period,))[self.period.key]

    @cached_property
    def _frames(self) -> dict[str, Frames]:
        return {}

    def frames(self, analysis: str) -> Frames:
        """Give an analysis' frames, by name; none if it was not computed."""
        if analysis not in self._frames:
            self._frames[analysis] = self.analysed.frames(analysis)
        return self._frames[analysis]

    @cached_property
    def targets(self) -> Targets:
        """The targets; see `crmreport.targets.read_targets`."""
        return read_targets(self.project)


# What has been looked up of one state of the data.
_KEPT: dict[Hashable, dict[Hashable, Lookup]] = {}


def _of_state(results: Results) -> dict[Hashable, Lookup]:
    """Give what has been looked up of these results; what is of others is forgotten."""
    # The folder is named after all that decides what is in it, but for the day of `is_outdated`.
    state = (results.folder, results.read_otherwise_from)
    if state not in _KEPT:
        _KEPT.clear()
        _KEPT[state] = {}
    return _KEPT[state]


def _key(project: Project, period: Period) -> Hashable:
    return period.key, project.settings.segments


def lookup_of(project: Project, results: Results, period: Period) -> Lookup:
    """Give the lookup of a period: the same one for all pages of it in a process."""
    lookups = _of_state(results)
    key = _key(project, period)
    if key not in lookups:
        figures = next((each.figures for each in lookups.values()), None) or Figures(results.cube)
        lookups[key] = Lookup(project, results, period, figures)
    return lookups[key]


def look_up(project: Project, results: Results, period: Period) -> Lookup:
    """Look up what most pages of a period ask for, beside figures: changes, findings, targets, analyses.

    What is there already is not looked up again; analyses that are not kept are left to the page that asks.
    """
    lookup = lookup_of(project, results, period)
    _ = lookup.change_rows, lookup.targets, lookup.findings(WHOLE)
    if all(kept_analyses(project, results, period).values()):
        _ = lookup.analysed
    cube = results.cube
    for dimension in project.settings.segments:
        for value in cube.loc[cube["dimension"] == dimension, "segment"].unique():
            lookup.findings(Segment(dimension, str(value)))
    return lookup


def share_lookups(lookups: Iterable[Lookup]) -> None:
    """Let pages find these, here and in processes forked from this one, with all figures laid out.

    Nothing is read: reading Parquet starts threads, with which a process must not be forked.
    """
    for lookup in lookups:
        _of_state(lookup.results)[_key(lookup.project, lookup.period)] = lookup
        lookup.figures.lay_out()
