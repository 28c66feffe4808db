"""Cleaning: every row that is read is kept or set aside, and what is kept fits the contract."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crmreport.source import Source
from crmreport.tables.cleaning.clean import Cleaned, clean
from crmreport.tables.column import FIRST_YEAR, LAST_YEAR, Type
from crmreport.tables.contract import TABLES, table
from crmreport.tables.engine import connect
from crmreport.tables.mapping.conventions import Conventions
from crmreport.tables.readers import open_source
from tests.small_project import FEEDBACK, ORDERS, refused_list, write_project


def clean_file(path: Path, name: str, timezone: str = "UTC", **source: object) -> Cleaned:
    connection, given = connect(timezone), Source(file=path.name, **source)
    opened = open_source(connection, path.parent, given, name)
    return clean(connection, opened, table(name), given, Conventions(timezone=timezone), {})


def clean_cells(folder: Path, name: str, cells: dict[str, list[str]], **more) -> Cleaned:
    """Clean a CSV of these columns."""
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(cells)
        writer.writerows(zip(*cells.values(), strict=True))
    return clean_file(path, name, **more)


def column(cleaned: Cleaned, name: str) -> list:
    """Give a column of the kept rows, by the first column, which the tests number."""
    return cleaned.table.order_by(cleaned.table.columns[0]).to_pyarrow()[name].to_pylist()


def log(cleaned: Cleaned) -> dict[tuple[str, str, str], int]:
    return {(r.action, r.rule, r.column): r.rows for r in cleaned.log.itertuples()}


def feedback(folder: Path, **cells: list[str]) -> Cleaned:
    count = len(next(iter(cells.values())))
    ids = {"feedback_id": [f"f{i:02d}" for i in range(count)], "answered_at": ["2025-10-01"] * count}
    return clean_cells(folder, "feedback", ids | cells)


def test_a_whole_number_is_never_rounded_to_one_that_nobody_gave(tmp_path: Path):
    cleaned = feedback(tmp_path, csat=["5", "4.0", "4.5", " 3 ", "", "six", "0", "6", "1e0", "nan", "inf"])
    assert column(cleaned, "csat") == [5, 4, None, 3, None, None, None, None, 1, None, None]
    # 4.5, six, nan and inf are no whole numbers; 0 and 6 are not on the scale; the empty cell says nothing.
    assert log(cleaned)["emptied", "unreadable", "csat"] == 4
    assert log(cleaned)["emptied", "impossible", "csat"] == 2


def test_money_is_an_exact_decimal(tmp_path: Path):
    cells = {
        "order_id": [f"o{i}" for i in range(6)],
        "customer_id": ["c"] * 6,
        "ordered_at": ["2025-10-01"] * 6,
        "amount": ["10.50", "0.1", "-3", "1,234.50", "€5", "1e3"],
    }
    found = column(clean_cells(tmp_path, "orders", cells), "amount")
    assert found == [Decimal("10.5"), Decimal("0.1"), Decimal(-3), None, None, Decimal(1000)]


def test_times_are_read_with_and_without_zone_and_years_that_cannot_be_are_not(tmp_path: Path):
    read = {
        "2025-10-01": "2025-10-01 00:00:00",
        "2025-10-01 14:05": "2025-10-01 14:05:00",
        "2025-10-01T14:05:06.5": "2025-10-01 14:05:06.500000",
        "2025-09-30T23:30:00Z": "2025-10-01 07:30:00",
        "2025-09-30 23:30:00+00": "2025-10-01 07:30:00",
        "2025-10-01T00:30:00+02:00": "2025-10-01 06:30:00",
        "2025-10-01T00:30:00.25-0500": "2025-10-01 13:30:00.250000",
        "31/10/2025": None,
        "2025-13-01": None,
        "0001-01-01": None,
        "1900-01-01": None,
        "9999-12-31": None,
        "infinity": None,
        "2099-12-31": "2099-12-31 00:00:00",
    }
    cells = {"customer_id": list(read), "joined_at": list(read)}
    cleaned = clean_cells(tmp_path, "customers", cells, timezone="Asia/Shanghai")
    found = dict(zip(column(cleaned, "customer_id"), column(cleaned, "joined_at"), strict=True))
    assert {text: str(time) if time else None for text, time in found.items()} == read


def test_a_zoned_time_of_a_parquet_file_is_a_time_of_the_review(tmp_path: Path):
    moment = datetime(2025, 9, 30, 23, 30, tzinfo=UTC)
    birthday = datetime(1990, 1, 1, 20, 0, tzinfo=UTC)
    cells = {
        "customer_id": ["c1"],
        "joined_at": pa.array([moment], pa.timestamp("ms", "America/New_York")),
        "birth_date": pa.array([birthday], pa.timestamp("us", "UTC")),
    }
    pq.write_table(pa.table(cells), tmp_path / "customers.parquet")
    cleaned = clean_file(tmp_path / "customers.parquet", "customers", "Asia/Shanghai")
    assert column(cleaned, "joined_at") == [datetime(2025, 10, 1, 7, 30)]
    assert column(cleaned, "birth_date") == [date(1990, 1, 2)]


def test_a_time_of_a_parquet_file_that_names_no_zone_is_taken_as_it_is(tmp_path: Path):
    cells = {"customer_id": [1.0, None], "joined_at": [datetime(2025, 10, 1, 0, 30)] * 2}
    pq.write_table(pa.table(cells), tmp_path / "customers.parquet")
    cleaned = clean_file(tmp_path / "customers.parquet", "customers", "Asia/Shanghai")
    assert column(cleaned, "joined_at") == [datetime(2025, 10, 1, 0, 30)]
    assert column(cleaned, "customer_id") == ["1"]  # a key that a missing one beside it had turned into 1.0
    assert log(cleaned)["set aside", "missing", "customer_id"] == 1


def test_a_number_that_is_none_is_missing(tmp_path: Path):
    nan, inf = float("nan"), float("inf")
    cells = {
        "order_id": ["o"] * 4,
        "product_id": ["p"] * 4,
        "quantity": [1.5, nan, inf, None],
        "unit_price": [1] * 4,
    }
    pq.write_table(pa.table(cells), tmp_path / "order_lines.parquet")
    cleaned = clean_file(tmp_path / "order_lines.parquet", "order_lines")
    assert column(cleaned, "quantity") == [1.5]
    assert log(cleaned)["kept", "", ""] == 1


def test_the_first_rule_that_a_row_meets_sets_it_aside(tmp_path: Path):
    cells = {
        "order_id": ["o1", "o1", "", "o2", "o3", "test"],
        "customer_id": ["c1", "c1", "c1", "c1", "", "c1"],
        "ordered_at": ["2025-10-01", "2025-10-02", "2025-10-02", "soon", "2025-10-03", "2025-10-04"],
    }
    rules = [{"where": "order_id = 'test' -- a comment", "reason": "not a sale"}]
    cleaned = clean_cells(tmp_path, "orders", cells, set_aside=rules)
    assert column(cleaned, "ordered_at") == [datetime(2025, 10, 1)]
    assert log(cleaned) == {
        ("read", "", ""): 6,
        ("set aside", "configured", ""): 1,
        ("set aside", "missing", "order_id"): 1,
        ("set aside", "unreadable", "ordered_at"): 1,
        ("set aside", "missing", "customer_id"): 1,
        ("set aside", "duplicate", "order_id"): 1,
        ("kept", "", ""): 1,
    }


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("amout > 3", 'Referenced column "amout" not found'),
        ("amount >", "Required keyword"),
        ("amount", "it is neither true nor false"),
        ("42", "it is neither true nor false"),
        ("'x'", "it is neither true nor false"),
        ("CAST(customer_id AS INTEGER) > 1", "Could not convert string 'c1' to INT32"),
        ("1); DROP TABLE x; --", "Invalid expression"),
    ],
)
def test_a_condition_that_is_none_is_named_with_what_is_wrong(tmp_path: Path, where: str, said: str):
    table_settings = f'    orders: {{file: data/orders.csv, set_aside: [{{where: "{where}", reason: r}}]}}\n'
    text = refused_list(write_project(tmp_path, "  tables:\n" + table_settings))
    assert text.startswith(
        f"crmreport.tables.orders.set_aside in _config.yml: {where} cannot be asked of the columns of"
    )
    assert said in text


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("o1,,2025-10-01", "customer_id is empty in 1. Fill it, or say in _config.yml which column it is"),
        (
            "o1,c1,31/10/2025",
            "ordered_at cannot be read in 1, such as '31/10/2025'. It must be of the type timestamp: times",
        ),
    ],
)
def test_a_table_with_no_usable_row_is_refused_with_the_reason(tmp_path: Path, row: str, said: str):
    files = {"orders.csv": f"order_id,customer_id,ordered_at\n{row}\n", "feedback.csv": FEEDBACK}
    text = refused_list(write_project(tmp_path, files=files))
    assert text.startswith("data/orders.csv: none of its 1 rows can be used; ")
    assert said in text


def test_a_condition_that_sets_all_rows_aside_is_refused(tmp_path: Path):
    table_settings = "    orders: {file: data/orders.csv, set_aside: [{where: 'TRUE', reason: r}]}\n"
    said = refused_list(write_project(tmp_path, "  tables:\n" + table_settings, {"orders.csv": ORDERS}))
    assert said.startswith(
        "data/orders.csv: crmreport.tables.orders.set_aside in _config.yml sets aside 112 of its 112"
    )


CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "a",
            "b",
            "1",
            "2",
            "-1",
            "3.5",
            "4.0",
            "11",
            "yes",
            "true",
            "no",
            "nan",
            "-inf",
            "1e400",
            "9" * 20,
            "2025-10-01",
            "2025-10-01T23:00:00-08:00",
            "0001-01-01",
            "9999-12-31",
            "infinity",
            "2025-02-30",
            "12:00",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=4),
)


@pytest.mark.parametrize("name", [t.name for t in TABLES])
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # an engine is started for each example; shrinking one that fails takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
@given(data=st.data())
def test_whatever_is_read_is_kept_or_set_aside_and_what_is_kept_fits(name: str, data: st.DataObject):
    declared = table(name)
    rows = data.draw(st.lists(st.tuples(*[CELLS] * len(declared.columns)), max_size=6))
    # One row that is right, for a file without any is refused.
    right = {Type.TEXT: "k", Type.TIMESTAMP: "2025-10-01", Type.DATE: "2025-10-01", Type.BOOLEAN: "yes"}
    rows.append(tuple(right.get(c.type, "5") for c in declared.columns))
    cells = {c.name: [row[i] for row in rows] for i, c in enumerate(declared.columns)}
    with tempfile.TemporaryDirectory() as folder:
        cleaned = clean_cells(Path(folder), name, cells)
    kept = cleaned.table.to_pyarrow().to_pylist()
    counts = cleaned.log.groupby("action")["rows"].sum()
    assert counts["read"] == len(rows) == counts["kept"] + counts.get("set aside", 0)
    assert counts["kept"] == len(kept)
    if declared.key:
        assert len({tuple(row[k] for k in declared.key) for row in kept}) == len(kept)
    for row in kept:
        for each in declared.columns:
            value = row[each.name]
            assert value is not None or not each.required
            if value is None:
                continue
            assert each.low is None or value >= each.low
            assert each.high is None or value <= each.high
            if each.type in (Type.TIMESTAMP, Type.DATE):
                assert FIRST_YEAR <= value.year <= LAST_YEAR
            assert value == value  # no number that is none
            assert value != ""


def test_the_log_is_a_table_of_plain_words(tmp_path: Path):
    text = feedback(tmp_path, csat=["5", "9"]).log.to_csv(index=False)
    assert list(csv.reader(io.StringIO(text))) == [
        ["table", "file", "action", "rule", "column", "reason", "rows", "examples"],
        ["feedback", "feedback.csv", "read", "", "", "", "2", "[]"],
        ["feedback", "feedback.csv", "emptied", "impossible", "csat", "", "1", '[[2, "9"]]'],
        ["feedback", "feedback.csv", "kept", "", "", "", "2", "[]"],
    ]
