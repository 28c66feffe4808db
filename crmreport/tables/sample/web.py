"""Visits to the sample company's web shop and use of its app."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmreport.tables.sample.clock import (
    DAYS,
    Ints,
    day_of,
    growing_days,
    later,
    moments,
    shopping_second,
)
from crmreport.tables.sample.draws import Words, identifiers, only_where, pick, pick_by_group

MEASURED_PURCHASES = 0.07  # share of web shop orders whose visit is measured; the others declined to be
VISITS_PER_CUSTOMER = 8.2  # visits without a purchase, over the whole span
VISITOR_SHARE = 1.9  # anonymous visitors, times the customers

_SOURCES = {
    "Search": 0.40,
    "Direct": 0.24,
    "Social": 0.13,
    "E-mail": 0.10,
    "Referral": 0.08,
    "Marketplace": 0.05,
}
_DEVICES = {"Desktop": 0.47, "Phone": 0.43, "Tablet": 0.10}
_STEPS = {
    "h": ("home", "view"), "s": ("search", "search"), "c": ("category", "view"), "p": ("product", "view"),
    "d": ("product", "click"), "a": ("product", "add to cart"), "k": ("cart", "view"),
    "o": ("checkout", "begin checkout"), "$": ("checkout", "purchase"), "g": ("advice", "view"),
    "r": ("room planner", "use feature"), "t": ("order tracking", "use feature"),
    "e": ("reorder", "use feature"),
}  # fmt: skip
# What happens on a visit, a letter a step, and its share of anonymous visitors' and of customers' visits.
_VISITS: tuple[tuple[str, float, float], ...] = (
    ("h", 0.17, 0.06), ("p", 0.12, 0.04), ("g", 0.08, 0.03), ("hc", 0.07, 0.05), ("hcp", 0.10, 0.08),
    ("spd", 0.09, 0.07), ("hcpdcp", 0.09, 0.07), ("gcp", 0.05, 0.03), ("scpdpd", 0.06, 0.05),
    ("hspdak", 0.06, 0.07), ("cpdak", 0.04, 0.04), ("hcpdako", 0.03, 0.05), ("spdako", 0.02, 0.03),
    ("hrr", 0.015, 0.10), ("ht", 0.0, 0.14), ("het", 0.0, 0.05), ("rrp", 0.005, 0.04),
)  # fmt: skip
_PURCHASES: tuple[tuple[str, float], ...] = (
    ("hcpdako$", 0.4),
    ("spdako$", 0.3),
    ("hspdpdako$", 0.2),
    ("heko$", 0.1),
)


def events(rng: np.random.Generator, orders: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Draw all events, sorted by time; `orders` as written, with the hidden columns."""
    visits = pd.concat([_browsing(rng, orders, customers), _buying(rng, orders)], ignore_index=True)
    visits = visits.assign(
        **_visitors(rng, visits["customer"].to_numpy(), len(customers)),
        traffic_source=pick(rng, _SOURCES, len(visits)),
        session_id=identifiers("VS", len(visits)),
        customer_id=only_where(
            (visits["customer"] >= 0).to_numpy(),
            customers["customer_id"].to_numpy(dtype=object)[visits["customer"]],
        ),
    )
    steps = visits["steps"].str.len().to_numpy()
    visit = np.repeat(np.arange(len(visits)), steps)
    place = np.arange(len(visit)) - np.repeat(np.cumsum(steps) - steps, steps)
    gap_seconds = np.where(place == 0, 0.0, 4 + rng.exponential(45, len(visit)))
    since = np.cumsum(gap_seconds)
    since = since - since[np.cumsum(steps) - steps][visit]
    letters = list("".join(visits["steps"]))
    frame = visits.loc[visit, ["visitor_id", "customer_id", "session_id", "traffic_source", "device"]]
    at = later(visits["starts_at"].to_numpy()[visit], since / 86_400)
    frame = frame.assign(
        occurred_at=at, page=[_STEPS[x][0] for x in letters], action=[_STEPS[x][1] for x in letters]
    )
    # The last visits of the last day may run past the end.
    return frame[day_of(at) < DAYS].sort_values("occurred_at", kind="stable", ignore_index=True)


def _browsing(rng: np.random.Generator, orders: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Visits without a purchase; a customer's are near the customer's orders, anonymous ones anywhere."""
    count = round(VISITS_PER_CUSTOMER * len(customers))
    row = rng.integers(len(orders), size=count)
    is_known = rng.random(count) < 0.42
    near = orders["day"].to_numpy()[row] + rng.integers(-25, 25, count)
    customer = orders["customer"].to_numpy()[row]
    is_known &= (near >= customers["join_day"].to_numpy()[customer]) & (near >= 0) & (near < DAYS)
    day = np.where(is_known, near, growing_days(rng, count, 0.1))
    steps = pick_by_group(rng, [[v[1] for v in _VISITS], [v[2] for v in _VISITS]], is_known.astype(np.int64))
    return pd.DataFrame(
        {
            "customer": np.where(is_known, customer, -1),
            "starts_at": moments(day, shopping_second(rng, count)),
            "steps": np.array([v[0] for v in _VISITS], dtype=object)[steps],
        }
    )


def _buying(rng: np.random.Generator, orders: pd.DataFrame) -> pd.DataFrame:
    """Visits that end with a web shop order; they begin some minutes before it."""
    measured = orders[
        (orders["sales_channel"] == "Web shop") & (rng.random(len(orders)) < MEASURED_PURCHASES)
    ]
    minutes = 5 + rng.exponential(4, len(measured))
    return pd.DataFrame(
        {
            "customer": measured["customer"],
            "starts_at": later(measured["ordered_at"].to_numpy(), -minutes / 1440),
            "steps": pick(rng, dict(_PURCHASES), len(measured)),
        }
    )


def _visitors(rng: np.random.Generator, customer: Ints, customers: int) -> dict[str, Words]:
    """Visitor and device of each visit: a customer has one or two devices, an anonymous visitor one."""
    anonymous = round(VISITOR_SHARE * customers)
    names = identifiers("WV", 2 * customers + anonymous)
    device = pick(rng, _DEVICES, len(names))
    second = (rng.random(len(customer)) < 0.25).astype(np.int64)
    visitor = np.where(
        customer >= 0, 2 * customer + second, 2 * customers + rng.integers(anonymous, size=len(customer))
    )
    return {"visitor_id": names[visitor], "device": device[visitor]}
