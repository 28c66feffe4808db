"""Readers: files of any kind, many of them, and queries over them all give the rows that stand there."""

from __future__ import annotations

import gc
import gzip
import io
import tempfile
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from crmreport.config import read_project
from crmreport.errors import UserError
from crmreport.source import Source
from crmreport.tables.data import read_data
from crmreport.tables.engine import connect
from crmreport.tables.readers import Opened, check_source, fingerprint, open_source, table_name
from tests.small_project import ORDERS, refused_list, write, write_project

CHINESE = "姓名,城市\n张三,北京市朝阳区\n李四,上海市浦东新区\n王五,广州市天河区\n"


def opened(folder: Path, files: dict[str, str | bytes], **source: object) -> Opened:
    """Open the first of some files, or what the source names instead."""
    for name, content in files.items():
        write(folder / name, content)
    given = Source.model_validate({"file": next(iter(files), "")} | source)
    return open_source(connect("UTC"), folder, given, "orders")


def rows(source: Opened) -> list[dict]:
    return source.table.to_pyarrow().to_pylist()


def rejected(source: Opened) -> list[tuple]:
    lines = [] if source.rejected is None else source.rejected.to_pyarrow().to_pylist()
    return [(line["line"], line["said"], line["reason"]) for line in lines]


def parquet(**columns: list) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def workbook(**sheets: Iterable[Iterable[object]]) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(list(line))
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "x,y\n1,ä\n"),
        ("a.csv", "\ufeffx,y\r\n1,ä\r\n"),
        ("a.csv", "x,y\r1,ä\r"),
        ("a.csv", "x;y\n1;ä"),
        ("a.tsv", "x\ty\n1\tä\n"),
        ("a.txt", "x|y\n1|ä\n"),
        ("a.csv", ' x ,"y"\n"1","ä"\n'),
        ("a.csv", "x,y\n1,ä\n".encode("utf-16")),
        ("a.csv", "x,y\n1,ä\n".encode("utf-16-be").join([b"\xfe\xff", b""])),
        ("a.csv.gz", gzip.compress("x,y\n1,ä\n".encode(), mtime=0)),
        ("A.CSV.GZ", gzip.compress("x,y\n1,ä\n".encode(), mtime=0)),
        ("a.parquet", parquet(x=["1"], y=["ä"])),
        ("a.xlsx", workbook(Sheet=[("x", "y"), (1, "ä")])),
    ],
)
def test_a_table_is_the_same_whatever_it_is_written_in(tmp_path: Path, name: str, content: str | bytes):
    assert rows(opened(tmp_path, {name: content})) == [{"x": "1", "y": "ä"}]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gb18030"),
        (CHINESE, "utf-16-le"),
        ("名前,町\n田中,東京都新宿区\n鈴木,大阪府大阪市\nありがとうございます,カタログ\n", "cp932"),
        ("имя,город\nИванов,Москва\nПетров,Санкт-Петербург\nЗаказ выполнен,да\n", "cp1251"),
        ("Name,Ort\nMüller,Köln\nJürgen Schröder,Größe für Übung\n", "cp1252"),
    ],
)
def test_letters_are_read_as_they_were_written(tmp_path: Path, text: str, encoding: str):
    given = {"encoding": encoding} if encoding.startswith("utf-16") else {}
    headings, *lines = (line.split(",") for line in text.splitlines())
    found = rows(opened(tmp_path, {"a.csv": text.encode(encoding)}, **given))
    assert found == [dict(zip(headings, line, strict=True)) for line in lines]


@pytest.mark.parametrize(
    ("text", "encoding", "readings"),
    [
        ("x\nMuñoz\n", "cp1252", ("cp1252 (Muñoz)", "Muńoz")),
        ("x,y\na,£3\n", "cp1252", ("cp1252 (£3)", "Ł3")),
        ("x\nŁódź\n", "cp1250", ("cp1250 (Łódź)",)),
        ("x\n网店\n", "gb18030", ("gb18030 (网店)",)),
    ],
)
def test_letters_that_may_be_several_are_never_guessed(
    tmp_path: Path, text: str, encoding: str, readings: tuple[str, ...]
):
    with pytest.raises(UserError) as error:
        opened(tmp_path, {"a.csv": text.encode(encoding)})
    said = str(error.value)
    assert said.startswith("a.csv, line 2: this is not UTF-8, and may be any of: ")
    assert all(reading in said for reading in readings)
    assert "Say which in _config.yml, such as crmreport.tables.orders.encoding: " in said
    # Once said, it is read so.
    assert (
        text.splitlines()[1].split(",")[-1]
        in rows(opened(tmp_path, {"a.csv": text.encode(encoding)}, encoding=encoding))[0].values()
    )


