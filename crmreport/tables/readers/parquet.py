"""Parquet: the form that every source is brought into, or has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.tables.engine import Connection, IbisTable
from crmreport.tables.readers.headings import check_unique
from crmreport.tables.readers.statements import address, engine_says, quoted


def parquet_headings(path: Path, named: Path) -> tuple[str, ...]:
    """Give the columns of a Parquet file, which messages call `named`.

    UserError for a file that is none, or that has two columns of one name.
    """
    try:
        headings = tuple(pq.read_schema(path).names)
    except (OSError, pa.ArrowException) as error:
        raise not_parquet(path, named, error) from None
    check_unique(headings, named)
    return headings


def view_of_parquet(connection: Connection, paths: Sequence[Path], view: str) -> IbisTable:
    """Show Parquet files as one table, one after the other, with the columns of all. Raises duckdb.Error."""
    addresses = ", ".join(map(address, paths))
    connection.con.execute(
        f"CREATE OR REPLACE VIEW {quoted(view)} AS "
        f"SELECT * FROM read_parquet([{addresses}], union_by_name = true)"
    )
    return connection.table(view)


def not_parquet(path: Path, named: Path, error: Exception) -> UserError:
    """Say why a Parquet file, which messages call `named`, cannot be read."""
    if not _begins_and_ends(path):
        return UserError(
            _t("{path} is not a Parquet file, or is cut short. Export it again."), path=named.name
        )
    return cannot_be_read(named, error)


def cannot_be_read(named: Path, error: Exception) -> UserError:
    """Say what the engine says of a file."""
    return UserError(
        _t("{path} cannot be read: {reason}. Mend what is named, or export the file again."),
        path=named.name,
        reason=engine_says(error),
    )


def _begins_and_ends(path: Path) -> bool:
    """Say whether a file begins and ends as Parquet files do."""
    mark = b"PAR1"
    with path.open("rb") as file:
        begins = file.read(len(mark))
        file.seek(max(0, path.stat().st_size - len(mark)))
        return begins == file.read() == mark
