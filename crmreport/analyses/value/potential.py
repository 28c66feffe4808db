"""Potential: customers who may bring more, judged by what customers like them are expected to bring."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.analyses.value.lifetime_model import fit_lifetime
from crmreport.analyses.value.lifetime_value import checked_history, customer_values, ended
from crmreport.analyses.value.rfm_scores import WINDOW_DAYS
from crmreport.language import _t
from crmreport.metrics.intervals import wilson
from crmreport.tables.engine import IbisTable

PEER_QUANTILE = 0.75
LEAST_PEERS = 30
LEAST_ALIVE = 0.2  # with less, the customer is to be won back, not developed
_PROFILE = ("customer_type", "industry", "tier", "lifestyle")  # in this order, as long as peers are enough
_COMPONENTS = {"activity": "alive", "frequency": "rate_per_year", "amount": "amount_per_purchase"}
_USUAL = 0.5  # a category that half of the peers who buy bought
_MOST_SHOWN = 40

TITLES: dict[str, str] = {
    "activity": _t("Bought less recently than peers"),
    "frequency": _t("Buys more seldom than peers"),
    "amount": _t("Spends less per purchase than peers"),
    "all": _t("All customers"),
}


def peer_groups(customers: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Name each customer's peers: those alike in as many of the columns, from the first on, as have 30 peers.

    Those of whom a column says nothing are alike in it. The name joins the values; "" are all customers.
    """
    names = pd.Series("", index=customers.index, dtype="object")
    path = names.copy()
    still = pd.Series(True, index=customers.index)
    for column in columns:
        value = customers[column].astype(object).where(customers[column].notna(), "")
        path = path + np.where((path == "") | (value == ""), "", ", ") + value
        still &= path.groupby(path).transform("size") >= LEAST_PEERS
        names = names.where(~still, path)
    return names


def potential_of(values: pd.DataFrame, peers: pd.Series) -> pd.DataFrame:
    """Say how much less each customer is expected to bring than the best quarter of the peers begins with.

    `values`: see `customer_values`; its figures are drawn towards the mean, so that luck of the past is no
    potential. Columns: `customer_id`, `peers`, `value`, `peer_value` (upper quartile of the peers who
    probably still buy), `potential` (the difference, 0 where there is none) and `reason` (`activity`,
    `frequency` or `amount`: what lies furthest, as a ratio, below the peers' upper quartile; missing where
    there is no potential). Customers who probably no longer buy have none.
    """
    buys = values["alive"] >= LEAST_ALIVE
    grouped = values.where(buys).groupby(peers)
    enough = grouped["value"].transform("count") >= LEAST_PEERS
    of_peers = grouped["value"].transform("quantile", PEER_QUANTILE).where(enough)
    potential = (of_peers - values["value"]).clip(lower=0).where(buys, 0.0).fillna(0.0)
    gaps = pd.DataFrame(
        {
            reason: np.log(grouped[column].transform("quantile", PEER_QUANTILE))
            - np.log(values[column].where(values[column] > 0))
            for reason, column in _COMPONENTS.items()
        }
    )
    reason = gaps.fillna(-np.inf).idxmax(axis=1).where(potential > 0)
    return pd.DataFrame(
        {
            "customer_id": values["customer_id"],
            "peers": peers,
            "value": values["value"],
            "peer_value": of_peers,
            "potential": potential,
            "reason": reason.astype("str").where(reason.notna()),
        }
    )


def categories_bought(lines: IbisTable, known: Known) -> pd.DataFrame:
    """Give who bought which category in the 365 days before the period ends: `customer_id`, `category`."""
    end = known.period.end
    day = lines.ordered_at.date()
    sold = lines.filter((day >= end - timedelta(days=WINDOW_DAYS)) & (day < end) & (lines.quantity > 0))
    sold = sold.filter(sold.category.notnull() & sold.customer_id.notnull())
    found = sold.select("customer_id", "category").distinct().to_pandas()
    return found.sort_values(["customer_id", "category"], ignore_index=True)


def missing_categories(found: pd.DataFrame, bought: pd.DataFrame) -> pd.DataFrame:
    """Give, by peers and category, who buys it and who does not, of the customers who bought in the window.

    Columns: `peers`, `category`, `customers` (peers who bought anything), `buyers`, `share`, `low`, `high`
    (95 %, Wilson), `without`, `is_usual` (half or more of the peers buy it).
    """
    joined = bought.merge(found[["customer_id", "peers"]], on="customer_id")
    sizes = joined.groupby("peers")["customer_id"].nunique().rename("customers").reset_index()
    counted = joined.groupby(["peers", "category"]).size().rename("buyers").reset_index()
    counted = counted.merge(sizes, on="peers")
    counted = counted[counted["customers"] >= LEAST_PEERS]
    buyers, size = counted["buyers"].to_numpy(dtype=float), counted["customers"].to_numpy(dtype=float)
    low, high = wilson(buyers, size)
    return counted.assign(
        share=buyers / size,
        low=low,
        high=high,
        without=counted["customers"] - counted["buyers"],
        is_usual=buyers >= _USUAL * size,
    ).sort_values(["peers", "category"], ignore_index=True)


