"""Columns: which cells are filled, which cannot be true, which rows repeat, which name what is not there."""

from __future__ import annotations

import pandas as pd

from crmreport.findings.detect import MOST_UNKNOWN
from crmreport.quality.checks import NOTE, OK, Check, check
from crmreport.tables.column import Table
from crmreport.tables.contract import table as table_named
from crmreport.tables.engine import IbisTable

# The rules of cleaning (`crmreport.tables.cleaning.rules`) by the check that they belong to. Of the others,
# those of the configuration, of exports that repeat their rows, and of cancellations are no defects.
_VALIDITY = ("no row", "unreadable", "impossible", "no rate", "future", "undated", "placeholder")
_UNIQUENESS = ("duplicate", "exact duplicate", "near duplicate", "same customer")

NAMED_SLIPS = 3  # of one column


def completeness(rows: IbisTable, table: Table, log: pd.DataFrame) -> list[Check]:
    """Count the filled cells of each column; of a required one, the rows that were set aside for it.

    A cell may be empty for good reason (a case that is still open), so that empty ones are worth a note only
    in a column of segments, which no change is then looked for in, or in one that is empty throughout.
    """
    columns = [c for c in table.columns if c.name in rows.columns]
    filled = rows.aggregate(rows=rows.count(), **{c.name: rows[c.name].count() for c in columns})
    counts = filled.to_pyarrow().to_pylist()[0]
    missing = _by_column(log[(log["action"] == "set aside") & (log["rule"] == "missing")])
    found = []
    for column in columns:
        n = counts["rows"]
        if column.required:
            lost = missing.get(column.name, 0)
            kind = "missing" if lost else ""
            found.append(check(table.name, "completeness", n + lost, lost, column=column.name, kind=kind))
            continue
        empty = n - counts[column.name]
        is_worth_a_note = empty == n or (column.dimension and empty > MOST_UNKNOWN * n)
        found.append(
            check(
                table.name,
                "completeness",
                n,
                empty,
                column=column.name,
                kind="empty" if empty else "",
                verdict=NOTE if n and is_worth_a_note else OK,
            )
        )
    return found


def validity(table: str, log: pd.DataFrame) -> list[Check]:
    """Count the cells and rows that could not be read, or cannot be true, by column and reason."""
    return _by_rule(table, "validity", log, _VALIDITY)


def slips(rows: IbisTable, table: Table, folds: pd.DataFrame) -> list[Check]:
    """Count the cells that look like slips of another value; private values are not named."""
    found = []
    for name, of_column in folds.groupby("column", sort=False):
        pairs = zip(of_column["value"], of_column["proposed"], strict=True)
        named = "; ".join(f"{value} → {proposed}" for value, proposed in [*pairs][:NAMED_SLIPS])
        note = "" if table.column(str(name)).private else named
        filled = rows.aggregate(n=rows[name].count()).to_pyarrow().to_pylist()[0]["n"]
        more = {"column": str(name), "kind": "slip", "note": note, "verdict": NOTE}
        found.append(check(table.name, "validity", filled, int(of_column["rows"].sum()), **more))
    return found


def uniqueness(table: str, log: pd.DataFrame) -> list[Check]:
    """Count the rows that say again what a row before them says, by reason."""
    return _by_rule(table, "uniqueness", log, _UNIQUENESS)


def references(tables: dict[str, IbisTable], table: Table, log: pd.DataFrame) -> list[Check]:
    """Count, for each column that names rows of another connected table, the rows that name none of them.

    `tables` are those that are connected; lines that were set aside for their missing order count, too.
    """
    rows = tables[table.name]
    lost = _by_column(log[(log["action"] == "set aside") & (log["rule"] == "orphan")])
    found = []
    for column in table.columns:
        if column.name not in rows.columns or column.references not in tables:
            continue
        key = table_named(column.references).key[0]
        named = rows.select(key=rows[column.name]).filter(rows[column.name].notnull())
        known = tables[column.references].select(known=tables[column.references][key]).distinct()
        joined = named.left_join(known, named.key == known.known)
        (counted,) = (
            joined.aggregate(rows=joined.count(), orphans=joined.known.isnull().sum())
            .to_pyarrow()
            .to_pylist()
        )
        orphans = lost.get(column.name, 0)
        n = counted["rows"] + orphans
        orphans += counted["orphans"] or 0
        kind = "orphan" if orphans else ""
        place = {"column": column.name, "note": column.references, "kind": kind}
        found.append(check(table.name, "references", n, orphans, **place))
    return found


def _by_rule(table: str, name: str, log: pd.DataFrame, rules: tuple[str, ...]) -> list[Check]:
    """Count what some of cleaning's rules changed; one row that all is well where they changed nothing."""
    read = int(log.loc[log["action"] == "read", "rows"].sum())
    lines = log[log["rule"].isin(rules)]
    if lines.empty:
        return [check(table, name, read, 0)]
    counts = lines.groupby(["rule", "column"], sort=False)["rows"].sum()
    return [
        check(table, name, read, int(n), column=column, kind=rule) for (rule, column), n in counts.items()
    ]


def _by_column(lines: pd.DataFrame) -> dict[str, int]:
    return {str(column): int(n) for column, n in lines.groupby("column")["rows"].sum().items()}
