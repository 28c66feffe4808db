"""Reach: how far the rows that a metric counts reach, and so which periods they cover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from crmreport.metrics.metric import Rows
from crmreport.periods import Period
from crmreport.tables.engine import IbisTable


@dataclass(frozen=True)
class Reach:
    """Which periods (keys) the rows that a metric counts cover, and which of them wholly."""

    covers: dict[str, bool]
    is_whole: dict[str, bool]


def first_day_of(fact: IbisTable, rows: Rows) -> date | None:
    """Find the first day on which the fact table says anything; None if it is empty."""
    first: date | None = fact[rows.column].date().min().to_pyarrow().as_py()
    return first


def reach_of(
    span: tuple[date, date] | None, periods: tuple[Period, ...], shift_days: int, history_days: int
) -> Reach:
    """Judge each period by the first and last day of the rows; `shift_days` earlier for a matured outcome."""
    if span is None:
        nowhere = {p.key: False for p in periods}
        return Reach(nowhere, nowhere)
    shift = timedelta(days=shift_days)
    known_from = span[0] + timedelta(days=history_days)
    return Reach(
        covers={p.key: p.start - shift <= span[1] and p.end - shift > span[0] for p in periods},
        is_whole={
            p.key: p.start - shift >= span[0] and p.start >= known_from and not p.is_partial for p in periods
        },
    )
