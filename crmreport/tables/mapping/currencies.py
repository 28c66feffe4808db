"""Currencies: amounts of other currencies in the review's own, by a table of rates."""

from __future__ import annotations

from datetime import date

import ibis

from crmreport.config import CONFIG_FILE, SECTION, Project
from crmreport.errors import UserError
from crmreport.language import Phrase, _t
from crmreport.source import Source
from crmreport.tables.column import Type
from crmreport.tables.contract import Table
from crmreport.tables.engine import Connection, IbisTable
from crmreport.tables.lists import find_lists, read_list
from crmreport.tables.mapping.conventions import Conventions
from crmreport.tables.mapping.reading import DECIMAL

# The currency of a row, where a file says it row by row.
CURRENCY = "_currency"

RATE_COLUMNS = {"currency": "string", "starts_on": "date", "rate": "decimal(18, 8)"}
# DuckDB multiplies decimals of up to 18 digits in 64 bits, which overflow; of 19 digits in 128.
_WIDE, _WIDE_RATE, _PRODUCT = "decimal(19, 4)", "decimal(19, 8)", "decimal(38, 12)"


_NO_RATE = _t("{n} of its rows have no currency, no day or no rate above 0")
_TWICE = _t("{n} of its rows give a currency a second rate from the same day on")


def read_rates(connection: Connection, project: Project) -> IbisTable | None:
    """Read the table of rates: what a unit of a currency is worth in the review's, from a day on.

    Returns the columns of `RATE_COLUMNS`; None if the settings name no such table. Raises UserError for one
    that cannot be used.
    """
    source = find_lists(project).get("rates")
    if source is None:
        return None
    texts = read_list(connection, project.root, source, "rates")
    texts = texts.mutate(currency=texts.currency.upper())
    read = texts.select(**{name: texts[name].try_cast(kind) for name, kind in RATE_COLUMNS.items()})
    rates = connection.create_table("read_rates", read, overwrite=True)
    unusable = ibis.or_(*(rates[name].isnull() for name in RATE_COLUMNS), rates.rate <= 0)
    each = rates.select("currency", "starts_on").distinct()
    for reason, n in (
        (_NO_RATE, rates.filter(unusable).count().to_pyarrow().as_py()),
        (_TWICE, (rates.count() - each.count().as_scalar()).to_pyarrow().as_py()),
    ):
        if n:
            raise UserError(
                _t("{key} in {file}: {path} cannot be used: {reason}. Mend them."),
                key=f"{SECTION}.rates",
                file=CONFIG_FILE,
                path=source.place,
                reason=Phrase(reason, {"n": n}),
            )
    return rates


def convert(
    typed: IbisTable,
    table: Table,
    source: Source,
    conventions: Conventions,
    known: dict[str, IbisTable],
) -> IbisTable:
    """Give the amounts of a table in the review's currency, by the rate of the day on which a row happened.

    An order line takes the rate of its order's day (`known`: the tables read before), a row of a table that
    has no time the rate of today. An amount without a rate is taken out, with
    `_wrong_<column>` "no rate", and one that grows beyond what an amount can be, with "impossible".
    `_converted` says of each row whether an amount was converted. Raises UserError where there is another
    currency and no table of rates.
    """
    money = [c.name for c in table.columns if c.type is Type.MONEY and c.name in typed.columns]
    given = source.currency or conventions.currency
    if not money or (given == conventions.currency and source.currency_heading is None):
        return typed
    if source.currency_heading is None:
        typed = typed.mutate(**{CURRENCY: ibis.literal(given)})
    else:
        # A row that names no currency is in the table's own.
        said = typed[CURRENCY].strip().upper().nullif("")
        typed = typed.mutate(**{CURRENCY: ibis.coalesce(said, ibis.literal(given))})
    if conventions.rates is None:
        if typed.filter(typed[CURRENCY] != conventions.currency).limit(1).count().to_pyarrow().as_py() == 0:
            return typed.drop(CURRENCY)
        raise UserError(
            _t(
                "The amounts of {table} are not all in {currency}, the currency of the review. Name a file "
                "with the columns {columns} in {file}: {key}."
            ),
            table=table.name,
            currency=conventions.currency,
            columns=", ".join(RATE_COLUMNS),
            file=CONFIG_FILE,
            key=f"{SECTION}.rates",
        )
    rated = _with_rate(typed, table, conventions.rates, known, conventions.today)
    own = rated[CURRENCY] == conventions.currency
    rate = ibis.ifelse(own, ibis.literal(1).cast(_WIDE_RATE), rated["_rate"].cast(_WIDE_RATE))
    changed = {}
    for name in money:
        product = (rated[name].cast(_WIDE) * rate).cast(_PRODUCT)
        converted = product.round(4).try_cast(DECIMAL)
        lost = rated[name].notnull() & converted.isnull()
        # With a rate, only an amount that is too large for any company's books is lost.
        why = ibis.ifelse(rate.isnull(), "no rate", "impossible")
        words = rated[name].cast("string").concat(" ", rated[CURRENCY])
        changed[name] = converted
        changed[f"_wrong_{name}"] = ibis.ifelse(lost, why, rated[f"_wrong_{name}"])
        changed[f"_said_{name}"] = ibis.ifelse(lost, words, rated[f"_said_{name}"])
    is_converted = ibis.or_(*(changed[name].notnull() & ~own for name in money))
    return rated.mutate(**changed, _converted=is_converted).drop("_rate", CURRENCY)


def _with_rate(
    typed: IbisTable, table: Table, given: IbisTable, known: dict[str, IbisTable], today: date
) -> IbisTable:
    """Add the rate of each row's currency on its day, as `_rate`; missing without one."""
    rates = given.select(_rate_currency="currency", _starts_on="starts_on", _rate="rate")
    if table.clock in typed.columns:
        dated = typed.mutate(_day=typed[table.clock].date())
    elif "order_id" in typed.columns and "orders" in known:
        orders = known["orders"].select(_order_id="order_id", _day=known["orders"].ordered_at.date())
        dated = typed.left_join(orders, typed.order_id == orders["_order_id"]).drop("_order_id")
        dated = dated.mutate(_day=ibis.coalesce(dated["_day"], today))
    else:
        dated = typed.mutate(_day=ibis.literal(today))
    # As of a day, not between two: that takes minutes over millions of rows and years of daily rates.
    same = [dated[CURRENCY] == rates["_rate_currency"]]
    return dated.asof_join(rates, dated["_day"] >= rates["_starts_on"], same).drop(
        "_rate_currency", "_starts_on", "_day"
    )
