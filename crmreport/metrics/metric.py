"""Metrics: what a metric is. Everything that is shown about one comes from its declaration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from crmreport.language import _t
from crmreport.periods import Period

Expression = Any  # an Ibis Deferred such as `_.amount.sum()`; ibis ships no types


class Unit(StrEnum):
    """What a metric's value is counted in; it decides how the value is written."""

    COUNT = "count"
    MONEY = "money"  # in the review's currency
    SHARE = "share"  # 0 to 1, written as a percentage
    POINTS = "points"  # -100 to 100
    MINUTES = "minutes"
    DAYS = "days"
    NUMBER = "number"  # a plain number with decimals: times, contacts per customer, a mean on a scale


class Better(StrEnum):
    """Which direction is favourable."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class Estimate(StrEnum):
    """What kind of figure it is; it decides the interval and the test of a change.

    COUNT: a number of rows or customers, as varied as a Poisson count. TOTAL: a sum over a varying number
    of rows (compound Poisson). SHARE: rows that meet a condition among all. MEAN: average over rows.
    MEDIAN: the middle of the rows' values, or another quantile of them; its parts are the sum and the number
    of the values. RATIO: one metric over another, which counts other rows.
    """

    COUNT = "count"
    TOTAL = "total"
    SHARE = "share"
    MEAN = "mean"
    MEDIAN = "median"
    RATIO = "ratio"


@dataclass(frozen=True)
class Rows:
    """Which rows of a table belong to a period; see the functions that make one.

    `column` holds the time that decides (for `of_period`, the period's key); `until` the time at which a
    row of a stock ceases to belong.
    """

    rule: str
    column: str
    days: int = 0
    until: str = ""

    def days_of(self, period: Period) -> Iterator[date]:
        """Give the days on which a row must have happened to belong to the period."""
        shift = timedelta(days=self.days)
        day = period.start - shift
        while day < period.end - shift:
            yield day
            day += timedelta(days=1)


def happened(column: str) -> Rows:
    """Rows whose time falls into the period: a flow."""
    return Rows("happened", column)


def matured(column: str, days: int) -> Rows:
    """Rows whose first `days` days were up in the period.

    An outcome that takes time is counted when all had the same time for it, so that the newest are
    neither left out nor counted as failures.
    """
    return Rows("happened", column, days)


def open_at_end(opened: str, closed: str) -> Rows:
    """Rows that were open when the period ended: a stock."""
    return Rows("open_at_end", opened, until=closed)


def of_period(column: str) -> Rows:
    """Rows that carry the key of their period."""
    return Rows("of_period", column)


NO_ROWS = Rows("none", "")  # of a metric that is made of others


class At(StrEnum):
    """When the lower part of a quotient is taken, seen from the period of the upper one."""

    SAME = "same"
    PREVIOUS = "previous"
    YEAR_BEFORE = "year_before"
    NEXT = "next"


@dataclass(frozen=True, eq=False)
class Quotient:
    """Two metrics whose ratio is a third: ``top / bottom * per - less``.

    They may count different rows (spending over new customers) or the same ones at different times (`at`:
    revenue over that of a year before, less 1). Split by the dimensions that both have.
    """

    top: Metric
    bottom: Metric
    at: At = At.SAME
    per: float = 1
    less: float = 0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)  # a Deferred can be neither hashed nor compared
class Metric:
    """A metric's declaration.

    `numerator` and, for a ratio, `denominator` are aggregates over the rows of `table` that `rows`
    admits; the value is their quotient, or for a MEDIAN the `quantile` of `of`. `squares` sums the squared
    row values, for the interval of a TOTAL or MEAN. A RATIO has a `quotient` instead, and no rows of its own
    (its `table` is ""). `seed` is the term in the users' sources, `trap` what
    readers get wrong. `minimum` is the smallest number of cases whose figure is not marked as small;
    `history_days`, how long the data must reach back before a period for its figure to be whole.
    """

    name: str
    title: str
    subject: str
    definition: str
    source: str
    trap: str
    table: str = ""
    rows: Rows = NO_ROWS
    estimate: Estimate
    numerator: Expression = None
    unit: Unit
    better: Better
    seed: str = ""
    denominator: Expression = None
    squares: Expression = None
    of: Expression = None
    quantile: float = 0.5
    quotient: Quotient | None = None
    minimum: int = 30
    history_days: int = 0

    @property
    def is_ratio(self) -> bool:
        """Whether the value is a quotient, so that a change may come from mix or from rates."""
        return self.estimate in (Estimate.SHARE, Estimate.MEAN)

    @property
    def formula(self) -> str:
        """The formula in symbols, derived from the declaration."""
        if self.estimate is Estimate.MEDIAN:
            return f"median({self.of!r})".replace("_.", "")
        parts = [repr(self.numerator)] + ([repr(self.denominator)] if self.denominator is not None else [])
        return " / ".join(parts).replace("_.", "")


SUBJECTS = {
    "sales": _t("Sales"),
    "customers": _t("Customers"),
    "satisfaction": _t("Satisfaction"),
    "service": _t("Service"),
    "conversion": _t("Conversion"),
    "behaviour": _t("Behaviour"),
}
