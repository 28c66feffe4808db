"""Lifecycle stages: the rules by which a customer is new, active, at risk, reactivated or lapsed."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from crmreport.metrics.intervals import wilson
from crmreport.tables.engine import IbisTable

STAGES = ("new", "active", "at_risk", "reactivated", "lapsed")
NOT_YET = "not_yet"
OVERDUE_TIMES = 2  # a customer is at risk who waits this many times the gap to be expected


def buying_days(orders: IbisTable, before: date, start: date, end: date) -> pd.DataFrame:
    """Give each customer's days with orders as they were known at three times: `before`, `start` and `end`.

    One row per customer who ordered before `end`, sorted: `customer_id`, `first_day`, and for each time
    (`_before`, `_start`, `_end`) `last_day...` (missing without an order) and `days...` (days with an
    order).
    """
    ordered = orders.select("customer_id", day=orders.ordered_at.date())
    ordered = ordered.filter(ordered.customer_id.notnull() & (ordered.day < end)).distinct()
    wanted: dict[str, object] = {"first_day": ordered.day.min()}
    for name, edge in (("before", before), ("start", start), ("end", end)):
        earlier = ordered.day < edge
        wanted[f"last_day_{name}"] = ibis.ifelse(earlier, ordered.day, ibis.null("date")).max()
        wanted[f"days_{name}"] = earlier.cast("int64").sum()
    found = ordered.group_by("customer_id").aggregate(**wanted).to_pandas()
    found = found.sort_values("customer_id", ignore_index=True)
    dates = [c for c in found if "day_" in c or c == "first_day"]
    return found.assign(**{c: pd.to_datetime(found[c]).astype("datetime64[us]") for c in dates})


def expected_gap(first_day: pd.Series, last_day: pd.Series, days: pd.Series) -> pd.Series:
    """Give the gap to be expected between a customer's orders, in days.

    It is the mean of the customer's own gaps and one more, the median of all customers' mean gaps, so that
    few own gaps do not decide alone: ``(typical + last - first) / (1 + days - 1)``. Missing where nobody has
    ordered twice.
    """
    own = (last_day - first_day).dt.days
    typical = (own / (days - 1))[days > 1].median()
    return (typical + own) / days


def stages(
    known: pd.DataFrame, opened: str, closed: str, start: date, end: date, active_days: int
) -> pd.Series:
    """Give each customer's stage at `end`, the period having begun on `start`.

    `known`: see `buying_days`, of which `opened` and `closed` name the times (``"start"``, ``"end"``).
    Active is who ordered in the `active_days` days before. The stages exclude each other: ``new``, active
    with a first order in the period; ``reactivated``, active, ordered before the period and was not active
    when it began; ``at_risk``, active at both times, and waits `OVERDUE_TIMES` times as long as the gap to
    be expected (see `expected_gap`); ``active``, the others who are active; ``lapsed``, who ordered once and
    is not active; ``not_yet``, who has not ordered by then.
    """
    first, last = known["first_day"], known[f"last_day_{closed}"]
    window = pd.Timedelta(days=active_days)
    is_active = last >= pd.Timestamp(end) - window
    was_active = known[f"last_day_{opened}"] >= pd.Timestamp(start) - window
    waited = (pd.Timestamp(end - timedelta(days=1)) - last).dt.days
    is_overdue = waited > OVERDUE_TIMES * gap_at(known, closed)
    began = first >= pd.Timestamp(start)
    found = np.select(
        [first >= pd.Timestamp(end), ~is_active, began, ~was_active, is_overdue],
        [NOT_YET, "lapsed", "new", "reactivated", "at_risk"],
        "active",
    )
    return pd.Series(found, index=known.index, dtype="str")


def gap_at(known: pd.DataFrame, time: str) -> pd.Series:
    """Give the gap to be expected as it was known at a time (see `buying_days`), in days."""
    here = known[known[f"days_{time}"] > 0]
    gap = expected_gap(here["first_day"], here[f"last_day_{time}"], here[f"days_{time}"])
    return gap.reindex(known.index)


def transitions(before: pd.Series, after: pd.Series, least: int) -> pd.DataFrame:
    """Count how customers moved from stage to stage.

    Columns: `stage_before`, `stage`, `customers`, `share` (of those of the stage before), `low`, `high`
    (95 %, Wilson), `is_hidden`: fewer than `least` customers, or a move from which one of so few could be
    computed; their figures are missing.
    """
    counted = pd.crosstab(before, after).stack().rename("customers").reset_index()
    counted.columns = pd.Index(["stage_before", "stage", "customers"])
    counted = counted[counted["customers"] > 0]
    order = {name: n for n, name in enumerate((NOT_YET, *STAGES))}
    counted = counted.sort_values(
        ["stage_before", "stage"], key=lambda names: names.map(order), ignore_index=True
    )
    cases = counted.groupby("stage_before")["customers"].transform("sum")
    low, high = wilson(counted["customers"].to_numpy(dtype=float), cases.to_numpy(dtype=float))
    hidden = _few(counted, least)
    figures = {
        "customers": counted["customers"],
        "share": counted["customers"] / cases,
        "low": low,
        "high": high,
    }
    shown = {name: np.where(hidden, np.nan, values) for name, values in figures.items()}
    return counted.assign(**shown, is_hidden=hidden)


def _few(counted: pd.DataFrame, least: int) -> pd.Series:
    """Say which moves to hide: those of few customers, and, in each row and column, never one alone."""
    hidden = counted["customers"] < least
    while True:
        more = hidden.copy()
        for margin in ("stage_before", "stage"):
            alone = more.groupby(counted[margin]).transform("sum") == 1
            rest = counted["customers"].where(alone & ~more).groupby(counted[margin]).rank(method="first")
            more |= rest == 1
        if more.equals(hidden):
            return hidden
        hidden = more
