"""Budget: elasticities found again, the split that calculus gives, and no answer where nothing is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from crmreport.analyses.analysis import Declined
from crmreport.analyses.marketing.budget import (
    BUDGET,
    NOT_SHOWN,
    WORTH_A_TEST,
    by_month,
    channels_of,
    plan_of,
)
from crmreport.analyses.marketing.response_curves import (
    FITTED,
    HARDLY_VARIES,
    NO_EFFECT_SHOWN,
    TOO_SHORT,
    best_split,
    draws_of,
    fit,
    resampled_months,
)
from tests.tiny import known_of, tiny_data

MONTHS = pd.date_range("2022-01-01", periods=36, freq="MS")
DEMAND = 900 + 300 * np.sin(np.arange(36) * np.pi / 6) + 5 * np.arange(36)


def channel(
    name: str, elasticity: float, spread: float, seed: int, scale: float = 1.0, months: int = 36
) -> pd.DataFrame:
    """Simulate a channel that brings ``scale * spend ** elasticity`` orders at average demand."""
    random = np.random.default_rng(seed)
    spend = np.exp(np.log(10_000) + spread * random.normal(size=36))
    spend[: 36 - months] = 0
    expected = scale * np.where(spend > 0, spend, 1) ** elasticity * (DEMAND / DEMAND.mean())
    orders = np.where(spend > 0, random.poisson(expected), 0)
    frame = pd.DataFrame({"month": MONTHS, "spend": spend, "orders": orders, "demand": DEMAND})
    return frame.assign(channel=name, orders=frame["orders"].astype(float))


def test_a_constant_elasticity_is_found():
    spend = np.array([1.0, 2, 4, 8, 16])
    demand = np.array([1.0, 3, 2, 5, 4])
    orders = np.round(3000 * spend**0.4 * demand**0.7)
    assert fit(spend, orders, demand) == pytest.approx([np.log(3000), 0.4, 0.7], abs=1e-3)


def test_the_fit_agrees_with_the_formula_interface():
    data = channel("a", 0.5, 0.6, 1)
    second = smf.poisson("orders ~ np.log(spend) + np.log(demand)", data).fit(disp=0).params
    found = fit(*(data[c].to_numpy(dtype=float) for c in ("spend", "orders", "demand")))
    assert found == pytest.approx(second.to_numpy(), rel=1e-4)


def test_the_interval_of_an_elasticity_covers_it():
    """Of 30 channels with an elasticity of 0.5, at least 24 intervals have it (95 %, from few months)."""
    drawn = resampled_months(36, resamples=60)
    covered = 0
    for seed in range(30):
        draws = draws_of(channel("a", 0.5, 0.5, seed), drawn)[:, 1]
        low, high = np.nanquantile(draws, (0.025, 0.975))
        covered += low <= 0.5 <= high
    assert covered >= 24


def test_blocks_of_months_stay_together():
    drawn = resampled_months(36)
    assert drawn.shape == (200, 36) and drawn.min() >= 0 and drawn.max() == 35
    assert (np.diff(drawn.reshape(200, 12, 3), axis=2) == 1).all()
    assert (drawn == resampled_months(36)).all()


def test_the_best_split_of_equal_elasticities():
    """With spend^b in each, the shares are as scale^(1 / (1 - b)): here 1^2 to 2^2 to 3^2."""
    scale, wide = np.array([1.0, 2, 3]), np.full(3, 1e9)
    found = best_split(scale, np.full(3, 0.5), np.zeros(3), wide, 1400.0)
    assert found == pytest.approx([100, 400, 900], rel=1e-6)


def test_a_channel_that_hardly_saturates_takes_up_to_its_most():
    # At a return of exp(-100) it would be given exp((100 - 0.05) / 0.05): past what a number can be.
    found = best_split(np.ones(2), np.array([0.95, 0.5]), np.zeros(2), np.array([3e3, 5e3]), 1e4)
    assert found == pytest.approx([3e3, 5e3])


def test_the_best_split_beats_any_other():
    random = np.random.default_rng(5)
    scale, b = np.array([1.0, 4, 2]), np.array([0.3, 0.5, 0.7])
    least, most = np.array([5.0, 5, 5]), np.array([60.0, 60, 60])
    best = best_split(scale, b, least, most, 100.0)
    assert best.sum() == pytest.approx(100)
    others = random.dirichlet(np.ones(3), 5000) * 100
    others = others[((others >= least) & (others <= most)).all(axis=1)]
    assert (scale * best**b).sum() >= (scale * others**b).sum(axis=1).max() - 1e-9


def test_each_channel_is_judged_by_what_its_spending_can_tell():
    panel = pd.concat(
        [
            channel("clear", 0.6, 0.6, 1, 0.2),
            channel("flat", 0.0, 0.6, 2, 30.0),
            channel("steady", 0.6, 0.05, 3, 0.2),
            channel("young", 0.6, 0.6, 4, 0.2, months=12),
        ],
        ignore_index=True,
    )
    channels, draws = channels_of(panel, resampled_months(36, resamples=60))
    found = channels.set_index("channel")["status"].to_dict()
    assert found == {
        "clear": FITTED, "flat": NO_EFFECT_SHOWN, "steady": HARDLY_VARIES, "young": TOO_SHORT,
    }  # fmt: skip
    assert set(draws) == {"clear", "flat"}
    steady = channels.set_index("channel").loc["steady"]
    assert np.isnan(steady["elasticity"]) and steady["cost_per_order"] > 0


def test_money_goes_to_the_channel_that_brings_more():
    panel = pd.concat(
        [channel("poor", 0.4, 0.5, 6, 1.0), channel("rich", 0.4, 0.5, 7, 6.0)], ignore_index=True
    )
    _, draws = channels_of(panel, resampled_months(36, resamples=60))
    plan, gain = plan_of(panel, draws)
    plan = plan.set_index("channel")
    assert plan["spend_suggested"].sum() == pytest.approx(plan["spend_now"].sum())
    assert plan.loc["rich", "spend_suggested"] > plan.loc["rich", "spend_now"]
    spent = panel[panel["channel"] == "rich"]["spend"]
    assert plan.loc["rich", "spend_suggested"] <= spent.max() + 1e-6  # never beyond what was tried
    row = gain.iloc[0]
    assert row["gain"] > 0 and row["low"] <= row["gain"] <= row["high"]
    assert row["verdict"] == WORTH_A_TEST


def test_two_channels_alike_have_nothing_to_gain():
    panel = pd.concat([channel("a", 0.5, 0.4, 8, 0.3), channel("b", 0.5, 0.4, 9, 0.3)], ignore_index=True)
    panel.loc[panel["month"] >= "2024-01-01", "spend"] = 10_000.0
    _, draws = channels_of(panel, resampled_months(36, resamples=60))
    _, gain = plan_of(panel, draws)
    assert gain.iloc[0]["gain"] < 0.05 * gain.iloc[0]["orders_now"]
    assert gain.iloc[0]["verdict"] == NOT_SHOWN


def test_one_channel_alone_is_not_split():
    panel = channel("a", 0.5, 0.6, 8, 0.3)
    _, draws = channels_of(panel, resampled_months(36, resamples=20))
    plan, gain = plan_of(panel, draws)
    assert plan.empty and gain.empty
    assert list(gain.columns) == list(BUDGET.columns["gain"])


CAMPAIGNS = """
campaign_id  marketing_channel  starts_on   ends_on     spend
a            Search             2025-01-01  2025-02-28  590
b            Print              2025-02-01  2025-02-10  100
"""
ORDERS = """
order_id  customer_id  ordered_at  amount  campaign_id
1         ann          2025-01-05  10      a
2         ann          2025-01-06  10      -
3         bob          2025-02-01  10      a
4         bob          2025-02-02  10      b
5         cyd          2025-02-03  10      -
6         cyd          2025-03-03  10      -
"""


def test_the_panel_is_counted_by_hand():
    facts = known_of(tiny_data(campaigns=CAMPAIGNS, orders=ORDERS), "2025-03", metrics=()).facts
    start, end = pd.Timestamp("2025-01-01").date(), pd.Timestamp("2025-04-01").date()
    panel = by_month(facts["campaign_days"], facts["attributed_orders"], facts["orders"], start, end)
    found = panel.set_index(["channel", panel["month"].dt.month])[["spend", "orders", "demand"]]
    # 31 and 28 of the 59 days of a; a month without another order has a demand of 1, not of 0
    assert found.loc["Search"].to_numpy().tolist() == [[310, 1, 1], [280, 1, 2], [0, 0, 1]]
    assert found.loc["Print"].to_numpy().tolist() == [[0, 0, 2], [100, 1, 2], [0, 0, 1]]


def test_a_short_history_is_declined():
    with pytest.raises(Declined) as reason:
        BUDGET.compute(known_of(tiny_data(campaigns=CAMPAIGNS, orders=ORDERS), "2025-03", metrics=()))
    assert reason.value.phrase.values["least"] == 18


def test_spending_that_never_varies_is_declined():
    months = pd.date_range("2023-01-01", "2025-03-01", freq="MS")
    rows = [f"a Search {m:%Y-%m-01} {m + pd.offsets.MonthEnd(0):%Y-%m-%d} 1000" for m in months]
    orders = [f"{n} ann {m:%Y-%m-15} 10 a" for n, m in enumerate(months)]
    data = tiny_data(
        campaigns="\n".join(["campaign_id marketing_channel starts_on ends_on spend", *rows]),
        orders="\n".join(["order_id customer_id ordered_at amount campaign_id", *orders]),
        first_day=months[0].date(),
    )
    with pytest.raises(Declined, match="varied enough"):
        BUDGET.compute(known_of(data, "2025-03", metrics=()))
