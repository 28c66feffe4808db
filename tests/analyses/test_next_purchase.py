"""Next purchase: Kaplan-Meier by hand, against statsmodels, and on gaps of a known distribution."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined
from crmreport.analyses.products.next_purchase import (
    NEXT_PURCHASE,
    gaps,
    quantile_days,
    still_waiting,
    times_to_order,
)
from tests.tiny import known_of, tiny_data

# The data end on 30 June. a: 1 May, 11 May (10 days). b: 1 June, waits 29 days. c: twice on one day, and
# 20 days later. d: long ago and, 400 days later, on 5 May: a second order, waits 56 days.
ORDERS = """
order_id customer_id ordered_at
1 a 2025-05-01T10:00
2 a 2025-05-11T09:00
3 a 2025-06-20T09:00
4 b 2025-06-01T10:00
5 c 2025-04-01T10:00
6 c 2025-04-01T18:00
7 c 2025-04-21T10:00
8 d 2024-03-31T10:00
9 d 2025-05-05T10:00
10 a 2025-07-01T00:00
"""


def test_one_gap_per_customer_by_hand():
    data = tiny_data(orders=ORDERS, customers="customer_id region\na North\nb North\nc South\nd South")
    found = gaps(data.tables["orders"], data.tables["customers"], date(2025, 7, 1))
    whole = found[found["dimension"] == "all"].drop(columns=["dimension", "segment"])
    assert whole.to_numpy().tolist() == [[10, 1, 0], [20, 1, 0], [29, 0, 1], [56, 0, 1]]
    so_far = found[found["dimension"] == "orders_so_far"].groupby("segment")[["ordered", "waiting"]].sum()
    assert so_far.loc["first"].tolist() == [2, 1]
    assert so_far.loc["second"].tolist() == [0, 1]
    assert set(found.loc[found["dimension"] == "region", "segment"]) == {"North", "South"}


def test_the_curve_by_hand():
    """Of 4, one orders after 10 days, one after 20; one leaves at 29: 3/4, then 3/4 * 2/3 = 1/2."""
    counted = {"gap_days": [10, 20, 29, 56], "ordered": [1, 1, 0, 0], "waiting": [0, 0, 1, 1]}
    curve = still_waiting(pd.DataFrame(counted))
    assert list(curve["days"]) == [10, 20]
    assert list(curve["at_risk"]) == [4, 3]
    assert curve["share"].to_numpy() == pytest.approx([0.75, 0.5])
    assert quantile_days(curve, 0.25) == 10
    assert quantile_days(curve, 0.5) == 20
    assert np.isnan(quantile_days(curve, 0.75))


def test_statsmodels_gives_the_same():
    from statsmodels.duration.survfunc import SurvfuncRight

    rng = np.random.default_rng(1)
    gap = np.ceil(rng.exponential(40, 400)).astype(int)
    gap[0], end = 999, np.append(400, rng.integers(5, 120, 399))  # the last one is still waiting
    days, ordered = np.minimum(gap, end), gap <= end
    theirs = SurvfuncRight(days, ordered)
    both = pd.DataFrame({"gap_days": days, "ordered": ordered, "waiting": ~ordered}).astype("int64")
    ours = still_waiting(both.groupby("gap_days", as_index=False).sum())
    assert list(ours["days"]) == list(theirs.surv_times)
    assert ours["share"].to_numpy() == pytest.approx(theirs.surv_prob)
    low, high = theirs.quantile_ci(0.5, method="cloglog")
    assert quantile_days(ours, 0.5, "low") == low
    assert quantile_days(ours, 0.5, "high") in (high, ours["days"][ours["days"] > high].min())


def test_the_median_is_recovered_where_the_mean_of_closed_gaps_is_not():
    """Exponential gaps of mean 60 days have the median 41.6; nobody is watched longer than 90 days."""
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(60):
        gap = np.ceil(rng.exponential(60, 300)).astype(int)
        end = rng.integers(1, 91, 300)
        days = np.minimum(gap, end)
        frame = pd.DataFrame({"gap_days": days, "ordered": gap <= end, "waiting": gap > end}).astype("int64")
        counted = frame.groupby("gap_days", as_index=False).sum().assign(dimension="all", segment="all")
        times, shares = times_to_order(counted)
        truth = 60 * np.log(2)
        inside += int(times["low"].iloc[0] - 1 < truth <= times["high"].iloc[0])
        assert days[gap <= end].mean() < 35
    assert inside >= 54
    assert shares.loc[0, "share"] == pytest.approx(1 - np.exp(-30 / 60), abs=0.08)


def test_nobody_was_watched_so_long():
    counted = pd.DataFrame(
        {"dimension": "all", "segment": "all", "gap_days": [5, 40], "ordered": [2, 0], "waiting": [0, 3]}
    )
    times, shares = times_to_order(counted)
    assert shares["share"].tolist()[0] == pytest.approx(0.4)
    assert shares["share"].isna().tolist() == [False, True, True]
    assert np.isnan(times["median_days"].iloc[0])


def test_frames_are_as_declared_and_few_are_hidden():
    rows = "".join(f"\n{n} c{n % 30} 2025-0{1 + n % 6}-{10 + n % 17}T10:00" for n in range(120))
    people = "customer_id region" + "".join(
        f"\nc{n} {'Small' if n < 3 else 'North' if n < 12 else 'South'}" for n in range(30)
    )
    data = tiny_data(orders="order_id customer_id ordered_at" + rows, customers=people)
    frames = NEXT_PURCHASE.compute(known_of(data, "2025-06", metrics=()))
    for name, columns in NEXT_PURCHASE.columns.items():
        assert list(frames[name].columns) == list(columns)
    assert set(frames["times"].loc[frames["times"]["dimension"] == "region", "segment"]) == {"South"}


def test_nobody_came_back():
    data = tiny_data(orders="order_id customer_id ordered_at\n1 a 2025-06-01T10:00")
    with pytest.raises(Declined):
        NEXT_PURCHASE.compute(known_of(data, "2025-06", metrics=()))
