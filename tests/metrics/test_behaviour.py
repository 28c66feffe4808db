"""Behaviour metrics, each on a table that fits on a hand."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from crmreport.config import read_project
from crmreport.metrics.behaviour import (
    DWELL_TIME,
    KNOWN_VISITORS_SHARE,
    NO_OPERATION_BOUNCE_RATE,
    PAGE_VIEWS,
    PAGES_PER_VISIT,
    SINGLE_PAGE_BOUNCE_RATE,
    UNENGAGED_BOUNCE_RATE,
    VISIT_CONVERSION_RATE,
    VISITORS,
    VISITS,
)
from crmreport.metrics.metric import Metric
from crmreport.tables.data import Data, read_data
from tests.metrics.case import Case, check_case, check_nothing_happened
from tests.tiny import cube_of, figure, tiny_data

SHARED = Path(__file__).parents[3] / "shared" / "data"
PROJECTS = Path(__file__).parents[1] / "projects"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data sets are not beside the project")

EVENTS_TABLE = """
visitor_id  session_id  occurred_at
v1          s1          2025-03-31T23:59:59
v1          s1          2025-04-01T00:00:00
v1          s2          2025-04-02
v2          s3          2025-04-30T23:59:59
v2          -           2025-04-30T23:59:59
v3          s4          2025-06-01
"""
# In April six visits of four visitors. Pages: s1 sees two, of which it saw one again without leaving it; s2
# and s4 see one each, s3 and s5 two; the visit of v4 that nobody named sees three.
WEB_TABLE = """
visitor_id  customer_id  session_id  occurred_at          page     action       device
v1          ann          s1          2025-04-01T10:00:00  home     view         phone
v1          ann          s1          2025-04-01T10:01:00  home     view         phone
v1          ann          s1          2025-04-01T10:04:00  product  view         phone
v2          -            s2          2025-04-02T10:00:00  home     view         desktop
v2          -            s3          2025-04-03T10:00:00  search   search       desktop
v2          -            s3          2025-04-03T10:00:06  product  view         desktop
v3          -            s4          2025-04-04T10:00:00  product  view         desktop
v3          -            s4          2025-04-04T10:00:12  product  click        desktop
v1          -            s5          2025-04-05T10:00:00  cart     Begin_Check  phone
v1          -            s5          2025-04-05T10:02:00  checkout Purchase     phone
v4          -            -           2025-04-06T10:00:00  home     view         tablet
v4          -            -           2025-04-06T10:30:00  product  view         tablet
v4          -            -           2025-04-06T10:50:00  product  click        tablet
v4          -            -           2025-04-06T11:00:00  cart     view         tablet
v4          -            -           2025-06-01T11:00:00  cart     view         tablet
"""
WEB = {"events": WEB_TABLE}

CASES = (
    Case(VISITORS, {"events": EVENTS_TABLE}, 2, None, 2),
    # s2, s3 and that of no name; s1 began in March
    Case(VISITS, {"events": EVENTS_TABLE}, 3, None, 3),
    Case(PAGE_VIEWS, WEB, 3 + 1 + 2 + 1 + 2 + 3, None, 12),
    Case(PAGES_PER_VISIT, WEB, 12, 6, 2),
    # 4, 0.1, 0.2, 2 and 60 minutes; s2 is a single action
    Case(DWELL_TIME, WEB, 66.3, 5, 2),
    Case(SINGLE_PAGE_BOUNCE_RATE, WEB, 2, 6, 2 / 6),  # s2, s4
    Case(NO_OPERATION_BOUNCE_RATE, WEB, 2, 6, 2 / 6),  # s1, s2
    Case(UNENGAGED_BOUNCE_RATE, WEB, 1, 6, 1 / 6),  # s2; s4 stayed for 12 seconds
    Case(VISIT_CONVERSION_RATE, WEB, 1, 6, 1 / 6),
    Case(KNOWN_VISITORS_SHARE, WEB, 1, 4, 1 / 4),  # v1, whose second visit is nobody's
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parts_and_value(case: Case):
    check_case(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_happened(case: Case):
    check_nothing_happened(case)


def april(table: str, metric: Metric) -> dict[str, object]:
    return figure(cube_of(tiny_data(events=table), "2025-04", metrics=(metric,)), metric, "2025-04")


def test_a_pause_of_more_than_30_minutes_begins_another_visit():
    table = """
    visitor_id  occurred_at
    v1          2025-04-01T10:00:00
    v1          2025-04-01T10:30:00
    v1          2025-04-01T11:00:01
    v2          2025-04-01T10:30:00
    v2          2025-04-01T10:10:00
    v3          2025-06-01
    """
    assert april(table, VISITS)["value"] == 3


def test_a_session_that_two_visitors_have_is_two_visits():
    table = """
    visitor_id  session_id  occurred_at
    v1          1           2025-04-01T10:00:00
    v2          1           2025-04-01T10:00:00
    v2          1           2025-04-01T22:00:00
    v3          2           2025-06-01
    """
    assert april(table, VISITS)["value"] == 2


@pytest.mark.parametrize(
    "metric",
    [c.metric for c in CASES if c.metric not in (VISITORS, VISITS, DWELL_TIME)],
    ids=lambda m: m.name,
)
def test_what_the_data_never_tell_is_no_figure(metric):
    """Neither pages, nor actions, nor customers: no rate of 0 and none of 100 %."""
    found = april(EVENTS_TABLE, metric)
    assert math.isnan(found["value"]) and found["status"] == "undefined"


def test_a_bounce_of_no_known_length_is_not_taken_for_0_minutes():
    """The trap: with the single action as 0, the median of 0, 0.1, 0.2, 2, 4 and 60 would be 1.1."""
    assert april(WEB_TABLE, DWELL_TIME)["value"] == pytest.approx(2)


def test_the_purchase_of_one_device_is_that_device_s():
    cube = cube_of(tiny_data(**WEB), "2025-04", metrics=(VISIT_CONVERSION_RATE,))
    phone = figure(cube, VISIT_CONVERSION_RATE, "2025-04", "device", "phone")
    desktop = figure(cube, VISIT_CONVERSION_RATE, "2025-04", "device", "desktop")
    assert (phone["value"], desktop["value"]) == (1 / 2, 0)


def real(name: str, monkeypatch: pytest.MonkeyPatch) -> Data:
    monkeypatch.setenv("CRMREPORT_DATA", os.fspath(SHARED))
    return read_data(read_project(PROJECTS / name))


@needs_shared
def test_google_s_own_figures_of_a_day(monkeypatch):
    """The export has them by session: 2,556 sessions, 10,939 views, 1,238 bounces, 43 with a purchase."""
    data = real("ga_sample", monkeypatch)
    metrics = (VISITS, PAGE_VIEWS, SINGLE_PAGE_BOUNCE_RATE, VISIT_CONVERSION_RATE)
    cube = cube_of(data, "2017-08-01", metrics=metrics)
    found = {m.name: figure(cube, m, "2017-08-01") for m in metrics}
    assert found["visits"]["value"] == 2_556
    assert found["visit_conversion_rate"]["numerator"] == 43
    assert found["page_views"]["value"] == pytest.approx(10_939, rel=0.01)
    # Google also takes those for bounces that saw two pages within the second of one request.
    assert found["single_page_bounce_rate"]["numerator"] == pytest.approx(1_238, rel=0.01)


@needs_shared
def test_the_planted_stories_of_a_shop_show(monkeypatch):
    """The mobile checkout is broken from mid April to mid May, payments fail from 20 May to early June."""
    data = real("retentioneering_ecom", monkeypatch)
    weeks = [f"2024-W{week:02d}" for week in range(14, 26)]
    cube = cube_of(data, *weeks, metrics=(VISIT_CONVERSION_RATE, VISITS))
    rate = {week: figure(cube, VISIT_CONVERSION_RATE, week)["value"] for week in weeks}
    incident = max(rate[week] for week in ("2024-W21", "2024-W22"))
    assert incident < 0.6 * min(rate[week] for week in ("2024-W20", "2024-W24", "2024-W25"))

    def share_of(device: str, some_weeks: list[str]) -> float:
        rows = [figure(cube, VISIT_CONVERSION_RATE, w, "device", device) for w in some_weeks]
        return sum(r["numerator"] for r in rows) / sum(r["denominator"] for r in rows)

    broken, mended = weeks[1:6], weeks[-2:]
    assert share_of("mobile", broken) < 0.5 * share_of("desktop", broken)
    assert share_of("mobile", mended) > 0.8 * share_of("desktop", mended)
