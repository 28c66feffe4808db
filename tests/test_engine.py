"""Engine: it leaves nothing where the user works, and keeps silent."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from crmreport.tables.engine import connect


def _setting(connection: object, name: str) -> str:
    return connection.raw_sql(f"SELECT current_setting('{name}')").fetchone()[0]  # type: ignore[attr-defined]


def test_what_does_not_fit_into_memory_is_not_left_where_the_user_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    connection = connect("UTC")
    connection.raw_sql("SET memory_limit = '60MB'; SET threads = 1")
    query = "CREATE TABLE t AS SELECT md5(range::TEXT) AS x FROM range(2_000_000); SELECT * FROM t ORDER BY x"
    assert len(connection.raw_sql(query).fetchmany(3)) == 3
    folder = Path(_setting(connection, "temp_directory"))
    assert folder.is_dir() and tmp_path not in folder.parents
    assert list(tmp_path.iterdir()) == []
    del connection
    gc.collect()
    assert not folder.exists()


def test_no_bar_is_drawn_into_the_terminal() -> None:
    assert not _setting(connect("UTC"), "enable_progress_bar")
