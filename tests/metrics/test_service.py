"""Service metrics, each on a table that fits on a hand."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

import pandas as pd
import pytest

from crmreport.metrics.complaints import (
    CHANGE_REQUESTS,
    COMPLAINT_RATE,
    COMPLAINT_SHARE,
    COMPLAINTS,
    MISSING_FEATURES,
    REQUEST_AGE,
    REQUESTS_CLOSED,
)
from crmreport.metrics.service import (
    BACKLOG,
    BACKLOG_AGE,
    CASES_ON_TIME,
    FIRST_CONTACT_RESOLUTION,
    FIRST_RESPONSE_TIME,
    REOPEN_RATE,
    RESOLUTION_TIME,
    SERVICE_CASES,
    SLOW_RESOLUTION_TIME,
    SLOW_RESPONSE_TIME,
)
from crmreport.tables.until import until
from tests.metrics.case import Case, check_case, check_nothing_happened
from tests.tiny import cube_of, figure, tiny_data

SERVICE_TABLE = """
interaction_id  customer_id  direction  opened_at            first_response_at    is_complaint
1               ann          inbound    2025-04-01T10:00:00  2025-04-01T10:10:00  true
2               bob          -          2025-04-02T10:00:00  2025-04-02T10:30:00  false
3               cyd          inbound    2025-04-30T23:59:00  2025-05-01T02:59:00  true
4               dee          inbound    2025-04-03T10:00:00  -                    -
5               ann          inbound    2025-04-04T10:00:00  2025-04-04T10:20:00  false
6               eve          outbound   2025-04-05T10:00:00  2025-04-05T10:00:01  true
7               ann          inbound    2025-06-01T10:00:00  2025-06-01T10:00:00  true
"""
# Ten cases answered after 10, 20 ... 100 minutes, and one that waits.
SLOW_TABLE = "\n".join(
    [
        "interaction_id customer_id opened_at first_response_at resolved_at",
        *(
            f"{n} c{n} 2025-04-01T10:00:00 2025-04-01T{time}:00 2025-04-02T{time}:00"
            for n, time in enumerate((f"{10 + n // 6}:{n % 6}0" for n in range(1, 11)), start=1)
        ),
        "11 c11 2025-04-30 - -",
        "12 c12 2025-06-01 2025-06-02 2025-06-02",
    ]
)
# The 14 days of a contact of 18 March end on 1 April, those of 16 April on 30 April.
ISSUES_TABLE = """
interaction_id  customer_id  direction  issue_type  opened_at            resolved_at          reopened_count
1               ann          inbound    pay         2025-03-20           2025-03-21           0
2               ann          inbound    pay         2025-04-03           2025-04-03           0
3               ann          inbound    ship        2025-04-03           2025-04-17T23:59:59  -
4               bob          inbound    pay         2025-04-01           2025-04-16           0
5               cyd          inbound    pay         2025-04-01           2025-04-01           1
6               dee          inbound    pay         2025-04-01           2025-04-02           0
7               dee          outbound   pay         2025-04-05           2025-04-05           2
8               eve          inbound    pay         2025-04-01           2025-04-02           0
9               eve          inbound    pay         2025-04-16T23:59:59  2025-04-17           0
10              -            inbound    pay         2025-04-02           2025-04-02           0
11              -            inbound    pay         2025-04-03           2025-04-03           3
12              fay          inbound    pay         2025-04-17           2025-04-17           1
13              gus          inbound    pay         2025-08-01           2025-08-01           0
"""
# At the end of April three cases of customers are open: for 1, 30 and 120 days.
OPEN_TABLE = """
interaction_id  customer_id  direction  opened_at            resolved_at
1               ann          inbound    2025-01-01           2025-05-01T00:00:00
2               bob          inbound    2025-04-01T23:59:59  -
3               cyd          inbound    2025-04-30           2025-06-01
4               dee          inbound    2025-04-02           2025-04-30T23:59:59
5               eve          outbound   2025-04-02           -
6               fay          inbound    2025-05-01           -
"""
NOTHING_OPEN = "interaction_id customer_id opened_at resolved_at\n1 ann 2025-01-01 2025-01-02"
PROMISES_TABLE = """
interaction_id  customer_id  direction  opened_at   due_at               resolved_at
1               ann          inbound    2025-03-01  2025-04-01T09:00:00  2025-04-01T23:00:00
2               bob          inbound    2025-04-01  2025-04-10           2025-04-11
3               cyd          -          2025-04-01  2025-04-30           -
4               dee          inbound    2025-04-01  -                    2025-04-02
5               eve          outbound   2025-04-01  2025-04-05           2025-04-04
6               fay          inbound    2025-03-01  2025-06-01           2025-03-02
"""
REQUESTS_TABLE = """
interaction_id  customer_id  issue_type  opened_at            resolved_at
1               ann          需求变更    2025-04-01           2025-06-30T23:59:59
2               bob          需求变更    2025-04-30T23:59:59  2025-07-30
3               cyd          功能缺失    2025-04-02           -
4               dee          功能缺失    2025-02-01           2025-04-20
5               eve          pay         2025-04-02           2025-04-02
6               fay          功能缺失    2025-12-01           -
7               gus          需求变更    2025-04-15           2025-07-14
"""
NO_REQUEST_OPEN = (
    "interaction_id customer_id issue_type opened_at resolved_at\n1 ann 需求变更 2025-01-01 2025-01-02"
)
ORDERS_TABLE = """
order_id  customer_id  ordered_at  amount
1         ann          2025-04-01  1
2         gus          2025-02-01  1
3         hal          2025-03-01  1
4         ivy          2025-04-30  1
5         bob          2025-01-01  1
"""

SERVICE = {"interactions": SERVICE_TABLE}
SLOW = {"interactions": SLOW_TABLE}
ISSUES = {"interactions": ISSUES_TABLE}
OPEN = {"interactions": OPEN_TABLE}
REQUESTS = {"interactions": REQUESTS_TABLE}
CASES = (
    Case(SERVICE_CASES, SERVICE, 5, None, 5),
    # 10, 20, 30 and 180 minutes, and one without an answer: the middle one of five is 30.
    Case(FIRST_RESPONSE_TIME, SERVICE, 240, 5, 30),
    # 10, 20 ... 100 minutes, and one without an answer: the tenth of eleven is 100.
    Case(SLOW_RESPONSE_TIME, SLOW, 550, 11, 100),
    # a day more each: the sixth of eleven
    Case(RESOLUTION_TIME, SLOW, 10 * 1440 + 550, 11, 1440 + 60),
    Case(SLOW_RESOLUTION_TIME, SLOW, 10 * 1440 + 550, 11, 1440 + 100),
    # ann's ship on day 14, dee's, and eve's two, 15 days apart; ann's two of pay are 14 days apart
    Case(FIRST_CONTACT_RESOLUTION, ISSUES, 4, 7, 4 / 7, empty="2025-07"),
    # of 18 March to 16 April cyd's and one of nobody known; of ann's ship it is not known
    Case(REOPEN_RATE, ISSUES, 2, 9, 2 / 9, empty="2025-07"),
    # ann on the day, bob a day late, cyd not at all
    Case(CASES_ON_TIME, {"interactions": PROMISES_TABLE}, 1, 3, 1 / 3),
    Case(BACKLOG, OPEN, 3, None, 3, empty="2025-02", empty_tables={"interactions": NOTHING_OPEN}),
    Case(BACKLOG_AGE, OPEN, 151, 3, 30, empty="2025-02", empty_tables={"interactions": NOTHING_OPEN}),
    Case(COMPLAINTS, SERVICE, 3, None, 3),
    # active in the 90 days to the end of April are ann, gus, hal and ivy
    Case(COMPLAINT_RATE, SERVICE | {"orders": ORDERS_TABLE}, 3, 4, 750, empty="2025-12"),
    # two of the four of which it is known
    Case(COMPLAINT_SHARE, SERVICE, 2, 4, 1 / 2),
    Case(CHANGE_REQUESTS, REQUESTS, 3, None, 3, empty="2025-06"),
    Case(MISSING_FEATURES, REQUESTS, 1, None, 1, empty="2025-06"),
    # of those opened on 2 April to 2 May gus' on day 90; bob's on day 91, cyd's not at all
    Case(REQUESTS_CLOSED, REQUESTS, 1, 3, 1 / 3, period="2025-07", empty="2025-11"),
    # ann's for 30 days, bob's for 1, cyd's for 29, gus' for 16; dee's is closed
    Case(
        REQUEST_AGE,
        REQUESTS,
        76,
        4,
        22.5,
        empty="2025-02",
        empty_tables={"interactions": NO_REQUEST_OPEN},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parts_and_value(case: Case):
    check_case(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_happened(case: Case):
    check_nothing_happened(case)


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


def test_more_than_a_tenth_unanswered_leave_no_slowest_tenth():
    metrics = (FIRST_RESPONSE_TIME, SLOW_RESPONSE_TIME)
    text = SLOW_TABLE + "\n13 c13 2025-04-30 - -"
    cube = cube_of(tiny_data(interactions=text), "2025-04", metrics=metrics)
    assert figure(cube, SLOW_RESPONSE_TIME, "2025-04")["status"] == "undefined"
    assert figure(cube, FIRST_RESPONSE_TIME, "2025-04")["value"] == 65


def test_resolved_cases_alone_would_flatter_the_time():
    """The trap: three cases of ten minutes are resolved, two harder ones are still open."""
    lines = ["interaction_id customer_id opened_at resolved_at"]
    lines += [f"{n} c{n} 2025-04-0{n} 2025-04-0{n}T0{n}:00:00" for n in (1, 2, 3)]
    lines += [f"{n} c{n} 2025-04-0{n} -" for n in (4, 5)]
    cube = cube_of(tiny_data(interactions="\n".join(lines)), "2025-04", metrics=(RESOLUTION_TIME,))
    assert figure(cube, RESOLUTION_TIME, "2025-04")["value"] == 3 * 60 > 2 * 60


def test_complaints_among_contacts_fall_while_customers_complain_as_often():
    """The trap: five complaints of 100 customers in both months, but twice as many contacts in the second."""
    orders = ["order_id customer_id ordered_at amount"]
    orders += [f"{n} c{n} 2025-03-{10 + n % 15} 1" for n in range(100)]
    lines = ["interaction_id customer_id opened_at is_complaint"]
    for month, contacts in ((4, 20), (5, 40)):
        lines += [f"{month}-{n} c{n} 2025-0{month}-10 {str(n < 5).lower()}" for n in range(contacts)]
    data = tiny_data(orders="\n".join(orders), interactions="\n".join(lines))
    cube = cube_of(data, "2025-04", "2025-05", metrics=(COMPLAINT_RATE, COMPLAINT_SHARE))
    shares = [figure(cube, COMPLAINT_SHARE, month)["value"] for month in ("2025-04", "2025-05")]
    assert shares == [1 / 4, 1 / 8]
    rates = [figure(cube, COMPLAINT_RATE, month)["value"] for month in ("2025-04", "2025-05")]
    assert rates == [50, 50]


def test_complaints_that_nobody_records_are_not_none():
    text = "\n".join(line.rsplit(maxsplit=1)[0] for line in SERVICE_TABLE.strip().splitlines())
    cube = cube_of(tiny_data(interactions=text), "2025-04", metrics=(COMPLAINTS, COMPLAINT_SHARE, BACKLOG))
    for metric in (COMPLAINTS, COMPLAINT_SHARE):
        found = figure(cube, metric, "2025-04")
        assert found["status"] == "undefined" and math.isnan(found["value"])
    # Nor are all cases open where the data do not say when they are resolved.
    assert BACKLOG.name not in set(cube["metric"])


@pytest.mark.parametrize(
    ("word", "changes", "features"),
    [
        ("Change request", 1, 0),
        ("CHANGE REQUEST ", 1, 0),
        ("Missing feature", 0, 1),
        ("Feature request", 0, 1),
        ("Request", 0, 0),
    ],
)
def test_words_of_requests(word: str, changes: int, features: int):
    rows = [("1", "ann", "需求变更", "2025-01-01"), ("2", "ann", word, "2025-04-01")]
    rows += [("3", "ann", "功能缺失", "2025-06-01")]
    table = pd.DataFrame(rows, columns=["interaction_id", "customer_id", "issue_type", "opened_at"])
    data = tiny_data(interactions=table.assign(resolved_at=None))
    cube = cube_of(data, "2025-04", metrics=(CHANGE_REQUESTS, MISSING_FEATURES))
    assert figure(cube, CHANGE_REQUESTS, "2025-04")["value"] == changes
    assert figure(cube, MISSING_FEATURES, "2025-04")["value"] == features


def _drawn(seed: int) -> pd.DataFrame:
    """Contacts of ten customers on two issues in four months, some of nobody known and some open."""
    rng = random.Random(seed)
    rows = []
    for n in range(150):
        day = date(2025, 2, 1) + timedelta(days=rng.randrange(120))
        resolved = day + timedelta(days=rng.randrange(20))
        rows.append(
            {
                "interaction_id": str(n),
                "customer_id": rng.choice(["", *"abcdefghij"]) or None,
                "direction": rng.choice(["inbound", "inbound", "outbound"]),
                "issue_type": rng.choice(["pay", "ship", None]),
                "opened_at": day.isoformat(),
                "resolved_at": resolved.isoformat() if rng.random() < 0.9 else None,
                "reopened_count": rng.choice(["0", "0", "0", "1", None]),
            }
        )
    return pd.DataFrame(rows, dtype=object)


def _first_contacts(rows: pd.DataFrame, start: date, end: date) -> tuple[int, int]:
    """Count issues solved at once, and issues, by looking at every pair of contacts."""
    solved = issues = 0
    inbound = [r for r in rows.to_dict("records") if r["direction"] == "inbound" and r["customer_id"]]
    for row in inbound:
        day = date.fromisoformat(row["opened_at"])
        if not start <= day + timedelta(days=14) < end:
            continue
        place = (row["opened_at"], row["interaction_id"])
        apart = [
            ((o["opened_at"], o["interaction_id"]) > place, (date.fromisoformat(o["opened_at"]) - day).days)
            for o in inbound
            if o is not row and (o["customer_id"], o["issue_type"]) == (row["customer_id"], row["issue_type"])
        ]
        if any(not is_later and days >= -14 for is_later, days in apart):
            continue
        issues += 1
        is_resolved = row["resolved_at"] and (date.fromisoformat(row["resolved_at"]) - day).days <= 14
        is_again = row["reopened_count"] == "1" or any(is_later and days <= 14 for is_later, days in apart)
        solved += bool(is_resolved) and not is_again
    return solved, issues


@pytest.mark.parametrize("seed", range(5))
def test_first_contact_resolution_by_looking_at_every_pair(seed: int):
    rows = _drawn(seed)
    counted = _first_contacts(rows, date(2025, 4, 1), date(2025, 5, 1))
    assert counted[1] > 5
    for order in (rows, rows.iloc[::-1], rows.sample(frac=1, random_state=seed)):
        cube = cube_of(tiny_data(interactions=order), "2025-04", metrics=(FIRST_CONTACT_RESOLUTION,))
        found = figure(cube, FIRST_CONTACT_RESOLUTION, "2025-04")
        assert (found["numerator"], found["denominator"]) == counted


@pytest.mark.parametrize("seed", range(3))
def test_what_is_matured_does_not_change_with_what_comes_later(seed: int):
    rows = _drawn(seed)
    data = tiny_data(interactions=rows.assign(due_at=rows["opened_at"]))
    metrics = (FIRST_CONTACT_RESOLUTION, REOPEN_RATE, CASES_ON_TIME, BACKLOG, BACKLOG_AGE)
    now = cube_of(data, "2025-04", metrics=metrics)
    then = cube_of(until(data, date(2025, 5, 1)), "2025-04", metrics=metrics)
    for metric in metrics:
        figures = [figure(cube, metric, "2025-04")["value"] for cube in (now, then)]
        assert figures[0] == figures[1] > 0
