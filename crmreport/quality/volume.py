"""Volume: whether a table has the rows that its own history lets expect, and whether it reaches to the end.

A month with far fewer rows than its season is a gap in the data before it is news. What is to be expected is
the same period of another year, scaled by how the level of the two years differs; without one, the median of
the periods before. A period is called short only if chance cannot explain it: two counts with a known ratio
are compared exactly, by the binomial distribution (Przyborowski and Wilenski 1940, Biometrika 31), after both
were divided by how much more than chance the table has varied before (as in quasi-Poisson models).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from ibis import _
from numpy.typing import NDArray
from scipy import special

from crmreport.findings.chance import spread
from crmreport.periods import Calendar, Kind, Period
from crmreport.quality.checks import NOTE, OK, PROBLEM, Check, check
from crmreport.tables.engine import IbisTable

FEW = 0.6  # of the rows expected; a period with more is never called short
FALSE_ALARM_RATE = 0.001  # of a period that is as usual: a review looks at hundreds
SELDOM = 0.05  # a period without any row that chance leaves empty less often than that is worth a note
BEFORE = 6  # periods before one that say what is usual, where no other year does
FEWEST_BEFORE = 3
MINIMUM_HISTORY = 8  # fewer periods, or gaps between days, do not tell what is usual
LATE = 3  # a table is late after so many of its usual gaps between days with rows

_SEASON = {Kind.MONTH: 12, Kind.QUARTER: 4, Kind.WEEK: 52, Kind.YEAR: 0}  # periods in a year

Array = NDArray[Any]
Days = dict[date, int]  # rows by day, in order; no day without rows


def count_days(rows: IbisTable, clock: str, as_of: date) -> Days:
    """Count a table's rows by day, up to one day."""
    days = rows.select(day=rows[clock].date())
    counted = days.filter(days.day <= as_of).group_by("day").aggregate(n=_.count()).order_by("day")
    return {row["day"]: row["n"] for row in counted.to_pyarrow().to_pylist()}


def freshness(table: str, days: Days, as_of: date) -> Check:
    """Compare the days since a table's last row with the gaps that are usual in it."""
    last = max(days)
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    usual = math.ceil(np.quantile(gaps, 0.95)) - 1 if gaps else 0
    without = (as_of - last).days
    verdict = OK
    if without > usual:
        is_late = without + 1 > LATE * (usual + 1) and len(gaps) >= MINIMUM_HISTORY
        verdict = PROBLEM if is_late else NOTE
    found: dict[str, Any] = {"expected": float(usual), "share": math.nan, "verdict": verdict}
    if verdict != OK:
        found |= {"kind": "late", "period": f"{last + timedelta(days=1)}..{as_of}"}
    return check(table, "freshness", sum(days.values()), without, **found)


def volume(table: str, days: Days, calendar: Calendar, kind: Kind, as_of: date) -> list[Check]:
    """Compare a table's rows of each period with those to be expected, by the month and by another kind."""
    kinds = [k for k in dict.fromkeys((Kind.MONTH, kind)) if k in _SEASON]
    return [row for each in kinds for row in _by_period(table, days, calendar, each, as_of)]


def _by_period(table: str, days: Days, calendar: Calendar, kind: Kind, as_of: date) -> list[Check]:
    periods = calendar.between(min(days), as_of, kind)
    counts = _count(days, periods)
    # The first may have begun before the data, and the last may not be over.
    start = 0 if _begins_with(periods[0], days) else 1
    end = len(periods) - (periods[-1].full_end > as_of + timedelta(days=1))
    whole, season = counts[start:end], _SEASON[kind]
    base, times = _expectations(whole, whole, season)
    # A gap is no measure of the same period a year later, or before.
    is_gap = _is_gap(whole, base * times, _chance(whole, base, times))
    base, times = _expectations(whole, np.where(is_gap, base * times, whole), season)
    chance = _chance(whole, base, times)
    is_gap = _is_gap(whole, base * times, chance)
    rows = []
    for position, period in enumerate(periods):
        count, found = int(counts[position]), {"period": period.name}
        if position >= end:
            rows.append(_unfinished(table, count, found, as_of))
        elif position < start:
            rows.append(check(table, "volume", count, 0, **found))
        else:
            place = position - start
            expected = base[place] * times[place]
            is_seldom = not count and chance[place] < SELDOM
            verdict = PROBLEM if is_gap[place] else NOTE if is_seldom else OK
            rows.append(_judged(table, count, expected, verdict, found))
    return rows


