"""Sources of a remote engine: its own tables are read where they are; files of this machine are sent."""

from __future__ import annotations

import hashlib

import pyarrow as pa

from crmreport.config import CONFIG_FILE, SECTION, Project, Settings
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.source import Source
from crmreport.tables.engine import ROW, Connection, IbisTable, connect
from crmreport.tables.readers import Opened, open_source
from crmreport.tables.readers.databases import SPARK, find_table, plain
from crmreport.tables.readers.places import expanded, key_of
from crmreport.tables.readers.queries import check_query
from crmreport.tables.readers.spark import tables_of
from crmreport.tables.remote import engine_address, is_remote, is_spark
from crmreport.tables.remote.fetching import check_small

# What the settings call the engine's own tables, as they call the address of another database.
ENGINE = "engine"
_SPARK_FOLDER = f"{SPARK}:"


def is_at_home(settings: Settings, source: Source) -> bool:
    """Say whether a source's rows are in the engine already, and are read where they are."""
    if source.database == ENGINE:
        return True
    if not is_remote(settings) or not source.database:
        return False
    in_lake = source.database.startswith(_SPARK_FOLDER) and is_spark(engine_address(settings))
    return in_lake or source.database == settings.engine


def check_at_home(settings: Settings, source: Source, name: str) -> None:
    """Refuse a source of the engine where the settings name none, or whose query is none; nobody is asked."""
    key = key_of(name)
    if not is_remote(settings):
        raise UserError(
            _t(
                "{key} in {file} is a table of the engine, and no engine is named. Say which one it is: "
                "{engine}."
            ),
            key=f"{key}.database",
            file=CONFIG_FILE,
            engine=f"{SECTION}.engine",
        )
    if source.query:
        check_query(source.query, None, f"{key}.query", _dialect(settings))


def open_in_engine(engine: Connection, project: Project, source: Source, name: str) -> Opened:
    """Open a source in a remote engine, its rows numbered by `ROW`.

    A table of the engine is numbered as its rows are sorted by all their columns, since it keeps no order of
    them. `name`: the table of the contract that it becomes. Raises UserError for what is not there or cannot
    be read, and for a file of more rows than the settings let be sent.
    """
    if is_at_home(project.settings, source):
        rows = plain(_asked(engine, project, source, name))
        return Opened(engine.numbered(rows, f"file_{name}"), source.place)
    here = open_source(connect(project.settings.timezone), project.root, source, name)
    columns = [here.table[c] for c in here.table.columns]
    rows = here.table.limit(engine.most_rows + 1).select(*columns).to_pyarrow()
    check_small(rows, engine.most_rows)
    sent = engine.send(rows.append_column(ROW, pa.array(range(rows.num_rows), pa.int64())), f"file_{name}")
    rejected = here.rejected
    if rejected is not None:
        rejected = engine.send(rejected.to_pyarrow(), f"rejected_file_{name}")
    return Opened(sent, here.place, rejected, here.paths)


def fingerprint_in_engine(engine: Connection, project: Project, source: Source, name: str) -> str:
    """Tell a source's rows from any others, whatever their order; they are read, and stay where they are."""
    rows, sum_of_hashes = engine.digest(plain(_asked(engine, project, source, name)))
    return hashlib.sha256(f"{rows} {sum_of_hashes}".encode()).hexdigest()[:16]


def _asked(engine: Connection, project: Project, source: Source, name: str) -> IbisTable:
    """Give the rows of a table of the engine, or of a query."""
    key = key_of(name)
    if source.database.startswith(_SPARK_FOLDER):
        address = expanded(source.database, f"{key}.database")
        for table, path in tables_of(project.root / address.removeprefix(_SPARK_FOLDER), source, key).items():
            engine.show_files(path, table)
        return engine.sql(source.query) if source.query else engine.table(source.table)
    return engine.sql(source.query) if source.query else find_table(engine, source, key)


def _dialect(settings: Settings) -> str:
    return "spark" if is_spark(engine_address(settings)) else "postgres"
