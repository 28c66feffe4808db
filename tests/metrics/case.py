"""A case: one metric on tables that fit on a hand, with what a reader counts in them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import duckdb
import ibis
import pandas as pd
import pytest

from crmreport.metrics.metric import Estimate, Metric, parts_of
from crmreport.metrics.quotients import periods_needed
from crmreport.metrics.sql import metric_sql
from crmreport.tables.facts import fact_named, facts
from crmreport.targets import Targets
from tests.tiny import CALENDAR, cube_of, figure, tiny_data

Tables = dict[str, str]


@dataclass(frozen=True)
class Case:
    """A metric's figures in `period`; `denominator` is None where the metric has none.

    In the period `empty` no row counts, though the data began earlier and go on later; there the tables may
    be others (`empty_tables`).
    """

    metric: Metric
    tables: Tables
    numerator: float
    denominator: float | None
    value: float
    period: str = "2025-04"
    empty: str = "2025-05"
    empty_tables: Tables | None = None
    targets: Targets | None = None

    def __str__(self) -> str:
        return self.metric.name


def check_case(case: Case) -> None:
    """Compare a case's figures with those of the cube."""
    data = tiny_data(**case.tables)
    cube = cube_of(data, case.period, metrics=(case.metric,), targets=case.targets)
    found = figure(cube, case.metric, case.period)
    assert found["numerator"] == pytest.approx(case.numerator, rel=1e-12)
    if case.denominator is None:
        assert math.isnan(found["denominator"])
    else:
        assert found["denominator"] == pytest.approx(case.denominator, rel=1e-12)
    assert found["value"] == pytest.approx(case.value, rel=1e-12)


def check_nothing_happened(case: Case) -> None:
    """See that a count of nothing is 0, and a ratio of nothing no figure."""
    tables = case.tables if case.empty_tables is None else case.empty_tables
    cube = cube_of(tiny_data(**tables), case.empty, metrics=(case.metric,), targets=case.targets)
    found = figure(cube, case.metric, case.empty)
    if case.metric.estimate in (Estimate.COUNT, Estimate.TOTAL, Estimate.KNOWN):
        assert (found["numerator"], found["value"]) == (0, 0)
        assert found["status"] != "undefined"
        return
    assert found["status"] == "undefined"
    assert math.isnan(found["value"]) and math.isnan(found["low"]) and math.isnan(found["high"])
    if case.metric.denominator is not None or case.metric.estimate is Estimate.WEIGHTED:
        assert (found["numerator"], found["denominator"]) == (0, 0)


def value_of_query(case: Case) -> float:
    """Run the query that readers are shown on a case's fact tables, and give its value."""
    data = tiny_data(**case.tables)
    period = CALENDAR.at(CALENDAR.period(case.period), data.as_of)
    periods = periods_needed(case.metric, [period])
    with duckdb.connect() as engine:
        made = facts(data, periods, 90)
        for name in {part.table for part in parts_of(case.metric)} & set(made):
            lacking = {
                c: ibis.null(t) for c, t in fact_named(name).schema.items() if c not in made[name].columns
            }
            engine.register(name, made[name].mutate(**lacking).to_pyarrow())
        columns = ["metric", "period", "segment", "target"]
        lines = [[*key, target] for key, target in (case.targets or {}).items()]
        engine.register("targets", pd.DataFrame(lines, columns=columns))
        row = engine.execute(metric_sql(case.metric, period)).df().iloc[0]
    return float(row["value"])
