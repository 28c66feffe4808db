"""Service facts: contacts and cases, how long they waited, what was promised, and what was asked for."""

from __future__ import annotations

import ibis

from crmreport.tables.contract import table
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import Derived, Fact, Inputs, complete

FIRST_CONTACT_DAYS = 14  # contacts of a customer on one issue that are no further apart belong together
REQUEST_DAYS = 90  # within which a request should be decided on

# The words of `issue_type` that have a meaning here, in lower case. What a source calls otherwise is given
# one of them in the configuration (`values:`).
CHANGE_REQUESTS = ("change request", "需求变更")
MISSING_FEATURES = ("missing feature", "feature request", "功能缺失")


def _interactions(given: Inputs) -> IbisTable:
    """One row per contact or case; what has no direction came from the customer."""
    source = given.tables["interactions"]
    rows = complete(source, "interactions")
    is_inbound = _is_inbound(rows)
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


def _is_inbound(interactions: IbisTable) -> IbisTable:
    if "direction" not in interactions.columns:
        return ibis.literal(True)
    return ibis.coalesce(interactions.direction, "inbound") != "outbound"


def _cases(given: Inputs) -> IbisTable:
    """One row per contact or case that came from the customer, where it is known when they are resolved.

    It begins an issue unless the same customer had been in touch about the same type of issue up to 14 days
    before; of no known customer that is not known. An issue is solved at once when its first contact was
    resolved within 14 days and not opened again, and no other came within 14 days.
    """
    source = given.tables["interactions"]
    rows = _chosen(source.filter(_is_inbound(source)), "opened_at", "resolved_at", "reopened_count")
    seconds = rows.resolved_at.delta(rows.opened_at, unit="second")
    # An open case lasts longer than all that are resolved.
    lasted = ibis.coalesce(seconds / 60, float("inf"))
    rows = rows.mutate(resolution_seconds=seconds, resolution_minutes=lasted)
    if "customer_id" not in source.columns:
        return rows.mutate(begins_issue=ibis.null("boolean"), is_solved_at_once=ibis.null("boolean"))
    issue = ibis.coalesce(rows.issue_type, "") if "issue_type" in source.columns else ibis.literal("")
    # Cases of no known customer are none of each other's.
    alone = rows.customer_id.isnull().ifelse(rows.interaction_id, "")
    rows = rows.mutate(issue=issue, alone=alone)
    of_issue = ibis.window(
        group_by=["customer_id", "issue", "alone"], order_by=["opened_at", "interaction_id"]
    )
    rows = rows.mutate(
        last_at=rows.opened_at.lag().over(of_issue), next_at=rows.opened_at.lead().over(of_issue)
    )
    begins = rows.last_at.isnull() | (_days(rows.last_at, rows.opened_at) > FIRST_CONTACT_DAYS)
    is_resolved = ibis.coalesce(_days(rows.opened_at, rows.resolved_at) <= FIRST_CONTACT_DAYS, False)
    is_last = rows.next_at.isnull() | (_days(rows.opened_at, rows.next_at) > FIRST_CONTACT_DAYS)
    is_solved = is_resolved & is_last & (ibis.coalesce(rows.reopened_count, 0) == 0)
    rows = rows.mutate(
        begins_issue=rows.customer_id.notnull() & begins,
        is_solved_at_once=rows.customer_id.notnull() & begins & is_solved,
    )
    return rows.drop("issue", "alone", "last_at", "next_at")


def _promises(given: Inputs) -> IbisTable:
    """One row per contact or case that was promised to be done by a day, with whether it was."""
    source = given.tables["interactions"]
    source = source.mutate(is_inbound=_is_inbound(source))
    rows = _chosen(source, "opened_at", "resolved_at", "due_at", "is_inbound")
    rows = rows.filter(rows.due_at.notnull())
    return rows.mutate(is_kept=ibis.coalesce(rows.resolved_at.date() <= rows.due_at.date(), False))


def _requests(given: Inputs) -> IbisTable:
    """One row per change request or missing feature, with the days until it was closed."""
    source = given.tables["interactions"]
    rows = _chosen(source, "opened_at", "resolved_at")
    word = rows.issue_type.lower().strip()
    rows = rows.mutate(
        is_change_request=word.isin(CHANGE_REQUESTS), is_missing_feature=word.isin(MISSING_FEATURES)
    )
    rows = rows.filter(rows.is_change_request | rows.is_missing_feature)
    days = _days(rows.opened_at, rows.resolved_at)
    return rows.mutate(is_closed_in_time=ibis.coalesce(days <= REQUEST_DAYS, False))


def _chosen(source: IbisTable, *columns: str) -> IbisTable:
    """Choose some columns, which may be missing, with the keys and the dimensions that there are."""
    dimensions = [d for d in table("interactions").dimensions if d in source.columns and d != "direction"]
    rows = complete(source, "interactions")
    return rows.select("interaction_id", "customer_id", *dimensions, *columns)


def _days(first: IbisTable, last: IbisTable) -> IbisTable:
    return last.date().delta(first.date(), unit="day")


_CASE_COLUMNS = {
    "interaction_id": Derived("string"),
    "customer_id": Derived("string"),
    "opened_at": Derived("timestamp(6)", of="opened_at"),
    "resolved_at": Derived("timestamp(6)", of="resolved_at"),
}

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

CASES = Fact(
    name="cases",
    make=_cases,
    needs=("interactions.resolved_at",),
    made_from=("interactions",),
    derived=_CASE_COLUMNS
    | {
        "reopened_count": Derived("int64", of="reopened_count"),
        "resolution_seconds": Derived("int64", of="resolved_at"),
        "resolution_minutes": Derived("float64", of="resolved_at"),
        "begins_issue": Derived("boolean", of="issue_type"),
        "is_solved_at_once": Derived("boolean", of="resolved_at"),
    },
)

PROMISES = Fact(
    name="promises",
    make=_promises,
    needs=("interactions.due_at", "interactions.resolved_at"),
    made_from=("interactions",),
    derived=_CASE_COLUMNS
    | {
        "due_at": Derived("timestamp(6)", of="due_at"),
        "is_inbound": Derived("boolean", of="direction"),
        "is_kept": Derived("boolean", of="resolved_at"),
    },
)

REQUESTS = Fact(
    name="requests",
    make=_requests,
    needs=("interactions.issue_type", "interactions.resolved_at"),
    made_from=("interactions",),
    derived=_CASE_COLUMNS
    | {
        "is_change_request": Derived("boolean", of="issue_type"),
        "is_missing_feature": Derived("boolean", of="issue_type"),
        "is_closed_in_time": Derived("boolean", of="resolved_at"),
    },
)