def _count(days: Days, periods: tuple[Period, ...]) -> Array:
    counts = np.zeros(len(periods))
    position = 0
    for day, n in days.items():
        while day >= periods[position].full_end:
            position += 1
        counts[position] += n
    return counts


def _begins_with(period: Period, days: Days) -> bool:
    """Say whether a table has the beginning of its first period: its first day is no later than usual."""
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    usual = math.ceil(np.quantile(gaps, 0.95)) if gaps else 1
    return (min(days) - period.start).days < usual


def _unfinished(table: str, count: int, found: Mapping[str, str], as_of: date) -> Check:
    return check(table, "volume", count, 0, **found, kind="unfinished", note=as_of.isoformat(), verdict=NOTE)


def _judged(table: str, count: int, expected: float, verdict: str, found: Mapping[str, str]) -> Check:
    lacking = max(0.0, round(expected) - count) if expected > 0 else 0.0
    more: dict[str, Any] = {**found, "expected": expected, "verdict": verdict}
    more["share"] = lacking / expected if expected > 0 else math.nan
    if verdict != OK:
        more["kind"] = "fewer" if count else "none"
    return check(table, "volume", count, lacking, **more)


def _is_gap(counts: Array, expected: Array, chance: Array) -> NDArray[np.bool_]:
    few: NDArray[np.bool_] = counts <= FEW * expected * (1 + 1e-9)
    return few & (chance < FALSE_ALARM_RATE)


def _expectations(counts: Array, filled: Array, season: int) -> tuple[Array, Array]:
    """Say what each period should have: `times` as many rows as `base`; missing where nobody can tell.

    `filled`: the counts, with what was to be expected in place of gaps.
    """
    base, times = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    for place in range(len(counts)):
        found = _by_season(counts, filled, place, season) if season else None
        if found is None or place < season:
            # What follows has the season, but may have grown out of a small beginning.
            others = _by_others(counts, place)
            found = min((f for f in (found, others) if f), key=math.prod) if others else None
        if found:
            base[place], times[place] = found
    return base, times


def _by_season(counts: Array, filled: Array, place: int, season: int) -> tuple[float, float] | None:
    """Take the same period of the year before, or of the year after, and how the years' levels differ.

    A level is the mean of a whole year, so that it has no season: the year next to the period, and the one
    around its partner, so that a leap of the level right before the partner is not taken for growth.
    """
    if place >= season:
        partner, level = place - season, counts[place - season : place].mean()
    elif place + season < len(counts):
        partner, level = place + season, counts[place + 1 : place + 1 + season].mean()
    else:
        return None
    first = min(max(partner - season // 2, 0), len(counts) - season)
    around = counts[first : first + season].mean()
    return float(filled[partner]), float(level / around) if around else 1.0


def _by_others(counts: Array, place: int) -> tuple[float, float] | None:
    """Take the median of the periods before; of a period without any row, those after it will do, too."""
    others = counts[max(0, place - BEFORE) : place]
    if len(others) < FEWEST_BEFORE and not counts[place]:
        others = np.concatenate([others, counts[place + 1 : place + 1 + BEFORE]])
    if len(others) < FEWEST_BEFORE:
        return None
    return float(np.median(others)) * len(others), 1 / len(others)


def _chance(counts: Array, base: Array, times: Array) -> Array:
    """Say how likely so few rows are where nothing is amiss; missing where nothing is to be expected."""
    expected = base * times
    known = expected > 0
    chance = np.full(len(counts), np.nan)
    n, b, t = counts[known], base[known], times[known]
    routine = (n - expected[known]) / np.sqrt(expected[known] * (1 + t))
    # Robust, so that the gap itself does not excuse itself.
    deviation = float(spread(routine[np.newaxis])[0]) if len(n) >= MINIMUM_HISTORY else 1.0
    dispersion = max(1.0, deviation**2)
    # The binomial distribution function, for numbers that need not be whole.
    chance[known] = special.betainc(b / dispersion, n / dispersion + 1, 1 / (1 + t))
    return chance
