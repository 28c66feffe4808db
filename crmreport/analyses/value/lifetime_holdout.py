"""Lifetime holdout: what the model, knowing no more than half a year ago, expected of the time since."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmreport.analyses.value.lifetime_model import fit_lifetime, predict
from crmreport.analyses.value.purchase_history import purchase_history, purchases
from crmreport.tables.engine import IbisTable

HOLDOUT_WEEKS = 26
ALL = "all"
# Repeat purchase days before the holdout: the first of each class, and its name.
_CLASSES = ((0, "0"), (1, "1"), (2, "2"), (3, "3"), (4, "4-6"), (7, "7+"))
COLUMNS = (
    "repeat_days",
    "customers",
    "expected",
    "actual",
    "as_before",
    "error",
    "error_as_before",
    "expected_amount",
    "actual_amount",
)


def holdout(orders: IbisTable, left: pd.DataFrame, end: date, weeks: int = HOLDOUT_WEEKS) -> pd.DataFrame:
    """Compare what a model of the purchases until `weeks` before `end` expects with what happened since.

    `left` has the customers who ended the relation: `customer_id`, `left_day`. One row per class of repeat
    purchase days, and one for all: `repeat_days` (class), `customers`, `expected` and `actual` purchase days
    in all, `as_before` (those in as many weeks before: a naive forecast), `error` and `error_as_before` (mean
    absolute error per customer, purchase days), `expected_amount` and `actual_amount` (revenue). ValueError
    if too little is known to fit the model.
    """
    cut = end - timedelta(weeks=weeks)
    history = purchase_history(orders, cut)
    model = fit_lifetime(history)
    gone = left.loc[pd.to_datetime(left["left_day"]) < pd.Timestamp(cut), "customer_id"]
    expected = predict(model, history, gone, float(weeks))
    since = _in_time(orders, history, cut, end)
    before = _in_time(orders, history, cut - timedelta(weeks=weeks), cut)
    rows = pd.DataFrame(
        {
            "repeat_days": _class_of(history["repeat_days"]),
            "expected": expected["purchase_days"],
            "actual": since["purchase_days"],
            "as_before": before["purchase_days"],
            "error": (expected["purchase_days"] - since["purchase_days"]).abs(),
            "error_as_before": (before["purchase_days"] - since["purchase_days"]).abs(),
            "expected_amount": expected["amount"],
            "actual_amount": since["amount"],
        }
    )
    return pd.concat([_summed(rows), _summed(rows.assign(repeat_days=ALL))], ignore_index=True)


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    order = [name for _, name in _CLASSES] + [ALL]
    grouped = rows.groupby("repeat_days")
    sums = grouped.sum()
    sums["customers"] = grouped.size()
    for error in ("error", "error_as_before"):
        sums[error] = sums[error] / sums["customers"]
    present = [name for name in order if name in sums.index]
    return sums.loc[present].reset_index()[list(COLUMNS)]


def _class_of(repeat_days: pd.Series) -> list[str]:
    places = np.searchsorted([least for least, _ in _CLASSES], repeat_days, side="right") - 1
    return [_CLASSES[place][1] for place in places]


def _in_time(orders: IbisTable, history: pd.DataFrame, start: date, end: date) -> pd.DataFrame:
    """Give the purchase days and amount of each customer of the history in a time; 0 without any."""
    found = purchases(orders, start, end).select("customer_id", "purchase_days", "amount").to_pandas()
    joined = history[["customer_id"]].merge(found, on="customer_id", how="left")
    return joined[["purchase_days", "amount"]].astype(float).fillna(0.0)
