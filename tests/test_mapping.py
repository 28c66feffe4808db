"""Mapping: how the settings say that a file's columns are to be read."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from crmreport.config import read_project
from crmreport.source import Source
from crmreport.tables.cleaning.clean import Cleaned, clean
from crmreport.tables.cleaning.set_aside import write_set_aside
from crmreport.tables.contract import table
from crmreport.tables.data import Data, read_data
from crmreport.tables.engine import connect
from crmreport.tables.mapping.conventions import Conventions
from crmreport.tables.readers import open_source
from tests.small_project import ORDERS, refused_list, write_project


def cleaned(folder: Path, name: str, text: str, clocks: str = "UTC", /, **settings: object) -> Cleaned:
    """Clean a CSV, for a review by the clocks of a zone, as of 21 November 2026."""
    (folder / "given.csv").write_text(text, encoding="utf-8")
    source = Source.model_validate({"file": "given.csv"} | settings)
    connection = connect(clocks)
    opened = open_source(connection, folder, source, name)
    conventions = Conventions(timezone=clocks, today=date(2026, 11, 21))
    return clean(connection, opened, table(name), source, conventions, {})


def values(found: Cleaned, column: str) -> list:
    return found.table.order_by(found.table.columns[0]).to_pyarrow()[column].to_pylist()


def log(found: Cleaned) -> dict[tuple[str, str, str], int]:
    return {(r.action, r.rule, r.column): r.rows for r in found.log.itertuples()}


DEALS = """Deal,Stage,Begun,Closed,Worth
d1,Won,2017-01-05,2017-02-01,100
d2,Lost,2017-01-06,2017-02-03,0
d3,Engaging,2017-01-07,,
"""
DEAL_COLUMNS = {
    "opportunity_id": "Deal",
    "created_at": "Begun",
    "closed_at": "Closed",
    "amount": "Worth",
    "is_won": {"heading": "Stage", "values": {"Won": True, "Lost": False, "*": None}},
}


def test_a_value_map_says_what_the_words_of_a_file_mean(tmp_path: Path):
    found = cleaned(tmp_path, "opportunities", DEALS, columns=DEAL_COLUMNS)
    assert values(found, "is_won") == [True, False, None]
    assert [action for action, _, _ in log(found)] == ["read", "kept"]  # an open deal is no defect


def test_a_word_that_the_value_map_does_not_name_stays_as_it_is(tmp_path: Path):
    columns = DEAL_COLUMNS | {"stage": {"heading": "Stage", "values": {"Engaging": "Engaged"}}}
    found = cleaned(tmp_path, "opportunities", DEALS, columns=columns)
    assert values(found, "stage") == ["Won", "Lost", "Engaged"]


def test_a_column_may_be_an_expression_or_a_constant(tmp_path: Path):
    text = "Case,Opened,Minutes\na,2024-05-01 10:00,90\nb,2024-05-02 10:00,\n"
    columns = {
        "interaction_id": "Case",
        "opened_at": "Opened",
        "first_response_at": {
            "sql": "TRY_CAST(Opened AS TIMESTAMP) + TRY_CAST(Minutes AS DOUBLE) * INTERVAL 1 MINUTE"
        },
        "direction": {"constant": "inbound"},
    }
    found = cleaned(tmp_path, "interactions", text, columns=columns)
    assert values(found, "first_response_at") == [datetime(2024, 5, 1, 11, 30), None]
    assert values(found, "direction") == ["inbound", "inbound"]


def test_headings_are_found_whatever_their_capitals_and_the_first_of_several_is_taken(tmp_path: Path):
    text = "ORDER_ID,Kunde,Customer,ordered_at\no1,k,c,2025-10-01\n"
    found = cleaned(tmp_path, "orders", text, columns={"customer_id": ["client", "customer", "kunde"]})
    assert values(found, "customer_id") == ["c"]


def test_three_formats_of_dates_in_one_column_are_read_where_the_settings_name_them(tmp_path: Path):
    dates = ["2025-10-01", "02/10/2025", "3.10.2025 14:05", "2025年10月4日", "20251005"]
    text = "order_id,customer_id,ordered_at\n" + "".join(f"o{i},c,{d}\n" for i, d in enumerate(dates))
    found = cleaned(tmp_path, "orders", text)
    assert log(found)["set aside", "unreadable", "ordered_at"] == 4
    formats = ["%d/%m/%Y", "%d.%m.%Y %H:%M", "%Y年%m月%d日", "%Y%m%d"]
    found = cleaned(tmp_path, "orders", text, dates=formats)
    assert [t.day for t in values(found, "ordered_at")] == [1, 2, 3, 4, 5]
    assert values(found, "ordered_at")[2] == datetime(2025, 10, 3, 14, 5)


def test_moments_may_be_numbers_since_1970(tmp_path: Path):
    # 1,501,583,974 s after 1970 began is 10:39:34 of 1 August 2017 in UTC, 18:39:34 in Shanghai.
    text = "visitor_id,occurred_at\nv1,1501583974\nv2,\nv3,99999999999999999999\n"
    found = cleaned(tmp_path, "events", text, "Asia/Shanghai", dates="unix")
    assert values(found, "occurred_at") == [datetime(2017, 8, 1, 18, 39, 34)]
    found = cleaned(tmp_path, "events", text.replace("974", "974000000"), dates="unix_us")
    assert values(found, "occurred_at") == [datetime(2017, 8, 1, 10, 39, 34)]


def test_times_of_another_zone_are_moved_and_days_are_not(tmp_path: Path):
    text = "order_id,customer_id,ordered_at\no1,c,2025-10-01 20:00\no2,c,2025-10-01\no3,c,2025-10-01T20:00Z\n"
    found = cleaned(tmp_path, "orders", text, "Asia/Shanghai", timezone="America/New_York")
    # 20:00 in New York is 8:00 of the next day in Shanghai, twelve hours ahead of daylight saving time.
    assert values(found, "ordered_at") == [
        datetime(2025, 10, 2, 8, 0),
        datetime(2025, 10, 1),
        datetime(2025, 10, 2, 4, 0),
    ]


@pytest.mark.parametrize(
    ("settings", "cells", "read"),
    [
        ({}, ["1234.5", "$1234.50", "1,234.50", "-3"], ["1234.5", "1234.5", None, "-3"]),
        (
            {"thousands": ","},
            ["1,234.50", "1,234,567", "12,34", "$1,000"],
            ["1234.5", "1234567", None, "1000"],
        ),
        ({"decimal": ","}, ["12,5", "12.5", "1234"], ["12.5", None, "1234"]),
        ({"decimal": ",", "thousands": "."}, ["1.234,50", "1.234", "1.5"], ["1234.5", "1234", None]),
        ({"decimal": ",", "thousands": " "}, ["1 234,50", "1\u00a0234"], ["1234.5", "1234"]),
        ({"currency": "USD"}, ["USD 12", "12 USD", "€12"], ["12", "12", None]),
    ],
)
def test_amounts_are_read_as_the_settings_say_they_are_written(tmp_path: Path, settings, cells, read):
    file = io.StringIO()
    rows = [[f"o{i}", "c", "2025-10-01", cell] for i, cell in enumerate(cells)]
    csv.writer(file).writerows([["order_id", "customer_id", "ordered_at", "amount"], *rows])
    found = cleaned(tmp_path, "orders", file.getvalue(), **settings)
    assert values(found, "amount") == [None if r is None else Decimal(r) for r in read]


def test_marks_for_no_value_are_missing_and_no_defect(tmp_path: Path):
    text = "feedback_id,answered_at,csat\nf1,2025-10-01,?\nf2,2025-10-01,N/A\nf3,2025-10-01,5\n"
    found = cleaned(tmp_path, "feedback", text, missing=["?", "N/A"])
    assert values(found, "csat") == [None, None, 5]
    assert [action for action, _, _ in log(found)] == ["read", "kept"]


def test_missing_values_are_filled_only_where_the_settings_say_how(tmp_path: Path):
    text = (
        "customer_id,country,annual_income,tier\nc1,,10,Plus\nc2,France,20,Plus\nc3,,x,Basic\nc4,Spain,60,\n"
    )
    found = cleaned(
        tmp_path,
        "customers",
        text,
        columns={
            "country": {"fill": "Unknown"},
            "annual_income": {"fill_with": "median"},
            "tier": {"fill_with": "most common"},
        },
    )
    assert values(found, "country") == ["Unknown", "France", "Unknown", "Spain"]
    assert values(found, "annual_income") == [10, 20, 20, 60]  # the median of 10, 20 and 60
    assert values(found, "tier") == ["Plus", "Plus", "Basic", "Plus"]
    counted = log(found)
    assert counted["filled", "default", "country"] == 2
    assert counted["filled", "default", "annual_income"] == 1
    assert counted["emptied", "unreadable", "annual_income"] == 1


def test_a_response_before_the_opening_is_impossible_and_a_day_alone_is_not_before_its_own_morning(
    tmp_path: Path,
):
    text = (
        "interaction_id,opened_at,first_response_at\n"
        "a,2025-10-02 09:00,2025-10-02 08:00\nb,2025-10-02 09:00,2025-10-02\nc,2025-10-02 09:00,2025-10-01\n"
    )
    found = cleaned(tmp_path, "interactions", text)
    assert values(found, "first_response_at") == [None, datetime(2025, 10, 2), None]
    assert log(found)["emptied", "impossible", "first_response_at"] == 2


def test_a_deal_that_was_won_nobody_knows_when_is_set_aside(tmp_path: Path):
    text = DEALS.replace("d1,Won,2017-01-05,2017-02-01", "d1,Won,2017-01-05,2016-12-31")
    found = cleaned(tmp_path, "opportunities", text, columns=DEAL_COLUMNS)
    assert log(found)["set aside", "undated", "closed_at"] == 1
    assert values(found, "opportunity_id") == ["d2", "d3"]


def test_what_is_still_to_come_is_set_aside_and_said_from_when_it_would_be_read(tmp_path: Path):
    text = "order_id,customer_id,ordered_at\no1,c,2026-11-21 23:59\no2,c,2026-11-22\no3,c,2099-01-01\n"
    found = cleaned(tmp_path, "orders", text)
    assert log(found)["set aside", "future", "ordered_at"] == 2
    assert found.future_from == date(2026, 11, 22)


def test_the_log_gives_examples_with_the_row_and_what_stood_there(tmp_path: Path):
    text = "order_id,customer_id,ordered_at\no1,c,2025-10-01\no2,c,soon\no3,,2025-10-01\no4,c,31.12\n"
    found = cleaned(tmp_path, "orders", text)
    lines = {r.rule: r.examples for r in found.log.itertuples() if r.action == "set aside"}
    assert lines == {"unreadable": '[[2, "soon"], [4, "31.12"]]', "missing": "[[3, null]]"}


def project_data(folder: Path, settings: str, files: dict[str, str]) -> Data:
    return read_data(read_project(write_project(folder, settings, files)), today=date(2026, 11, 21))


def test_the_rows_that_are_set_aside_stand_in_a_file_that_a_spreadsheet_opens(tmp_path: Path):
    orders = (
        "order_id,customer_id,ordered_at,note\no1,c,2025-10-01,fine\n"
        "o2,,2025-10-01,=cmd()\no3,c,soon,-5\no4,,2025-10-01,+49 170\n"
    )
    data = project_data(tmp_path, "", {"orders.csv": orders})
    assert write_set_aside(data, tmp_path / "out") == {"orders": 3}
    written = (tmp_path / "out" / "orders.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(written.decode("utf-8-sig"))))
    assert rows == [
        ["row_number", "rule", "rule_column", "order_id", "customer_id", "ordered_at", "note"],
        ["2", "missing", "customer_id", "o2", "", "2025-10-01", "'=cmd()"],
        ["3", "unreadable", "ordered_at", "o3", "c", "soon", "-5"],
        ["4", "missing", "customer_id", "o4", "", "2025-10-01", "'+49 170"],
    ]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            "{order_id: {heading: a, sql: b}}",
            "crmreport.tables.orders.columns.order_id in _config.yml has more than one of heading, sql and",
        ),
        (
            "{order_id: {header: a}}",
            "crmreport.tables.orders.columns.order_id.header in _config.yml is not a setting. Did you mean",
        ),
        ("{order_no: a}", "the table orders has no column order_no. Did you mean order_id?"),
        ("{amount: [Amt, Betrag]}", "data/orders.csv has no column Amt / Betrag."),
        (
            "{amount: {sql: 'amuont * 2'}}",
            "crmreport.tables.orders.columns.amount.sql in _config.yml: amuont",
        ),
        ("{amount: {sql: 'CAST(order_id AS INTEGER)'}}", "Could not convert string 'o8-1' to INT32"),
        ("{ordered_at: {dates: dd/mm/yyyy}}", "dates in _config.yml: dd/mm/yyyy is no format of a date."),
        ("{ordered_at: {dates: '%Q'}}", "dates in _config.yml: %Q is no format of a date."),
        ("{sales_channel: {fill_with: median}}", "a median needs numbers, and sales_channel holds none."),
    ],
)
def test_a_mapping_that_cannot_be_is_named_with_its_cure(tmp_path: Path, columns: str, said: str):
    settings = f"  tables:\n    orders: {{file: data/orders.csv, columns: {columns}}}\n"
    orders = ORDERS.replace(",amount\n", ",amount,sales_channel\n").replace("10.50\n", "10.50,Shop\n")
    assert said in refused_list(write_project(tmp_path, settings, {"orders.csv": orders}))
