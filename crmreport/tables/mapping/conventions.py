"""Conventions: what holds for all tables of a review when they are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from crmreport.tables.engine import IbisTable


@dataclass(frozen=True)
class Conventions:
    """The review's time zone and currency, and the day after which nothing can have happened yet.

    `rates`: what a unit of other currencies is worth; see `crmreport.tables.mapping.currencies.read_rates`.
    """

    timezone: str = "UTC"
    currency: str = "USD"
    rates: IbisTable | None = None
    today: date = field(default_factory=date.today)
