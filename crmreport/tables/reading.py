"""Reading: what a file's cell says as a value of the contract's type, missing where it says none."""

from __future__ import annotations

from typing import Any

import ibis

from crmreport.tables.column import FIRST_YEAR, LAST_YEAR, Column, Type

IbisValue = Any  # ibis.expr.types.Value; ibis ships no types

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
# A time that says its zone: 2025-10-31T14:05:00Z, 2025-10-31 14:05+08:00. A plain date ends in -31, too.
_WITH_ZONE = r":[0-9]{2}(\.[0-9]+)? ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$"


def read_as(value: IbisValue, column: Column, timezone: str) -> IbisValue:
    """Read a cell as the column's type; missing where it cannot be read or be true.

    Times with a zone become times of `timezone`, which must be the engine's own (see `connect`); others are
    taken to be of it already.
    """
    if value.type().is_string():
        value = value.strip().nullif("")
    elif value.type().is_floating():
        value = _finite(value)
    if column.type in _TIMES:
        read = _time(value, timezone)
    elif column.type is Type.TEXT:
        read = _text(value)
    elif column.type is Type.INTEGER:
        read = _integer(value)
    else:
        read = value.try_cast(IBIS_TYPES[column.type])
    if column.type is Type.NUMBER:
        read = _finite(read)
    if column.low is not None:
        read = ibis.ifelse(read >= column.low, read, ibis.null())
    if column.high is not None:
        read = ibis.ifelse(read <= column.high, read, ibis.null())
    return read.cast(IBIS_TYPES[column.type])


def _finite(number: IbisValue) -> IbisValue:
    """Give a number; missing for what stands for none."""
    return ibis.ifelse(number.isnan() | number.isinf(), ibis.null(), number)


def _text(value: IbisValue) -> IbisValue:
    """Read a text. An integer key beside a missing one comes as 17850.0 and is 17850."""
    if not value.type().is_floating():
        return value.try_cast("string")
    whole = value.try_cast("int64")
    return ibis.ifelse(value == whole, whole.cast("string"), value.cast("string"))


def _integer(value: IbisValue) -> IbisValue:
    """Read a whole number. A cast would round 4.5 to one that nobody gave."""
    if value.type().is_integer() or value.type().is_boolean():
        return value.try_cast("int64")
    number = _finite(value.try_cast("float64"))
    # Not round(), which casts, and so fails on what no integer can hold.
    return ibis.ifelse(number % 1 == 0, number.try_cast("int64"), ibis.null())


def _time(value: IbisValue, timezone: str) -> IbisValue:
    """Read a time by the clocks of the zone; missing for years that cannot be."""
    kind = value.type()
    if kind.is_string():
        zoned = value.try_cast(f"timestamp('{timezone}')").cast("timestamp(6)")
        read = ibis.ifelse(value.re_search(_WITH_ZONE), zoned, value.try_cast("timestamp(6)"))
    elif kind.is_timestamp() or kind.is_date():
        read = value.cast("timestamp(6)")
    else:
        read = ibis.null("timestamp(6)")
    # Compared as moments, not as years: DuckDB gives infinity no year.
    possible = (read >= ibis.timestamp(FIRST_YEAR, 1, 1, 0, 0, 0)) & (
        read < ibis.timestamp(LAST_YEAR + 1, 1, 1, 0, 0, 0)
    )
    return ibis.ifelse(possible, read, ibis.null())
