"""Fact: what a fact table is: the rows that metrics count, made of one or more of the contract's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import ibis

from crmreport.periods import Period
from crmreport.tables.contract import table
from crmreport.tables.engine import IbisTable
from crmreport.tables.mapping.reading import DECIMAL, IBIS_TYPES

# DuckDB multiplies decimals of up to 18 digits in 64 bits, which overflow; of 19 digits in 128.
_WIDE = "decimal(19, 4)"
_TO_CENTS = "decimal(19, 2)"
SQUARE = "decimal(38, 4)"


@dataclass(frozen=True)
class Inputs:
    """What fact tables are made of: the contract's tables, and what the review asks of them.

    `prepared`: what several of them are made of, where it is stored already; see
    `crmreport.tables.facts.prepare`.
    """

    tables: Mapping[str, IbisTable]
    periods: tuple[Period, ...]
    active_days: int
    prepared: Mapping[str, IbisTable] = field(default_factory=dict)


@dataclass(frozen=True)
class Derived:
    """A column that a fact table has beside the contract's: its type, and the contract's column behind it."""

    type: str
    of: str = ""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A fact table's declaration.

    `make` gives its rows; `needs`: the tables (``orders``) and columns (``customers.joined_at``) without
    which there is none, `made_from`: all the contract's tables of whose rows it is made. `by_customer`:
    whether no customer has two rows; of a period, where rows carry the key of one. `knows_customers`: whether
    its rows have the customers' dimensions; other facts are joined with them.
    """

    name: str
    make: Callable[[Inputs], IbisTable]
    needs: tuple[str, ...]
    made_from: tuple[str, ...]
    derived: Mapping[str, Derived] = field(default_factory=dict)
    by_customer: bool = False
    knows_customers: bool = False

    @property
    def schema(self) -> dict[str, str]:
        """Ibis types by column: the contract's, where it has a table of that name, and the derived ones."""
        columns = table(self.name).columns if self.name in self.made_from else ()
        return {c.name: IBIS_TYPES[c.type] for c in columns} | {n: d.type for n, d in self.derived.items()}


def complete(given: IbisTable, name: str) -> IbisTable:
    """Add the contract's columns that the source lacks, all missing, so that formulas can name them.

    Not the dimensions: a metric is not split by what the data do not know.
    """
    lacking = [c for c in table(name).columns if c.name not in given.columns and not c.dimension]
    return given.mutate(**{c.name: ibis.null(IBIS_TYPES[c.type]) for c in lacking}) if lacking else given


def product(left: IbisTable, right: IbisTable) -> IbisTable:
    """Multiply two columns of numbers exactly, as an amount of money."""
    return (left.cast(_WIDE) * right.cast(_WIDE)).cast(DECIMAL)


def squared(amount: IbisTable) -> IbisTable:
    """Square a column of amounts, which the interval of their sum needs."""
    return multiplied(amount, amount)


def multiplied(left: IbisTable, right: IbisTable) -> IbisTable:
    """Multiply two columns of amounts, which the interval of their ratio needs."""
    # Ibis gives a product the scale of its factors; the cast says the true one.
    return (left.cast(_TO_CENTS) * right.cast(_TO_CENTS)).cast(SQUARE)
