"""Data: all tables of a project, read and cleaned, with what the review says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import pandas as pd

from crmreport.config import Project
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.tables.cleaning import LOG_COLUMNS, clean
from crmreport.tables.contract import TABLES, table
from crmreport.tables.sources import Connection, IbisTable, connect, find_sources, fingerprint, open_file

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
    connection = connect()
    tables: dict[str, IbisTable] = {}
    logs: list[pd.DataFrame] = []
    for name, source in find_sources(project).items():
        raw = open_file(connection, project.root / source.file, name)
        cleaned = clean(connection, raw, table(name), source, project.settings.timezone, tables)
        tables[name] = cleaned.table
        logs.append(cleaned.log)
    if "customers" not in tables:
        tables = {"customers": _customers_of(connection, tables), **tables}
    first_day, last_day = _days_covered(tables)
    return Data(
        tables=tables,
        cleaning=pd.concat(logs, ignore_index=True)[list(LOG_COLUMNS)],
        first_day=first_day,
        as_of=min(project.settings.as_of or last_day, last_day),
    )


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
                "No usable row is left in {tables}: nothing to review. Run crmreport list and read the cleaning log."
            ),
            tables=", ".join(tables),
        )
    return min(first), max(last)


def day_after(day: date) -> date:
    """Give the next day."""
    return day + timedelta(days=1)
