"""Files: whatever is wrong with one is said by name, with the cure; what is right is read as it is."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crmreport.config import read_project
from crmreport.tables.data import read_data
from tests.small_project import FEEDBACK, ORDERS, refused_list, write_project

HEADINGS = "order_id,customer_id,ordered_at,amount\n"
ROW = "o1,c1,2025-10-01,10.50\n"


def parquet(**columns: list) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def rows(folder: Path, table: str = "orders") -> list[dict]:
    return (
        read_data(read_project(folder))
        .tables[table]
        .order_by("order_id" if table == "orders" else "feedback_id")
        .to_pyarrow()
        .to_pylist()
    )


def read_csv(folder: Path, content: str | bytes) -> list[dict]:
    return rows(write_project(folder, files={"orders.csv": content}))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("orders.csv", "", "orders.csv is empty. Save it again, or take it away."),
        ("orders.csv", "\n", "orders.csv has no headings in its first line. Add them."),
        ("orders.csv", bytes(200), "orders.csv is not a CSV file: its first line is no text."),
        (
            "orders.csv",
            b"\x89PNG\r\n" + bytes(99),
            "orders.csv is a picture, and not what its name says. Rename it, or export",
        ),
        (
            "orders.csv",
            f"{HEADINGS}o1,Bär,2025-10-01,1\n".encode("latin-1"),
            "orders.csv, line 2: this is not UTF-8",
        ),
        (
            "orders.csv",
            f"{HEADINGS}o1,网店,2025-10-01,1\n".encode("gbk"),
            "orders.csv, line 2: this is not UTF-8",
        ),
        (
            "orders.csv",
            f"{HEADINGS}{ROW.replace(',', '')}",
            "data/orders.csv: none of its 1 rows can be used; 1 of them because: the line has not the",
        ),
        (
            "orders.csv",
            f"{HEADINGS}{ROW}".replace(",a", ",order_id,a"),
            "orders.csv has 2 columns named order_id. Give",
        ),
        (
            "orders.csv",
            f"{HEADINGS}{ROW}".replace(",a", ",Order_ID,a"),
            "orders.csv has 2 columns named order_id, Order_ID.",
        ),
        (
            "orders.csv",
            "This is a letter.\n",
            "data/orders.csv has no column order_id, which the table orders needs. Say in _config.yml which "
            "column that is: crmreport.tables.orders.columns.order_id: HEADING.",
        ),
        (
            "orders.csv",
            "order_id,customer_id,amount\no1,c1,3\n",
            "data/orders.csv has no column ordered_at, which",
        ),
        ("orders.parquet", "", "orders.parquet is empty."),
        ("orders.parquet", "garbage " * 99, "orders.parquet is not a Parquet file, or is cut short."),
        ("orders.parquet", b"PAR1garbagePAR1", "orders.parquet cannot be read: "),
        (
            "orders.parquet",
            parquet(order_id=["o1"], customer_id=["c1"]),
            "data/orders.parquet has no column ordered_at",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_cure(
    tmp_path: Path, name: str, content: str | bytes, said: str
):
    assert refused_list(write_project(tmp_path, files={name: content})).startswith(said)


def test_a_quotation_mark_that_is_never_closed_costs_one_row(tmp_path: Path):
    found = read_csv(tmp_path, f'{HEADINGS}{ROW}"o2,c1,2025-10-02,3\no3,c1,2025-10-03,3\n')
    assert [row["order_id"] for row in found] == ["o1", "o3"]


@pytest.mark.parametrize(
    "change", [lambda t: "\ufeff" + t, lambda t: t.replace("\n", "\r\n"), lambda t: t.replace(",", ";")]
)
def test_byte_order_mark_line_ends_and_separators_do_not_matter(tmp_path: Path, change):
    (row,) = read_csv(tmp_path, change(HEADINGS + ROW))
    assert (row["order_id"], str(row["ordered_at"]), str(row["amount"])) == (
        "o1",
        "2025-10-01 00:00:00",
        "10.5000",
    )


def test_a_row_that_begins_with_a_hash_is_a_row(tmp_path: Path):
    assert [
        r["order_id"] for r in read_csv(tmp_path, f"{HEADINGS}#1,c1,2025-10-01,3\n#2,c1,2025-10-02,3\n")
    ] == ["#1", "#2"]


def test_a_quoted_cell_may_hold_separators_quotes_and_line_ends(tmp_path: Path):
    (row,) = read_csv(tmp_path, f'{HEADINGS}"o,""1""\n2",c1,2025-10-01,3\n')
    assert row["order_id"] == 'o,"1"\n2'


def test_a_folder_may_have_any_name(tmp_path: Path):
    assert len(read_csv(tmp_path / "review [2025] *", HEADINGS + ROW)) == 1


def test_a_heading_may_be_one_that_the_package_uses_itself(tmp_path: Path):
    text = "row_number,rule,ordered_at,amount\nA7,c1,2025-10-01,3\nA9,c1,2025-10-02,3\n"
    settings = (
        "  tables:\n    orders:\n      file: data/x.csv\n"
        "      columns: {order_id: row_number, customer_id: rule}\n"
    )
    project = write_project(tmp_path, settings, {"x.csv": text})
    assert [r["order_id"] for r in rows(project)] == ["A7", "A9"]


def test_both_a_csv_and_a_parquet_file_of_one_table_are_too_many(tmp_path: Path):
    said = refused_list(write_project(tmp_path, files={"orders.csv": ORDERS, "orders.parquet": b"x"}))
    assert said.startswith(
        "There are both orders.csv / orders.parquet in data. Take one away, or name the right one"
    )


def test_no_file_and_no_file_of_a_known_name_are_told_apart(tmp_path: Path):
    assert refused_list(write_project(tmp_path / "a", files={})).startswith(
        "No table is connected. Put data into"
    )
    said = refused_list(write_project(tmp_path / "b", files={"order.csv": ORDERS}))
    assert said.startswith(
        "No file in data is named like a table: order.csv. Rename them (customers, products, orders"
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            "order: data/orders.csv",
            "crmreport.tables.order in _config.yml is not a table. Did you mean orders?",
        ),
        ("orders: data/o.csv", "crmreport.tables.orders in _config.yml: there is no file data/o.csv."),
        (
            "orders: _config.yml",
            "crmreport.tables.orders in _config.yml: _config.yml is of a kind that cannot be read",
        ),
        (
            "orders: {file: data/orders.csv, columns: {ordr_id: order_id}}",
            "crmreport.tables.orders.columns in _config.yml: the table orders has no column ordr_id. Did",
        ),
        (
            "orders: {file: data/orders.csv, columns: {order_id: orderid}}",
            "crmreport.tables.orders.columns.order_id in _config.yml: data/orders.csv has no column orderid.",
        ),
    ],
)
def test_a_table_that_is_mapped_wrongly_is_named_by_its_key(tmp_path: Path, table: str, said: str):
    assert refused_list(write_project(tmp_path, f"  tables:\n    {table}\n")).startswith(said)


def test_a_data_folder_may_be_given_by_its_whole_path(tmp_path: Path):
    elsewhere = write_project(tmp_path / "a") / "data"
    project = write_project(tmp_path / "b", f"  folder: {elsewhere}\n", files={})
    assert len(rows(project)) == 4 * 28


def test_headings_alone_are_a_table_without_rows(tmp_path: Path):
    project = write_project(
        tmp_path, files={"orders.csv": ORDERS, "feedback.csv": FEEDBACK.splitlines()[0] + "\n"}
    )
    assert rows(project, "feedback") == []
    alone = write_project(tmp_path / "alone", files={"orders.csv": HEADINGS})
    assert refused_list(alone).startswith(
        "The connected tables (orders) have no row that says when something happened"
    )
