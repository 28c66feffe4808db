"""Spark's SQL: our expressions written so that Spark answers what DuckDB does."""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.backends.sql.datatypes import PySparkType

from crmreport.config import CONFIG_FILE
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.tables.remote.written import DAY, IS_NUMBER, IS_TIME, IS_ZONED, NO, YES

# An operation of Ibis, and a part of a statement; neither has types.
Op = Any
Sql = Any

# What Java's expressions call the white space that Python strips.
_BLANK = r"[\s\x0B]"


# Holds every number that an integer can be read from, and so is rounded as one.
_EXACT = dt.Decimal(38, 9)
_LARGEST = sge.Literal.number("1.7976931348623157E308")
# What Java calls the directives of strptime.
_DIRECTIVES = {
    "Y": "yyyy",
    "y": "yy",
    "m": "M",
    "d": "d",
    "H": "H",
    "I": "h",
    "M": "m",
    "S": "s",
    "p": "a",
    "b": "MMM",
    "B": "MMMM",
    "f": "SSSSSS",
    "%": "%",
}


class SparkTypes(PySparkType):  # type: ignore[misc]
    """Times without a zone are of Spark's own type for these (ibis-project/ibis issue 11062)."""

    @classmethod
    def _from_ibis_Timestamp(cls, dtype: dt.Timestamp) -> sge.DataType:  # noqa: N802 - Ibis finds it by name
        kind = sge.DataType.Type
        return sge.DataType(this=kind.TIMESTAMPNTZ if dtype.timezone is None else kind.TIMESTAMPLTZ)


