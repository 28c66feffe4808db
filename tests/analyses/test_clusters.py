"""Clusters: planted ones are found, clouds are not taken for any, and words follow the profiles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined
from crmreport.analyses.value.clusters import CLUSTERS, profile
from crmreport.analyses.value.splitting import find_clusters, standardised
from tests.tiny import known_of, tiny_data


def planted(rng: np.random.Generator, count: int = 150) -> tuple[np.ndarray, np.ndarray]:
    centres = ([0, 0, 0], [3, 0, 0], [0, 3, 1])
    truth = np.repeat(np.arange(3), count)
    return np.concatenate([rng.normal(c, 0.5, (count, 3)) for c in centres]), truth


def test_planted_clusters_are_found():
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    points, truth = planted(np.random.default_rng(1))
    found = find_clusters(points)
    assert found.number == 3
    assert found.is_stable
    assert adjusted_rand_score(truth, found.labels) > 0.97
    assert found.silhouette == pytest.approx(silhouette_score(points, found.labels))


@pytest.mark.parametrize("cloud", ["normal", "correlated", "even", "skewed"])
def test_a_cloud_has_no_clusters(cloud: str):
    rng = np.random.default_rng(5)
    points = {
        "normal": lambda: rng.standard_normal((400, 3)),
        "correlated": lambda: rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 400),
        "even": lambda: rng.random((400, 2)),
        "skewed": lambda: rng.exponential(size=(400, 3)),
    }[cloud]()
    assert not find_clusters(points).is_stable


def test_the_same_points_give_the_same_clusters():
    points, _ = planted(np.random.default_rng(2), 60)
    first, again = find_clusters(points), find_clusters(points)
    assert (first.labels == again.labels).all()
    assert (first.silhouettes, first.agreement) == (again.silhouettes, again.agreement)


def test_standardised_by_hand():
    """log(1 + x) of e - 1, e^2 - 1, e^3 - 1 is 1, 2, 3: quartiles 1.5 and 2.5, spread 1 / 1.349."""
    values = pd.DataFrame({"x": np.exp([1, 2, 3]) - 1, "same": [4.0, 4.0, 4.0]})
    found = standardised(values)
    assert found[:, 0] == pytest.approx([-1.349, 0, 1.349])
    assert (found[:, 1] == 0).all()


def test_words_by_hand():
    """Two groups of three: one recent and frequent with small orders, one the other way round."""
    customers = pd.DataFrame(
        {
            "recency_days": [1.0, 2, 3, 100, 110, 120],
            "orders": [9.0, 10, 11, 1, 1, 2],
            "amount_per_order": [10.0, 11, 12, 90, 95, 99],
            "amount": [90.0, 110, 132, 90, 95, 198],
        }
    )
    found = profile(customers, np.array([0, 0, 0, 1, 1, 1]))
    assert found[["recency", "frequency", "value"]].to_numpy().tolist() == [
        ["high", "high", "low"],
        ["low", "low", "high"],
    ]
    assert list(found["customers"]) == [3, 3]
    assert found["share_amount"].sum() == pytest.approx(1)
    assert found.loc[0, "recency_days"] == 2


def orders_of(kinds: list[tuple[int, int, float]], rng: np.random.Generator) -> pd.DataFrame:
    """Give 100 customers of each kind: orders in the year, days since the last, amount of an order."""
    rows = []
    for kind, (count, recency, amount) in enumerate(kinds):
        for who in range(100):
            last = max(0, int(recency * rng.lognormal(0, 0.15)))
            days = [last, *rng.integers(last + 1, 360, max(0, int(count * rng.lognormal(0, 0.15)) - 1))]
            for day in days:
                at = pd.Timestamp("2025-06-30T10:00") - pd.Timedelta(days=int(day))
                rows.append((f"k{kind}c{who}", at.isoformat(), f"{amount * rng.lognormal(0, 0.15):.2f}"))
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])
    return frame.assign(order_id=[str(n) for n in range(len(frame))])


def test_a_company_with_two_kinds_of_customers():
    orders = orders_of([(40, 3, 20.0), (2, 120, 900.0)], np.random.default_rng(4))
    frames = CLUSTERS.compute(known_of(tiny_data(orders=orders), "2025-06", metrics=()))
    for name, columns in CLUSTERS.columns.items():
        assert list(frames[name].columns) == list(columns)
    assert list(frames["clusters"]["customers"]) == [100, 100]
    kinds = frames["customers"].assign(kind=lambda f: f["customer_id"].str[:2])
    assert kinds.groupby("kind")["cluster"].nunique().eq(1).all()
    words = set(map(tuple, frames["clusters"][["recency", "frequency", "value"]].to_numpy()))
    assert words == {("high", "high", "low"), ("low", "low", "high")}


def test_few_customers_and_a_company_without_kinds():
    few = orders_of([(3, 30, 50.0)], np.random.default_rng(0)).query("customer_id < 'k0c2'")
    with pytest.raises(Declined, match="at least"):
        CLUSTERS.compute(known_of(tiny_data(orders=few), "2025-06", metrics=()))
    rng = np.random.default_rng(6)
    one_kind = orders_of([(6, 40, 50.0)] * 3, rng)
    with pytest.raises(Declined, match="No stable clusters"):
        CLUSTERS.compute(known_of(tiny_data(orders=one_kind), "2025-06", metrics=()))
