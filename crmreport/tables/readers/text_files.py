"""Text files: CSV and its kin, read into texts; lines that are no rows are rejected, and kept."""

from __future__ import annotations

import csv
import gzip
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.source import Source
from crmreport.tables.engine import Connection
from crmreport.tables.readers.encodings import survey, write_as_utf8, wrong_encoding
from crmreport.tables.readers.headings import headings_of
from crmreport.tables.readers.irregular import irregular_to_parquet
from crmreport.tables.readers.quoting import count_rows, lines_at
from crmreport.tables.readers.rejected import REJECTED, cells_instead
from crmreport.tables.readers.statements import address, literal

_SEPARATORS = (",", ";", "\t", "|")
_PIECE_BYTES = 1 << 22
_BLOCK_BYTES = 1 << 22
# A packed file that grows to more than this is one only if its rows are not all the same.
_UNPACKED_BYTES, _UNPACKED_TIMES = 2 << 30, 500
csv.field_size_limit(sys.maxsize >> 32)


@dataclass(frozen=True)
class _Head:
    """What stands above a file's rows: the headings, the sign between them, and how many lines it takes."""

    headings: tuple[str, ...]
    separator: str
    lines: int
    has_open_quote: bool


def text_file_to_parquet(
    connection: Connection, path: Path, source: Source, key: str, target: Path
) -> pa.Table | None:
    """Read a text file's rows into a Parquet file of texts, and give those that are none.

    `key`: where the settings speak of the source. Returns the rejected lines (`line`, from 1; `said`;
    `reason`), None if there are none. Raises UserError for a file that is not text, is of an encoding that
    cannot be told, or has no headings or two alike.
    """
    plain = path
    if path.suffix.lower() == ".gz":
        plain = target.with_suffix(".unpacked")
        _unpack(path, plain)
    try:
        return _read(connection, path, plain, source, key, target)
    finally:
        if plain != path:
            plain.unlink()


def _read(
    connection: Connection, path: Path, plain: Path, source: Source, key: str, target: Path
) -> pa.Table | None:
    """Read a file that is not packed; `path`: the one that messages name."""
    found = survey(plain, path, source.encoding, key)
    head = _head(plain, path, source, found.encoding)
    cut = target.with_suffix(".text")
    # DuckDB would look for the end of a quotation in what it is to skip.
    as_is = found.as_is and not head.has_open_quote
    if not as_is:
        write_as_utf8(plain, path, found.encoding, cut, leave_out_lines=head.lines)
    text, skip = (plain, head.lines) if as_is else (cut, 0)
    try:
        rejected = _copy_rows(connection, text, head, skip, target)
    finally:
        cut.unlink(missing_ok=True)
    if not rejected.num_rows:
        return None
    lines = pc.add(rejected["line"], head.lines - skip)
    return rejected.set_column(0, "line", lines)


def _copy_rows(connection: Connection, text: Path, head: _Head, skip: int, target: Path) -> pa.Table:
    """Copy a text's rows into Parquet; give its lines that are no rows.

    DuckDB loses rows, and says nothing, where quotation marks stand within cells: such texts, and whatever it
    does not read to the last row, are read line by line.
    """
    with text.open("rb") as file:
        start = sum(len(file.readline()) for _ in range(skip))
    rows = count_rows(text, start, head.separator)
    if rows.is_regular:
        try:
            n, rejected = _copied_by_engine(connection, text, head, skip, rows.longest_bytes, target)
        except duckdb.Error:
            n, rejected = -1, None
        # An empty line is a row only where there is but one column.
        if n in (rows.count, rows.count - rows.blank):
            return rejected
    return irregular_to_parquet(text, skip, head.headings, head.separator, target)


