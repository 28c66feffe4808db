"""Placing: put each row of a fact table into the periods and segments that it belongs to."""

from __future__ import annotations

import ibis
import pandas as pd

from crmreport.metrics.metric import Rows
from crmreport.periods import Period
from crmreport.segments import ALL, UNKNOWN
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts import DIMENSIONS


def dimensions_of(fact: IbisTable) -> list[str]:
    """Name the dimensions by which a fact table can be split; the first is the whole company."""
    return [ALL, *(d for d in DIMENSIONS if d in fact.columns)]


def in_periods(fact: IbisTable, rows: Rows, periods: tuple[Period, ...]) -> IbisTable:
    """Join to each row the periods that it belongs to, as the column `period`."""
    if rows.rule in ("of_period", "of_window"):
        return fact.mutate(period=fact[rows.column])
    if rows.rule == "open_at_end":
        ends = pd.DataFrame({"period": [p.key for p in periods], "end": [p.end for p in periods]})
        table = ibis.memtable(ends, schema={"period": "string", "end": "date"})
        opened, closed = fact[rows.column].date(), fact[rows.until].date()
        return fact.join(table, [opened < table.end, closed.isnull() | (closed >= table.end)])
    days = [(day, period.key) for period in periods for day in rows.days_of(period)]
    frame = pd.DataFrame(days, columns=["day", "period"])
    calendar = ibis.memtable(frame, schema={"day": "date", "period": "string"})
    return fact.inner_join(calendar, fact[rows.column].date() == calendar.day)


def by_segment(placed: IbisTable) -> IbisTable:
    """Repeat each row for each dimension, with its `segment` there: one pass then serves all of them."""
    dimensions = dimensions_of(placed)
    names = ibis.memtable(pd.DataFrame({"dimension": dimensions}), schema={"dimension": "string"})
    split = placed.cross_join(names)
    branches = [(split.dimension == d, ibis.coalesce(split[d], UNKNOWN)) for d in dimensions[1:]]
    segment = ibis.cases(*branches, else_=ALL) if branches else ibis.literal(ALL)
    return split.mutate(segment=segment)
