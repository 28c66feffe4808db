"""Engine: the database in which tables are read, cleaned and counted: DuckDB, through Ibis."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import duckdb
import ibis

# Ibis ships no types: ibis.expr.types.Table, ibis.expr.types.Value, and an Ibis backend.
IbisTable = Any
IbisValue = Any
Connection = Any

# Numbers a source's rows from 0, where the engine keeps no order of its own.
ROW = "_row_of_source"


def connect(timezone: str, memory_mb: int | None = None) -> Connection:
    """Open the engine, in memory; its clocks show the time of a zone.

    `memory_mb`: how much it may hold there; what is more, it puts aside in files. Without, it takes what it
    sees fit, 80 % of the machine's.
    """
    connection = ibis.duckdb.connect()
    connection.raw_sql(f"SET TimeZone = '{timezone}'")
    if memory_mb is not None:
        connection.raw_sql(f"SET memory_limit = '{memory_mb}MB'")
    # Columns that say little, as most that cleaning adds, then take little room.
    connection.raw_sql("ATTACH ':memory:' AS tables (COMPRESS); USE tables")
    # What does not fit into memory would else go to the folder in which the user happens to be.
    spilled = str(scratch_folder(connection)).replace("'", "''")
    connection.raw_sql(f"SET temp_directory = '{spilled}'")
    # In JupyterLab without ipywidgets there is no bar, and DuckDB refuses to hear of one.
    with suppress(duckdb.InvalidInputException):
        connection.raw_sql("SET enable_progress_bar = false")  # what is done is said by the commands
    return connection


def scratch_folder(connection: Connection) -> Path:
    """Make a folder of one's own that is there as long as the connection, and no longer than the process."""
    folder = Path(tempfile.mkdtemp(prefix="crmreport-"))
    # Not weakref's own: of that, a process of a pool never hears that it ends.
    Finalize(connection, shutil.rmtree, (folder,), {"ignore_errors": True}, exitpriority=0)
    return folder
