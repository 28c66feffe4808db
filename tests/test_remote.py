"""Remote engines: the same company is read, cleaned and counted the same in DuckDB, Spark and PostgreSQL."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from crmreport.config import Project, read_project
from crmreport.errors import UserError
from crmreport.metrics import METRICS
from crmreport.metrics.cube import compute_cube
from crmreport.metrics.metric import Metric
from crmreport.periods import Calendar, Kind
from crmreport.quality.measure import measure
from crmreport.tables.column import Column, Type
from crmreport.tables.data import Data, fingerprints, read_data
from crmreport.tables.engine import Connection, connect
from crmreport.tables.mapping.reading import Manner, read_as
from crmreport.tables.remote import opened_engine
from crmreport.tables.remote.brought import rows_here
from crmreport.tables.remote.fingerprints import refresh_sources
from crmreport.tables.remote.postgres import open_postgres
from crmreport.tables.remote.spark import open_spark
from crmreport.tables.remote.spark_sql import java_format
from crmreport.tables.sources import find_sources
from tests.conftest import ROOT, program
from tests.postgres_server import postgres_server
from tests.small_project import write_project

SAMPLE = ROOT / "data" / "sample"
PERIODS = ("2025-09", "2025-10")
# A part of the sample company, small enough for three engines, and what real tables have besides.
COMPANY = """
    CREATE TABLE customers AS FROM '{sample}/customers.parquet' WHERE customer_id LIKE '%3';
    INSERT INTO customers BY NAME SELECT customer_id || 'b' AS customer_id, upper(email) AS email,
        joined_at + INTERVAL 1 DAY AS joined_at FROM customers WHERE customer_id LIKE '%33';
    CREATE TABLE products AS FROM '{sample}/products.parquet';
    CREATE TABLE orders AS SELECT order_id, customer_id, sales_channel, campaign_id,
            strftime(ordered_at, '%Y-%m-%dT%H:%M:%SZ') AS ordered_at
        FROM '{sample}/orders.parquet' WHERE customer_id LIKE '%3';
    INSERT INTO orders BY NAME SELECT order_id, customer_id, ' ' AS sales_channel, ordered_at FROM orders
        WHERE order_id LIKE '%7';
    INSERT INTO orders BY NAME SELECT order_id || 'x' AS order_id, customer_id, 'Ärger' AS sales_channel,
        '31.10.2025' AS ordered_at FROM orders WHERE order_id LIKE '%W';
    CREATE TABLE order_lines AS FROM '{sample}/order_lines.parquet' SEMI JOIN orders USING (order_id);
    INSERT INTO order_lines BY NAME SELECT order_id, product_id, -quantity AS quantity, unit_price
        FROM order_lines WHERE order_id LIKE '%5' AND quantity > 2;
    INSERT INTO order_lines BY NAME SELECT 'nowhere' AS order_id, 1 AS quantity, 9.99 AS unit_price;
    CREATE TABLE interactions AS FROM '{sample}/interactions.parquet' WHERE customer_id LIKE '%3';
    CREATE TABLE feedback AS FROM '{sample}/feedback.parquet' WHERE customer_id LIKE '%3';
    CREATE TABLE events AS FROM '{sample}/events.parquet' WHERE visitor_id LIKE '%3'
        AND occurred_at >= '2025-08-01';
    CREATE TABLE opportunities AS FROM '{sample}/opportunities.parquet' WHERE opportunity_id LIKE '%3';
    CREATE TABLE campaigns AS FROM '{sample}/campaigns.parquet';
    CREATE TABLE market AS FROM '{sample}/market.parquet';
