"""Connecting: real files become the tables that a person would make of them; the settings keep all else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crmreport.config import read_project
from crmreport.connecting import Looked, look
from crmreport.connecting.values import boolean_map, won_map
from crmreport.connecting.vocabulary import Why, likeness
from crmreport.connecting.words import likeness_key
from crmreport.presets import read_presets
from crmreport.tables.contract import TABLES
from crmreport.tables.contract import table as table_of
from crmreport.tables.data import read_data
from crmreport.tables.engine import connect
from tests.small_project import crmreport, refused, write, write_project

PRESETS = read_presets(Path("/nonexistent"))
REAL = Path(__file__).parents[2] / "shared" / "data"
needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason="the real data are not beside the project")

# What a person would write, file by file and table by table, before anything was tried. "" is a column that
# the file does not have: its rows are numbered, or all of one kind. A file without tables is none.
NUMBERED = ""
EXPECTED = {
    "crm_sales_opportunities/accounts.csv": {
        "customers": {
            "customer_id": "account",
            "industry": "sector",
            "employees": "employees",
            "country": "office_location",
        }
    },
    "crm_sales_opportunities/products.csv": {
        "products": {"product_id": "product", "category": "series", "list_price": "sales_price"}
    },
    "crm_sales_opportunities/sales_pipeline.csv": {
        "opportunities": {
            "opportunity_id": "opportunity_id",
            "owner": "sales_agent",
            "product_id": "product",
            "customer_id": "account",
            "stage": "deal_stage",
            "created_at": "engage_date",
            "closed_at": "close_date",
            "amount": "close_value",
            "is_won": "deal_stage",
        }
    },
    "crm_sales_opportunities/sales_teams.csv": {},
    "crm_sales_opportunities/data_dictionary.csv": {},
    "olist_funnel/olist_marketing_qualified_leads_dataset.csv": {
        "opportunities": {
            "opportunity_id": "mql_id",
            "created_at": "first_contact_date",
            "lead_source": "origin",
        }
    },
    "olist_funnel/olist_closed_deals_dataset.csv": {
        "opportunities": {
            "opportunity_id": "mql_id",
            "customer_id": "seller_id",
            "owner": "sr_id",
            "closed_at": "won_date",
            "is_won": "won_date",
        }
    },
    "marketing_campaign/marketing_campaign.csv": {
        "customers": {
            "customer_id": "ID",
            "birth_date": "Year_Birth",
            "education": "Education",
            "marital_status": "Marital_Status",
            "annual_income": "Income",
            "joined_at": "Dt_Customer",
        }
    },
    "incident_log_uci/incident_event_log.parquet": {
        "interactions": {
            "interaction_id": "number",
            "customer_id": "caller_id",
            "contact_channel": "contact_type",
            "agent": "assigned_to",
            "service_team": "assignment_group",
            "opened_at": "opened_at",
            "resolved_at": "resolved_at",
            "issue_type": "category",
            "reopened_count": "reopen_count",
            "transfer_count": "reassignment_count",
        }
    },
    "support_tickets/customer_support_tickets.parquet": {
        "interactions": {
            "interaction_id": "ticket_id",
            "opened_at": "created_date",
            "contact_channel": "channel",
            "agent": "agent",
            "service_team": "team",
            "first_response_at": "first_response_minutes",
            "resolved_at": "resolved_date",
            "issue_type": "category",
        }
    },
    "nps_sudzilla/responses.csv": {
        "feedback": {
            "feedback_id": NUMBERED,
            "answered_at": "Timestamp",
            "nps": "On a scale of 0-10, how would you rate Sudzilla?",
            "comment": "...why?",
        }
    },
    "ga_sample/ga360_hits_20170801.parquet": {
        "events": {
            "visitor_id": "full_visitor_id",
            "session_id": "visit_id",
            "occurred_at": "ts",
            "page": "page_path",
            "action": "type",
        }
    },
    "ga_sample/ga360_sessions_20170801.parquet": {
        "events": {
            "visitor_id": "full_visitor_id",
            "session_id": "visit_id",
            "occurred_at": "start",
            "traffic_source": "channel",
            "device": "device",
        }
    },
    "retentioneering_ecom/ecom.parquet": {
        "events": {
            "visitor_id": "user_id",
            "session_id": "session_id",
            "occurred_at": "timestamp",
            "action": "event",
            "device": "platform",
            "traffic_source": "acquisition_channel",
        }
    },
    "telco_churn_ibm/Telco_customer_churn.parquet": {
        "customers": {
            "customer_id": "CustomerID",
            "country": "Country",
            "region": "State",
            "city": "City",
            "gender": "Gender",
        }
    },
    "telco_churn_ibm/Telco_customer_churn_status.parquet": {"customers": {"customer_id": "Customer ID"}},
    "cdnow/cdnow_master.parquet": {
        "orders": {
            "order_id": NUMBERED,
            "customer_id": "customer_id",
            "ordered_at": "date",
            "amount": "amount",
        }
    },
    "cdnow/cdnow_sample.parquet": {
        "orders": {
            "order_id": NUMBERED,
            "customer_id": "customer_id",
            "ordered_at": "date",
            "amount": "amount",
        }
    },
    "cdnow/cdnow_customers_summary_with_transactions.parquet": {},
    "macro/gdp_worldbank.parquet": {
        "market": {"series": "Country Name", "kind": "", "starts_on": "Year", "value": "Value"}
    },
    "macro/cpi_worldbank.parquet": {
        "market": {"series": "Country", "kind": "", "starts_on": "Year", "value": "CPI"}
    },
    "macro/cpiai_us.parquet": {"market": {"kind": "", "starts_on": "Date"}},
    "macro/gdp_us_quarter.parquet": {"market": {"kind": "", "starts_on": "date"}},
    "macro/gdp_us_year.parquet": {"market": {"kind": "", "starts_on": "date"}},
    "macro/us_employment_by_industry.parquet": {"market": {"kind": "", "starts_on": "month"}},
    "macro/smartphone_vendor_share_extract.parquet": {"market": {"kind": "", "starts_on": "year"}},
    "online_retail/online_retail.parquet": {
        "orders": {"order_id": "InvoiceNo", "customer_id": "CustomerID", "ordered_at": "InvoiceDate"},
        "order_lines": {
            "order_id": "InvoiceNo",
            "product_id": "StockCode",
            "quantity": "Quantity",
            "unit_price": "UnitPrice",
        },
        "products": {"product_id": "StockCode", "product_name": "Description"},
        "customers": {"customer_id": "CustomerID", "country": "Country"},
    },
}


def look_at(path: Path) -> Looked:
    return look(connect("UTC"), path.parent, path.name, "USD", PRESETS)


@pytest.fixture(scope="module")
def looked() -> dict[str, Looked]:
    connection = connect("UTC")
    return {file: look(connection, REAL, file, "USD", PRESETS) for file in EXPECTED}


@needs_real_data
@pytest.mark.parametrize("file", EXPECTED)
def test_a_real_file_is_the_tables_that_it_holds(looked, file: str):
    assert {p.table for p in looked[file].proposals} == set(EXPECTED[file])


def found_shares(looked: dict[str, Looked]) -> tuple[list[str], list[str], int, int]:
    """Give the required and all columns that a person found and the command did not, and their counts."""
    wrong_required, wrong, n_required, n = [], [], 0, 0
    for file, tables in EXPECTED.items():
        proposals = {p.table: p for p in looked[file].proposals}
        for table, columns in tables.items():
            found = {m.column: m.heading for m in proposals[table].matches} if table in proposals else {}
            for column, heading in columns.items():
                is_required = table_of(table).column(column).required
                is_found = found.get(column) == heading
                n, n_required = n + 1, n_required + is_required
                if not is_found:
                    said = f"{file} {table}.{column}: {found.get(column)}, not {heading}"
                    wrong.append(said)
                    wrong_required += [said] if is_required else []
    return wrong_required, wrong, n_required, n


@needs_real_data
def test_nine_of_ten_required_columns_are_found_and_of_those_that_a_person_would_map(looked):
    wrong_required, wrong, n_required, n = found_shares(looked)
    assert len(wrong_required) <= 0.1 * n_required, wrong_required
    assert len(wrong) <= 0.1 * n, wrong


@needs_real_data
def test_what_was_not_there_to_be_mapped_is_not_mapped(looked):
    """Of all columns proposed, those that a person left out: a wrong one is worse than none."""
    more = [
        f"{file} {p.table}.{m.column}: {m.heading}"
        for file, tables in EXPECTED.items()
        for p in looked[file].proposals
        for m in p.matches
        if m.column not in tables.get(p.table, {}) and p.table != "market"
    ]
    assert more == []


@needs_real_data
def test_the_dates_marks_and_repeats_of_real_files_are_found_from_their_values(looked):
    def source(file: str, table: str):
        return next(p.source for p in looked[file].proposals if p.table == table)

    log = source("incident_log_uci/incident_event_log.parquet", "interactions")
    assert log.dates == ("%d/%m/%Y %H:%M",)
    assert log.missing == ("?",)
    assert 'PARTITION BY "number" ORDER BY try_strptime(CAST("sys_updated_at"' in log.query
    leads = source("olist_funnel/olist_marketing_qualified_leads_dataset.csv", "opportunities")
    assert leads.dates == ("%d-%m-%Y",)
    deals = source("olist_funnel/olist_closed_deals_dataset.csv", "opportunities")
    assert deals.dates == ("%d-%m-%Y %H:%M",)
    campaign = source("marketing_campaign/marketing_campaign.csv", "customers")
    assert campaign.columns["birth_date"].dates == ("%Y",)
    pipeline = source("crm_sales_opportunities/sales_pipeline.csv", "opportunities")
    assert pipeline.columns["is_won"].values == {"Won": True, "Lost": False, "*": None}
    retail = {p.table: p.source for p in looked["online_retail/online_retail.parquet"].proposals}
    assert {name for name, s in retail.items() if s.one_row_per_key} == {"orders", "products", "customers"}
    assert source("macro/gdp_us_quarter.parquet", "market").query == (
        'SELECT "date", series, value FROM '
        '(UNPIVOT file ON COLUMNS(* EXCLUDE ("date")) INTO NAME series VALUE value)'
    )


SCHEMAS = {
    "hubspot/company_data.csv": "hubspot-companies",
    "hubspot/contact_data.csv": "hubspot-contacts",
    "hubspot/deal_data.csv": "hubspot-deals",
    "hubspot/ticket_data.csv": "hubspot-tickets",
    "hubspot/owner_data.csv": None,
    "salesforce/sf_account_data.csv": "salesforce-accounts",
    "salesforce/sf_contact_data.csv": "salesforce-contacts",
    "salesforce/sf_lead_data.csv": "salesforce-leads",
    "salesforce/sf_opportunity_data.csv": "salesforce-opportunities",
    "salesforce/sf_task_data.csv": "salesforce-tasks",
    "salesforce/sf_user_data.csv": None,
    "zendesk/ticket_data.csv": "zendesk-tickets",
    "zendesk/user_data.csv": None,
}


@needs_real_data
@pytest.mark.parametrize(("file", "preset"), SCHEMAS.items())
def test_the_headings_of_a_known_system_choose_its_preset(file: str, preset: str | None):
    proposals = look_at(REAL / "crm_export_schemas" / file).proposals
    chosen = [p.source.preset for p in proposals if p.source.preset]
    assert chosen == ([] if preset is None else [preset])


@pytest.mark.parametrize(
    ("headings", "preset"),
    [
        (
            "Opportunity Owner,Account Name,Opportunity Name,Stage,Fiscal Period,Amount,Probability (%),Age,"
            "Close Date,Created Date,Next Step,Lead Source,Type",
            "salesforce-opportunities",
        ),
        (
            "Record ID,Deal Name,Deal Stage,Amount,Deal owner,Close Date,Create Date,Last Activity Date,"
            "Pipeline,Associated Company",
            "hubspot-deals",
        ),
        (
            "Record ID,First Name,Last Name,Email,Contact owner,Lifecycle Stage,Country/Region,"
            "Last Activity Date",
            "hubspot-contacts",
        ),
        ("客户名称,客户编号,客户级别,负责人,创建时间", "fxiaoke-customers"),
        ("销售订单编号,客户名称,下单日期,销售订单金额(元),负责人", "fxiaoke-orders"),
        ("event_date,event_timestamp,event_name,user_pseudo_id,ga_session_id", "google-analytics-4-events"),
    ],
)
def test_a_systems_own_export_headings_choose_its_preset(tmp_path: Path, headings: str, preset: str):
    write(tmp_path / "x.csv", headings + "\n")
    (proposal,) = look_at(tmp_path / "x.csv").proposals
    assert proposal.source.preset == preset
    assert proposal.is_usable


def proposed(folder: Path, text: str):
    write(folder / "x.csv", text)
    return look_at(folder / "x.csv").proposals


CHINESE = """\
订单编号,客户编号,下单时间,实付金额,销售渠道,产品编码,数量,单价
D001,K1,2025年10月3日,"1,250.00",门店,P1,1,"1,250.00"
D002,K2,2025年10月14日,80.00,网店,P2,2,40.00
"""


def test_chinese_headings_and_dates_are_known(tmp_path: Path):
    orders, lines = proposed(tmp_path, CHINESE)
    assert (orders.table, lines.table) == ("orders", "order_lines")
    assert orders.source.dates == ("%Y年%m月%d日",)
    assert orders.source.thousands == ","
    assert {m.column: m.heading for m in orders.matches} == {
        "order_id": "订单编号",
        "customer_id": "客户编号",
        "ordered_at": "下单时间",
        "amount": "实付金额",
        "sales_channel": "销售渠道",
    }


@pytest.mark.parametrize(
    ("days", "formats"),
    [
        (("03/04/2025", "25/04/2025"), ("%d/%m/%Y",)),
        (("03/04/2025", "04/25/2025"), ("%m/%d/%Y",)),
        (("3.4.2025 14:05", "25.4.2025 7:30"), ("%d.%m.%Y %H:%M",)),
        (("10/31/2025 2:05 PM", "11/1/2025 9:00 AM"), ("%m/%d/%Y %I:%M %p",)),
        (("Oct 31, 2025", "Nov 1, 2025"), ("%b %d, %Y",)),
        (("2025年10月31日", "2025年11月1日"), ("%Y年%m月%d日",)),
        (("20251031", "20251101"), ("%Y%m%d",)),
        (("1761912000", "1761998400"), ("unix",)),
        (("1761912000000", "1761998400000"), ("unix_ms",)),
        (("2025-10-31", "2025-11-01T10:00:00"), ()),
    ],
)
def test_the_format_that_reads_all_dates_is_found(
    tmp_path: Path, days: tuple[str, str], formats: tuple[str, ...]
):
    rows = "".join(f'o{n},c{n},"{day}",5\n' for n, day in enumerate(days))
    (orders,) = proposed(tmp_path, "order_id,customer_id,ordered_at,amount\n" + rows)
    assert orders.source.dates == formats
    assert orders.notes == ()


def test_day_and_month_that_cannot_be_told_apart_are_asked_for_and_not_guessed(tmp_path: Path):
    (orders,) = proposed(tmp_path, "order_id,customer_id,ordered_at\no1,c1,03/04/2025\no2,c1,05/06/2025\n")
    assert orders.source.dates == ()
    assert [note.say("en") for note in orders.notes] == [
        'ordered_at: day and month cannot be told apart. Write dates: ["%d/%m/%Y"] or dates: ["%m/%d/%Y"] at '
        "crmreport.tables.orders in _config.yml."
    ]


def test_a_late_row_of_a_long_file_may_tell_day_from_month(tmp_path: Path):
    rows = "".join(f"o{n},c{n},03/04/2025\n" for n in range(10_050)) + "last,c1,03/25/2025\n"
    (orders,) = proposed(tmp_path, "order_id,customer_id,ordered_at\n" + rows)
    assert orders.source.dates == ("%m/%d/%Y",)


@pytest.mark.parametrize(
    ("amounts", "decimal", "thousands", "notes"),
    [
        (("12,50", "1.250,00"), ",", ".", 0),
        (("12,50", "7,25"), ",", "", 0),
        (("1,250.50", "12.50"), ".", ",", 0),
        (("12.50", "7"), ".", "", 0),
        (("1,250", "7,500"), ".", ",", 1),
    ],
)
def test_decimal_commas_are_found(
    tmp_path: Path, amounts: tuple[str, ...], decimal: str, thousands: str, notes: int
):
    rows = "".join(f"o{n};c{n};2025-10-0{n + 1};{amount}\n" for n, amount in enumerate(amounts))
    (orders,) = proposed(tmp_path, "order_id;customer_id;ordered_at;amount\n" + rows)
    assert (orders.source.decimal, orders.source.thousands) == (decimal, thousands)
    assert len(orders.notes) == notes


def test_an_expected_date_of_closing_is_told_from_a_real_one(tmp_path: Path):
    rows = "d1,Won,2025-09-01,2025-10-01\nd2,Lost,2025-09-01,2025-10-02\nd3,Offer,2025-09-01,2025-12-31\n"
    (deals,) = proposed(tmp_path, "deal_id,deal_stage,created_date,close_date\n" + rows)
    assert deals.source.columns["closed_at"].missing_with == "is_won"


def test_stages_that_nothing_is_known_of_are_asked_for(tmp_path: Path):
    headings = "Record ID,Deal Name,Deal Stage,Close Date,Create Date\n"
    (deals,) = proposed(tmp_path, headings + "1,A,Gewonnen,2025-10-01,2025-09-01\n")
    (note,) = deals.notes
    assert note.say("en").startswith(
        "None of the stages of Deal Stage is known to mean won or lost: Gewonnen."
    )


def test_another_currency_than_the_reviews_is_said_row_by_row(tmp_path: Path):
    rows = "o1,c1,2025-10-01,5,EUR\no2,c1,2025-10-02,6,USD\n"
    (orders,) = proposed(tmp_path, "order_id,customer_id,order_date,amount,currency\n" + rows)
    assert orders.source.currency_heading == "currency"
    assert "EUR, USD" in orders.notes[0].say("en")


# The command.

SALES = "Order No,Client,Bought on,Total\nA1,c1,2025-10-01,5\nA2,c2,2025-10-02,7\n".replace(
    "Bought on", "Order Date"
)


def test_the_command_writes_what_a_build_reads(tmp_path: Path):
    project = write_project(tmp_path, files={"export.csv": SALES})
    result = crmreport("connect", str(project / "data" / "export.csv"), "--project", str(project))
    assert result.exit_code == 0, result.output
    assert "Written into _config.yml: orders." in result.output
    rows = read_data(read_project(project)).tables["orders"].order_by("order_id").to_pyarrow().to_pylist()
    assert [(r["order_id"], r["customer_id"], int(r["amount"])) for r in rows] == [
        ("A1", "c1", 5),
        ("A2", "c2", 7),
    ]


SETTINGS = """\
# Ours.
title:   "A review"   # as the board calls it

