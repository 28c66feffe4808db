"""Quoting: whether the quotation marks of a CSV all begin or end a cell, and how its rows then divide."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

_Bytes = npt.NDArray[np.uint8]
_Positions = npt.NDArray[np.int64]

_BLOCK_BYTES = 1 << 24
_QUOTE, _LF, _CR = ord('"'), ord("\n"), ord("\r")


@dataclass(frozen=True)
class Rows:
    """The rows of a text, looked at from afar.

    `is_regular`: each quotation mark begins a cell, ends one, or stands twice within one; what else is said
    holds only then. `count`: how many rows there are, of which `blank` are empty lines. `longest_bytes`: the
    longest row, with the end of its line.
    """

    is_regular: bool
    count: int
    blank: int
    longest_bytes: int


def count_rows(text: Path, start: int, separator: str) -> Rows:
    """Look through a UTF-8 text whose lines end with LF or CR LF, from a byte on."""
    size = text.stat().st_size
    if start >= size:
        return Rows(is_regular=True, count=0, blank=0, longest_bytes=0)
    signs: _Bytes = np.memmap(text, np.uint8, mode="r")
    sign = separator.encode()
    before = np.isin(np.arange(256), [sign[-1], _LF, _CR, _QUOTE])
    after = np.isin(np.arange(256), [sign[0], _LF, _CR, _QUOTE])
    quotes_seen = count = blank = longest = 0
    row_begins = start
    for first in range(start, size, _BLOCK_BYTES):
        block = signs[first : first + _BLOCK_BYTES]
        quotes = np.flatnonzero(block == _QUOTE) + first
        opening, closing = quotes[quotes_seen % 2 :: 2], quotes[1 - quotes_seen % 2 :: 2]
        opening, closing = opening[opening > start], closing[closing < size - 1]
        if not (before[signs[opening - 1]].all() and after[signs[closing + 1]].all()):
            return Rows(is_regular=False, count=0, blank=0, longest_bytes=0)
        ends = np.flatnonzero(block == _LF) + first
        ends = ends[(quotes_seen + np.searchsorted(quotes, ends)) % 2 == 0]
        quotes_seen += len(quotes)
        if len(ends):
            lengths = np.diff(ends, prepend=row_begins - 1)
            count += len(ends)
            blank += int(((lengths == 1) | ((lengths == 2) & (signs[ends - 1] == _CR))).sum())
            longest = max(longest, int(lengths.max()))
            row_begins = int(ends[-1]) + 1
    if row_begins < size:
        count, longest = count + 1, max(longest, size - row_begins)
    return Rows(quotes_seen % 2 == 0, count, blank, longest)


def lines_at(text: Path, positions: _Positions) -> _Positions:
    """Give the number of the line, from 1, on which each byte position, in ascending order, stands."""
    signs: _Bytes = np.memmap(text, np.uint8, mode="r")
    lines = np.ones(len(positions), dtype=np.int64)
    for first in range(0, len(signs), _BLOCK_BYTES):
        ends = np.flatnonzero(signs[first : first + _BLOCK_BYTES] == _LF) + first
        lines += np.searchsorted(ends, positions, side="left")
    return lines