"""
LAKE = "lake"
SPARK_TABLES = ("customers", "products", "orders", "order_lines", "events")
SPARK_COUNTS = ("order_lines", "activity", "visits")
SMALL_SPARK = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.driver.memory": "1g",
}
TABLES = (
    *("customers", "products", "orders", "order_lines", "interactions", "feedback", "events"),
    *("opportunities", "campaigns", "market"),
)
SETTINGS = """  currency: GBP
  timezone: Europe/London
  merge_customers_by: [email]
  tables:
    customers: {customers}
    products: {products}
    orders:
      {orders}
      set_aside: [{{where: "left(order_id, 4) = 'SO-A' OR sales_channel = 'nobody'", reason: strange}}]
      columns: {{sales_channel: {{heading: sales_channel, values: {{Ärger: null}}}}}}
    order_lines:
      {order_lines}
      pair_cancellations: true
      drop_exact_duplicates: true
    interactions: {interactions}
    feedback: {feedback}
    events: {events}
    opportunities: {opportunities}
    campaigns: {campaigns}
    market: {market}
"""


def make_company(folder: Path) -> Path:
    """Write the company's tables as Spark has them: a folder of Parquet files for each."""
    with duckdb.connect() as engine:
        engine.execute(COMPANY.format(sample=SAMPLE))
        for table in TABLES:
            target = folder / table
            target.mkdir(parents=True)
            engine.execute(f"COPY (FROM {table} ORDER BY ALL) TO '{target}/part-0.parquet'")
    return folder


def project_of(
    folder: Path, engine: str, address: str, more: str = "", tables: tuple[str, ...] = TABLES
) -> Project:
    """Write a project of the company; only the engine, and where its tables are, differs."""
    place = {t: f"database: {address}, table: {t}" for t in TABLES}
    for table in TABLES if address == "file" else ("products",):
        place[table] = f"file: {LAKE}/{table}/part-0.parquet"
    block = {t: text.replace(", ", "\n      ") for t, text in place.items()}
    given = {t: block[t] if t in ("orders", "order_lines") else f"{{{place[t]}}}" for t in TABLES}
    settings = SETTINGS.format(**given)
    for table in set(TABLES) - set(tables):
        settings = re.sub(rf"^    {table}:.*\n", "", settings, flags=re.MULTILINE)
    return read_project(write_project(folder, f"  engine: {engine}\n{more}{settings}", files={}))


def answers(project: Project) -> dict[str, pd.DataFrame]:
    """Read, clean, count and measure."""
    calendar = Calendar(timezone="Europe/London")
    with opened_engine(project) as engine:
        data = read_data(project, engine=engine)
        quality, folds = measure(data, calendar, Kind.MONTH)
        return {"cleaning": data.cleaning, "quality": quality, "folds": folds, "cube": figures(data, METRICS)}


def figures(data: Data, metrics: tuple[Metric, ...]) -> pd.DataFrame:
    """Compute these metrics for two months."""
    calendar = Calendar(timezone="Europe/London")
    periods = [calendar.at(calendar.period(name), data.as_of) for name in PERIODS]
    return compute_cube(data, periods, 90, 5, metrics)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    make_company(folder / LAKE)
    return folder


@pytest.fixture(scope="module")
def expected(company: Path) -> dict[str, pd.DataFrame]:
    """What DuckDB answers."""
    found = answers(project_of(company, "duckdb", "file"))
    log = found["cleaning"]
    said = {(row.table, row.action, row.rule) for row in log.itertuples()}
    # What the company was given is there to be cleaned; else equal answers would say little.
    assert {
        ("orders", "set aside", "configured"),
        ("orders", "set aside", "duplicate"),
        ("orders", "set aside", "unreadable"),
        ("order_lines", "set aside", "orphan"),
        ("order_lines", "set aside", "cancelled"),
        ("customers", "merged", "same customer"),
    } <= said
    return found


def check_equal(found: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame]) -> None:
    """Compare the answers of an engine; the log calls a table of an engine otherwise than a file."""
    for name in found.keys() - {"cube"}:
        columns = [c for c in expected[name].columns if c != "file"]
        pd.testing.assert_frame_equal(found[name][columns], expected[name][columns], obj=name)
    sums = ["numerator", "denominator", "status"]
    cube = found["cube"]
    wanted = expected["cube"][expected["cube"]["metric"].isin(cube["metric"])].reset_index(drop=True)
    keys = ["period", "dimension", "segment", "metric"]
    pd.testing.assert_frame_equal(cube[keys + sums], wanted[keys + sums], check_exact=True)
    # Between two values, each engine finds a quantile by another order of the same steps.
    pd.testing.assert_frame_equal(cube, wanted, rtol=1e-14, atol=0)


