"""Preference: which categories or products each segment buys more, or less, than all customers do."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.analyses.shrinkage import gamma_prior, shrunken
from crmreport.language import _t
from crmreport.metrics.placing import by_segment
from crmreport.segments import ALL
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts import DIMENSIONS

WINDOW_DAYS = 365
MOST_ITEMS = 12
MOST_SEGMENTS = 12  # of a dimension


def purchases_of(lines: IbisTable, item: str, end: date, days: int = WINDOW_DAYS) -> pd.DataFrame:
    """Count, by segment and item, the purchases, that is orders with the item, and the customers behind.

    `lines`: the fact table `order_lines`, `item` one of its columns (``category``). Of the last `days` days
    before `end`, returns left out. Columns: `dimension`, `segment`, `item`, `purchases` (all the segment's
    with the item), `buyers` (customers), `squares` and `products`: sums over the customers of the squared
    purchases of the item, and of those times the customer's purchases of everything.
    """
    day = lines.ordered_at.date()
    recent = lines.filter(
        (day >= ibis.literal(end - timedelta(days=days))) & (day < ibis.literal(end)) & (lines.quantity > 0)
    )
    dimensions = [d for d in DIMENSIONS if d in recent.columns and d != item]
    once = recent.select("order_id", "customer_id", *dimensions, item=recent[item])
    once = once.filter(once.item.notnull() & once.customer_id.notnull()).distinct()
    placed = by_segment(once)
    keys = ["dimension", "segment"]
    each = placed.group_by([*keys, "customer_id", "item"]).aggregate(n=placed.count().cast("float64"))
    each = each.mutate(of_all=each.n.sum().over(ibis.window(group_by=[*keys, "customer_id"])))
    found = each.group_by([*keys, "item"]).aggregate(
        purchases=each.n.sum(),
        buyers=each.count(),
        squares=(each.n * each.n).sum(),
        products=(each.n * each.of_all).sum(),
    )
    return found.to_pandas().sort_values([*keys, "item"], ignore_index=True)


def preference(counted: pd.DataFrame) -> pd.DataFrame:
    """Give each segment's share of purchases that are of an item, over that of all customers, times 100.

    `counted`: see `purchases_of`; the whole company (``all``) is the base, of which each segment is a part.
    Columns: `dimension`, `segment`, `item`, `buyers`, `purchases`, `share`, `base_share` (0 to 1), `index`,
    `index_shrunken` (see `crmreport.analyses.shrinkage`) with `low`, `high` (95 %) and `is_clear`: 100 is
    not between them. Purchases of one customer are alike, so that the counts are divided by the design
    effect (Kish 1965, Survey Sampling) before they are judged: the variance of the share with customers as
    clusters, over that of independent purchases.
    """
    keys = ["dimension", "segment"]
    whole = counted.groupby(keys)["purchases"].transform("sum")
    base = counted[counted["dimension"] == ALL].set_index("item")["purchases"]
    base_share = counted["item"].map(base / base.sum())
    share = counted["purchases"] / whole
    # Over the segment's customers: the squared purchases of everything are the sum of the products.
    all_squares = counted.groupby(keys)["products"].transform("sum")
    spread = counted["squares"] - 2 * share * counted["products"] + share**2 * all_squares
    independent = whole * share * (1 - share)
    effect = (spread / independent.where(independent > 0)).clip(lower=1.0).fillna(1.0)
    observed = (counted["purchases"] / effect).to_numpy(dtype=float)
    expected = (whole * base_share / effect).to_numpy(dtype=float)
    is_part = (counted["dimension"] != ALL).to_numpy()
    prior = gamma_prior(observed[is_part], expected[is_part])
    ratio, low, high = shrunken(observed, expected, prior)
    found = counted[[*keys, "item"]].assign(
        buyers=counted["buyers"].astype("int64"),
        purchases=counted["purchases"].astype("int64"),
        share=share,
        base_share=base_share,
        index=100 * share / base_share,
        index_shrunken=100 * ratio,
        low=100 * low,
        high=100 * high,
    )
    found["is_clear"] = (found["low"] > 100) | (found["high"] < 100)
    return found[is_part].reset_index(drop=True)


def _compute(known: Known) -> Frames:
    lines = known.facts["order_lines"]
    item = "category" if "category" in lines.columns else "product_id"
    counted = purchases_of(lines, item, known.period.end)
    if counted["item"].nunique() < 2 or counted["dimension"].nunique() < 2:
        raise Declined(
            _t(
                "There is nothing to compare: this needs two categories or products and a dimension of the "
                "customers, such as their region, within the last 365 days."
            )
        )
    found = preference(counted)
    people = found.groupby(["dimension", "segment"])["buyers"].max().rename("people").reset_index()
    rank = people.groupby("dimension")["people"].rank(method="first", ascending=False)
    people = people[rank <= MOST_SEGMENTS]
    people = people[people.groupby("dimension")["segment"].transform("size") > 1]
    least = known.settings.minimum_cell
    large = people[large_enough(people, ["dimension"], "people", least)]
    found = found.merge(large[["dimension", "segment"]], on=["dimension", "segment"])
    most = counted[counted["dimension"] == ALL].nlargest(MOST_ITEMS, "purchases", keep="all")["item"]
    found = found[large_enough(found, ["dimension", "segment"], "buyers", least)]
    found = found[found["item"].isin(sorted(most)[:MOST_ITEMS] if len(most) > MOST_ITEMS else most)]
    order = {name: n for n, name in enumerate(DIMENSIONS)}
    found = found.sort_values(
        ["dimension", "segment", "item"],
        key=lambda s: s.map(order) if s.name == "dimension" else s,
        ignore_index=True,
    )
    return {"index": found.astype({"index": np.float64})[list(PREFERENCE.columns["index"])]}


PREFERENCE = Analysis(
    name="preference",
    title=_t("What segments prefer"),
    subject="products",
    definition=_t(
        "The share of a segment's purchases that are of a category, over the same share of all customers, "
        "times 100: 120 means a fifth more than the average. A purchase is an order with the category, of "
        "the last 365 days; products stand for categories where none are known."
    ),
    source=_t(
        "Affinity index, the lift of association rules; gamma-Poisson shrinkage after DuMouchel 1999, The "
        "American Statistician 53(3); design effect of customers with several orders, Kish 1965, Survey "
        "Sampling"
    ),
    trap=_t(
        "Rarely bought categories and small segments have extreme indices by chance: look at the shrunken "
        "one. An index is a share: it rises when other categories fall. The segment is part of the base."
    ),
    limit=_t("The 12 largest segments of a dimension and the 12 categories bought most are shown."),
    needs=("orders", "order_lines"),
    facts=("order_lines",),
    compute=_compute,
    columns={
        "index": {
            "dimension": _t("dimension"),
            "segment": _t("its value"),
            "item": _t("category, or product where no categories are known"),
            "buyers": _t("customers of the segment who bought it"),
            "purchases": _t("their orders with it"),
            "share": _t("share of the segment's purchases, 0 to 1"),
            "base_share": _t("share of all customers' purchases, 0 to 1"),
            "index": _t("share over the share of all, times 100"),
            "index_shrunken": _t("index as it is likely to be, without chance"),
            "low": _t("lower bound of its 95 % interval"),
            "high": _t("upper bound of its 95 % interval"),
            "is_clear": _t("whether 100 is outside of the interval"),
        }
    },
    seed="产品偏好",
)
