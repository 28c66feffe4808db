"""How the sample company handles requests, promised days, transfers, and what customers write."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmreport.tables.sample.clock import (
    END_MOMENT,
    Ints,
    day_of,
    later,
    missing_moments,
    moments,
)
from crmreport.tables.sample.draws import even, pick

REQUESTS = {"Change request": 0.55, "Missing feature": 0.45}

_REQUEST_SHARE = 0.65  # of the product advice after which nobody answered a survey
_REQUEST_DAYS, _REQUEST_SIGMA = 40.0, 0.9  # median from the first response to the end of a request
_NEVER_DECIDED = 0.02
_TIDIED_DAYS = (20.0, 160.0)  # a case that was left open is closed so many days later
_PROMISED_SHARE = 0.85  # of the calls to customers that were promised for a day
_LATE_SHARE = 0.13
_MOST_DAYS_LATE = 6
_DUE_SECOND = 17 * 3600
_TARGET_DAYS = {"Basic": 3, "Plus": 3, "Premium": 2}  # within which a case shall be resolved
_TRANSFERS = (0.81, 0.14, 0.04, 0.01)  # share of the cases handed on no times, once, twice, three times
_REPLIED = 0.72  # share of the comments that are answered
_REPLY_DAYS = 1.2  # mean


def with_requests(rng: np.random.Generator, contacts: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Turn some of the product advice into requests, which take weeks to decide; hidden column: `is_asked`.

    Not where a survey was answered: that was asked when the contact was resolved. What was left open without
    a reason is tidied up later, and nobody is asked about it.
    """
    count = len(contacts)
    is_answered = contacts["interaction_id"].isin(answers["interaction_id"].dropna())
    is_free = (contacts["issue_type"] == "Product advice") & ~is_answered & ~contacts["is_complaint"]
    is_request = is_free.to_numpy() & (rng.random(count) < _REQUEST_SHARE)
    kind = pick(rng, REQUESTS, count)
    days = _REQUEST_DAYS * np.exp(_REQUEST_SIGMA * rng.normal(size=count))
    days = np.where(rng.random(count) < _NEVER_DECIDED, np.inf, days)
    resolved_at = contacts["resolved_at"].to_numpy()
    is_open = np.isnat(resolved_at)
    days = np.where(is_request, days, rng.uniform(*_TIDIED_DAYS, count))
    is_new = (is_request | is_open) & np.isfinite(days)
    closed_at = later(contacts["first_response_at"].to_numpy(), np.where(is_new, days, 0.0))
    closed_at = np.where(is_new & (closed_at < END_MOMENT), closed_at, missing_moments(count))
    return contacts.assign(
        issue_type=np.where(is_request, kind, contacts["issue_type"].to_numpy()),
        resolved_at=np.where(is_request | is_open, closed_at, resolved_at),
        is_request=is_request,
        is_asked=(contacts["direction"] == "inbound") & ~is_open & ~is_request,
    )


def with_promises(rng: np.random.Generator, contacts: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Say when calls and cases were due, and how often cases were handed on."""
    count = len(contacts)
    is_outbound = (contacts["direction"] == "outbound").to_numpy()
    opened = day_of(contacts["opened_at"].to_numpy())
    is_late = even(rng, is_outbound.astype(np.int64)) < _LATE_SHARE
    days_late: Ints = rng.integers(1, _MOST_DAYS_LATE + 1, count)
    due_day = np.where(is_late, np.maximum(opened - days_late, 0), opened + rng.integers(0, 3, count))
    call_due = moments(due_day, np.full(count, _DUE_SECOND))
    has_date = rng.random(count) < _PROMISED_SHARE
    tier = customers["tier"].to_numpy(dtype=object)[contacts["customer"]]
    target_days = np.array([_TARGET_DAYS.get(t, 3) for t in tier])
    case_due = later(contacts["opened_at"].to_numpy(), target_days.astype(np.float64))
    has_due = np.where(is_outbound, has_date, ~contacts["is_request"])
    transfers = rng.choice(len(_TRANSFERS), size=count, p=_TRANSFERS)
    return contacts.assign(
        due_at=np.where(has_due, np.where(is_outbound, call_due, case_due), missing_moments(count)),
        transfer_count=np.where(is_outbound, 0, transfers),
    )


def with_replies(rng: np.random.Generator, answers: pd.DataFrame) -> pd.DataFrame:
    """Say when the company replied to what customers wrote."""
    has_comment = answers["comment"].notna().to_numpy()
    drawn = even(rng, has_comment.astype(np.int64))
    # Of those who are answered at all, evenly: the mean of the exponential distribution is that in days.
    days = -_REPLY_DAYS * np.log1p(-np.minimum(drawn / _REPLIED, 0.999)) + 0.04
    replied_at = later(answers["answered_at"].to_numpy(), days)
    is_replied = (drawn < _REPLIED) & has_comment & (replied_at < END_MOMENT)
    return answers.assign(replied_at=np.where(is_replied, replied_at, missing_moments(len(answers))))
