"""ABC: classes by hand, ties and returns."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmreport.analyses.analysis import Declined
from crmreport.analyses.value.abc import ABC, abc_classes
from tests.tiny import known_of, tiny_data


def classes(*amounts: float) -> str:
    return "".join(abc_classes(pd.Series(amounts, dtype="float64")))


def test_classes_by_hand():
    """Of 100: 50 and 30 are 80, so A; 10 and 5 are up to 95, so B; 3 and 2 are C."""
    assert classes(3, 50, 10, 30, 2, 5) == "cabacb"
    assert classes(0.5, 0.3, 0.1, 0.05, 0.03, 0.02) == "aabbcc"
    assert classes(100) == "a"


def test_equal_amounts_share_a_class_and_returns_bring_nothing():
    assert classes(10, 10, 10, 10) == "aaaa"
    assert classes(80, 20, 0, -5) == "abcc"
    assert classes(0, -1) == "cc"


@given(st.lists(st.integers(-5, 1000), min_size=1, max_size=50), st.randoms())
def test_order_changes_nothing_and_larger_is_never_lower(amounts, random):
    found = abc_classes(pd.Series(amounts, dtype="float64"))
    order = list(range(len(amounts)))
    random.shuffle(order)
    again = abc_classes(pd.Series([amounts[n] for n in order], dtype="float64"))
    assert list(again) == [found[n] for n in order]
    ranked = [c for _, c in sorted(zip(amounts, found, strict=True), key=lambda pair: -pair[0])]
    assert ranked == sorted(ranked)
    if max(amounts) > 0:
        assert found[amounts.index(max(amounts))] == "a"


def test_the_frame():
    amounts = [400] * 6 + [60] * 6 + [10] * 6
    rows = "".join(f"\n{n} c{n} 2025-06-10T10:00 {a}" for n, a in enumerate(amounts))
    data = tiny_data(orders="order_id customer_id ordered_at amount" + rows)
    frames = ABC.compute(known_of(data, "2025-06", metrics=()))
    found = frames["abc"]
    assert list(found.columns) == list(ABC.columns["abc"])
    assert list(frames["customers"].columns) == list(ABC.columns["customers"])
    # 2400 of 2820 are 85 %: all six are A, being equal. The next six bring 12.8 %, up to 97.9 %.
    assert list(found["abc_class"]) == ["a", "b", "c"]
    assert list(found["customers"]) == [6, 6, 6]
    assert found["share_amount"].sum() == pytest.approx(1)
    assert list(found["least_amount"]) == [400, 60, 10]


def test_without_amounts_there_are_no_classes():
    data = tiny_data(orders="order_id customer_id ordered_at\n1 a 2025-06-10T10:00")
    with pytest.raises(Declined):
        ABC.compute(known_of(data, "2025-06", metrics=()))
