"""Facts: the rows that metrics count, each with the dimensions by which they may be split."""

from __future__ import annotations

from collections.abc import Iterable

import ibis

from crmreport.periods import Period
from crmreport.tables.contract import TABLES, table
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.customers import ACTIVITY, BASKETS, CUSTOMERS, FIRST_ORDERS, SPENDING
from crmreport.tables.facts.fact import Fact, Inputs
from crmreport.tables.facts.feedback import COMMENTS, FEEDBACK, INVITATIONS
from crmreport.tables.facts.market import MARKET
from crmreport.tables.facts.marketing import ATTRIBUTED_ORDERS, CAMPAIGN_DAYS
from crmreport.tables.facts.orders import ORDER_LINES, ORDERS
from crmreport.tables.facts.pipeline import OPPORTUNITIES
from crmreport.tables.facts.service import CASES, INTERACTIONS, PROMISES, REQUESTS
from crmreport.tables.facts.web import EVENTS, VISITS

FACTS = (
    ORDERS,
    ORDER_LINES,
    FIRST_ORDERS,
    ACTIVITY,
    BASKETS,
    SPENDING,
    CUSTOMERS,
    INTERACTIONS,
    CASES,
    PROMISES,
    REQUESTS,
    FEEDBACK,
    COMMENTS,
    INVITATIONS,
    EVENTS,
    VISITS,
    OPPORTUNITIES,
    CAMPAIGN_DAYS,
    ATTRIBUTED_ORDERS,
    MARKET,
)

DIMENSIONS = tuple(dict.fromkeys(d for t in TABLES for d in t.dimensions))


def fact_named(name: str) -> Fact:
    """Return the fact table of that name; KeyError if there is none."""
    for each in FACTS:
        if each.name == name:
            return each
    raise KeyError(name)


def facts(data: Data, periods: Iterable[Period], active_days: int) -> dict[str, IbisTable]:
    """Give the fact tables (see `FACTS`) that the project's tables allow, by name.

    Each has the customer's dimensions beside its own.
    """
    given = Inputs(data.tables, tuple(periods), active_days)
    possible = [fact for fact in FACTS if all(_is_there(need, data) for need in fact.needs)]
    made = {fact.name: fact.make(given) for fact in possible}
    customers = data.tables["customers"]
    return {
        name: rows if name == CUSTOMERS.name else _with_customer_dimensions(rows, customers)
        for name, rows in made.items()
    }


def _is_there(need: str, data: Data) -> bool:
    name, _, column = need.partition(".")
    return name in data.tables and (not column or column in data.tables[name].columns)


def _with_customer_dimensions(fact: IbisTable, customers: IbisTable) -> IbisTable:
    """Join the customer's dimensions; where both have one, the fact's own value comes first."""
    dimensions = [d for d in table("customers").dimensions if d in customers.columns]
    if "customer_id" not in fact.columns or not dimensions:
        return fact
    joined = fact.left_join(
        customers.select("customer_id", *dimensions), "customer_id", rname="customer_{name}"
    )
    own = [d for d in dimensions if d in fact.columns]
    joined = joined.mutate(**{d: ibis.coalesce(joined[d], joined[f"customer_{d}"]) for d in own})
    return joined.drop("customer_customer_id", *[f"customer_{d}" for d in own])