@pytest.mark.parametrize(
    ("content", "given", "said"),
    [
        (CHINESE.encode("gb18030"), "cp932", "a.csv, line 1: this is not cp932 text."),
        (CHINESE.encode("gb18030"), "utf-8", "a.csv, line 1: this is not UTF-8 text."),
        (CHINESE.encode() + b"\xff\xfe,x\n", None, "a.csv, line 5: this is not UTF-8 text."),
        (
            b"x\n",
            "utf-9",
            "crmreport.tables.orders.encoding in _config.yml is utf-9, which is not an encoding.",
        ),
        (b"x\n", "base64", "crmreport.tables.orders.encoding in _config.yml is base64, which is not an"),
    ],
)
def test_a_wrong_encoding_is_told_by_its_line(tmp_path: Path, content: bytes, given: str | None, said: str):
    with pytest.raises(UserError) as error:
        opened(tmp_path, {"a.csv": content}, encoding=given)
    assert str(error.value).startswith(said)


def test_lines_that_are_no_rows_are_kept_with_their_number_and_reason(tmp_path: Path):
    text = 'x,y\n1,2\n3\n4,5,6\n"a\nb",7\n\n8,9,\n10\n'
    for change in (str, lambda t: t.replace("\n", "\r\n"), lambda t: t.replace("\n", "\r")):
        source = opened(tmp_path, {"a.csv": change(text)})
        cells = [(r["x"].replace("\r\n", "\n").replace("\r", "\n"), r["y"]) for r in rows(source)]
        assert cells == [("1", "2"), ("a\nb", "7"), ("8", "9")]
        assert rejected(source) == [
            (3, "3", "1 cells instead of 2"),
            (4, "4,5,6", "3 cells instead of 2"),
            (9, "10", "1 cells instead of 2"),
        ]


def test_a_quotation_mark_that_is_never_closed_costs_its_own_line_alone(tmp_path: Path):
    source = opened(tmp_path, {"a.csv": 'x,y\n1,2\n"3,4\n5,6" screen\n7,"8"9\n"10",11\n'})
    assert [tuple(r.values()) for r in rows(source)] == [("1", "2"), ("5", '6" screen'), ("10", "11")]
    reason = "a quotation mark that does not end its cell"
    assert rejected(source) == [(3, '"3,4', reason), (5, '7,"8"9', reason)]


def test_rows_keep_their_order_beyond_any_block(tmp_path: Path):
    lines = "".join(f'{n},"{"x" * 90}\n"\n' for n in range(100_000))
    found = opened(tmp_path, {"a.csv": "n,x\n" + lines}).table.n.to_pyarrow().to_pylist()
    assert found == [str(n) for n in range(100_000)]


def test_lines_above_the_headings_are_skipped_whatever_stands_there(tmp_path: Path):
    text = 'Report of 2025\n"open\n\nx;y\n1;2\n3\n'
    source = opened(tmp_path, {"a.csv": text}, skip_rows=3)
    assert rows(source) == [{"x": "1", "y": "2"}]
    assert rejected(source) == [(6, "3", "1 cells instead of 2")]


def test_headings_of_several_rows_are_joined(tmp_path: Path):
    text = "Orders,,Customer,\nno,day,name,\n1,2,3,4\n"
    assert rows(opened(tmp_path, {"a.csv": text}, heading_rows=2)) == [
        {"Orders no": "1", "Orders day": "2", "Customer name": "3", "Customer": "4"}
    ]
    book = workbook(Sheet=[("title",), ("Orders", None, "Customer"), ("no", "day", "name"), (1, 2, 3)])
    assert rows(opened(tmp_path, {"a.xlsx": book}, heading_rows=2, skip_rows=1)) == [
        {"Orders no": "1", "Orders day": "2", "Customer name": "3"}
    ]


