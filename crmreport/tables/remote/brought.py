"""Brought: rows on this machine, for what needs rows; of another engine, those of the short tables."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from crmreport.config import Project
from crmreport.tables.contract import TABLES
from crmreport.tables.data import Data, read_data
from crmreport.tables.engine import connect
from crmreport.tables.remote import is_remote, opened_engine

_ALL = frozenset(table.name for table in TABLES)
_left: dict[str, Data] = {}  # by project; see `leave_rows`


def leave_rows(project: Project, data: Data) -> None:
    """Let the next `rows_here` of this process give data that were just read, and not read them again.

    What lies in another engine is not left: its connection ends with the reading.
    """
    if not is_remote(project.settings):
        _left[project.identity] = data


def forget_rows() -> None:
    """Free the memory of rows that were left and that nobody asked for."""
    _left.clear()


def rows_here(project: Project, names: Container[str] = _ALL) -> Data:
    """Read the data as `read_data`, and have the rows of some tables here.

    Of another engine come the tables of up to `engine_rows` rows, sorted, and no others: `absent` of what is
    returned says how many rows these have. Raises UserError for what the user must mend.
    """
    if not is_remote(project.settings):
        left = _left.pop(project.identity, None)
        return left if left is not None else read_data(project)
    with opened_engine(project) as engine:
        return _brought(read_data(project, engine=engine), project, names)


def _brought(data: Data, project: Project, names: Container[str]) -> Data:
    here = connect(project.settings.timezone, project.settings.memory_mb)
    tables, absent = {}, {}
    for name, table in data.tables.items():
        if name not in names:
            continue
        rows = int(table.count().to_pyarrow().as_py())
        if rows > project.settings.engine_rows:
            absent[name] = rows
        else:
            # An engine gives rows in any order, and each time in another.
            came = here.create_table(f"came_{name}", table.to_pyarrow())
            tables[name] = here.create_table(name, came.order_by(came.columns))
            here.drop_table(f"came_{name}")
    return replace(data, tables=tables, readings=(), absent=absent)
