"""ABC: the customers who bring most of the revenue, those who bring some, and all the others."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.analyses.value.purchase_history import purchases
from crmreport.language import _t

WINDOW_DAYS = 365
CLASSES = ("a", "b", "c")
SHARES = (0.80, 0.95)  # of the revenue, at which A and B end


def abc_classes(amount: pd.Series) -> pd.Series:
    """Give each customer's class by revenue: the largest that bring 80 % together are A, up to 95 % B.

    A customer belongs to the class in which the revenue of all larger ones ends; customers of equal revenue
    share a class. Those with nothing, or less, are C.
    """
    positive = amount.where(amount > 0, 0.0)
    total = positive.sum()
    by_amount = positive.groupby(positive).sum().sort_index(ascending=False)
    larger = (by_amount.cumsum() - by_amount) / total if total > 0 else by_amount + 1
    before = positive.map(larger)
    # Sums of money are no binary fractions: a share of exactly 80 % must not be a hair below.
    place = np.searchsorted(np.array(SHARES) - 1e-12, before.to_numpy(dtype=float), side="right")
    found = np.where(positive > 0, place, len(CLASSES) - 1)
    return pd.Series(np.array(CLASSES)[found], index=amount.index, dtype="str")


def _compute(known: Known) -> Frames:
    end = known.period.end
    start = end - timedelta(days=WINDOW_DAYS)
    bought = purchases(known.facts["orders"], start, end).to_pandas()
    bought = bought.sort_values("customer_id", ignore_index=True)
    amount = bought["amount"].astype("float64")
    if not (amount > 0).any():
        raise Declined(_t("No order of the last 365 days has an amount."))
    bought = bought.assign(amount=amount.fillna(0.0))
    bought = bought.assign(abc_class=abc_classes(bought["amount"]))
    found = bought.groupby("abc_class").agg(
        customers=("customer_id", "size"),
        amount=("amount", "sum"),
        least_amount=("amount", "min"),
        orders=("purchase_days", "mean"),
    )
    found = found.reindex([c for c in CLASSES if c in found.index]).rename_axis("abc_class").reset_index()
    found["share_customers"] = found["customers"] / found["customers"].sum()
    found["share_amount"] = found["amount"] / found["amount"].sum()
    groups = found.assign(segment=found["abc_class"], all="all")
    found = found[large_enough(groups, ["all"], "customers", known.settings.minimum_cell)]
    # The least amount is one customer's: rounded, it tells nobody's.
    found["least_amount"] = found["least_amount"].map(lambda value: float(f"{value:.2g}"))
    return {
        "abc": found.reset_index(drop=True).astype({"abc_class": "str"})[list(ABC.columns["abc"])],
        "customers": bought[["customer_id", "abc_class", "amount"]],
    }


TITLES = {
    "a": _t("A: the first 80 % of the revenue"),
    "b": _t("B: up to 95 %"),
    "c": _t("C: the rest"),
}

ABC = Analysis(
    name="abc",
    title=_t("ABC classes"),
    subject="customers",
    definition=_t(
        "Customers by their revenue of the last 365 days: the largest ones that bring 80 % of it together "
        "are A, those up to 95 % B, the others C."
    ),
    source=_t("ABC analysis (Dickie 1951, Factory Management and Maintenance 109), after Pareto and Lorenz"),
    trap=_t(
        "The classes are made of the past: of this year's A customers some were lucky, and will be B next "
        "year. Revenue is not profit."
    ),
    limit=_t("One row per customer is held in memory."),
    needs=("orders",),
    facts=("orders",),
    compute=_compute,
    columns={
        "abc": {
            "abc_class": _t("class"),
            "customers": _t("customers"),
            "share_customers": _t("share of all customers, 0 to 1"),
            "amount": _t("revenue of the last 365 days, in the review's currency"),
            "share_amount": _t("share of the revenue, 0 to 1"),
            "least_amount": _t("revenue from which on a customer belongs to it, to two digits"),
            "orders": _t("days with an order per customer"),
        },
        "customers": {
            "customer_id": _t("customer"),
            "abc_class": _t("class"),
            "amount": _t("revenue of the last 365 days, in the review's currency"),
        },
    },
    private=("customers",),
    seed="客户分类",
)
