"""RFM: scores that can be counted, ties that are never split, and moves that add up."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.analyses.analysis import Declined
from crmreport.analyses.value.rfm import HIDDEN, NEW, RFM, hide_small_moves, migration, segmented
from crmreport.analyses.value.rfm_scores import (
    LOST,
    SEGMENTS,
    TITLES,
    cut_points,
    rfm_measures,
    score,
    segment_of,
)
from tests.tiny import known_of, tiny_data


def measures(rows: list[tuple[float, float, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["days_since_last", "purchase_days", "amount"], dtype=float)
    return frame.assign(customer_id=[f"c{n:04d}" for n in range(len(rows))])


customers = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 6), st.integers(-2, 30)), min_size=1, max_size=60
).map(lambda rows: measures([(float(a), float(b), float(c)) for a, b, c in rows]))


def test_ten_customers_by_hand():
    found = measures([(day, day + 1, 10 * day) for day in range(10)])
    scores = score(found, cut_points(found))
    assert list(scores["recency"]) == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert list(scores["frequency"]) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert list(scores["money"]) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_who_bought_once_scores_one_however_many_they_are():
    found = measures([(1, 1, 5)] * 7 + [(1, 2, 5)] * 2 + [(1, 3, 5)])
    scores = score(found, cut_points(found))
    # Two purchase days: 7 of 10 are below, more than three fifths. Three: 9 of 10 are.
    assert list(scores["frequency"]) == [1] * 7 + [4, 4, 5]
    assert set(scores["money"]) == {1}


def test_every_pair_of_scores_has_one_segment_and_every_segment_is_reached():
    grid = pd.DataFrame(
        [(r, f, m) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)] + [(0, 0, 0)],
        columns=["recency", "frequency", "money"],
    )
    named = segment_of(grid)
    assert set(named) == set(SEGMENTS) == set(TITLES)
    by_scores = dict(zip(grid.itertuples(index=False, name=None), named, strict=True))
    assert by_scores[5, 5, 5] == by_scores[5, 3, 4] == "champions"  # 3.5 is rounded up
    assert by_scores[1, 5, 5] == "cannot_lose"
    assert by_scores[5, 1, 1] == "recent"
    assert by_scores[0, 0, 0] == LOST


@settings(max_examples=60, deadline=None, derandomize=True)
@given(customers, st.randoms(use_true_random=False))
def test_rows_order_changes_nothing_and_ties_are_never_split(found, random):
    scores = score(found, cut_points(found))
    places = list(range(len(found)))
    random.shuffle(places)
    shuffled = found.iloc[places]
    again = score(shuffled, cut_points(shuffled))
    pd.testing.assert_frame_equal(again.sort_index(), scores)
    pairs = (("days_since_last", "recency"), ("purchase_days", "frequency"), ("amount", "money"))
    for measure, title in pairs:
        assert scores.groupby(found[measure])[title].nunique().max() == 1
        sign = -1 if measure == "days_since_last" else 1
        ordered = scores[title].iloc[np.argsort(sign * found[measure].to_numpy(), kind="stable")]
        assert ordered.is_monotonic_increasing
        assert scores[title].between(1, 5).all()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(customers, customers, st.integers(1, 12))
def test_moves_add_up_and_small_ones_are_put_together(before, now, least):
    before = segmented(before, cut_points(before))
    now = pd.concat([now, before[["customer_id", "days_since_last", "purchase_days", "amount"]]])
    now = now.drop_duplicates("customer_id", ignore_index=True)
    now = segmented(now, cut_points(now))
    moves = migration(before, now)
    assert moves["customers"].sum() == len(now)
    to = moves.groupby("to_segment")["customers"].sum()
    assert to.to_dict() == now["segment"].value_counts().to_dict()
    of = moves[moves["from_segment"] != NEW].groupby("from_segment")["customers"].sum()
    assert of.to_dict() == before["segment"].value_counts().to_dict()
    assert moves.groupby("from_segment")["share"].sum().round(9).eq(1).all()
    shown = hide_small_moves(moves, least)
    assert shown["customers"].sum() == len(now)
    if len(now) >= least:
        assert (shown["customers"] >= least).all()
    assert shown.groupby("from_segment")["share"].sum().round(9).eq(1).all()


def orders_of(customers: int) -> pd.DataFrame:
    """Customer n orders n % 4 + 1 times, the last time n days before the end of 2024."""
    rows = []
    for n in range(customers):
        for k in range(n % 4 + 1):
            day = date(2024, 12, 31) - timedelta(days=n + 7 * k)
            rows.append((f"o{n}-{k}", f"c{n:03d}", day.isoformat(), str(10 + n)))
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount"])


def test_the_window_is_a_year_and_who_bought_before_it_is_lost():
    text = """
    order_id customer_id ordered_at amount
    a old 2023-12-31 5
    b in 2024-01-02 7
    c in 2024-12-31 3
    d on 2024-01-01 1
    """
    known = known_of(tiny_data(orders=text), "2024-12", metrics=())
    found = rfm_measures(known.facts["orders"], date(2025, 1, 1)).set_index("customer_id")
    assert found.loc["in", ["days_since_last", "purchase_days", "amount"]].tolist() == [0, 2, 10]
    assert found.loc["old"].isna().all()
    assert found.loc["on"].isna().all()  # 2024 has 366 days


def test_the_analysis_keeps_the_first_cut_points_and_adds_up():
    months = [f"2024-{n:02d}" for n in range(1, 13)]
    early = pd.DataFrame([("first", "zoe", "2023-01-01", "1")], columns=orders_of(1).columns)
    orders = pd.concat([orders_of(120), early])
    known = known_of(tiny_data(orders=orders), *months, metrics=())
    frames = RFM.compute(known)
    for name, columns in RFM.columns.items():
        assert list(frames[name].columns) == list(columns)
    segments, moves = frames["segments"], frames["migration"]
    assert segments["customers"].sum() == 121 == moves["customers"].sum()
    assert segments["share"].sum() == pytest.approx(1)
    assert segments["revenue"].sum() == pytest.approx(sum((10 + n) * (n % 4 + 1) for n in range(120)))
    assert (moves["customers"] >= known.settings.minimum_cell).all()
    assert HIDDEN in set(segments["segment"]) | set(moves["to_segment"])
    # At the end of January 2024 nobody but zoe had bought: too few for cut points, so the period's own.
    kept = frames["cuts"].groupby("kind")["day"].unique()
    assert kept["frozen"][0] == kept["relative"][0] == pd.Timestamp("2025-01-01")


def test_too_few_buyers_are_declined():
    known = known_of(tiny_data(orders=orders_of(20)), "2024-12", metrics=())
    with pytest.raises(Declined, match="customers bought within a year"):
        RFM.compute(known)
