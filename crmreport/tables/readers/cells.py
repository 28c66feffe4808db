"""Cells: what workbooks, SPSS files and SQLite hold, as the texts that a CSV would have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

# How many cells are held at once.
_CELLS = 1_000_000
# A larger whole number is not exact as a float, and its digits would be ones that nobody gave.
_EXACT = 2**53


def write_texts(path: Path, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows of any values, one for each heading, as a Parquet file of texts, some rows at a time."""
    schema = pa.schema([(heading, pa.string()) for heading in headings])
    texts = (tuple(map(as_text, row)) for row in rows)
    at_once = max(1, _CELLS // len(headings))
    with pq.ParquetWriter(path, schema) as file:
        while some := list(islice(texts, at_once)):
            columns = [pa.array(column, pa.string()) for column in zip(*some, strict=True)]
            file.write_batch(pa.record_batch(columns, schema=schema))


def as_text(value: object) -> str | None:
    """Write a value as programs do: 2025-10-31 14:05:00, 1234.5, 17850 for 17850.0; None for no value."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:
            return None
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    if isinstance(value, datetime):
        # A day of a workbook comes as its first moment.
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
