"""Clusters: groups of customers that the data themselves form, if they form any."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.analyses.value.purchase_history import purchases
from crmreport.analyses.value.splitting import (
    LEAST_AGREEMENT,
    LEAST_SILHOUETTE,
    Labels,
    find_clusters,
    standardised,
)
from crmreport.language import _t

WINDOW_DAYS = 365
FEWEST_CUSTOMERS = 100
FEATURES = ("recency_days", "orders", "amount_per_order")


def profile(customers: pd.DataFrame, labels: Labels) -> pd.DataFrame:
    """Describe each cluster by its medians and, against all customers, in words.

    `customers`: the columns `FEATURES` and `amount`. Columns: `cluster` (from 1), `customers`, `share`,
    `amount` and `share_amount` (sum), the medians of the features, and `recency`, `frequency` and `value`:
    ``high``, ``low`` or ``middle``, where the cluster's median is in the upper, the lower or a middle third
    of all customers (recency ``high``: ordered recently).
    """
    grouped = customers.groupby(labels)
    found = grouped.agg(customers=("amount", "size"), amount=("amount", "sum"))
    found = found.join(grouped[list(FEATURES)].median())
    found["share"] = found["customers"] / len(customers)
    found["share_amount"] = found["amount"] / customers["amount"].sum()
    for word, feature, sign in (
        ("recency", "recency_days", -1),
        ("frequency", "orders", 1),
        ("value", "amount_per_order", 1),
    ):
        values = sign * customers[feature]
        low, high = values.quantile(1 / 3), values.quantile(2 / 3)
        middle = sign * found[feature]
        # Where a third and more have one value (one order), the class of that value is the lower one.
        found[word] = np.select([(middle >= high) & (high > low), middle <= low], ["high", "low"], "middle")
    found.insert(0, "cluster", found.index + 1)
    return found.reset_index(drop=True)


def _compute(known: Known) -> Frames:
    end = known.period.end
    bought = purchases(known.facts["orders"], end - timedelta(days=WINDOW_DAYS), end).to_pandas()
    bought = bought.sort_values("customer_id", ignore_index=True)
    bought = bought[bought["amount"] > 0].reset_index(drop=True)
    if len(bought) < FEWEST_CUSTOMERS:
        raise Declined(
            _t(
                "Clusters need at least {needed} customers with revenue in the last 365 days; there are "
                "{found}."
            ),
            needed=FEWEST_CUSTOMERS,
            found=len(bought),
        )
    last = pd.to_datetime(bought["last_day"])
    customers = pd.DataFrame(
        {
            "customer_id": bought["customer_id"],
            "recency_days": (pd.Timestamp(end - timedelta(days=1)) - last).dt.days.astype("float64"),
            "orders": bought["purchase_days"].astype("float64"),
            "amount_per_order": bought["amount"] / bought["purchase_days"],
            "amount": bought["amount"],
        }
    )
    found = find_clusters(standardised(customers[list(FEATURES)]))
    if not found.is_stable:
        raise Declined(
            _t(
                "No stable clusters: the customers form no clear groups by how recently, how often and for "
                "how much they order. The best split, into {number}, has a silhouette of {silhouette} (at "
                "least {least}, and more than the {reference} of data without groups, are needed) and an "
                "agreement of {agreement} when repeated (at least {least_agreement})."
            ),
            number=found.number,
            silhouette=round(found.silhouette, 2),
            least=LEAST_SILHOUETTE,
            reference=round(found.reference, 2),
            agreement=round(found.agreement, 2),
            least_agreement=LEAST_AGREEMENT,
        )
    described = profile(customers, found.labels)
    groups = described.assign(segment=described["cluster"].astype("str"), all="all")
    described = described[large_enough(groups, ["all"], "customers", known.settings.minimum_cell)]
    numbers = pd.DataFrame(
        {"number": list(found.silhouettes), "silhouette": list(found.silhouettes.values())}
    )
    quality = {
        "number": found.number,
        "silhouette": found.silhouette,
        "reference": found.reference,
        "agreement": found.agreement,
        "customers": len(customers),
    }
    return {
        "clusters": described[list(CLUSTERS.columns["clusters"])].reset_index(drop=True),
        "numbers": numbers.assign(is_chosen=numbers["number"] == found.number),
        "quality": pd.DataFrame([quality]),
        "customers": customers[["customer_id"]].assign(cluster=found.labels + 1),
    }


TITLES = {
    "recency_high": _t("recent"),
    "recency_middle": _t("neither recent nor long ago"),
    "recency_low": _t("long ago"),
    "frequency_high": _t("frequent"),
    "frequency_middle": _t("now and then"),
    "frequency_low": _t("rare"),
    "value_high": _t("large orders"),
    "value_middle": _t("usual orders"),
    "value_low": _t("small orders"),
}

_CLASS = _t("high, middle or low: the third of all customers that the median falls into")

CLUSTERS = Analysis(
    name="clusters",
    title=_t("Clusters of customers"),
    subject="customers",
    definition=_t(
        "Groups that the customers form by the days since their last order, the number of their orders and "
        "the amount of an order in the last 365 days; shown only if they are clear and come out again when "
        "the analysis is repeated on resampled customers."
    ),
    source=_t(
        "k-means on robustly standardised logarithms; number by silhouette, Rousseeuw 1987, Journal of "
        "Computational and Applied Mathematics 20; agreement: Hubert & Arabie 1985, Journal of "
        "Classification 2; references: Tibshirani, Walther & Hastie 2001, Journal of the Royal Statistical "
        "Society B 63"
    ),
    trap=_t(
        "k-means cuts any cloud into pieces: without a test, there are always clusters. They have no meaning "
        "of their own, and may differ next month; for steady groups use rules, such as RFM or ABC."
    ),
    limit=_t(
        "Judged on 1,500 customers drawn at random with a fixed seed; all are assigned. 200,000 customers "
        "take about 10 seconds."
    ),
    needs=("orders",),
    facts=("orders",),
    compute=_compute,
    columns={
        "clusters": {
            "cluster": _t("number of the cluster"),
            "customers": _t("customers"),
            "share": _t("share of all customers, 0 to 1"),
            "amount": _t("revenue of the last 365 days, in the review's currency"),
            "share_amount": _t("share of the revenue, 0 to 1"),
            "recency_days": _t("days since the last order, median"),
            "orders": _t("days with an order, median"),
            "amount_per_order": _t("amount of a day with an order, median, in the review's currency"),
            "recency": _CLASS,
            "frequency": _CLASS,
            "value": _CLASS,
        },
        "numbers": {
            "number": _t("number of clusters"),
            "silhouette": _t("mean silhouette, -1 to 1"),
            "is_chosen": _t("whether it is the number chosen"),
        },
        "quality": {
            "number": _t("number of clusters"),
            "silhouette": _t("mean silhouette, -1 to 1"),
            "reference": _t("largest silhouette of 20 clouds of points without clusters"),
            "agreement": _t("mean adjusted Rand index with the clusters of resampled customers, 1 is equal"),
            "customers": _t("customers"),
        },
        "customers": {"customer_id": _t("customer"), "cluster": _t("number of the cluster")},
    },
    private=("customers",),
    seed="客户细分",
)
