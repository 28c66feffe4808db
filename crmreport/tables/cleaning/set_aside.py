"""Set aside: the rows that a review does not use, in files that a person can open."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from crmreport.tables.data import Data, Reading
from crmreport.tables.engine import ROW

# What a spreadsheet would take for a formula when it opens the file; a negative number is none.
_FORMULA = r"^[=+\-@\t\r]"
_NUMBER = r"^[+-]?[0-9]+([.,][0-9]+)*$"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # by which spreadsheets know UTF-8
_ROWS_AT_ONCE = 50_000


def write_set_aside(data: Data, folder: Path) -> dict[str, int]:
    """Write the rows of each table that are not used into a file of its own, ``orders.csv``.

    Each has its number, the rule and the column, then the row as it came; lines that could not be taken apart
    stand last, whole, in the first column. A cell that a spreadsheet would take for a formula gets an
    apostrophe before it. Returns how many rows each file has; there is none without.
    """
    counts = {r.name: _write(r, folder / f"{r.name}.csv") for r in data.readings}
    return {name: count for name, count in counts.items() if count}


def _write(reading: Reading, path: Path) -> int:
    opened, judged = reading.opened, reading.cleaned.judged
    headings = [heading for heading in opened.table.columns if heading != ROW]
    aside = judged.filter(judged["_rule"].notnull())
    total: int = aside.count().to_pyarrow().as_py()
    if opened.rejected is not None:
        total += opened.rejected.count().to_pyarrow().as_py()
    if not total:
        return 0
    schema = pa.schema([(name, pa.string()) for name in ("row_number", "rule", "rule_column", *headings)])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(_BYTE_ORDER_MARK)
        with pa.csv.CSVWriter(file, schema) as writer:
            for batch in _rows(reading):
                writer.write(_as_texts(batch, schema))
            if opened.rejected is not None:
                rejected = opened.rejected.order_by("line").to_pyarrow()
                nothing = pa.nulls(rejected.num_rows, pa.string())
                given = [rejected["line"], pa.repeat("no row", rejected.num_rows), rejected["reason"]]
                cells = [rejected["said"], *[nothing] * (len(headings) - 1)][: len(headings)]
                writer.write(_as_texts(pa.table([*given, *cells], names=schema.names), schema))
    return total


def _rows(reading: Reading) -> pa.RecordBatchReader:
    """Give the rows that a rule set aside, in their order: number, rule, column, then what the file says."""
    source, judged = reading.opened.table, reading.cleaned.judged.get_name()
    if ROW in source.columns:
        return _first_rows(reading)
    query = (
        "SELECT j._row + 1, split_part(j._rule, ':', 1), split_part(j._rule, ':', 2), "
        "r.* EXCLUDE (_row_of_source) "
        f"FROM (SELECT *, row_number() OVER () - 1 AS _row_of_source FROM {source.get_name()}) r "
        f"JOIN {judged} j ON j._row = r._row_of_source WHERE j._rule IS NOT NULL ORDER BY j._row"
    )
    return source.get_backend().con.execute(query).to_arrow_reader(_ROWS_AT_ONCE)


def _first_rows(reading: Reading) -> pa.RecordBatchReader:
    """Give the same of an engine from which only so many rows come."""
    source, judged = reading.opened.table, reading.cleaned.judged
    aside = judged.filter(judged["_rule"].notnull())
    parts = aside["_rule"].split(":")
    aside = aside.select("_row", _rule=parts[0], _column=parts[1])
    rows = aside.inner_join(source, aside["_row"] == source[ROW]).order_by("_row")
    rows = rows.mutate(_row=rows["_row"] + 1).drop(ROW).limit(source.get_backend().most_rows)
    return rows.to_pyarrow().to_reader(_ROWS_AT_ONCE)


def _as_texts(rows: pa.RecordBatch | pa.Table, schema: pa.Schema) -> pa.Table:
    """Write every cell as text that no spreadsheet runs."""
    return pa.table([_guarded(_text(column)) for column in rows.columns], schema=schema)


def _text(column: pa.Array) -> pa.Array:
    try:
        return pc.cast(column, pa.string())
    except pa.ArrowNotImplementedError:  # lists and structures
        return pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())


def _guarded(texts: pa.Array) -> pa.Array:
    is_formula = pc.and_not(
        pc.match_substring_regex(texts, _FORMULA), pc.match_substring_regex(texts, _NUMBER)
    )
    if not pc.any(is_formula).as_py():
        return texts
    return pc.if_else(is_formula, pc.binary_join_element_wise("'", texts, ""), texts)
