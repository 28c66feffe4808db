"""Lifecycle: stages by their rules, flows that reconcile with each other and with the cube."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.analyses.analysis import Declined
from crmreport.analyses.retention.lifecycle import LIFECYCLE, flows
from crmreport.analyses.retention.lifecycle_stages import (
    STAGES,
    buying_days,
    expected_gap,
    stages,
    transitions,
)
from crmreport.metrics.customers import ACTIVE_CUSTOMERS
from tests.tiny import CALENDAR, cube_of, figure, known_of, tiny_data

# The period is June 2025; a customer is active for 90 days: from 2 April (its end), 3 March (its beginning).
ORDERS = """
order_id customer_id ordered_at
1 new 2025-06-10T10:00
2 active 2025-04-20T10:00
3 active 2025-05-20T10:00
4 active 2025-06-20T10:00
5 overdue 2025-04-01T10:00
6 overdue 2025-04-11T10:00
7 overdue 2025-04-21T10:00
8 overdue 2025-05-01T10:00
9 back 2024-06-01T10:00
10 back 2025-06-02T10:00
11 lost 2025-03-10T10:00
12 gone 2024-01-01T10:00
13 gone 2024-03-01T10:00
14 tomorrow 2025-07-01T00:00
"""
JUNE = (date(2025, 6, 1), date(2025, 7, 1))


def stages_of(orders: str) -> dict[str, str]:
    table = tiny_data(orders=orders).tables["orders"]
    days = buying_days(table, date(2025, 5, 1), *JUNE)
    return dict(zip(days["customer_id"], stages(days, "start", "end", *JUNE, 90), strict=True))


def test_stages_by_hand():
    assert stages_of(ORDERS) == {
        "new": "new",
        "active": "active",
        "overdue": "at_risk",
        "back": "reactivated",
        "lost": "lapsed",  # 10 March is 113 days before 1 July
        "gone": "lapsed",
    }


def test_the_edge_of_the_window():
    """2 April is 90 days before 1 July, 1 April is 91."""
    head = "order_id customer_id ordered_at\n"
    assert stages_of(head + "1 a 2025-04-02T00:00")["a"] != "lapsed"
    assert stages_of(head + "1 a 2025-04-01T23:59")["a"] == "lapsed"


def test_the_expected_gap_is_the_mean_of_the_own_gaps_and_a_typical_one():
    """Gaps of 10 and 20 days, and of 40: the typical mean gap is the median of 15 and 40, 27.5."""
    first = pd.Series(pd.to_datetime(["2025-01-01", "2025-01-01", "2025-01-01"]))
    last = pd.Series(pd.to_datetime(["2025-01-31", "2025-02-10", "2025-01-01"]))
    found = expected_gap(first, last, pd.Series([3, 2, 1]))
    assert list(found) == [(27.5 + 30) / 3, (27.5 + 40) / 2, 27.5]


def test_flows_by_hand_and_with_the_cube():
    data = tiny_data(orders=ORDERS)
    known = known_of(data, "2025-05", "2025-06", metrics=(ACTIVE_CUSTOMERS,))
    found = flows(known.facts["activity"], known.facts["first_orders"], known.periods, split=False)
    june = found.set_index("period").loc["2025-06"]
    assert dict(june) == {"opening": 3, "new": 1, "reactivated": 1, "lost": 1, "closing": 4}
    cube = cube_of(data, "2025-06", metrics=(ACTIVE_CUSTOMERS,))
    assert figure(cube, ACTIVE_CUSTOMERS, "2025-06")["value"] == june["closing"]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 500)), min_size=1, max_size=60))
def test_flows_reconcile_and_stages_add_up_to_them(rows):
    first = date(2024, 1, 1)
    orders = pd.DataFrame(
        [(str(n), f"c{c}", f"{first + timedelta(days=d)}T09:00") for n, (c, d) in enumerate(rows)],
        columns=["order_id", "customer_id", "ordered_at"],
    )
    known = known_of(tiny_data(orders=orders), "2025-01", "2025-02", "2025-03", metrics=())
    found = flows(known.facts["activity"], known.facts["first_orders"], known.periods, split=False)
    kept = found["opening"] + found["new"] + found["reactivated"] - found["lost"]
    assert (kept == found["closing"]).all()
    by_period = found.set_index("period").reindex([p.key for p in known.periods]).fillna(0)
    assert list(by_period["opening"][1:]) == list(by_period["closing"][:-1])
    period = known.period
    days = buying_days(known.tables["orders"], known.periods[-2].start, period.start, period.end)
    counts = stages(days, "start", "end", period.start, period.end, 90).value_counts()
    counts = counts.reindex(STAGES, fill_value=0)
    assert counts.drop("lapsed").sum() == by_period["closing"].iloc[-1]
    assert counts["new"] == by_period["new"].iloc[-1]
    assert counts["reactivated"] == by_period["reactivated"].iloc[-1]
    assert counts.sum() == len(days)


def test_moves_have_both_margins_and_hide_few():
    before = pd.Series(["active"] * 40 + ["lapsed"] * 30)
    after = pd.Series(
        ["active"] * 28 + ["lapsed"] * 2 + ["at_risk"] * 10 + ["lapsed"] * 20 + ["reactivated"] * 10
    )
    plain = transitions(before, after, least=1)
    assert plain.groupby("stage_before")["customers"].sum().to_dict() == {"active": 40, "lapsed": 30}
    assert plain.groupby("stage_before")["share"].sum().to_dict() == {"active": 1, "lapsed": 1}
    hidden = transitions(before, after, least=5).set_index(["stage_before", "stage"])["is_hidden"]
    assert hidden[("active", "lapsed")]
    # In its row and in its column, the 2 could be computed from the others if these were shown.
    assert hidden[("active", "at_risk")] and hidden[("lapsed", "lapsed")]
    assert hidden[("lapsed", "reactivated")]
    assert not hidden[("active", "active")]


def test_frames_are_as_declared():
    rows = "".join(f"\n{n} c{n % 9} 2025-0{1 + n % 6}-{10 + n % 17}T10:00" for n in range(60))
    data = tiny_data(orders="order_id customer_id ordered_at" + rows)
    frames = LIFECYCLE.compute(known_of(data, "2025-05", "2025-06", metrics=()))
    for name, columns in LIFECYCLE.columns.items():
        assert list(frames[name].columns) == list(columns), name
    assert frames["customers"]["stage"].isin(STAGES).all()


def test_without_a_second_order_no_gap_is_known():
    data = tiny_data(orders="order_id customer_id ordered_at\n1 a 2025-06-01T10:00\n2 b 2025-06-02T10:00")
    with pytest.raises(Declined):
        LIFECYCLE.compute(known_of(data, "2025-06", metrics=()))


def test_a_calendar_year_has_those_who_came_and_went():
    """First order in January 2025, none after: neither new nor lost in 2025, but lapsed at its end."""
    orders = (
        "order_id customer_id ordered_at\n1 a 2025-01-10T10:00\n2 b 2025-12-01T10:00\n3 b 2025-12-09T10:00"
    )
    known = known_of(tiny_data(orders=orders), "2025", metrics=())
    found = flows(known.facts["activity"], known.facts["first_orders"], known.periods, split=False)
    assert dict(found.iloc[0].drop("period")) == {
        "opening": 0,
        "new": 1,
        "reactivated": 0,
        "lost": 0,
        "closing": 1,
    }
    assert CALENDAR.period("2025") == known.period
