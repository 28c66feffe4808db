"""Metrics: each one's numerator, denominator and value on a table that fits on a hand."""

from __future__ import annotations

import math

import pytest

from crmreport.metrics import METRICS
from crmreport.metrics.behaviour import VISITORS, VISITS
from crmreport.metrics.conversion import LEAD_CONVERSION_RATE, LEADS, WIN_RATE
from crmreport.metrics.customers import (
    ACTIVE_CUSTOMERS,
    BUYERS,
    JOINED_CUSTOMERS,
    NEW_CUSTOMERS,
    REPEAT_PURCHASE_RATE,
    RETENTION_RATE,
)
from crmreport.metrics.metric import SUBJECTS, Estimate, Metric
from crmreport.metrics.sales import OPEN_PIPELINE, ORDERS, PRODUCT_REVENUE, REVENUE, REVENUE_PER_ORDER
from crmreport.metrics.satisfaction import CSAT, NPS
from crmreport.metrics.service import FIRST_RESPONSE_TIME, SERVICE_CASES
from crmreport.metrics.sql import metric_sql
from tests.tiny import CALENDAR, cube_of, figure, tiny_data

# Nothing happens in May 2025.
ORDERS_TABLE = """
order_id  customer_id  ordered_at                  amount
1         ann          2025-03-31T23:59:59.999     1000
2         ann          2025-04-01T00:00:00         10.50
3         ann          2025-04-10                  20.25
4         bob          2025-04-30T23:59:59.999     30.00
5         cyd          2025-06-01T00:00:00         5000
"""
LINES_TABLE = """
order_id  product_id  quantity  unit_price
2         desk        2         4.00
2         lamp        1         2.75
4         desk        -1        4.00
5         desk        1         5000
"""
# Active within 90 days before 1 April (from 1 January on): ann, bob, cyd, dee. Before 1 May (from 31 January
# on): ann, bob and eve, who was away before and came back. In December nobody is.
ACTIVITY_TABLE = """
order_id  customer_id  ordered_at  amount
1         ann          2025-01-01  1
2         ann          2025-04-05  1
3         bob          2025-01-31  1
4         cyd          2025-01-30  1
5         dee          2025-01-02  1
6         eve          2024-08-01  1
7         eve          2025-04-20  1
8         fay          2024-12-31  1
"""
# The first 90 days of a first order of 1 January end on 1 April.
REPEAT_TABLE = """
order_id  customer_id  ordered_at           amount
1         ann          2025-01-01           1
2         ann          2025-04-01T23:00:00  1
3         bob          2025-01-30           1
4         bob          2025-05-01           1
5         cyd          2025-01-15           1
6         dee          2024-12-31           1
7         dee          2025-01-02           1
8         eve          2025-06-01           1
"""
FEEDBACK_TABLE = """
feedback_id  customer_id  answered_at          csat  nps
1            ann          2025-04-01T00:00:00  5     10
2            bob          2025-04-02           4     9
3            cyd          2025-04-03           3     8
4            dee          2025-04-04           1     0
5            eve          2025-04-05           -     9
6            fay          2025-04-30T23:59:59  2     -
7            ann          2025-06-01           1     0
"""
SERVICE_TABLE = """
interaction_id  customer_id  direction  opened_at            first_response_at
1               ann          inbound    2025-04-01T10:00:00  2025-04-01T10:10:00
2               bob          -          2025-04-02T10:00:00  2025-04-02T10:30:00
3               cyd          inbound    2025-04-30T23:59:00  2025-05-01T02:59:00
4               dee          inbound    2025-04-03T10:00:00  -
5               ann          inbound    2025-04-04T10:00:00  2025-04-04T10:20:00
6               eve          outbound   2025-04-05T10:00:00  2025-04-05T10:00:01
7               ann          inbound    2025-06-01T10:00:00  2025-06-01T10:00:00
"""
# The 60 days of a lead of 31 January end on 1 April, those of 2 March on 1 May.
LEADS_TABLE = """
opportunity_id  customer_id  created_at           closed_at            is_won  amount
1               ann          2025-01-31           2025-04-01T23:00:00  true    100
2               bob          2025-02-01           2025-04-03           true    200
3               -            2025-03-01           2025-04-30           false   400
4               -            2025-03-01T23:59:59  -                    -       800
5               -            2025-03-02           2025-03-03           true    1600
6               -            2025-04-01           2025-06-01           false   3200
7               -            2025-04-30T23:59:59  2025-05-01           true    6400
"""
EVENTS_TABLE = """
visitor_id  session_id  occurred_at
v1          s1          2025-03-31T23:59:59
v1          s1          2025-04-01T00:00:00
v1          s2          2025-04-02
v2          s3          2025-04-30T23:59:59
v2          -           2025-04-30T23:59:59
v3          s4          2025-06-01
"""
JOINED_TABLE = """
customer_id  joined_at
ann          2025-03-31T23:59:59
bob          2025-04-01T00:00:00
cyd          2025-04-30
dee          -
eve          2025-06-01
"""

