"""Lifetime value and potential: on a shop whose customers buy as the models say, and by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined
from crmreport.analyses.value.lifetime_holdout import holdout
from crmreport.analyses.value.lifetime_model import (
    DISCOUNT_RATE,
    fit_lifetime,
    margin_share,
    predict,
    simulated_amounts,
)
from crmreport.analyses.value.lifetime_value import LIFETIME_VALUE, ended
from crmreport.analyses.value.potential import POTENTIAL, missing_categories, peer_groups, potential_of
from crmreport.analyses.value.purchase_history import purchase_history
from tests.tiny import known_of, tiny_data

_START, _CUT = date(2023, 1, 1), date(2024, 7, 1)
_CUSTOMERS = 600


def shop(seed: int = 1, customers: int = _CUSTOMERS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two and a half years of orders; every tenth customer leaves on the day of the last order."""
    random = np.random.default_rng(seed)
    joined = random.integers(0, 360, customers)
    rate, leaves = random.gamma(1.2, 1 / 60, customers), random.beta(1.0, 6.0, customers)
    spends = random.gamma(4.0, 1 / 60, customers)
    rows, last_days = [], []
    for n in range(customers):
        day = float(joined[n])
        while day < 912:
            amount = random.gamma(3.0) / spends[n]
            moment = _START + timedelta(days=int(day))
            rows.append((f"o{len(rows)}", f"c{n:04d}", moment.isoformat(), f"{amount:.2f}"))
            last_days.append((n, int(day)))
            if random.random() < leaves[n]:
                break
            day += random.exponential(1 / rate[n])
    orders = pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount"])
    last = dict(last_days)
    people = pd.DataFrame(
        {
            "customer_id": [f"c{n:04d}" for n in range(customers)],
            "customer_type": np.where(np.arange(customers) % 2, "person", "company"),
            "left_at": [
                (_START + timedelta(days=last[n])).isoformat() if n % 10 == 0 and last[n] < 500 else None
                for n in range(customers)
            ],
        }
    )
    return orders, people


@pytest.fixture(scope="module")
def known():
    orders, people = shop()
    return known_of(
        tiny_data(first_day=_START, as_of=date(2025, 6, 30), orders=orders, customers=people),
        "2024-05",
        "2024-06",
        metrics=(),
    )


@pytest.fixture(scope="module")
def frames(known):
    return LIFETIME_VALUE.compute(known)


def test_the_frames_are_as_declared_and_add_up(known, frames):
    for name, columns in LIFETIME_VALUE.columns.items():
        assert list(frames[name].columns) == list(columns)
    groups, customers = frames["groups"], frames["customers"]
    whole = groups.iloc[0]
    assert whole["customers"] == len(customers) == _CUSTOMERS
    assert whole["value"] == pytest.approx(customers["value"].sum())
    assert whole["value_low"] < whole["value"] < whole["value_high"]
    for dimension in ("value_decile", "first_year", "customer_type"):
        parts = groups[groups["dimension"] == dimension]
        assert parts["customers"].sum() == _CUSTOMERS
        assert parts["value"].sum() == pytest.approx(whole["value"])
    assert customers.groupby("decile")["value"].min().is_monotonic_decreasing


def test_nothing_is_expected_of_those_who_left(known, frames):
    gone = ended(known)["customer_id"]
    theirs = frames["customers"].set_index("customer_id").loc[gone]
    assert len(gone) > 20
    assert (theirs[["alive", "purchase_days", "value"]] == 0).all(axis=None)


def test_the_holdout_counts_what_really_happened(known, frames):
    compared = frames["holdout"].set_index("repeat_days")
    checks = frames["model"].set_index("name")["value"]
    cut = _CUT - timedelta(weeks=int(checks["holdout_weeks"]))
    orders, _ = shop()
    days = orders["ordered_at"].map(date.fromisoformat)
    before = set(orders.loc[days < cut, "customer_id"])
    later = orders[(days >= cut) & (days < _CUT) & orders["customer_id"].isin(before)]
    assert compared.loc["all", "actual"] == len(later.groupby(["customer_id", "ordered_at"]))
    assert compared.loc["all", "customers"] == len(before)
    assert compared.loc["all", "actual_amount"] == pytest.approx(later["amount"].astype(float).sum())
    parts = compared.drop(index="all")
    assert parts[["customers", "expected", "actual"]].sum().tolist() == pytest.approx(
        compared.loc["all", ["customers", "expected", "actual"]].tolist()
    )
    assert compared.loc["all", "error"] < compared.loc["all", "error_as_before"]


def test_the_year_that_followed_lies_in_the_simulated_interval():
    orders, people = shop(seed=3, customers=900)
    data = tiny_data(first_day=_START, as_of=date(2025, 6, 30), orders=orders, customers=people)
    whole = known_of(data, "2025-06", metrics=()).facts["orders"]
    history = purchase_history(whole, _CUT)
    model = fit_lifetime(history)
    nobody = pd.Series([], dtype="str")
    totals = [drawn.sum() for drawn in simulated_amounts(model, history, nobody, 52.0, 150)]
    expected = predict(model, history, nobody, 52.0)["amount"].sum()
    days = orders["ordered_at"].map(date.fromisoformat)
    later = orders[
        (days >= _CUT)
        & (days < _CUT + timedelta(weeks=52))
        & orders["customer_id"].isin(history["customer_id"])
    ]
    low, high = np.quantile(totals, [0.025, 0.975])
    assert low < later["amount"].astype(float).sum() < high
    assert np.mean(totals) == pytest.approx(expected, rel=0.1)