def test_a_column_without_a_heading_is_named_by_its_number(tmp_path: Path):
    assert rows(opened(tmp_path, {"a.csv": ",x,\n1,2,3\n"})) == [{"column 1": "1", "x": "2", "column 3": "3"}]


def test_a_separator_is_taken_as_it_is_given(tmp_path: Path):
    assert rows(opened(tmp_path, {"a.csv": "x:y,z\n1:2,3\n"}, separator=":")) == [{"x": "1", "y,z": "2,3"}]


def test_the_cells_of_a_workbook_are_texts_as_programs_write_them(tmp_path: Path):
    line = (1, 2.5, datetime(2025, 10, 1, 14, 5), date(2025, 10, 2), True, time(9, 30), "1,5", None)
    book = workbook(Empty=[], Data=[[f"c{n}" for n in range(8)], line, [None] * 8, ("=1/0", "x")])
    first, second = rows(opened(tmp_path, {"a.xlsx": book}))
    assert list(first.values()) == [
        "1",
        "2.5",
        "2025-10-01 14:05:00",
        "2025-10-02",
        "true",
        "09:30:00",
        "1,5",
        None,
    ]
    assert (second["c0"], second["c1"]) == (None, "x")


@pytest.mark.parametrize("sheet", ["Lines", " lines", 2])
def test_a_sheet_is_found_by_name_or_number(tmp_path: Path, sheet: str | int):
    book = workbook(Orders=[("x",), (1,)], Lines=[("x",), (2,)])
    assert rows(opened(tmp_path, {"a.xlsx": book}, sheet=sheet)) == [{"x": "2"}]


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path: Path):
    book = workbook(Orders=[("x",), (1,)], Lines=[("x",), (2,)])
    with pytest.raises(
        UserError, match=r"orders.sheet in _config.yml: a.xlsx has no sheet Line. Did you mean Lin"
    ):
        opened(tmp_path, {"a.xlsx": book}, sheet="Line")
    with pytest.raises(UserError, match=r"a.xlsx has no sheet 3. There are: Orders, Lines."):
        opened(tmp_path, {"a.xlsx": book}, sheet=3)


def test_an_spss_file_gives_codes_and_labels(tmp_path: Path):
    frame = pd.DataFrame(
        {
            "id": [1.0, 2.0, 3.0],
            "sex": [1.0, 2.0, 9.0],
            "name": ["a", "Bär", ""],
            "on": [date(2025, 1, 2)] * 3,
        }
    )
    labels = {"sex": {1: "female", 2: "male", 9: "not said"}}
    path = str(tmp_path / "a.sav")
    pyreadstat.write_sav(frame, path, variable_value_labels=labels, missing_ranges={"sex": [9]})
    source = opened(tmp_path, {}, file="a.sav")
    found = [tuple(r.values()) for r in rows(source)]
    assert source.table.columns == ("id", "sex", "sex (label)", "name", "on")
    assert found == [
        ("1", "1", "female", "a", "2025-01-02"),
        ("2", "2", "male", "Bär", "2025-01-02"),
        ("3", None, None, None, "2025-01-02"),
    ]
    pyreadstat.write_sav(frame.iloc[:0], path)
    assert rows(opened(tmp_path, {}, file="a.sav")) == []


def test_many_files_are_one_table_with_the_columns_of_all(tmp_path: Path):
    files = {
        "in/2025-01.csv": "no,day\n1,a\n",
        "in/2025-02.csv.gz": gzip.compress(b"Day;No;more\nb;2;x\n3\n", mtime=0),
        "in/.hidden.csv": "nothing",
        "in/~$2025.csv": "nothing",
    }
    expected = [
        {"no": "1", "day": "a", "more": None},
        {"no": "2", "day": "b", "more": "x"},
    ]
    for named in ("in", "in/", "in/*", "in/2025-*", "**/2025*"):
        source = opened(tmp_path, files, file=named)
        assert rows(source) == expected
        assert rejected(source) == [(3, "3", "2025-02.csv.gz: 1 cells instead of 3")]


