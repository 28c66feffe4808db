"""Until: the data as they were known on a day, so that no analysis of a month knows what came after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import ibis

from crmreport.tables.column import Type
from crmreport.tables.contract import TABLES, table
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable

# When a row came to be known, for the tables without a clock; rows without it were always known.
_SINCE = {t.name: t.clock for t in TABLES if t.clock} | {
    "customers": "joined_at",
    "stage_history": "entered_at",
    "campaigns": "starts_on",
    "market": "published_on",
}


def until(data: Data, end: date) -> Data:
    """Give the data without what happened on `end` or later.

    Rows of later are left out, and times that follow another (the close of a deal, the answer to a case)
    are missing where they came later. What the source overwrites (a deal's stage and amount, a customer's
    tier) stays as it is today: no history of it is known.
    """
    tables = {name: _cut(given, name, end) for name, given in data.tables.items()}
    return replace(data, tables=tables, as_of=min(data.as_of, end - timedelta(days=1)))


def _cut(given: IbisTable, name: str, end: date) -> IbisTable:
    since = _SINCE.get(name, "")
    if since in given.columns:
        given = given.filter(given[since].isnull() | (given[since].cast("date") < end))
    later = {
        c.name: ibis.ifelse(given[c.name].date() < end, given[c.name], ibis.null())
        for c in table(name).columns
        if c.not_before and c.type is Type.TIMESTAMP and c.name in given.columns
    }
    return given.mutate(**later) if later else given
