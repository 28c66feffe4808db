"""Periods: what days they have, what they are compared with, and which names are refused."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.periods import Calendar, Kind, Period

PLAIN = Calendar()
APRIL = Calendar(fiscal_year_start=4)
COUNTED_KINDS = [kind for kind in Kind if kind is not Kind.RANGE]


def day(text: str) -> date:
    return date.fromisoformat(text)


def days_of(period: Period) -> str:
    """First and last day that the period has, as a reader would say them."""
    return f"{period.start}..{period.end - timedelta(days=1)}"


def cut_after(last_day: str, name: str, calendar: Calendar = PLAIN) -> Period:
    return calendar.at(calendar.period(name), day(last_day))


# --- what a name means


@pytest.mark.parametrize(
    ("name", "kind", "days", "count"),
    [
        ("2025-10", Kind.MONTH, "2025-10-01..2025-10-31", 31),
        ("2025-12", Kind.MONTH, "2025-12-01..2025-12-31", 31),
        ("2023-02", Kind.MONTH, "2023-02-01..2023-02-28", 28),
        ("2024-02", Kind.MONTH, "2024-02-01..2024-02-29", 29),
        ("1900-02", Kind.MONTH, "1900-02-01..1900-02-28", 28),  # centuries are leap only every 400 years
        ("2025-Q1", Kind.QUARTER, "2025-01-01..2025-03-31", 31 + 28 + 31),
        ("2025-Q4", Kind.QUARTER, "2025-10-01..2025-12-31", 31 + 30 + 31),
        ("2025-W41", Kind.WEEK, "2025-10-06..2025-10-12", 7),
        ("2020-W01", Kind.WEEK, "2019-12-30..2020-01-05", 7),  # the week of the year's first Thursday
        ("2020-W53", Kind.WEEK, "2020-12-28..2021-01-03", 7),
        ("2025-10-31", Kind.DAY, "2025-10-31..2025-10-31", 1),
        ("2025", Kind.YEAR, "2025-01-01..2025-12-31", 365),
        ("2024", Kind.YEAR, "2024-01-01..2024-12-31", 366),
        ("2010-12-01..2011-12-09", Kind.RANGE, "2010-12-01..2011-12-09", 31 + 365 - 22),
        ("2024-02-29..2024-02-29", Kind.RANGE, "2024-02-29..2024-02-29", 1),
    ],
)
def test_a_name_gives_its_days(name, kind, days, count):
    period = PLAIN.period(name)
    assert (period.kind, days_of(period), period.days, period.name) == (kind, days, count, name)
    assert not period.is_partial


@pytest.mark.parametrize(
    ("fiscal_year_start", "name", "days"),
    [
        (4, "FY2025", "2024-04-01..2025-03-31"),
        (4, "FY2025-Q1", "2024-04-01..2024-06-30"),
        (4, "FY2025-Q4", "2025-01-01..2025-03-31"),
        (2, "FY2025", "2024-02-01..2025-01-31"),
        (2, "FY2025-Q4", "2024-11-01..2025-01-31"),  # over the turn of the year
        (12, "FY2025", "2024-12-01..2025-11-30"),
        (12, "FY2025-Q1", "2024-12-01..2025-02-28"),
        (4, "2025-02", "2025-02-01..2025-02-28"),
        (4, "2025-W41", "2025-10-06..2025-10-12"),
    ],
)
def test_fiscal_years_are_named_after_the_year_in_which_they_end(fiscal_year_start, name, days):
    period = Calendar(fiscal_year_start=fiscal_year_start).period(name)
    assert (days_of(period), period.name) == (days, name)


def test_the_end_is_the_day_after_the_last():
    october = PLAIN.period("2025-10")
    assert october.end == october.full_end == day("2025-11-01")
    assert [october.contains(day(d)) for d in ("2025-09-30", "2025-10-01", "2025-10-31", "2025-11-01")] == [
        False,
        True,
        True,
        False,
    ]


def test_periods_are_ordered_by_start_then_end():
    names = ["2025-10-02..2025-10-02", "2025-Q4", "2025-10", "2025-09"]
    in_order = sorted(PLAIN.period(name) for name in names)
    assert [p.name for p in in_order] == ["2025-09", "2025-10", "2025-Q4", "2025-10-02..2025-10-02"]
    assert cut_after("2025-10-09", "2025-10") < PLAIN.period("2025-10")


# --- what a period is compared with


@pytest.mark.parametrize(
    ("calendar", "name", "predecessor", "year_before"),
    [
        (PLAIN, "2025-10", "2025-09", "2024-10"),
        (PLAIN, "2025-01", "2024-12", "2024-01"),
        (PLAIN, "2024-02", "2024-01", "2023-02"),
        (PLAIN, "2025-Q4", "2025-Q3", "2024-Q4"),
        (PLAIN, "2025-Q1", "2024-Q4", "2024-Q1"),
        (PLAIN, "2025", "2024", "2024"),
        (PLAIN, "2025-03-01", "2025-02-28", "2024-03-02"),  # both are Saturdays
        (PLAIN, "2021-W01", "2020-W53", "2020-W01"),
        (PLAIN, "2020-W53", "2020-W52", "2019-W52"),
        (PLAIN, "2021-W52", "2021-W51", "2020-W52"),  # 2020 has a week 53; the number is kept all the same
        (APRIL, "FY2025-Q4", "FY2025-Q3", "FY2024-Q4"),
        (APRIL, "FY2025-Q1", "FY2024-Q4", "FY2024-Q1"),
        (APRIL, "FY2025", "FY2024", "FY2024"),
        (APRIL, "2025-04", "2025-03", "2024-04"),
        (PLAIN, "2025-11-01..2025-11-09", "2025-10-23..2025-10-31", "2024-11-01..2024-11-09"),
        (PLAIN, "2024-02-29..2024-02-29", "2024-02-28..2024-02-28", "2023-02-28..2023-02-28"),
        (PLAIN, "2024-02-28..2024-02-28", "2024-02-27..2024-02-27", "2023-02-28..2023-02-28"),
        (PLAIN, "2010-12-01..2011-12-09", "2009-11-22..2010-11-30", "2009-12-01..2010-12-09"),
    ],
)
def test_a_whole_period_is_compared_with_whole_ones(calendar, name, predecessor, year_before):
    period = calendar.period(name)
    assert period.predecessor() == calendar.period(predecessor)
    assert period.year_before() == calendar.period(year_before)


@pytest.mark.parametrize(
    ("name", "last_day", "predecessor", "year_before"),
    [
        ("2025-11", "2025-11-09", "2025-10-01..2025-10-09", "2024-11-01..2024-11-09"),
        ("2025-03", "2025-03-30", "2025-02-01..2025-02-28", "2024-03-01..2024-03-30"),  # February has no 30
        ("2024-02", "2024-02-28", "2024-01-01..2024-01-28", "2023-02-01..2023-02-28"),
        ("2024-Q1", "2024-02-29", "2023-10-01..2023-11-29", "2023-01-01..2023-02-28"),  # 60 days; same date
        ("2025-Q4", "2025-11-09", "2025-07-01..2025-08-09", "2024-10-01..2024-11-09"),  # 31 + 9 days
        ("2025-W41", "2025-10-08", "2025-09-29..2025-10-01", "2024-10-07..2024-10-09"),  # Monday to Wednesday
        ("2020-W53", "2020-12-29", "2020-12-21..2020-12-22", "2019-12-23..2019-12-24"),
        ("2025", "2025-11-09", "2024-01-01..2024-11-09", "2024-01-01..2024-11-09"),  # 2024 is leap; same date
        ("2024", "2024-02-29", "2023-01-01..2023-02-28", "2023-01-01..2023-02-28"),
        ("2025-11-01..2025-11-20", "2025-11-09", "2025-10-12..2025-10-20", "2024-11-01..2024-11-09"),
    ],
)
def test_a_part_is_compared_with_the_same_part(name, last_day, predecessor, year_before):
    part = cut_after(last_day, name)
    assert part.is_partial
    assert part.name == name
    assert days_of(part.predecessor()) == predecessor
    assert days_of(part.year_before()) == year_before


def test_a_part_of_a_fiscal_year_ends_on_the_same_date():
    part = cut_after("2024-02-29", "FY2024", APRIL)
    assert days_of(part.year_before()) == "2022-04-01..2023-02-28"
    assert part.year_before().name == "FY2023"


def test_a_part_that_fills_the_shorter_month_is_not_partial():
    february = cut_after("2025-03-30", "2025-03").predecessor()
    assert february == PLAIN.period("2025-02")


def test_until_cuts_and_never_extends():
    november = PLAIN.period("2025-11")
    part = november.until(day("2025-11-10"))
    assert (part.days, part.full_end, part.contains(day("2025-11-10"))) == (9, day("2025-12-01"), False)
    assert part.until(day("2025-11-20")) == part
    assert november.until(day("2025-12-01")) == november
    with pytest.raises(ValueError, match="nothing of 2025-11 is before 2025-11-01"):
        november.until(day("2025-11-01"))


# --- what the data cover


@pytest.mark.parametrize(
    ("as_of", "kind", "count", "names"),
    [
        ("2025-11-09", Kind.MONTH, 2, ["2025-09", "2025-10"]),
        ("2025-10-31", Kind.MONTH, 1, ["2025-10"]),  # its last day is covered
        ("2025-10-30", Kind.MONTH, 1, ["2025-09"]),
        ("2025-12-31", Kind.QUARTER, 1, ["2025-Q4"]),
        ("2021-01-03", Kind.WEEK, 2, ["2020-W52", "2020-W53"]),  # a Sunday
        ("2025-06-30", Kind.YEAR, 2, ["2023", "2024"]),
    ],
)
def test_the_last_complete_periods(as_of, kind, count, names):
    assert [p.name for p in PLAIN.last_complete(day(as_of), kind, count)] == names


def test_the_last_complete_fiscal_quarter():
    assert [p.name for p in APRIL.last_complete(day("2025-04-15"), Kind.QUARTER)] == ["FY2025-Q4"]


@pytest.mark.parametrize(
    ("as_of", "days"),
    [
        ("2025-11-01", "2025-11-01..2025-11-01"),
        ("2025-11-29", "2025-11-01..2025-11-29"),
        ("2025-11-30", "2025-11-01..2025-11-30"),
        ("2026-02-01", "2025-11-01..2025-11-30"),
    ],
)
def test_a_period_as_the_data_cover_it(as_of, days):
    part = cut_after(as_of, "2025-11")
    assert days_of(part) == days
    assert part.is_partial == (as_of < "2025-11-30")


def test_periods_that_touch_two_days():
    names = [p.name for p in PLAIN.between(day("2024-11-30"), day("2025-02-01"), Kind.MONTH)]
    assert names == ["2024-11", "2024-12", "2025-01", "2025-02"]
    assert [p.name for p in PLAIN.between(day("2025-01-31"), day("2025-01-31"), Kind.MONTH)] == ["2025-01"]


# --- moments


@pytest.mark.parametrize(
    ("date_text", "zone", "start_utc", "hours"),
    [
        ("2025-03-30", "Europe/London", "2025-03-30T00:00", 23),  # clocks go from 1:00 to 2:00
        ("2025-10-26", "Europe/London", "2025-10-25T23:00", 25),  # and back from 2:00 to 1:00
        ("2025-07-01", "Asia/Shanghai", "2025-06-30T16:00", 24),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00", 23),  # from 0:00 to 1:00: no midnight
        ("2025-11-02", "America/Havana", "2025-11-02T04:00", 25),  # from 1:00 back to 0:00: two midnights
    ],
)
def test_bounds_are_midnights_of_the_zone(date_text, zone, start_utc, hours):
    start, end = (b.astimezone(UTC) for b in PLAIN.period(f"{date_text}..{date_text}").bounds(zone))
    assert start == datetime.fromisoformat(start_utc).replace(tzinfo=UTC)
    assert end - start == timedelta(hours=hours)


def test_bounds_of_a_part_end_with_the_part():
    start, end = cut_after("2025-11-09", "2025-11").bounds("Asia/Shanghai")
    assert start.isoformat() == "2025-11-01T00:00:00+08:00"
    assert end.isoformat() == "2025-11-10T00:00:00+08:00"


# --- what is refused


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("2025-13", "the months of 2025 are 1 to 12, not 13"),
        ("2025-00", "the months of 2025 are 1 to 12, not 0"),
        ("2025-Q5", "the quarters of 2025 are 1 to 4, not 5"),
        ("2025-W54", "the weeks of 2025 are 1 to 52, not 54"),
        ("2025-W53", "the weeks of 2025 are 1 to 52, not 53"),
        ("2020-W54", "the weeks of 2020 are 1 to 53, not 54"),
        ("2025-02-29..2025-03-01", "there is no day 2025-02-29"),
        ("2025-03-02..2025-03-01", "its last day, 2025-03-01, is before its first, 2025-03-02"),
        ("0000", "years are 0002 to 9998, not 0000"),
        ("9999-12", "years are 0002 to 9998, not 9999"),
        ("2025-01-01..9999-12-31", "years are 0002 to 9998, not 9999"),
        ("FY2025", "fiscal_year_start is 1, so write 2025"),
        ("FY2025-Q4", "fiscal_year_start is 1, so write 2025-Q4"),
        ("FY2025-10", "FY is for quarters and years"),
        ("2025-02-29", "there is no day 2025-02-29"),
        *[
            (name, "is not the name of a period")
            for name in (
                "", "25-10", "2025-1", "2025-001", "2025-q4", "2025Q4", "2025-W1", "2025-10-3", "2025-10\n",
                " 2025-10", "2025/10", "٢٠٢٥", "2025-1-1..2025-1-2", "2025-10..2025-11", "last month",
            )
        ],
    ],
)  # fmt: skip
def test_a_wrong_name_is_refused_with_the_reason_and_the_valid_forms(name, why):
    with pytest.raises(ValueError) as error:
        PLAIN.period(name)
    message = str(error.value)
    assert message.startswith(repr(name))
    assert why in message
    assert (
        "2025-10 (month), 2025-Q4 (quarter), 2025-W41 (ISO week), 2025 (year), 2025-10-31 (day), 2010-12-01.."
        in message
    )


@pytest.mark.parametrize("name", ["2025", "2025-Q4"])
def test_a_fiscal_calendar_refuses_names_that_do_not_say_fy(name):
    with pytest.raises(
        ValueError, match=f"so write FY{name}, where FY2025 is the fiscal year that ends in 2025"
    ):
        APRIL.period(name)


@pytest.mark.parametrize("month", [0, 13, -1])
def test_a_fiscal_year_starts_in_a_month(month):
    with pytest.raises(ValueError, match=rf"fiscal_year_start cannot be {month}; .* 1 \(January\) to 12"):
        Calendar(fiscal_year_start=month)


@pytest.mark.parametrize("zone", ["Asia/Beijing", "Asia", "GMT+8", "", "/etc/localtime"])
def test_an_unknown_time_zone_is_refused(zone):
    with pytest.raises(
        ValueError, match=re.escape(f"no time zone {zone!r}; use its IANA name, such as Europe")
    ):
        Calendar(timezone=zone)
    with pytest.raises(ValueError, match="no time zone"):
        PLAIN.period("2025").bounds(zone)


def test_questions_without_an_answer_are_refused():
    november = PLAIN.period("2025-11")
    first, last = day("2025-11-01"), day("2025-11-09")
    with pytest.raises(ValueError, match="the data end on 2025-10-31, before 2025-11 starts on 2025-11-01"):
        PLAIN.at(november, day("2025-10-31"))
    with pytest.raises(ValueError, match="the last day is before the first"):
        PLAIN.between(last, first, Kind.MONTH)
    with pytest.raises(ValueError, match="count is at least 1"):
        PLAIN.last_complete(last, Kind.MONTH, 0)
    for ask in (
        lambda: PLAIN.containing(first, Kind.RANGE),
        lambda: PLAIN.between(first, last, Kind.RANGE),
        lambda: PLAIN.last_complete(last, Kind.RANGE),
    ):
        with pytest.raises(ValueError, match="no calendar has ranges; name one by its first and last day"):
            ask()
    with pytest.raises(ValueError, match="needs at least one day"):
        Period(start=last, end=last, full_end=last, kind=Kind.RANGE, name="empty")


# --- what holds for every period

some_days = st.dates(date(1900, 1, 1), date(2200, 12, 31))
calendars = st.builds(Calendar, fiscal_year_start=st.integers(1, 12))
counted_kinds = st.sampled_from(COUNTED_KINDS)


@st.composite
def periods(draw):
    """Whole periods of every kind, with the calendar that names them."""
    calendar, first = draw(calendars), draw(some_days)
    kind = draw(st.sampled_from(Kind))
    if kind is not Kind.RANGE:
        return calendar, calendar.containing(first, kind)
    return calendar, calendar.period(f"{first}..{first + timedelta(days=draw(st.integers(0, 800)))}")


@st.composite
def parts(draw):
    """Periods of every kind, cut short or not."""
    _, period = draw(periods())
    return period.until(period.start + timedelta(days=draw(st.integers(1, period.days))))


@given(periods())
def test_a_period_is_found_by_its_name(case):
    calendar, period = case
    assert calendar.period(period.name) == period


@given(periods())
def test_predecessors_join_without_gap_and_are_named_by_the_same_calendar(case):
    calendar, period = case
    before = period.predecessor()
    assert before.full_end == period.start
    assert before.kind is period.kind
    assert calendar.period(before.name) == before
    assert calendar.period(period.year_before().name) == period.year_before()


@given(calendars, some_days, counted_kinds)
def test_the_period_containing_a_day_has_it(calendar, some_day, kind):
    period = calendar.containing(some_day, kind)
    assert period.contains(some_day)
    assert period.kind is kind
    # And so for its other days.
    assert calendar.containing(period.start, kind) == period
    assert calendar.containing(period.end - timedelta(days=1), kind) == period


@given(calendars, some_days, st.integers(0, 800), counted_kinds)
def test_periods_between_two_days_tile_them(calendar, first, more_days, kind):
    last = first + timedelta(days=more_days)
    tiles = calendar.between(first, last, kind)
    assert tiles[0].contains(first)
    assert tiles[-1].contains(last)
    assert all(left.end == right.start for left, right in pairwise(tiles))
    assert list(tiles) == sorted(tiles)


@given(calendars, some_days, counted_kinds, st.integers(1, 14))
def test_the_last_complete_periods_are_covered_and_the_next_is_not(calendar, as_of, kind, count):
    complete = calendar.last_complete(as_of, kind, count)
    assert len(complete) == count
    assert all(calendar.at(p, as_of) == p for p in complete)
    assert all(left.end == right.start for left, right in pairwise(complete))
    next_one = calendar.containing(complete[-1].end, kind)
    assert next_one.end > as_of + timedelta(days=1)


@given(some_days)
def test_the_year_before_a_month_is_the_same_month(some_day):
    month = PLAIN.containing(some_day, Kind.MONTH)
    before = month.year_before()
    assert (before.start.year, before.start.month) == (month.start.year - 1, month.start.month)
    assert not before.is_partial


@given(parts())
def test_a_part_is_compared_with_as_many_days_or_one_leap_day_off(part):
    before = part.predecessor()
    if part.is_partial and part.kind is not Kind.YEAR:
        assert before.days == min(part.days, (before.full_end - before.start).days)
    assert abs(part.year_before().days - part.days) <= 1
    assert part.year_before().name == part.until(part.full_end).year_before().name


@settings(max_examples=50)
@given(parts(), st.sampled_from(["UTC", "Europe/London", "Asia/Shanghai", "America/New_York"]))
def test_bounds_show_midnight(part, zone):
    start, end = part.bounds(zone)
    assert (start.date(), end.date()) == (part.start, part.end)
    assert start.hour == end.hour == 0
