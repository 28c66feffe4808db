"""Spark: tables of a folder, asked of Spark on this machine."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.misconfigured import CONFIG_FILE
from crmreport.source import Source

# pyspark.sql.SparkSession, which is there only where the extra is installed.
Session = Any

NAME = "crmreport"
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.maxResultSize": "0",
    "spark.ui.showConsoleProgress": "false",
}


def spark_answer(folder: Path, source: Source, key: str) -> pa.RecordBatchReader:
    """Ask Spark for a table of a folder, or a query over its tables.

    A table is a folder of Parquet files, or one such file, named by it: ``orders/``, ``orders.parquet``.
    `key`: where the settings speak of the source. Spark then runs until `stop_spark`.

    Raises UserError for a folder or a table that is not there, ImportError without the extra, and whatever
    Spark does.
    """
    from pyspark.sql import SparkSession  # an extra, which few need

    tables = tables_of(folder, source, key)
    session = _started(SparkSession)
    for name, path in tables.items():
        session.read.parquet(str(path)).createOrReplaceTempView(f"`{name}`")
    asked = session.sql(source.query) if source.query else session.table(f"`{source.table}`")
    return asked.toArrow().to_reader()


def stop_spark() -> None:
    """Stop Spark if it was started here; somebody else's session goes on."""
    if "pyspark" not in sys.modules:
        return
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is not None and session.sparkContext.appName == NAME:
        session.stop()


def tables_of(folder: Path, source: Source, key: str) -> dict[str, Path]:
    """Find the tables of a folder that a source needs: its own, or all of them for a query.

    Raises UserError for a folder or a table that is not there.
    """
    if not folder.is_dir():
        raise UserError(
            _t("{key} in {file}: there is no folder {folder}. Name the folder from the project's own."),
            key=f"{key}.database",
            file=CONFIG_FILE,
            folder=folder.name,
        )
    paths = sorted(p for p in folder.iterdir() if not p.name.startswith((".", "_")))
    tables = {p.name.removesuffix(".parquet"): p for p in paths if p.is_dir() or p.suffix == ".parquet"}
    if source.query:
        return tables
    if source.table not in tables:
        raise UserError(
            _t("{key} in {file}: the database has no table {table}. {suggestion}"),
            key=f"{key}.table",
            file=CONFIG_FILE,
            table=source.table,
            suggestion=suggestion(source.table, tables),
        )
    return {source.table: tables[source.table]}


def _started(kind: Session) -> Session:
    """Give the session that runs, or start one."""
    # It would write a page about each wrong query.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    running = kind.getActiveSession()
    if running is not None:
        return running
    builder = kind.builder.master("local[*]").appName(NAME)
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    with quietly():
        return builder.getOrCreate()


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what a program started now writes to standard error, whatever it is told, from the user."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as nowhere:
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
