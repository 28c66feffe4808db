"""Dates: in which formats the times of a column are written, found from its values."""

from __future__ import annotations

from dataclasses import dataclass

from crmreport.tables.column import FIRST_YEAR, LAST_YEAR
from crmreport.tables.engine import Connection

_LEAST_SHARE = 0.9  # of the values of a column of times, a format must read so many
_FIRST = 300  # values on which all formats are tried, before the best is tried on all
# What every time begins with: a number or a month's name, and something after it.
_LIKE_A_TIME = "^([A-Za-z]{3,9}[,. -]+)?[0-9]{1,4}([-/.年, ]|$| ?[A-Za-z])"

_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%m-%y", "%d.%m.%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%m/%d/%y", "%m-%d-%y", "%m.%d.%y")
_OTHER = (
    "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y", "%a, %d %b %Y", "%Y-%m", "%Y/%m", "%Y年%m月", "%Y年", "%m/%Y", "%b %Y", "%B %Y",
    "%b-%y", "%Y",
)  # fmt: skip
_CLOCKS = (
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M:%S", ", %I:%M %p",
    ", %I:%M:%S %p", "T%H:%M:%S",
)  # fmt: skip
# Whole numbers that are moments, by their smallest and largest: from 1990 to 2099.
_EPOCHS = {"unix": (631_152_000, 4_102_444_799)}
_EPOCHS |= {
    "unix_ms": (631_152_000_000, 4_102_444_799_999),
    "unix_us": (631_152_000_000_000, 4_102_444_799_999_999),
}
_NUMERIC = {"%Y": (FIRST_YEAR, LAST_YEAR), "%Y%m": (190101, 209912), "%Y%m%d": (19010101, 20991231)}


@dataclass(frozen=True)
class Times:
    """How a column writes its times.

    `formats`: () for ISO 8601. `other`: the formats that read every value too, with month and day exchanged;
    () where only one order can be meant.
    """

    formats: tuple[str, ...] = ()
    other: tuple[str, ...] = ()


def times_of_numbers(low: float, high: float) -> Times | None:
    """Say which times whole numbers are; None if they are none."""
    for name, (least, most) in (_NUMERIC | _EPOCHS).items():
        if least <= low and high <= most:
            return Times((name,))
    return None


def times_of_texts(connection: Connection, texts: str, all_texts: str) -> Times | None:
    """Say how texts are written as times; None if they are none.

    `texts`, `all_texts`: SQL of tables with a column x, to try on and, where month and day may be exchanged,
    to decide by.
    """
    n, n_like, n_iso, n_with_clock = connection.con.execute(
        f"SELECT count(x), "
        f"count(*) FILTER (length(x) BETWEEN 4 AND 40 AND regexp_matches(x, '{_LIKE_A_TIME}')), "
        f"count(try_cast(x AS timestamp)), count(*) FILTER (x LIKE '%:%') FROM {texts}"
    ).fetchone()
    if n == 0 or n_like < _LEAST_SHARE * n:
        return None
    if n_iso >= _LEAST_SHARE * n:
        return Times()
    families = _DAY_FIRST + _MONTH_FIRST + _OTHER
    clocks = _CLOCKS if n_with_clock else _CLOCKS[:1]
    first = f"(SELECT x FROM {texts} WHERE x IS NOT NULL LIMIT {_FIRST})"
    read = _read_by(connection, first, [_with_clocks(f, clocks) for f in families])
    best = families[read.index(max(read))]
    (most,) = _read_by(connection, texts, [_with_clocks(best, clocks)])
    if most < _LEAST_SHARE * n or most <= n_iso:
        return None
    formats = _needed(connection, texts, _with_clocks(best, clocks))
    twin = _twin(best)
    if twin and read[families.index(twin)] == max(read):
        here, there = _read_by(connection, all_texts, [_with_clocks(f, clocks) for f in (best, twin)])
        if here == there:
            return Times(formats, _exchanged(formats))
        if there > here:
            return Times(_exchanged(formats))
    return Times(formats)


def _with_clocks(day: str, clocks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(day + clock for clock in clocks)


def _twin(day: str) -> str:
    """Give the same format with month and day exchanged; "" for one whose month or year stands first."""
    if day in _DAY_FIRST:
        return _MONTH_FIRST[_DAY_FIRST.index(day)]
    return _DAY_FIRST[_MONTH_FIRST.index(day)] if day in _MONTH_FIRST else ""


def _exchanged(formats: tuple[str, ...]) -> tuple[str, ...]:
    swap = {"%d": "%m", "%m": "%d"}
    return tuple(swap[f[:2]] + f[2:3] + swap[f[3:5]] + f[5:] for f in formats)


def _needed(connection: Connection, texts: str, formats: tuple[str, ...]) -> tuple[str, ...]:
    """Keep of a day's formats, with each kind of clock, those that read any value."""
    counts = _read_by(connection, texts, [(f,) for f in formats])
    return tuple(f for f, count in zip(formats, counts, strict=True) if count)


def _read_by(connection: Connection, texts: str, formats: list[tuple[str, ...]]) -> list[int]:
    """Count the values that each list of formats reads, as times of a year that can be."""
    counted = []
    for each in formats:
        listed = ", ".join("'" + f.replace("'", "''") + "'" for f in each)
        time = f"try_strptime(x, [{listed}])"
        counted.append(f"count(*) FILTER (year({time}) BETWEEN {FIRST_YEAR} AND {LAST_YEAR})")
    return list(connection.con.execute(f"SELECT {', '.join(counted)} FROM {texts}").fetchone())
