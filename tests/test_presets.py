"""Presets: each that is shipped fits the contract; a user's own needs ten lines."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crmreport.config import read_project
from crmreport.connecting.recognising import recognise
from crmreport.errors import UserError
from crmreport.presets import read_preset, read_presets
from crmreport.results import compute_results
from crmreport.source import Source, with_preset
from crmreport.tables.contract import table
from crmreport.tables.data import read_data
from tests.small_project import refused_list, write, write_project

NOWHERE = Path("/nonexistent")
PRESETS = read_presets(NOWHERE)
SHIPPED = tuple(PRESETS)

# A column that is not required but without which the preset would say little.
TELLING = {"opportunities": "stage", "orders": "amount", "customers": "name", "interactions": "issue_type"}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_preset_names_the_contracts_columns_and_all_that_are_required(name: str):
    preset = read_preset(name, NOWHERE)
    contract = table(preset.table)
    columns = {c.name for c in contract.columns}
    assert set(preset.columns) <= columns
    assert {cell.missing_with for cell in preset.columns.values()} <= columns | {""}
    assert {c.name for c in contract.columns if c.required} <= set(preset.columns)
    assert TELLING.get(preset.table, contract.columns[0].name) in preset.columns
    assert preset.title
    assert all(preset.recognise)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_preset_recognises_each_set_of_headings_that_it_is_told_by(name: str):
    preset = read_preset(name, NOWHERE)
    assert all(name in recognise(headings, PRESETS) for headings in preset.recognise)


def opportunities(folder: Path, preset: str, headings: str, *rows: str) -> list[dict]:
    settings = f"  tables:\n    opportunities: {{file: data/x.csv, preset: {preset}}}\n"
    project = write_project(folder, settings, {"x.csv": "\n".join((headings, *rows, ""))})
    found = read_data(read_project(project)).tables["opportunities"]
    return found.order_by("opportunity_id").to_pyarrow().to_pylist()


@pytest.mark.parametrize(
    ("preset", "headings", "won", "lost", "still_open"),
    [
        (
            "salesforce-opportunities",
            "Opportunity ID,Opportunity Name,Stage,Close Date,Created Date",
            "Closed Won",
            "Closed Lost",
            "Proposal",
        ),
        (
            "salesforce-opportunities",
            "Id,Name,StageName,CloseDate,CreatedDate",
            "Closed Won",
            "Closed Lost",
            "Qualification",
        ),
        (
            "salesforce-opportunities",
            "业务机会 ID,业务机会名称,阶段,结束日期,创建日期",
            "赢单",
            "输单",
            "报价",
        ),
        (
            "hubspot-deals",
            "Record ID,Deal Name,Deal Stage,Close Date,Create Date",
            "Closed Won",
            "Closed Lost",
            "Demo",
        ),
        (
            "zoho-deals",
            "Record Id,Deal Name,Stage,Closing Date,Created Time",
            "Closed Won",
            "Closed Lost",
            "Proposal",
        ),
        (
            "fxiaoke-opportunities",
            "商机编号,商机名称,商机阶段,预计成交日期,创建时间",
            "赢单",
            "输单",
            "方案报价",
        ),
    ],
)
def test_an_open_deals_expected_date_is_not_one_of_closing(
    tmp_path: Path, preset: str, headings: str, won: str, lost: str, still_open: str
):
    found = opportunities(
        tmp_path,
        preset,
        headings,
        f"1,A,{won},2025-10-03,2025-09-01",
        f"2,B,{lost},2025-10-04,2025-09-01",
        f"3,C,{still_open},2025-10-05,2025-09-01",
    )
    assert [row["is_won"] for row in found] == [True, False, None]
    assert [row["closed_at"] and row["closed_at"].day for row in found] == [3, 4, None]
    assert [row["stage"] for row in found] == [won, lost, still_open]


def test_an_order_of_shopify_is_read_once_and_its_zone_is_understood(tmp_path: Path):
    headings = (
        "Name,Email,Financial Status,Created at,Total,Refunded Amount,Discount Amount,Lineitem name,"
        "Lineitem quantity,Lineitem price"
    )
    rows = (
        "#1,a@x.io,paid,2025-10-07 09:50:26 +0200,30.00,5.00,1.00,Cup,1,10.00",
        "#1,a@x.io,,2025-10-07 09:50:26 +0200,,,,Pot,1,20.00",
    )
    settings = (
        "  tables:\n"
        "    orders: {file: data/x.csv, preset: shopify-orders}\n"
        "    order_lines: {file: data/x.csv, preset: shopify-order-lines}\n"
    )
    project = write_project(tmp_path, settings, {"x.csv": "\n".join((headings, *rows, ""))})
    tables = read_data(read_project(project)).tables
    (order,) = tables["orders"].to_pyarrow().to_pylist()
    assert (str(order["ordered_at"]), str(order["amount"])) == ("2025-10-07 07:50:26", "25.0000")
    assert tables["order_lines"].count().to_pyarrow().as_py() == 2


def test_the_nested_export_of_google_analytics_is_taken_apart(tmp_path: Path):
    value = [
        {"key": "ga_session_id", "value": {"string_value": None, "int_value": 7}},
        {"key": "page_location", "value": {"string_value": "https://x.io/", "int_value": None}},
    ]
    event = {
        "user_pseudo_id": "v1",
        "user_id": None,
        "event_timestamp": 1_761_912_000_000_000,
        "event_name": "page_view",
        "event_params": value,
        "device": {"category": "mobile"},
        "traffic_source": {"medium": "organic"},
    }
    settings = "  tables:\n    events: {file: data/ga.parquet, preset: google-analytics-4-bigquery}\n"
    project = write_project(tmp_path, settings, {})
    pq.write_table(pa.Table.from_pylist([event]), project / "data" / "ga.parquet")
    (row,) = read_data(read_project(project)).tables["events"].to_pyarrow().to_pylist()
    assert {name: str(cell) for name, cell in row.items() if cell is not None} == {
        "visitor_id": "v1",
        "session_id": "7",
        "occurred_at": "2025-10-31 12:00:00",
        "page": "https://x.io/",
        "action": "page_view",
        "traffic_source": "organic",
        "device": "mobile",
    }


OWN = """\
title: Till of our shops
table: orders
recognise: [Bon, Kunde]
dates: ["%d.%m.%Y %H:%M"]
decimal: ","
columns:
  order_id: Bon
  customer_id: Kunde
  ordered_at: Zeit
  amount: Summe
