"""Review: what a notebook's cells take from; one period, one segment, one language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from crmreport.analyses import analysis_named
from crmreport.analyses.analysis import Analysis
from crmreport.config import nearest_project, read_project
from crmreport.context import Context
from crmreport.covering import covered, last_complete
from crmreport.display.outputs import Cards, Chart, Table, Text, in_book
from crmreport.errors import UserError, suggestion
from crmreport.exhibits import cards, commentary, quality, tables
from crmreport.exhibits.analyses import EXHIBITS
from crmreport.exhibits.breakdown import comparison, split
from crmreport.exhibits.funnel import funnel
from crmreport.exhibits.trend import trend
from crmreport.language import LANGUAGES, _t
from crmreport.metrics.metric import Metric
from crmreport.pages.plan import chapters_of
from crmreport.pages.touched import quality_of
from crmreport.reads import note
from crmreport.results import Results, compute_results
from crmreport.segments import ALL, WHOLE, Segment, parse_segment
from crmreport.tables.facts import DIMENSIONS


@dataclass(frozen=True)
class Review:
    """What a page shows: each method makes one exhibit of the page's period and segment.

    Where the data know nothing of it, an exhibit says which table to connect. `context` gives the figures
    behind them: `context.results.cube` is the whole cube, a frame.
    """

    context: Context

    def cards(self, *metrics: str, most: int | None = None) -> Cards:
        """Show key figures: value, interval, changes, target and the last periods of each metric named.

        Metrics that the data do not know are left out; `most`: how many of the others are shown.
        """
        return cards.cards(self.context, self._known(metrics)[:most])

    def commentary(self, count: int = 3) -> Text:
        """Say what changed most in the period, why, how surely, and what to do."""
        return commentary.commentary(self.context, count)

    def evidence(self, count: int = 3) -> Table | Text:
        """Show the numbers behind each sentence of the commentary."""
        return commentary.evidence(self.context, count)

    def written(self) -> Text:
        """Show what a person wrote about the period, in ``book/commentary/<period>.md``."""
        return commentary.written(self.context)

    def trend(self, metric: str) -> Chart | Text:
        """Draw a metric over time, with its interval, the year before and its targets."""
        declared = self.context.metric(metric)
        return trend(self.context, declared) if self.context.has(declared) else self._no_data(declared.table)

    def compare(self, metric: str, *dimensions: str) -> Chart | Text:
        """Draw a metric by segment, with intervals, beside last year's.

        Of the dimensions, the first that the data know is used.
        """
        return self._by_segment(metric, dimensions, comparison)

    def split(self, metric: str, *dimensions: str) -> Chart | Text:
        """Draw how an amount splits into segments, beside last year's; dimensions as in `compare`."""
        return self._by_segment(metric, dimensions, split)

    def funnel(self) -> Chart | Text:
        """Draw how far the leads came within their first 60 days, stage by stage."""
        note("knows stage_history")
        stages = self.context.funnel
        if self.context.results.funnel.empty:
            return self._no_data("stage_history")
        return funnel(self.context, stages)

    def analysis(self, name: str) -> Chart | Table | Text:
        """Show what an analysis found about the whole company; `name`: its own and the exhibit's.

        Such as ``rfm.segments``; see `crmreport.exhibits.analyses`. Where the data do not allow the analysis,
        its place says why.
        """
        if name not in EXHIBITS:
            raise UserError(
                _t("{name} is not an exhibit of an analysis. {suggestion}"),
                name=name,
                suggestion=suggestion(name, EXHIBITS),
            )
        declared = analysis_named(name.partition(".")[0])
        lacking = [need for need in declared.needs if not self.context.results.knows(need)]
        if lacking:
            return self._no_data(lacking[0])
        note(f"analysis {declared.name} {self.context.period.key}")
        found = self.context.analysed
        if declared.name in found.declined:
            return self._declined(declared, name)
        return EXHIBITS[name](self.context, self.context.frames(declared.name))

    def _declined(self, analysis: Analysis, exhibit: str) -> Text:
        """Say why an analysis was not made, where its first exhibit would be; the others say nothing."""
        first = next(name for name in EXHIBITS if name.partition(".")[0] == analysis.name)
        if exhibit != first:
            return Text("")
        say = self.context.say
        reason = self.context.analysed.declined[analysis.name].say(self.context.language)
        return Text(say(_t("{title}: {reason}"), title=say(analysis.title), reason=reason))

    def frame(self, analysis: str, name: str) -> pd.DataFrame:
        """Give a frame of an analysis as it is; the glossary says what its columns mean.

        Frames with a row per customer are for your own work: no page of a book may show one.
        """
        declared = analysis_named(analysis)
        if name in declared.private and in_book():
            raise UserError(
                _t(
                    "{analysis}.{name} has a row per customer, and cannot be shown in a book. Open the "
                    "notebook in JupyterLab for it."
                ),
                analysis=analysis,
                name=name,
            )
        note(f"analysis {declared.name} {self.context.period.key}")
        found = self.context.analysed
        known = [*found.kept.get(analysis, ()), *(declared.private if analysis in found.kept else ())]
        if name not in known:
            raise UserError(
                _t("{analysis} has no frame {name}. {suggestion}"),
                analysis=analysis,
                name=name,
                suggestion=suggestion(name, known),
            )
        return found.frame(analysis, name)

    def segments(self, *metrics: str) -> Table | Text:
        """Show metrics side by side for the segments that have pages of their own."""
        return tables.segments(self.context, self._known(metrics))

    def cleaning(self) -> Table:
        """Show what became of every row that was read."""
        return tables.cleaning(self.context, self.context.cleaning)

    def problems(self) -> Table | Text:
        """List what is amiss in the data, and the chapters that it touches."""
        note("chapters")
        note("quality")
        chapters = chapters_of(self.context.project)
        checked = quality_of(self.context.project, self.context.results)
        return quality.problems(self.context, checked, {c.name: c.title for c in chapters})

    def completeness(self) -> Chart | Text:
        """Draw how full the columns are that have empty cells, the emptiest first."""
        return quality.completeness(self.context, self.context.quality)

    def volume(self, table: str) -> Chart | Text:
        """Draw how many rows a table has in each month, beside those to be expected.

        Empty for a table that is not connected, or whose rows have no time.
        """
        return quality.volume(self.context, self.context.quality, table)

    def sources(self) -> Table:
        """Show what the data were read from, and to which day they reach."""
        note("sources")
        return tables.sources(self.context)

    def provenance(self) -> Table:
        """Show what the page was made from, so that it can be made again."""
        return tables.provenance(self.context)

    def _known(self, names: tuple[str, ...]) -> list[Metric]:
        found = [self.context.metric(name) for name in names]
        return [metric for metric in found if self.context.has(metric)]

    def _by_segment(
        self, name: str, dimensions: tuple[str, ...], draw: Callable[[Context, Metric, str], Chart]
    ) -> Chart | Text:
        metric = self.context.metric(name)
        if not self.context.has(metric):
            return self._no_data(metric.table)
        for dimension in dimensions:
            if dimension not in DIMENSIONS:
                raise UserError(
                    _t("{name} is not a dimension. {suggestion}"),
                    name=dimension,
                    suggestion=suggestion(dimension, DIMENSIONS),
                )
        known = [d for d in dimensions if self.context.segments_of(metric, d)]
        if known:
            return draw(self.context, metric, known[0])
        names = ", ".join(self.context.dimension_name(d) for d in dimensions)
        return Text(
            self.context.say(
                _t("The data do not say by what to split this ({dimensions})."), dimensions=names
            )
        )

    def _no_data(self, table: str) -> Text:
        return Text(self.context.say(_t("No data for this: connect `{table}`."), table=table))