CASES = [
    (REVENUE, {"orders": ORDERS_TABLE}, 60.75, None, 60.75),
    (ORDERS, {"orders": ORDERS_TABLE}, 3, None, 3),
    (REVENUE_PER_ORDER, {"orders": ORDERS_TABLE}, 60.75, 3, 20.25),
    (PRODUCT_REVENUE, {"orders": ORDERS_TABLE, "order_lines": LINES_TABLE}, 10.75 - 4, None, 6.75),
    (BUYERS, {"orders": ORDERS_TABLE}, 2, None, 2),
    (NEW_CUSTOMERS, {"orders": ORDERS_TABLE}, 1, None, 1),  # bob; ann's first order was in March
    (ACTIVE_CUSTOMERS, {"orders": ACTIVITY_TABLE}, 3, None, 3),
    (RETENTION_RATE, {"orders": ACTIVITY_TABLE}, 2, 4, 1 / 2),  # ann and bob of four; eve is not retained
    (REPEAT_PURCHASE_RATE, {"orders": REPEAT_TABLE}, 1, 3, 1 / 3),  # ann on day 90; bob on day 91
    (CSAT, {"feedback": FEEDBACK_TABLE}, 2, 5, 2 / 5),
    (NPS, {"feedback": FEEDBACK_TABLE}, 100 * (3 - 1), 5, 40),
    (SERVICE_CASES, {"interactions": SERVICE_TABLE}, 5, None, 5),
    # 10, 20, 30 and 180 minutes, and one without an answer: the middle one of five is 30.
    (FIRST_RESPONSE_TIME, {"interactions": SERVICE_TABLE}, 240, 5, 30),
    (LEADS, {"opportunities": LEADS_TABLE}, 2, None, 2),
    (WIN_RATE, {"opportunities": LEADS_TABLE}, 2, 3, 2 / 3),
    (LEAD_CONVERSION_RATE, {"opportunities": LEADS_TABLE}, 1, 4, 1 / 4),  # 1 on day 60; 2 on day 61
    (VISITORS, {"events": EVENTS_TABLE}, 2, None, 2),
    (VISITS, {"events": EVENTS_TABLE}, 3, None, 3),  # an action of no known visit adds none
    (JOINED_CUSTOMERS, {"customers": JOINED_TABLE}, 2, None, 2),
    (OPEN_PIPELINE, {"opportunities": LEADS_TABLE}, 800 + 3200 + 6400, None, 10_400),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0].name)
def test_parts_and_value(case):
    metric, tables, numerator, denominator, value = case
    found = figure(cube_of(tiny_data(**tables), "2025-04", metrics=(metric,)), metric, "2025-04")
    assert found["numerator"] == numerator
    assert (
        found["denominator"] == denominator if denominator is not None else math.isnan(found["denominator"])
    )
    assert found["value"] == pytest.approx(value, rel=1e-12)


# In these months no row counts, but the data began earlier and go on later; elsewhere that is May 2025.
EMPTY = {
    NEW_CUSTOMERS: "2025-05",
    REPEAT_PURCHASE_RATE: "2025-06",
    ACTIVE_CUSTOMERS: "2025-12",
    RETENTION_RATE: "2025-12",
}
EMPTY |= dict.fromkeys((LEADS, WIN_RATE, LEAD_CONVERSION_RATE, OPEN_PIPELINE), "2024-12")
LONG_AGO = "8 - 2024-10-01 2024-11-01 false 1"


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0].name)
def test_nothing_happened(case):
    """A count of nothing is 0; a ratio of nothing is no figure."""
    metric, tables, *_ = case
    period = EMPTY.get(metric, "2025-05")
    if "opportunities" in tables:
        tables = {"opportunities": LEADS_TABLE + LONG_AGO}
    found = figure(cube_of(tiny_data(**tables), period, metrics=(metric,)), metric, period)
    if metric.denominator is None:
        assert (found["numerator"], found["value"]) == (0, 0)
        assert found["status"] != "undefined"
    else:
        assert (found["numerator"], found["denominator"], found["status"]) == (0, 0, "undefined")
        assert math.isnan(found["value"]) and math.isnan(found["low"]) and math.isnan(found["high"])


