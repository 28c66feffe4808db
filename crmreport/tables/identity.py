"""Identity: customers who are in the data more than once, merged into one."""

from __future__ import annotations

import pandas as pd

from crmreport.tables.engine import Connection, IbisTable


def merge_customers(
    connection: Connection, tables: dict[str, IbisTable], by: tuple[str, ...]
) -> tuple[dict[str, IbisTable], pd.DataFrame]:
    """Merge customers that share a value in one of the columns; every table then names the one that stays."""
    raise NotImplementedError
