"""Rejected: the lines of a text file that are no rows."""

from __future__ import annotations

import pyarrow as pa

# The line's number, from 1; the line itself; and why it is no row.
REJECTED = pa.schema([("line", pa.int64()), ("said", pa.string()), ("reason", pa.string())])


def cells_instead(found: int, wanted: int) -> str:
    """Say that a line has not the number of cells that the headings have."""
    return f"{found} cells instead of {wanted}"