def test_every_metric_is_tested():
    assert {case[0].name for case in CASES} == {m.name for m in METRICS}


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_declarations_are_whole(metric: Metric):
    for text in (metric.title, metric.definition, metric.source, metric.trap, metric.seed, metric.formula):
        assert text
    assert metric.subject in SUBJECTS
    assert (metric.of is not None) == (metric.estimate is Estimate.MEDIAN)
    assert (metric.squares is not None) == (metric.estimate in (Estimate.MEAN, Estimate.TOTAL))
    assert (metric.denominator is None) == (metric.estimate in (Estimate.COUNT, Estimate.TOTAL))


def test_names_are_unique():
    assert len({m.name for m in METRICS}) == len(METRICS)


@pytest.mark.parametrize("period", ["2025-10", "2025-10-31"])
@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_query_is_written_for_readers(metric: Metric, period: str):
    assert metric_sql(metric, CALENDAR.period(period)).upper().startswith(("SELECT", "WITH"))


def test_unanswered_cases_make_the_median_undefined_when_they_are_most():
    text = """
    interaction_id  customer_id  opened_at            first_response_at
    1               ann          2025-04-01T10:00:00  2025-04-01T10:10:00
    2               bob          2025-04-02T10:00:00  -
    3               cyd          2025-04-02T10:00:00  -
    """
    cube = cube_of(tiny_data(interactions=text), "2025-04", metrics=(FIRST_RESPONSE_TIME,))
    found = figure(cube, FIRST_RESPONSE_TIME, "2025-04")
    assert found["denominator"] == 3
    assert found["status"] == "undefined" and math.isnan(found["value"])


@pytest.mark.parametrize(
    ("amounts", "value"), [(("100", "200"), 300), (("100", "-"), 100), (("-", "-"), None), ((), 0)]
)
def test_amounts_that_are_all_missing_are_not_zero(amounts: tuple[str, ...], value: float | None):
    lines = ["opportunity_id created_at closed_at is_won amount", "0 2024-01-01 2024-02-01 false 5"]
    lines += [f"{n} 2025-04-01 - - {amount}" for n, amount in enumerate(amounts, start=1)]
    cube = cube_of(tiny_data(opportunities="\n".join(lines)), "2025-04", metrics=(OPEN_PIPELINE,))
    found = figure(cube, OPEN_PIPELINE, "2025-04")
    if value is None:
        assert found["status"] == "undefined" and math.isnan(found["value"])
    else:
        assert (found["status"], found["value"]) == ("ok", value)


@pytest.mark.parametrize(
    ("kept", "left", "won_back", "expected"), [(180, 20, 0, 0.9), (160, 40, 10, 0.8)], ids=["seed", "T17"]
)
def test_retention_counts_the_same_customers(kept, left, won_back, expected):
    """Of 200, 20 left: 90 %. Of 200, 40 left while 10 were won back: 80 %, where (E - N) / S says 85 %."""
    lines = ["order_id customer_id ordered_at amount"]
    lines += [f"s{i} c{i} 2025-03-01 1" for i in range(kept)]
    lines += [f"l{i} g{i} 2025-01-15 1" for i in range(left)]
    lines += [f"b{i} w{i} 2025-04-20 1" for i in range(won_back)]
    lines += [f"o{i} w{i} 2024-01-01 1" for i in range(won_back)]
    cube = cube_of(tiny_data(orders="\n".join(lines)), "2025-04", metrics=(RETENTION_RATE, ACTIVE_CUSTOMERS))
    assert figure(cube, RETENTION_RATE, "2025-04")["value"] == expected
    textbook = figure(cube, ACTIVE_CUSTOMERS, "2025-04")["value"] / (kept + left)
    assert textbook == (kept + won_back) / (kept + left)
