"""Marketing metrics, each on a table that fits on a hand."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.metrics.marketing import (
    ATTRIBUTED_ORDERS,
    ATTRIBUTED_REVENUE,
    CLICK_THROUGH_RATE,
    CLICK_TO_DELIVERY_RATE,
    CLICKS,
    COST_PER_CLICK,
    CUSTOMER_ACQUISITION_COST,
    IMPRESSIONS,
    MARKETING_SPEND,
    NEW_CUSTOMERS_PER_SPEND_BEFORE,
    ONLINE_SHARE_OF_SPEND,
    ONLINE_SPEND,
    OPEN_RATE,
    RETURN_ON_AD_SPEND,
    UNSUBSCRIBE_RATE,
)
from crmreport.tables.facts.fact import Inputs
from crmreport.tables.facts.marketing import CAMPAIGN_DAYS
from tests.metrics.case import Case, check_case, check_nothing_happened
from tests.tiny import cube_of, figure, tiny_data

ROOT = Path(__file__).parents[2]

# Of A, 20 of the 30 days are in April: 600 of 900 of money, 4,000 of 6,000 impressions, 80 of 120 clicks.
CAMPAIGNS_TABLE = """
campaign_id  marketing_channel  is_online  starts_on   ends_on     spend  impressions  deliveries  opens  clicks  unsubscribes
a            Search             true       2025-03-22  2025-04-20  900    6000         -           -      120     -
b            E-mail             true       2025-04-05  2025-04-05  40     -            500         150    20      2
c            E-mail             true       2025-04-30  -           60     -            300         -      -       -
d            Radio              false      2025-04-01  2025-04-30  300    9000         -           -      -       -
e            Print              -          2025-04-10  2025-04-12  -      -            -           -      -       -
f            Fair               -          2025-04-10  2025-04-10  500    -            -           -      -       -
a            Search             true       2025-06-01  2025-06-30  900    6000         -           -      120     -
b            E-mail             true       2025-03-01  2025-03-31  160    -            -           -      -       -
"""  # noqa: E501 - a table
# March: ann is new, for 900 / 30 * 10 + 160 = 460 of money. April: bob and cyd are.
ORDERS_TABLE = """
order_id  customer_id  ordered_at  amount  campaign_id
1         ann          2025-03-05  10      b
2         ann          2025-04-10  100     a
3         bob          2025-04-11  200     -
4         cyd          2025-04-30  50.50   b
5         dee          2025-06-30  70      a
6         dee          2025-01-02  70      -
"""
SPENT = {"campaigns": CAMPAIGNS_TABLE}
BOTH = {"campaigns": CAMPAIGNS_TABLE, "orders": ORDERS_TABLE}
SPEND = 600 + 40 + 60 + 300 + 500

CASES = (
    Case(MARKETING_SPEND, SPENT, SPEND, None, SPEND),
    Case(ONLINE_SPEND, SPENT, 700, None, 700),
    Case(ONLINE_SHARE_OF_SPEND, SPENT, 700, 1000, 0.7),  # of f it is not known
    Case(IMPRESSIONS, SPENT, 13_000, None, 13_000),
    Case(CLICKS, SPENT, 100, None, 100),
    Case(CLICK_THROUGH_RATE, SPENT, 80, 4_000, 0.02),  # the radio counts no clicks, the letters no showing
    Case(COST_PER_CLICK, SPENT, 640, 100, 6.4),
    Case(OPEN_RATE, SPENT, 150, 500, 0.3),
    Case(CLICK_TO_DELIVERY_RATE, SPENT, 20, 500, 0.04),
    Case(UNSUBSCRIBE_RATE, SPENT, 2, 500, 0.004),
    Case(CUSTOMER_ACQUISITION_COST, BOTH, SPEND, 2, 750),
    Case(NEW_CUSTOMERS_PER_SPEND_BEFORE, BOTH, 2, 460, 2000 / 460),
    Case(ATTRIBUTED_ORDERS, BOTH, 2, None, 2),
    Case(ATTRIBUTED_REVENUE, BOTH, 150.5, None, 150.5),
    Case(RETURN_ON_AD_SPEND, BOTH, 150.5, SPEND, 150.5 / SPEND),
)
# In May, which money was spent in April for, nobody is new: 0 of 1,500.
OF_NOTHING = tuple(case for case in CASES if case.metric is not NEW_CUSTOMERS_PER_SPEND_BEFORE)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parts_and_value(case: Case):
    check_case(case)


@pytest.mark.parametrize("case", OF_NOTHING, ids=str)
def test_nothing_happened(case: Case):
    check_nothing_happened(case)


def test_channels_have_their_own_return():
    cube = cube_of(tiny_data(**BOTH), "2025-04", metrics=(RETURN_ON_AD_SPEND,))
    search = figure(cube, RETURN_ON_AD_SPEND, "2025-04", "marketing_channel", "Search")
    letters = figure(cube, RETURN_ON_AD_SPEND, "2025-04", "marketing_channel", "E-mail")
    assert (search["value"], letters["value"]) == (pytest.approx(100 / 600), pytest.approx(50.5 / 100))


def test_a_cost_that_nobody_knows_is_no_cost_of_0():
    cube = cube_of(tiny_data(**SPENT), "2025-04", metrics=(MARKETING_SPEND,))
    unknown = figure(cube, MARKETING_SPEND, "2025-04", "marketing_channel", "Print")
    assert math.isnan(unknown["value"]) and unknown["status"] == "undefined"


@settings(max_examples=25, deadline=None)
@given(cents=st.integers(1, 10**9), days=st.integers(0, 400))
def test_what_is_spread_over_days_adds_up_to_the_cent(cents: int, days: int):
    """Whatever does not divide: a third of a cent a day must not be lost over a year of days."""
    last = date(2024, 1, 1) + timedelta(days=days)
    table = f"campaign_id starts_on ends_on spend\na 2024-01-01 {last} {cents / 100:.2f}"
    given_tables = Inputs(tiny_data(campaigns=table).tables, (), 90)
    spread = CAMPAIGN_DAYS.make(given_tables)
    found = spread.aggregate(
        total=spread.spend.sum(), days=spread.count(), least=spread.spend.min(), most=spread.spend.max()
    )
    row = found.to_pyarrow().to_pylist()[0]
    assert (row["total"], row["days"]) == (Decimal(cents) / 100, days + 1)
    assert row["most"] - row["least"] <= Decimal("0.0001")


def test_the_sample_s_campaigns_of_autumn():
    """data/README.md: "We miss you" cost 7,200 from September to October; nothing is spent offline then."""
    campaigns = pd.read_parquet(ROOT / "data" / "sample" / "campaigns.parquet")
    months = ("2025-09", "2025-10")
    data = tiny_data(campaigns=campaigns.astype(str).where(campaigns.notna(), None))
    cube = cube_of(data, *months, metrics=(MARKETING_SPEND, ONLINE_SHARE_OF_SPEND))
    letters = [figure(cube, MARKETING_SPEND, m, "marketing_channel", "E-mail")["value"] for m in months]
    assert letters == [pytest.approx(1_196 + 3_685), pytest.approx(1_230 + 3_546)]
    assert figure(cube, ONLINE_SHARE_OF_SPEND, "2025-10")["value"] == 1