crmreport:
  company: Tiny     # short
  chapters: [summary,   sales]
  tables:   # by hand
    customers:
      file: data/customers.csv   # from the till
      columns: {customer_id: 'No', name: "Name"}

  # At the end.
  languages: ["en"]
sphinx:
  config:
    html_theme: x   # and this
"""


def connect_export(folder: Path, settings: str | bytes, *options: str) -> tuple[Path, str]:
    write(folder / "_config.yml", settings)
    write(folder / "data" / "export.csv", SALES)
    write(folder / "data" / "customers.csv", "No,Name,Country\n1,A,France\n2,B,Spain\n")
    result = crmreport("connect", str(folder / "data" / "export.csv"), "--project", str(folder), *options)
    assert result.exit_code == 0, result.output
    return folder / "_config.yml", result.stdout


def test_all_else_in_the_settings_stays_as_it_was(tmp_path: Path):
    path, _ = connect_export(tmp_path, SETTINGS)
    written = path.read_text()
    added = [line for line in written.splitlines() if line not in SETTINGS.splitlines()]
    kept = [line for line in written.splitlines() if line in SETTINGS.splitlines()]
    assert kept == SETTINGS.splitlines()
    assert added == [
        "    orders:",
        "      file: data/export.csv",
        "      columns:",
        "        order_id: Order No",
        "        customer_id: Client",
        "        ordered_at: Order Date",
        "        amount: Total",
    ]


def test_line_ends_and_the_byte_order_mark_stay(tmp_path: Path):
    path, _ = connect_export(tmp_path, b"\xef\xbb\xbf" + SETTINGS.replace("\n", "\r\n").encode())
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n")


@pytest.mark.parametrize("tables", ["{}", "{customers: data/customers.csv}"])
def test_tables_in_braces_are_written_over_several_lines(tmp_path: Path, tables: str):
    settings = f"crmreport:\n  company: Tiny\n  tables: {tables}  # none\n  languages: [en]\n"
    path, _ = connect_export(tmp_path, settings)
    read = yaml.safe_load(path.read_text())["crmreport"]
    before = yaml.safe_load(tables)
    assert read["tables"] == before | {"orders": read["tables"]["orders"]}
    assert read["languages"] == ["en"]


def test_settings_without_tables_get_them_below_their_last_comment(tmp_path: Path):
    settings = "crmreport:\n  company: Tiny\n  # Tables go here.\n\n# Of the book.\nonly_build: true"
    path, _ = connect_export(tmp_path, settings)
    lines = path.read_text().splitlines()
    assert lines[:5] == [*settings.splitlines()[:3], "  tables:", "    orders:"]
    assert lines[-3:] == ["", "# Of the book.", "only_build: true"]


def test_settings_that_cannot_be_changed_safely_stay_as_they_are(tmp_path: Path):
    write(tmp_path / "data" / "export.csv", SALES)
    for settings in (
        "crmreport: {company: Tiny}\n",
        "crmreport:\n  company: Tiny\n  tables:\n    orders: &a {file: x.csv}\n    feedback: *a\n",
    ):
        write(tmp_path / "_config.yml", settings)
        file = str(tmp_path / "data" / "export.csv")
        said = refused("connect", file, "--project", str(tmp_path), "--replace")
        assert said.startswith("_config.yml cannot be changed without changing more than its tables.")
        assert (tmp_path / "_config.yml").read_text() == settings


def test_a_dry_run_writes_nothing(tmp_path: Path):
    path, said = connect_export(tmp_path, SETTINGS, "--dry-run")
    assert path.read_text() == SETTINGS
    assert "Would be written into _config.yml: orders." in said


def test_a_table_that_is_there_is_replaced_only_if_asked(tmp_path: Path):
    path, _ = connect_export(tmp_path, SETTINGS)
    write(tmp_path / "data" / "export.csv", SALES.replace("Total", "Net amount"))
    _, said = connect_export_again(tmp_path)
    assert "Left as they are in _config.yml: orders. To replace them, add --replace." in said
    assert yaml.safe_load(path.read_text())["crmreport"]["tables"]["orders"]["columns"]["amount"] == "Total"
    connect_export_again(tmp_path, "--replace")
    assert (
        yaml.safe_load(path.read_text())["crmreport"]["tables"]["orders"]["columns"]["amount"] == "Net amount"
    )


def connect_export_again(folder: Path, *options: str) -> tuple[int, str]:
    result = crmreport("connect", str(folder / "data" / "export.csv"), "--project", str(folder), *options)
    return result.exit_code, result.stdout


def test_json_says_the_same(tmp_path: Path):
    _, said = connect_export(tmp_path, SETTINGS, "--dry-run", "--json")
    answer = json.loads(said)
    assert answer["tables"]["orders"]["file"] == "data/export.csv"
    assert answer["written"] == []
    (table,) = answer["files"][0]["tables"]
    amount = table["columns"]["amount"]
    assert (amount["heading"], amount["why"]) == ("Total", "general heading")
    assert 0.5 < amount["confidence"] < 0.7


def test_files_of_the_same_headings_are_one_table(tmp_path: Path):
    project = write_project(tmp_path, files={"sales_09.csv": SALES, "sales_10.csv": SALES.replace("A", "B")})
    files = [str(project / "data" / f"sales_{month}.csv") for month in ("09", "10")]
    answer = json.loads(crmreport("connect", *files, "--project", str(project), "--json").stdout)
    assert answer["tables"]["orders"]["file"] == "data/sales_*.csv"


def test_a_second_file_of_the_same_key_is_put_beside_the_first(tmp_path: Path):
    files = {
        "leads.csv": "lead_id,created_date,origin\nl1,2025-09-01,web\nl2,2025-09-02,fair\n",
        "wins.csv": "lead_id,won_date\nl1,2025-10-01\n",
    }
    project = write_project(tmp_path, files=files)
    paths = [str(project / "data" / name) for name in files]
    answer = json.loads(crmreport("connect", *paths, "--project", str(project), "--json").stdout)
    deals = answer["tables"]["opportunities"]
    assert deals["file"] == "data/leads.csv"
    assert deals["beside"] == {"wins": "data/wins.csv"}
    assert deals["query"] == (
        'SELECT file.*, wins."won_date" FROM file LEFT JOIN wins ON file."lead_id" = wins."lead_id"'
    )
    assert set(deals["columns"]) == {"opportunity_id", "created_at", "lead_source", "closed_at", "is_won"}


def test_a_log_is_read_as_the_last_state_of_each_ticket(tmp_path: Path):
    log = (
        "ticket id,opened at,resolved at,assigned to,updated at\n"
        "t1,25/10/2025,,ann,25/10/2025 10:00\n"
        "t1,25/10/2025,26/10/2025,bob,26/10/2025 09:00\n"
        "t2,27/10/2025,,ann,27/10/2025 10:00\n"
        "t2,27/10/2025,,bob,27/10/2025 11:00\n"
    )
    project = write_project(tmp_path, files={"log.csv": log})
    result = crmreport("connect", str(project / "data" / "log.csv"), "--project", str(project))
    assert "ticket id is there more than once with changing values: the file is a log." in result.output
    tickets = read_data(read_project(project)).tables["interactions"].order_by("interaction_id")
    assert [(t["agent"], t["resolved_at"] is None) for t in tickets.to_pyarrow().to_pylist()] == [
        ("bob", False),
        ("bob", True),
    ]


def test_the_smaller_of_two_files_of_one_table_is_named(tmp_path: Path):
    files = {
        "accounts.csv": "account id,account name,country,industry\n1,A,France,Food\n2,B,Spain,Cars\n",
        "members.csv": "member id,full name\nm1,C\nm2,D\n",
    }
    project = write_project(tmp_path, files=files)
    paths = [str(project / "data" / name) for name in files]
    said = crmreport("connect", *paths, "--project", str(project)).stdout
    assert (
        "data/members.csv gives the table customers too, and says less of it than data/accounts.csv" in said
    )


def test_a_file_that_is_no_table_is_said_to_be_none(tmp_path: Path):
    project = write_project(tmp_path, files={"notes.csv": "Field,Meaning\nx,y\n"})
    said = crmreport("connect", str(project / "data" / "notes.csv"), "--project", str(project)).stdout
    assert "No table: it has none of the columns that a table must have." in said
    assert "Nothing was written." in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    project = write_project(tmp_path)
    said = refused("connect", str(project / "data" / "no.csv"), "--project", str(project))
    assert said.endswith("no.csv. Name one that is there.")


# Words.


@pytest.mark.parametrize(
    ("table", "column", "heading", "why"),
    [
        ("orders", "order_id", "OrderID", Why.NAME),
        ("orders", "order_id", "Invoice No.", Why.HEADING),
        ("orders", "order_id", "订单编号", Why.HEADING),
        ("orders", "amount", "Order amount (EUR)", Why.HEADING),
        ("orders", "amount", "订单金额（元）", Why.HEADING),
        ("customers", "birth_date", "Year_Birth", Why.HEADING),
        ("customers", "email", "E-Mail", Why.NAME),
        ("orders", "ordered_at", "date", Why.WEAK),
        ("interactions", "first_response_at", "First Respnse At", Why.ALIKE),
        ("feedback", "nps", "How likely is it that you would recommend us?", Why.WORDS),
        ("feedback", "csat", "您对本次服务是否满意？", Why.WORDS),
    ],
)
def test_a_heading_is_known_however_it_is_spelt(table: str, column: str, heading: str, why: Why):
    assert likeness(table, column, heading).why is why
    assert likeness(table, column, heading).confidence >= 0.5


@pytest.mark.parametrize("heading", ["browser", "subsidiary_of", "made_sla", "内存", "Lat Long"])
def test_a_heading_of_something_else_is_no_column(heading: str):
    assert {likeness(t.name, c.name, heading).confidence for t in TABLES for c in t.columns} == {0.0}


@given(st.lists(st.sampled_from(["order", "date", "customer", "amount", "stage"]), min_size=1, unique=True))
def test_spelling_does_not_matter(words: list[str]):
    camel = "".join(word.title() for word in words)
    spellings = [" ".join(words), "_".join(words).upper(), "-".join(words), camel, f" {' '.join(words)}: "]
    assert len({likeness_key(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("values", "meant"),
    [
        (("Yes", "No"), {}),
        (("1", "0"), {}),
        (("是", "否"), {"是": True, "否": False}),
        (("Yes", "Perhaps"), None),
        ((), None),
    ],
)
def test_yes_and_no_are_plain_or_left_alone(values: tuple[str, ...], meant: dict | None):
    assert boolean_map(values) == meant


@pytest.mark.parametrize(
    ("values", "meant"),
    [
        (("Won", "Lost", "Offer"), {"Won": True, "Lost": False, "*": None}),
        (("赢单", "输单", "报价"), {"赢单": True, "输单": False, "*": None}),
        (("Closed-Won", "New"), {"Closed-Won": True, "*": None}),
        (("Lost", "New"), None),
        (("Red", "Blue"), None),
    ],
)
def test_won_and_lost_are_known_by_their_words(values: tuple[str, ...], meant: dict | None):
    assert won_map(values) == meant