def test_discounting_takes_about_half_a_year_of_interest(known):
    history = purchase_history(known.facts["orders"], _CUT)
    found = predict(fit_lifetime(history), history, pd.Series([], dtype="str"), 365.25 / 7)
    kept = found["discounted_amount"].sum() / found["amount"].sum()
    # Purchases become rarer during the year, so they come a little before its middle.
    assert (1 + DISCOUNT_RATE) ** -0.5 < kept < (1 + DISCOUNT_RATE) ** -0.4


LINES = {
    "orders": """
    order_id customer_id ordered_at amount
    o1 a 2024-06-01 130
    o2 b 2023-01-01 999
    """,
    "products": """
    product_id category unit_cost
    desk Desks 60
    lamp Lamps -
    """,
}


def test_the_margin_is_that_of_the_revenue_whose_cost_is_known():
    lines = """
    order_id product_id quantity unit_price
    o1 desk 1 100
    o1 lamp 1 30
    o2 desk 1 999
    """
    known = known_of(tiny_data(order_lines=lines, **LINES), "2024-06", metrics=())
    lines, products = known.facts["order_lines"], known.tables["products"]
    assert margin_share(lines, products, date(2024, 1, 1), _CUT) == pytest.approx(0.4)


def test_no_margin_is_known_where_most_costs_are_not():
    lines = """
    order_id product_id quantity unit_price
    o1 desk 1 100
    o1 lamp 10 30
    """
    known = known_of(tiny_data(order_lines=lines, **LINES), "2024-06", metrics=())
    assert margin_share(known.facts["order_lines"], known.tables["products"], date(2024, 1, 1), _CUT) is None


def test_few_repeated_purchases_and_short_histories_are_declined():
    orders, _ = shop()
    few = known_of(tiny_data(orders=orders.drop_duplicates("customer_id")), "2024-06", metrics=())
    with pytest.raises(Declined, match="more than one day"):
        LIFETIME_VALUE.compute(few)
    short = known_of(tiny_data(first_day=_START, orders=orders), "2023-08", metrics=())
    with pytest.raises(Declined, match="weeks"):
        LIFETIME_VALUE.compute(short)
    unpriced = orders.assign(amount=None)
    with pytest.raises(Declined, match="No order has an amount"):
        LIFETIME_VALUE.compute(known_of(tiny_data(orders=unpriced), "2024-06", metrics=()))


def test_the_holdout_knows_nothing_of_the_time_after(known):
    orders, people = shop()
    cut = _CUT - timedelta(weeks=20)
    changed = orders.assign(amount=orders["amount"].where(orders["ordered_at"] < cut.isoformat(), "1"))
    other = known_of(tiny_data(orders=changed, customers=people), "2024-06", metrics=())
    gone = ended(known)
    first = holdout(known.facts["orders"], gone, _CUT, 20)
    again = holdout(other.facts["orders"], gone, _CUT, 20)
    pd.testing.assert_series_equal(first["expected"], again["expected"])
    assert first["actual_amount"].sum() != again["actual_amount"].sum()


def values(rows: list[tuple[float, float, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["alive", "rate_per_year", "amount_per_purchase"])
    frame["customer_id"] = [f"c{n}" for n in range(len(rows))]
    return frame.assign(value=frame["alive"] * frame["rate_per_year"] * frame["amount_per_purchase"])


def test_potential_by_hand():
    # 39 peers worth 1 * 10 * 10 = 100, and three that lag in one thing each, and one who is gone.
    rows = [(1.0, 10.0, 10.0)] * 39 + [(0.4, 10, 10), (1, 2, 10), (1, 10, 5), (0.1, 10, 10)]
    found = potential_of(values(rows), pd.Series("all", index=range(43)))
    assert found["peer_value"].eq(100).all()
    assert found["potential"].iloc[[0, 39, 40, 41, 42]].tolist() == [0, 60, 80, 50, 0]
    assert found["reason"].iloc[39:42].tolist() == ["activity", "frequency", "amount"]
    assert found["reason"].iloc[[0, 42]].isna().all()


def test_peers_are_as_alike_as_thirty_allow():
    rows = [("person", "Basic")] * 40 + [("person", "Plus")] * 10 + [("company", None)] * 35
    peers = peer_groups(pd.DataFrame(rows, columns=["customer_type", "tier"]), ["customer_type", "tier"])
    assert peers.iloc[[0, 45, 60]].tolist() == ["person, Basic", "person", "company"]


def test_a_category_that_most_peers_buy_is_missing_for_the_others():
    found = pd.DataFrame({"customer_id": [f"c{n}" for n in range(40)], "peers": "p"})
    bought = pd.DataFrame(
        [(f"c{n}", "Desks") for n in range(40)]
        + [(f"c{n}", "Chairs") for n in range(30)]
        + [("c1", "Lamps")],
        columns=["customer_id", "category"],
    )
    counted = missing_categories(found, bought).set_index("category")
    assert counted["without"].to_dict() == {"Chairs": 10, "Desks": 0, "Lamps": 39}
    assert counted["is_usual"].to_dict() == {"Chairs": True, "Desks": True, "Lamps": False}


def test_the_potential_of_the_shop_has_its_frames(known):
    found = POTENTIAL.compute(known)
    for name, columns in POTENTIAL.columns.items():
        assert list(found[name].columns) == list(columns)
    assert set(found["peers"]["peers"]) == {"company", "person"}
    assert found["reasons"]["potential"].sum() == pytest.approx(
        found["customers"]["potential"].sum(), rel=0.05
    )
    assert found["whitespace"].empty  # there are no order lines
    gone = set(ended(known)["customer_id"])
    assert gone.isdisjoint(found["customers"]["customer_id"])
