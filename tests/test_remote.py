"""Remote engines: the same company is read, cleaned and counted the same in DuckDB, Spark and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from crmreport.config import Project, read_project
from crmreport.metrics.cube import compute_cube
from crmreport.periods import Calendar, Kind
from crmreport.quality.measure import measure
from crmreport.tables.data import read_data
from crmreport.tables.remote import opened_engine
from tests.conftest import ROOT
from tests.small_project import write, write_project

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
    INSERT INTO orders BY NAME SELECT order_id || 'x' AS order_id, 'Ärger' AS sales_channel, '31/10/2025' AS ordered_at
        FROM orders WHERE order_id LIKE '%W';
    CREATE TABLE order_lines AS SELECT l.* FROM '{sample}/order_lines.parquet' l SEMI JOIN orders USING (order_id);
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
    place = {
        t: f"database: {address}, table: {t}" if address != "file" else f"file: lake/{t}/part-0.parquet"
        for t in TABLES
    }
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
