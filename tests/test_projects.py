"""Real data sets: each is a review with nothing but its configuration, and its published figures come out.

They lie in a folder beside the project, which a user's clone does not have; see `SHARED`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crmreport.config import read_project
from crmreport.results import Results, compute_results
from crmreport.tables.data import Data, read_data
from tests.small_project import crmreport

PROJECTS = Path(__file__).parent / "projects"
SHARED = Path(__file__).parents[2] / "shared" / "data"
NAMES = sorted(path.parent.name for path in PROJECTS.glob("*/_config.yml"))

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data sets are not beside the project")


@pytest.fixture(autouse=True)
def _where_the_data_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMREPORT_DATA", str(SHARED))


def data_of(name: str) -> Data:
    return read_data(read_project(PROJECTS / name))


def results_of(name: str) -> Results:
    return compute_results(read_project(PROJECTS / name))


def rows(data: Data, table: str, action: str, rule: str = "") -> int:
    log = data.cleaning
    chosen = (log["table"] == table) & (log["action"] == action) & (log["rule"] == rule)
    return int(log.loc[chosen, "rows"].sum())


def aggregate(data: Data, table: str, **what: Any) -> dict[str, Any]:
    """Ask a table for sums and counts, given as functions of it."""
    found = data.tables[table]
    return found.aggregate(**{name: of(found) for name, of in what.items()}).to_pyarrow().to_pylist()[0]


def figure(results: Results, metric: str, period: str) -> Any:
    cube = results.cube
    chosen = cube[(cube["metric"] == metric) & (cube["period"] == period) & (cube["dimension"] == "all")]
    return chosen.iloc[0]


def test_the_pipeline_gives_the_revenue_won_and_both_win_rates():
    data = data_of("crm_sales_opportunities")
    deals = data.tables["opportunities"]
    won = deals.filter(deals.is_won)
    days = won.closed_at.date().delta(won.created_at.date(), unit="day")
    asked = won.aggregate(n=won.count(), amount=won.amount.sum(), mean=days.mean(), median=days.median())
    found = asked.to_pyarrow().to_pylist()[0]
    assert (found["n"], found["amount"]) == (4_238, 10_005_534)
    assert round(found["mean"], 1) == 51.8
    assert found["median"] == 57
    closed = deals.filter(deals.is_won.notnull()).count().to_pyarrow().as_py()
    assert round(100 * 4_238 / closed, 2) == 63.15
    assert rows(data, "opportunities", "read") == 8_800  # of all of which 48.16 % were won
    assert rows(data, "opportunities", "set aside", "configured") == 500
    assert round(100 * 4_238 / 8_800, 2) == 48.16


def test_products_that_are_written_in_two_ways_are_one():
    data = data_of("crm_sales_opportunities")
    named = data.tables["opportunities"].product_id
    known = data.tables["products"].product_id
    strays = data.tables["opportunities"].filter(named.notnull() & named.notin(known))
    assert strays.count().to_pyarrow().as_py() == 0


def test_the_leads_have_all_their_deals_in_spite_of_the_spreadsheet():
    data = data_of("olist_funnel")
    found = aggregate(
        data,
        "opportunities",
        leads=lambda t: t.count(),
        won=lambda t: t.is_won.cast("int64").sum(),
        first=lambda t: t.created_at.min(),
        last_won=lambda t: t.closed_at.max(),
    )
    # A deal is won after the first contact; one in the file was won before, which cannot be.
    aside = rows(data, "opportunities", "set aside", "undated")
    assert (found["leads"] + aside, found["won"] + aside) == (8_000, 842)
    assert (str(found["first"].date()), str(found["last_won"].date())) == ("2017-06-14", "2018-11-14")


def test_customers_born_in_1893_and_incomes_of_666666_are_no_figures():
    data = data_of("marketing_campaign")
    assert rows(data, "customers", "kept") == 2_240
    found = aggregate(
        data,
        "customers",
        oldest=lambda t: t.birth_date.min(),
        born=lambda t: t.birth_date.count(),
        richest=lambda t: t.annual_income.max(),
        incomes=lambda t: t.annual_income.count(),
        joined=lambda t: t.joined_at.max(),
    )
    assert found["oldest"].year == 1940
    assert found["born"] == 2_240 - 3  # 1893, 1899 and 1900
    assert found["incomes"] == 2_240 - 24 - 1  # 24 are not given
    assert found["richest"] == 162_397
    assert str(found["joined"].date()) == "2014-06-29"


def test_a_log_of_events_becomes_one_row_per_ticket():
    found = aggregate(
        data_of("incident_log_uci"),
        "interactions",
        tickets=lambda t: t.count(),
        unresolved=lambda t: t.resolved_at.isnull().cast("int64").sum(),
    )
    assert found == {"tickets": 24_918, "unresolved": 1_556}


def test_tickets_give_cases_and_answers():
    data = data_of("support_tickets")
    assert rows(data, "interactions", "kept") == 5_000
    assert rows(data, "feedback", "set aside", "configured") == 1_276  # unresolved
    assert rows(data, "feedback", "kept") == 3_724


def test_the_survey_has_its_net_promoter_score():
    nps = figure(results_of("nps_sudzilla"), "nps", "2019-11")
    assert (nps["numerator"], nps["denominator"]) == (100 * (8 - 22), 39)
    assert round(nps["value"], 1) == -35.9


def test_a_day_of_the_web_shop_has_its_visits_and_orders():
    results = results_of("ga_sample")
    assert figure(results, "visits", "2017-08-01")["value"] == 2_556
    assert round(float(figure(results, "revenue", "2017-08-01")["value"]), 2) == 8_304.94


def test_the_click_stream_loses_its_duplicates_and_nothing_else():
    data = data_of("retentioneering_ecom")
    assert rows(data, "events", "read") == 31_106
    assert rows(data, "events", "set aside", "exact duplicate") == 30
    visitors = aggregate(data, "events", n=lambda t: t.visitor_id.nunique())
    assert visitors == {"n": 600}


def test_monthly_subscribers_with_internet_and_those_of_them_who_left():
    customers = data_of("telco_churn_ibm").tables["customers"]
    chosen = customers.filter(customers.tier == "Month-to-month, with internet")
    found = chosen.aggregate(n=chosen.count(), left=chosen.left_at.count()).to_pyarrow().to_pylist()[0]
    assert found == {"n": 3_351, "left": 1_556}


def test_purchases_without_a_number_are_all_there():
    data = data_of("cdnow")
    found = aggregate(data, "orders", n=lambda t: t.count(), buyers=lambda t: t.customer_id.nunique())
    assert found == {"n": 69_659, "buyers": 23_570}


def test_the_economy_stands_beside_the_sample_company():
    market = data_of("macro").tables["market"]
    gdp = market.filter((market.series == "Gross domestic product") & (market.starts_on.year() == 2023))
    assert gdp.value.to_pyarrow().to_pylist() == [3_340_032_380_668.036]


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_every_set_is_accounted_for(name: str):
    log = data_of(name).cleaning
    for table, lines in log.groupby("table"):
        counts = lines.groupby("action")["rows"].sum()
        assert counts["read"] == counts["kept"] + counts.get("set aside", 0), table


@pytest.mark.parametrize("name", NAMES)
def test_every_set_is_a_review(name: str, tmp_path: Path):
    folder, output = str(PROJECTS / name), str(tmp_path / "out")
    built = crmreport("build", "--no-pdf", "--project", folder, "--output", output, "--json")
    assert built.exit_code == 0, built.output
    answer = json.loads(built.stdout)
    assert {page["state"] for page in answer["pages"]} <= {"ok", "kept"}
    (page,) = {p["page"] for p in answer["pages"] if p["page"].endswith("/summary")}
    summary = tmp_path / "out" / "html" / "en" / f"{page}.html"
    assert 'class="crm-card"' in summary.read_text(encoding="utf-8"), "the summary has no figure"
