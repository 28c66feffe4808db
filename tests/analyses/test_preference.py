"""Preference: an index by hand, chance taken for chance, and a planted preference found."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined
from crmreport.analyses.products.preference import PREFERENCE, preference, purchases_of
from tests.tiny import known_of, tiny_data

ORDERS = """
order_id customer_id ordered_at
1 a 2025-05-01T10:00
2 a 2025-05-02T10:00
3 b 2025-05-03T10:00
4 c 2025-05-04T10:00
"""
LINES = """
order_id product_id quantity unit_price
1 lamp 1 10
1 bulb 1 10
2 lamp 1 10
3 desk 1 10
4 lamp 1 10
4 desk 1 10
"""
CUSTOMERS = "customer_id region\na North\nb North\nc South"
PRODUCTS = "product_id category\nlamp light\nbulb light\ndesk wood"


def test_an_index_by_hand():
    """North: light in orders 1 and 2, wood in 3, so 2/3; all: light in 1, 2, 4 and wood in 3, 4, so 3/5."""
    data = tiny_data(orders=ORDERS, order_lines=LINES, customers=CUSTOMERS, products=PRODUCTS)
    known = known_of(data, "2025-06", metrics=())
    counted = purchases_of(known.facts["order_lines"], "category", date(2025, 7, 1))
    found = preference(counted).set_index(["segment", "item"])
    north = found.loc[("North", "light")]
    assert (north["buyers"], north["purchases"]) == (1, 2)
    assert north["share"] == pytest.approx(2 / 3)
    assert north["base_share"] == pytest.approx(3 / 5)
    assert north["index"] == pytest.approx(100 * (2 / 3) / (3 / 5))


FACT = {
    "order_id": "string",
    "customer_id": "string",
    "ordered_at": "timestamp(6)",
    "quantity": "float64",
    "category": "string",
    "region": "string",
}


def lines(rng: np.random.Generator, lift: float):
    """Four regions of 150 customers who are each fond of something; `lift`: of the North for c0."""
    rows = []
    for who in range(600):
        taste = rng.dirichlet(np.full(5, 1.5))
        if who < 150:
            taste[0] *= lift
            taste /= taste.sum()
        for _ in range(1 + rng.poisson(5)):
            rows.append((who, rng.choice(5, p=taste)))
    frame = pd.DataFrame(rows, columns=["who", "what"])
    return ibis.memtable(
        pd.DataFrame(
            {
                "order_id": [str(n) for n in range(len(frame))],
                "customer_id": frame["who"].astype(str),
                "ordered_at": pd.Timestamp("2025-05-05"),
                "quantity": 1.0,
                "category": frame["what"].map("c{}".format),
                "region": frame["who"].map(lambda w: ("North", "East", "South", "West")[w // 150]),
            }
        ),
        schema=FACT,
    )


def test_fond_customers_are_no_preference_of_a_region():
    clear = 0
    for seed in range(10):
        counted = purchases_of(lines(np.random.default_rng(seed), lift=1.0), "category", date(2025, 7, 1))
        clear += int(preference(counted)["is_clear"].sum())
    assert clear <= 4  # of 200; about 20 if a customer's purchases were taken for independent


def test_a_planted_preference_is_found():
    counted = purchases_of(lines(np.random.default_rng(1), lift=1.8), "category", date(2025, 7, 1))
    found = preference(counted).set_index(["segment", "item"])
    assert found.loc[("North", "c0"), "is_clear"]
    assert found["index_shrunken"].idxmax() == ("North", "c0")


def test_frames_are_as_declared_and_few_are_hidden():
    rng = np.random.default_rng(0)
    orders = pd.DataFrame(
        [(str(n), f"c{n % 40}", "2025-05-05T10:00") for n in range(120)],
        columns=["order_id", "customer_id", "ordered_at"],
    )
    sold = pd.DataFrame(
        [(str(n), rng.choice(["lamp", "desk"]), "1", "5") for n in range(120)],
        columns=["order_id", "product_id", "quantity", "unit_price"],
    )
    people = pd.DataFrame(
        [(f"c{n}", "Small" if n < 3 else "North" if n < 20 else "South") for n in range(40)],
        columns=["customer_id", "region"],
    )
    data = tiny_data(orders=orders, order_lines=sold, customers=people, products=PRODUCTS)
    found = PREFERENCE.compute(known_of(data, "2025-06", metrics=()))["index"]
    assert list(found.columns) == list(PREFERENCE.columns["index"])
    # The small region could be computed from the other two, so that the smaller of these is hidden, too.
    assert set(found["segment"]) == {"South"}


def test_without_a_dimension_there_is_nothing_to_compare():
    data = tiny_data(orders=ORDERS, order_lines=LINES)
    with pytest.raises(Declined):
        PREFERENCE.compute(known_of(data, "2025-06", metrics=()))
