"""Databases: what they hold is read as from files, and the server is asked once; no password is ever said."""

from __future__ import annotations

import gc
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pytest

from crmreport.config import Project, read_project
from crmreport.errors import UserError
from crmreport.results import compute_results
from crmreport.source import Source
from crmreport.tables.data import read_data
from crmreport.tables.engine import connect
from crmreport.tables.readers import fingerprint, open_source, refresh_snapshots
from tests.conftest import ROOT, program
from tests.postgres_server import postgres_server
from tests.small_project import write, write_project

SAMPLE = ROOT / "data" / "sample"
TABLES = ("customers", "orders", "order_lines", "opportunities", "feedback")
PASSWORD = "pass/word 1%"


def rows(folder: Path, **source: object) -> list[tuple]:
    opened = open_source(connect("UTC"), folder, Source.model_validate(source), "orders")
    return [tuple(row.values()) for row in opened.table.to_pyarrow().to_pylist()]


def refused(folder: Path, **source: object) -> str:
    with pytest.raises(UserError) as error:
        rows(folder, **source)
    text = str(error.value)
    assert "\n" not in text
    return text


def project_of(folder: Path, tables: dict[str, str]) -> Project:
    """Write a project of the sample company's tables, each from a source."""
    lines = "".join(f"    {name}: {source}\n" for name, source in tables.items())
    settings = f"  currency: GBP\n  timezone: Europe/London\n  tables:\n{lines}"
    return read_project(write_project(folder, settings, files={}))


