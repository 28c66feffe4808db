"""PostgreSQL as the engine: a connection that counts where the data are."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd
import psycopg
import pyarrow as pa
import sqlglot as sg
from ibis.backends.postgres import Backend

from crmreport.tables.engine import ROW, IbisTable
from crmreport.tables.readers.databases import with_patience
from crmreport.tables.remote.fetching import check_small
from crmreport.tables.remote.postgres_sql import SESSION, PostgresSql


def open_postgres(address: str, timezone: str, most_rows: int) -> PostgresEngine:
    """Connect to a server; nothing is written there but tables of the session. Raises psycopg.Error."""
    connection = psycopg.connect(with_patience(address), autocommit=True)
    engine = PostgresEngine(connection, most_rows)
    connection.execute(f"SET TimeZone = '{timezone}'")
    connection.execute(SESSION)
    return engine


class PostgresEngine(Backend):  # type: ignore[misc]
    """A connection to PostgreSQL, asked through Ibis.

    Tables that are made here are temporary. Their texts are compared by their bytes, as DuckDB does, and not
    by the rules of a language.
    """

    compiler = PostgresSql()

    def __init__(self, connection: psycopg.Connection, most_rows: int) -> None:
        """Ask by a connection; `most_rows`: see `check_small`."""
        super().__init__()
        self.most_rows = most_rows
        self.con = connection
        self._post_connect()

    def execute(self, expr: Any, /, *, limit: int | str | None = None, **options: Any) -> Any:  # noqa: ANN401
        """Fetch an answer as pandas has it, unless it is large; see `check_small`."""
        found = super().execute(expr, limit=self.most_rows + 1 if limit is None else limit, **options)
        if isinstance(found, pd.DataFrame | pd.Series):
            check_small(found, self.most_rows)
        return found

    def to_pyarrow(self, expr: Any, /, *, limit: int | str | None = None, **options: Any) -> Any:  # noqa: ANN401
        """Fetch an answer as Arrow has it, unless it is large; see `check_small`."""
        found = super().to_pyarrow(expr, limit=self.most_rows + 1 if limit is None else limit, **options)
        if isinstance(found, pa.Table | pa.ChunkedArray):
            check_small(found, self.most_rows)
        return found

    def create_table(self, name: str, /, obj: Any = None, **options: Any) -> IbisTable:  # noqa: ANN401
        """Keep an answer for this session."""
        if obj is not None and not isinstance(obj, ibis.Expr):
            return self.send(obj, name)
        schema = ibis.schema(options["schema"]) if obj is None else obj.schema()
        self._make(name, schema)
        if obj is not None:
            self._run_pre_execute_hooks(obj)
            columns = ", ".join(map(_quoted, schema.names))
            self.con.execute(f"INSERT INTO {_quoted(name)} ({columns}) {self.compile(obj)}")
        # The planner knows nothing of a temporary table until it is told to look.
        self.con.execute(f"ANALYZE {_quoted(name)}")
        return self.table(name)

    def create_view(self, name: str, /, obj: IbisTable, **options: Any) -> IbisTable:  # noqa: ANN401
        """Name a question for this session."""
        self._run_pre_execute_hooks(obj)
        self.con.execute(f"DROP VIEW IF EXISTS pg_temp.{_quoted(name)}")
        self.con.execute(f"CREATE TEMPORARY VIEW {_quoted(name)} AS {self.compile(obj)}")
        return self.table(name)

    def numbered(self, asked: IbisTable, name: str) -> IbisTable:
        """Keep rows with their number (`ROW`, from 0) as sorted by all their columns, missing values last."""
        schema = asked.schema()
        order = ", ".join(
            _quoted(column) + (' COLLATE "C"' if kind.is_string() else "") + " NULLS LAST"
            for column, kind in schema.items()
        )
        self._make(name, ibis.schema({**schema, ROW: "int64"}))
        columns = ", ".join(map(_quoted, schema.names))
        number = f"row_number() OVER (ORDER BY {order}) - 1"
        rows = f"SELECT {columns}, {number} FROM ({self.compile(asked)}) AS asked"
        self.con.execute(f"INSERT INTO {_quoted(name)} {rows}")
        self.con.execute(f"ANALYZE {_quoted(name)}")
        return self.table(name)

    def send(self, rows: pa.Table, name: str) -> IbisTable:
        """Give PostgreSQL some rows of this machine."""
        self._make(name, ibis.Schema.from_pyarrow(rows.schema))
        columns = ", ".join(map(_quoted, rows.column_names))
        with self.con.cursor() as cursor, cursor.copy(f"COPY {_quoted(name)} ({columns}) FROM STDIN") as copy:
            for batch in rows.to_batches():
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    copy.write_row(row)
        self.con.execute(f"ANALYZE {_quoted(name)}")
        return self.table(name)

    def digest(self, rows: IbisTable) -> tuple[int, int]:
        """Count rows, and add up what tells each from others; whatever their order, it is the same."""
        hashed = "sum(hashtextextended(asked::text, 0)::numeric)"
        asked = f"SELECT count(*), {hashed} FROM ({self.compile(rows)}) AS asked"
        ((count, found),) = self.con.execute(asked).fetchall()
        return int(count), int(found or 0)

    def _drop_cached_table(self, name: str) -> None:
        if not self.con.closed:  # else it is gone with the session
            super()._drop_cached_table(name)

    def _make(self, name: str, schema: ibis.Schema) -> None:
        """Make a temporary table, whose texts are compared by their bytes, instead of one that there is."""
        types = self.compiler.type_mapper
        columns = ", ".join(
            f"{_quoted(column)} {types.to_string(kind)}" + (' COLLATE "C"' if kind.is_string() else "")
            for column, kind in schema.items()
        )
        self.con.execute(f"DROP TABLE IF EXISTS pg_temp.{_quoted(name)}")
        self.con.execute(f"CREATE TEMPORARY TABLE {_quoted(name)} ({columns})")

    def _register_in_memory_table(self, op: Any) -> None:  # noqa: ANN401
        self.send(op.data.to_pyarrow(op.schema), op.name)


def _quoted(name: str) -> str:
    return str(sg.to_identifier(name, quoted=True).sql("postgres"))