def open_review(
    project: str = ".", period: str | None = None, segment: str = "all", language: str = "en"
) -> Review:
    """Open the review of one period and segment; what is computed once is kept in the project's folder.

    `project`: folder with a `_config.yml`, or one inside it. `period`: such as 2025-10, 2025-Q4, 2025-W41,
    2025 or 2025-10-01..2025-10-09; the last complete one if not given. `segment`: ``all``, or one such as
    ``region=North``. `language`: en or zh_CN. Raises UserError, naming the cure, for any of these that
    cannot be.
    """
    found = read_project(nearest_project(project))
    if language not in LANGUAGES:
        raise UserError(
            _t("{language} is not a language of the review. {suggestion}"),
            language=language,
            suggestion=suggestion(language, LANGUAGES),
        )
    results = compute_results(found, () if period is None else (period,))
    chosen = last_complete(found, results, 1)[-1] if period is None else covered(found, results, period)
    return Review(Context(found, results, chosen, segment_in(results, segment), language))


def segment_in(results: Results, segment: str) -> Segment:
    """Read a segment that the data have. UserError for any other."""
    try:
        part = parse_segment(segment)
    except ValueError:
        raise UserError(
            _t("{name} is not a segment. Write all, or one such as region=North."), name=segment
        ) from None
    if part == WHOLE:
        return part
    cube = results.cube
    values = cube.loc[cube["dimension"] == part.dimension, "segment"].unique().tolist()
    if part.value not in values:
        dimensions = sorted(set(cube["dimension"]) - {ALL})
        raise UserError(
            _t("The data have no segment {segment}. {suggestion}"),
            segment=segment,
            suggestion=suggestion(part.value, values) if values else suggestion(part.dimension, dimensions),
        )
    return part
