"""Periods: the half-open date ranges that a report covers.

Every range is ``[start, end)``: the first day is in, the end is the day after the last one. Days are plain
dates; only `Period.bounds` turns them into moments. Dates are the proleptic Gregorian ones of Python, and
names take years 2 to 9998, so that each named period has neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_JANUARY = 1
_ONE_DAY = timedelta(days=1)

_NAME = re.compile(
    r"(?P<fiscal>FY)?(?P<year>[0-9]{4})"
    r"(-((?P<month>[0-9]{2})(-(?P<day>[0-9]{2}))?|Q(?P<quarter>[0-9])|W(?P<week>[0-9]{2})))?"
)
_RANGE_NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})")


class Kind(StrEnum):
    """How long a period is, and by which calendar; a range is any run of days."""

    MONTH = "month"
    QUARTER = "quarter"
    WEEK = "week"  # ISO 8601: Monday to Sunday, numbered in the year that has its Thursday
    YEAR = "year"
    DAY = "day"
    RANGE = "range"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Period:
    """A named run of days, `[start, end)`, whole or cut short; a `Calendar` makes it.

    `full_end` is the end of the whole period and `end` that of the part meant, so they differ only for a
    partial period; its name is that of the whole. Periods are ordered by start, then by end.

    ValueError unless start < end <= full_end.
    """

    # Periods are compared field by field, so start and end come first.
    start: date
    end: date
    full_end: date
    kind: Kind
    name: str

    def __post_init__(self) -> None:
        if not self.start < self.end <= self.full_end:
            raise ValueError(
                f"period {self.name} cannot run from {self.start} to before {self.end}: it needs at least "
                f"one day, and none from {self.full_end} on"
            )

    @property
    def is_partial(self) -> bool:
        """Whether the period is cut short."""
        return self.end < self.full_end

    @property
    def days(self) -> int:
        """Number of days in the period, or in the part of it."""
        return (self.end - self.start).days

    @property
    def key(self) -> str:
        """Name that tells the period from its parts: a part is named by its first and last day."""
        return _range(self.start, self.end - timedelta(days=1)).name if self.is_partial else self.name

    def contains(self, day: date) -> bool:
        """Say whether the period, as far as it goes, has that day."""
        return self.start <= day < self.end

    def until(self, day: date) -> Period:
        """Cut the period short, so that it has only days before `day`; never makes it longer.

        ValueError if no day is left.
        """
        if day <= self.start:
            raise ValueError(f"nothing of {self.name} is before {day}: it starts on {self.start}")
        return replace(self, end=min(day, self.end))

    def predecessor(self) -> Period:
        """Give the period of the same kind that ends where this one starts.

        A partial period gives as many first days of the one before, or all of it if that has fewer: 1 to 9
        November is compared with 1 to 9 October. A year's predecessor is `year_before`, whose parts end on
        the same date, since two answers to one question would confuse. To go back several periods, go back
        by the whole one and cut last: a part may be all of a shorter period, and then stays whole.
        """
        if self.kind is Kind.YEAR:
            return self.year_before()
        if self.kind is Kind.RANGE:
            before = _range(self.start - (self.full_end - self.start), self.start - _ONE_DAY)
        else:
            before = _containing(self.start - _ONE_DAY, self.kind, self._fiscal_year_start)
        return self._same_days_of(before)

    def successor(self) -> Period:
        """Give the whole period of the same kind that starts where this one, when it is over, will end."""
        if self.kind is Kind.RANGE:
            return _range(self.full_end, self.full_end + (self.full_end - self.start) - _ONE_DAY)
        return _containing(self.full_end, self.kind, self._fiscal_year_start)

    def year_before(self) -> Period:
        """Give the same period of the year before; a partial one gives the same part.

        The same part is that up to the same date, 29 February standing for 28. Weeks keep their number, week
        53 giving 52 (the year before never has 53), and parts of weeks keep their weekdays. A day keeps its
        weekday, too, 52 weeks before. A range gives the same dates, so that one longer than a year overlaps
        its year before.
        """
        if self.kind is Kind.DAY:
            return _day(self.start - timedelta(weeks=52))
        if self.kind is Kind.WEEK:
            year, week, _ = self.start.isocalendar()
            return self._same_days_of(_week(year - 1, min(week, 52)))
        if self.kind is Kind.RANGE:
            before = _range(_year_earlier(self.start), _year_earlier(self.full_end - _ONE_DAY))
        else:
            before = _containing(_year_earlier(self.start), self.kind, self._fiscal_year_start)
        return before.until(_year_earlier(self.end - _ONE_DAY) + _ONE_DAY) if self.is_partial else before

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """Give the moments at which the period starts and ends: midnights of the time zone.

        Where clocks skip or repeat midnight, it is the first moment of the day. Subtract one from the other
        only in UTC: within one zone Python subtracts what clocks show, and a day would always have 24 hours.

        ValueError if there is no such time zone.
        """
        # Fold 0, the default, is the first of two midnights, and for one that clocks skip the moment they do.
        timezone = _zone(zone)
        return datetime.combine(self.start, time(), timezone), datetime.combine(self.end, time(), timezone)

    @property
    def _fiscal_year_start(self) -> int:
        """Month in which the period's years start, read from its name and start."""
        if not self.name.startswith("FY"):
            return _JANUARY
        months_before = 3 * (int(self.name[-1]) - 1) if self.kind is Kind.QUARTER else 0
        return (self.start.month - 1 - months_before) % 12 + 1

    def _same_days_of(self, other: Period) -> Period:
        return other.until(other.start + timedelta(days=self.days)) if self.is_partial else other


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar by which a company names its periods.

    `fiscal_year_start`: month in which its years start, 1 to 12. Unless that is January, its quarters and
    years are named after the calendar year in which the fiscal one ends: FY2025 starting in April is April
    2024 to March 2025. Months and weeks are everyone's. `timezone`: IANA name of the zone whose midnights
    separate its days.

    ValueError for a month or a time zone that does not exist.
    """

    fiscal_year_start: int = _JANUARY
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        if self.fiscal_year_start not in range(1, 13):
            raise ValueError(
                f"fiscal_year_start cannot be {self.fiscal_year_start!r}; give the number of the month in "
                "which the fiscal year starts, 1 (January) to 12 (December)"
            )
        _zone(self.timezone)

    def period(self, name: str) -> Period:
        """Give the whole period of that name.

        ValueError, saying what is wrong and how periods are named, for anything that is not exactly a name.
        """
        days = _RANGE_NAME.fullmatch(name)
        parts = _NAME.fullmatch(name)
        try:
            if days:
                return _range(_named_day(days[1]), _named_day(days[2]))
            if parts:
                return self._named(parts)
        except ValueError as error:
            raise ValueError(f"{name!r} is not a period: {error}. {self._forms}") from None
        raise ValueError(f"{name!r} is not the name of a period. {self._forms}")

    def containing(self, day: date, kind: Kind) -> Period:
        """Give the whole period of the kind that has that day.

        ValueError for ranges: no calendar says where they start.
        """
        return _containing(day, kind, self.fiscal_year_start)

    def between(self, first: date, last: date, kind: Kind) -> tuple[Period, ...]:
        """Give all periods of the kind that have a day from `first` to `last` (both included), oldest first.

        They are whole, so the outer ones may reach beyond the two days. ValueError if `last` is before
        `first`, and for ranges.
        """
        if last < first:
            raise ValueError(f"no period is between {first} and {last}: the last day is before the first")
        periods = [self.containing(first, kind)]
        while periods[-1].full_end <= last:
            periods.append(self.containing(periods[-1].full_end, kind))
        return tuple(periods)

    def last_complete(self, as_of: date, kind: Kind, count: int = 1) -> tuple[Period, ...]:
        """Give the last `count` periods of the kind that data up to `as_of` (included) cover, oldest first.

        ValueError if `count` is less than 1, and for ranges.
        """
        if count < 1:
            raise ValueError(f"cannot give the last {count} periods; count is at least 1")
        # The period of the first day that the data lack is the first one they do not cover.
        period = self.containing(as_of + _ONE_DAY, kind)
        periods = []
        for _ in range(count):
            period = period.predecessor()
            periods.append(period)
        return tuple(reversed(periods))

    def at(self, period: Period, as_of: date) -> Period:
        """Give the period as data up to `as_of` (included) cover it: cut short if it goes on after that day.

        ValueError if they cover none of it.
        """
        if as_of < period.start:
            raise ValueError(
                f"the data end on {as_of}, before {period.name} starts on {period.start}; choose an "
                "earlier period or bring newer data"
            )
        return period.until(as_of + _ONE_DAY)

    @property
    def _is_fiscal(self) -> bool:
        return self.fiscal_year_start != _JANUARY

    @property
    def _forms(self) -> str:
        fy = "FY" if self._is_fiscal else ""
        return (
            f"Names are: 2025-10 (month), {fy}2025-Q4 (quarter), 2025-W41 (ISO week), {fy}2025 (year), "
            "2025-10-31 (day), "
            "2010-12-01..2011-12-09 (days, both included)"
        )

    def _named(self, parts: re.Match[str]) -> Period:
        """Give the period that a name's parts say; ValueError saying which part is wrong."""
        year = _checked_year(int(parts["year"]))
        if parts["month"] or parts["week"]:
            if parts["fiscal"]:
                raise ValueError("FY is for quarters and years; months, weeks and days go by the calendar")
            if parts["day"]:
                return _day(_named_day(parts[0]))
            if parts["week"]:
                return _week(year, _checked(int(parts["week"]), "weeks", _weeks_in(year), year))
            month = _checked(int(parts["month"]), "months", 12, year)
            return _containing(date(year, month, 1), Kind.MONTH, _JANUARY)
        if self._is_fiscal and not parts["fiscal"]:
            raise ValueError(
                f"fiscal_year_start is {self.fiscal_year_start}, so write FY{parts[0]}, "
                f"where FY{parts['year']} is the fiscal year that ends in {parts['year']}"
            )
        if parts["fiscal"] and not self._is_fiscal:
            raise ValueError(f"fiscal_year_start is 1, so write {parts[0].removeprefix('FY')} or change that")
        year_start = date(year - self._is_fiscal, self.fiscal_year_start, 1)
        if not parts["quarter"]:
            return self.containing(year_start, Kind.YEAR)
        quarter = _checked(int(parts["quarter"]), "quarters", 4, year)
        return self.containing(_months_later(year_start, 3 * (quarter - 1)), Kind.QUARTER)


