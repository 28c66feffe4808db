"""Digests: what a project's tables held on any day, as numbers that tell any two contents apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date

import ibis
import pandas as pd

from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable
from crmreport.tables.until import BECAME, known_later, known_since, overwritten

DIGEST_COLUMNS = ("table", "day", "rows", "low", "high")
ALWAYS = date.min.isoformat()
_ORDER_SINCE, _CUSTOMER_SINCE = "order_since", "customer_since"  # columns
_HALF, _LOW_BITS = 32, 0xFFFFFFFF


def digests(data: Data, fingerprints: Mapping[str, str]) -> pd.DataFrame:
    """Sum up what came to be known on each day, in one pass over each table.

    A day's sum is that of the hashes of its rows, whatever their order, and of the times of earlier rows that
    came to be known on it (see `crmreport.tables.until`); so the sum of all days before `end` changes if and
    only if the table cut at `end` does. Columns: `table`, `day` (ISO, `ALWAYS` for what was always known),
    `rows` (rows and times), `low` and `high` (sums of the lower and the upper half of the hashes).

    Only DuckDB's hashes are known to be the same tomorrow: what lies in another database has the
    `fingerprints` of all the project's sources instead, and so changes with any of them, on any day.
    """
    parts = [
        _by_day(_known(given, name, data.tables), name)
        if given.get_backend().name == "duckdb"
        else _by_fingerprint(name, fingerprints)
        for name, given in data.tables.items()
    ]
    found = pd.concat(parts, ignore_index=True)[list(DIGEST_COLUMNS)]
    return found.sort_values(["table", "day"], ignore_index=True)


def known_before(found: pd.DataFrame, end: date) -> dict[str, str]:
    """Give each table's digest, cut at `end`, by the table's name; of a table without rows there is none."""
    sums = found[found["day"] < end.isoformat()].groupby("table")[["rows", "low", "high"]].sum()
    return {str(name): f"{rows:x}.{low:x}.{high:x}" for name, rows, low, high in sums.itertuples()}


def _by_fingerprint(name: str, fingerprints: Mapping[str, str]) -> pd.DataFrame:
    found = hashlib.sha256(json.dumps(sorted(fingerprints.items())).encode()).hexdigest()
    return pd.DataFrame(
        {
            "table": [name],
            "day": [ALWAYS],
            "rows": [0],
            "low": [int(found[:8], 16)],
            "high": [int(found[8:16], 16)],
        }
    )


def _known(table: IbisTable, name: str, tables: Mapping[str, IbisTable]) -> IbisTable:
    """Give a row for each row of a table, and one for each time of it that came later: day and hash."""
    given = _with_days(table, name, tables)
    later = known_later(given, name)
    if _CUSTOMER_SINCE in given.columns:
        later[_CUSTOMER_SINCE] = ("customer_id",)
    found = given[_ORDER_SINCE] if _ORDER_SINCE in given.columns else known_since(given, name)
    since = ibis.null("date") if found is None else found
    at_once = {
        other: ibis.ifelse(given[clock].isnull(), given[other], ibis.null())
        for clock, others in later.items()
        for other in others
    }
    lasting = [c for c in table.columns if c not in {*later, *at_once, *overwritten(table, name)}]
    rows = given.select(
        *later,
        *at_once,
        known_on=since,
        hash=ibis.struct({c: given[c] for c in sorted(lasting)} | at_once).hash(),
    )
    parts = [rows.select("hash", day=rows.known_on)]
    for clock, others in later.items():
        came = rows.filter(rows[clock].notnull())
        told = {"row": came.hash, "clock": ibis.literal(clock)}
        told |= {column: came[column] for column in (clock, *others) if column in table.columns}
        day = came[clock].date()
        day = ibis.greatest(ibis.coalesce(came.known_on, day), day)
        parts.append(came.select(hash=ibis.struct(told).hash(), day=day))
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _with_days(given: IbisTable, name: str, tables: Mapping[str, IbisTable]) -> IbisTable:
    """Add the day of the order with which a line is known, and of the customer whom a lead became."""
    if name == "order_lines" and "orders" in tables:
        orders = tables["orders"]
        days = orders.select("order_id", **{_ORDER_SINCE: known_since(orders, "orders")})
        return given.inner_join(days, "order_id")
    if name == BECAME and "customers" in tables and "customer_id" in given.columns:
        customers = tables["customers"]
        day = known_since(customers, "customers")
        if day is not None:
            days = customers.select("customer_id", **{_CUSTOMER_SINCE: day.cast("timestamp")})
            joined = given.left_join(days, "customer_id")
            return joined.mutate(customer_id=joined.customer_id_right).drop("customer_id_right")
    return given


def _by_day(known: IbisTable, name: str) -> pd.DataFrame:
    day = ibis.coalesce(known.day.cast("string"), ALWAYS)
    sums = known.group_by(day=day).aggregate(
        rows=known.count(), low=(known.hash & _LOW_BITS).sum(), high=(known.hash >> _HALF).sum()
    )
    return sums.to_pandas().assign(table=name)
