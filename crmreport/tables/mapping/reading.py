"""Reading: what a file's cell says as a value of the contract's type, missing where it says none."""

from __future__ import annotations

from dataclasses import dataclass

import ibis

from crmreport.tables.column import FIRST_YEAR, LAST_YEAR, Column, Type
from crmreport.tables.engine import IbisValue

DECIMAL = "decimal(18, 4)"
IBIS_TYPES = {
    Type.TEXT: "string",
    Type.INTEGER: "int64",
    Type.NUMBER: "float64",
    Type.MONEY: DECIMAL,
    Type.BOOLEAN: "boolean",
    Type.TIMESTAMP: "timestamp(6)",
    Type.DATE: "date",
}

_TIMES = (Type.TIMESTAMP, Type.DATE)
_NUMBERS = (Type.INTEGER, Type.NUMBER, Type.MONEY)
# A time that says its zone: 2025-10-31T14:05:00Z, 2025-10-31 14:05+08:00. A plain date ends in -31, too.
_WITH_ZONE = r":[0-9]{2}(\.[0-9]+)? ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$"
_WITHOUT_SECONDS = r"^([^:]*:[0-9]{2})( ?(?:Z|z|UTC|[+-].*))$"
# Moments written as a number of units since 1970, by the name that a `dates` setting gives them.
EPOCHS = {"unix": 1_000_000, "unix_ms": 1_000, "unix_us": 1}


@dataclass(frozen=True)
class Manner:
    """How the cells of one column are written.

    `timezone`: the review's, which must be the engine's own; `from_timezone`: that of times which name none.
    `dates`: formats as of strptime, or names of `EPOCHS`, tried in turn before ISO 8601. `signs`: what may
    stand before or after an amount.
    """

    timezone: str = "UTC"
    from_timezone: str = "UTC"
    dates: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""
    signs: tuple[str, ...] = ()


_CLOCK = "timestamp(6)"


@ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "array<string>"), _CLOCK))  # type: ignore[untyped-decorator]
def _try_strptime(text: IbisValue, formats: IbisValue) -> IbisValue:
    """Read a time by the first format that fits (DuckDB)."""


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", _CLOCK), "timestamp('UTC', 6)"))  # type: ignore[untyped-decorator]
def _at_zone(zone: IbisValue, clock: IbisValue) -> IbisValue:
    """Give the moment at which the clocks of a zone show a time (DuckDB)."""


@ibis.udf.scalar.builtin(name="make_timestamp", signature=(("int64",), _CLOCK))  # type: ignore[untyped-decorator]
def _make_timestamp(microseconds: IbisValue) -> IbisValue:
    """Give the time of UTC's clocks that many microseconds after 1970 began (DuckDB)."""


def read_as(value: IbisValue, column: Column, manner: Manner) -> IbisValue:
    """Read a cell as the column's type; missing where it cannot be read.

    Times with a zone become times of the review's; others are taken to be of `from_timezone`.
    """
    if value.type().is_string():
        value = value.strip().nullif("")
        if column.type in _NUMBERS:
            value = _plain_number(value, manner)
    elif value.type().is_floating():
        value = _finite(value)
    if column.type in _TIMES:
        read = _time(value, manner, is_day=column.type is Type.DATE)
    elif column.type is Type.TEXT:
        read = as_text(value)
    elif column.type is Type.INTEGER:
        read = _integer(value)
    else:
        read = value.try_cast(IBIS_TYPES[column.type])
    if column.type is Type.NUMBER:
        read = _finite(read)
    return read.cast(IBIS_TYPES[column.type])


def is_possible(read: IbisValue, column: Column) -> IbisValue | None:
    """Say whether a value is within the column's bounds; None where it has none."""
    checks = []
    if column.low is not None:
        checks.append(read >= column.low)
    if column.high is not None:
        checks.append(read <= column.high)
    return ibis.and_(*checks) if checks else None


def as_text(value: IbisValue) -> IbisValue:
    """Read a text. An integer key beside a missing one comes as 17850.0 and is 17850."""
    if not value.type().is_floating():
        return value.try_cast("string")
    whole = value.try_cast("int64")
    return ibis.ifelse(value == whole, whole.cast("string"), value.cast("string"))


