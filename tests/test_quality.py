"""Quality: what the checks find in data whose faults are known, and what they leave alone."""

from __future__ import annotations

import random
from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
import vl_convert
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.book.assemble import assemble
from crmreport.book.volume import Book
from crmreport.config import read_project
from crmreport.context import Context
from crmreport.covering import covered
from crmreport.display.outputs import Chart, Table, Text
from crmreport.pages.caution import gaps_of
from crmreport.pages.plan import Page, chapter_of, chapters_of
from crmreport.pages.prepare import prepare
from crmreport.pages.touched import quality_of, reads_of
from crmreport.periods import Calendar, Kind
from crmreport.quality.checks import COLUMNS, NOTE, OK, PROBLEM, Check, as_frame
from crmreport.quality.schema import drift, is_remembered, remember
from crmreport.quality.volume import freshness, volume
from crmreport.results import Results, compute_results
from crmreport.review import Review
from crmreport.segments import WHOLE
from tests.conftest import ROOT
from tests.small_project import notebook, write, write_project

Days = dict[date, int]


def month_after(first: date, months: int) -> date:
    years, index = divmod(first.month - 1 + months, 12)
    return date(first.year + years, index + 1, 1)


def by_day(*counts: int, first: date = date(2023, 1, 1)) -> Days:
    """Spread each month's rows evenly over its first 28 days."""
    days: Days = {}
    for months, count in enumerate(counts):
        month = month_after(first, months)
        for day in range(28):
            n = (day + 1) * count // 28 - day * count // 28
            if n:
                days[month + timedelta(days=day)] = n
    return days


def judged(*counts: int, kind: Kind = Kind.MONTH) -> list[Check]:
    """Judge the months of a table that is complete to the end of the last one."""
    last = month_after(date(2023, 1, 1), len(counts) - 1)
    as_of = last.replace(day=monthrange(last.year, last.month)[1])
    return volume("orders", by_day(*counts), Calendar(), kind, as_of)


def gaps(*counts: int) -> list[str]:
    return [row["period"] for row in judged(*counts) if row["verdict"] != OK]


# Volume


def test_a_month_with_two_fifths_fewer_rows_is_a_gap() -> None:
    row = judged(*[200] * 23, 120)[-1]
    assert (row["period"], row["kind"], row["verdict"]) == ("2024-12", "fewer", PROBLEM)
    assert (row["rows"], row["expected"], row["failing"], row["share"]) == (120, 200, 80, 0.4)


@pytest.mark.parametrize("count", [121, 180, 220])
def test_a_month_with_somewhat_fewer_rows_is_none(count: int) -> None:
    assert gaps(*[200] * 23, count) == []


YEAR = [300, 280, 310, 150, 90, 60, 60, 100, 200, 400, 900, 1500]


