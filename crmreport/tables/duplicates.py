"""Duplicates: rows that say again what another row has said."""

from __future__ import annotations

import ibis

from crmreport.source import Source
from crmreport.tables.contract import Table
from crmreport.tables.engine import IbisTable


def mark_duplicates(judged: IbisTable, table: Table, source: Source) -> IbisTable:
    """Set aside all but the first of the usable rows that are equal in the key."""
    key = [judged[name] for name in table.key if name in judged.columns]
    if not key:
        return judged
    usable = judged["_rule"].isnull()
    window = ibis.window(group_by=[usable, *key], order_by=judged["_row"])
    position = ibis.row_number().over(window)
    rule = f"{'repeats' if source.one_row_per_key else 'duplicate'}:{','.join(table.key)}"
    return judged.mutate(_rule=ibis.ifelse(usable & (position > 0), rule, judged["_rule"]))
