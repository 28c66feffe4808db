"""Quotients: two figures, of the same or of different times, and what is carried over from both."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crmreport.metrics.customers import ACTIVE_CUSTOMERS, BUYERS, NEW_CUSTOMERS
from crmreport.metrics.metric import At, Better, Estimate, Metric, Quotient, Unit
from crmreport.metrics.quotients import at, periods_needed
from crmreport.metrics.sales import ORDERS, REVENUE, REVENUE_GROWTH, REVENUE_GROWTH_YEAR
from crmreport.metrics.satisfaction import CSAT
from crmreport.metrics.sql import metric_sql
from tests.tiny import CALENDAR, cube_of, figure, tiny_data


def quotient(name: str, top: Metric, bottom: Metric, **how: object) -> Metric:
    return Metric(
        name=name,
        title=name,
        subject="sales",
        definition=name,
        source=name,
        trap=name,
        estimate=Estimate.RATIO,
        quotient=Quotient(top, bottom, **how),
        unit=Unit.NUMBER,
        better=Better.NEITHER,
    )


PER_BUYER = quotient("orders_per_buyer", ORDERS, BUYERS)
PER_100 = quotient("orders_per_100_buyers_above_par", ORDERS, BUYERS, per=100, less=100)
GROWTH_PER_BUYER = quotient("growth_per_buyer", PER_BUYER, PER_BUYER, at=At.PREVIOUS, less=1)

ORDERS_TABLE = """
order_id  customer_id  ordered_at  amount
1         ann          2025-03-31  10
2         ann          2025-04-01  20
3         ann          2025-04-02  30
4         bob          2025-04-03  40
5         bob          2025-06-03  40
"""


def test_parts_are_the_two_figures():
    found = figure(
        cube_of(tiny_data(orders=ORDERS_TABLE), "2025-04", metrics=(PER_BUYER,)), PER_BUYER, "2025-04"
    )
    assert (found["numerator"], found["denominator"], found["value"]) == (3, 2, 1.5)
    assert found["low"] < 1.5 < found["high"]


def test_per_and_less():
    found = figure(cube_of(tiny_data(orders=ORDERS_TABLE), "2025-04", metrics=(PER_100,)), PER_100, "2025-04")
    assert found["value"] == 100 * 1.5 - 100
    assert found["low"] < 50 < found["high"]


def test_a_quotient_of_quotients():
    """1.5 orders per buyer after 1: half as many again."""
    cube = cube_of(tiny_data(orders=ORDERS_TABLE), "2025-04", metrics=(GROWTH_PER_BUYER,))
    found = figure(cube, GROWTH_PER_BUYER, "2025-04")
    assert (found["numerator"], found["denominator"], found["value"]) == (1.5, 1, 0.5)


def test_only_what_was_asked_for_is_given():
    """Not the periods that are only compared with, nor the metrics that are only parts."""
    cube = cube_of(tiny_data(orders=ORDERS_TABLE), "2025-04", metrics=(REVENUE_GROWTH, GROWTH_PER_BUYER))
    assert set(cube["period"]) == {"2025-04"}
    assert set(cube["metric"]) == {REVENUE_GROWTH.name, GROWTH_PER_BUYER.name}


def test_nothing_to_divide_by_is_no_figure():
    """No order in May, so that June grows from nothing; before the data, nothing is known."""
    cube = cube_of(tiny_data(orders=ORDERS_TABLE), "2025-03", "2025-05", "2025-06", metrics=(REVENUE_GROWTH,))
    assert figure(cube, REVENUE_GROWTH, "2025-05")["value"] == -1
    for period in ("2025-03", "2025-06"):
        found = figure(cube, REVENUE_GROWTH, period)
        assert found["status"] == "undefined" and math.isnan(found["value"]) and math.isnan(found["low"])


def test_part_of_a_period_grows_from_the_same_part():
    data = tiny_data(as_of=date(2025, 4, 2), orders=ORDERS_TABLE.replace("2025-03-31", "2025-03-02"))
    found = figure(
        cube_of(data, "2025-04", metrics=(REVENUE_GROWTH,)), REVENUE_GROWTH, "2025-04-01..2025-04-02"
    )
    assert (found["denominator"], found["value"], found["status"]) == (10, 4, "incomplete")


def test_small_parts_make_a_small_figure():
    lines = ["order_id customer_id ordered_at amount"]
    lines += [
        f"{m}{n} c{n} {m}-05 1" for m, count in (("2025-03", 29), ("2025-04", 40)) for n in range(count)
    ]
    data = tiny_data(orders="\n".join([*lines, "x c1 2025-02-01 1", "y c1 2025-05-01 1"]))
    growth = quotient("order_growth", ORDERS, ORDERS, at=At.PREVIOUS, less=1)
    cube = cube_of(data, "2025-04", metrics=(growth, ORDERS))
    assert figure(cube, ORDERS, "2025-04")["status"] == "ok"
    assert figure(cube, growth, "2025-04")["status"] == "small"


def segmented(**counts: tuple[int, int]) -> str:
    """Write orders of 10 of so many customers of a channel in March and in April 2025."""
    lines = [
        "order_id customer_id ordered_at amount sales_channel",
        "x z 2025-02-01 1 web",
        "y z 2025-05-01 1 web",
    ]
    for channel, of_month in counts.items():
        for month, count in zip(("03", "04"), of_month, strict=True):
            lines += [f"{channel}{month}{n} {channel}{n} 2025-{month}-05 10 {channel}" for n in range(count)]
    return "\n".join(lines)


def test_what_is_hidden_in_a_part_is_hidden():
    """In March few came by phone, and the fair is hidden with it; in April nobody was few."""
    data = tiny_data(orders=segmented(web=(40, 40), shop=(35, 35), fair=(6, 20), phone=(4, 30)))
    cube = cube_of(data, "2025-04", metrics=(REVENUE_GROWTH, REVENUE), minimum_cell=5)
    found = {s: figure(cube, REVENUE_GROWTH, "2025-04", "sales_channel", s) for s in ("web", "fair", "phone")}
    assert [row["status"] for row in found.values()] == ["ok", "hidden", "hidden"]
    for part in ("numerator", "denominator", "value", "low", "high"):
        assert math.isnan(found["phone"][part]) and math.isnan(found["fair"][part])
    assert figure(cube, REVENUE, "2025-04", "sales_channel", "phone")["status"] == "ok"


def test_only_by_dimensions_that_both_have():
    leads = "feedback_id customer_id answered_at survey_channel csat\n1 ann 2025-03-01 mail 5\n"
    leads += "2 ann 2025-04-01 mail 5\n3 ann 2025-06-01 mail 5"
    data = tiny_data(orders=segmented(web=(40, 40)), feedback=leads)
    both = quotient("revenue_per_share", REVENUE, CSAT)
    assert set(cube_of(data, "2025-04", metrics=(both,))["dimension"]) == {"all"}
    assert set(cube_of(data, "2025-04", metrics=(REVENUE,))["dimension"]) == {"all", "sales_channel"}


def test_without_the_table_of_a_part_there_is_none():
    both = quotient("revenue_per_share", REVENUE, CSAT)
    assert cube_of(tiny_data(orders=ORDERS_TABLE), "2025-04", metrics=(both,)).empty


def test_periods_seen_from_one():
    april = CALENDAR.period("2025-04")
    keys = {when: at(april, when).key for when in At}
    assert keys == {"same": "2025-04", "previous": "2025-03", "year_before": "2024-04", "next": "2025-05"}
    assert {p.key for p in periods_needed(GROWTH_PER_BUYER, [april])} == {"2025-04", "2025-03"}


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("2025-12", "2026-01"),
        ("2025-Q4", "2026-Q1"),
        ("2025-W52", "2026-W01"),
        ("2025", "2026"),
        ("2025-12-31", "2026-01-01"),
        ("2025-12-30..2025-12-31", "2026-01-01..2026-01-02"),
    ],
)
def test_successor(name, after):
    assert CALENDAR.period(name).successor().key == after
    assert CALENDAR.period(after).predecessor().key == name


def test_part_of_a_period_is_followed_by_the_next_whole_one():
    part = CALENDAR.at(CALENDAR.period("2025-04"), date(2025, 4, 9))
    assert part.successor().key == "2025-05"


def test_formula_and_query_can_be_read():
    assert REVENUE_GROWTH.formula == "revenue / revenue[previous] - 1"
    assert PER_100.formula == "orders / buyers * 100 - 100"
    assert GROWTH_PER_BUYER.formula == "(orders / buyers) / (orders / buyers)[previous] - 1"
    query = metric_sql(REVENUE_GROWTH, CALENDAR.period("2025-04"))
    assert query.endswith("THEN top.value / bottom.value - 1 END AS value FROM top, bottom")
    assert "2025, 4, 1" in query and "2025, 3, 1" in query


ORDER = st.tuples(
    st.sampled_from("abcdef"),
    st.integers(0, 180),
    st.integers(1, 100_000),
    st.sampled_from(["web", "shop", "-"]),
)
EVERY = (
    REVENUE,
    ORDERS,
    BUYERS,
    PER_BUYER,
    REVENUE_GROWTH,
    GROWTH_PER_BUYER,
    ACTIVE_CUSTOMERS,
    NEW_CUSTOMERS,
)


def table_of(orders: list[tuple[str, int, int, str]], shift_days: int = 0) -> str:
    start = date(2025, 1, 6) + timedelta(days=shift_days)
    lines = ["order_id customer_id ordered_at amount sales_channel", f"first a {start} 1 web"]
    lines += [
        f"{n} {who} {start + timedelta(days=day)} {cents / 100:.2f} {channel}"
        for n, (who, day, cents, channel) in enumerate(orders)
    ]
    return "\n".join(lines)


ONCE = settings(
    max_examples=5, deadline=None, phases=[Phase.explicit, Phase.generate]
)  # each computes a cube


@ONCE
@given(st.lists(ORDER, min_size=1, max_size=40))
def test_a_quotient_is_the_ratio_of_the_sums(orders):
    """Of the whole as of each segment: never a mean of the segments' ratios."""
    cube = cube_of(tiny_data(orders=table_of(orders)), "2025-01", "2025-02", "2025-Q2", metrics=EVERY)
    keys = ["period", "dimension", "segment"]
    parts = cube.pivot_table(index=keys, columns="metric", values="value", dropna=False)
    found = parts[parts[BUYERS.name] > 0]
    assert (found[PER_BUYER.name] == found[ORDERS.name] / found[BUYERS.name]).all()
    assert parts.loc[~(parts[BUYERS.name] > 0), PER_BUYER.name].isna().all()
    by_channel = cube[(cube["metric"] == PER_BUYER.name) & (cube["dimension"] == "sales_channel")]
    whole = cube[(cube["metric"] == PER_BUYER.name) & (cube["dimension"] == "all")].set_index("period")
    sums = by_channel.groupby("period")["numerator"].sum()
    assert (sums - whole["numerator"].fillna(0)).abs().max() == 0