@pytest.mark.parametrize(
    ("files", "named", "said"),
    [
        ({"in/a.csv": "x\n1\n", "in/b.csv": "y\n1\n"}, "in", "b.csv has no column of a.csv, beside which it"),
        (
            {"in/a.csv": "x\n1\n", "in/b.xlsx": "y"},
            "in",
            "crmreport.tables.orders in _config.yml: in are several files that cannot be one table: a.csv, b",
        ),
        (
            {"in/a.md": "x"},
            "in",
            "crmreport.tables.orders in _config.yml: there is no file in in that can be",
        ),
        (
            {"in/a.md": "x"},
            "in/*.csv",
            "crmreport.tables.orders in _config.yml: no file fits in/*.csv. Write",
        ),
        (
            {"in/a.md": "x"},
            "in/a.md",
            "crmreport.tables.orders in _config.yml: in/a.md is of a kind that cannot",
        ),
        (
            {"in/a.csv": "x"},
            "in/b.csv",
            "crmreport.tables.orders in _config.yml: there is no file in/b.csv.",
        ),
        ({"in/a.csv": ""}, "in", "a.csv is empty."),
        (
            {"in/a.csv": "x"},
            "${NO_SUCH_PLACE}/a.csv",
            "crmreport.tables.orders in _config.yml names the environment variable NO_SUCH_PLACE, which is",
        ),
    ],
)
def test_files_that_are_no_table_are_named(tmp_path: Path, files: dict, named: str, said: str):
    with pytest.raises(UserError) as error:
        opened(tmp_path, files, file=named)
    assert str(error.value).startswith(said)


def test_a_path_may_name_environment_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EXPORTS", str(tmp_path / "somewhere"))
    write(tmp_path / "somewhere" / "a.csv", "x\n1\n")
    assert rows(opened(tmp_path, {}, file="${EXPORTS}/a.csv")) == [{"x": "1"}]


def test_a_query_sees_the_file_and_those_beside_it(tmp_path: Path):
    files = {
        "a.csv": "no,customer\n1,c1\n2,c2\n3,c1\n",
        "b.parquet": parquet(id=["c1", "c2"], region=["N", "S"]),
    }
    source = opened(
        tmp_path,
        files,
        beside={"Customers": "b.parquet"},
        query="-- of each order\nWITH north AS (SELECT * FROM customers WHERE region = 'N')\n"
        "SELECT f.no, north.region FROM file AS f JOIN north ON north.id = f.customer ORDER BY f.no DESC;",
    )
    assert [tuple(r.values()) for r in rows(source)] == [("3", "N"), ("1", "N")]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * FROM nothing", "it reads nothing, and may read only: file, other"),
        ("SELECT * FROM 'b.csv'", 'it reads "b.csv", and may read only: file, other'),
        ("SELECT * FROM read_csv('b.csv')", "it reads READ_CSV('b.csv'), and may read only"),
        ("SELECT * FROM glob('*')", "it reads GLOB('*'), and may read only"),
        ("SELECT (SELECT max(x) FROM read_text('/etc/hostname'))", "it reads READ_TEXT("),
        ("SELECT * FROM information_schema.tables", "it reads information_schema.tables, and may"),
        ("DROP TABLE file", "it is not one SELECT, which only reads"),
        ("SELECT 1; SELECT 2", "it is not one SELECT, which only reads"),
        ("COPY file TO 'b.csv'", "it is not one SELECT, which only reads"),
        ("PRAGMA version", "it is not one SELECT, which only reads"),
        ("SELEC x FROM file", "Invalid expression"),
        ("SELECT * FROM", "Expected table name"),
        ("SELECT y FROM file", 'Referenced column "y" not found in FROM clause'),
        (
            "SELECT x, x FROM file",
            "it has several columns named x; give each a name of its own, as in x AS x_2",
        ),
        ("SELECT x::INT AS n FROM file", "Could not convert string 'one' to INT32"),
    ],
)
def test_a_query_that_is_none_is_refused_with_what_is_wrong(tmp_path: Path, query: str, said: str):
    with pytest.raises(UserError) as error:
        opened(tmp_path, {"a.csv": "x\none\n", "b.csv": "x\n2\n"}, beside={"other": "b.csv"}, query=query)
    text = str(error.value)
    assert text.startswith("crmreport.tables.orders.query in _config.yml cannot be asked: ")
    assert said in text
    assert "\n" not in text


