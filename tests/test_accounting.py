"""Accounting: whatever the mess and the settings, every row is kept or stands in a file with its reason."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crmreport.config import read_project
from crmreport.tables.cleaning.set_aside import write_set_aside
from crmreport.tables.data import Data, read_data
from tests.small_project import write_project

TODAY = date(2026, 1, 1)
# What repeats stands in a list more than once, so that much goes wrong and much does not.
KEY = st.sampled_from([*(str(number) for number in range(1, 25)), "", " 2 "])
CUSTOMER = st.sampled_from(["1", "1", "1", "2", "2", "3", ""])
PRODUCT = st.sampled_from([*["p"] * 8, "q", ""])
MORNING = [f"2025-10-01 10:{minute:02d}" for minute in (0, 1, 2, 5, 9)]
TIME = st.sampled_from([*MORNING, *MORNING, *MORNING, "2025-10-02", "2027-01-01", "soon", ""])
SIGNED = st.sampled_from([*["1", "-1"] * 8, "2", "-2", "0", "1.5", "many", "", "=1+1", "9" * 15])
PRICE = st.sampled_from([*["5"] * 12, "6", "-5", "free", ""])
CURRENCY = st.sampled_from(["USD", "USD", "EUR", "XXX", ""])
EMAIL = st.sampled_from(["a@x", "A@x ", "b@x", "c@x", "", "none"])

# Each table's columns with what may stand in them, and a row that can be used.
COLUMNS = {
    "customers": {"customer_id": KEY, "email": EMAIL, "joined_at": TIME},
    "orders": {
        "order_id": KEY,
        "customer_id": CUSTOMER,
        "ordered_at": TIME,
        "amount": SIGNED,
        "cur": CURRENCY,
    },
    "order_lines": {
        "order_id": KEY | st.just("right"),
        "product_id": PRODUCT,
        "quantity": SIGNED,
        "unit_price": PRICE,
    },
    "feedback": {"feedback_id": KEY, "answered_at": TIME, "customer_id": CUSTOMER, "csat": SIGNED},
}
RIGHT = {
    "customers": ("right", "r@x", "2025-01-01"),
    "orders": ("right", "right", "2025-10-01", "7", "USD"),
    "order_lines": ("right", "1", "7", "7"),
    "feedback": ("right", "2025-10-01", "", "5"),
}
# What the settings may say of each table; {} stands for the file alone.
SETTINGS = {
    "customers": [{}, {"set_aside": [{"where": "email = 'none'", "reason": "no person"}]}],
    "orders": [
        {},
        {"one_row_per_key": True, "currency_heading": "cur"},
        {"near_duplicates": {"columns": ["customer_id"], "within_minutes": 2}},
        {"pair_cancellations": True, "drop_exact_duplicates": True},
        {"set_aside": [{"where": "amount = '1.5'", "reason": "a test"}], "drop_exact_duplicates": True},
    ],
    "order_lines": [
        {},
        {"pair_cancellations": True},
        {"drop_exact_duplicates": True, "pair_cancellations": True},
    ],
    "feedback": [
        {},
        {"near_duplicates": {"columns": ["customer_id", "csat"], "within_minutes": 5}},
        {"missing": ["many"], "columns": {"csat": {"fill": 3}}},
    ],
}


@st.composite
def projects(draw: st.DrawFn) -> tuple[dict[str, str], str]:
    """Give files of rows that may be wrong in every way, and settings for them as YAML (which JSON is)."""
    files = {"rates.csv": "currency,starts_on,rate\nEUR,2025-10-02,1.5\n"}
    tables = {}
    for name, columns in COLUMNS.items():
        rows = draw(st.lists(st.tuples(*columns.values()), min_size=8, max_size=30))
        rows.insert(draw(st.integers(0, len(rows))), RIGHT[name])
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows([tuple(columns), *rows])
        files[f"{name}.csv"] = text.getvalue()
        tables[name] = {"file": f"data/{name}.csv"} | draw(st.sampled_from(SETTINGS[name]))
    merging = draw(st.sampled_from(["", "  merge_customers_by: [email]\n"]))
    return files, f"  rates: data/rates.csv\n{merging}  tables: {json.dumps(tables)}\n"


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # two engines are started for each example; shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
@given(made=projects())
def test_every_row_is_kept_or_stands_in_a_file_with_its_reason(made: tuple[dict[str, str], str]):
    files, lines = made
    with tempfile.TemporaryDirectory() as folder:
        project = read_project(write_project(Path(folder), lines, files))
        first, second = read_data(project, TODAY), read_data(project, TODAY)
        written = _written(first, Path(folder) / "first")
        again = _written(second, Path(folder) / "second")
    for name in COLUMNS:
        given_rows = list(csv.reader(io.StringIO(files[f"{name}.csv"])))[1:]
        log = first.cleaning[first.cleaning["table"] == name]
        counts = log.groupby("action")["rows"].sum()
        aside = written[name]
        assert counts["read"] == len(given_rows) == counts["kept"] + counts.get("set aside", 0)
        assert len(aside) == counts.get("set aside", 0)
        numbers = [int(row["row_number"]) for row in aside]
        assert len(set(numbers)) == len(numbers)
        for number, row in zip(numbers, aside, strict=True):
            said = [row[column].lstrip("'") for column in COLUMNS[name]]
            assert said == [cell.strip("'") for cell in given_rows[number - 1]]
            assert row["rule"]
        by_rule = log[log["action"] == "set aside"].groupby("rule")["rows"].sum().to_dict()
        assert by_rule == {rule: sum(r["rule"] == rule for r in aside) for rule in {r["rule"] for r in aside}}
        gone = log.loc[log["action"] == "merged", "rows"].sum()
        assert first.tables[name].count().to_pyarrow().as_py() == counts["kept"] - gone
    assert written == again
    assert first.cleaning.equals(second.cleaning)
    for name in first.tables:
        assert _sorted(first, name) == _sorted(second, name)


def _written(data: Data, folder: Path) -> dict[str, list[dict[str, str]]]:
    """Write the rows that are set aside, and read the files as a spreadsheet would."""
    counts = write_set_aside(data, folder)
    found: dict[str, list[dict[str, str]]] = {name: [] for name in data.tables}
    for name in counts:
        with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            found[name] = list(csv.DictReader(file))
        assert len(found[name]) == counts[name]
    return found


def _sorted(data: Data, name: str) -> list[str]:
    """Give a table's rows as texts; their order means nothing."""
    return sorted(repr(row) for row in data.tables[name].to_pyarrow().to_pylist())
