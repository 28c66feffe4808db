"""Frames: read a kept frame in the thread that asks for it.

`pandas.read_parquet` starts Arrow's threads, with which a process must not be forked, and costs more on
frames as small as ours.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pyarrow.parquet import ParquetFile


def read_frame(path: Path) -> pd.DataFrame:
    """Read a frame from a Parquet file. OSError or ValueError, of which Arrow's own are, if it is none."""
    with ParquetFile(path, pre_buffer=False) as file:
        frame: pd.DataFrame = file.read(use_threads=False).to_pandas(use_threads=False)
    return frame