def as_written(value: object) -> str:
    """Write a value of the settings as a file would."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _plain_number(text: IbisValue, manner: Manner) -> IbisValue:
    """Write a number's text as programs do: 1234.5 for 1.234,5 or € 1,234.50, where the manner allows it."""
    for sign in manner.signs:
        text = text.replace(sign, "")
    if manner.signs:
        text = text.strip()
    if manner.thousands:
        between = "[ \u00a0\u202f]" if manner.thousands == " " else rf"\{manner.thousands}"
        # Only where three digits follow: 1,5 is no fifteen.
        shape = rf"^[+-]?[0-9]{{1,3}}({between}[0-9]{{3}})+(\{manner.decimal}[0-9]*)?$"
        text = ibis.ifelse(text.re_search(shape), text.re_replace(between, ""), text)
    if manner.decimal == ",":
        # A point is then no decimal sign, and a number that has one cannot be read.
        text = ibis.ifelse(text.contains("."), ibis.null("string"), text.replace(",", "."))
    return text


def _finite(number: IbisValue) -> IbisValue:
    """Give a number; missing for what stands for none."""
    return ibis.ifelse(number.isnan() | number.isinf(), ibis.null(), number)


def _integer(value: IbisValue) -> IbisValue:
    """Read a whole number. A cast would round 4.5 to one that nobody gave."""
    if value.type().is_integer() or value.type().is_boolean():
        return value.try_cast("int64")
    number = _finite(value.try_cast("float64"))
    # Not round(), which casts, and so fails on what no integer can hold.
    return ibis.ifelse(number % 1 == 0, number.try_cast("int64"), ibis.null())


def _time(value: IbisValue, manner: Manner, *, is_day: bool) -> IbisValue:
    """Read a time by the clocks of the review's zone; missing for years that cannot be."""
    kind = value.type()
    if manner.dates and (kind.is_numeric() or kind.is_boolean()):
        value = as_text(value)
    if value.type().is_string():
        read = _written_time(value, manner, is_day=is_day)
    elif kind.is_timestamp() or kind.is_date():
        read = value.cast("timestamp(6)")
        if kind.is_timestamp() and kind.timezone is None and not is_day:
            read = _moved(read, manner)
    else:
        read = ibis.null("timestamp(6)")
    # Compared as moments, not as years: DuckDB gives infinity no year.
    possible = (read >= ibis.timestamp(FIRST_YEAR, 1, 1, 0, 0, 0)) & (
        read < ibis.timestamp(LAST_YEAR + 1, 1, 1, 0, 0, 0)
    )
    return ibis.ifelse(possible, read, ibis.null())


def _written_time(text: IbisValue, manner: Manner, *, is_day: bool) -> IbisValue:
    """Read the text of a time."""
    clock = text.try_cast("timestamp(6)")
    formats = [f for f in manner.dates if f not in EPOCHS]
    if formats:
        clock = ibis.coalesce(_try_strptime(text, ibis.literal(formats)), clock)
    if not is_day:
        # A day alone has no time that could be moved into another zone.
        clock = ibis.ifelse(text.contains(":"), _moved(clock, manner), clock)
    # DuckDB reads a time with a zone only if it has seconds.
    complete = text.re_replace(_WITHOUT_SECONDS, r"\1:00\2")
    zoned = complete.try_cast(f"timestamp('{manner.timezone}')").cast("timestamp(6)")
    read = ibis.ifelse(text.re_search(_WITH_ZONE), zoned, clock)
    for name, microseconds in EPOCHS.items():
        if name in manner.dates:
            count = text.try_cast("int64")
            # Within what a number of microseconds can say.
            known = ibis.ifelse(count.abs() < 253_402_300_800_000_000 // microseconds, count, ibis.null())
            moment = _at_zone("UTC", _make_timestamp(known * microseconds)).cast("timestamp(6)")
            read = ibis.coalesce(moment, read)
    return read


def _moved(clock: IbisValue, manner: Manner) -> IbisValue:
    """Move a time from the clocks of its own zone to those of the review's."""
    if manner.from_timezone == manner.timezone:
        return clock
    return _at_zone(manner.from_timezone, clock).cast("timestamp(6)")
