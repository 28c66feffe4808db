"""Duplicates: which of several equal rows stays, and why the others do not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.errors import UserError
from crmreport.source import Source
from crmreport.tables.cleaning.clean import Cleaned, clean
from crmreport.tables.cleaning.duplicates import mark_duplicates
from crmreport.tables.contract import table
from crmreport.tables.engine import connect
from crmreport.tables.mapping.conventions import Conventions
from crmreport.tables.readers import open_source

ORDERS = "order_id,customer_id,ordered_at,amount\n"
LINES = "order_id,product_id,quantity,unit_price\n"
ENGINE = connect("UTC")


def cleaned(folder: Path, name: str, text: str, **settings: object) -> Cleaned:
    """Clean a CSV as of 1 January 2026."""
    (folder / "given.csv").write_text(text, encoding="utf-8")
    source = Source.model_validate({"file": "given.csv"} | settings)
    connection = connect("UTC")
    opened = open_source(connection, folder, source, name)
    return clean(connection, opened, table(name), source, Conventions(today=date(2026, 1, 1)), {})


def rules(found: Cleaned) -> list[str | None]:
    """Give the rule of each row, in the file's order; None for one that is kept."""
    return found.judged.order_by("_row").to_pyarrow()["_rule"].to_pylist()


def test_of_rows_of_one_key_the_first_usable_one_stays(tmp_path: Path):
    text = ORDERS + "o1,,2025-10-01,1\no1,c1,2025-10-02,2\no1,c1,2025-10-01,3\no2,c1,2025-10-01,3\n"
    assert rules(cleaned(tmp_path, "orders", text)) == [
        "missing:customer_id",
        None,
        "duplicate:order_id",
        None,
    ]


def test_equal_rows_of_a_table_without_a_key_are_kept_unless_the_settings_say_otherwise(tmp_path: Path):
    text = LINES + "o1,p1,1,5\n" * 3 + "o1,p1,1,5.00\no1,p1,2,5\n"
    assert rules(cleaned(tmp_path, "order_lines", text)) == [None] * 5
    # 5 and 5.00 are one price.
    assert rules(cleaned(tmp_path, "order_lines", text, drop_exact_duplicates=True)) == [
        None,
        "exact duplicate:",
        "exact duplicate:",
        "exact duplicate:",
        None,
    ]


def test_an_equal_row_is_told_from_another_one_of_the_same_key(tmp_path: Path):
    text = ORDERS + "o1,c1,2025-10-01,1\no1,c1,2025-10-01,1\no1,c1,2025-10-01,2\n"
    found = cleaned(tmp_path, "orders", text, drop_exact_duplicates=True)
    assert rules(found) == [None, "exact duplicate:", "duplicate:order_id"]


def test_rows_that_a_file_repeats_by_design_are_no_duplicates(tmp_path: Path):
    text = ORDERS + "o1,c1,2025-10-01,1\n" * 2
    found = cleaned(tmp_path, "orders", text, drop_exact_duplicates=True, one_row_per_key=True)
    assert rules(found) == [None, "repeats:order_id"]


def test_missing_cells_are_equal_and_cells_that_cannot_be_read_are_so_only_if_they_say_the_same(
    tmp_path: Path,
):
    head = "visitor_id,occurred_at,customer_id,page\n"
    text = head + "v1,2025-10-01,,a\nv1,2025-10-01,,a\nv1,2025-10-01,,\nv1,2025-10-01,,\n"
    found = cleaned(tmp_path, "events", text, drop_exact_duplicates=True)
    assert rules(found) == [None, "exact duplicate:", None, "exact duplicate:"]
    head = "campaign_id,starts_on,spend\n"
    text = head + "k1,2025-10-01,few\nk1,2025-10-01,many\nk1,2025-10-01,few\n"
    found = cleaned(tmp_path, "campaigns", text, drop_exact_duplicates=True)
    assert rules(found) == [None, "duplicate:campaign_id,starts_on", "exact duplicate:"]


def test_a_row_is_near_the_one_before_it_and_of_a_chain_the_first_stays(tmp_path: Path):
    text = ORDERS + (
        "o1,c1,2025-10-01 10:00,5\n"  # the first
        "o2,c1,2025-10-01 10:09,5\n"  # 5 minutes after o4
        "o3,c1,2025-10-01 10:15,5\n"  # 6 minutes after o2
        "o4,c1,2025-10-01 10:04,5\n"  # 4 minutes after o1
        "o5,c2,2025-10-01 10:01,5\n"  # another customer
        "o6,c1,2025-10-01 10:01,6\n"  # another amount
        "o7,c1,2025-10-01 10:01,\n"  # an amount that nobody knows
        "o8,c1,2025-10-01 10:02,\n"  # and another one
    )
    near = {"columns": ["customer_id", "amount"], "within_minutes": 5}
    found = cleaned(tmp_path, "orders", text, near_duplicates=near)
    rule = "near duplicate:customer_id,amount"
    assert rules(found) == [None, rule, None, rule, None, None, None, None]
    (line,) = found.log[found.log["rule"] == "near duplicate"].itertuples()
    assert (line.action, line.column, line.rows, line.examples) == (
        "set aside",
        "customer_id,amount",
        2,
        "[[2, null], [4, null]]",
    )


