"""Passes: the metrics that count the same rows of a fact table, computed in one reading of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from crmreport.metrics.estimates import aggregates, figures_of
from crmreport.metrics.intervals import QUANTILES, Array
from crmreport.metrics.metric import Metric, Rows
from crmreport.metrics.placing import dimensions_of, in_periods, totals_by_segment
from crmreport.metrics.reach import first_day_of, reach_of
from crmreport.periods import Period
from crmreport.segments import ALL
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts import fact_named, facts, in_portions, prepare

Span = tuple[date, date] | None

_CARRIED = ("of_period", "of_window")  # rules of rows that carry the key of their period


def passes(
    metrics: Iterable[Metric], data: Data, periods: tuple[Period, ...], active_days: int
) -> Iterator[pd.DataFrame]:
    """Compute the metrics whose fact tables there are; each frame has the figures of one metric.

    Columns: see `crmreport.metrics.estimates.figures_of`.
    """
    prepared = prepare(data)
    found = facts(data, periods, active_days, prepared)
    wanted = sorted((m for m in metrics if m.table in found), key=_pass_of)
    for name, of_table in groupby(wanted, key=lambda m: m.table):
        groups = [(rows, tuple(group)) for rows, group in groupby(of_table, key=lambda m: m.rows)]
        # Storing a table costs as much as reading it twice.
        fact = found[name].cache() if len(groups) > 1 else found[name]
        for rows, group in groups:
            if rows.rule in _CARRIED and fact_named(name).by_customer:
                portions = in_portions(name, data, periods, active_days, prepared)
            else:
                portions = iter([(periods, fact)])
            totals = pa.concat_tables([_totals(part, rows, group, some) for some, part in portions])
            yield from _figures(totals, fact, rows, group, periods, data, active_days)


def _pass_of(metric: Metric) -> tuple[str, str, str, str, int]:
    rows = metric.rows
    return metric.table, rows.rule, rows.column, rows.until, rows.days


def _totals(
    fact: IbisTable, rows: Rows, metrics: tuple[Metric, ...], periods: tuple[Period, ...]
) -> pa.Table:
    """Aggregate the rows of one fact table for all metrics that count the same of them."""
    wanted = _aggregates(metrics, fact)
    if rows.rule != "happened":
        return totals_by_segment(in_periods(fact, rows, periods), wanted).to_pyarrow()
    # With the days of all rows, so that they need not be read a second time to know how far they reach.
    day = _[rows.column].date()
    wanted |= {"first_day": day.min(), "last_day": day.max()}
    return totals_by_segment(in_periods(fact, rows, periods, with_others=True), wanted).to_pyarrow()


def _figures(
    totals: pa.Table,
    fact: IbisTable,
    rows: Rows,
    metrics: tuple[Metric, ...],
    periods: tuple[Period, ...],
    data: Data,
    active_days: int,
) -> Iterator[pd.DataFrame]:
    """Compute from the totals of a pass what its metrics show."""
    span = _span(totals, fact, rows, data)
    kept = [name for name in totals.column_names if name not in ("first_day", "last_day")]
    cells, parts = _in_cells(totals.select(kept), periods, dimensions_of(fact)[1:])
    window = active_days if rows.rule == "of_window" else 0
    for metric in metrics:
        reach = reach_of(span, periods, rows.days, max(metric.history_days, window))
        yield figures_of(metric, cells, parts, reach)


def _aggregates(metrics: tuple[Metric, ...], fact: IbisTable) -> dict[str, object]:
    """Name what one pass computes: the parts of each metric, and the rows and customers behind each cell."""
    wanted: dict[str, object] = {"rows": _.count()}
    if fact_named(metrics[0].table).by_customer:
        wanted["customers"] = _.count()
    elif "customer_id" in fact.columns:
        # A lead has no customer yet; each row without one is somebody else.
        wanted["customers"] = _.customer_id.nunique() + _.customer_id.isnull().cast("int64").sum()
    for metric in metrics:
        wanted |= {f"{metric.name}.{part}": expression for part, expression in aggregates(metric).items()}
    return wanted


def _span(totals: pa.Table, fact: IbisTable, rows: Rows, data: Data) -> Span:
    """Find the first and last day of which the rows tell; None if there are none."""
    if rows.rule in _CARRIED:
        return data.first_day, data.as_of
    if rows.rule == "open_at_end":
        first = first_day_of(fact, rows)
        return None if first is None else (first, data.as_of)
    first, last = (pc.min(totals["first_day"]).as_py(), pc.max(totals["last_day"]).as_py())
    return None if first is None else (first, last)


def _in_cells(
    totals: pa.Table, periods: tuple[Period, ...], dimensions: list[str]
) -> tuple[pd.DataFrame, dict[str, Array]]:
    """Put a pass's totals into cells: every segment that occurs, in every period, with rows or without.

    Gives the cells (`period`, `dimension`, `segment`) and, by name, each total of theirs: missing, but for
    `rows` and `customers`, where there was no row.
    """
    totals = totals.filter(pc.is_valid(totals["period"]))
    segment_of = _segments(totals, dimensions)
    segments = {segment: n for n, segment in enumerate(dict.fromkeys([(ALL, ALL), *segment_of]))}
    keys = [p.key for p in periods]
    number = {key: n * len(segments) for n, key in enumerate(keys)}
    found = zip(totals["period"].to_pylist(), segment_of, strict=True)
    place = np.array([number[key] + segments[segment] for key, segment in found], dtype=int)
    cells = pd.DataFrame(
        {
            "period": np.repeat(np.array(keys, dtype=object), len(segments)),
            "dimension": np.tile(np.array([d for d, _s in segments], dtype=object), len(keys)),
            "segment": np.tile(np.array([s for _d, s in segments], dtype=object), len(keys)),
        },
        dtype="str",
    )
    parts = {}
    for name in totals.column_names[1 + len(dimensions) :]:
        given = _as_array(totals[name].combine_chunks())
        parts[name] = np.full(
            (len(cells), *given.shape[1:]), 0.0 if name in ("rows", "customers") else np.nan
        )
        parts[name][place] = given
    return cells, parts


def _segments(totals: pa.Table, dimensions: list[str]) -> list[tuple[str, str]]:
    """Say of each line of a pass's totals which segment it is of: the dimension, and the value there."""
    found = [(ALL, ALL)] * totals.num_rows
    for dimension in dimensions:
        for line, value in enumerate(totals[dimension].to_pylist()):
            if value is not None:
                found[line] = (dimension, value)
    return found


def _as_array(column: pa.Array) -> Array:
    """Give a column of numbers, or of lists of as many numbers each as a matrix; missing ones as NaN."""
    if not pa.types.is_list(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=float)
    known = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.flatten().to_numpy(zero_copy_only=False)
    matrix = np.full((len(column), len(QUANTILES)), np.nan)
    matrix[known] = values.reshape(-1, len(QUANTILES))
    return matrix