def test_a_season_is_no_gap_even_in_the_first_year() -> None:
    assert gaps(*YEAR, *YEAR) == []
    assert gaps(*YEAR, *[n * 3 // 2 for n in YEAR], *[n * 2 for n in YEAR]) == []


def test_a_month_that_lacks_half_its_season_is_a_gap_though_others_have_fewer_rows() -> None:
    assert gaps(*YEAR, *YEAR[:11], 750) == ["2024-12"]
    assert judged(*YEAR, *YEAR[:11], 750)[-1]["expected"] == 1500


def test_the_years_trend_scales_the_season() -> None:
    # Twice as many rows in the second year: 2 x 100 in each January.
    rows = judged(*[100] * 12, *[200] * 12, *[200] * 12, 100)
    assert rows[-1]["period"] == "2026-01"
    assert (rows[-1]["expected"], rows[-1]["verdict"]) == (200, PROBLEM)


def test_growth_and_a_leap_of_the_level_are_no_gaps() -> None:
    assert gaps(*[round(100 * 1.05**month) for month in range(36)]) == []
    assert gaps(*[300] * 20, *[600] * 20) == []


def test_a_gap_is_no_measure_of_the_year_after() -> None:
    rows = judged(*[200] * 17, 20, *[200] * 11, 20)
    assert [row["period"] for row in rows if row["verdict"] == PROBLEM] == ["2024-06", "2025-06"]


def test_without_another_year_the_months_before_say_what_is_usual() -> None:
    rows = judged(200, 210, 190, 200, 100)
    assert [row["verdict"] for row in rows] == [OK, OK, OK, OK, PROBLEM]
    assert rows[-1]["expected"] == 200  # the median of 200, 210, 190 and 200


def test_a_month_without_any_row_between_others_is_a_gap() -> None:
    row = judged(200, 210, 0, 190, 200)[2]
    assert (row["kind"], row["verdict"], row["rows"]) == ("none", PROBLEM, 0)


def test_few_rows_may_be_fewer_by_chance() -> None:
    assert gaps(*[6] * 23, 2) == []
    assert gaps(2, 1, 3, 2, 0, 2, 1, 3) == []
    (row,) = [row for row in judged(5, 5, 5, 5, 0, 5, 5) if row["verdict"] != OK]
    assert (row["kind"], row["verdict"]) == ("none", NOTE)


def test_a_table_that_always_varied_much_may_vary() -> None:
    draw = random.Random(7)
    wild = [draw.choice((60, 120, 250, 400)) for _ in range(30)]
    assert gaps(*wild) == []
    assert gaps(*[200] * 29, 60) == ["2025-06"]


def test_a_month_that_is_not_over_is_said_to_be_so_and_not_judged() -> None:
    days = by_day(*[200] * 24)
    rows = volume("orders", {d: n for d, n in days.items() if d <= date(2024, 12, 9)}, Calendar(), Kind.MONTH,
                  date(2024, 12, 9))  # fmt: skip
    assert (rows[-1]["kind"], rows[-1]["verdict"], rows[-1]["note"]) == ("unfinished", NOTE, "2024-12-09")
    assert {row["verdict"] for row in rows[:-1]} == {OK}


def test_the_periods_of_the_review_are_judged_beside_months() -> None:
    rows = judged(*[200] * 21, 80, 80, 80, kind=Kind.QUARTER)
    assert [row["period"] for row in rows if row["verdict"] == PROBLEM] == [
        "2024-10",
        "2024-11",
        "2024-12",
        "2024-Q4",
    ]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    year=st.lists(st.integers(0, 5_000), min_size=12, max_size=12).filter(any),
    months=st.integers(36, 48),
)
def test_what_comes_again_every_year_is_never_a_gap(year: list[int], months: int) -> None:
    counts = [year[month % 12] for month in range(months)]
    assert [row for row in judged(*counts) if row["verdict"] == PROBLEM] == []


# Freshness


@pytest.mark.parametrize(
    ("days_between", "days_late", "verdict"),
    [(1, 0, OK), (1, 1, NOTE), (1, 5, PROBLEM), (7, 5, OK), (7, 9, NOTE), (7, 25, PROBLEM)],
)
def test_a_table_is_late_by_its_own_habits(days_between: int, days_late: int, verdict: str) -> None:
    days = {date(2025, 1, 1) + timedelta(days=n * days_between): 3 for n in range(40)}
    row = freshness("orders", days, max(days) + timedelta(days=days_late))
    assert (row["failing"], row["expected"], row["verdict"]) == (days_late, days_between - 1, verdict)
    assert bool(row["period"]) == (verdict != OK)


# The other checks, on a project

ORDERS = "order_id,customer_id,ordered_at,amount,sales_channel\n" + "".join(
    f"secret-{n},{'secret-lost' if n < 3 else 'secret-c'},2025-0{7 + n % 3}-{1 + n % 28:02d},"
    f"{'' if n % 4 else 'ten'},{'Web shop' if n > 5 else 'Webshop'}\n"
    for n in range(60)
)
FILES = {
    # 60 orders, 3 of them of a customer who is not there; a fourth of the amounts cannot be read.
    "orders.csv": ORDERS + "secret-1,secret-c,2025-09-02,,Web shop\n",
    # 4 customers, one twice, one without an identifier; the region of all but one is missing.
    "customers.csv": "customer_id,email,region\nsecret-c,secret@x.com,North\nsecret-c,,\nsecret-d,,\n"
    "secret-e,,\n,,\n",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return compute_results(read_project(write_project(tmp_path_factory.mktemp("quality"), files=FILES)))


def found(results: Results, table: str, check: str, column: str = "", kind: str = "") -> pd.Series:
    quality = results.quality
    (row,) = quality[
        (quality["table"] == table)
        & (quality["check"] == check)
        & (quality["column"] == column)
        & (quality["kind"] == kind)
    ].itertuples(index=False)
    return row


@pytest.mark.parametrize(
    ("table", "check", "column", "kind", "rows", "failing", "verdict"),
    [
        ("orders", "references", "customer_id", "orphan", 60, 3, NOTE),
        ("orders", "completeness", "amount", "empty", 60, 60, NOTE),
        ("orders", "completeness", "customer_id", "", 60, 0, OK),
        ("orders", "validity", "amount", "unreadable", 61, 15, PROBLEM),
        ("orders", "validity", "sales_channel", "slip", 60, 6, NOTE),
        ("orders", "uniqueness", "order_id", "duplicate", 61, 1, NOTE),
        ("customers", "uniqueness", "customer_id", "duplicate", 5, 1, PROBLEM),
        ("customers", "completeness", "customer_id", "missing", 4, 1, PROBLEM),
        ("customers", "completeness", "email", "empty", 3, 2, OK),  # may be missing for good reason
        ("customers", "completeness", "region", "empty", 3, 2, NOTE),  # segments of so few are not judged
        ("customers", "validity", "", "", 5, 0, OK),
    ],
)
def test_each_check_counts_what_fails(
    results: Results, table: str, check: str, column: str, kind: str, rows: int, failing: int, verdict: str
) -> None:
    row = found(results, table, check, column, kind)
    assert (row.rows, row.failing, row.verdict) == (rows, failing, verdict)
    assert row.share == failing / rows


def test_many_rows_that_name_nobody_are_a_problem(tmp_path: Path) -> None:
    customers = {"customers.csv": "customer_id\nsecret-lost\n"}
    row = found(compute_results(read_project(write_project(tmp_path, files=FILES | customers))), "orders",
                "references", "customer_id", "orphan")  # fmt: skip
    assert (row.rows, row.failing, row.verdict, row.note) == (60, 57, PROBLEM, "customers")


def test_the_frame_has_its_columns_and_nobodys_private_value(results: Results) -> None:
    assert results.quality.dtypes.astype(str).to_dict().keys() == COLUMNS.keys()
    assert "secret" not in results.quality.to_csv()
    assert found(results, "orders", "validity", "sales_channel", "slip").note == "Webshop → Web shop"


def test_order_lines_are_counted_by_the_time_of_their_order(tmp_path: Path) -> None:
    orders = "".join(f"o{n},c,2025-0{n % 3 + 1}-05\n" for n in range(9))
    lines = "".join(f"o{n},p,1,2\n" for n in range(9) for _ in range(1 + n % 3))
    files = {
        "orders.csv": f"order_id,customer_id,ordered_at\n{orders}",
        "order_lines.csv": f"order_id,product_id,quantity,unit_price\n{lines}",
    }
    quality = compute_results(read_project(write_project(tmp_path, files=files))).quality
    counted = quality[(quality["table"] == "order_lines") & (quality["check"] == "volume")]
    assert dict(zip(counted["period"], counted["rows"], strict=True)) == {
        "2025-01": 3,
        "2025-02": 6,
        "2025-03": 9,
    }


# Schema


def schema_of(**headings: str) -> dict[str, dict[str, dict[str, str]]]:
    columns = {h: {"type": kind, "column": h if h.islower() else ""} for h, kind in headings.items()}
    return {"orders": columns}


BEFORE = schema_of(order_id="text", amount="number", Colour="text", Size="integer")
NOW = schema_of(order_id="text", amount="text", Weight="number", Size="text")


def test_columns_that_came_went_or_changed_are_said_as_long_as_the_data_are_the_same(tmp_path: Path) -> None:
    old, new = {"orders": "a"}, {"orders": "b"}
    assert drift(tmp_path, old, BEFORE) == []  # nothing is remembered yet
    remember(tmp_path, old, BEFORE)
    assert drift(tmp_path, old, BEFORE) == []
    expected = [
        ("amount", "retyped", PROBLEM, "number → text"),
        ("Colour", "vanished", NOTE, ""),
        ("Size", "retyped", NOTE, "integer → text"),
        ("Weight", "appeared", NOTE, ""),
    ]
    for _ in range(3):  # as often as the same review is made
        rows = drift(tmp_path, new, NOW)
        assert [(r["column"], r["kind"], r["verdict"], r["note"]) for r in rows] == expected
        remember(tmp_path, new, NOW)
        assert is_remembered(tmp_path, new) and not is_remembered(tmp_path, old)
    (row,) = drift(tmp_path, {"orders": "c"}, NOW)
    assert (row["verdict"], row["rows"]) == (OK, 4)


def test_a_broken_memory_is_none(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", "[1]", '[{"data": "x"}]'):
        write(tmp_path / "schema.json", text)
        assert drift(tmp_path, {"orders": "a"}, BEFORE) == []


def test_a_column_that_is_gone_from_a_file_is_a_problem_of_the_next_review(tmp_path: Path) -> None:
    project = read_project(write_project(tmp_path, files=FILES))
    first = compute_results(project)
    remember(project.store, first.data, first.schema)
    write(tmp_path / "data" / "customers.csv", "customer_id,email,Area\nsecret-c,,North\n")
    quality = compute_results(project).quality
    changed = quality[(quality["check"] == "schema") & (quality["verdict"] != OK)]
    assert list(zip(changed["column"], changed["kind"], changed["verdict"], strict=True)) == [
        ("region", "vanished", PROBLEM),
        ("Area", "appeared", NOTE),
    ]


# Chapters


def test_a_chapter_rests_on_the_tables_of_what_its_cells_ask_for() -> None:
    reads = {chapter.name: reads_of(chapter) for chapter in chapters_of(read_project(ROOT))}
    assert {"orders", "orders.amount", "customers.region"} <= reads["sales"]
    assert {"order_lines.quantity", "products.category"} <= reads["products"]
    assert "feedback" not in reads["sales"] and "orders.discount" not in reads["sales"]
    assert {"feedback.csat", "interactions.first_response_at"} <= reads["satisfaction"]
    assert "orders" not in reads["satisfaction"]
    assert {"orders", "feedback", "interactions", "opportunities"} <= reads["summary"]
    assert reads["data"] == frozenset()


GAP = {
    "orders.csv": "order_id,customer_id,ordered_at,amount\n"
    + "".join(
        f"o{month}-{n},secret-c{n % 7},2025-{month:02d}-{1 + n % 28:02d},10\n"
        for month in range(3, 11)
        for n in range(56 if month == 9 else 140)
    ),
}
PAGES = {
    "summary": notebook(title="Summary", needs=["orders"]),
    "other": notebook(title="Other", needs=["feedback"]),
}


@pytest.fixture(scope="module")
def gap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = "  chapters: [summary, other]\n"
    return write_project(tmp_path_factory.mktemp("gap"), settings, GAP, PAGES)


@pytest.mark.parametrize(
    ("chapter", "period", "warns"),
    [
        ("summary", "2025-09", True),
        ("summary", "2025-10", True),  # which is compared with September
        ("summary", "2025-08", False),
        ("other", "2025-09", False),
    ],
)
def test_a_page_whose_data_have_a_gap_begins_with_it(
    gap: Path, chapter: str, period: str, warns: bool
) -> None:
    project = read_project(gap)
    results = compute_results(project)
    page = Page(chapter, period, WHOLE, "en", f"{period}/{chapter}")
    gaps = gaps_of(project, covered(project, results, period), quality_of(project, results))
    cells = prepare(project, results, chapter_of(project, chapter), page, gaps).cells
    said = [cell.source for cell in cells if cell.id == "caution"]
    assert len(said) == warns
    if warns:
        assert cells[1].source == said[0]
        assert "Orders placed: 56 rows in September 2025, where about 140 were to be expected" in said[0]


@pytest.mark.parametrize(("period", "warns"), [("2025-09", True), ("2025-08", False)])
def test_the_cover_says_of_a_gap_before_it_says_what_changed(
    gap: Path, tmp_path: Path, period: str, warns: bool
) -> None:
    project = read_project(gap)
    results = compute_results(project)
    summary, shown = chapter_of(project, "summary"), covered(project, results, period)
    page = Page("summary", period, WHOLE, "en", f"{period}/summary")
    book = Book(project, results, "en", (summary,), (shown,), {page: notebook()}, frozenset())
    assemble(book, tmp_path)
    config = yaml.safe_load((tmp_path / "_config.yml").read_text(encoding="utf-8"))
    (edition,) = config["sphinx"]["config"]["typst_documents"]
    first = edition["headlines"][0]["sentence"]
    assert first.startswith("There are gaps in the data behind these figures.") == warns


# The page about the data


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_page_shows_what_was_found_without_a_private_value(gap: Path, language: str) -> None:
    project = read_project(gap)
    results = compute_results(project)
    review = Review(Context(project, results, covered(project, results, "2025-10"), WHOLE, language))
    table = review.problems()
    assert isinstance(table, Table)
    (row,) = table.rows
    assert row[0] == "orders" and row[1].startswith("✗ ") and "56" in row[2] and "140" in row[2]
    shown = [table.as_data(), review.cleaning().as_data()]
    for chart in (review.completeness(), review.volume("orders")):
        assert isinstance(chart, Chart)
        spec = chart.spec()
        shown += [spec, vl_convert.vegalite_to_svg({**spec, "usermeta": {}, "width": 600})]
    assert "▼" in shown[-1]  # so that the gap is seen without colour
    assert "secret" not in str(shown)
    assert review.volume("feedback") == Text("")


def test_many_reasons_are_told_in_few_lines(gap: Path) -> None:
    project = read_project(gap)
    results = compute_results(project)
    lines = [("orders", "orders.csv", "emptied", "unreadable", f"c{n}", "", 20 - n, "[]") for n in range(12)]
    log = pd.concat([results.cleaning, pd.DataFrame(lines, columns=results.cleaning.columns)])
    period = covered(project, results, "2025-10")
    table = Review(Context(project, replace(results, cleaning=log), period, WHOLE, "en")).cleaning()
    rows = [row for row in table.rows if row[1] == "value treated as missing"]
    assert len(rows) == 9
    assert rows[0][2:] == ("c0 cannot be read", "20")
    assert rows[-1][2:] == ("4 more reasons", str(12 + 11 + 10 + 9))


def test_nothing_amiss_is_said_to_be_so(tmp_path: Path) -> None:
    project = read_project(write_project(tmp_path))
    results = compute_results(project)
    review = Review(Context(project, results, covered(project, results, "2025-10"), WHOLE, "en"))
    assert review.problems() == Text("Nothing is amiss in the data, as far as the checks can tell.")
    assert as_frame([]).empty
