"""Web facts: what visitors did."""

from __future__ import annotations

from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import Fact, Inputs, complete


def _events(given: Inputs) -> IbisTable:
    """One row per action."""
    return complete(given.tables["events"], "events")


EVENTS = Fact(name="events", make=_events, needs=("events",), made_from=("events",))
