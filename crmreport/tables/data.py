"""Data: all tables of a project, read and cleaned, with what the review says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import ibis
import pandas as pd

from crmreport.config import CONFIG_FILE, SECTION, Project
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.source import Source
from crmreport.tables.cleaning.cancellations import taken_back
from crmreport.tables.cleaning.clean import Cleaned, clean, set_aside_more
from crmreport.tables.cleaning.identity import merge_customers
from crmreport.tables.cleaning.merges import read_confirmed
from crmreport.tables.cleaning.rules import LOG_COLUMNS
from crmreport.tables.contract import TABLES, table
from crmreport.tables.engine import Connection, IbisTable, connect
from crmreport.tables.lists import find_lists
from crmreport.tables.mapping.conventions import Conventions
from crmreport.tables.mapping.currencies import read_rates
from crmreport.tables.readers import Opened, open_source
from crmreport.tables.remote import is_remote
from crmreport.tables.remote.fingerprints import fingerprint_of
from crmreport.tables.remote.sources import open_in_engine
from crmreport.tables.sources import find_sources


@dataclass(frozen=True)
class Reading:
    """One source, as it was opened and as it was cleaned."""

    name: str
    source: Source
    opened: Opened
    cleaned: Cleaned


@dataclass(frozen=True)
class Data:
    """A project's tables.

    `tables`: by the contract's names, those that are connected; `customers` is always there.
    `cleaning`: see `crmreport.tables.cleaning.rules.LOG_COLUMNS`. `first_day`, `as_of`: first and last day
    that the data cover, both included. `readings`: the sources behind the tables. `future_from`: the day on
    which the same files would be read otherwise, since a row that is of the future today would not be;
    None if no row is. `absent`: how many rows the tables have that are not among these, since they are too
    long to leave another engine (see `crmreport.tables.remote.brought`).
    """

    tables: Mapping[str, IbisTable]
    cleaning: pd.DataFrame
    first_day: date
    as_of: date
    readings: tuple[Reading, ...] = ()
    future_from: date | None = None
    absent: Mapping[str, int] = field(default_factory=dict)


def fingerprints(project: Project) -> dict[str, str]:
    """Give each table's source, and each list that the settings name, a fingerprint of its content."""
    sources = find_sources(project) | find_lists(project)
    return {name: fingerprint_of(project, source, name) for name, source in sources.items()}


def read_data(project: Project, today: date | None = None, engine: Connection | None = None) -> Data:
    """Read and clean every connected table; `today`: the last day on which something can have happened.

    `engine`: the one that the settings name (see `crmreport.tables.remote.opened_engine`), in which the
    tables then are; it may be left out where that is DuckDB, and only there (RuntimeError). Raises UserError
    for what the user must mend.
    """
    settings = project.settings
    if engine is None and is_remote(settings):
        raise RuntimeError(f"the engine {settings.engine.partition(':')[0]} is to be opened first")
    own = engine is None or is_remote(settings)
    here = connect(settings.timezone, settings.memory_mb) if own else engine
    connection = here if engine is None else engine
    conventions = Conventions(
        timezone=settings.timezone,
        currency=settings.currency,
        rates=_given(connection, read_rates(here, project)),
        today=today or datetime.now(ZoneInfo(settings.timezone)).date(),
    )
    tables: dict[str, IbisTable] = {}
    readings: list[Reading] = []
    for name, source in find_sources(project).items():
        if connection is not here:
            opened = open_in_engine(connection, project, source, name)
        else:
            opened = open_source(connection, project.root, source, name)
        cleaned = clean(connection, opened, table(name), source, conventions, tables)
        tables[name] = cleaned.table
        readings.append(Reading(name, source, opened, cleaned))
    readings = _without_cancelled_orders(connection, readings)
    tables |= {reading.name: reading.cleaned.table for reading in readings}
    logs = [reading.cleaned.log for reading in readings]
    confirmed = _given(connection, read_confirmed(here, project))
    if settings.merge_customers_by or confirmed is not None:
        tables, merged = merge_customers(connection, tables, settings.merge_customers_by, confirmed)
        logs.append(merged)
    first_day, last_day = _days_covered(tables)
    if "customers" not in tables:
        tables = {"customers": _customers_of(connection, tables), **tables}
    future = [r.cleaned.future_from for r in readings if r.cleaned.future_from is not None]
    return Data(
        tables=tables,
        cleaning=pd.concat(logs, ignore_index=True)[list(LOG_COLUMNS)],
        first_day=first_day,
        as_of=_as_of(project, first_day, last_day, conventions.today),
        readings=tuple(readings),
        future_from=min(future, default=None),
    )


def _given(connection: Connection, listed: IbisTable | None) -> IbisTable | None:
    """Give a list that was read here to the engine, where that is another one."""
    if listed is None or listed.get_backend() is connection:
        return listed
    return connection.send(listed.to_pyarrow(), listed.get_name())


def _without_cancelled_orders(connection: Connection, readings: list[Reading]) -> list[Reading]:
    """Set aside the orders all of whose lines are cancelled; it takes both tables to see them."""
    by_name = {reading.name: reading for reading in readings}
    orders, lines = by_name.get("orders"), by_name.get("order_lines")
    if orders is None or lines is None or not lines.source.pair_cancellations:
        return readings
    rule = taken_back(orders.cleaned.judged, lines.cleaned.judged)
    cleaned = set_aside_more(connection, orders.cleaned, rule, orders.opened, table("orders"), orders.source)
    return [replace(r, cleaned=cleaned) if r is orders else r for r in readings]


def _as_of(project: Project, first_day: date, last_day: date, today: date) -> date:
    """Give the last day that the data cover: the settings' own, or that of the newest row.

    The settings may name a later one, as of a survey that nobody answered at the end of the month. UserError
    for a day before the data begin, or one that is still to come.
    """
    as_of = project.settings.as_of or last_day
    key = f"{SECTION}.as_of"
    if as_of < first_day:
        raise UserError(
            _t(
                "{key} in {file}: on {day} there were no data yet; they run from {first} to {last}. "
                "Name a day within."
            ),
            key=key,
            file=CONFIG_FILE,
            day=as_of,
            first=first_day,
            last=last_day,
        )
    if as_of > max(today, last_day):
        raise UserError(
            _t(
                "{key} in {file}: {day} is still to come. The newest row is of {last}; name no day after "
                "today."
            ),
            key=key,
            file=CONFIG_FILE,
            day=as_of,
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
    # Customers joined long before what is reviewed: they say it only where nothing else does.
    clocks = {t.name: t.clock for t in TABLES if t.clock and t.name in tables}
    if not clocks and "customers" in tables and "joined_at" in tables["customers"].columns:
        clocks = {"customers": "joined_at"}
    first: list[date] = []
    last: list[date] = []
    for name, column in clocks.items():
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
            clocks=", ".join(t.name for t in TABLES if t.clock),
        )
    return min(first), max(last)
