"""Issues: counts by hand, two counts compared as others compare them, and what is open by age."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.rates import test_poisson_2indep as poisson_test

from crmreport.analyses.analysis import Declined, Frames, Known
from crmreport.analyses.voices.issues import ISSUES_BY_TYPE, compare_counts
from tests.tiny import known_of, tiny_data


def computed(known: Known) -> Frames:
    frames = ISSUES_BY_TYPE.compute(known)
    assert {name: list(frame.columns) for name, frame in frames.items()} == {
        name: list(columns) for name, columns in ISSUES_BY_TYPE.columns.items()
    }
    return frames


def test_two_counts_by_hand():
    # Of 4 cases all came after; with equal exposures that has the chance 2 / 2**4.
    row = compare_counts([4], [0], 1.0, 1.0).iloc[0]
    assert row["p"] == pytest.approx(2 / 16)
    assert np.isnan([row["ratio"], row["high"]]).all()
    # Clopper and Pearson's lower bound of 4 of 4 is 0.025 ** (1 / 4).
    share = 0.025**0.25
    assert row["low"] == pytest.approx(share / (1 - share))
    doubled = compare_counts([20, 20], [10, 10], 2.0, 1.0)
    assert list(doubled["ratio"]) == [1, 1]
    assert list(doubled["p"]) == [1, 1]


@pytest.mark.parametrize(("after", "before", "exposure"), [(30, 14, 1.0), (12, 25, 1.5), (7, 7, 0.5)])
def test_the_test_is_statsmodels_exact_one(after, before, exposure):
    other = poisson_test(after, exposure, before, 1.0, method="exact-cond")
    assert compare_counts([after], [before], exposure, 1.0)["p"][0] == pytest.approx(other.pvalue)


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.2, 5))
def test_the_interval_holds_the_ratio_and_decides_like_the_test(after, before, exposure):
    row = compare_counts([after], [before], exposure, 1.0).iloc[0]
    if after and before:
        assert row["low"] < row["ratio"] < row["high"]
    if after + before and row["p"] < 0.02:
        assert row["low"] > 1 or row["high"] < 1


def cases(rows: list[tuple[str, str, str, str, str | None, str, str]]) -> pd.DataFrame:
    columns = [
        "customer_id",
        "issue_type",
        "opened_at",
        "is_complaint",
        "resolved_at",
        "reopened_count",
        "direction",
    ]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    return frame.assign(interaction_id=[f"i{i}" for i in range(len(frame))])


def rows_of(
    issue: str, month: str, n: int, resolved: str | None = None, complaints: int = 0, reopened: int = 0
) -> list:
    return [
        (
            f"{issue}{i}",
            issue,
            f"{month}-05T10:00",
            str(i < complaints).lower(),
            resolved,
            str(int(i < reopened)),
            "inbound",
        )
        for i in range(n)
    ]


def orders(*months: str) -> pd.DataFrame:
    buyers = [(f"o{m}{i}", f"b{i}", f"{m}-10T10:00") for m in months for i in range(100)]
    return pd.DataFrame(buyers, columns=["order_id", "customer_id", "ordered_at"], dtype=object)


def test_cases_are_counted_compared_and_aged_by_hand():
    rows = [
        *rows_of("Late", "2025-04", 40, complaints=10),
        *rows_of("Late", "2025-03", 8, "2025-03-07T10:00", complaints=2, reopened=2),
        *rows_of("Damaged", "2025-04", 12, "2025-04-06T10:00"),
        *rows_of("Damaged", "2025-03", 12, "2025-03-06T10:00"),
        *rows_of("Damaged", "2025-05", 50),
        *rows_of("Rare", "2025-04", 2),
        *rows_of("Seldom", "2025-04", 6),
        *rows_of("Outbound", "2025-04", 9),
    ]
    frame = cases(rows)
    frame.loc[frame["issue_type"] == "Outbound", "direction"] = "outbound"
    given_data = tiny_data(interactions=frame, orders=orders("2025-02", "2025-03", "2025-04"))
    frames = computed(known_of(given_data, "2025-03", "2025-04"))

    issues = frames["issues"].set_index("issue_type")
    # Rare has two customers and is withheld; so is Seldom, the next smallest, which would tell it.
    assert list(issues.index) == ["Late", "Damaged"]
    assert issues.loc["Late", ["cases", "complaints", "customers"]].tolist() == [40, 10, 40]
    assert issues.loc["Late", "case_share"] == 40 / 60
    assert issues.loc["Late", "complaint_share"] == 10 / 40
    assert issues.loc["Late", "active_customers"] == 100
    assert issues.loc["Late", "complaints_per_1000"] == 100

    changes = frames["changes"].set_index(["baseline", "counted", "issue_type"])
    late = changes.loc[("previous", "cases", "Late")]
    assert late[["after", "before"]].tolist() == [40, 8]
    # 100 customers are active at both ends; April has 30 days, March 31.
    assert late["ratio"] == pytest.approx(40 / 8 * 31 / 30)
    assert late["is_clear"]
    assert late["per_customer"]
    assert not changes.loc[("previous", "cases", "Damaged"), "is_clear"]

    times = frames["times"].set_index("issue_type")
    assert times.loc["Damaged", ["cases", "open", "median_days"]].tolist() == [24, 0, 1]
    # Of Late 8 of 48 are resolved, after 2 days; more than half are still open.
    assert times.loc["Late", ["cases", "open"]].tolist() == [48, 40]
    assert np.isnan(times.loc["Late", "median_days"])
    assert times.loc["Late", ["resolved", "reopened", "reopened_share"]].tolist() == [8, 2, 0.25]

    ageing = frames["ageing"]
    # Opened on 5 April: 25 days old on the 30th. What was opened in May is not known.
    assert ageing["issue_type"].unique().tolist() == ["Late"]
    assert ageing["open"].tolist() == [0, 40, 0, 0]
    assert ageing["from_days"].tolist() == [0, 8, 31, 91]
    assert ageing["to_days"].tolist()[:3] == [7, 30, 90]


def test_complaints_that_are_not_told_are_missing():
    frame = cases(rows_of("Late", "2025-04", 40) + rows_of("Late", "2025-03", 30)).drop(
        columns="is_complaint"
    )
    frames = computed(known_of(tiny_data(interactions=frame), "2025-03", "2025-04"))
    missing = ["complaints", "complaint_share", "active_customers", "complaints_per_1000", "low"]
    assert frames["issues"][missing].isna().all(axis=None)
    assert set(frames["changes"]["counted"]) == {"cases"}
    assert not frames["changes"]["per_customer"].any()


def test_the_first_period_has_nothing_to_be_compared_with():
    from datetime import date

    frame = cases(rows_of("Late", "2025-04", 40))
    frames = computed(known_of(tiny_data(date(2025, 4, 1), interactions=frame), "2025-04"))
    assert frames["changes"].empty


def test_few_customers_are_declined():
    with pytest.raises(Declined) as reason:
        ISSUES_BY_TYPE.compute(known_of(tiny_data(interactions=cases(rows_of("A", "2025-04", 4))), "2025-04"))
    assert reason.value.phrase.values == {"least": 5}
