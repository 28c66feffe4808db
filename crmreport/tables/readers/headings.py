"""Headings: the names of a file's columns, each of which must be its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from crmreport.errors import UserError
from crmreport.language import _t


def headings_of(rows: Sequence[Sequence[str]], path: Path) -> tuple[str, ...]:
    """Give the headings that one row, or several above each other, spell.

    Of several rows, the cells above each other are joined by a space, and an empty cell of an upper row
    stands for the one to its left, of which it is the rest. A column without a heading is named by its
    number. Raises UserError where there is no heading at all, or one twice.
    """
    width = max((len(row) for row in rows), default=0)
    texts = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    for upper in texts[:-1]:
        for position in range(1, width):
            upper[position] = upper[position] or upper[position - 1]
    if not any(any(row) for row in texts):
        raise UserError(_t("{path} has no headings in its first line. Add them."), path=path.name)
    joined = [" ".join(filter(None, column)) for column in zip(*texts, strict=True)]
    headings = tuple(name or f"column {number}" for number, name in enumerate(joined, start=1))
    check_unique(headings, path)
    return headings


def check_unique(headings: Sequence[str], path: Path) -> None:
    """Refuse two columns of one name; SQL does not tell capitals from small letters."""
    for name, count in Counter(heading.casefold() for heading in headings).items():
        if count > 1:
            alike = [heading for heading in headings if heading.casefold() == name]
            raise UserError(
                _t("{path} has {count} columns named {names}. Give each a name of its own."),
                path=path.name,
                count=count,
                names=", ".join(dict.fromkeys(alike)),
            )
