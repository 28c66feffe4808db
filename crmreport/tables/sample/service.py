"""Service contacts of the sample company, and how long customers wait for an answer (story 1)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmreport.tables.sample import stories
from crmreport.tables.sample.clock import (
    DAYS,
    END_MOMENT,
    Floats,
    Ints,
    Moments,
    busy_day,
    day_number,
    later,
    missing_moments,
    moments,
    office_second,
)
from crmreport.tables.sample.draws import Flags, Words, even, identifiers, pick, without
from crmreport.tables.sample.words import staff

HUBS = {"North": "Leeds hub", "South": "London hub", "East": "Norwich hub", "West": "Bristol hub"}
CONTACTS_PER_ORDER = 0.36
OUTBOUND_SHARE = 0.11

_CHANNELS = {"Phone": 0.40, "E-mail": 0.37, "Chat": 0.23}
_RESPONSE_HOURS = {"Phone": 1.7, "E-mail": 2.8, "Chat": 1.5}  # median
_RESPONSE_SIGMA = 0.85
_PREMIUM_RESPONSE = 0.75  # times the others' time
_RESOLUTION_HOURS, _RESOLUTION_SIGMA = 16.0, 1.1  # median from the first response
_NEVER_RESOLVED = 0.006
_ISSUES = {
    "Late delivery": 0.24,
    "Damaged part": 0.17,
    "Assembly help": 0.19,
    "Invoice question": 0.16,
    "Return request": 0.11,
    "Product advice": 0.13,
}
_COMPLAINT_SHARE = {
    "Late delivery": 0.20, "Damaged part": 0.21, "Assembly help": 0.06, "Invoice question": 0.08,
    "Return request": 0.07, "Product advice": 0.02,
}  # fmt: skip
_SLOW_COMPLAINTS = 1.6  # times as many complaints where service is slow
_AGENTS, _AGENTS_LEFT = 9, 5  # at each hub; at the slow one after the slowdown began


def interactions(rng: np.random.Generator, orders: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Draw contacts after orders; hidden columns: `customer` (row) and `is_slow` (of story 1)."""
    who, day = _contacts(rng, orders, customers)
    count = len(who)
    region = customers["region"].to_numpy(dtype=object)[who]
    hub = np.array([list(HUBS).index(r) for r in region])
    is_outbound = rng.random(count) < OUTBOUND_SHARE
    is_slow = (region == stories.SLOW_REGION) & (day >= day_number(stories.SLOW_FROM)) & ~is_outbound
    channel = pick(rng, _CHANNELS, count)
    issue = np.where(is_outbound, "Follow-up call", pick(rng, _ISSUES, count))
    opened_at = moments(day, office_second(rng, count))
    response_hours = _response_hours(
        rng, hub, channel, is_slow, (customers["tier"] == "Premium").to_numpy()[who]
    )
    response_hours = np.where(is_outbound, 0.0, response_hours)
    first_response_at = later(opened_at, response_hours / 24)
    resolution_hours = _RESOLUTION_HOURS * np.exp(_RESOLUTION_SIGMA * rng.normal(size=count))
    resolved_at = later(first_response_at, np.where(is_outbound, 0.15, resolution_hours) / 24)
    complaint = np.array([_COMPLAINT_SHARE.get(i, 0.0) for i in issue]) * np.where(
        is_slow, _SLOW_COMPLAINTS, 1.0
    )
    is_resolved = (rng.random(count) >= _NEVER_RESOLVED) & (resolved_at < END_MOMENT)
    frame = pd.DataFrame(
        {
            "customer": who,
            "customer_id": without(rng, customers["customer_id"].to_numpy(dtype=object)[who], 0.008),
            "contact_channel": channel,
            "direction": np.where(is_outbound, "outbound", "inbound"),
            "agent": _agents(rng, hub, day),
            "service_team": np.array([HUBS[r] for r in region], dtype=object),
            "opened_at": opened_at,
            "first_response_at": _until_end(first_response_at),
            "resolved_at": np.where(is_resolved, resolved_at, missing_moments(count)),
            "issue_type": without(rng, issue, 0.006),
            "is_complaint": even(rng, hub) < complaint,
            "reopened_count": np.where(is_outbound, 0, rng.poisson(0.07, count)),
            "is_slow": is_slow,
        }
    )
    frame = frame.sort_values("opened_at", kind="stable", ignore_index=True)
    return frame.assign(interaction_id=identifiers("SC", count))


def _contacts(rng: np.random.Generator, orders: pd.DataFrame, customers: pd.DataFrame) -> tuple[Ints, Ints]:
    """Draw customer and day of each contact: up to three weeks after an order.

    Where service is slow some call again.
    """
    region = customers["region"].to_numpy(dtype=object)[orders["customer"]]
    day: Ints = orders["day"].to_numpy()
    calls_again = (region == stories.SLOW_REGION) & (day >= day_number(stories.SLOW_FROM))
    number = rng.poisson(CONTACTS_PER_ORDER * np.where(calls_again, stories.CALLS_AGAIN, 1.0))
    # The key account has people of its own to talk to.
    number = np.where(customers["is_key"].to_numpy()[orders["customer"]], 0, number)
    row = np.repeat(np.arange(len(orders)), number)
    first = np.minimum(day[row], DAYS - 1)
    return orders["customer"].to_numpy()[row], busy_day(rng, first, np.minimum(first + 21, DAYS))


def _response_hours(
    rng: np.random.Generator, group: Ints, channel: Words, is_slow: Flags, is_premium: Flags
) -> Floats:
    median = np.array([_RESPONSE_HOURS[c] for c in channel])
    median = (
        median * np.where(is_premium, _PREMIUM_RESPONSE, 1.0) * np.where(is_slow, stories.SLOW_FACTOR, 1.0)
    )
    return np.asarray(median * np.exp(_RESPONSE_SIGMA * ndtri(even(rng, group))))


def _until_end(moment: Moments) -> Moments:
    return np.where(moment < END_MOMENT, moment, missing_moments(len(moment)))


def _agents(rng: np.random.Generator, hub: Ints, day: Ints) -> Words:
    names = staff(rng, _AGENTS * len(HUBS))
    is_short = (hub == list(HUBS).index(stories.SLOW_REGION)) & (day >= day_number(stories.SLOW_FROM))
    seat = (rng.random(len(hub)) * np.where(is_short, _AGENTS_LEFT, _AGENTS)).astype(np.int64)
    return without(rng, np.array(names, dtype=object)[hub * _AGENTS + seat], 0.02)