@pytest.fixture(scope="module")
def postgres(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres_server(tmp_path_factory.mktemp("postgres"), "secret-word") as port:
        address = f"postgresql://crm:secret-word@127.0.0.1:{port}/postgres"
        engine = open_postgres(address, "UTC", 10**9)
        for table in TABLES:
            engine.send(pq.read_table(company / LAKE / table / "part-0.parquet"), f"sent_{table}")
            engine.con.execute(f"CREATE TABLE {table} AS TABLE sent_{table}")
        engine.disconnect()
        yield address


def test_postgresql_answers_what_duckdb_does(
    company: Path, expected: dict[str, pd.DataFrame], postgres: str
) -> None:
    check_equal(answers(project_of(company, postgres, "engine")), expected)


# Of each kind some that engines take for more, or for less, than DuckDB does.
WRITTEN = (
    *(
        "1",
        "1d",
        "1.",
        "+.5",
        "1e3",
        "1e400",
        "NaN",
        "yes",
        "on",
        "tr",
        "FALSE",
        " v ",
        "99999999999999999",
    ),
    *(
        "2025-7-5 13:04",
        "2025/7/5 13:04:05+08",
        "2025-02-30",
        "2025",
        "2025-10",
        "yesterday",
        "2025-10-31T14:05Z",
    ),
    *("2025-10-26 01:30:00+0100", "2025-10-31", "10:15", "9999-12-31"),
)


def readings(manner: Manner) -> ibis.Table:
    """Read each text as each type."""
    texts = ibis.memtable({"said": list(WRITTEN)}, schema={"said": "string"})
    columns = {kind.value: kind for kind in Type}
    read = {
        name: read_as(texts.said, Column(name=name, type=k, meaning=""), manner)
        for name, k in columns.items()
    }
    return texts.select("said", **read).order_by("said")


def check_readings(engine: Connection, *dates: str) -> None:
    """Compare what an engine reads with what DuckDB does."""
    asked = readings(Manner(timezone="Europe/London", from_timezone="Asia/Shanghai", dates=dates))
    expected = connect("Europe/London").to_pyarrow(asked).to_pylist()
    assert engine.to_pyarrow(asked).to_pylist() == expected


def test_postgresql_reads_texts_as_duckdb_does(postgres: str) -> None:
    engine = open_postgres(postgres, "Europe/London", 100)
    check_readings(engine, "unix")
    with pytest.raises(UserError, match="%d/%m/%Y is a format of dates, by which PostgreSQL cannot read"):
        engine.to_pyarrow(readings(Manner(dates=("%d/%m/%Y",))))
    engine.disconnect()


def test_more_rows_than_the_settings_let_do_not_come(postgres: str) -> None:
    engine = open_postgres(postgres, "UTC", 3)
    assert len(engine.table("products").limit(3).to_pyarrow()) == 3
    for fetch in (engine.to_pyarrow, engine.execute):
        with pytest.raises(
            UserError, match=r"More than 3 rows would have to pass .*: crmreport\.engine_rows in"
        ):
            fetch(engine.table("products"))
    engine.disconnect()


def test_an_engines_tables_have_a_fingerprint_of_their_rows(company: Path, postgres: str) -> None:
    project = project_of(company, postgres, "engine")
    engine = open_postgres(postgres, "UTC", 10)
    before = fingerprints(project)
    engine.con.execute("UPDATE feedback SET csat = csat")  # its rows now lie in another order
    refresh_sources(project, find_sources(project))
    assert fingerprints(project) == before
    engine.con.execute("UPDATE feedback SET csat = 6 - csat")
    assert fingerprints(project) == before  # until a build asks again
    refresh_sources(project, find_sources(project))
    engine.con.execute("UPDATE feedback SET csat = 6 - csat")
    engine.disconnect()
    changed = {name for name, found in fingerprints(project).items() if found != before[name]}
    assert changed == {"feedback"}


def test_short_tables_come_and_of_long_ones_the_number_of_rows(company: Path, postgres: str) -> None:
    project = project_of(company, postgres, "engine", "  engine_rows: 400\n")
    data = rows_here(project, ("campaigns", "feedback", "order_lines"))
    came = data.tables["campaigns"].order_by("campaign_id").to_pyarrow()
    assert came.num_rows == 218
    assert set(data.tables) == {"campaigns"}
    assert set(data.absent) == {"feedback", "order_lines"}
    assert min(data.absent.values()) > 400


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            "  engine: oracle://secret@host/name\n",
            "crmreport.engine in _config.yml is no engine. Write duckdb,",
        ),
        ("  engine: local[0]\n", "crmreport.engine in _config.yml is no engine."),
        ("  engine_rows: 0\n", "crmreport.engine_rows in _config.yml is 0; it must be at least 1."),
        (
            "  tables:\n    orders: {database: engine, table: orders}\n",
            "crmreport.tables.orders.database in _config.yml is a table of the engine, and no engine is",
        ),
        (
            "  engine: ${NO_SUCH_ENGINE}\n  tables:\n    orders: {database: engine, query: SELECT 1}\n",
            "crmreport.engine in _config.yml names the environment variable NO_SUCH_ENGINE, which is not",
        ),
        (
            "  engine: postgresql://crm:secret@127.0.0.1:1/x\n  tables:\n"
            "    orders: {database: engine, table: orders}\n",
            "crmreport.engine in _config.yml: the engine did not answer: ",
        ),
    ],
)
def test_an_engine_that_cannot_be_had_is_refused(tmp_path: Path, settings: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        fingerprints(read_project(write_project(tmp_path, settings, files={})))
    assert str(error.value).startswith(said)
    assert "secret" not in str(error.value)


def test_tables_of_another_engine_are_not_read_by_our_own_in_silence(tmp_path: Path) -> None:
    project = read_project(write_project(tmp_path, '  engine: "local[2]"\n'))
    with pytest.raises(RuntimeError, match=r"the engine local\[2\] is to be opened first"):
        read_data(project)


@pytest.fixture(scope="module")
def spark() -> Iterator[str]:
    """The address of a Spark of one core, which is small and starts once."""
    program("java")
    builder = SparkSession.builder.master("local[1]").appName("tests")
    for name, value in SMALL_SPARK.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield "local[1]"
    session.stop()
    gc.collect()


def few_answers(project: Project) -> dict[str, pd.DataFrame]:
    """Read, clean, and count by one metric of each kind: every question costs Spark half a second."""
    kinds = {(metric.table, metric.estimate): metric for metric in METRICS if metric.table in SPARK_COUNTS}
    with opened_engine(project) as engine:
        data = read_data(project, engine=engine)
        return {"cleaning": data.cleaning, "cube": figures(data, tuple(kinds.values()))}


# Spark leaves sockets for the garbage collector to close.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(
    not os.environ.get("CRMREPORT_SPARK_TESTS"), reason="takes minutes: set CRMREPORT_SPARK_TESTS=1"
)
def test_spark_answers_what_duckdb_does(company: Path, spark: str) -> None:
    expected = few_answers(project_of(company, "duckdb", "file", tables=SPARK_TABLES))
    project = project_of(company, f'"{spark}"', f'"spark:{LAKE}"', tables=SPARK_TABLES)
    check_equal(few_answers(project), expected)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_spark_reads_texts_as_duckdb_does(spark: str) -> None:
    engine = open_spark(spark, "Europe/London", 100)
    check_readings(engine, "%d.%m.%Y", "unix")
    with pytest.raises(UserError, match="%U is a format of dates by which Spark cannot read: it has no %U"):
        engine.to_pyarrow(readings(Manner(dates=("%U",))))
    engine.disconnect()


def test_a_format_of_dates_is_written_as_java_has_it() -> None:
    assert java_format("%d/%m/%Y at %H:%M") == "d/M/yyyy 'a''t' H:m"
