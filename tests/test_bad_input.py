"""Bad input: whatever is wrong with a file is said in one line, or its rows are set aside and counted."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmreport.config import read_project
from crmreport.errors import UserError
from crmreport.source import Source
from crmreport.tables.cleaning.set_aside import write_set_aside
from crmreport.tables.data import Data, read_data
from crmreport.tables.engine import connect
from crmreport.tables.readers import open_source
from tests.small_project import ORDERS, refused_list, write_project

HEADINGS = "order_id,customer_id,ordered_at,amount\n"
ROW = "o1,c1,2025-10-01,10.50\n"
N_ORDERS = 4 * 28


def workbook(*lines: tuple) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    for line in lines:
        book.active.append(line)
    book.save(file)
    return file.getvalue()


def bomb() -> bytes:
    """A workbook whose one sheet unpacks to 300 MB of spaces."""
    file = io.BytesIO(workbook(("order_id",)))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        packed.writestr("xl/worksheets/sheet2.xml", b" " * (300 << 20))
    return file.getvalue()


def locked() -> bytes:
    """The beginning of a workbook with a password: an old Office file that holds an encrypted package."""
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(999)
    )


PACKED = gzip.compress(ORDERS.encode(), mtime=0)
BOOK = workbook(HEADINGS.strip().split(","), ("o1", "c1", "2025-10-01", 3))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("orders.csv.gz", PACKED[:-20], "orders.csv.gz is cut short, or was not packed by gzip. Copy or"),
        ("orders.csv.gz", ORDERS, "orders.csv.gz is cut short, or was not packed by gzip."),
        ("orders.csv.gz", gzip.compress(b"", mtime=0), "orders.csv.gz has no headings in its first line."),
        ("orders.csv", PACKED, "orders.csv is a file packed by gzip, and not what its name says. Rename it"),
        (
            "orders.csv",
            "<!DOCTYPE html><html><p>Log in",
            "orders.csv is a web page, not a table: perhaps one",
        ),
        ("orders.csv", b"\xef\xbb\xbf \n<HTML lang=en>", "orders.csv is a web page, not a table"),
        ("orders.csv", BOOK, "orders.csv is a workbook, and not what its name says. Rename it, or export"),
        ("orders.xlsx", ORDERS, "orders.xlsx is not a workbook, or is cut short: "),
        ("orders.xlsx", BOOK[:900], "orders.xlsx is not a workbook, or is cut short: "),
        ("orders.xlsx", BOOK[:-900], "orders.xlsx is not a workbook, or is cut short: "),
        ("orders.xlsx", b"", "orders.xlsx is empty."),
        ("orders.xlsx", workbook(), "orders.xlsx is empty."),
        ("orders.xlsx", bomb(), "orders.xlsx unpacks from "),
        ("orders.xlsx", locked(), "orders.xlsx needs a password. Save it without one, or export it as CSV."),
        ("orders.xls", locked(), "orders.xls needs a password."),
        ("orders.xlsx", workbook(("order_id", "order_id")), "orders.xlsx has 2 columns named order_id."),
        ("orders.parquet", ORDERS, "orders.parquet is not a Parquet file, or is cut short."),
        ("orders.parquet", BOOK, "orders.parquet is a workbook, and not what its name says."),
        ("orders.csv", b"PAR1" + bytes(99), "orders.csv is Parquet, and not what its name says."),
        ("orders.csv", b"%PDF-1.7\n", "orders.csv is a PDF, and not what its name says."),
        ("orders.csv", b"SQLite format 3\0" + bytes(99), "orders.csv is an SQLite database, and not what"),
        ("orders.sav", b"$FL2" + bytes(99), "orders.sav is not an SPSS file, or is cut short: "),
        ("orders.sav", ORDERS, "orders.sav is not an SPSS file, or is cut short: "),
        (
            "orders.csv",
            ORDERS.encode("utf-16-le"),
            "orders.csv is not a CSV file: its first line is no text.",
        ),
        (
            "orders.csv",
            HEADINGS.replace("amount", "ORDER_ID"),
            "orders.csv has 2 columns named order_id, ORDER",
        ),
        (
            "orders.csv",
            HEADINGS,
            "The connected tables (orders) have no row that says when something happened",
        ),
        ("orders.csv", "\n\n\n", "orders.csv has no headings in its first line."),
        ("orders.csv", '"', "orders.csv has no headings in its first line."),
        (
            "orders.csv",
            "x" * 3_000_000,
            "data/orders.csv has no column order_id, which the table orders needs.",
        ),
        (
            "orders.csv",
            f"{HEADINGS}o1;c1;2025-10-01;3\n",
            "data/orders.csv: none of its 1 rows can be used; ",
        ),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_line(
    tmp_path: Path, name: str, content: str | bytes, said: str
):
    assert refused_list(write_project(tmp_path, files={name: content})).startswith(said)


def accounted(
    folder: Path, content: str | bytes, options: str = "", name: str = "x.csv"
) -> tuple[Data, dict]:
    """Read a table of orders, whose rows must all be used or set aside; give the counts of what was done."""
    table = f"  tables:\n    orders: {{file: data/{name}{options}}}\n"
    data = read_data(read_project(write_project(folder, table, {name: content})))
    counts = data.cleaning.groupby("action")["rows"].sum().to_dict()
    assert counts["read"] == counts["kept"] + counts.get("set aside", 0)
    assert counts["kept"] == data.tables["orders"].count().to_pyarrow().as_py()
    written = write_set_aside(data, folder / "aside")
    assert sum(written.values()) == counts.get("set aside", 0)
    return data, counts


def orders(data: Data) -> list[dict]:
    return data.tables["orders"].order_by("order_id").to_pyarrow().to_pylist()


def aside(folder: Path) -> list[list[str]]:
    with (folder / "aside" / "orders.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]


@pytest.mark.parametrize(
    ("bad", "n_aside", "n_more"),
    [
        ("o2,c1\n", 1, 0),
        ("o2,c1,2025-10-02,3,4\n", 1, 0),
        ("o2,c1,2025-10-02,3,\n", 0, 1),
        ('"o2,c1,2025-10-02,3\n', 1, 0),
        ('o2,"c"1,2025-10-02,3\n', 1, 0),
        ('o2,c"1,2025-10-02,3\n', 0, 1),
        ('"o\n2",c1,2025-10-02,3\n', 0, 1),
        ("\n\n", 0, 0),
        (",,,\n", 1, 0),
        ("   \n", 1, 0),
        ("o2,\0,2025-10-02,3\n", 0, 1),
        ("\0\n", 1, 0),
        (f"o2,c1,2025-10-02,{2**64}\n", 0, 1),
        (f"o2,c1,2025-10-02,{'9' * 60}\n", 0, 1),
        (f"{2**80},c1,2025-10-02,4294967296\n", 0, 1),
        (f"o2,{'x' * 5_000_000},2025-10-02,3\n", 0, 1),
        (f'o2,"{"x" * 99}\n{"y" * 5_000_000}",2025-10-02,3\n', 0, 1),
        (f"{'x' * 5_000_000}\n", 1, 0),
        ("o2,c1,2025-10-02,=1+1\n", 0, 1),
        ("=cmd|' /C calc'!A0,c1,2099-01-01,3\n", 1, 0),
        ("o2,'; DROP TABLE orders; --,2025-10-02,3\n", 0, 1),
    ],
)
def test_a_bad_row_is_set_aside_and_the_others_are_used(tmp_path: Path, bad: str, n_aside: int, n_more: int):
    for number, text in enumerate((ORDERS + bad, ORDERS.replace("\n", f"\n{bad}", 1))):
        folder = tmp_path / str(number)
        _, counts = accounted(folder, text)
        assert counts == {"read": N_ORDERS + n_more + n_aside, "kept": N_ORDERS + n_more} | (
            {"set aside": n_aside} if n_aside else {}
        ) | {k: v for k, v in counts.items() if k == "emptied"}
        if n_aside:
            assert len(aside(folder)) == n_aside


def test_a_cell_that_a_spreadsheet_would_run_is_written_as_text(tmp_path: Path):
    formulas = ["=1+1", "+1+1", "@SUM(A1)", "-1+1", '=HYPERLINK("x")', "\t=1"]
    bad = "".join(f'"{f.replace(chr(34), chr(34) * 2)}",c1,never,3\n' for f in formulas) + "=2,c1\n"
    accounted(tmp_path, ORDERS + bad)
    cells = [line[3] for line in aside(tmp_path)]
    assert cells == [f"'{f}" for f in formulas] + ["'=2,c1"]


def test_ten_thousand_columns_are_read(tmp_path: Path):
    more = range(10_000)
    text = (
        HEADINGS.strip() + "".join(f",c{n}" for n in more) + "\n" + ROW.strip() + ",x" * len(more) + "\no2\n"
    )
    data = read_data(read_project(write_project(tmp_path, files={"orders.csv": text})))
    counts = data.cleaning.groupby("action")["rows"].sum().to_dict()
    assert counts == {"read": 2, "set aside": 1, "kept": 1}
    assert len(data.readings[0].opened.table.columns) == 10_004


def test_dates_of_three_kinds_in_one_column_are_read_if_the_settings_say_so(tmp_path: Path):
    text = f"{HEADINGS}{ROW}o2,c1,31/10/2025,3\no3,c1,20251029,3\no4,c1,Oct 28 2025,3\n"
    data, counts = accounted(tmp_path / "a", text)
    assert (counts["kept"], counts["set aside"]) == (1, 3)
    dates = ", columns: {ordered_at: {heading: ordered_at, dates: ['%d/%m/%Y', '%Y%m%d', '%b %d %Y']}}"
    data, counts = accounted(tmp_path / "b", text, dates)
    assert counts["kept"] == 4
    assert [str(row["ordered_at"])[:10] for row in orders(data)] == [
        "2025-10-01",
        "2025-10-31",
        "2025-10-29",
        "2025-10-28",
    ]


def test_a_formula_without_an_answer_is_a_missing_value(tmp_path: Path):
    lines = [HEADINGS.strip().split(","), ("o1", "c1", "2025-10-01", "=1+1"), ("=A2", "c1", "2025-10-01", 3)]
    data, counts = accounted(tmp_path, workbook(*lines), name="x.xlsx")
    assert (counts["kept"], counts["set aside"]) == (1, 1)
    assert orders(data)[0]["amount"] is None


def test_a_whole_number_of_a_workbook_is_no_fraction(tmp_path: Path):
    lines = [
        HEADINGS.strip().split(","),
        (17850, 4.0, "2025-10-01", 10.5),
        (2**60, True, "2025-10-01", -0.25),
    ]
    data, _ = accounted(tmp_path, workbook(*lines), name="x.xlsx")
    assert [(r["order_id"], r["customer_id"], str(r["amount"])) for r in orders(data)] == [
        ("1.152921504606847e+18", "true", "-0.2500"),
        ("17850", "4", "10.5000"),
    ]


CELL = st.text(st.sampled_from('ab1 ,;"\n\r\t|é网=\0#') | st.characters(codec="utf-8"), max_size=6)
ROWS = st.lists(st.lists(CELL, min_size=1, max_size=5), min_size=1, max_size=12)
LINE_ENDS = st.sampled_from(["\n", "\r\n"])
QUICK = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def opened(text: bytes) -> tuple[list[tuple], list[str]] | None:
    """Give the rows of a CSV that are kept, and those that are rejected; None if the file is refused."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "x.csv").write_bytes(text)
        try:
            source = open_source(connect("UTC"), Path(folder), Source(file="x.csv", separator=","), "orders")
        except UserError as error:
            assert "\n" not in str(error)
            return None
        kept = [tuple(row.values()) for row in source.table.to_pyarrow().to_pylist()]
        lines = [] if source.rejected is None else source.rejected.to_pyarrow()["said"].to_pylist()
        return kept, lines


