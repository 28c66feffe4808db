"""Cross-selling: sets of categories, customers alike, and the check by what came next."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined
from crmreport.analyses.products.cross_sell import (
    CROSS_SELL,
    alike,
    breadth,
    breadth_by_orders,
    categories_bought,
    category_names,
    whitespace,
)
from tests.tiny import known_of, tiny_data

NAMES = ("light", "wood")  # 1 and 2: both are 3


def people(*sets: int) -> pd.DataFrame:
    count = len(sets)
    return pd.DataFrame(
        {
            "customer_id": [f"c{n}" for n in range(count)],
            "orders": [1] * count,
            "amount": [10.0] * count,
            "categories": list(sets),
        }
    )


def test_breadth_by_hand():
    found = breadth(people(1, 1, 1, 2, 3), least=1)
    assert list(found["categories"]) == [1, 2]
    assert list(found["customers"]) == [4, 1]
    assert list(found["share"]) == [0.8, 0.2]
    several = breadth_by_orders(people(1, 1, 1, 2, 3).assign(orders=[1, 1, 1, 1, 7]), least=1)
    assert dict(zip(several["orders"], several["share"], strict=True)) == {"one": 0.0, "six_or_more": 1.0}


def test_customers_alike_by_hand():
    """Of the three who bought light, two bought wood, too; 10 such customers of all stand behind them.

    The others who might have bought wood have no other category: none of one did. So the third one's likes
    are (2 + 10 * 2/3) / (3 + 10) = 2/3.
    """
    likes = alike(people(3, 3, 1), NAMES).set_index(["customer_id", "category"])["share_alike"]
    assert likes[("c2", "wood")] == pytest.approx(2 / 3)
    assert len(likes) == 1


def test_few_alike_are_drawn_to_a_wider_group():
    """Two who bought light have no third; 8 with another single category have it: 10 of those count more."""
    names = ("light", "wood", "paper")
    likes = alike(people(1, 1, *[6] * 8), names)
    paper = likes[(likes["category"] == "paper") & (likes["customer_id"] == "c0")]["share_alike"].item()
    assert paper == pytest.approx((0 + 10 * 8 / 10) / (2 + 10))


def test_whitespace_adds_up_and_hides_few():
    bought = people(*[3] * 8, *[1] * 4, *[2] * 3)
    likes = alike(bought, NAMES)
    found = whitespace(bought, likes, NAMES, least=5).set_index("category")
    assert (found["buyers"] + found["without"] == len(bought)).all()
    assert np.isnan(found.loc["wood", "likely"])  # 4 of fewer than 5
    assert whitespace(bought, likes, NAMES, least=1).set_index("category").loc["wood", "likely"] == 4


ORDERS = "order_id customer_id ordered_at\n1 a 2025-05-01T10:00\n2 a 2025-06-02T10:00\n3 b 2025-06-03T10:00"
LINES = """
order_id product_id quantity unit_price
1 lamp 1 10
2 desk 1 5
3 lamp 1 10
3 desk -1 5
"""
PRODUCTS = "product_id category\nlamp light\ndesk wood"


def test_sets_by_hand():
    known = known_of(tiny_data(orders=ORDERS, order_lines=LINES, products=PRODUCTS), "2025-06", metrics=())
    lines, span = known.facts["order_lines"], (date(2025, 1, 1), date(2025, 7, 1))
    assert category_names(lines, *span) == NAMES
    found = categories_bought(lines, NAMES, *span)
    assert found.to_dict("records") == [
        {"customer_id": "a", "orders": 2, "amount": 15.0, "categories": 3},
        {"customer_id": "b", "orders": 1, "amount": 10.0, "categories": 1},  # the desk was sent back
    ]
    with pytest.raises(Declined):
        CROSS_SELL.compute(known)


def company(rng: np.random.Generator, *, alike_buy_alike: bool) -> dict[str, pd.DataFrame]:
    """Two kinds of customers, fond of light and wood, or of paper and ink, who order in most months."""
    fond = {0: (0.45, 0.45, 0.05, 0.05), 1: (0.05, 0.05, 0.45, 0.45)}
    rows = []
    for who in range(800):
        taste = fond[who % 2] if alike_buy_alike else (0.25,) * 4
        for month in np.flatnonzero(rng.random(6) < 0.6) + 1:
            rows.append((f"c{who}", int(month), f"p{rng.choice(4, p=taste)}"))
    names = ["order_id", "customer_id", "ordered_at"]
    orders = pd.DataFrame(
        [(str(n), who, f"2025-0{m}-10T10:00") for n, (who, m, _) in enumerate(rows)], columns=names
    )
    lines = pd.DataFrame(
        [(str(n), what, "1", "5") for n, (_, _, what) in enumerate(rows)],
        columns=["order_id", "product_id", "quantity", "unit_price"],
    )
    return {"orders": orders, "order_lines": lines}


KINDS = "product_id category\np0 light\np1 wood\np2 paper\np3 ink"


def test_the_check_tells_whether_likes_matter():
    bought = {}
    for matters in (True, False):
        tables = company(np.random.default_rng(7), alike_buy_alike=matters)
        frames = CROSS_SELL.compute(known_of(tiny_data(products=KINDS, **tables), "2025-06", metrics=()))
        for name, columns in CROSS_SELL.columns.items():
            assert list(frames[name].columns) == list(columns), name
        check = frames["check"].set_index("alike")
        bought[matters] = check
    few, many = bought[True].loc["below_a_quarter"], bought[True].loc["half_to_three"]
    assert many["share"] > 1.5 * few["share"]
    assert many["low"] > few["high"]
    # Who lacks one of four is as likely to come to it as who lacks three of them.
    assert bought[False].loc["half_to_three", "share"] < 1.5 * bought[False].loc["below_a_quarter", "share"]
