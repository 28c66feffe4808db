"""Every metric: its declaration is whole, its query can be read, and its figures are counted by hand."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from crmreport.findings.families import KEY_METRICS, family_of, is_key
from crmreport.metrics import METRICS, intervals
from crmreport.metrics import metric as metric_named
from crmreport.metrics.metric import SUBJECTS, Estimate, Metric
from crmreport.metrics.sql import metric_sql
from tests.metrics.case import Case, value_of_query
from tests.tiny import CALENDAR

ALL_CASES = [
    case
    for path in sorted(Path(__file__).parent.glob("test_*.py"))
    if path.stem != Path(__file__).stem
    for case in getattr(import_module(f"tests.metrics.{path.stem}"), "CASES", ())
]
COUNTED = {case.metric.name for case in ALL_CASES}


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_counted_by_hand(metric: Metric):
    assert metric.name in COUNTED


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_declaration_is_whole(metric: Metric):
    for text in (metric.title, metric.definition, metric.source, metric.trap, metric.formula):
        assert text
    assert metric.subject in SUBJECTS
    assert (metric.quotient is not None) == (metric.estimate is Estimate.RATIO)
    assert (metric.quotient is None) == bool(metric.table)
    assert (metric.of is not None) == (metric.estimate in (Estimate.MEDIAN, Estimate.WEIGHTED))
    assert (metric.weight is not None) == (metric.estimate is Estimate.WEIGHTED)
    assert metric.quantile in intervals.QUANTILES
    assert (metric.squares is not None) == (metric.estimate in (Estimate.MEAN, Estimate.TOTAL))
    has_cases = metric.estimate in (Estimate.SHARE, Estimate.MEAN, Estimate.MEDIAN)
    assert (metric.denominator is not None) == has_cases


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_what_it_echoes_is_said_first(metric: Metric):
    """Echoes end at a metric that is none, and no key figure is one."""
    family = family_of(metric.name)
    assert not metric_named(family).echoes
    assert not (metric.echoes and is_key(metric.name))


def test_names_are_unique():
    assert len({m.name for m in METRICS}) == len(METRICS)
    assert {metric_named(name).name for name in KEY_METRICS} == set(KEY_METRICS)


@pytest.mark.parametrize("period", ["2025-10", "2025-10-31"])
@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_query_is_written_for_readers(metric: Metric, period: str):
    assert metric_sql(metric, CALENDAR.period(period)).upper().startswith(("SELECT", "WITH"))


@pytest.mark.parametrize("case", ALL_CASES, ids=str)
def test_query_gives_the_figure(case: Case):
    """The query that readers are shown, run by itself, gives the value counted by hand."""
    assert value_of_query(case) == pytest.approx(case.value, rel=1e-9)
