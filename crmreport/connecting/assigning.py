"""Assigning: which column of a file is which column of a table, so that all together fit best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmreport.connecting.sample import Facts, Sample
from crmreport.connecting.values import boolean_map, countries
from crmreport.connecting.vocabulary import SURE, Likeness, Why, is_weak, likeness
from crmreport.tables.column import Column, Table, Type

_LEAST = 0.5  # a column is assigned from this confidence on
_REQUIRED = 1.5  # a required column counts more than another
_LEAST_READ = 0.9  # of the filled cells, so many must be of the column's type
_BY_VALUES = 0.55

_TIMES = (Type.TIMESTAMP, Type.DATE)
_NUMBERS = (Type.INTEGER, Type.NUMBER, Type.MONEY)


@dataclass(frozen=True)
class Match:
    """A column of the contract and the file's heading that it is; `confidence` from 0 to 1."""

    column: str
    heading: str
    confidence: float
    why: Why

    @property
    def is_sure(self) -> bool:
        """Whether it tells what the file is: neither a general heading nor its values alone."""
        return self.confidence >= SURE and not is_weak(self.heading)


def assign(table: Table, sample: Sample, without: frozenset[str] = frozenset()) -> tuple[Match, ...]:
    """Find the columns of a table in a file; each column of the file is at most one of them.

    `without`: headings that are spoken for. In the contract's order.
    """
    from scipy.optimize import linear_sum_assignment

    free = tuple(facts for facts in sample.columns if facts.heading not in without)
    if not free:
        return ()
    found = [[_how_like(table, column, facts) for facts in free] for column in table.columns]
    worth = np.array([[each.confidence for each in row] for row in found])
    worth[worth < _LEAST] = 0.0
    weights = np.array([_REQUIRED if column.required else 1.0 for column in table.columns])
    # Of two columns that fit as well, the first of the file; of two of the contract, its first.
    places = np.arange(len(free))[None, :] * 1e-5 + np.arange(len(table.columns))[:, None] * 1e-7
    gain = np.where(worth > 0, worth * weights[:, None] - places, 0.0)
    matches = []
    for row, place in zip(*linear_sum_assignment(gain, maximize=True), strict=True):
        if worth[row, place] > 0:
            each = found[row][place]
            matches.append(Match(table.columns[row].name, free[place].heading, each.confidence, each.why))
    return tuple(matches)


def weight(table: Table, matches: tuple[Match, ...]) -> float:
    """Say how much of a table was found in a file, to compare tables by."""
    return sum(m.confidence * (_REQUIRED if table.column(m.column).required else 1.0) for m in matches)


def _how_like(table: Table, column: Column, facts: Facts) -> Likeness:
    if not _fits(column, facts):
        return Likeness(0.0, Why.WEAK)
    by_heading = likeness(table.name, column.name, facts.heading)
    if by_heading.confidence >= _LEAST:
        return by_heading
    if column.name == "country" and _are_countries(facts):
        return Likeness(_BY_VALUES, Why.VALUES)
    return by_heading


def _fits(column: Column, facts: Facts) -> bool:
    """Say whether the cells of a file's column can be of a column's type; empty ones can be of any."""
    if not facts.filled:
        return True
    if column.type in _TIMES:
        return facts.times is not None
    if column.type in _NUMBERS:
        if facts.numbers is None:
            return False
        if column.type is Type.INTEGER and facts.integers < _LEAST_READ * facts.filled:
            return False
        if column.low is None or column.high is None:
            return True
        return column.low <= facts.low and facts.high <= column.high
    if column.type is Type.BOOLEAN:
        return boolean_map(facts.values) is not None
    return not facts.is_time


def _are_countries(facts: Facts) -> bool:
    known = [value for value in facts.values if value.casefold() in countries()]
    return len(facts.values) > 0 and len(known) >= _LEAST_READ * len(facts.values)
