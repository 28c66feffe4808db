"""Spark as the engine: a session that counts where the data are."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import pandas as pd
import pyarrow as pa
from ibis.backends.pyspark import Backend
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as everybody who writes Spark calls it
from pyspark.sql import types as kinds

from crmreport.tables.engine import ROW, IbisTable
from crmreport.tables.readers.spark import NAME, quietly
from crmreport.tables.remote.fetching import check_small
from crmreport.tables.remote.spark_sql import SparkSql

# What only the start of a session can set, and only on this machine does.
_AT_START = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
_SETTINGS = {
    # A time without a zone is one, and is not moved.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # A number that does not fit is an error, not another number.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.maxPlanStringLength": "10000",
}


def open_spark(address: str, timezone: str, most_rows: int) -> SparkEngine:
    """Open a session of one's own: on this machine (``local[2]``), of a cluster, or of a server (``sc://``).

    A Spark that runs in this process is used, and goes on. Raises whatever Spark does.
    """
    # It would write a page about each wrong query.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    if address.startswith("sc://"):
        return SparkEngine(SparkSession.builder.remote(address).getOrCreate(), timezone, most_rows)
    builder = SparkSession.builder.master(address).appName(NAME)
    for name, value in _AT_START.items():
        builder = builder.config(name, value)
    with quietly():
        session = builder.getOrCreate().newSession()
    return SparkEngine(session, timezone, most_rows)


class SparkEngine(Backend):  # type: ignore[misc]
    """A Spark session, asked through Ibis.

    Tables that are made here are views of the session, kept on the executors' disks; none is written into
    the user's catalogue.
    """

    def __init__(self, session: SparkSession, timezone: str, most_rows: int) -> None:
        """Ask a session; the review's clocks show the time of a zone. `most_rows`: see `check_small`."""
        ibis.pyspark  # noqa: B018 - from then on Ibis knows its options for Spark
        super().__init__()
        self.compiler = SparkSql(timezone)
        self.most_rows = most_rows
        self._kept: dict[str, DataFrame] = {}
        self.do_connect(session)
        for name, value in _SETTINGS.items():
            session.conf.set(name, value)

    def execute(self, expr: Any, /, *, limit: int | str | None = None, **options: Any) -> Any:  # noqa: ANN401
        """Fetch an answer, unless it is large; see `check_small`."""
        found = super().execute(expr, limit=self.most_rows + 1 if limit is None else limit, **options)
        if isinstance(found, pd.DataFrame | pd.Series):
            check_small(found, self.most_rows)
        return found

    def get_schema(self, table_name: str, **place: Any) -> ibis.Schema:  # noqa: ANN401
        """Give a table's types; those of moments, which Ibis takes for times without a zone, as they are."""
        schema = super().get_schema(table_name, **place)
        catalog, database = place.get("catalog"), place.get("database")
        name = ".".join(f"`{part}`" for part in (catalog, database, table_name) if part)
        moments = {
            field.name: dt.Timestamp("UTC", scale=6)
            for field in self._session.table(name).schema.fields
            if isinstance(field.dataType, kinds.TimestampType)
        }
        return ibis.schema({**schema, **moments})

    def create_table(self, name: str, /, obj: Any = None, **options: Any) -> IbisTable:  # noqa: ANN401
        """Keep an answer for this session, computed once."""
        if obj is None:
            obj = ibis.memtable([], schema=options["schema"])
        elif not isinstance(obj, ibis.Expr):
            obj = ibis.memtable(obj)
        return self._keep(name, self._frame(obj))

    def create_view(self, name: str, /, obj: IbisTable, **options: Any) -> IbisTable:  # noqa: ANN401
        """Name a question for this session."""
        self._frame(obj).createOrReplaceTempView(f"`{name}`")
        return self.table(name)

    def drop_table(self, name: str, **options: Any) -> None:  # noqa: ANN401
        """Forget a table that was made here."""
        self._drop_cached_table(name)

    def numbered(self, asked: IbisTable, name: str) -> IbisTable:
        """Keep rows with their number (`ROW`, from 0) when sorted by all their columns, missing values last.

        Every executor numbers its own part of the sorted rows; only the parts' sizes come together.
        """
        rows = self._frame(asked)
        columns = [F.col(f"`{c}`").asc_nulls_last() for c in rows.columns]
        parts = rows.orderBy(*columns).withColumns(
            {"_part": F.spark_partition_id(), "_place": F.monotonically_increasing_id()}
        )
        kept = parts.localCheckpoint()
        sizes = kept.groupBy("_part").agg(F.min("_place").alias("_first"), F.count(F.lit(1)).alias("_rows"))
        before, offsets = 0, []
        for part in sorted(sizes.collect(), key=lambda part: part["_part"]):
            offsets.append((part["_part"], before - part["_first"]))
            before += part["_rows"]
        offset = self._session.createDataFrame(offsets, "_part int, _offset long")
        joined = kept.join(F.broadcast(offset), "_part")
        found = joined.withColumn(ROW, F.col("_place") + F.col("_offset")).select(*rows.columns, ROW)
        return self._keep(name, found)

    def send(self, rows: pa.Table, name: str) -> IbisTable:
        """Give Spark some rows of this machine."""
        return self._keep(name, self._session.createDataFrame(rows))

    def show_files(self, folder: Path, name: str) -> IbisTable:
        """Show a folder of Parquet files, or one such file, which Spark reads where they are."""
        self._session.read.parquet(str(folder)).createOrReplaceTempView(f"`{name}`")
        return self.table(name)

    def digest(self, rows: IbisTable) -> tuple[int, int]:
        """Count rows, and add up what tells each from others; whatever their order, it is the same."""
        frame = self._frame(rows)
        hashed = F.sum(F.xxhash64(*(F.col(f"`{c}`") for c in frame.columns)).cast("decimal(38, 0)"))
        (found,) = frame.agg(F.count(F.lit(1)).alias("n"), hashed.alias("h")).collect()
        return found["n"], int(found["h"] or 0)

    def disconnect(self) -> None:
        """Let go of what was kept; a session that was started here ends."""
        self._kept.clear()

    def _frame(self, asked: IbisTable) -> DataFrame:
        self._run_pre_execute_hooks(asked)
        frame: DataFrame = self._session.sql(self.compile(asked))
        return frame

    def _keep(self, name: str, frame: DataFrame) -> IbisTable:
        # Not only kept: else each question would carry with it how all that it is asked of was made, which
        # Spark writes down anew at every step (after some tables, a gigabyte of text).
        kept = frame.localCheckpoint()
        kept.createOrReplaceTempView(f"`{name}`")
        self._kept[name] = kept
        return self.table(name)

    def _create_cached_table(self, name: str, expr: IbisTable) -> IbisTable:
        return self.create_table(name, expr)

    def _drop_cached_table(self, name: str) -> None:
        self._session.catalog.dropTempView(name)
        self._kept.pop(name, None)

    def _register_in_memory_table(self, op: Any) -> None:  # noqa: ANN401
        # Ibis goes by pandas, and makes moments of times that have no zone.
        self._session.createDataFrame(op.data.to_pyarrow(op.schema)).createOrReplaceTempView(op.name)
