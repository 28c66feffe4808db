"""Data: all tables of a project, read and cleaned, with what the review says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import pandas as pd

from crmreport.config import CONFIG_FILE, SECTION, Project
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.tables.cleaning import LOG_COLUMNS, clean
from crmreport.tables.contract import TABLES, table
from crmreport.tables.files import Connection, IbisTable, fingerprint, open_file
from crmreport.tables.sources import connect, find_sources

# The times that say until when the data reach: of what happened, never of what is planned.
_CLOCKS = {
    "orders": "ordered_at",
    "interactions": "opened_at",
    "feedback": "answered_at",
    "events": "occurred_at",
    "opportunities": "created_at",
}


@dataclass(frozen=True)
class Data:
    """A project's tables.

    `tables`: by the contract's names, those that are connected; `customers` is always there.
    `cleaning`: see `crmreport.tables.cleaning.LOG_COLUMNS`. `first_day`, `as_of`: first and last day that
    the data cover, both included.
    """

    tables: dict[str, IbisTable]
    cleaning: pd.DataFrame
    first_day: date
    as_of: date


def fingerprints(project: Project) -> dict[str, str]:
    """Give each connected table's file a fingerprint of its content."""
    return {name: fingerprint(project.root / s.file) for name, s in find_sources(project).items()}


def read_data(project: Project) -> Data:
    """Read and clean every connected table. Raises UserError for what the user must mend."""
    timezone = project.settings.timezone
    connection = connect(timezone)
    tables: dict[str, IbisTable] = {}
    logs: list[pd.DataFrame] = []
    for name, source in find_sources(project).items():
        path = project.root / source.file
        raw = open_file(connection, path, name)
        cleaned = clean(connection, raw, table(name), source, path, timezone, tables)
        tables[name] = cleaned.table
        logs.append(cleaned.log)
    first_day, last_day = _days_covered(tables)
    if "customers" not in tables:
        tables = {"customers": _customers_of(connection, tables), **tables}
    return Data(
        tables=tables,
        cleaning=pd.concat(logs, ignore_index=True)[list(LOG_COLUMNS)],
        first_day=first_day,
        as_of=_as_of(project, first_day, last_day),
    )


def _as_of(project: Project, first_day: date, last_day: date) -> date:
    """Give the last day that the review looks at. UserError if the configuration's is before the first."""
    as_of = min(project.settings.as_of or last_day, last_day)
    if as_of < first_day:
        raise UserError(
            _t(
                "{key} in {file}: on {day} there were no data yet; they run from {first} to {last}. "
                "Name a day within."
            ),
            key=f"{SECTION}.as_of",
            file=CONFIG_FILE,
            day=as_of,
            first=first_day,
            last=last_day,
        )
    return as_of


def _customers_of(connection: Connection, tables: dict[str, IbisTable]) -> IbisTable:
    """Derive the customers from the keys of the other tables."""
    keys = [
        tables[t.name].select("customer_id").filter(tables[t.name].customer_id.notnull())
        for t in TABLES
        if t.name in tables and "customer_id" in tables[t.name].columns
    ]
    if not keys:
        return connection.create_table("derived_customers", schema=ibis.schema({"customer_id": "string"}))
    return ibis.union(keys[0], *keys[1:], distinct=True) if len(keys) > 1 else keys[0].distinct()


def _days_covered(tables: dict[str, IbisTable]) -> tuple[date, date]:
    """Find the first and the last day on which anything happened."""
    first: list[date] = []
    last: list[date] = []
    for name, column in _CLOCKS.items():
        if name in tables:
            span = tables[name].aggregate(first=tables[name][column].min(), last=tables[name][column].max())
            times = span.to_pyarrow().to_pylist()[0]
            if times["first"] is not None:
                first.append(times["first"].date())
                last.append(times["last"].date())
    if not first:
        raise UserError(
            _t(
                "The connected tables ({tables}) have no row that says when something happened: nothing to "
                "review. Connect one of: {clocks}."
            ),
            tables=", ".join(tables),
            clocks=", ".join(_CLOCKS),
        )
    return min(first), max(last)
