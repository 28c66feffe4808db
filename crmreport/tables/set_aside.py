"""Set aside: the rows that a review does not use, in files that a person can open."""

from __future__ import annotations

from pathlib import Path

from crmreport.tables.data import Data, Reading

# What a spreadsheet would take for a formula when it opens the file.
_FORMULA = r"^[=+\-@\t\r]"


def write_set_aside(data: Data, folder: Path) -> dict[str, int]:
    """Write the rows of each table that are not used into a file of its own, ``orders.csv``.

    Each has its number, the rule and the column, then the row as it came; lines that could not be taken apart
    stand last, whole. UTF-8 with a byte-order mark, so that spreadsheets read it; a cell that one would take
    for a formula gets an apostrophe before it. Returns how many rows each file has; there is none without.
    """
    counts = {r.name: _write(r, folder / f"{r.name}.csv") for r in data.readings}
    return {name: count for name, count in counts.items() if count}


def _write(reading: Reading, path: Path) -> int:
    opened, cleaned = reading.opened, reading.cleaned
    connection = opened.table.get_backend()
    raw, judged = opened.table.get_name(), cleaned.judged.get_name()
    columns = list(opened.table.columns)
    cells = ", ".join(f"{_guarded('r.' + _quoted(c))} AS {_quoted(c)}" for c in columns)
    query = (
        f"SELECT j._row + 1 AS row_number, split_part(j._rule, ':', 1) AS rule, "
        f"split_part(j._rule, ':', 2) AS rule_column, {cells} "
        f"FROM (SELECT *, row_number() OVER () - 1 AS _row_of_source FROM {raw}) r "
        f"JOIN {judged} j ON j._row = r._row_of_source WHERE j._rule IS NOT NULL ORDER BY j._row"
    )
    if opened.rejected is not None:
        empty = ", ".join(["NULL"] * (len(columns) - 1))
        line = f"SELECT line, 'no row', reason, {_guarded('said')}{', ' + empty if empty else ''} FROM "
        query = f"({query}) UNION ALL ({line}{opened.rejected.get_name()} ORDER BY line)"
    written = connection.con.execute(f"SELECT COUNT(*) FROM ({query})").fetchone()[0]
    if written:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection.con.execute(f"COPY ({query}) TO '{_escaped(path)}' (HEADER, DELIMITER ',')")
        body = path.read_bytes()
        path.write_bytes(b"\xef\xbb\xbf" + body)
    return int(written)


def _guarded(column: str) -> str:
    """Write a cell as text that no spreadsheet runs; a negative number is none."""
    text = f"CAST({column} AS VARCHAR)"
    is_formula = f"regexp_matches({text}, '{_FORMULA}') AND TRY_CAST({text} AS DOUBLE) IS NULL"
    return f"CASE WHEN {is_formula} THEN chr(39) || {text} ELSE {text} END"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
