"""Remote: Spark or PostgreSQL as the engine, where the rows stay; only small frames come here.

`opened_engine` gives a connection that is asked like DuckDB's own, and knows more: `numbered`, `send` and
`digest` (see `crmreport.tables.remote.spark`), and `most_rows`, how many rows may leave it at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from crmreport.config import CONFIG_FILE, SECTION, Project, Settings
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.tables.engine import Connection, connect
from crmreport.tables.readers.databases import without_secrets
from crmreport.tables.readers.places import expanded
from crmreport.tables.readers.spark import stop_spark
from crmreport.tables.readers.statements import first_line

_KEY = f"{SECTION}.engine"
_LIBRARIES = {True: "crmreport[spark]", False: "crmreport[postgres]"}


def is_remote(settings: Settings) -> bool:
    """Say whether the rows are to stay where they are, in an engine that is not our own."""
    return settings.engine != "duckdb"


def is_spark(address: str) -> bool:
    """Say whether an engine's address, as the settings check it, is one of Spark; else it is PostgreSQL's."""
    return not address.startswith("postgres")


def engine_address(settings: Settings) -> str:
    """Give the engine's address, with the values of environment variables. UserError for one not set."""
    return expanded(settings.engine, _KEY)


@contextmanager
def opened_engine(project: Project) -> Iterator[Connection]:
    """Open the engine that the settings name, and close it in the end.

    Raises UserError, in which no password stands, for an engine whose library is missing, that cannot be
    reached, or that fails at what it is asked.
    """
    settings = project.settings
    if not is_remote(settings):
        yield connect(settings.timezone, settings.memory_mb)
        return
    address = engine_address(settings)
    try:
        connection = _opened(address, settings)
        try:
            yield connection
        finally:
            connection.disconnect()
            stop_spark()
    except UserError:
        raise
    except ImportError:
        raise UserError(
            _t('{key} in {file} names an engine that needs another library: pip install "{library}".'),
            key=_KEY,
            file=CONFIG_FILE,
            library=_LIBRARIES[is_spark(address)],
        ) from None
    except Exception as error:
        if not _is_the_engines(error):
            raise
        raise UserError(
            _t("{key} in {file}: the engine did not answer: {reason}. Check its address, and that it runs."),
            key=_KEY,
            file=CONFIG_FILE,
            reason=without_secrets(first_line(error), address),
        ) from None


def _opened(address: str, settings: Settings) -> Connection:
    # The libraries of both are extras, which few need.
    if is_spark(address):
        from crmreport.tables.remote.spark import open_spark

        return open_spark(address, settings.timezone, settings.engine_rows)
    from crmreport.tables.remote.postgres import open_postgres

    return open_postgres(address, settings.timezone, settings.engine_rows)


def _is_the_engines(error: Exception) -> bool:
    """Say whether an error is one of an engine or its driver, and not a slip of ours."""
    return type(error).__module__.partition(".")[0] in ("pyspark", "py4j", "psycopg", "grpc")