@pytest.fixture(scope="module")
def cube(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The figures of the sample company, from its Parquet files."""
    folder = tmp_path_factory.mktemp("parquet")
    return compute_results(project_of(folder, {t: str(SAMPLE / f"{t}.parquet") for t in TABLES})).cube


@pytest.fixture(scope="module")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "crm.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE orders (id, amount, note)")
    lines = [(1, 10.5, "ä"), ("o2", 4.0, None), (3, None, b"raw")]
    database.executemany("INSERT INTO orders VALUES (?, ?, ?)", lines)
    database.execute('CREATE TABLE "strange name" ("a b")')
    database.commit()
    database.close()
    return path


@pytest.fixture(scope="module")
def duckdb_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("duckdb") / "crm.db"
    with duckdb.connect(str(path)) as database:
        for table in TABLES:
            database.execute(f"CREATE TABLE {table} AS FROM '{SAMPLE / table}.parquet'")
        database.execute("CREATE SCHEMA sales; CREATE VIEW sales.few AS SELECT 1 AS id, 'ä' AS note")
    return path


def test_the_figures_are_the_same_from_a_duckdb_file(tmp_path: Path, duckdb_file: Path, cube: pd.DataFrame):
    project = project_of(tmp_path, {t: f"{{file: {duckdb_file}, table: {t}}}" for t in TABLES})
    pd.testing.assert_frame_equal(compute_results(project).cube, cube)


def test_a_table_or_a_query_of_a_duckdb_file_is_read(duckdb_file: Path):
    folder, name = duckdb_file.parent, duckdb_file.name
    assert rows(folder, file=name, table="sales.FEW") == [(1, "ä")]
    assert rows(folder, file=name, query="FROM sales.few SELECT note, id + 1 AS n") == [("ä", 2)]
    assert refused(folder, file=name, table="order").startswith(
        "crmreport.tables.orders.table in _config.yml: crm.db has no table order. Did you mean orders?"
    )
    assert refused(folder, file=name).startswith(
        "crmreport.tables.orders.table in _config.yml: say which table of crm.db is meant. There are: "
    )
    said = refused(folder, file=name, query="SELECT * FROM read_csv('/etc/passwd')")
    assert "it reads READ_CSV('/etc/passwd'), and may read only: customers, " in said
    assert "it is not one SELECT" in refused(folder, file=name, query="DROP TABLE orders")


def test_a_table_or_a_query_of_an_sqlite_file_is_read(sqlite_file: Path):
    folder, name = sqlite_file.parent, sqlite_file.name
    expected = [("1", "10.5", "ä"), ("o2", "4", None), ("3", None, "raw")]
    assert rows(folder, file=name, table="orders") == expected
    assert rows(folder, file=name, table="strange name") == []
    query = "SELECT id, amount * 2 AS twice FROM orders WHERE amount IS NOT NULL ORDER BY amount"
    assert rows(folder, file=name, query=query) == [("o2", "8"), ("1", "21")]
    assert refused(folder, file=name, table="order").endswith("has no table order. Did you mean orders?")
    assert "no such column: total" in refused(folder, file=name, query="SELECT total FROM orders")
    assert "it reads other, and may" in refused(folder, file=name, query="SELECT * FROM other")
    assert "it is not one SELECT" in refused(folder, file=name, query="DELETE FROM orders")
    assert len(rows(folder, file=name, table="orders")) == 3


@pytest.mark.parametrize("keep_bytes", [10, 40, 5000])
def test_a_database_file_that_is_cut_short_is_refused(
    tmp_path: Path, sqlite_file: Path, duckdb_file: Path, keep_bytes: int
):
    for path in (sqlite_file, duckdb_file):
        write(tmp_path / "crm.db", path.read_bytes()[:keep_bytes])
        assert refused(tmp_path, file="crm.db", table="orders").startswith("crm.db ")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://u:secret@127.0.0.1:1/crm", "the database did not answer: connection failed: "),
        ("postgresql://u:secret@127.0.0.1:none/crm", "the database did not answer: Port could not be cast"),
        ("postgresql://u:secret@[127.0.0.1/crm", "the database did not answer: "),
        ("mysql://u:secret@127.0.0.1:1/crm", "orders"),
        ("trino://u:secret@127.0.0.1:1/crm", 'another library: pip install "ibis-framework[trino]"'),
        ("nosuch://u:secret@127.0.0.1:1/crm", "database in _config.yml is no address of a database. It must"),
        ("secret", "database in _config.yml is no address of a database."),
        ("${NO_SUCH_SECRET}", "names the environment variable NO_SUCH_SECRET, which is not set"),
        ("spark:secret/nowhere", "database in _config.yml: there is no folder nowhere."),
    ],
)
def test_a_database_that_cannot_be_asked_is_told_without_its_password(
    tmp_path: Path, address: str, said: str
):
    text = refused(tmp_path, database=address, table="orders")
    assert said in text
    assert text.startswith("crmreport.tables.orders")
    assert "secret" not in text


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server that this test starts, with the sample company's tables."""
    with postgres_server(tmp_path_factory.mktemp("postgres"), PASSWORD) as port:
        _fill(port)
        yield f"postgresql://crm:pass%2Fword+1%25@127.0.0.1:{port}/postgres"


def _fill(port: int) -> None:
    """Copy the sample company's tables, and one of odd types, into PostgreSQL."""
    types = {
        "decimal128(18, 2)": "numeric(18, 2)",
        "timestamp[ms]": "timestamp",
        "timestamp[us]": "timestamp",
        "date32[day]": "date",
    }
    types |= {"string": "text", "large_string": "text", "bool": "boolean", "double": "double precision"}
    types |= {"int64": "bigint", "int32": "integer", "int16": "smallint", "int8": "smallint"}
    with psycopg.connect(
        host="127.0.0.1", port=port, user="crm", password=PASSWORD, dbname="postgres"
    ) as server:
        for name in TABLES:
            table = pq.read_table(SAMPLE / f"{name}.parquet")
            columns = ", ".join(f"{f.name} {types[str(f.type)]}" for f in table.schema)
            server.execute(f"CREATE TABLE {name} ({columns})")
            with server.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
                    copy.write_row(row)
        server.execute("CREATE SCHEMA odd")
        server.execute("CREATE TYPE odd.mood AS ENUM ('glad', 'sad')")
        server.execute(
            "CREATE TABLE odd.types AS SELECT 1 AS id, 1.5::numeric AS amount, "
            "0.12345678901234567890 AS fine, 'glad'::odd.mood AS mood, "
            "'f0000000-0000-0000-0000-000000000001'::uuid AS key, "
            "'{\"a\": 1}'::jsonb AS more, ARRAY[1, 2] AS several, "
            "'2025-10-01 12:00+02'::timestamptz AS at, '2025-10-01'::date AS day, NULL::text AS nothing"
        )


def test_the_figures_are_the_same_from_postgresql(
    tmp_path: Path, postgres: str, cube: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CRM_DATABASE", postgres)
    project = project_of(tmp_path, {t: f'{{database: "${{CRM_DATABASE}}", table: {t}}}' for t in TABLES})
    refresh_snapshots(project.root, project.settings.tables)
    # From here on, nobody asks the server.
    monkeypatch.delenv("CRM_DATABASE")
    with pytest.raises(UserError, match="CRM_DATABASE, which is not set"):
        refresh_snapshots(project.root, project.settings.tables)
    monkeypatch.setenv("CRM_DATABASE", "postgresql://127.0.0.1:1/crm")
    pd.testing.assert_frame_equal(compute_results(project).cube, cube)


def test_equal_rows_of_a_database_have_an_equal_fingerprint(tmp_path: Path, postgres: str):
    tables = {
        "orders": Source(database=postgres, table="orders"),
        "customers": Source(database=postgres, query="SELECT * FROM customers ORDER BY random()"),
    }
    refresh_snapshots(tmp_path, tables)
    before = {name: fingerprint(tmp_path, source) for name, source in tables.items()}
    snapshots = tmp_path / ".crmreport" / "snapshots"
    (snapshots / "old.parquet").write_bytes(b"of a table that is no longer connected")
    refresh_snapshots(tmp_path, tables)
    assert {name: fingerprint(tmp_path, source) for name, source in tables.items()} == before
    assert sorted(path.name.split("-")[0] for path in snapshots.iterdir()) == ["orders", "query"]
    everything = b"".join(path.read_bytes() + path.name.encode() for path in snapshots.iterdir())
    assert b"word" not in everything


def test_values_that_only_postgresql_has_come_as_texts(tmp_path: Path, postgres: str):
    (row,) = rows(tmp_path, database=postgres, table="odd.types")
    *texts, at, day, nothing = row
    assert texts == [
        1,
        "1.5",
        "0.12345678901234567890",
        "glad",
        "f0000000-0000-0000-0000-000000000001",
        '{"a": 1}',
        "{1,2}",
    ]
    assert (at.isoformat(), day.isoformat(), nothing) == ("2025-10-01T10:00:00+00:00", "2025-10-01", None)


def test_what_postgresql_does_not_have_is_named_without_its_password(tmp_path: Path, postgres: str):
    for source, said in (
        ({"table": "order"}, "orders.table in _config.yml: the database has no table order. Did you mean"),
        ({"table": "odd.type"}, "the database has no table odd.type. Did you mean types?"),
        (
            {"query": "SELECT nothing FROM orders"},
            'the database did not answer: column "nothing" does not exist',
        ),
        ({"query": "SELECT 1/0 AS x"}, "the database did not answer: division by zero"),
        ({"query": "DELETE FROM orders"}, "query in _config.yml cannot be asked: it is not one SELECT"),
    ):
        text = refused(tmp_path, database=postgres, **source)
        assert said in text
        assert "word" not in text
    wrong = postgres.replace("word", "WORD")
    text = refused(tmp_path, database=wrong, table="orders")
    assert 'password authentication failed for user "crm"' in text
    assert "WORD" not in text


@pytest.fixture(scope="module")
def java() -> str:
    return program("java")


# Spark leaves sockets for the garbage collector to close.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_figures_are_the_same_from_spark(
    tmp_path: Path, java: str, cube: pd.DataFrame, capfd: pytest.CaptureFixture
):
    for table in TABLES:
        # As Spark itself would write one: a folder of files.
        (tmp_path / "lake" / table).mkdir(parents=True)
        shutil.copy(SAMPLE / f"{table}.parquet", tmp_path / "lake" / table / "part-0.parquet")
    project = project_of(tmp_path, {t: f'{{database: "spark:lake", table: {t}}}' for t in TABLES})
    query = "SELECT o.order_id FROM orders o LEFT SEMI JOIN customers c ON c.customer_id = o.customer_id"
    asked = {"events": Source(database="spark:lake", query=query)}
    refresh_snapshots(project.root, project.settings.tables | asked)
    pd.testing.assert_frame_equal(compute_results(project).cube, cube)
    known = set(pq.read_table(SAMPLE / "customers.parquet")["customer_id"].to_pylist())
    orders = pq.read_table(SAMPLE / "orders.parquet").to_pylist()
    of_known = sorted(o["order_id"] for o in orders if o["customer_id"] in known and o["order_id"])
    assert [i for (i,) in rows(tmp_path, database="spark:lake", query=query) if i] == of_known
    assert "has no table order. Did you mean order" in refused(tmp_path, database="spark:lake", table="order")
    said = refused(tmp_path, database="spark:lake", query="SELECT nothing FROM orders")
    assert "`nothing` cannot be resolved" in said
    assert capfd.readouterr() == ("", "")
    gc.collect()


def test_a_database_is_asked_once_for_a_table_that_was_never_asked(tmp_path: Path, postgres: str):
    project = project_of(tmp_path, {"orders": f'{{database: "{postgres}", table: orders}}'})
    first = read_data(project).tables["orders"].count().to_pyarrow().as_py()
    (snapshot,) = (tmp_path / ".crmreport" / "snapshots").glob("orders-*.parquet")
    written = snapshot.stat().st_mtime_ns
    assert read_data(project).tables["orders"].count().to_pyarrow().as_py() == first > 0
    assert snapshot.stat().st_mtime_ns == written
