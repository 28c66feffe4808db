"""Service facts: contacts and cases with how long they waited, and what customers answered to surveys."""

from __future__ import annotations

import ibis

from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import Derived, Fact, Inputs, complete


def _interactions(given: Inputs) -> IbisTable:
    """One row per contact or case; what has no direction came from the customer."""
    source = given.tables["interactions"]
    rows = complete(source, "interactions")
    if "direction" in source.columns:
        is_inbound = ibis.coalesce(rows.direction, "inbound") != "outbound"
    else:
        is_inbound = ibis.literal(True)
    if "first_response_at" not in source.columns:
        nothing = ibis.null("float64")
        return rows.mutate(
            is_inbound=is_inbound, first_response_seconds=ibis.null("int64"), first_response_minutes=nothing
        )
    seconds = rows.first_response_at.delta(rows.opened_at, unit="second")
    seconds = ibis.ifelse(is_inbound & (seconds >= 0), seconds, ibis.null())
    # Without an answer yet, a case has waited longer than all that have one.
    waited = ibis.ifelse(is_inbound, ibis.coalesce(seconds / 60, float("inf")), ibis.null())
    return rows.mutate(is_inbound=is_inbound, first_response_seconds=seconds, first_response_minutes=waited)


def _feedback(given: Inputs) -> IbisTable:
    """One row per answered survey."""
    return complete(given.tables["feedback"], "feedback")


INTERACTIONS = Fact(
    name="interactions",
    make=_interactions,
    needs=("interactions",),
    made_from=("interactions",),
    derived={
        "is_inbound": Derived("boolean", of="direction"),
        "first_response_seconds": Derived("int64", of="first_response_at"),
        "first_response_minutes": Derived("float64", of="first_response_at"),
    },
)

FEEDBACK = Fact(name="feedback", make=_feedback, needs=("feedback",), made_from=("feedback",))
