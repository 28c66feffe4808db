"""Affinity: counts by hand and by pandas, chance taken for chance, and what was planted found."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.analyses.analysis import Declined
from crmreport.analyses.products.affinity import (
    AFFINITY,
    Counts,
    affinities,
    bought,
    count_pairs,
    expected_by_size,
)
from crmreport.analyses.shrinkage import GammaPrior, gamma_prior, shrunken
from tests.tiny import known_of, tiny_data

HELD = {"basket": "string", "customer_id": "string", "item": "string"}


def held(baskets: dict[str, str]):
    """Each basket is a word, its letters are the items."""
    rows = [(name, name, item) for name, items in baskets.items() for item in items]
    return ibis.memtable(pd.DataFrame(rows, columns=list(HELD)), schema=HELD)


def test_support_confidence_and_lift_by_hand():
    """Of 8 baskets, 4 hold a, 2 hold b, 2 both: lift 2 * 8 / (4 * 2) = 2."""
    table = held({"1": "ab", "2": "abc", "3": "ac", "4": "a", "5": "c", "6": "cd", "7": "d", "8": "d"})
    counts = count_pairs(table, least=1)
    found, _ = affinities(counts)
    pair = found.set_index(["a", "b"]).loc[("a", "b")]
    assert (pair["with_a"], pair["with_b"], pair["both"]) == (4, 2, 2)
    assert (pair["support"], pair["confidence_ab"], pair["confidence_ba"]) == (2 / 8, 2 / 4, 2 / 2)
    assert pair["lift"] == 2


def test_the_expectation_by_size_has_as_many_pairs_as_there_are():
    """Baskets of one item hold no pair: among ab, ac, bc each pair is to be expected once, not less."""
    counts = count_pairs(held({"1": "ab", "2": "ac", "3": "bc", "4": "a", "5": "b", "6": "c"}), least=1)
    expected = expected_by_size(counts)
    assert expected[np.triu_indices(3, 1)] == pytest.approx(1.0)
    found, _ = affinities(counts)
    assert found["lift"].to_numpy() == pytest.approx(1 * 6 / (3 * 3))  # below 1, by the small baskets alone


def test_shrinkage_by_hand():
    """With the prior Gamma(2, 4): 10 seen and 1 expected are (2 + 10) / (4 + 1) = 2.4, not 10."""
    ratio, low, high = shrunken(np.array([10.0]), np.array([1.0]), GammaPrior(2.0, 4.0))
    assert ratio[0] == pytest.approx(2.4)
    assert low[0] < 2.4 < high[0]


def test_the_spread_of_ratios_is_recovered():
    rng = np.random.default_rng(3)
    expected = rng.uniform(0.5, 30, 20_000)
    observed = rng.poisson(rng.gamma(4.0, 1 / 3.0, len(expected)) * expected).astype(float)
    prior = gamma_prior(observed, expected)
    assert prior.shape == pytest.approx(4.0, rel=0.05)
    assert prior.rate == pytest.approx(3.0, rel=0.05)


def test_intervals_hold_the_true_ratio():
    rng = np.random.default_rng(4)
    expected = rng.uniform(1, 20, 4_000)
    truth = rng.gamma(5.0, 1 / 5.0, len(expected))
    observed = rng.poisson(truth * expected).astype(float)
    _, low, high = shrunken(observed, expected, gamma_prior(observed, expected))
    assert 0.94 < np.mean((low <= truth) & (truth <= high)) < 0.96


def shop(rng: np.random.Generator, customers: int, items: int, planted: float) -> pd.DataFrame:
    """Customers of very different appetite; items 0 and 1 go together for a share of the customers."""
    appetite = rng.gamma(0.7, 1 / 0.7, customers)
    popular = rng.dirichlet(np.full(items, 2.0)) * 6
    has = rng.random((customers, items)) < 1 - np.exp(-appetite[:, None] * popular[None, :])
    together = rng.random(customers) < planted
    has[together, 0] = has[together, 1] = True
    who, what = np.nonzero(has)
    names = np.char.add("c", who.astype(str))
    return pd.DataFrame({"basket": names, "customer_id": names, "item": np.char.add("i", what.astype(str))})


def test_heavy_buyers_alone_are_no_affinity():
    """The plain lift takes them for one in nearly every pair, the lift by size in hardly any."""
    false_pairs, plain, compared = 0, 0, 0
    for seed in range(4):
        frame = shop(np.random.default_rng(seed), 3_000, 30, planted=0.0)
        found, _ = affinities(count_pairs(ibis.memtable(frame, schema=HELD)))
        false_pairs += int(found["is_clear"].sum())
        plain += int((found["lift"] > 1).sum())
        compared += len(found)
        assert found["lift_by_size"].mean() == pytest.approx(1, abs=0.05)
    assert plain > 0.95 * compared
    assert false_pairs <= 0.01 * compared


def test_a_planted_pair_is_the_first():
    frame = shop(np.random.default_rng(9), 3_000, 30, planted=0.1)
    found, _ = affinities(count_pairs(ibis.memtable(frame, schema=HELD)))
    assert set(found.iloc[0][["a", "b"]]) == {"i0", "i1"}
    assert found.iloc[0]["is_clear"]


def test_pandas_and_statistics_by_another_way():
    from scipy.stats import poisson
    from statsmodels.stats.multitest import multipletests

    frame = shop(np.random.default_rng(2), 800, 12, planted=0.05)
    counts = count_pairs(ibis.memtable(frame, schema=HELD), least=1)
    found, _ = affinities(counts)
    baskets = frame.groupby("basket")["item"].apply(set)
    for row in found.itertuples():
        assert row.both == sum({row.a, row.b} <= items for items in baskets)
        assert row.with_a == sum(row.a in items for items in baskets)
    tails = np.minimum(
        poisson.sf(found["both"] - 1, found["expected"]), poisson.cdf(found["both"], found["expected"])
    )
    assert found["p_value"].to_numpy() == pytest.approx(
        multipletests(np.minimum(2 * tails, 1), method="fdr_bh")[1]
    )


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sets(st.sampled_from("abcdef"), min_size=1), min_size=3, max_size=30), st.integers(0, 9))
def test_pairs_have_no_direction_and_rows_no_order(baskets, seed):
    rows = [(str(n), str(n), item) for n, items in enumerate(baskets) for item in sorted(items)]
    frame = pd.DataFrame(rows, columns=list(HELD))
    counts = count_pairs(ibis.memtable(frame, schema=HELD), least=1)
    assert (counts.both == counts.both.T).all()
    assert counts.both.sum() == sum(2 * len(list(combinations(items, 2))) for items in baskets)
    expected = expected_by_size(counts)
    assert np.allclose(expected, expected.T)
    assert expected[np.triu_indices(len(counts.items), 1)].sum() == pytest.approx(counts.both.sum() / 2)
    shuffled = frame.sample(frac=1, random_state=seed)
    again = count_pairs(ibis.memtable(shuffled, schema=HELD), least=1)
    pd.testing.assert_frame_equal(affinities(counts)[0], affinities(again)[0])


def test_pairs_of_few_customers_are_left_out():
    counts = count_pairs(
        held({str(n): "ab" for n in range(6)} | {str(n): "cd" for n in range(6, 8)}), least=1
    )
    found, _ = affinities(counts, least_people=5)
    assert list(zip(found["a"], found["b"], strict=True)) == [("a", "b")]


LINES = """
order_id product_id quantity unit_price
1 lamp 1 10
1 desk 2 10
2 lamp -1 10
3 lamp 1 10
"""


def test_returns_and_what_is_long_past_are_no_purchases():
    orders = (
        "order_id customer_id ordered_at\n1 a 2025-05-01T10:00\n2 b 2025-05-02T10:00\n3 c 2024-01-02T10:00"
    )
    known = known_of(tiny_data(orders=orders, order_lines=LINES), "2025-06", metrics=())
    found = bought(known.facts["order_lines"], "order_id", "product_id", date(2025, 7, 1)).to_pandas()
    assert sorted(zip(found["basket"], found["item"], strict=True)) == [("1", "desk"), ("1", "lamp")]
    with pytest.raises(Declined):
        AFFINITY.compute(known)


def test_frames_are_as_declared():
    rng = np.random.default_rng(1)
    orders = pd.DataFrame(
        [(str(n), f"c{n % 40}", f"2025-0{1 + n % 6}-1{n % 9}T10:00") for n in range(200)],
        columns=["order_id", "customer_id", "ordered_at"],
    )
    lines = pd.DataFrame(
        [(str(n), p, "1", "5") for n in range(200) for p in ("p1", "p2", "p3", "p4") if rng.random() < 0.6],
        columns=["order_id", "product_id", "quantity", "unit_price"],
    )
    products = "product_id product_name category\np1 Lamp light\np2 Bulb light\np3 Desk wood\np4 Chair wood"
    data = tiny_data(orders=orders, order_lines=lines, products=products)
    frames = AFFINITY.compute(known_of(data, "2025-06", metrics=()))
    for name, columns in AFFINITY.columns.items():
        assert list(frames[name].columns) == list(columns)
    pairs = frames["pairs"]
    assert set(pairs.loc[pairs["level"] == "product", "a_name"]) <= {"Lamp", "Bulb", "Desk", "Chair"}
    assert set(pairs.loc[pairs["level"] == "category", "a_name"]) == {"light"}
    assert isinstance(count_pairs(held({"1": "ab"})), Counts)
