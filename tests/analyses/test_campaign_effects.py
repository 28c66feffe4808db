"""Campaign effects: lifts over control groups, against published intervals and the sample's planted story."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crmreport.analyses.analysis import Declined
from crmreport.analyses.marketing.campaign_effects import (
    CAMPAIGN_EFFECTS,
    NOT_SHOWN,
    WORKS,
    effects,
    groups_of,
    lift,
)
from tests.tiny import known_of, tiny_data

ROOT = Path(__file__).parents[2]

# Two rows of a: together 100 addressed, of whom 30 bought, and 50 held out, of whom 5 did. The third one is
# not over yet, b has no control group, and c changes nothing.
TABLE = """
campaign_id  campaign_name  starts_on   ends_on     spend  target_customers  target_buyers  control_customers  control_buyers
a            back           2025-01-01  2025-01-31  600    60                20             30                 3
a            back           2025-02-01  2025-02-28  400    40                10             20                 2
a            back           2025-03-01  2025-05-15  800    40                0              20                 2
b            ads            2025-01-01  2025-01-31  900    -                 -              -                  -
c            card           2025-01-01  2025-01-31  50     10                1              10                 1
"""  # noqa: E501 - a table
ORDERS = """
order_id  customer_id  ordered_at  amount  campaign_id
1         ann          2025-01-05  10      a
2         bob          2025-01-05  15      a
3         cyd          2025-01-05  20      -
"""


def shown(*periods: str, table: str = TABLE, **more: str) -> pd.DataFrame:
    known = known_of(tiny_data(campaigns=table, **({"orders": ORDERS} | more)), *periods, metrics=())
    return CAMPAIGN_EFFECTS.compute(known)["campaigns"]


def test_newcombe_s_published_example():
    """Newcombe 1998, table II, method 10: 56/70 less 48/80 gives 0.0524 to 0.3339."""
    found = lift(*(np.array([float(n)]) for n in (56, 70, 48, 80))).iloc[0]
    assert found["lift"] == pytest.approx(0.2)
    assert (round(found["low"], 4), round(found["high"], 4)) == (0.0524, 0.3339)


def test_p_is_that_of_the_chi_square_test():
    found = lift(*(np.array([float(n)]) for n in (56, 70, 48, 80))).iloc[0]
    second = stats.chi2_contingency([[56, 14], [48, 32]], correction=False).pvalue
    assert found["p"] == pytest.approx(second, rel=1e-9)


def test_nobody_bought():
    found = lift(*(np.array([float(n)]) for n in (0, 70, 0, 80))).iloc[0]
    assert (found["lift"], found["p"]) == (0, 1)
    assert found["low"] < 0 < found["high"]


def test_the_groups_of_a_campaign_are_added_up():
    row = shown("2025-04").set_index("campaign_id").loc["a"]
    assert (row["target_rate"], row["control_rate"]) == (0.3, 0.1)
    assert row["lift"] == pytest.approx(0.2)
    assert row["additional_buyers"] == pytest.approx(20)
    assert row["cost_per_additional_buyer"] == pytest.approx(1000 / 20)
    assert row["cost_low"] == pytest.approx(1000 / (100 * row["high"]))
    assert row["cost_high"] == pytest.approx(1000 / (100 * row["low"]))
    assert row["verdict"] == WORKS
    assert (row["credited_orders"], row["credited_revenue"]) == (2, 25)


def test_what_changes_nothing_has_no_cost_per_buyer():
    row = shown("2025-04").set_index("campaign_id").loc["c"]
    assert row["verdict"] == NOT_SHOWN
    assert row["additional_buyers"] == 0
    assert math.isnan(row["cost_per_additional_buyer"]) and math.isnan(row["cost_high"])


def test_a_campaign_counts_when_its_days_are_over():
    assert shown("2025-01").set_index("campaign_id").loc["a", "target_customers"] == 60
    assert shown("2025-05").set_index("campaign_id").loc["a", "target_customers"] == 140


def test_without_a_control_group_it_is_declined():
    with pytest.raises(Declined, match="control group"):
        shown("2025-04", table="\n".join(TABLE.strip().splitlines()[i] for i in (0, 4)))


def test_groups_of_few_customers_are_not_shown():
    table = TABLE + "d two 2025-01-01 2025-01-31 50 4 4 100 1\n"
    assert "d" not in set(shown("2025-04", table=table)["campaign_id"])


def test_twenty_campaigns_without_effect_are_rarely_called_effective():
    """5 % of families of twenty may have a false one; judged one by one, 64 % would."""
    random = np.random.default_rng(3)
    false = 0
    for _ in range(200):
        groups = pd.DataFrame(
            {
                "spend": 1.0,
                "target_customers": 400,
                "target_buyers": random.binomial(400, 0.1, 20),
                "control_customers": 200,
                "control_buyers": random.binomial(200, 0.1, 20),
            }
        )
        false += (effects(groups)["verdict"] != NOT_SHOWN).any()
    assert false / 200 < 0.10


def test_the_interval_covers_the_true_lift():
    random = np.random.default_rng(4)
    n = 4000
    counts = [random.binomial(400, 0.12, n), np.full(n, 400), random.binomial(170, 0.04, n), np.full(n, 170)]
    found = lift(*(c.astype(float) for c in counts))
    covered = ((found["low"] <= 0.08) & (found["high"] >= 0.08)).mean()
    assert 0.93 < covered < 0.975


def test_the_sample_s_two_campaigns():
    """Story 4: 12.1 % against 4.1 % works; 24.1 % against 25.2 % does not; the mailings cannot be told."""
    campaigns = pd.read_parquet(ROOT / "data" / "sample" / "campaigns.parquet")
    data = tiny_data(campaigns=campaigns.astype(str).where(campaigns.notna(), None), orders=ORDERS)
    known = known_of(data, "2025-10", metrics=())
    found = CAMPAIGN_EFFECTS.compute(known)["campaigns"].set_index("campaign_name")
    back, summer = found.loc["We miss you"], found.loc["Summer of colour"]
    assert (round(back["target_rate"], 3), round(back["control_rate"], 3)) == (0.121, 0.041)
    assert (round(summer["target_rate"], 3), round(summer["control_rate"], 3)) == (0.241, 0.252)
    assert back["verdict"] == WORKS and back["cost_high"] < 300
    assert set(found.drop("We miss you")["verdict"]) == {NOT_SHOWN}
    assert math.isnan(summer["cost_per_additional_buyer"])


def test_the_order_of_rows_changes_nothing():
    header, *rows = TABLE.strip().splitlines()
    turned = "\n".join([header, *reversed(rows)])
    pd.testing.assert_frame_equal(shown("2025-04"), shown("2025-04", table=turned))


def test_groups_without_a_last_day_are_over_on_their_first():
    table = "campaign_id starts_on ends_on target_customers target_buyers control_customers control_buyers\n"
    data = tiny_data(campaigns=table + "a 2025-01-31 - 10 5 10 2", orders=ORDERS)
    assert len(groups_of(data.tables["campaigns"], pd.Timestamp("2025-02-01").date())) == 1
    assert len(groups_of(data.tables["campaigns"], pd.Timestamp("2025-01-31").date())) == 0