def test_of_rows_of_the_same_moment_the_one_that_stands_first_stays(tmp_path: Path):
    text = ORDERS + "o2,c1,2025-10-01,5\no1,c1,2025-10-01,5\n"
    near = {"columns": ["customer_id"], "within_minutes": 0.01}
    assert rules(cleaned(tmp_path, "orders", text, near_duplicates=near)) == [
        None,
        "near duplicate:customer_id",
    ]


def test_a_row_that_is_set_aside_makes_no_other_one_a_duplicate(tmp_path: Path):
    text = ORDERS + "o1,c1,2025-10-01 10:00,5\no1,c1,2025-10-01 10:04,5\no2,c1,2025-10-01 10:08,5\n"
    near = {"columns": ["customer_id"], "within_minutes": 5}
    # The second o1 is a duplicate by its key; o2 is 8 minutes after the first.
    assert rules(cleaned(tmp_path, "orders", text, near_duplicates=near)) == [
        None,
        "duplicate:order_id",
        None,
    ]


@pytest.mark.parametrize("minutes", [1e300, float("inf")])
def test_there_is_no_span_too_long(tmp_path: Path, minutes: float):
    text = ORDERS + "o1,c1,1901-01-01,5\no2,c1,2025-10-01,5\n"
    near = {"columns": ["customer_id"], "within_minutes": minutes}
    assert rules(cleaned(tmp_path, "orders", text, near_duplicates=near))[1] is not None


@pytest.mark.parametrize(
    ("name", "text", "columns", "said"),
    [
        (
            "orders",
            ORDERS + "o1,c1,2025-10-01,5\n",
            ["custmer_id"],
            "crmreport.tables.orders.near_duplicates.columns in _config.yml: the table orders has no column "
            "custmer_id. Did you mean customer_id?",
        ),
        (
            "orders",
            ORDERS + "o1,c1,2025-10-01,5\n",
            ["sales_team"],  # of the contract, but not of the file
            "crmreport.tables.orders.near_duplicates.columns in _config.yml: the table orders has no column",
        ),
        (
            "order_lines",
            LINES + "o1,p1,1,5\n",
            ["order_id"],
            "crmreport.tables.order_lines.near_duplicates in _config.yml: the rows of order_lines have no t",
        ),
    ],
)
def test_near_duplicates_that_cannot_be_told_are_refused(
    tmp_path: Path, name: str, text: str, columns: list[str], said: str
):
    near = {"columns": columns, "within_minutes": 5}
    with pytest.raises(UserError) as refusal:
        cleaned(tmp_path, name, text, near_duplicates=near)
    assert str(refusal.value).startswith(said)


ROW = st.tuples(
    st.sampled_from("ab"), st.sampled_from("xy"), st.integers(0, 12), st.sampled_from([None, None, "used:x"])
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, max_size=12), minutes=st.integers(1, 4))
def test_near_duplicates_are_those_that_a_person_would_count(rows: list[tuple], minutes: int):
    """Against a loop over the rows in order of time: each is compared with the one before it of its group."""
    expected: list[str | None] = [rule for *_, rule in rows]
    last: dict[tuple, int] = {}
    for row in sorted(range(len(rows)), key=lambda r: (rows[r][2], r)):
        customer, channel, minute, rule = rows[row]
        if rule is None:
            if minute - last.get((customer, channel), -99) <= minutes:
                expected[row] = "near duplicate:customer_id,sales_channel"
            last[customer, channel] = minute
    ENGINE.raw_sql(
        "CREATE OR REPLACE TABLE given (_row BIGINT, customer_id VARCHAR, sales_channel VARCHAR, "
        "ordered_at TIMESTAMP, _rule VARCHAR)"
    )
    for number, (customer, channel, minute, rule) in enumerate(rows):
        moment = f"2025-10-01 00:{minute:02d}:00"
        values = [number, customer, channel, moment, rule]
        ENGINE.con.execute("INSERT INTO given VALUES (?, ?, ?, ?, ?)", values)
    near = {"columns": ["customer_id", "sales_channel"], "within_minutes": minutes}
    source = Source.model_validate({"file": "x.csv", "near_duplicates": near})
    marked = mark_duplicates(ENGINE.table("given"), table("orders"), source)
    assert marked.order_by("_row").to_pyarrow()["_rule"].to_pylist() == expected