def _containing(day: date, kind: Kind, fiscal_year_start: int) -> Period:
    """Give the whole period of the kind that has that day, years starting in that month."""
    if kind is Kind.RANGE:
        raise ValueError("no calendar has ranges; name one by its first and last day: 2010-12-01..2011-12-09")
    if kind is Kind.WEEK:
        year, week, _ = day.isocalendar()
        return _week(year, week)
    if kind is Kind.DAY:
        return _day(day)
    months = {Kind.MONTH: 1, Kind.QUARTER: 3, Kind.YEAR: 12}[kind]
    months_into_year = (day.month - fiscal_year_start) % 12
    start = _months_later(day, -(months_into_year % months))
    if kind is Kind.MONTH:
        name = start.isoformat()[:7]
    else:
        last_month_of_year = _months_later(day, 11 - months_into_year)
        name = f"{'' if fiscal_year_start == _JANUARY else 'FY'}{last_month_of_year.year:04d}"
    if kind is Kind.QUARTER:
        name += f"-Q{months_into_year // 3 + 1}"
    return _whole(kind, start, _months_later(day, months - months_into_year % months), name)


def _whole(kind: Kind, start: date, end: date, name: str) -> Period:
    return Period(start=start, end=end, full_end=end, kind=kind, name=name)


def _week(year: int, week: int) -> Period:
    start = date.fromisocalendar(year, week, 1)
    return _whole(Kind.WEEK, start, start + timedelta(weeks=1), f"{year:04d}-W{week:02d}")


