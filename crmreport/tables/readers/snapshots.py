"""Snapshots: what databases answered last, as Parquet in the project, so that only a build asks them."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.source import Source
from crmreport.tables.readers.databases import answered
from crmreport.tables.readers.places import key_of
from crmreport.tables.readers.spark import stop_spark
from crmreport.tables.readers.statements import address, literal

_FOLDER = Path(".crmreport", "snapshots")
_PASSWORD = re.compile(r"//[^/@]*@")


def refresh_snapshots(root: Path, sources: Mapping[str, Source]) -> None:
    """Ask every database among a project's sources anew, and keep its answers; forget those of others.

    `sources`: by the contract's names of their tables, all that the project has. Raises UserError for a
    database that does not answer; what it answered before is then still there, and not used.
    """
    asked = {name: source for name, source in sources.items() if source.database}
    try:
        for name, source in asked.items():
            _fetch(root, source, key_of(name))
    finally:
        stop_spark()
    wanted = {_path(root, source) for source in asked.values()}
    for path in (root / _FOLDER).glob("*.parquet"):
        if path not in wanted:
            path.unlink()


def snapshot(root: Path, source: Source, key: str) -> Path:
    """Give what a database answered last, as a Parquet file; it is asked only if it never was."""
    path = _path(root, source)
    if not path.is_file():
        try:
            _fetch(root, source, key)
        finally:
            stop_spark()
    return path


def _path(root: Path, source: Source) -> Path:
    """Name a snapshot by what was asked of which database, as the settings name it, but for its password."""
    asked = "\0".join((_PASSWORD.sub("//", source.database), source.table, source.query))
    name = re.sub(r"\W+", "-", source.table) or "query"
    return root / _FOLDER / f"{name}-{hashlib.sha256(asked.encode()).hexdigest()[:8]}.parquet"


def _fetch(root: Path, source: Source, key: str) -> None:
    """Ask a database, and keep the answer, its rows in an order that depends on nothing but themselves."""
    path = _path(root, source)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            came, ordered = Path(folder, "came.parquet"), Path(folder, "ordered.parquet")
            with answered(root, source, key) as batches, pq.ParquetWriter(came, batches.schema) as file:
                for batch in batches:
                    file.write_batch(batch)
            with duckdb.connect() as engine:
                rows = f"SELECT * FROM read_parquet({address(came)}) ORDER BY ALL"
                engine.execute(f"COPY ({rows}) TO {literal(str(ordered))} (FORMAT parquet)")
            ordered.replace(path)
    except OSError as error:
        raise UserError(
            _t("{path} cannot be written: {reason}. Put the project where you may write."),
            path=str(_FOLDER),
            reason=error.strerror or str(error),
        ) from None
