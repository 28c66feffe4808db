"""Facts: the rows that metrics count, each with the dimensions by which they may be split."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import ibis

from crmreport.periods import Period
from crmreport.tables.contract import TABLES, table
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.customers import ACTIVITY, BASKETS, CUSTOMERS, FIRST_ORDERS, SPENDING, buyers
from crmreport.tables.facts.fact import Fact, Inputs
from crmreport.tables.facts.feedback import COMMENTS, FEEDBACK, INVITATIONS
from crmreport.tables.facts.market import MARKET
from crmreport.tables.facts.marketing import ATTRIBUTED_ORDERS, CAMPAIGN_DAYS
from crmreport.tables.facts.orders import ORDER_LINES, ORDERS, orders_with_amount
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

# How many rows a fact table of customers and periods has at a time: about 500 MB.
CUSTOMER_PERIODS = 4_000_000

DIMENSIONS = tuple(dict.fromkeys(d for t in TABLES for d in t.dimensions))


def fact_named(name: str) -> Fact:
    """Return the fact table of that name; KeyError if there is none."""
    for each in FACTS:
        if each.name == name:
            return each
    raise KeyError(name)


def facts(
    data: Data, periods: Iterable[Period], active_days: int, prepared: Mapping[str, IbisTable] | None = None
) -> dict[str, IbisTable]:
    """Give the fact tables (see `FACTS`) that the project's tables allow, by name.

    Each has the customer's dimensions beside its own; where no customers are at hand, as for an analysis that
    asks for no fact, there is none. `prepared`: see `prepare`.
    """
    given = Inputs(data.tables, tuple(periods), active_days, prepared or {})
    possible = [f for f in FACTS if all(_is_there(need, data) for need in ("customers", *f.needs))]
    return {fact.name: _made(fact, given) for fact in possible}


def prepare(data: Data) -> dict[str, IbisTable]:
    """Store what several fact tables are made of, so that it is computed once for all of them.

    It is there as long as what this returns. `orders`: with the amounts of those that have none but of their
    lines; `buyers`: see there. In both, `customer_id` may be a number, in the order of the ids.
    """
    if "orders" not in data.tables:
        return {}
    given = Inputs(data.tables, (), 0)
    orders, known = orders_with_amount(given), buyers(given)
    # What the source lacks takes room, too, where it is stored.
    own = {"amount", *data.tables["orders"].columns}
    orders = orders.select(*(c for c in orders.columns if c in own))
    if orders.get_backend().name == "duckdb":
        return _numbered(orders, known)
    # Where many machines count, none could number all customers.
    stored = {"orders": orders.cache()} if "order_lines" in data.tables else {}
    return stored | {"buyers": known.cache()}


def _numbered(orders: IbisTable, known: IbisTable) -> dict[str, IbisTable]:
    """Store orders and buyers with a number for each customer, which is quicker to count than an id.

    The orders lie as the customers do, so that all of one are counted together.
    """
    number = ibis.row_number().over(order_by=known.customer_id).cast("int32")
    known = known.mutate(number=number).cache()
    joined = orders.left_join(known.select("customer_id", "number"), "customer_id").drop("customer_id_right")
    joined = joined.mutate(customer_id=joined.number).drop("number")
    return {
        "orders": joined.order_by("customer_id", "ordered_at").cache(),
        "buyers": known.mutate(customer_id=known.number).drop("number"),
    }


def in_portions(
    name: str, data: Data, periods: Iterable[Period], active_days: int, prepared: Mapping[str, IbisTable]
) -> Iterator[tuple[tuple[Period, ...], IbisTable]]:
    """Give a fact table that has a row per customer and period, so many periods at a time as fit into memory.

    Few customers have one portion, of all periods.
    """
    customers: int = prepared["buyers"].count().to_pyarrow().as_py()
    size = max(1, CUSTOMER_PERIODS // max(1, customers))
    in_order = sorted(periods)
    for n in range(0, len(in_order), size):
        portion = tuple(in_order[n : n + size])
        yield portion, _made(fact_named(name), Inputs(data.tables, portion, active_days, prepared))


def _made(fact: Fact, given: Inputs) -> IbisTable:
    rows = fact.make(given)
    if fact.knows_customers:
        return rows
    customers = given.tables["customers"]
    if any(need.partition(".")[0] == "orders" for need in fact.needs):
        customers = given.prepared.get("buyers", customers)  # who may have a number there, as in the orders
    return _with_customer_dimensions(rows, customers)


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