@ONCE
@given(st.lists(ORDER, min_size=1, max_size=40), st.integers(1, 20))
def test_whole_weeks_later_everything_is_the_same(orders, weeks):
    """Weeks, their growth and activity depend on weekdays alone (a year before is another matter)."""
    found = []
    for shift in (0, weeks):
        start = date(2025, 1, 6) + timedelta(weeks=shift)
        first = start - timedelta(weeks=150)  # how long the data reach back is the same, too
        data = tiny_data(first, start + timedelta(weeks=40), orders=table_of(orders, 7 * shift))
        names = [
            CALENDAR.containing(start + timedelta(weeks=n), CALENDAR.period("2025-W10").kind).name
            for n in (1, 2, 9)
        ]
        cube = cube_of(data, *names, metrics=EVERY)
        found.append(
            cube.drop(columns="period").assign(
                week=cube["period"].map({name: n for n, name in enumerate(names)})
            )
        )
    one, other = found
    assert one.equals(other)


@ONCE
@given(st.lists(ORDER, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(orders, random):
    table = table_of(orders)
    header, *rows = table.splitlines()
    random.shuffle(rows)
    names = ("2025-01", "2025-02", "2025-Q2")
    cubes = [cube_of(tiny_data(orders=t), *names, metrics=EVERY) for t in (table, "\n".join([header, *rows]))]
    assert cubes[0].equals(cubes[1])


def test_the_same_metric_asked_for_alone_or_with_others_is_the_same():
    data = tiny_data(orders=segmented(web=(40, 40), shop=(35, 35)))
    many = cube_of(data, "2025-03", "2025-04", metrics=(*EVERY, REVENUE_GROWTH_YEAR))
    alone = cube_of(data, "2025-03", "2025-04", metrics=(REVENUE_GROWTH,))
    assert many[many["metric"] == REVENUE_GROWTH.name].reset_index(drop=True).equals(alone)
