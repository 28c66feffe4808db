"""Feedback facts: what customers answered, what the company replied, and who was asked."""

from __future__ import annotations

import ibis

from crmreport.tables.contract import table
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import Derived, Fact, Inputs, complete

REPLY_DAYS = 3
ANSWER_DAYS = 14


def _feedback(given: Inputs) -> IbisTable:
    """One row per answered survey."""
    return complete(given.tables["feedback"], "feedback")


def _comments(given: Inputs) -> IbisTable:
    """One row per answer in which the customer wrote something, with whether the company soon replied."""
    rows = complete(given.tables["feedback"], "feedback")
    rows = rows.filter(rows.comment.strip().length() > 0)
    days = rows.replied_at.date().delta(rows.answered_at.date(), unit="day")
    rows = rows.mutate(is_replied_in_time=ibis.coalesce(days <= REPLY_DAYS, False))
    dimensions = [d for d in table("feedback").dimensions if d in rows.columns]
    return rows.select(
        "customer_id", *dimensions, "answered_at", "csat", "nps", "replied_at", "is_replied_in_time"
    )


def _invitations(given: Inputs) -> IbisTable:
    """One row per person asked to answer a survey, with whether the answer came in time."""
    rows = complete(given.tables["invitations"], "invitations")
    days = rows.answered_at.date().delta(rows.invited_at.date(), unit="day")
    return rows.mutate(is_answered_in_time=ibis.coalesce(days <= ANSWER_DAYS, False))


FEEDBACK = Fact(name="feedback", make=_feedback, needs=("feedback",), made_from=("feedback",))

COMMENTS = Fact(
    name="comments",
    make=_comments,
    needs=("feedback.comment", "feedback.replied_at"),
    made_from=("feedback",),
    derived={
        "customer_id": Derived("string"),
        "answered_at": Derived("timestamp(6)", of="answered_at"),
        "csat": Derived("int64", of="csat"),
        "nps": Derived("int64", of="nps"),
        "replied_at": Derived("timestamp(6)", of="replied_at"),
        "is_replied_in_time": Derived("boolean", of="replied_at"),
    },
)

INVITATIONS = Fact(
    name="invitations",
    make=_invitations,
    needs=("invitations.answered_at",),
    made_from=("invitations",),
    derived={"is_answered_in_time": Derived("boolean", of="answered_at")},
)