def _compute(known: Known) -> Frames:
    history = checked_history(known)
    values = customer_values(known, fit_lifetime(history), history, ended(known)["customer_id"])
    table = known.tables["customers"]
    profile = [c for c in _PROFILE if c in table.columns]
    told = table.select("customer_id", *profile).to_pandas()
    joined = values[["customer_id"]].merge(told, on="customer_id", how="left")
    peers = peer_groups(joined, profile)
    found = potential_of(values, peers)
    if not (found["potential"] > 0).any():
        raise Declined(
            _t("No group of customers who still buy has {least} members; peers cannot be compared."),
            least=LEAST_PEERS,
        )
    whitespace = pd.DataFrame(columns=list(_WHITESPACE))
    usual_missing = pd.Series(np.nan, index=found.index)
    if "order_lines" in known.facts and "category" in known.facts["order_lines"].columns:
        bought = categories_bought(known.facts["order_lines"], known)
        by_category = missing_categories(found, bought)
        usual_missing = _usual_missing(found, bought, by_category)
        whitespace = _shown_whitespace(by_category, known.settings.minimum_cell)
    found = found.assign(usual_categories_missing=usual_missing)
    return {
        "reasons": _summed(found, "reason", known.settings.minimum_cell),
        "peers": _summed(found, "peers", known.settings.minimum_cell),
        "whitespace": whitespace.astype(_WHITESPACE),
        "customers": found[found["potential"] > 0].sort_values(
            ["potential", "customer_id"], ascending=[False, True], ignore_index=True
        ),
    }


def _usual_missing(found: pd.DataFrame, bought: pd.DataFrame, by_category: pd.DataFrame) -> pd.Series:
    """Count the usual categories that each customer who bought lately lacks; missing for the others."""
    usual = by_category[by_category["is_usual"]]
    wanted = found["peers"].map(usual.groupby("peers").size()).fillna(0)
    mine = bought.merge(found[["customer_id", "peers"]], on="customer_id")
    mine = mine.merge(usual[["peers", "category"]], on=["peers", "category"])
    have = found["customer_id"].map(mine.groupby("customer_id").size()).fillna(0)
    return (wanted - have).where(found["customer_id"].isin(bought["customer_id"]))


def _shown_whitespace(by_category: pd.DataFrame, minimum_cell: int) -> pd.DataFrame:
    """Keep the categories that are usual among peers, where enough buy it and enough do not."""
    least = np.minimum(by_category["buyers"], by_category["without"])
    kept = by_category[by_category["is_usual"] & (least >= minimum_cell)]
    kept = kept.sort_values(["without", "peers", "category"], ascending=[False, True, True])
    return kept.head(_MOST_SHOWN)[list(_WHITESPACE)].reset_index(drop=True)


def _summed(found: pd.DataFrame, by: str, minimum_cell: int) -> pd.DataFrame:
    """Sum up those with potential by a column; groups of few customers are left out."""
    with_potential = found[found["potential"] > 0]
    grouped = with_potential.groupby(by)
    sums = grouped[["value", "potential"]].sum()
    sums.insert(0, "customers", grouped.size())
    sums["potential_per_customer"] = sums["potential"] / sums["customers"]
    sums = sums.reset_index().sort_values(["potential", by], ascending=[False, True], ignore_index=True)
    shown = large_enough(
        sums.assign(segment=sums[by], dimension=by), ["dimension"], "customers", minimum_cell
    )
    return sums[shown].head(_MOST_SHOWN).reset_index(drop=True)


_WHITESPACE = {
    "peers": "str",
    "category": "str",
    "customers": "int64",
    "buyers": "int64",
    "share": "float64",
    "low": "float64",
    "high": "float64",
    "without": "int64",
}

_SUMS = {
    "customers": _t("Customers with potential"),
    "value": _t("What they are expected to bring in the next 12 months, in money"),
    "potential": _t("What they would bring more at the level of the best quarter of their peers, in money"),
    "potential_per_customer": _t("The same per customer"),
}

POTENTIAL = Analysis(
    name="potential",
    title=_t("Customers with potential"),
    subject="value",
    definition=_t(
        "The expected value of the next 12 months, against that with which the best quarter of the peers "
        "begins; peers have the same type, industry, tier and lifestyle, as far as 30 such customers are "
        "there. The reason is what lies furthest below the peers: how likely the customer still buys, how "
        "often, or for how much. Categories that half of the peers buy show what could be offered."
    ),
    source=_t("Lifetime value model (see there), compared with the upper quartile of peers; ours"),
    trap=_t(
        "Potential is a comparison, not a forecast: most customers cannot all reach the best quarter. "
        "Expected values are drawn towards the mean, else the lucky of last year would be the peers' level."
    ),
    limit=_t(
        "Peers are alike only in what the data know of them. Customers who probably no longer buy are left "
        "out; groups of few customers, too."
    ),
    needs=("orders",),
    tables=("customers", "products"),
    facts=("orders", "order_lines"),
    compute=_compute,
    columns={
        "reasons": {"reason": _t("What lies furthest below the peers"), **_SUMS},
        "peers": {"peers": _t("Group of peers"), **_SUMS},
        "whitespace": {
            "peers": _t("Group of peers"),
            "category": _t("Product category that half of them or more buy"),
            "customers": _t("Peers who bought anything in the 365 days"),
            "buyers": _t("Those who bought the category"),
            "share": _t("Their share, 0 to 1"),
            "low": _t("Lower bound of its 95 % interval"),
            "high": _t("Upper bound of its 95 % interval"),
            "without": _t("Peers who did not buy it"),
        },
        "customers": {
            "customer_id": _t("Customer"),
            "peers": _t("Group of peers"),
            "value": _t("Expected value of the next 12 months, in money"),
            "peer_value": _t("Value with which the best quarter of the peers begins, in money"),
            "potential": _t("Difference of the two"),
            "reason": _t("What lies furthest below the peers"),
            "usual_categories_missing": _t("Categories usual among peers that the customer did not buy"),
        },
    },
    private=("customers",),
    seed="增长潜力",
)
