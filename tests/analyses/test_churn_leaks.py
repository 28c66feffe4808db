"""Churn leaks: those of a well-known data set, planted ones, and none where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.risk.leaks import leaks, recorded_after
from tests.test_projects import SHARED

RANDOM = np.random.default_rng(7)
N = 600
CAME = (np.arange(N) % 4 == 0).astype(float)


def status_of(column: object, **options: object) -> str:
    features = pd.DataFrame({"feature": column})
    return str(leaks(features, CAME, **options)["status"].item())  # type: ignore[arg-type]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data sets are not beside the project")
def test_the_leaks_of_the_subscribers_are_found_and_nothing_else():
    folder = SHARED / "telco_churn_ibm"
    customers = pd.read_parquet(folder / "Telco_customer_churn.parquet")
    after = pd.read_parquet(folder / "Telco_customer_churn_status.parquet")
    rows = customers.merge(after, left_on="CustomerID", right_on="Customer ID", suffixes=("", " later"))
    came = rows["Churn Value"].to_numpy(dtype=float)
    features = rows.drop(
        columns=["CustomerID", "Customer ID", "Lat Long", "Churn Value", "Churn Value later"]
    )
    found = leaks(features, came).set_index("feature")
    assert set(found.index[found["status"] == "excluded"]) == {
        *("Satisfaction Score", "Churn Label", "Churn Score", "Churn Reason", "Customer Status"),
        *("Churn Label later", "Churn Score later", "Churn Reason later", "Churn Category"),
    }
    satisfied = rows["Satisfaction Score"]
    assert (came[satisfied <= 2] == 1).all()  # what makes it a leak
    score = found.loc["Satisfaction Score"]
    assert (score["value"], score["n"], score["churned"]) == ("4", int((satisfied == 4).sum()), 0)
    assert score["auc"] > 0.95
    assert found.loc["Churn Reason", "value"] == "missing"


def test_a_feature_that_orders_the_outcome_is_excluded_even_if_dated():
    telling = CAME + RANDOM.normal(0, 0.3, N)
    assert status_of(telling) == "excluded"
    assert status_of(telling, known_before=["feature"]) == "excluded"
    assert status_of(-telling) == "excluded"


def test_a_value_with_one_outcome_is_excluded_or_of_dated_rows_declared():
    status = np.where((CAME == 1) & (np.arange(N) % 3 == 0), "closed", "open")
    assert (status == "closed").sum() == 50
    assert status_of(status) == "excluded"
    assert status_of(status, known_before=["feature"]) == "declared"


def test_what_is_missing_can_tell_too():
    reason = np.where(CAME == 1, "price", None)
    assert leaks(pd.DataFrame({"reason": reason}), CAME)["value"].item() == "missing"


def test_a_range_with_one_outcome_is_shown_rounded():
    amount = np.where(CAME == 1, RANDOM.uniform(0, 5000, N), RANDOM.uniform(1234.5678, 5000, N))
    found = leaks(pd.DataFrame({"amount": amount}), CAME).iloc[0]
    assert found["value"] == "<= 1200"
    assert found["churned"] == 1
    assert found["status"] == "excluded"


def test_few_rows_or_chance_are_no_leak():
    few = np.where(np.arange(N) % 4 == 0, np.where(np.arange(N) < 100, "rare", "usual"), "usual")
    assert (few == "rare").sum() == 25
    assert status_of(few) == "ok"
    # Of four in a hundred who churn, thirty of one value without any are no wonder.
    seldom = (np.arange(N) % 25 == 24).astype(float)
    groups = pd.DataFrame({"group": np.where(np.arange(N) % 20 == 0, "a", "b")})
    assert (groups["group"] == "a").sum() == 30
    assert seldom[groups["group"] == "a"].sum() == 0
    assert leaks(groups, seldom)["status"].item() == "ok"
    assert status_of(RANDOM.normal(0, 1, N)) == "ok"
    assert status_of(np.full(N, "same")) == "ok"
    assert status_of(RANDOM.choice(list("abcdefgh"), N)) == "ok"


def test_what_was_recorded_later_is_left_out():
    recorded = pd.DataFrame(
        {
            "score": pd.to_datetime(["2025-01-02", None, "2025-03-01"]),
            "answer": pd.to_datetime(["2025-01-02", "2025-02-28", None]),
        }
    )
    late = recorded_after(recorded, pd.Timestamp("2025-03-01"))
    assert late == ["score"]
    assert status_of(RANDOM.normal(0, 1, N), recorded_late=["feature"]) == "late"
