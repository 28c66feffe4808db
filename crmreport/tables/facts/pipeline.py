"""Pipeline facts: opportunities, from lead to close."""

from __future__ import annotations

import ibis

from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import SQUARE, Derived, Fact, Inputs, complete, squared
from crmreport.tables.mapping.reading import DECIMAL


def _opportunities(given: Inputs) -> IbisTable:
    """One row per opportunity, with its product's category; won or lost only once it is closed."""
    source = given.tables["opportunities"]
    rows = complete(source, "opportunities")
    products = given.tables.get("products")
    if products is not None and "category" in products.columns and "product_id" in source.columns:
        categories = products.select("product_id", "category")
        rows = rows.left_join(categories, "product_id").drop("product_id_right")
    rows = rows.mutate(
        is_won=ibis.ifelse(rows.closed_at.notnull(), rows.is_won, ibis.null()),
        days_to_close=rows.closed_at.date().delta(rows.created_at.date(), unit="day"),
        amount_squared=squared(rows.amount),
    )
    rows = rows.mutate(
        days_to_win=rows.is_won.ifelse(rows.days_to_close, ibis.null()),
        # Lost ones count as 0 among those closed; one won of unknown amount is unknown.
        won_amount=ibis.cases((rows.is_won, rows.amount), (~rows.is_won, rows.amount * 0)).cast(DECIMAL),
        closed_amount=rows.is_won.notnull().ifelse(rows.amount, ibis.null()),
    )
    return rows.mutate(won_amount_squared=squared(rows.won_amount))


OPPORTUNITIES = Fact(
    name="opportunities",
    make=_opportunities,
    needs=("opportunities",),
    made_from=("opportunities", "products"),
    derived={
        "days_to_close": Derived("int64", of="closed_at"),
        "days_to_win": Derived("int64", of="closed_at"),
        "amount_squared": Derived(SQUARE, of="amount"),
        "won_amount": Derived(DECIMAL, of="amount"),
        "won_amount_squared": Derived(SQUARE, of="amount"),
        "closed_amount": Derived(DECIMAL, of="amount"),
    },
)
