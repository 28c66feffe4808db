"""Measure: all checks of all connected tables, by the engine's aggregates alone."""

from __future__ import annotations

import pandas as pd

from crmreport.periods import Calendar, Kind
from crmreport.quality.checks import Check, as_frame
from crmreport.quality.columns import completeness, references, slips, uniqueness, validity
from crmreport.quality.volume import count_days, freshness, volume
from crmreport.tables.cleaning.folding import proposed_folds
from crmreport.tables.column import Table
from crmreport.tables.contract import table as table_named
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable


def measure(data: Data, calendar: Calendar, kind: Kind) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check every connected table; `kind`: the periods that the review covers, beside months.

    Returns the checks, in the contract's order of tables (columns: see `crmreport.quality.checks.COLUMNS`),
    and the values that look like slips (see `crmreport.tables.cleaning.folding.proposed_folds`).
    """
    connected = {r.name: _as_view(data.tables[r.name], r.name) for r in data.readings}
    folds = proposed_folds(connected)
    found: list[Check] = []
    for name, rows in connected.items():
        table = table_named(name)
        log = data.cleaning[data.cleaning["table"] == name]
        found += completeness(rows, table, log)
        found += validity(name, log)
        found += slips(rows, table, folds[folds["table"] == name])
        found += uniqueness(name, log)
        found += references(connected, table, log)
        timed, clock = _with_clock(rows, table, connected)
        if clock in timed.columns:
            days = count_days(timed, clock, data.as_of)
            if days:
                found.append(freshness(name, days, data.as_of))
                found += volume(name, days, calendar, kind, data.as_of)
    return as_frame(found), folds


def _as_view(rows: IbisTable, name: str) -> IbisTable:
    """Give a table under a name of its own: each question is then asked of few columns, and quickly."""
    return rows.get_backend().create_view(f"checked_{name}", rows, overwrite=True)


def _with_clock(rows: IbisTable, table: Table, connected: dict[str, IbisTable]) -> tuple[IbisTable, str]:
    """Give a table and the column that says when a row happened: of order lines, the time of their order."""
    if table.name != "order_lines" or "orders" not in connected:
        return rows, table.clock
    clock = table_named("orders").clock
    return rows.inner_join(connected["orders"].select("order_id", clock), "order_id"), clock
