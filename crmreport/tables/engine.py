"""Engine: the database in which tables are read, cleaned and counted: DuckDB, through Ibis."""

from __future__ import annotations

from typing import Any

import ibis

# Ibis ships no types: ibis.expr.types.Table, ibis.expr.types.Value, and an Ibis backend.
IbisTable = Any
IbisValue = Any
Connection = Any


def connect(timezone: str) -> Connection:
    """Open the engine, in memory; its clocks show the time of a zone."""
    connection = ibis.duckdb.connect()
    connection.raw_sql(f"SET TimeZone = '{timezone}'")
    return connection
