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
    of rows (compound Poisson). KNOWN: a figure that is set or known, not drawn: a target, a number of
    employees; its interval is itself. SHARE: rows that meet a condition among all. MEAN: average over rows.
    WEIGHTED: an amount over another of the same rows, and so a mean of their ratios, weighted by the lower.
    MEDIAN: the middle of the rows' values, or another quantile of them; its parts are the sum and the number
    of the values. RATIO: one metric over another, which counts other rows.
    """

    COUNT = "count"
    TOTAL = "total"
    KNOWN = "known"
    SHARE = "share"
    MEAN = "mean"
    WEIGHTED = "weighted"
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


def of_window(column: str) -> Rows:
    """Rows that carry the key of their period, and tell of the active window before it, too.

    They are whole only where the data reach back that far.
    """
    return Rows("of_window", column)


def target_for(metric: str) -> Rows:
    """Rows of the targets that are set for a metric; for every period where they name none."""
    return Rows("target", metric)


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
    row values, for the interval of a TOTAL or MEAN. A WEIGHTED one has `of` and `weight` instead, two columns
    of amounts whose sums are its parts (rows without a weight are in neither), a RATIO a `quotient`, and no
    rows of its own (its `table` is ""). `seed` is the term in the users' sources, `trap` what readers get
    wrong. `minimum` is the smallest number of cases whose figure is not marked as small; `history_days`, how
    long the data must reach back before a period for its figure to be whole. `echoes` names a metric whose
    changes this one repeats in other words, so that a review does not say one thing twice.
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
    weight: Expression = None
    quantile: float = 0.5
    quotient: Quotient | None = None
    minimum: int = 30
    history_days: int = 0
    echoes: str = ""

    @property
    def is_ratio(self) -> bool:
        """Whether the value is a quotient, so that a change may come from mix or from rates."""
        return self.estimate in (Estimate.SHARE, Estimate.MEAN)

    @property
    def adds_up(self) -> bool:
        """Whether the whole's change is made of its segments', each with its weight."""
        return self.estimate not in (Estimate.MEDIAN, Estimate.WEIGHTED, Estimate.RATIO)

    @property
    def has_cases(self) -> bool:
        """Whether the lower part of the value is a number of cases."""
        return self.estimate in (Estimate.SHARE, Estimate.MEAN, Estimate.MEDIAN)

    @property
    def formula(self) -> str:
        """The formula in symbols, derived from the declaration."""
        if self.quotient is not None:
            return _formula_of(self.quotient)
        if self.rows.rule == "target":
            return f"target({self.rows.column})"
        if self.estimate is Estimate.MEDIAN:
            middle = (
                f"median({self.of!r})" if self.quantile == 0.5 else f"quantile({self.of!r}, {self.quantile})"
            )
            return middle.replace("_.", "")
        if self.estimate is Estimate.WEIGHTED:
            return f"{self.of!r}.sum() / {self.weight!r}.sum()".replace("_.", "")
        parts = [repr(self.numerator)] + ([repr(self.denominator)] if self.denominator is not None else [])
        return " / ".join(parts).replace("_.", "")


def parts_of(metric: Metric) -> tuple[Metric, ...]:
    """Give the metrics with rows of their own that a metric is made of: itself, or those of its quotient."""
    if metric.quotient is None:
        return (metric,)
    return (*parts_of(metric.quotient.top), *parts_of(metric.quotient.bottom))


def _formula_of(quotient: Quotient) -> str:
    """Write a quotient with the names of its parts; those of a part that is one itself in brackets."""
    top, bottom = (
        f"({part.formula})" if part.quotient is not None else part.name
        for part in (quotient.top, quotient.bottom)
    )
    if quotient.at is not At.SAME:
        bottom += f"[{quotient.at.value}]"
    times = f" * {quotient.per:g}" if quotient.per != 1 else ""
    return f"{top} / {bottom}{times}" + (f" - {quotient.less:g}" if quotient.less else "")


SUBJECTS = {
    "sales": _t("Sales"),
    "customers": _t("Customers"),
    "value": _t("Customer value"),
    "satisfaction": _t("Satisfaction"),
    "service": _t("Service"),
    "conversion": _t("Conversion"),
    "team": _t("Teams"),
    "marketing": _t("Marketing"),
    "market": _t("Market"),
    "behaviour": _t("Behaviour"),
    "products": _t("Products"),
}
