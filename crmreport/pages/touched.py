"""Touched: which chapters rest on which tables and columns, and so are touched by a defect of the data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pandas as pd

from crmreport.config import Project
from crmreport.metrics import METRICS
from crmreport.metrics.metric import Metric, parts_of
from crmreport.pages.needs import calls_of, needs_of
from crmreport.pages.plan import Chapter, chapters_of, read_notebook
from crmreport.quality.checks import OK
from crmreport.results import Results
from crmreport.tables.contract import TABLES
from crmreport.tables.facts import DIMENSIONS, fact_named

# What a review is asked for by name, and what speaks of whatever there is; see `crmreport.review.Review`.
_NAMED = ("cards", "trend", "compare", "split", "segments")
_OF_ALL = ("commentary", "evidence")

# Checks whose defects touch only what shows the column; a missing reference loses the whole row its segments.
_OF_A_COLUMN = ("completeness", "validity")

_COLUMN = re.compile(r"_\.(\w+)")
_COLUMNS = {table.name: tuple(column.name for column in table.columns) for table in TABLES}


def quality_of(project: Project, results: Results) -> pd.DataFrame:
    """Give the checks of the data with `chapters`: a tuple of the names of those that a defect touches.

    A defect of a whole table touches each chapter that rests on it; one of a column those that show it.
    """
    reads = {chapter.name: reads_of(chapter) for chapter in chapters_of(project)}
    quality = results.quality
    places = [
        f"{table}.{column}" if check in _OF_A_COLUMN and column in _COLUMNS[table] else table
        for table, column, check in zip(quality["table"], quality["column"], quality["check"], strict=True)
    ]
    touched = [
        () if verdict == OK else tuple(name for name, read in reads.items() if place in read)
        for place, verdict in zip(places, quality["verdict"], strict=True)
    ]
    return quality.assign(chapters=pd.Series(touched, index=quality.index, dtype=object))


@cache
def reads_of(chapter: Chapter) -> frozenset[str]:
    """Name the tables (``orders``) and columns (``orders.amount``) of the contract that a chapter rests on.

    They are read from its notebook: the tables that it needs, and the metrics and dimensions that its cells
    ask for by name; one that comments on the period rests on all of them.
    """
    reads = set(chapter.needs)
    dimensions: set[str] = set()
    for cell in read_notebook(chapter.path).cells:
        reads |= set(needs_of(cell))
        for method, names in calls_of(cell):
            is_of_all = method in _OF_ALL
            if is_of_all or method in _NAMED:
                reads |= {p for m in METRICS if is_of_all or m.name in names for p in _reads_of_metric(m)}
                dimensions |= set(DIMENSIONS) if is_of_all else names & set(DIMENSIONS)
    tables = {place.partition(".")[0] for place in reads}
    # Every metric may be split by what its own table or the customer's says.
    tables |= {"customers"} if any(d in _COLUMNS["customers"] for d in dimensions) else set()
    columns = [(t.name, c) for t in TABLES if t.name in tables for c in t.columns]
    shown = {f"{table}.{c.name}" for table, c in columns if c.required or c.name in dimensions}
    return frozenset(reads | tables | shown)


@cache
def _reads_of_metric(metric: Metric) -> tuple[str, ...]:
    """Name the tables that a metric counts rows of, and the columns that its formula has."""
    counted = [part for part in parts_of(metric) if part.rows.rule != "target"]
    return tuple(read for part in counted for read in _reads_of_part(part))


def _reads_of_part(metric: Metric) -> Iterator[str]:
    parts = [metric.numerator, metric.denominator, metric.of, metric.weight]
    named = _COLUMN.findall(" ".join(repr(part) for part in parts if part is not None))
    fact = fact_named(metric.table)
    behind = {name: derived.of for name, derived in fact.derived.items() if derived.of}
    columns = {behind.get(name, name) for name in [*named, metric.rows.column, metric.rows.until]}
    for table in fact.made_from:
        yield table
        yield from (f"{table}.{column}" for column in columns if column in _COLUMNS[table])