"""


def test_a_user_writes_a_preset_in_ten_lines(tmp_path: Path):
    assert len(OWN.splitlines()) == 10
    settings = "  tables:\n    orders: {file: data/till.csv, preset: till}\n"
    till = "Bon;Kunde;Zeit;Summe\nb1;k1;31.10.2025 14:05;12,50\n"
    project = write_project(tmp_path, settings, {"till.csv": till})
    write(project / "presets" / "till.yml", OWN)
    (row,) = read_data(read_project(project)).tables["orders"].to_pyarrow().to_pylist()
    assert (str(row["ordered_at"]), str(row["amount"])) == ("2025-10-31 14:05:00", "12.5000")
    assert list(recognise(("Bon", "Kunde", "Zeit", "Summe"), read_presets(project))) == ["till"]


def test_what_the_source_says_goes_before_the_preset(tmp_path: Path):
    write(tmp_path / "presets" / "till.yml", OWN)
    source = Source(file="x.csv", preset="till", decimal=".", columns={"amount": "Netto"})
    merged = with_preset(source, read_preset("till", tmp_path))
    assert merged.decimal == "."
    assert merged.columns["amount"].heading == ("Netto",)
    assert merged.columns["order_id"].heading == ("Bon",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("table: orders\n", ""), "table is missing in presets/till.yml. Add it."),
        (("decimal:", "decimals:"), "decimals in presets/till.yml is not a setting. Did you mean decimal?"),
        (("title: Till", "title: [Till"), "presets/till.yml cannot be read: "),
    ],
)
def test_a_preset_that_is_written_wrongly_is_named_with_the_cure(
    tmp_path: Path, change: tuple[str, str], said: str
):
    settings = "  tables:\n    orders: {file: data/orders.csv, preset: till}\n"
    project = write_project(tmp_path, settings)
    write(project / "presets" / "till.yml", OWN.replace(*change))
    assert refused_list(project).startswith(said)


def test_a_column_that_another_hangs_on_must_be_one_of_the_table(tmp_path: Path):
    settings = (
        "  tables:\n    orders:\n      file: data/orders.csv\n"
        "      columns: {amount: {heading: amount, missing_with: order}}\n"
    )
    said = refused_list(write_project(tmp_path, settings))
    assert said.startswith(
        "crmreport.tables.orders.columns in _config.yml: the table orders has no column order."
    )


def test_a_preset_that_there_is_not_is_named_with_the_nearest():
    with pytest.raises(UserError, match=r"hubspot-deal is not a preset. Did you mean hubspot-deals\?"):
        read_preset("hubspot-deal", NOWHERE)


def test_another_content_of_a_projects_own_preset_is_computed_anew(tmp_path: Path):
    settings = "  tables: {orders: {file: data/orders.csv, preset: mine}}\n"
    project = write_project(tmp_path, settings)
    found = []
    for condition in ("FALSE", "customer_id = 'c0'"):
        columns = "columns: {amount: amount}"
        aside = f'set_aside: [{{where: "{condition}", reason: r}}]'
        write(
            project / "presets" / "mine.yml",
            f"title: Mine\ntable: orders\nrecognise: [order_id]\n{columns}\n{aside}\n",
        )
        log = compute_results(read_project(project)).cleaning
        found.append(int(log.loc[log["action"] == "kept", "rows"].iloc[0]))
    # Four months of 28 orders; of every three days one is of c0, the first on the third: nine a month.
    assert found == [4 * 28, 4 * (28 - 9)]
