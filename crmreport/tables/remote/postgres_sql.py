"""PostgreSQL's SQL: our expressions written so that PostgreSQL answers what DuckDB does."""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.postgres import PostgresCompiler

from crmreport.config import CONFIG_FILE
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.tables.remote.written import IS_NUMBER, IS_TIME, IS_ZONED, NO, YES

# An operation of Ibis, and a part of a statement; neither has types.
Op = Any
Sql = Any

# Reads a text that has the right form, or nothing: 2025-02-30 is no day, and 1e400 no number. The functions
# are those of a session, and leave nothing behind.
_READ = """
    CREATE OR REPLACE FUNCTION pg_temp.try_{name}(said text) RETURNS {type} LANGUAGE plpgsql AS $$
    BEGIN RETURN said::{type}; EXCEPTION WHEN data_exception THEN RETURN NULL; END $$
"""
_READABLE = {
    "float": ("double precision", IS_NUMBER),
    "decimal": ("numeric", IS_NUMBER),
    "time": ("timestamp", IS_TIME),
    "moment": ("timestamptz", IS_ZONED),
}
SESSION = "; ".join(_READ.format(name=name, type=kind) for name, (kind, _) in _READABLE.items())


class PostgresSql(PostgresCompiler):  # type: ignore[misc]
    """Writes expressions as PostgreSQL's SQL."""

    __slots__ = ()

    def visit_TryCast(self, op: Op, *, arg: Sql, to: dt.DataType) -> Sql:  # noqa: N802
        """Read a value, or nothing; PostgreSQL itself would fail."""
        given = op.arg.dtype
        if given.is_string() and not to.is_string():
            return self._read(arg, to)
        if given.is_numeric() and to.is_integer():
            return self.if_(self.f.abs(arg) < 2.0**63, self.cast(arg, to), sge.Null())
        if given.is_numeric() and to.is_decimal():
            fits = self.f.abs(arg) < 10 ** (to.precision - to.scale)
            return self.if_(fits, self.cast(arg, to), sge.Null())
        return self.visit_Cast(op, arg=arg, to=to)

    def visit_Cast(self, op: Op, *, arg: Sql, to: dt.DataType) -> Sql:  # noqa: N802
        """Write whole floats as DuckDB does, 4.0; and take truths for numbers."""
        if op.arg.dtype.is_boolean() and to.is_numeric() and not to.is_int32():
            return self.cast(self.cast(arg, dt.int32), to)
        if op.arg.dtype.is_floating() and to.is_string():
            text = self.cast(arg, dt.string)
            is_whole = sge.RegexpLike(this=text, expression=sge.convert("^-?[0-9]+$"))
            return self.if_(is_whole, self.f.concat(text, ".0"), text)
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_First(  # noqa: N802
        self, op: Op, *, arg: Sql, where: Sql, order_by: Sql, include_null: bool
    ) -> Sql:
        """Take the first value there is; Ibis calls a function that a server need not have."""
        is_there = arg.is_(sge.not_(sge.Null()))
        where = is_there if where is None else sge.And(this=is_there, expression=where)
        return sge.paren(self.agg.array_agg(arg, where=where, order_by=order_by), copy=False)[0]

    def visit_Divide(self, op: Op, *, left: Sql, right: Sql) -> Sql:  # noqa: N802
        """Divide as floats, by nothing to nothing; two decimals would else be a decimal."""
        return self.cast(left, dt.float64) / self.f.nullif(self.cast(right, dt.float64), 0)

    def visit_Mean(self, op: Op, *, arg: Sql, where: Sql) -> Sql:  # noqa: N802
        """Divide the sum by the number, as floats."""
        total = self.cast(self.agg.sum(arg, where=where), dt.float64)
        return total / self.f.nullif(self.agg.count(arg, where=where), 0)

    def visit_Modulus(self, op: Op, *, left: Sql, right: Sql) -> Sql:  # noqa: N802
        """Give the rest of a division, which PostgreSQL has of no floats."""
        if op.left.dtype.is_floating():
            return left - right * self.f.trunc(left / right)
        return super().visit_Modulus(op, left=left, right=right)

    def visit_ScalarUDF(self, op: Op, **arguments: Sql) -> Sql:  # noqa: N802
        """Write the functions of DuckDB that Ibis has no name for."""
        given = list(arguments.values())
        if op.__func_name__ == "make_timestamp":
            start = self.cast(sge.convert("1970-01-01"), dt.timestamp)
            return start + given[0] * sge.Interval(this=sge.convert("1 microsecond"))
        if op.__func_name__ == "try_strptime":
            raise UserError(
                _t(
                    "In {file}, {formats} is a format of dates, by which PostgreSQL cannot read. Give the "
                    "table a query with to_timestamp(...) instead."
                ),
                file=CONFIG_FILE,
                formats=", ".join(each.this for each in given[1].expressions),
            )
        return super().visit_ScalarUDF(op, **arguments)

    def _read(self, arg: Sql, to: dt.DataType) -> Sql:
        """Read a text by DuckDB's rules."""
        if to.is_boolean():
            small = self.f.lower(arg)
            said = ((YES, True), (NO, False))
            return sge.Case(ifs=[self.if_(small.isin(*words), sge.convert(truth)) for words, truth in said])
        if to.is_floating():
            return self._try("float", arg)
        if to.is_numeric():
            whole = dt.Decimal(38, 0) if to.is_integer() else to
            number = self._try("decimal", arg)
            limit = 2**63 if to.is_integer() else 10 ** (whole.precision - whole.scale)
            fits = self.f.abs(self.f.round(number, whole.scale)) < limit
            return self.if_(fits, self.cast(number, to), sge.Null())
        if to.is_timestamp() and to.timezone is not None:
            return self._try("moment", arg)
        if to.is_timestamp() or to.is_date():
            return self.cast(self._try("time", arg), to)
        return self.cast(arg, to)

    def _try(self, name: str, arg: Sql) -> Sql:
        has_form = sge.RegexpLike(this=arg, expression=sge.convert(_READABLE[name][1]))
        read = sge.Dot(this=sge.to_identifier("pg_temp"), expression=self.f.anon[f"try_{name}"](arg))
        return self.if_(has_form, read, sge.Null())