def test_a_query_of_the_settings_becomes_the_table(tmp_path: Path):
    settings = (
        "  tables:\n    orders:\n      file: data/raw.csv\n"
        "      query: FROM file SELECT *, amount::DOUBLE * 2 AS twice WHERE customer_id <> 'c0'\n"
        "      columns: {amount: twice}\n"
    )
    project = read_project(write_project(tmp_path, settings, {"raw.csv": ORDERS}))
    orders = read_data(project).tables["orders"]
    assert orders.count().to_pyarrow().as_py() == 112 - 36
    assert set(orders.amount.to_pyarrow().to_pylist()) == {21}


def test_a_source_is_checked_before_it_is_read(tmp_path: Path):
    write(tmp_path / "a.csv", "x\n1\n")
    check_source(tmp_path, Source(file="a.csv"), "orders")
    for given, said in (
        ({"query": "SELECT * FROM b"}, "query in _config.yml cannot be asked: it reads b"),
        ({"beside": {"b": "b.csv"}}, "beside.b in _config.yml: there is no file b.csv"),
        ({"table": "orders"}, "orders.table in _config.yml: only a database has tables, and a.csv is none."),
    ):
        with pytest.raises(UserError, match=said):
            check_source(tmp_path, Source(file="a.csv", **given), "orders")


def test_a_fingerprint_is_that_of_all_the_files(tmp_path: Path):
    write(tmp_path / "in" / "a.csv", "x\n1\n")
    write(tmp_path / "in" / "b.csv", "x\n2\n")
    write(tmp_path / "c.csv", "x\n3\n")
    source = Source(file="in", beside={"c": "c.csv"}, query="FROM file")
    found = {fingerprint(tmp_path, source)}
    assert found == {fingerprint(tmp_path, source)}
    for changed in ("in/a.csv", "in/b.csv", "c.csv"):
        write(tmp_path / changed, "x\n4\n")
        found.add(fingerprint(tmp_path, source))
    (tmp_path / "in" / "b.csv").rename(tmp_path / "in" / "d.csv")
    found.add(fingerprint(tmp_path, source))
    assert len(found) == 5


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("orders.csv", "orders"),
        ("orders.csv.gz", "orders"),
        ("orders.XLSX", "orders"),
        ("orders.2024.csv", "orders.2024"),
        ("orders.db", ""),
        ("orders.gz", ""),
        ("COLUMNS.md", ""),
    ],
)
def test_a_file_is_called_by_its_name_without_its_ending(name: str, table: str):
    assert table_name(Path(name)) == table


def test_a_packed_file_of_the_folder_is_found(tmp_path: Path):
    project = write_project(tmp_path, files={"orders.csv.gz": gzip.compress(ORDERS.encode(), mtime=0)})
    assert read_data(read_project(project)).tables["orders"].count().to_pyarrow().as_py() == 112


def test_nothing_is_left_behind_when_the_connection_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    source = opened(tmp_path, {"a.csv": CHINESE.encode("gb18030")})
    assert len(list((tmp_path / "scratch").glob("*/*"))) == 1
    assert len(rows(source)) == 3
    del source
    gc.collect()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_rates_that_are_not_there_are_named(tmp_path: Path):
    project = write_project(tmp_path, "  rates: data/rates.csv\n")
    assert refused_list(project).startswith(
        "crmreport.rates in _config.yml: there is no file data/rates.csv. Name it from the project's folder."
    )


def test_parquet_files_of_different_types_are_one_table_of_texts_where_they_differ(tmp_path: Path):
    files = {"in/a.parquet": parquet(n=[1]), "in/b.parquet": parquet(N=["two"])}
    assert [row["n"] for row in rows(opened(tmp_path, files, file="in"))] == ["1", "two"]
