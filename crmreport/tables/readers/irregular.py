"""Irregular: text files in which quotation marks stand where none may, read line by line."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from crmreport.tables.readers.cells import write_texts
from crmreport.tables.readers.rejected import REJECTED, cells_instead

# No cell is of so many lines: then the quotation mark that should end it is missing.
_LONGEST_ROW_LINES = 1000


class _NoEndError(Exception):
    """A quotation of more lines than a row can have."""


def irregular_to_parquet(
    text: Path, skip: int, headings: tuple[str, ...], separator: str, target: Path
) -> pa.Table:
    """Read a UTF-8 text's rows into a Parquet file of texts; give its lines that are no rows.

    A quotation mark within a cell is a sign like any other. Where one begins a cell that does not end with
    one, its line alone is rejected, and reading goes on with the next. `skip`: lines above the first row.
    """
    rejected: list[tuple[int, str, str]] = []
    write_texts(target, headings, _rows(text, skip, len(headings), separator, rejected))
    columns = zip(*rejected, strict=True) if rejected else ([], [], [])
    return pa.table(dict(zip(REJECTED.names, map(list, columns), strict=True)), schema=REJECTED)


def _rows(
    text: Path, skip: int, width: int, separator: str, rejected: list[tuple[int, str, str]]
) -> Iterator[list[str]]:
    """Give the rows that have as many cells as there are headings, or more that are empty; reject others."""
    with text.open(encoding="utf-8-sig") as file:
        waiting: deque[str] = deque()  # lines that were read as part of a quotation that was none
        taken: list[str] = []  # lines of the row that is being read

        def lines() -> Iterator[str]:
            while line := waiting.popleft() if waiting else file.readline():
                if len(taken) == _LONGEST_ROW_LINES:
                    waiting.appendleft(line)
                    raise _NoEndError
                taken.append(line)
                yield line

        for _ in range(skip):
            file.readline()
        line = skip + 1
        reading = True
        while reading:
            taken.clear()
            # A new reader for each, for one that has failed cannot go on.
            reader = csv.reader(lines(), delimiter=separator, skipinitialspace=True, strict=True)
            try:
                for row in reader:
                    if len(row) >= width and not any(row[width:]):
                        yield row[:width]
                    elif row:
                        said = "".join(taken).rstrip("\n")
                        rejected.append((line, said, cells_instead(len(row), width)))
                    line += len(taken)
                    taken.clear()
                reading = False
            except (csv.Error, _NoEndError):
                rejected.append((line, taken[0].rstrip("\n"), "a quotation mark that does not end its cell"))
                waiting.extendleft(reversed(taken[1:]))
                line += 1
