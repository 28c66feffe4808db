"""Context: one period, one segment, one language; the figures and names that a page needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from crmreport.analysed import Analysed
from crmreport.analyses.analysis import Frames
from crmreport.config import Project
from crmreport.errors import UserError, suggestion
from crmreport.findings.detect import PREVIOUS, YEAR_BEFORE, baselines_of
from crmreport.findings.rank import Finding, headlines
from crmreport.findings.sentences import Speaker
from crmreport.language import _t, translate, write_period
from crmreport.lookup import Lookup, Row, lookup_of
from crmreport.metrics import METRICS
from crmreport.metrics.figures import Writer
from crmreport.metrics.metric import Metric
from crmreport.periods import Kind, Period
from crmreport.reads import note
from crmreport.results import Results
from crmreport.segments import UNKNOWN, WHOLE, Segment
from crmreport.tables.contract import dimension_title
from crmreport.targets import target_of

TREND_PERIODS = {Kind.MONTH: 13, Kind.QUARTER: 9, Kind.WEEK: 26, Kind.YEAR: 6, Kind.DAY: 28, Kind.RANGE: 1}


@dataclass(frozen=True)
class Context:
    """What a page is about, and how to look anything up for it."""

    project: Project
    results: Results
    period: Period
    segment: Segment
    language: str

    @cached_property
    def _lookup(self) -> Lookup:
        return lookup_of(self.project, self.results, self.period)

    # Figures

    def figure(self, metric: Metric, segment: Segment, period: Period) -> Row | None:
        """Give one row of the cube; None where there is none."""
        note(f"figures {metric.name} {period.key} {segment.dimension}")
        return self._lookup.figures.of(metric.name).get(segment.dimension, segment.value, period.key)

    def has(self, metric: Metric) -> bool:
        """Say whether the data know the metric at all."""
        return self.figure(metric, WHOLE, self.period) is not None

    def segments_of(self, metric: Metric, dimension: str) -> tuple[Segment, ...]:
        """List the segments of a dimension for which there are figures in the period, largest first."""
        note(f"figures {metric.name} {self.period.key} {dimension}")
        rows = self._lookup.figures.of(metric.name)
        sizes = rows.columns["denominator" if metric.has_cases else "value"]
        found = [
            (name == UNKNOWN, -size if (size := sizes[place]) == size else 0.0, name)
            for (of, name, period), place in rows.places.items()
            if of == dimension and period == self.period.key
        ]
        return tuple(Segment(dimension, name) for *_, name in sorted(found))

    def trend_periods(self) -> tuple[Period, ...]:
        """List the periods that a trend shows, oldest first, the page's own last; as far as the data go."""
        note("first_day")
        periods = [self.period]
        for _ in range(TREND_PERIODS[self.period.kind] - 1):
            first = periods[0]
            whole = self.project.settings.calendar.period(first.name) if first.is_partial else first
            periods.insert(0, whole.predecessor())
        return tuple(p for p in periods if p.end > self.results.first_day)

    # What else was computed

    @property
    def analysed(self) -> Analysed:
        """The analyses of the period, of the whole company."""
        return self._lookup.analysed

    def frames(self, analysis: str) -> Frames:
        """Give the frames of an analysis, by name; nobody may change them."""
        note(f"analysis {analysis} {self.period.key}")
        return self._lookup.frames(analysis)

    @property
    def funnel(self) -> pd.DataFrame:
        """How far leads came, by the segment's dimension; see `crmreport.analyses.pipeline.funnel`."""
        note(f"funnel {self.period.key} {self.segment.dimension}")
        note(f"funnel {self.period.year_before().key} {self.segment.dimension}")
        return self.results.funnel[self.results.funnel["dimension"] == self.segment.dimension]

    @property
    def cleaning(self) -> pd.DataFrame:
        """What became of every row; see `crmreport.tables.cleaning.rules`."""
        note("cleaning")
        return self.results.cleaning

    @property
    def quality(self) -> pd.DataFrame:
        """What is amiss in the data; see `crmreport.quality.checks`."""
        note("quality")
        return self.results.quality

    # Changes and findings

    @property
    def changes(self) -> pd.DataFrame:
        """Every tested change of the period; see `crmreport.findings.detect.find_changes`."""
        note(f"changes {self.period.key}")
        return self._lookup.changes

    def change(self, metric: Metric, segment: Segment, baseline: str) -> Row | None:
        """Give one tested change; None where the two figures cannot be compared."""
        note(f"change {metric.name} {self.period.key} {segment.dimension}")
        return self._lookup.change_rows.get(metric.name, segment.dimension, segment.value, baseline)

    def main_change(self, metric: Metric, segment: Segment) -> Row | None:
        """Give the change to speak of: on last year where that is known, else on the period before."""
        for baseline in (YEAR_BEFORE, PREVIOUS):
            found = self.change(metric, segment, baseline)
            if found:
                return found
        return None

    def baselines(self) -> tuple[tuple[str, Period], ...]:
        """Give the baselines with their periods."""
        return baselines_of(self.period)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings about the segment, the weightiest first."""
        note(f"findings {self.period.key} {self.segment}")
        return self._lookup.findings(self.segment)

    def headlines(self, count: int) -> tuple[Finding, ...]:
        """Give the findings that matter most."""
        return headlines(self.findings, count)

    # Targets and what people write

    def target(self, metric: Metric, segment: Segment, period: Period) -> float | None:
        """Give a figure's target, if it has one."""
        note(f"target {metric.name}")
        return target_of(self._lookup.targets, metric.name, period.name, str(segment))

    def commentary_file(self) -> Path | None:
        """Find what a person wrote about the period: in the page's language, or else in any."""
        note(f"commentary {self.period.name} {self.language}")
        return commentary_file(self.project, self.period.name, self.language)

    # Names and words

    def metric(self, name: str) -> Metric:
        """Give a metric's declaration. UserError if there is none of that name."""
        found = {m.name: m for m in METRICS}
        if name not in found:
            raise UserError(
                _t("{name} is not a metric. {suggestion}"), name=name, suggestion=suggestion(name, found)
            )
        return found[name]

    @cached_property
    def writer(self) -> Writer:
        """Writes figures in the page's language."""
        return Writer(self.language, self.project.settings.currency)

    @cached_property
    def speaker(self) -> Speaker:
        """Says findings in the page's language."""
        return Speaker(
            writer=self.writer,
            period=self.period_name(self.period),
            period_name=lambda key: self.period_name(self.project.settings.calendar.period(key)),
            segment_name=lambda dimension, value: self.segment_name(Segment(dimension, value)),
            dimension_name=self.dimension_in_sentence,
        )

    def say(self, text: str, /, **values: object) -> str:
        """Give a marked text in the page's language."""
        return translate(text, self.language, **values)

    def title(self, metric: Metric) -> str:
        """Write a metric's title."""
        return self.say(metric.title)

    def period_name(self, period: Period) -> str:
        """Write a period: October 2025."""
        return write_period(period, self.language)

    def segment_name(self, segment: Segment) -> str:
        """Write a segment: North, or its label in the configuration."""
        if segment.is_whole:
            return self.say(_t("Whole company"))
        if segment.value == UNKNOWN:
            return self.say(_t("unknown"))
        return self.label(segment.value)

    def label(self, value: str) -> str:
        """Write a value of the data: as it is, or as the configuration labels it in the page's language."""
        return self.project.settings.labels.get(self.language, {}).get(value, value)

    def dimension_name(self, dimension: str) -> str:
        """Write a dimension: Region."""
        return self.say(dimension_title(dimension))

    def dimension_in_sentence(self, dimension: str) -> str:
        """Write a dimension within a sentence: region."""
        return self.dimension_name(dimension).lower()

    def segment_title(self) -> str:
        """Write the page's segment with its dimension: Region: North."""
        if self.segment == WHOLE:
            return self.segment_name(self.segment)
        return self.say(
            _t("{dimension}: {segment}"),
            dimension=self.dimension_name(self.segment.dimension),
            segment=self.segment_name(self.segment),
        )


def commentary_file(project: Project, period: str, language: str) -> Path | None:
    """Find what a person wrote about a period: in one language, or else in any."""
    folder = project.book / "commentary"
    for name in (f"{period}.{language}.md", f"{period}.md"):
        if (folder / name).is_file():
            return folder / name
    return None
