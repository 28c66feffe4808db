"""The cube: periods, segments, statuses and what is withheld; and that it does not depend on the reading."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crmreport.metrics.conversion import LEADS
from crmreport.metrics.cube import COLUMNS, STATUSES
from crmreport.metrics.customers import BUYERS, NEW_CUSTOMERS, ORDER_RATE, RETENTION_RATE
from crmreport.metrics.flows import REACTIVATED_CUSTOMERS
from crmreport.metrics.metric import Metric
from crmreport.metrics.sales import ORDERS, REVENUE, REVENUE_GROWTH, REVENUE_PER_ORDER
from crmreport.metrics.satisfaction import CSAT
from crmreport.metrics.value import NET_REVENUE_RETENTION, TOP_DECILE_SHARE
from crmreport.tables import facts
from tests.tiny import cube_of, figure, frame, tiny_data

CUSTOMERS = """
customer_id  region
ann          North
bob          South
cyd          -
"""
SALES = (REVENUE, ORDERS, REVENUE_PER_ORDER, BUYERS)


def orders_of(**counts: int) -> str:
    """Write one order of 10 for each of so many customers of a segment, in March and in June 2025."""
    lines = ["order_id customer_id ordered_at amount sales_channel"]
    for segment, count in counts.items():
        for i in range(count):
            lines += [
                f"{segment}{i}m c{segment}{i} 2025-03-05 10 {segment}",
                f"{segment}{i}j c{segment}{i} 2025-06-05 10 {segment}",
            ]
    return "\n".join(lines)  # fmt: skip


def statuses(cube: pd.DataFrame, metric: Metric, period: str, dimension: str) -> dict[str, str]:
    rows = cube[
        (cube["metric"] == metric.name) & (cube["period"] == period) & (cube["dimension"] == dimension)
    ]
    return dict(zip(rows["segment"], rows["status"], strict=True))


def test_rows_are_sorted_and_complete():
    orders = """
    order_id  customer_id  ordered_at  amount
    1         ann          2025-03-01  10
    2         bob          2025-04-01  20
    """
    cube = cube_of(tiny_data(orders=orders, customers=CUSTOMERS), "2025-03", "2025-04", metrics=SALES)
    assert tuple(cube.columns) == COLUMNS
    assert set(cube["status"]) <= set(STATUSES)
    assert not cube.duplicated(["period", "dimension", "segment", "metric"]).any()
    # Two periods, the company and two regions (nobody of an unknown one bought), four metrics.
    assert len(cube) == 2 * 3 * 4


def test_segments_are_the_customers():
    orders = """
    order_id  customer_id  ordered_at  amount
    1         ann          2025-03-01  10
    2         ann          2025-03-02  20
    3         bob          2025-03-03  40
    4         cyd          2025-03-04  80
    5         -            2025-03-05  160
    """
    cube = cube_of(tiny_data(orders=orders, customers=CUSTOMERS), "2025-03", metrics=SALES)
    found = {s: figure(cube, REVENUE, "2025-03", "region", s)["value"] for s in ("North", "South", "unknown")}
    assert found == {"North": 30, "South": 40, "unknown": 240}
    assert figure(cube, REVENUE, "2025-03")["value"] == 310


def test_own_dimension_comes_before_the_customers():
    """A lead has a region of its own; one without takes that of its customer."""
    leads = """
    opportunity_id  customer_id  created_at  region
    1               ann          2025-03-01  South
    2               ann          2025-03-01  -
    3               -            2025-03-01  West
    """
    cube = cube_of(tiny_data(opportunities=leads, customers=CUSTOMERS), "2025-03", metrics=(LEADS,))
    found = {s: figure(cube, LEADS, "2025-03", "region", s)["value"] for s in ("North", "South", "West")}
    assert found == {"North": 1, "South": 1, "West": 1}


def test_missing_is_not_zero():
    """Nothing was sold in the North in March, and a segment of which there is nothing stays in the list."""
    orders = """
    order_id  customer_id  ordered_at  amount
    1         ann          2025-02-01  10
    2         bob          2025-03-01  20
    """
    cube = cube_of(tiny_data(orders=orders, customers=CUSTOMERS), "2025-02", "2025-03", metrics=SALES)
    assert figure(cube, REVENUE, "2025-03", "region", "North")["value"] == 0
    each = figure(cube, REVENUE_PER_ORDER, "2025-03", "region", "North")
    assert math.isnan(each["value"]) and each["status"] == "undefined"


def test_before_the_data_nothing_is_known():
    """No survey was made before April: no zero, but nothing."""
    feedback = "feedback_id customer_id answered_at csat\n1 ann 2025-04-01 5\n2 bob 2025-06-01 4"
    orders = "order_id customer_id ordered_at amount\n1 ann 2025-01-01 10\n2 ann 2025-06-01 10"
    cube = cube_of(tiny_data(orders=orders, feedback=feedback), "2025-03", "2025-05", metrics=(CSAT, ORDERS))
    assert math.isnan(figure(cube, CSAT, "2025-03")["denominator"])
    assert figure(cube, CSAT, "2025-05")["denominator"] == 0
    assert figure(cube, ORDERS, "2025-03")["value"] == 0


@pytest.mark.parametrize(("count", "status"), [(29, "small"), (30, "ok")])
def test_small_below_thirty(count, status):
    cube = cube_of(tiny_data(orders=orders_of(web=count)), "2025-06", metrics=(ORDERS, REVENUE))
    assert figure(cube, ORDERS, "2025-06")["status"] == status
    assert figure(cube, REVENUE, "2025-06")["status"] == "ok"  # a sum says itself how wide its interval is


def test_unfinished_period():
    """The data end on 9 June: the part of June until then is named by its days, and is incomplete."""
    data = tiny_data(as_of=date(2025, 6, 9), orders=orders_of(web=40))
    cube = cube_of(data, "2025-03", "2025-06", metrics=(ORDERS,))
    assert figure(cube, ORDERS, "2025-06-01..2025-06-09")["status"] == "incomplete"


def test_the_first_month_is_incomplete_if_the_data_begin_within():
    cube = cube_of(tiny_data(orders=orders_of(web=40)), "2025-03", "2025-06", metrics=(ORDERS,))
    assert figure(cube, ORDERS, "2025-03")["status"] == "incomplete"  # the first order is of 5 March
    assert figure(cube, ORDERS, "2025-06")["status"] == "ok"


def test_history():
    """Who is new is known a year after the data begin; who is active, 90 days after."""
    lines = ["order_id customer_id ordered_at amount"]
    lines += [
        f"{m}{i} c{m}{i} {m}-15 10" for m in ("2023-12", "2024-03", "2024-12", "2025-01") for i in range(30)
    ]
    data = tiny_data(first_day=date(2023, 12, 15), orders="\n".join(lines))
    cube = cube_of(data, "2024-03", "2024-12", "2025-01", metrics=(NEW_CUSTOMERS, RETENTION_RATE))
    new = {p: figure(cube, NEW_CUSTOMERS, p)["status"] for p in ("2024-03", "2024-12", "2025-01")}
    assert new == {"2024-03": "incomplete", "2024-12": "incomplete", "2025-01": "ok"}
    assert figure(cube, RETENTION_RATE, "2024-03")["status"] == "incomplete"  # 1 March is 77 days after


def test_few_customers_are_hidden_with_one_more():
    """Four buyers by phone would be the whole less the others: the next smallest is hidden too."""
    data = tiny_data(orders=orders_of(web=40, shop=35, fair=6, phone=4))
    cube = cube_of(data, "2025-06", metrics=SALES, minimum_cell=5)
    for metric in SALES:
        found = statuses(cube, metric, "2025-06", "sales_channel")
        assert found == {"web": "ok", "shop": "ok", "fair": "hidden", "phone": "hidden"}
    row = figure(cube, REVENUE, "2025-06", "sales_channel", "phone")
    assert all(math.isnan(row[part]) for part in ("numerator", "denominator", "value", "low", "high"))


def test_two_hidden_need_no_third():
    data = tiny_data(orders=orders_of(web=40, shop=35, fair=3, phone=4))
    found = statuses(
        cube_of(data, "2025-06", metrics=SALES, minimum_cell=5), ORDERS, "2025-06", "sales_channel"
    )
    assert found == {"web": "ok", "shop": "ok", "fair": "hidden", "phone": "hidden"}


def test_unknown_alone_gives_nobody_away():
    orders = orders_of(web=40, shop=35, none=3).replace(" none", " -")
    found = statuses(
        cube_of(tiny_data(orders=orders), "2025-06", metrics=(ORDERS,), minimum_cell=5), ORDERS, "2025-06",
        "sales_channel",
    )  # fmt: skip
    assert found == {"web": "ok", "shop": "ok", "unknown": "hidden"}


def test_leads_without_a_customer_are_many():
    """Six leads, one of them a customer by now: six people, not one."""
    leads = "opportunity_id customer_id created_at lead_source\n0 ann 2025-03-01 fair\n8 bob 2025-06-01 fair"
    leads += "".join(f"\n{i} - 2025-03-0{i} fair" for i in range(1, 6))
    cube = cube_of(tiny_data(opportunities=leads), "2025-03", metrics=(LEADS,), minimum_cell=5)
    assert figure(cube, LEADS, "2025-03", "lead_source", "fair")["value"] == 6


def test_few_cases_of_many_customers_are_hidden():
    """Three of ten customers answered this question: their share is theirs alone."""
    feedback = "feedback_id customer_id answered_at survey_channel csat nps"
    feedback += "".join(f"\n{i} c{i} 2025-03-02 mail {5 if i < 3 else '-'} 9" for i in range(10))
    feedback += "\n90 z1 2025-02-01 mail 5 9\n91 z2 2025-04-01 mail 5 9"
    cube = cube_of(tiny_data(feedback=feedback), "2025-03", metrics=(CSAT,), minimum_cell=5)
    assert figure(cube, CSAT, "2025-03", "survey_channel", "mail")["status"] == "hidden"


def test_decimals_are_exact():
    """Ten times 0.10 is 1, where binary fractions give 0.9999999999999999."""
    orders = "order_id customer_id ordered_at amount"
    orders += "".join(f"\n{i} ann 2025-03-0{1 + i % 9} 0.10" for i in range(10))
    cube = cube_of(tiny_data(orders=orders), "2025-03", metrics=(REVENUE, REVENUE_PER_ORDER))
    assert figure(cube, REVENUE, "2025-03")["value"] == 1
    assert figure(cube, REVENUE_PER_ORDER, "2025-03")["value"] == 0.1


def test_order_of_rows_changes_nothing():
    rows = frame(orders_of(web=40, shop=35, fair=6, phone=4))
    cubes = [
        cube_of(
            tiny_data(orders=given), "2025-03", "2025-06", metrics=(*SALES, NEW_CUSTOMERS, RETENTION_RATE)
        )
        for given in (rows, rows.iloc[::-1], rows.sample(frac=1, random_state=1))
    ]
    for other in cubes[1:]:
        pd.testing.assert_frame_equal(cubes[0], other, check_exact=True)


def test_the_same_period_twice_is_one():
    data = tiny_data(orders=orders_of(web=3))
    once, twice = (cube_of(data, *names, metrics=SALES) for names in (["2025-06"], ["2025-06", "2025-06"]))
    pd.testing.assert_frame_equal(once, twice)


def test_the_data_reach_as_far_as_rows_of_which_no_period_was_asked():
    """March alone is asked; that orders began in January and go on in June decides that it is whole."""
    orders = "order_id customer_id ordered_at amount\n1 ann 2025-01-10 10\n2 ann 2025-03-31 10"
    whole = cube_of(tiny_data(orders=orders + "\n3 ann 2025-06-01 10"), "2025-03", metrics=(REVENUE,))
    begun = cube_of(
        tiny_data(orders=orders.replace("2025-01-10", "2025-03-10")), "2025-03", metrics=(REVENUE,)
    )
    assert figure(whole, REVENUE, "2025-03")["status"] == "ok"
    assert figure(begun, REVENUE, "2025-03")["status"] == "incomplete"
    assert figure(whole, REVENUE, "2025-03")["value"] == 10


def test_no_table_no_rows():
    assert cube_of(tiny_data(orders=orders_of(web=3)), "2025-06", metrics=(CSAT,)).empty


ORDER = st.tuples(
    st.sampled_from("abcdef"),
    st.integers(0, 180),
    st.integers(0, 100_000),
    st.sampled_from(["web", "shop", "-"]),
)


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])  # each computes a cube
@given(st.lists(ORDER, min_size=1, max_size=40))
def test_parts_add_up(orders):
    """Segments add up to the company, months to their quarter; buyers, of course, only at least to it."""
    lines = ["order_id customer_id ordered_at amount sales_channel", "first a 2025-01-01 1 web"]
    lines += [
        f"{n} {who} {date(2025, 1, 1) + timedelta(days=day)} {cents / 100:.2f} {channel}"
        for n, (who, day, cents, channel) in enumerate(orders)
    ]
    names = ("2025-01", "2025-02", "2025-03", "2025-Q1")
    cube = cube_of(tiny_data(orders="\n".join(lines)), *names, metrics=(REVENUE, ORDERS, BUYERS))
    values = cube.pivot_table(index=["metric", "period"], columns="dimension", values="value", aggfunc="sum")
    for metric in (REVENUE.name, ORDERS.name):
        found = values.loc[metric].dropna()
        assert (found["sales_channel"] - found["all"]).abs().max() < 1e-6
    whole = cube[(cube["dimension"] == "all") & cube["value"].notna()].set_index(["metric", "period"])[
        "value"
    ]
    for metric in (REVENUE.name, ORDERS.name, BUYERS.name):
        months = sum(whole.get((metric, name), 0.0) for name in names[:3])
        quarter = whole.get((metric, names[3]), 0.0)
        assert months >= quarter - 1e-6 if metric == BUYERS.name else abs(months - quarter) < 1e-6


MANY = (
    *(REVENUE, ORDERS, REVENUE_PER_ORDER, REVENUE_GROWTH, BUYERS, NEW_CUSTOMERS, RETENTION_RATE, ORDER_RATE),
    *(REACTIVATED_CUSTOMERS, TOP_DECILE_SHARE, NET_REVENUE_RETENTION),
)
MONTHS = tuple(f"2025-{month:02d}" for month in range(1, 7))


def made_by(orders):
    lines = ["order_id customer_id ordered_at amount sales_channel", "first a 2025-01-01 1 web"]
    lines += [
        f"{n} {who} {date(2025, 1, 1) + timedelta(days=day)} {cents / 100:.2f} {channel}"
        for n, (who, day, cents, channel) in enumerate(orders)
    ]
    return tiny_data(as_of=date(2025, 6, 30), orders="\n".join(lines))


@settings(max_examples=5, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(ORDER, min_size=1, max_size=40), st.sampled_from(MONTHS))
def test_a_period_alone_is_the_same_as_among_others(orders, month):
    """Segments that have no row in the one period are in the other cube alone."""
    data = made_by(orders)
    alone = cube_of(data, month, metrics=MANY)
    among = cube_of(data, *MONTHS, "2025-Q1", metrics=MANY)
    keys = ["period", "dimension", "segment", "metric"]
    same = among.merge(alone[keys], on=keys)
    pd.testing.assert_frame_equal(same, alone, check_exact=True)


@pytest.mark.parametrize("rows", [1, 12, 24])
def test_periods_some_at_a_time_are_the_same_as_all_at_once(monkeypatch, rows):
    """Six customers: one period at a time, two, four."""
    orders = [("abcdef"[n % 6], 7 * n % 181, 100 * n, ["web", "shop", "-"][n % 3]) for n in range(60)]
    data = made_by(orders)
    at_once = cube_of(data, *MONTHS, metrics=MANY)
    monkeypatch.setattr(facts, "CUSTOMER_PERIODS", rows)
    pd.testing.assert_frame_equal(cube_of(data, *MONTHS, metrics=MANY), at_once, check_exact=True)
