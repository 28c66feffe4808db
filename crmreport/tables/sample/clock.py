"""The sample company's clock: the days it covers, how busy each is, and at what hour things happen.

Days are whole numbers counted from START; moments are naive timestamps in the company's own time zone.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Moments = npt.NDArray[np.datetime64]

START = date(2022, 11, 1)
END = date(2025, 11, 10)  # the first day that is not covered
DAYS = (END - START).days
MONTH_DAYS = 365.25 / 12
DAY_SECONDS = 86_400

# How much is bought, by day of the year: story 5 (November and December), and offices refitted in September.
_SEASON_DAY = (1, 20, 60, 121, 182, 213, 233, 246, 262, 278, 303, 318, 330, 346, 355, 366)
_SEASON_WEIGHT = (
    0.85,
    0.93,
    0.96,
    0.98,
    0.93,
    0.90,
    0.96,
    1.10,
    1.12,
    1.03,
    1.03,
    1.30,
    1.62,
    1.42,
    1.05,
    0.80,
)
_WEEKDAY_WEIGHT = (1.10, 1.10, 1.06, 1.05, 1.00, 0.95, 0.74)  # Monday first
_HOLIDAY_WEIGHT = {(12, 25): 0.15, (12, 26): 0.40, (1, 1): 0.35}


def day_number(day: date) -> int:
    """Days from START to a day; negative before it."""
    return (day - START).days


def dates(days: Ints) -> Moments:
    """Turn numbers of days into dates."""
    return np.datetime64(START, "D") + days.astype("timedelta64[D]")


def _busyness() -> Floats:
    moments = dates(np.arange(DAYS, dtype=np.int64))
    day_of_year = (moments - moments.astype("datetime64[Y]")).astype(np.int64) + 1
    weekday = (moments.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    weight = np.interp(day_of_year, _SEASON_DAY, _SEASON_WEIGHT) * np.array(_WEEKDAY_WEIGHT)[weekday]
    for i, moment in enumerate(moments.astype(object)):
        weight[i] *= _HOLIDAY_WEIGHT.get((moment.month, moment.day), 1.0)
    return np.asarray(weight / weight.mean(), dtype=np.float64)


BUSYNESS = _busyness()  # one weight per day, 1 on average
_BUSY_DAYS_BEFORE = np.concatenate([[0.0], np.cumsum(BUSYNESS)])


def busy_days(first: Ints, last: Ints) -> Floats:
    """Busyness summed over the days from `first` to before `last`, in average days."""
    return np.asarray(_BUSY_DAYS_BEFORE[last] - _BUSY_DAYS_BEFORE[first], dtype=np.float64)


def busy_day(rng: np.random.Generator, first: Ints, last: Ints) -> Ints:
    """Draw one day from each range `first` to before `last`, busier days more often."""
    low, high = _BUSY_DAYS_BEFORE[first], _BUSY_DAYS_BEFORE[last]
    drawn = np.searchsorted(_BUSY_DAYS_BEFORE, low + (high - low) * rng.random(len(first)), side="right") - 1
    return np.asarray(np.clip(drawn, first, last - 1), dtype=np.int64)


def growing_days(rng: np.random.Generator, count: int, growth_per_year: float) -> Ints:
    """Draw `count` days of the whole span, more of them later; weekdays and seasons are weak here."""
    weight = (1 + growth_per_year * np.arange(DAYS) / 365.25) * BUSYNESS**0.25
    return np.asarray(rng.choice(DAYS, size=count, p=weight / weight.sum()), dtype=np.int64)


def office_second(rng: np.random.Generator, count: int) -> Ints:
    """Draw seconds of the day from 08:00 to 18:00, busiest in the late morning."""
    return ((8 + 10 * rng.beta(1.8, 2.2, count)) * 3600).astype(np.int64)


def shopping_second(rng: np.random.Generator, count: int) -> Ints:
    """Draw seconds of the day from 06:00 to 24:00, with peaks before noon, in the afternoon and at night."""
    centre = rng.choice([11.2, 15.4, 20.3], size=count, p=[0.38, 0.32, 0.30])
    hour = np.clip(centre + rng.normal(0, 1.7, count), 6, 23.95)
    return (hour * 3600).astype(np.int64)


def moments(days: Ints, seconds: Ints) -> Moments:
    """Join days and seconds of the day into moments."""
    return np.datetime64(START, "s") + (days * DAY_SECONDS + seconds).astype("timedelta64[s]")


def day_of(moment: Moments) -> Ints:
    """Give the number of the day that each moment falls on."""
    return (moment.astype("datetime64[D]") - np.datetime64(START, "D")).astype(np.int64)


def missing_moments(count: int) -> Moments:
    """Give `count` moments that are missing."""
    return np.full(count, np.datetime64("NaT", "s"))


def later(moment: Moments, days: Floats) -> Moments:
    """Give the moments that lie some days (with fractions) later.

    The hour that the clock leaves out in March and the one that it shows twice in October are stepped over.
    """
    found = np.asarray(moment + (days * DAY_SECONDS).astype("timedelta64[s]"))
    day = found.astype("datetime64[D]")
    month = found.astype("datetime64[M]")
    is_changing = np.isin(month.astype(np.int64) % 12, [2, 9])  # March and October, January being 0
    is_changing &= (day.astype(np.int64) + 3) % 7 == 6
    is_changing &= (month + 1).astype("datetime64[D]") - day <= np.timedelta64(7, "D")
    is_changing &= (found - day).astype(np.int64) // 3600 == 1
    return np.where(is_changing, found + np.timedelta64(3600, "s"), found)


END_MOMENT = np.datetime64(END, "s")
