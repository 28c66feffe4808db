"""Engine: it leaves nothing where the user works, and keeps silent."""

from __future__ import annotations

import gc
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from crmreport.config import read_project
from crmreport.tables.data import read_data
from crmreport.tables.engine import connect
from tests.small_project import refused_list, write_project


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


@cache
def _held() -> object:
    """Give a connection that is there until the process ends."""
    return connect("UTC")


def _folder_of_held() -> str:
    folder = _setting(_held(), "temp_directory")
    assert Path(folder).is_dir()
    return folder


@pytest.mark.parametrize("method", sorted({*multiprocessing.get_all_start_methods()} - {"fork"}))
def test_a_process_of_a_pool_leaves_no_folder_behind(method: str) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        folder = pool.submit(_folder_of_held).result()
    assert not Path(folder).exists()


def test_no_bar_is_drawn_into_the_terminal() -> None:
    assert not _setting(connect("UTC"), "enable_progress_bar")


def test_the_settings_say_how_much_the_engine_may_hold(tmp_path: Path) -> None:
    data = read_data(read_project(write_project(tmp_path, "  memory_mb: 300\n")))
    assert _setting(data.tables["orders"].get_backend(), "memory_limit") == "286.1 MiB"


def test_too_little_memory_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    assert "crmreport.memory_mb" in refused_list(write_project(tmp_path, "  memory_mb: 100\n"))


def test_it_opens_in_a_kernel_of_jupyterlab():
    code = "from crmreport.tables.engine import connect\nconnect('Europe/London').sql('SELECT 1').execute()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, kernel_name="python3").execute()
    assert notebook.cells[0].outputs[0].output_type == "execute_result"