@QUICK
@given(rows=ROWS, line_end=LINE_ENDS)
def test_rows_in_are_rows_kept_and_rows_rejected(rows: list[list[str]], line_end: str):
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator=line_end).writerows([["x", "y", "z"], *rows])
    kept, rejected = opened(file.getvalue().encode())
    # Cells beyond the headings do no harm where they are empty.
    fitting = [row for row in rows if len(row) >= 3 and not any(row[3:])]
    assert len(kept) + len(rejected) == len(rows)
    assert len(kept) == len(fitting)
    by_file = [
        tuple(cell.replace("\r\n", "\n").replace("\r", "\n") or None for cell in row[:3]) for row in fitting
    ]
    by_reader = [tuple(c and c.replace("\r\n", "\n").replace("\r", "\n") for c in row) for row in kept]
    assert by_reader == by_file


@QUICK
@given(rows=ROWS, line_end=LINE_ENDS, end=st.sampled_from(["", "\n"]))
def test_no_row_is_lost_whatever_stands_in_it(rows: list[list[str]], line_end: str, end: str):
    # Nothing is quoted, so that separators, quotation marks and line ends stand where they may not.
    lines = [f"<{n}>" + ",".join(row) for n, row in enumerate(rows)]
    found = opened(("x,y,z\n" + line_end.join(lines) + end).encode())
    if found is not None:
        kept, rejected = found
        everything = str(kept) + str(rejected)
        assert [n for n in range(len(rows)) if f"<{n}>" not in everything] == []


@QUICK
@given(text=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(text: bytes):
    found = opened(b"x,y\n" + text)
    assert found is None or all(len(row) == 2 for row in found[0])
