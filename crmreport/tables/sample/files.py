"""From frames to Parquet files whose columns are the contract's, in its order and with its kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from crmreport.tables.contract import Type, table

MONEY_DIGITS = 18
PENCE_DIGITS = 2

_ARROW = {
    Type.TEXT: pa.string(),
    Type.INTEGER: pa.int32(),
    Type.NUMBER: pa.float64(),
    Type.BOOLEAN: pa.bool_(),
    Type.TIMESTAMP: pa.timestamp("ms"),  # Parquet knows no seconds
    Type.DATE: pa.date32(),
}


def _money(pence: pd.Series) -> pa.Array:
    """Turn whole pence into exact decimals: the same number, read with two places."""
    known = pence.notna().to_numpy()
    low: npt.NDArray[np.int64] = pence.fillna(0).to_numpy(dtype=np.int64)
    words = np.column_stack([low, np.where(low < 0, -1, 0)])  # 128 bits, lower half first
    return pa.Array.from_buffers(
        pa.decimal128(MONEY_DIGITS, PENCE_DIGITS),
        len(low),
        [pa.array(known).buffers()[1], pa.py_buffer(words.tobytes())],
    )


def _column(values: pd.Series, kind: Type) -> pa.Array:
    if kind is Type.MONEY:
        return _money(values)
    return pa.array(values, type=_ARROW[kind], from_pandas=True)


def arrow_table(name: str, frame: pd.DataFrame) -> pa.Table:
    """Turn a frame into an Arrow table of the contract; columns that the contract does not know are left out.

    Money columns of the frame hold whole pence.
    """
    columns = [c for c in table(name).columns if c.name in frame.columns]
    missing = [c.name for c in table(name).columns if c.required and c.name not in frame.columns]
    if missing:
        raise ValueError(f"The sample's table {name} lacks {', '.join(missing)}, which the contract requires")
    arrays = [_column(frame[c.name], c.type) for c in columns]
    fields = [pa.field(c.name, a.type) for c, a in zip(columns, arrays, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def write(name: str, frame: pd.DataFrame, folder: Path) -> int:
    """Write a frame as `folder/name.parquet`; return its number of rows."""
    pq.write_table(
        arrow_table(name, frame),
        folder / f"{name}.parquet",
        compression="zstd",
        compression_level=9,
        version="2.6",
    )
    return len(frame)
