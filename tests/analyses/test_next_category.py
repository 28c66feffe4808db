"""Next category: steps by hand, shares drawn together, and a back-test that knows chance from use."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined
from crmreport.analyses.products.next_category import (
    NEXT_CATEGORY,
    back_test,
    category_steps,
    counts_of,
    next_shares,
    prior_strength,
    steps_of,
)
from tests.tiny import known_of, tiny_data

ORDERS = """
order_id customer_id ordered_at
1 a 2025-04-01T10:00
2 a 2025-05-01T10:00
3 a 2025-06-01T10:00
4 b 2025-06-02T10:00
"""
LINES = """
order_id product_id quantity unit_price
1 lamp 1 10
1 desk 1 50
2 lamp 1 10
2 desk -1 50
3 lamp 2 25
3 desk 1 50
4 lamp 1 10
"""
PRODUCTS = "product_id category\nlamp light\ndesk wood"


def test_steps_by_hand():
    """a: wood (50 of 60), light (the desk was sent back), light (50 each: the first by name); b: once."""
    known = known_of(tiny_data(orders=ORDERS, order_lines=LINES, products=PRODUCTS), "2025-06", metrics=())
    found = category_steps(steps_of(known.facts["order_lines"], date(2025, 7, 1)))
    assert found.to_numpy().tolist() == [
        [2025 * 12 + 4, "wood", "light", 1],
        [2025 * 12 + 5, "light", "light", 1],
    ]


def test_rows_that_differ_by_chance_are_drawn_together():
    rng = np.random.default_rng(1)
    alike = np.array([rng.multinomial(60, [0.5, 0.3, 0.2]) for _ in range(6)]).astype(float)
    unlike = np.array([rng.multinomial(60, p) for p in np.eye(3) * 0.8 + 0.2 / 3]).astype(float)
    assert prior_strength(alike) > 300
    assert prior_strength(unlike) < 10
    share, low, high = next_shares(np.vstack([unlike]))
    assert share.sum(axis=1) == pytest.approx(1)
    assert ((low < share) & (share < high)).all()


def test_the_shares_by_hand():
    """(n + strength * general share) / (row + strength)."""
    counts = np.array([[30.0, 10.0], [10.0, 30.0]])
    strength = prior_strength(counts)
    share, _, _ = next_shares(counts)
    assert share[0, 0] == pytest.approx((30 + strength * 0.5) / (40 + strength))


def steps(rng: np.random.Generator, pull: float) -> pd.DataFrame:
    """24 months of 300 steps among four categories; `pull`: towards the same category again."""
    names = np.array(["a", "b", "c", "d"])
    general = np.array([0.4, 0.3, 0.2, 0.1])
    rows = []
    for month in range(24_000, 24_024):
        for before in range(4):
            table = rng.multinomial(75, (1 - pull) * general + pull * np.eye(4)[before])
            rows += [(month, names[before], names[after], n) for after, n in enumerate(table)]
    return pd.DataFrame(rows, columns=["month", "before", "after", "orders"])


def test_the_back_test_finds_use_and_not_chance():
    names, months = ("a", "b", "c", "d"), range(24_012, 24_024)
    useful = back_test(steps(np.random.default_rng(1), 0.5), names, months).set_index("top").loc[1]
    assert useful["is_better"]
    assert useful["share"] == pytest.approx(0.5 + 0.5 * 0.25, abs=0.04)  # of 0.7, 0.65, 0.6, 0.55
    by_chance = [
        back_test(steps(np.random.default_rng(seed), 0.0), names, months)["is_better"].any()
        for seed in range(12)
    ]
    assert sum(by_chance) <= 2


def test_hits_by_hand():
    """Trained on a to b; tested on a to b twice, a to a once."""
    frame = pd.DataFrame(
        [(24_000, "a", "b", 9), (24_000, "b", "b", 9), (24_001, "a", "b", 2), (24_001, "a", "a", 1)],
        columns=["month", "before", "after", "orders"],
    )
    found = back_test(frame, ("a", "b"), range(24_001, 24_002))
    assert found[["top", "orders", "hits", "hits_popular"]].to_numpy().tolist() == [[1, 3, 2, 2]]
    assert counts_of(frame, ("a", "b")).tolist() == [[1, 11], [0, 9]]


def test_frames_are_as_declared():
    rng = np.random.default_rng(0)
    orders = pd.DataFrame(
        [(str(n), f"c{n % 25}", f"2025-0{1 + n % 6}-{10 + n % 18}T10:00") for n in range(150)],
        columns=["order_id", "customer_id", "ordered_at"],
    )
    lines = pd.DataFrame(
        [(str(n), rng.choice(["lamp", "desk"]), "1", "5") for n in range(150)],
        columns=["order_id", "product_id", "quantity", "unit_price"],
    )
    data = tiny_data(orders=orders, order_lines=lines, products=PRODUCTS)
    frames = NEXT_CATEGORY.compute(known_of(data, "2025-06", metrics=()))
    for name, columns in NEXT_CATEGORY.columns.items():
        assert list(frames[name].columns) == list(columns)
    assert frames["steps"].groupby("before")["share"].sum().to_numpy() == pytest.approx(1)


def test_one_category_is_nothing_to_guess():
    products = "product_id category\nlamp light\ndesk light"
    known = known_of(tiny_data(orders=ORDERS, order_lines=LINES, products=products), "2025-06", metrics=())
    with pytest.raises(Declined):
        NEXT_CATEGORY.compute(known)
