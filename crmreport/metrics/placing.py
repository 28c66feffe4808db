"""Placing: put each row of a fact table into the periods and segments that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.operations as ops
import pandas as pd
from sqlglot import expressions as sge

from crmreport.metrics.metric import Rows
from crmreport.periods import Period
from crmreport.segments import ALL, UNKNOWN
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts import DIMENSIONS


def dimensions_of(fact: IbisTable) -> list[str]:
    """Name the dimensions by which a fact table can be split; the first is the whole company."""
    return [ALL, *(d for d in DIMENSIONS if d in fact.columns)]


def in_periods(
    fact: IbisTable, rows: Rows, periods: tuple[Period, ...], *, with_others: bool = False
) -> IbisTable:
    """Join to each row the periods that it belongs to, as the column `period`.

    `with_others`: rows that happened in none of the periods stay, with no period.
    """
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
    is_day = fact[rows.column].date() == calendar.day
    return fact.left_join(calendar, is_day) if with_others else fact.inner_join(calendar, is_day)


def by_segment(placed: IbisTable) -> IbisTable:
    """Repeat each row for each dimension, with its `segment` there: one pass then serves all of them."""
    dimensions = dimensions_of(placed)
    names = ibis.memtable(pd.DataFrame({"dimension": dimensions}), schema={"dimension": "string"})
    split = placed.cross_join(names)
    branches = [(split.dimension == d, ibis.coalesce(split[d], UNKNOWN)) for d in dimensions[1:]]
    segment = ibis.cases(*branches, else_=ALL) if branches else ibis.literal(ALL)
    return split.mutate(segment=segment)


def totals_by_segment(placed: IbisTable, aggregates: Mapping[str, object]) -> IbisTable:
    """Aggregate the rows of each `period`: of the whole company, and of each segment of each dimension.

    One pass over the rows serves all of them. Columns: `period`, the dimensions and `aggregates`; a line has
    its segment in the column of its dimension and nothing in those of the others.
    """
    dimensions = dimensions_of(placed)[1:]
    rows = placed.mutate(**{d: ibis.coalesce(placed[d], UNKNOWN) for d in dimensions})
    name = ibis.util.gen_name("placed")
    named = ibis.table(rows.schema(), name=name)
    plain = named.group_by(["period", *dimensions]).aggregate(**aggregates)
    # Ibis has no GROUPING SETS (ibis-project/ibis #550, #9945), and all engines have: only the last clause of
    # what it writes is another.
    engine = ibis.get_backend(rows)
    query = engine.compiler.to_sqlglot(plain)
    sets = [_tuple("period"), *(_tuple("period", d) for d in dimensions)]
    query.set("group", sge.Group(grouping_sets=[sge.GroupingSets(expressions=sets)]))
    parent = ops.AliasedRelation(parent=rows, name=name)
    view = ops.SQLStringView(parent=parent, query=query.sql(engine.dialect), schema=plain.schema())
    return view.to_expr()


def _tuple(*columns: str) -> sge.Tuple:
    return sge.Tuple(expressions=[sge.column(c, quoted=True) for c in columns])