def _day(day: date) -> Period:
    return _whole(Kind.DAY, day, day + _ONE_DAY, day.isoformat())


def _range(first: date, last: date) -> Period:
    """Give the period from one day to another, both included; ValueError if they are the wrong way round."""
    if last < first:
        raise ValueError(f"its last day, {last}, is before its first, {first}")
    return _whole(Kind.RANGE, first, last + _ONE_DAY, f"{first}..{last}")


def _weeks_in(iso_year: int) -> int:
    """Count the ISO weeks of a year, 52 or 53: 28 December is always in the last one (ISO 8601)."""
    return date(iso_year, 12, 28).isocalendar().week


def _months_later(day: date, months: int) -> date:
    """Give the first day of the month that comes that many months after the day's own."""
    years, month_index = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month_index + 1, 1)


def _year_earlier(day: date) -> date:
    """Give the same date of the year before, 28 February for the 29th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _checked(number: int, unit: str, highest: int, year: int) -> int:
    if not 1 <= number <= highest:
        raise ValueError(f"the {unit} of {year} are 1 to {highest}, not {number}")
    return number


def _checked_year(year: int) -> int:
    if not MINYEAR < year < MAXYEAR:
        raise ValueError(f"years are {MINYEAR + 1:04d} to {MAXYEAR - 1}, not {year:04d}")
    return year


def _named_day(text: str) -> date:
    _checked_year(int(text[:4]))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"there is no day {text}") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: a region alone, such as "Asia", is a folder of the time zone files.
        raise ValueError(
            f"there is no time zone {name!r}; use its IANA name, such as Europe/London, Asia/Shanghai "
            "(all of China) or UTC"
        ) from None
