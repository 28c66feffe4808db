"""Covering: which periods the data cover."""

from __future__ import annotations

from crmreport.asked import read_period
from crmreport.config import SECTION, Project
from crmreport.errors import UserError
from crmreport.language import Phrase, _t
from crmreport.periods import Kind, Period
from crmreport.results import Read

_KINDS = {
    Kind.MONTH: _t("month"),
    Kind.QUARTER: _t("quarter"),
    Kind.WEEK: _t("week"),
    Kind.YEAR: _t("year"),
    Kind.DAY: _t("day"),
}


def last_complete(project: Project, read: Read, count: int) -> tuple[Period, ...]:
    """Give the last complete periods of the review's frequency that the data cover wholly, oldest first.

    UserError if there is none.
    """
    settings = project.settings
    found = settings.calendar.last_complete(read.as_of, settings.kind, count)
    whole = tuple(p for p in found if p.start >= settings.calendar.containing(read.first_day, p.kind).start)
    if not whole:
        raise UserError(
            _t(
                "The data run from {first} to {last}: no whole {kind} yet. Connect more data, or set a "
                "shorter {key}."
            ),
            first=read.first_day,
            last=read.as_of,
            kind=Phrase(_KINDS[settings.kind], {}),
            key=f"{SECTION}.frequency",
        )
    return whole


def covered(project: Project, read: Read, name: str) -> Period:
    """Read a period's name, and cut the period where the data end. UserError if they do not reach it."""
    period = read_period(project, name)
    if period.start > read.as_of or period.end <= read.first_day:
        raise UserError(
            _t("There are no data of {name}: they run from {first} to {last}. Name a period within."),
            name=name,
            first=read.first_day,
            last=read.as_of,
        )
    return project.settings.calendar.at(period, read.as_of)


def whole_periods(project: Project, read: Read, kind: Kind) -> tuple[Period, ...]:
    """Give all complete periods of a kind that the data cover, oldest first."""
    if kind is Kind.RANGE:
        return ()
    found = project.settings.calendar.between(read.first_day, read.as_of, kind)
    return tuple(p for p in found if not project.settings.calendar.at(p, read.as_of).is_partial)
