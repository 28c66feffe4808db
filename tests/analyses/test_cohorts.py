"""Cohorts: shares that a reader can count, against pandas, and on CDNOW."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.analyses.analysis import Declined
from crmreport.analyses.retention.cohorts import (
    COHORTS,
    JOINING_COHORTS,
    cohort_counts,
    first_ordered,
    retention,
    retention_curve,
)
from crmreport.config import read_project
from crmreport.tables.data import read_data
from tests.tiny import known_of, tiny_data

SHARED = Path(__file__).parents[3] / "shared" / "data"
PROJECTS = Path(__file__).parents[1] / "projects"

# January: a, b, c. In February a comes back, in March b, in April a and b. February: d, who comes in April.
ORDERS = """
order_id customer_id ordered_at
1 a 2025-01-03T10:00
2 b 2025-01-20T10:00
3 c 2025-01-31T23:59
4 a 2025-02-01T00:00
5 d 2025-02-10T10:00
6 b 2025-03-05T10:00
7 a 2025-04-05T10:00
8 a 2025-04-06T10:00
9 b 2025-04-07T10:00
10 d 2025-04-30T10:00
"""
EARLY = date(2020, 1, 1)


def orders_of(frame: pd.DataFrame):
    schema = {"order_id": "string", "customer_id": "string", "ordered_at": "timestamp(6)"}
    return ibis.memtable(frame, schema=schema)


def counted(orders, end: date, most_age_months: int = 12) -> pd.DataFrame:
    return cohort_counts(first_ordered(orders), orders, end, EARLY, most_age_months)


def test_cohorts_by_hand():
    orders = tiny_data(orders=ORDERS).tables["orders"]
    counts = counted(orders, date(2025, 5, 1), most_age_months=3)
    january = counts[counts["cohort"] == "2025-01-01"]
    assert list(january["customers"]) == [3, 3, 3, 3]
    assert list(january["active"]) == [3, 1, 1, 2]  # a; b; a and b
    assert list(january["active_or_later"]) == [3, 2, 2, 2]  # c never comes back
    assert list(january["is_later_complete"]) == [True] * 4
    february = counts[counts["cohort"] == "2025-02-01"]
    assert list(february["active"]) == [1, 0, 1]
    assert not february["is_later_complete"].any()  # May is to come
    shares = retention(counts, or_later=False)
    assert shares["share"].iloc[1] == pytest.approx(1 / 3)


def test_the_curve_is_a_ratio_of_sums_over_complete_months():
    orders = tiny_data(orders=ORDERS).tables["orders"]
    counts = counted(orders, date(2025, 5, 1), most_age_months=3)
    on = retention_curve(counts, or_later=False).set_index("age_months")
    assert list(on["customers"]) == [4, 4, 4, 3]
    assert list(on["active"]) == [4, 1, 2, 2]
    assert on.loc[2, "share"] == 2 / 4  # not the mean of 1/3 and 1
    later = retention_curve(counts, or_later=True).set_index("age_months")
    assert list(later["customers"]) == [3] * 4  # February has not been watched for three months


def test_a_month_that_is_not_over_is_not_complete():
    orders = tiny_data(orders=ORDERS).tables["orders"]
    counts = counted(orders, date(2025, 4, 10), most_age_months=3)
    last = counts[(counts["cohort"] == "2025-01-01") & (counts["age_months"] == 3)]
    assert list(last["is_complete"]) == [False]
    assert retention_curve(counts, or_later=False)["age_months"].max() == 2


@settings(max_examples=12, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 200)), min_size=1, max_size=40),
    seed=st.integers(0, 9),
)
def test_everyone_is_active_at_age_0_and_rows_have_no_order(rows, seed):
    frame = pd.DataFrame(rows, columns=["customer", "day"])
    orders = pd.DataFrame(
        {
            "order_id": [str(n) for n in range(len(frame))],
            "customer_id": frame["customer"].map("c{}".format),
            "ordered_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"], unit="D"),
        }
    )
    end = date(2024, 12, 1)
    counts = counted(orders_of(orders), end)
    first = counts[counts["age_months"] == 0]
    assert (first["active"] == first["customers"]).all()
    assert (counts["active"] <= counts["active_or_later"]).all()
    assert (counts["active_or_later"] <= counts["customers"]).all()
    assert first["customers"].sum() == frame["customer"].nunique()
    falls = counts.groupby("cohort")["active_or_later"].diff().dropna()
    assert (falls <= 0).all()
    shuffled = orders.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(counts, counted(orders_of(shuffled), end))


def test_pandas_counts_the_same():
    rng = np.random.default_rng(5)
    n = 3_000
    at = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 700, n), unit="D")
    orders = pd.DataFrame(
        {
            "order_id": np.arange(n).astype(str),
            "customer_id": np.char.add("c", rng.integers(0, 500, n).astype(str)),
            "ordered_at": at,
        }
    )
    counts = counted(orders_of(orders), date(2025, 1, 1))
    month = orders["ordered_at"].dt.to_period("M")
    first = month.groupby(orders["customer_id"]).transform("min")
    age = (month.dt.year - first.dt.year) * 12 + month.dt.month - first.dt.month
    pairs = pd.DataFrame({"cohort": first.dt.to_timestamp(), "age_months": age, "who": orders["customer_id"]})
    again = pairs[age <= 12].groupby(["cohort", "age_months"])["who"].nunique()
    ours = counts.set_index(["cohort", "age_months"])["active"]
    assert (ours[ours > 0] == again.reindex(ours[ours > 0].index)).all()
    assert ours.sum() == again.sum()


def test_small_cohorts_are_hidden_and_unknown_first_orders_marked():
    rows = "".join(f"\n{n} c{n} 2020-02-0{1 + n % 5}T10:00" for n in range(6))
    rows += "\n20 c0 2020-03-03T10:00\n21 alone 2020-03-05T10:00\n22 c1 2020-04-03T10:00"
    data = tiny_data(orders="order_id customer_id ordered_at" + rows)
    known = known_of(data, "2020-04", metrics=())
    frames = COHORTS.compute(known)
    assert set(frames["retention"]["cohort"].dt.month) == {2}
    assert frames["summary"].iloc[0].to_dict() == {
        "cohorts": 1,
        "cohorts_hidden": 1,
        "cohorts_unknown": 1,
        "customers": 6,
        "known_from": pd.Timestamp("2020-12-31"),
    }
    assert not frames["curve"]["is_known"].any()  # the data begin in January 2020
    for name, columns in COHORTS.columns.items():
        assert list(frames[name].columns) == list(columns)


def test_joining_cohorts_need_not_buy():
    people = "".join(f"\nc{n} 2020-02-0{1 + n}T10:00" for n in range(6))
    orders = "order_id customer_id ordered_at\n1 c0 2020-02-09T10:00\n2 c1 2020-03-03T10:00"
    data = tiny_data(customers="customer_id joined_at" + people, orders=orders)
    frames = JOINING_COHORTS.compute(known_of(data, "2020-03", metrics=()))
    assert list(frames["retention"]["active"]) == [1, 1]
    assert list(frames["retention"]["customers"]) == [6, 6]


def test_one_month_is_too_little():
    rows = "".join(f"\n{n} c{n} 2020-02-0{1 + n}T10:00" for n in range(6))
    data = tiny_data(orders="order_id customer_id ordered_at" + rows)
    with pytest.raises(Declined):
        COHORTS.compute(known_of(data, "2020-02", metrics=()))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data sets are not beside the project")
def test_cdnow(monkeypatch: pytest.MonkeyPatch):
    """All 23,570 customers of the set bought first in the first quarter of 1997."""
    monkeypatch.setenv("CRMREPORT_DATA", str(SHARED))
    data = read_data(read_project(PROJECTS / "cdnow"))
    orders = data.tables["orders"]
    counts = counted(orders, date(1998, 7, 1))
    sizes = counts[counts["age_months"] == 0]
    assert list(sizes["cohort"].dt.strftime("%Y-%m")) == ["1997-01", "1997-02", "1997-03"]
    assert sizes["customers"].sum() == 23_570
    file = pd.read_parquet(SHARED / "cdnow" / "cdnow_master.parquet")
    month = pd.to_datetime(file["date"].astype(str)).dt.to_period("M")
    first = month.groupby(file["customer_id"]).transform("min")
    came = file.loc[(first == "1997-01") & (month == "1997-02"), "customer_id"].nunique()
    ours = counts[(counts["cohort"] == "1997-01-01") & (counts["age_months"] == 1)]
    assert list(ours["active"]) == [came]
