"""Market metrics, each on a table that fits on a hand."""

from __future__ import annotations

import math

import pytest

from crmreport.metrics.market import (
    MARKET_GROWTH,
    MARKET_SALES,
    MARKET_SHARE,
    MARKET_SHARE_CHANGE,
    OWN_MARKET_SALES,
)
from crmreport.metrics.metric import Metric
from tests.metrics.case import Case, check_case
from tests.tiny import cube_of, figure, tiny_data

# April 2025 was first published as 900. Nothing is published of June.
MARKET_TABLE = """
series    kind        organisation  starts_on   published_on  value  unit
Own       own         us            2024-04-01  2024-05-03    80     GBP
Own       own         us            2024-05-01  2024-06-03    70     GBP
Own       own         us            2025-04-01  2025-05-03    110    GBP
Own       own         us            2025-05-01  2025-06-03    90     GBP
Industry  industry    -             2024-04-01  2024-05-05    800    GBP
Industry  industry    -             2024-05-01  2024-06-05    700    GBP
Industry  industry    -             2025-04-01  2025-05-05    900    GBP
Industry  industry    -             2025-04-01  2025-06-20    1000   GBP
Industry  industry    -             2025-05-01  2025-06-05    750    GBP
Rival     competitor  them          2025-04-01  2025-05-05    300    GBP
Rival     competitor  them          2025-05-01  2025-06-05    200    GBP
Growth    industry    -             2025-04-01  2025-05-05    25     %
Growth    industry    -             2025-05-01  2025-06-05    7      %
"""
MARKET = {"market": MARKET_TABLE}

CASES = (
    Case(MARKET_SALES, MARKET, 1000, None, 1000),
    Case(OWN_MARKET_SALES, MARKET, 110, None, 110),
    Case(MARKET_GROWTH, MARKET, 1000, 800, 0.25),
    Case(MARKET_SHARE, MARKET, 110, 1000, 0.11),
    Case(MARKET_SHARE_CHANGE, MARKET, 0.11, 0.10, 0.10),  # one point, or 10 % of the share
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parts_and_value(case: Case):
    check_case(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_not_published_is_no_figure(case: Case):
    cube = cube_of(tiny_data(**MARKET), "2025-06", metrics=(case.metric,))
    found = figure(cube, case.metric, "2025-06")
    assert math.isnan(found["value"]) and found["status"] == "undefined"


def value(metric: Metric, period: str, table: str = MARKET_TABLE) -> float:
    return figure(cube_of(tiny_data(market=table), period, metrics=(metric,)), metric, period)["value"]


def quarterly(value_of_quarter: int) -> str:
    starts = ("2024-07-01", "2024-10-01", "2025-01-01", "2025-04-01")
    rows = [f"Industry industry - {day} - {value_of_quarter} GBP" for day in starts]
    return "\n".join(["series kind organisation starts_on published_on value unit", *rows])


def test_a_quarter_is_the_sum_of_its_months_and_of_all_of_them():
    rows = [f"Industry industry - 2025-{m:02d}-01 - {m} GBP" for m in (1, 2, 3, 4, 6)]
    table = "\n".join(["series kind organisation starts_on published_on value unit", *rows])
    assert value(MARKET_SALES, "2025-Q1", table) == 1 + 2 + 3
    assert math.isnan(value(MARKET_SALES, "2025-Q2", table))  # of May nothing is known
    assert value(MARKET_SALES, "2025-01", table) == 1


def test_a_quarterly_series_is_not_divided_among_months():
    table = quarterly(300)
    assert value(MARKET_SALES, "2025-Q1", table) == 300
    assert math.isnan(value(MARKET_SALES, "2025-01", table))
    assert math.isnan(value(MARKET_SALES, "2025-W02", table))


def test_part_of_a_month_has_no_share_of_its_series():
    table = MARKET_TABLE.replace("2025-", "2026-").replace("2024-", "2025-")
    assert math.isnan(value(MARKET_SALES, "2025-04-01..2025-04-09", table))
    assert value(MARKET_SALES, "2025-04-01..2025-05-31", table) == 800 + 700


def test_sales_in_another_unit_than_ours_are_not_divided():
    table = MARKET_TABLE.replace(
        "Industry  industry    -             2025-04-01  2025-05-05    900    GBP", ""
    )
    table += "Units     industry    -             2025-04-01  2025-05-05    77     desks\n"
    table += "Units     industry    -             2025-05-01  2025-06-05    77     desks\n"
    assert value(MARKET_SALES, "2025-04", table) == 1000
    assert value(MARKET_SHARE, "2025-05", table) == 90 / 750
