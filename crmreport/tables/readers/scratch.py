"""Scratch: where a source is kept as Parquet while it is read, and is gone with the connection."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

from crmreport.tables.engine import Connection


def scratch_folder(connection: Connection) -> Path:
    """Make a folder of one's own that is there as long as the connection, and no longer than the process."""
    folder = Path(tempfile.mkdtemp(prefix="crmreport-"))
    weakref.finalize(connection, shutil.rmtree, folder, ignore_errors=True)
    return folder
