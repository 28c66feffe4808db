"""Columns: what a table of the contract is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict, Unpack

# Years that a time or a day can be of. Others are placeholders (0001, 1900, 9999) or slips of the pen, and
# one of them would make a review of thousands of empty months.
FIRST_YEAR, LAST_YEAR = 1901, 2099


class Type(StrEnum):
    """What kind of value a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"  # an exact decimal, so that sums do not depend on the order of rows
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"  # in the review's time zone
    DATE = "date"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of the contract.

    `required`: a row without it cannot be used and is set aside.
    `private`: identifies or describes a person; none of its values may be published.
    `dimension`: title of the column where metrics may be split by its few values; "" elsewhere.
    `references`: the table whose key the column holds.
    `low`, `high`: the smallest and largest possible value; another one is an error in the data.
    `not_before`: the column of times that this one's cannot precede.
    """

    name: str
    type: Type
    meaning: str
    unit: str = ""
    required: bool = False
    private: bool = False
    dimension: str = ""
    references: str = ""
    low: float | None = None
    high: float | None = None
    not_before: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table of the contract.

    `key`: the columns that tell its rows apart; () if nothing does. `clock`: the column that says when a row
    happened, never when something is planned; "" if none does.
    """

    name: str
    title: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    clock: str = ""

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError if the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the columns by which metrics of this table may be split."""
        return tuple(c.name for c in self.columns if c.dimension)


class MoneyFacts(TypedDict, total=False):
    """What may be said of an amount beside its name and meaning; see `Column`."""

    required: bool
    private: bool
    dimension: str
    references: str
    low: float
    high: float


class Facts(MoneyFacts, total=False):
    """What may be said of any other column."""

    unit: str


class TimeFacts(Facts, total=False):
    """What may be said of a column of times."""

    not_before: str


def text(name: str, meaning: str, **facts: Unpack[Facts]) -> Column:
    """Declare a column of texts."""
    return Column(name=name, type=Type.TEXT, meaning=meaning, **facts)


def integer(name: str, meaning: str, **facts: Unpack[Facts]) -> Column:
    """Declare a column of whole numbers."""
    return Column(name=name, type=Type.INTEGER, meaning=meaning, **facts)


def number(name: str, meaning: str, **facts: Unpack[Facts]) -> Column:
    """Declare a column of numbers."""
    return Column(name=name, type=Type.NUMBER, meaning=meaning, **facts)


def boolean(name: str, meaning: str, **facts: Unpack[Facts]) -> Column:
    """Declare a column of yes or no."""
    return Column(name=name, type=Type.BOOLEAN, meaning=meaning, **facts)


def timestamp(name: str, meaning: str, **facts: Unpack[TimeFacts]) -> Column:
    """Declare a column of moments."""
    return Column(name=name, type=Type.TIMESTAMP, meaning=meaning, **facts)


def date(name: str, meaning: str, **facts: Unpack[TimeFacts]) -> Column:
    """Declare a column of days."""
    return Column(name=name, type=Type.DATE, meaning=meaning, **facts)


def money(name: str, meaning: str, **facts: Unpack[MoneyFacts]) -> Column:
    """Declare a column of amounts in the review's currency."""
    return Column(name=name, type=Type.MONEY, meaning=meaning, unit="currency", **facts)
