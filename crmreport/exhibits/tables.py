"""Tables: segments side by side, what became of the rows, and what a page was made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pandas as pd

from crmreport.context import Context
from crmreport.display.outputs import Table, Text
from crmreport.exhibits.status import written
from crmreport.findings.detect import YEAR_BEFORE
from crmreport.language import _t, translate, write_date
from crmreport.metrics.figures import verdict
from crmreport.metrics.metric import Metric
from crmreport.segments import UNKNOWN, WHOLE, Segment
from crmreport.slices import fingerprint_of_reads
from crmreport.tables.cleaning.rules import ACTIONS, RULES
from crmreport.versions import page_code

# A sign for each verdict, so that it can be read without colour.
_SIGNS = {"good": "✓", "bad": "✗", "neutral": "•", "unclear": ""}

MOST_REASONS = 8  # lines for what was done to one table in one way; the rest are counted in one


def segments(context: Context, metrics: list[Metric]) -> Table | Text:
    """Show metrics side by side for the segments that have pages, with the clear changes on last year."""
    dimensions = context.project.settings.segments
    if context.segment.is_whole:
        shown = [s for d in dimensions for s in _all_segments(context, metrics, d)]
    else:
        shown = _all_segments(context, metrics, context.segment.dimension)
    if not shown:
        return Text(context.say(_t("The configuration names no segments.")))
    rows = [
        (context.segment_name(segment), *(_cell(context, metric, segment) for metric in metrics))
        for segment in [WHOLE, *shown]
    ]
    return Table(
        columns=(context.say(_t("Segment")), *(context.title(metric) for metric in metrics)),
        align=("left", *["right"] * len(metrics)),
        rows=tuple(rows),
        caption=context.say(
            _t("Segments side by side, {period}"), period=context.period_name(context.period)
        ),
        notes=(
            context.say(
                _t(
                    "Behind a figure: its change on the same period last year, where that is clear; "
                    "✓ favourable, ✗ not."
                )
            ),
        ),
    )


def _all_segments(context: Context, metrics: list[Metric], dimension: str) -> list[Segment]:
    found = {s for metric in metrics for s in context.segments_of(metric, dimension)}
    return sorted(s for s in found if s.value != UNKNOWN)


def _cell(context: Context, metric: Metric, segment: Segment) -> str:
    text = written(context, metric, context.figure(metric, segment, context.period))
    change = context.change(metric, segment, YEAR_BEFORE)
    if not change or not change["is_clear"]:
        return text
    difference = context.writer.difference(metric, change["before_value"], change["difference"])
    sign = _SIGNS[verdict(metric, change["difference"], is_clear=True)]
    return context.say(_t("{value} ({difference} {sign})"), value=text, difference=difference, sign=sign)


_ALL_USED = _t("read, and all used")


def cleaning(context: Context, log: pd.DataFrame) -> Table:
    """Show what became of every row that was read, by table and reason, rare reasons in one line."""
    rows = []
    for name, of_table in log.groupby("table", sort=False):
        if set(of_table["action"]) == {"read", "kept"}:
            count = context.writer.number(of_table["rows"].max())
            rows.append((str(name), context.say(_ALL_USED), "", count))
            continue
        for action, lines in of_table.groupby("action", sort=False):
            lines = lines.sort_values("rows", ascending=False, kind="stable")
            # A line that stands for one other would only hide it.
            shown = lines if len(lines) <= MOST_REASONS + 1 else lines.head(MOST_REASONS)
            said = [
                (cleaning_reason(line, context.language), line["rows"]) for line in shown.to_dict("records")
            ]
            rest = lines.iloc[len(shown) :]
            if len(rest):
                said.append((context.say(_t("{n} more reasons"), n=len(rest)), rest["rows"].sum()))
            done = context.say(ACTIONS[str(action)])
            rows += [(str(name), done, reason, context.writer.number(n)) for reason, n in said]
    return Table(
        columns=tuple(context.say(t) for t in (_t("Table"), _t("What became of it"), _t("Why"), _t("Rows"))),
        align=("left", "left", "left", "right"),
        rows=tuple(rows),
        caption=context.say(_t("Every row that was read, accounted for")),
    )


def cleaning_reason(line: Mapping[str, Any], language: str) -> str:
    """Say why cleaning did what a line of its log says; "" where nothing was changed."""
    if line["rule"] != "configured":
        return translate(RULES[line["rule"]], language, column=line["column"])
    words = json.loads(line["reason"])
    return words if isinstance(words, str) else words.get(language) or next(iter(words.values()))


def sources(context: Context) -> Table:
    """Show what the data were read from: each table with the fingerprint of its source."""
    return Table(
        columns=(context.say(_t("Table")), context.say(_t("Fingerprint of its source"))),
        align=("left", "left"),
        rows=tuple(context.results.data.items()),
        caption=context.say(
            _t("The data reach to {day}"), day=write_date(context.results.as_of, context.language)
        ),
    )


def provenance(context: Context) -> Table:
    """Show what a page was made from, so that it can be made again; the last thing on it.

    It names what the page shows and not the sources, of which newer rows leave older pages as they are.
    """
    rows = (
        (
            _t("Parameters"),
            f"period = {context.period.name}, segment = {context.segment}, language = {context.language}",
        ),
        (
            _t("Fingerprint of its figures"),
            fingerprint_of_reads(context.project, context.results, context.period),
        ),
        (_t("Code"), f"crmreport {version('crmreport')}, {page_code(context.language)[:8]}"),
    )
    return Table(
        columns=("", context.say(_t("This page was made from"))),
        align=("left", "left"),
        rows=tuple((context.say(label), value) for label, value in rows),
    )
