"""RFM scores: how recently, how often and for how much customers bought in a year, from 1 to 5."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmreport.analyses.value.purchase_history import purchases
from crmreport.language import _t
from crmreport.tables.engine import IbisTable

WINDOW_DAYS = 365
SCORES = 5
MEASURES = ("days_since_last", "purchase_days", "amount")
LOST = "lost"

# Row: recency 5 to 1; column: the mean of frequency and money, 1 to 5.
_MAP = (
    ("recent", "potential_loyalists", "potential_loyalists", "champions", "champions"),
    ("promising", "potential_loyalists", "potential_loyalists", "loyal", "champions"),
    ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    ("hibernating", "hibernating", "need_attention", "at_risk", "at_risk"),
    ("hibernating", "hibernating", "at_risk", "cannot_lose", "cannot_lose"),
)
SEGMENTS = (
    "champions",
    "loyal",
    "potential_loyalists",
    "recent",
    "promising",
    "need_attention",
    "about_to_sleep",
    "at_risk",
    "cannot_lose",
    "hibernating",
    LOST,
)
TITLES: dict[str, str] = {
    "champions": _t("Champions"),
    "loyal": _t("Loyal"),
    "potential_loyalists": _t("Potentially loyal"),
    "recent": _t("Recent, still small"),
    "promising": _t("Promising"),
    "need_attention": _t("Need attention"),
    "about_to_sleep": _t("About to sleep"),
    "at_risk": _t("At risk"),
    "cannot_lose": _t("Cannot lose them"),
    "hibernating": _t("Hibernating"),
    LOST: _t("Lost"),
}

Cuts = Mapping[str, tuple[float, ...]]


def rfm_measures(orders: IbisTable, end: date) -> pd.DataFrame:
    """Give who bought before `end`, with the measures of the 365 days before it, sorted by customer.

    Columns: `customer_id`, `days_since_last` (to the last day before `end`), `purchase_days`, `amount`
    (revenue of the window, 0 where no amount is known). Customers who bought only earlier have missing
    measures: they are lost.
    """
    ever = purchases(orders, None, end).select("customer_id").to_pandas()
    window = purchases(orders, end - timedelta(days=WINDOW_DAYS), end)
    found = window.select("customer_id", "last_day", "purchase_days", "amount").to_pandas()
    joined = ever.merge(found, on="customer_id", how="outer")
    last = pd.to_datetime(joined["last_day"])
    is_in = last.notna()
    measured = pd.DataFrame(
        {
            "customer_id": joined["customer_id"],
            "days_since_last": (pd.Timestamp(end - timedelta(days=1)) - last).dt.days.astype(float),
            "purchase_days": joined["purchase_days"].astype(float),
            "amount": joined["amount"].astype(float).fillna(0.0).where(is_in),
        }
    )
    return measured.sort_values("customer_id", ignore_index=True)


def cut_points(measures: pd.DataFrame) -> dict[str, tuple[float, ...]]:
    """Give the value at which each score from 2 to 5 begins, per measure.

    It is the smallest value of which at least a fifth (two, three, four fifths) of the customers are on the
    worse side; so equal values have equal scores, and the worst value scores 1. Infinite where no value
    comes so far. Days since the last purchase count backwards: scores begin at or below their cut.
    """
    return {name: _cuts(_upwards(measures, name)) for name in MEASURES}


def _upwards(measures: pd.DataFrame, name: str) -> pd.Series:
    """Turn a measure so that more is better."""
    return -measures[name] if name == "days_since_last" else measures[name]


def _cuts(values: pd.Series) -> tuple[float, ...]:
    ordered = np.sort(values.dropna().to_numpy(dtype=float))
    if not len(ordered):
        return (float("inf"),) * (SCORES - 1)
    distinct, below = np.unique(ordered, return_index=True)
    reached = below * SCORES // len(ordered)  # whole fifths below each value
    cuts = []
    for fifth in range(1, SCORES):
        far_enough = distinct[reached >= fifth]
        cuts.append(float(far_enough[0]) if len(far_enough) else float("inf"))
    return tuple(cuts)


def score(measures: pd.DataFrame, cuts: Cuts) -> pd.DataFrame:
    """Give the scores 1 to 5 by these cut points: `recency`, `frequency`, `money`; 0 for the lost."""
    columns = {}
    for name, title in zip(MEASURES, ("recency", "frequency", "money"), strict=True):
        values = _upwards(measures, name).to_numpy(dtype=float)
        scores = np.searchsorted(np.array(cuts[name]), values, side="right") + 1
        columns[title] = np.where(np.isnan(values), 0, scores)
    return pd.DataFrame(columns, index=measures.index)


def segment_of(scores: pd.DataFrame) -> pd.Series:
    """Give each customer's segment: by recency, and the mean of frequency and money, halves rounded up."""
    worth = (scores["frequency"] + scores["money"] + 1) // 2
    table = np.array([*_MAP[::-1]], dtype=object)
    is_lost = scores["recency"] == 0
    named = table[np.maximum(scores["recency"] - 1, 0), np.maximum(worth - 1, 0)]
    return pd.Series(np.where(is_lost, LOST, named), index=scores.index, dtype="str")
