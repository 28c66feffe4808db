"""Until: the data as they were known on a day, so that no analysis of a month knows what came after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import ibis
import pandas as pd

from crmreport.tables.column import Type
from crmreport.tables.contract import TABLES, table
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable, IbisValue

UNTIL = "known_until"

# When a row came to be known, for the tables without a clock; rows without it were always known.
_SINCE = {t.name: t.clock for t in TABLES if t.clock} | {
    "customers": "joined_at",
    "stage_history": "entered_at",
    "campaigns": "starts_on",
    "market": "published_on",
}
# What is known only with a time of the same row.
_KNOWN_WITH = {("opportunities", "closed_at"): ("is_won",)}
# What the source overwrites, of which another table has the history.
_OVERWRITTEN = {"opportunities": ("stage",)}
# The customer whom a lead became is known of it when there is such a customer.
BECAME = "opportunities"


def until(data: Data, end: date) -> Data:
    """Give the data without what happened on `end` or later.

    Rows of later are left out, and times that follow another (the close of a deal, with whether it was won;
    the answer to a case) are missing where they came later; the lines of an order are known with the order,
    and the customer whom a lead became with the customer. A deal's stage is missing: its history has those of
    any day. What else the source overwrites (a deal's amount, a customer's tier) stays as it is today: no
    history of it is known.
    """
    tables = {name: _cut(given, name, end) for name, given in data.tables.items()}
    tables |= _of_known_rows(tables)
    return replace(data, tables=tables, as_of=min(data.as_of, end - timedelta(days=1)))


def until_each(data: Data, ends: Sequence[date]) -> Data:
    """Give the data as they were known on several days: of each table the rows of each day, see `until`.

    The column `UNTIL` says of which day a row is. One query over all days is written far sooner than one a
    day: Ibis takes longer over a long query than DuckDB over a million rows.
    """
    days = ibis.memtable(pd.DataFrame({UNTIL: list(ends)}), schema={UNTIL: "date"})
    crossed = {name: given.cross_join(days) for name, given in data.tables.items()}
    tables = {name: _cut(given, name, given[UNTIL]) for name, given in crossed.items()}
    tables |= _of_known_rows(tables, UNTIL)
    return replace(data, tables=tables, as_of=min(data.as_of, max(ends) - timedelta(days=1)))


def known_since(given: IbisTable, name: str) -> IbisValue | None:
    """Give the day since which each row of a table is known, missing where it always was; None if all are."""
    since = _SINCE.get(name, "")
    return given[since].cast("date") if since in given.columns else None


def known_later(given: IbisTable, name: str) -> dict[str, tuple[str, ...]]:
    """Name the columns of a table that come to be known later than their row, with those known with them."""
    return {
        c.name: tuple(other for other in _KNOWN_WITH.get((name, c.name), ()) if other in given.columns)
        for c in table(name).columns
        if c.not_before and c.type is Type.TIMESTAMP and c.name in given.columns
    }


def overwritten(given: IbisTable, name: str) -> tuple[str, ...]:
    """Name the columns of a table of which nobody knows what they held on an earlier day."""
    return tuple(column for column in _OVERWRITTEN.get(name, ()) if column in given.columns)


def _cut(given: IbisTable, name: str, end: date | IbisValue) -> IbisTable:
    since = known_since(given, name)
    if since is not None:
        given = given.filter(since.isnull() | (since < end))
    later = {
        column: ibis.ifelse(given[clock].date() >= end, ibis.null(), given[column])
        for clock, others in known_later(given, name).items()
        for column in (clock, *others)
    }
    later |= {column: ibis.null(given[column].type()) for column in overwritten(given, name)}
    return given.mutate(**later) if later else given


def _of_known_rows(tables: Mapping[str, IbisTable], *day: str) -> dict[str, IbisTable]:
    """Give the tables of which a row, or a part of it, is known with the row of another that it names."""
    found = {}
    if "order_lines" in tables and "orders" in tables:
        found["order_lines"] = tables["order_lines"].semi_join(tables["orders"], ["order_id", *day])
    if BECAME in tables and "customers" in tables and "customer_id" in tables[BECAME].columns:
        leads = tables[BECAME]
        known = tables["customers"].select("customer_id", *day, known_customer_id="customer_id")
        joined = leads.left_join(known, ["customer_id", *day], rname="other_{name}")
        found[BECAME] = joined.mutate(customer_id=joined.known_customer_id).select(leads.columns)
    return found
