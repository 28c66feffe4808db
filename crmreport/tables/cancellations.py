"""Cancellations: returns, each paired with the order line that it takes back."""

from __future__ import annotations

from crmreport.source import Source
from crmreport.tables.contract import Table
from crmreport.tables.engine import IbisTable


def mark_cancellations(
    judged: IbisTable, table: Table, source: Source, known: dict[str, IbisTable]
) -> IbisTable:
    """Set aside the pairs of an order line and the return that takes it back, where the settings say so."""
    return judged
