"""Pipeline facts: opportunities, from lead to close."""

from __future__ import annotations

import ibis

from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import SQUARE, Derived, Fact, Inputs, complete, squared


def _opportunities(given: Inputs) -> IbisTable:
    """One row per opportunity; won or lost only once it is closed."""
    rows = complete(given.tables["opportunities"], "opportunities")
    return rows.mutate(
        is_won=ibis.ifelse(rows.closed_at.notnull(), rows.is_won, ibis.null()),
        days_to_close=rows.closed_at.date().delta(rows.created_at.date(), unit="day"),
        amount_squared=squared(rows.amount),
    )


OPPORTUNITIES = Fact(
    name="opportunities",
    make=_opportunities,
    needs=("opportunities",),
    made_from=("opportunities",),
    derived={"days_to_close": Derived("int64", of="closed_at"), "amount_squared": Derived(SQUARE)},
)