class SparkSql(PySparkCompiler):  # type: ignore[misc]
    """Writes expressions as Spark's SQL."""

    __slots__ = ("timezone",)
    type_mapper = SparkTypes

    def __init__(self, timezone: str) -> None:
        """Write for a session whose own time zone is UTC, and a review whose clocks are those of another."""
        super().__init__()
        self.timezone = timezone

    def visit_Cast(self, op: Op, *, arg: Sql, to: dt.DataType) -> Sql:  # noqa: N802
        """Show a moment by the clocks of the review.

        The session's zone stays UTC: in another one, Spark would count the seconds between two times without
        a zone as if these had it, and so an hour too many or too few.
        """
        kind = op.arg.dtype
        is_clock = to.is_date() or (to.is_timestamp() and to.timezone is None)
        if is_clock and kind.is_timestamp() and kind.timezone is not None:
            arg = self.f.from_utc_timestamp(arg, self.timezone)
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_First(  # noqa: N802
        self, op: Op, *, arg: Sql, where: Sql, order_by: Sql, include_null: bool
    ) -> Sql:
        """Take the first value there is in the order of one key, which Ibis does not write for Spark."""
        if len(order_by) != 1 or include_null:
            return super().visit_First(op, arg=arg, where=where, order_by=order_by, include_null=include_null)
        is_there = arg.is_(sge.not_(sge.Null()))
        where = is_there if where is None else sge.And(this=is_there, expression=where)
        return self.f.anon.min_by(arg, self.if_(where, order_by[0].this, sge.Null()))

    def visit_Divide(self, op: Op, *, left: Sql, right: Sql) -> Sql:  # noqa: N802
        """Divide as floats, by nothing to nothing; two decimals would else be a rounded decimal."""
        return self.cast(left, dt.float64) / self.f.nullif(self.cast(right, dt.float64), 0)

    def visit_TimestampFromYMDHMS(self, op: Op, **parts: Sql) -> Sql:  # noqa: N802
        """Make a time of its parts."""
        return self.f.anon.make_timestamp_ntz(*parts.values())

    def visit_ScalarUDF(self, op: Op, **arguments: Sql) -> Sql:  # noqa: N802
        """Write the functions of DuckDB that Ibis has no name for."""
        match op.__func_name__, list(arguments.values()):
            case "timezone", [zone, clock]:
                return self.f.to_utc_timestamp(clock, zone)
            case "make_timestamp", [microseconds]:
                return self.cast(self.f.anon.timestamp_micros(microseconds), dt.Timestamp(scale=6))
            case "try_strptime", [text, formats]:
                read = [self._by_format(text, each.this) for each in formats.expressions]
                return self.cast(self.f.coalesce(*read), dt.Timestamp(scale=6))
        return super().visit_ScalarUDF(op, **arguments)

    def visit_Strip(self, op: Op, *, arg: Sql) -> Sql:  # noqa: N802
        """Strip white space; what Ibis writes, Spark takes for letters (ibis-project/ibis issue 11894)."""
        return self.f.regexp_replace(arg, f"^{_BLANK}+|{_BLANK}+$", "")

    def visit_RegexReplace(self, op: Op, *, arg: Sql, pattern: Sql, replacement: Sql) -> Sql:  # noqa: N802
        """Replace all; Java calls a group $1, and others by a backslash."""
        if isinstance(replacement, sge.Literal):
            replacement = sge.convert(replacement.this.replace("\\", "$"))
        return self.f.regexp_replace(arg, pattern, replacement)

    def visit_TryCast(self, op: Op, *, arg: Sql, to: dt.DataType) -> Sql:  # noqa: N802
        """Read a text by DuckDB's rules, where Spark would take more for numbers, times or truths."""
        read = super().visit_TryCast(op, arg=arg, to=to)
        if not op.arg.dtype.is_string() or to.is_string():
            return read
        if to.is_boolean():
            small = self.f.lower(arg)
            truths = [
                self.if_(small.isin(*words), sge.convert(said)) for words, said in ((YES, True), (NO, False))
            ]
            return sge.Case(ifs=truths)
        if to.is_numeric():
            is_number = self.f.regexp_like(arg, IS_NUMBER)
            if to.is_integer():
                exact = sge.TryCast(this=arg, to=self.type_mapper.from_ibis(_EXACT), safe=True)
                read = sge.TryCast(this=self.f.round(exact), to=self.type_mapper.from_ibis(to), safe=True)
            if to.is_floating():
                is_number = sge.And(this=is_number, expression=self.f.abs(read) <= _LARGEST)
            return self.if_(is_number, read, sge.Null())
        if to.is_timestamp() and to.timezone is not None:
            zoned = self.f.regexp_replace(arg, "([+-][0-9]{2}):?([0-9]{2})?$", "$1:$2")
            zoned = self.f.regexp_replace(zoned, "([+-][0-9]{2}):$", "$1:00")
            whole = sge.TryCast(this=self._dashed(zoned), to=self.type_mapper.from_ibis(to), safe=True)
            return self.if_(self.f.regexp_like(arg, IS_ZONED), whole, sge.Null())
        if to.is_timestamp() or to.is_date():
            dashed = sge.TryCast(this=self._dashed(arg), to=self.type_mapper.from_ibis(to), safe=True)
            return self.if_(self.f.regexp_like(arg, IS_TIME), dashed, sge.Null())
        return read

    def _by_format(self, text: Sql, written: str) -> Sql:
        """Read a time by a format of strptime, where Java has its directives."""
        try:
            return self.f.anon.try_to_timestamp(text, sge.convert(java_format(written)))
        except KeyError as error:
            raise UserError(
                _t(
                    "In {file}, {format} is a format of dates by which Spark cannot read: it has no %{sign}. "
                    "Give the table a query instead."
                ),
                file=CONFIG_FILE,
                format=written,
                sign=error.args[0],
            ) from None

    def _dashed(self, arg: Sql) -> Sql:
        """Write a day as Spark reads it: with dashes."""
        return self.f.regexp_replace(arg, f"^{DAY}", "$1-$2-$3")


def java_format(written: str) -> str:
    """Write a format of strptime as Java has it. KeyError, with the directive, for one that Java has not."""
    made, place = "", 0
    while place < len(written):
        sign = written[place]
        if sign == "%" and place + 1 < len(written):
            made += _DIRECTIVES[written[place + 1]]
            place += 2
        else:
            made += f"'{sign}'" if sign.isalpha() else "''" if sign == "'" else sign
            place += 1
    return made