def _copied_by_engine(
    connection: Connection, text: Path, head: _Head, skip: int, longest_bytes: int, target: Path
) -> tuple[int, pa.Table]:
    """Copy rows as `_copy_rows`; give also how many there are, with those that are none."""
    names = ", ".join(f"{literal(heading)}: 'VARCHAR'" for heading in head.headings)
    # DuckDB reads a file in pieces, and loses a row that is longer than one.
    piece_bytes = max(_PIECE_BYTES, 2 * longest_bytes)
    # Everything is said, for DuckDB's guesses depend on the rows: it may take a heading for a row, or a line
    # that begins with # for a comment. Not in parallel, where it loses rows at the border of two pieces.
    rows = f"""
        SELECT * FROM read_csv({address(text)}, columns = {{{names}}}, auto_detect = false, header = false,
            skip = {skip}, delim = {literal(head.separator)}, quote = '"', escape = '"', comment = '',
            strict_mode = true, null_padding = false, parallel = false, max_line_size = {piece_bytes // 2},
            buffer_size = {piece_bytes}, store_rejects = true, rejects_scan = 'scan_of_text',
            rejects_table = 'rejects_of_text', rejects_limit = 0)
    """
    # A row of too few or too many cells is named once for each cell.
    said = f"""
        SELECT line_byte_position AS position, any_value(csv_line) AS said,
            if(min(found) < {len(head.headings)}, min(found), max(found)) AS found
        FROM (SELECT *, regexp_extract(error_message, 'Found: ([0-9]+)', 1)::INT AS found
            FROM rejects_of_text)
        GROUP BY line_byte_position ORDER BY line_byte_position
    """
    engine = connection.con
    try:
        (kept,) = engine.execute(f"COPY ({rows}) TO {literal(str(target))} (FORMAT parquet)").fetchone()
        wrong = engine.execute(said).to_arrow_table()
    finally:
        engine.execute("DROP TABLE IF EXISTS rejects_of_text")
        engine.execute("DROP TABLE IF EXISTS scan_of_text")
    texts = wrong["said"].to_pylist()
    # Where lines end with CR LF, DuckDB takes the LF for the beginning of the next.
    begins = wrong["position"].to_numpy() + np.array([t.startswith("\n") for t in texts], dtype=np.int64)
    reasons = [cells_instead(found, len(head.headings)) for found in wrong["found"].to_pylist()]
    columns = {"line": lines_at(text, begins), "said": [t.strip("\r\n") for t in texts], "reason": reasons}
    return kept + wrong.num_rows, pa.table(columns, schema=REJECTED)


def _head(plain: Path, path: Path, source: Source, encoding: str) -> _Head:
    """Read what stands above a file's rows."""
    try:
        # Two ends of lines besides LF, of which the file may have one.
        with plain.open(encoding=encoding) as file:
            skipped = list(islice(file, source.skip_rows))
            first = file.readline()
            if "\0" in first:
                raise _no_csv(path)
            separator = source.separator or max(
                _SEPARATORS, key=lambda s: len(next(csv.reader([first], delimiter=s), []))
            )
            taken: list[str] = []

            def lines() -> Iterator[str]:
                line = first
                while line:
                    taken.append(line)
                    yield line
                    line = file.readline()

            rows = list(islice(csv.reader(lines(), delimiter=separator), source.heading_rows))
    except csv.Error:
        raise _no_csv(path) from None
    except UnicodeError:
        raise wrong_encoding(plain, path, encoding) from None
    above = [*skipped, *taken]
    has_open_quote = any(line.count('"') % 2 for line in above)
    return _Head(headings_of(rows, path), separator, len(above), has_open_quote)


def _unpack(path: Path, target: Path) -> None:
    """Unpack a file. UserError for one that is cut short, is not packed by gzip, or would fill the disk."""
    try:
        with gzip.open(path, "rb") as packed, target.open("wb") as written:
            size = 0
            while block := packed.read(_BLOCK_BYTES):
                size += written.write(block)
                if size > _UNPACKED_BYTES and size > _UNPACKED_TIMES * path.stat().st_size:
                    raise UserError(
                        _t("{path} unpacks to more than {times} times its size: no table does. Unpack it."),
                        path=path.name,
                        times=_UNPACKED_TIMES,
                    )
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise UserError(
            _t("{path} is cut short, or was not packed by gzip. Copy or export it again."), path=path.name
        ) from None


def _no_csv(path: Path) -> UserError:
    return UserError(
        _t("{path} is not a CSV file: its first line is no text. Export it again."), path=path.name
    )
