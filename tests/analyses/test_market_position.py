"""Market position and economy: shares, concentration, vintages and growth, counted by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.analyses.analysis import Declined, Known
from crmreport.analyses.market.economy import ECONOMY, LEVEL, RATE
from crmreport.analyses.market.position import MARKET_POSITION, OTHERS, position_of, shares_of
from tests.tiny import known_of, tiny_data

ROOT = Path(__file__).parents[2]

# Of April 2025 the industry's 900 became 1,000 in June. C sells in another unit.
TABLE = """
series    kind        organisation  starts_on   published_on  value  unit
Own       own         us            2024-04-01  2024-05-03    80     GBP
Own       own         us            2024-05-01  2024-06-03    75     GBP
Own       own         us            2025-03-01  2025-04-03    90     GBP
Own       own         us            2025-04-01  2025-05-03    100    GBP
Industry  industry    -             2024-04-01  2024-05-05    800    GBP
Industry  industry    -             2024-05-01  2024-06-05    750    GBP
Industry  industry    -             2025-03-01  2025-04-05    900    GBP
Industry  industry    -             2025-04-01  2025-05-05    900    GBP
Industry  industry    -             2025-04-01  2025-06-20    1000   GBP
A         competitor  A             2024-04-01  2024-05-05    240    GBP
A         competitor  A             2024-05-01  2024-06-05    150    GBP
A         competitor  A             2025-04-01  2025-05-05    400    GBP
B         competitor  -             2024-04-01  2024-05-05    80     GBP
B         competitor  -             2024-05-01  2024-06-05    150    GBP
B         competitor  -             2025-04-01  2025-05-05    200    GBP
C         competitor  C             2025-04-01  2025-05-05    999    desks
C         competitor  C             2025-03-01  2025-05-05    999    desks
"""


def known_at(period: str, table: str = TABLE) -> Known:
    """Everything up to the end of a month, with all months from a year and a half before."""
    months = pd.period_range(pd.Period(period, "M") - 18, pd.Period(period, "M"), freq="M")
    return known_of(tiny_data(market=table), *(str(m) for m in months), metrics=())


def frame_of(name: str, period: str, table: str = TABLE) -> pd.DataFrame:
    frames = MARKET_POSITION.compute(known_at(period, table))
    assert all(list(f.columns) == list(MARKET_POSITION.columns[n]) for n, f in frames.items())
    return frames[name]


def test_shares_by_hand():
    found = frame_of("shares", "2025-06")
    april = found[found["period"] == "2025-04"].set_index("seller")
    assert april["share"].to_dict() == {"A": 0.4, OTHERS: 0.3, "B": 0.2, "us": 0.1}
    assert april["share_before"].to_dict() == {"A": 0.3, OTHERS: 0.5, "B": 0.1, "us": 0.1}
    assert april["change"].to_dict() == pytest.approx({"A": 0.1, OTHERS: -0.2, "B": 0.1, "us": 0})
    assert april["is_own"].to_dict() == {"A": False, OTHERS: False, "B": False, "us": True}
    assert april.loc["us", "relative_share"] == 100 / 400
    assert april.loc["A", "relative_share"] == 400 / 200
    assert math.isnan(april.loc[OTHERS, "relative_share"])


def test_the_share_is_that_known_then_and_its_revision_is_shown():
    before = frame_of("shares", "2025-05").set_index(["period", "seller"])
    after = frame_of("shares", "2025-06").set_index(["period", "seller"])
    assert before.loc[("2025-04", "us"), "share"] == 100 / 900
    assert before.loc[("2025-04", "us"), "revision"] == 0
    assert after.loc[("2025-04", "us"), "share"] == 100 / 1000
    assert after.loc[("2025-04", "us"), "revision"] == pytest.approx(0.1 - 100 / 900)
    revised = frame_of("revisions", "2025-06").set_index("seller").loc["industry"]
    assert (revised["periods"], revised["largest"]) == (4, pytest.approx(1 / 9))


def test_nothing_of_a_month_is_known_before_it_is_published():
    assert "2025-04" not in set(frame_of("shares", "2025-04")["period"])


def test_our_position_and_the_concentration():
    row = frame_of("position", "2025-06").set_index("period").loc["2025-04"]
    assert row["market_growth"] == pytest.approx(0.25)
    assert (row["own_share"], row["own_change"], row["rank"]) == (0.1, 0, 3)
    assert row["own_growth"] == pytest.approx(100 / 80 - 1)
    assert row["hhi_low"] == pytest.approx(40**2 + 20**2 + 10**2)
    assert row["hhi_high"] == pytest.approx(40**2 + 30**2 + 20**2 + 10**2)
    assert row["known_share"] == pytest.approx(0.7)


def test_a_year_is_the_sum_of_its_months():
    found = frame_of("years", "2025-06").set_index("seller")
    assert found.loc["us", "periods"] == 1  # of March 2024 nothing is known
    assert (found.loc["us", "share"], found.loc["us", "share_before"]) == (0.1, 0.1)


def test_an_industry_published_by_quarter_is_declined_for_months():
    days = ("2024-10-01", "2025-01-01", "2025-04-01")
    rows = [f"{k} {k} - {d} - {v} GBP" for d in days for k, v in (("industry", 300), ("own", 30))]
    table = "\n".join(["series kind organisation starts_on published_on value unit", *rows])
    with pytest.raises(Declined, match="quarters"):
        MARKET_POSITION.compute(known_at("2025-06", table))
    by_quarter = known_of(tiny_data(market=table), "2025-Q1", "2025-Q2", metrics=())
    assert MARKET_POSITION.compute(by_quarter)["position"]["own_share"].tolist() == [0.1, 0.1]


def test_an_industry_without_sellers_is_declined():
    table = "\n".join(line for line in TABLE.splitlines() if "own" not in line and "competitor" not in line)
    with pytest.raises(Declined, match="beside those of the industry"):
        MARKET_POSITION.compute(known_at("2025-06", table))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=6), st.integers(0, 10**6))
def test_shares_add_up_and_concentration_has_its_bounds(sellers: list[int], rest: int):
    rows = [("p", "own" if n == 0 else "competitor", f"s{n}", float(x)) for n, x in enumerate(sellers)]
    rows.append(("p", "industry", "industry", float(sum(sellers) + rest)))
    sales = pd.DataFrame(rows, columns=["period", "kind", "seller", "sales"])
    sales = sales.assign(first_sales=sales["sales"], published_on=pd.Timestamp("2025-01-01"))
    shares = shares_of(sales, {})
    assert shares["share"].sum() == pytest.approx(1)
    row = position_of(shares, sales, {}).iloc[0]
    n = len(sellers) + (rest > 0)
    assert 0 <= row["hhi_low"] <= row["hhi_high"] * (1 + 1e-12) <= 10_000 * (1 + 1e-9)
    assert row["hhi_high"] >= 10_000 / n * (1 - 1e-9)


def test_the_sample_s_competitor_gains():
    """Story 7: Copperlane from 18 % to 21 %, we from 12.3 % to 11.1 %."""
    market = pd.read_parquet(ROOT / "data" / "sample" / "market.parquet")
    months = pd.period_range("2022-11", "2025-10", freq="M")
    text = market.astype(str).where(market.notna(), None)
    known = known_of(tiny_data(market=text), *(str(m) for m in months), metrics=())
    frames = MARKET_POSITION.compute(known)
    found = frames["shares"]
    assert found["period"].max() == "2025-09"  # of October nothing is published yet

    def share(seller: str, first: str, last: str) -> float:
        rows = found[found["period"].between(first, last)]
        return rows.loc[rows["seller"] == seller, "sales"].sum() / (
            frames["position"].set_index("period").loc[sorted(set(rows["period"])), "market_sales"].sum()
        )

    assert share("Copperlane Office", "2024-03", "2025-02") == pytest.approx(0.18, abs=0.002)
    assert share("Copperlane Office", "2025-05", "2025-09") == pytest.approx(0.21, abs=0.002)
    assert share("Hazel & Quill", "2024-03", "2025-02") == pytest.approx(0.123, abs=0.002)
    assert share("Hazel & Quill", "2025-05", "2025-09") == pytest.approx(0.111, abs=0.002)
    newest = frames["position"].iloc[-1]
    assert newest["market_growth"] > 0.1 > 0 > newest["own_growth"]


ECONOMY_TABLE = """
series     kind   starts_on   published_on  value  unit
Output     macro  2023-01-01  2024-02-01    100    EUR
Output     macro  2024-01-01  2025-02-01    105    EUR
Output     macro  2024-01-01  2025-05-01    106    EUR
Abroad     macro  2023-01-01  -             100    USD
Abroad     macro  2024-01-01  -             110    USD
Inflation  macro  2023-01-01  2024-01-15    6      %
Inflation  macro  2024-01-01  2025-01-15    2      %
Forecast   macro  2024-01-01  -             3      %
Forecast   macro  2025-01-01  -             4      %
Alone      macro  2024-01-01  2025-01-15    2      index
Turnover   own    2024-01-01  2025-01-15    2      EUR
Turnover   own    2024-02-01  2025-01-15    2      EUR
"""


def economy(period: str, table: str = ECONOMY_TABLE) -> dict[str, pd.DataFrame]:
    known = known_of(tiny_data(market=table), period, metrics=())
    known = Known(**{**vars(known), "settings": known.settings.model_copy(update={"currency": "EUR"})})
    frames = ECONOMY.compute(known)
    assert all(list(f.columns) == list(ECONOMY.columns[n]) for n, f in frames.items())
    return frames


def test_growth_nominal_and_real_by_hand():
    newest = economy("2025-06")["newest"].set_index("series")
    assert newest.loc["Output", "growth"] == pytest.approx(0.06)
    assert newest.loc["Output", "real_growth"] == pytest.approx(1.06 / 1.02 - 1)
    assert newest.loc["Output", "revision"] == 1
    assert newest.loc["Abroad", "growth"] == pytest.approx(0.1)
    assert np.isnan(newest.loc["Abroad", "real_growth"])  # prices in another currency are others
    assert newest.loc["Inflation", "age_days"] == 181  # January to June


def test_a_rate_is_not_differenced_again():
    frames = economy("2025-06")
    kinds = frames["series"].set_index("series")["kind"]
    assert kinds["Inflation"].unique().tolist() == [RATE] and kinds["Output"].unique().tolist() == [LEVEL]
    inflation = frames["newest"].set_index("series").loc["Inflation"]
    assert (inflation["growth"], inflation["change"]) == (pytest.approx(0.02), pytest.approx(-0.04))


def test_what_was_published_later_is_not_known():
    newest = economy("2025-03")["newest"].set_index("series")
    assert newest.loc["Output", "growth"] == pytest.approx(0.05)
    assert newest.loc["Forecast", "value"] == 3  # 2025 is not over


def test_a_series_of_one_value_and_our_own_are_no_economy():
    assert set(economy("2025-06")["newest"]["series"]) == {"Output", "Abroad", "Inflation", "Forecast"}
    with pytest.raises(Declined, match="kind"):
        economy("2025-06", "\n".join(ECONOMY_TABLE.strip().splitlines()[i] for i in (0, 10, 11, 12)))
