"""Made orders: customers and orders of any number, the same each time, as a project that crmreport reads."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from crmreport.periods import Calendar, Kind, Period

FIRST_DAY, LAST_DAY = date(2025, 1, 1), date(2025, 12, 31)
REGIONS = ("Centre", "East", "North", "South", "West")
SEGMENTS = ("all", *REGIONS)
CUSTOMERS_PER_ORDER = 0.1
MEMORY_MB = 1_000

_CONFIG = """\
title: Made orders
crmreport:
  company: Made orders
  folder: data
  segments: [region]
  chapters: [summary]
  memory_mb: {memory_mb}
"""

# A few customers order often and most seldom; every number follows from the row's own.
_CUSTOMERS = """
    SELECT
        'C' || lpad(i::VARCHAR, 9, '0') AS customer_id,
        [{regions}][1 + (hash(i) % {n_regions})::INTEGER] AS region,
        TIMESTAMP '2024-01-01' + to_seconds((hash(i, 1) % (731 * 86400))::BIGINT) AS joined_at
    FROM range({customers}) t(i)
"""
_ORDERS = """
    SELECT
        'O' || lpad(i::VARCHAR, 10, '0') AS order_id,
        'C' || lpad(floor({customers} * pow((hash(i, 2) % 1000003) / 1000003, 1.7))::BIGINT::VARCHAR, 9, '0')
            AS customer_id,
        TIMESTAMP '{first}' + to_seconds((hash(i, 3) % ({days} * 86400))::BIGINT) AS ordered_at,
        round(5 + (hash(i, 4) % 30000) / 100, 2) AS amount
    FROM range({orders}) t(i)
"""


def months() -> tuple[Period, ...]:
    """Give the twelve months that the orders cover."""
    return Calendar().between(FIRST_DAY, LAST_DAY, Kind.MONTH)


def make_project(folder: Path, orders: int) -> Path:
    """Write a project of so many orders, and a tenth as many customers, into a folder."""
    (folder / "data").mkdir(parents=True)
    (folder / "_config.yml").write_text(_CONFIG.format(memory_mb=MEMORY_MB), encoding="utf-8")
    given = {
        "orders": orders,
        "customers": max(1, int(orders * CUSTOMERS_PER_ORDER)),
        "regions": ", ".join(f"'{r}'" for r in REGIONS),
        "n_regions": len(REGIONS),
        "first": FIRST_DAY,
        "days": (LAST_DAY - FIRST_DAY).days + 1,
    }
    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '{MEMORY_MB}MB'; SET threads = 2")
    connection.execute(f"SET temp_directory = '{folder / 'spilled'}'")
    for name, query in (("customers", _CUSTOMERS), ("orders", _ORDERS)):
        path = folder / "data" / f"{name}.parquet"
        connection.execute(f"COPY ({query.format(**given)}) TO '{path}' (FORMAT parquet)")
    connection.close()
    return folder
