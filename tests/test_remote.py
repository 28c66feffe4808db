"""Remote engines: the same company is read, cleaned and counted the same in DuckDB, Spark and PostgreSQL."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from crmreport.config import Project, read_project
from crmreport.metrics.cube import compute_cube
from crmreport.periods import Calendar, Kind
from crmreport.quality.measure import measure
from crmreport.tables.data import read_data
from crmreport.tables.remote import opened_engine
from crmreport.tables.remote.postgres import open_postgres
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


def project_of(folder: Path, engine: str, address: str) -> Project:
    """Write a project of the company; only the engine, and where its tables are, differs."""
    place = {t: f"database: {address}, table: {t}" for t in TABLES}
    for table in TABLES if address == "file" else ("products",):
        place[table] = f"file: {LAKE}/{table}/part-0.parquet"
    block = {t: text.replace(", ", "\n      ") for t, text in place.items()}
    given = {t: block[t] if t in ("orders", "order_lines") else f"{{{place[t]}}}" for t in TABLES}
    return read_project(write_project(folder, f"  engine: {engine}\n" + SETTINGS.format(**given), files={}))


def answers(project: Project) -> dict[str, pd.DataFrame]:
    """Read, clean and count."""
    calendar = Calendar(timezone="Europe/London")
    with opened_engine(project) as engine:
        data = read_data(project, engine=engine)
        quality, folds = measure(data, calendar, Kind.MONTH)
        periods = [calendar.at(calendar.period(name), data.as_of) for name in PERIODS]
        cube = compute_cube(data, periods, 90, 5)
    return {"cleaning": data.cleaning, "quality": quality, "folds": folds, "cube": cube}


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
    """Compare all answers; the log calls a table of an engine otherwise than a file."""
    for name in ("cleaning", "quality", "folds"):
        columns = [c for c in expected[name].columns if c != "file"]
        pd.testing.assert_frame_equal(found[name][columns], expected[name][columns], obj=name)
    sums = ["numerator", "denominator", "status"]
    cube, wanted = found["cube"], expected["cube"]
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


# Spark leaves sockets for the garbage collector to close.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_spark_answers_what_duckdb_does(company: Path, expected: dict[str, pd.DataFrame], spark: str) -> None:
    check_equal(answers(project_of(company, f'"{spark}"', f'"spark:{LAKE}"')), expected)
