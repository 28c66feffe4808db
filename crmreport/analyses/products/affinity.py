"""Affinity: which products, and which categories, are bought together more often than by chance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shrinkage import GammaPrior, gamma_prior, shrunken
from crmreport.language import _t
from crmreport.metrics.intervals import Array
from crmreport.tables.engine import IbisTable

WINDOW_DAYS = 365
MOST_ITEMS = 500  # the most bought, so that the pairs stay countable
LEAST_BASKETS = 20  # that hold an item, or else it is not compared
CLEAR = 0.05  # share of false discoveries among the pairs that are called clear
_MOST_PAIRS = 25
_EXACT_SIZES = 12


@dataclass(frozen=True)
class Counts:
    """How often items were bought, alone and together.

    `baskets`: number of baskets; `items`: names of the items compared; `having`: baskets with each of them,
    by size class; `both`: baskets with each pair, `people`: customers behind them (square, symmetric, the
    diagonal without meaning); `sizes`: one row per size class with its number of `baskets`, the sum of
    `pairs` in them, and `squares`, the sum over all items of the squared number of baskets with the item.
    """

    baskets: int
    items: tuple[str, ...]
    having: Array
    both: Array
    people: Array
    sizes: pd.DataFrame


def bought(lines: IbisTable, basket: str, item: str, end: date, days: int = WINDOW_DAYS) -> IbisTable:
    """Give what each basket holds: `basket`, `customer_id`, `item`, each item once.

    `lines`: the fact table `order_lines`; `basket` and `item` name its columns (``order_id``,
    ``product_id``). Lines of the last `days` days before `end`; returns are left out.
    """
    day = lines.ordered_at.date()
    recent = lines.filter(
        (day >= ibis.literal(end - timedelta(days=days))) & (day < ibis.literal(end)) & (lines.quantity > 0)
    )
    named = recent.select(basket=recent[basket], customer_id=recent.customer_id, item=recent[item])
    return named.filter(named.item.notnull() & named.basket.notnull()).distinct()


def count_pairs(held: IbisTable, most_items: int = MOST_ITEMS, least: int = LEAST_BASKETS) -> Counts:
    """Count in how many baskets each item is, and each pair of items.

    `held`: see `bought`. Only the `most_items` items that are in most baskets, and in at least `least`, are
    compared; the size of a basket counts all its items.
    """
    held = held.cache()
    each = held.group_by("basket").aggregate(size=held.count()).cache()
    size_class = _size_class(each["size"])
    sizes = each.group_by(size_class=size_class).aggregate(
        baskets=each.count(), pairs=(each["size"] * (each["size"] - 1)).sum().cast("float64")
    )
    classed = held.inner_join(each.mutate(size_class=size_class).select("basket", "size_class"), "basket")
    cells = classed.group_by(["item", "size_class"]).aggregate(n=classed.count()).to_pandas()
    table = sizes.to_pandas().set_index("size_class").sort_index()
    table["squares"] = (cells["n"].astype("float64") ** 2).groupby(cells["size_class"]).sum()
    totals = cells.groupby("item")["n"].sum().rename("n").reset_index()
    totals = totals[totals["n"] >= least].sort_values(["n", "item"], ascending=[False, True])
    items = tuple(sorted(totals["item"].head(most_items)))
    having = cells.pivot_table(index="item", columns="size_class", values="n", fill_value=0)
    having = having.reindex(index=list(items), columns=table.index, fill_value=0)
    both, people = _together(held, items)
    baskets = int(table["baskets"].sum())
    return Counts(baskets, items, having.to_numpy(dtype=float), both, people, table)


def _size_class(size: IbisTable) -> IbisTable:
    """Give each size of baskets its class: small ones are their own, larger ones are alike within a tenth."""
    octave = (size.cast("float64").ln() / float(np.log(2)) * 6).floor().cast("int64")
    return ibis.ifelse(size <= _EXACT_SIZES, size.cast("int64"), 100 + octave)


def _together(held: IbisTable, items: tuple[str, ...]) -> tuple[Array, Array]:
    both, people = np.zeros((2, len(items), len(items)))
    if not items:
        return both, people
    numbers = pd.DataFrame({"item": items, "number": range(len(items))})
    numbered = held.inner_join(ibis.memtable(numbers, schema={"item": "string", "number": "int64"}), "item")
    left = numbered.select("basket", "customer_id", a="number").cache()
    right = left.select(basket_b="basket", b="a")
    pairs = left.join(right, [left.basket == right.basket_b, left.a < right.b])
    counted = pairs.group_by(["a", "b"]).aggregate(n=pairs.count(), people=pairs.customer_id.nunique())
    found = counted.to_pandas()
    for target, column in ((both, "n"), (people, "people")):
        target[found["a"], found["b"]] = found[column]
        target[found["b"], found["a"]] = found[column]
    return both, people


def expected_by_size(counts: Counts) -> Array:
    """Give the baskets to be expected with each pair, if which items a basket holds were left to chance.

    Large baskets hold every pair more often, and a basket of one item none: so the expectation is made for
    baskets of each size on their own and added up, as DuMouchel 1999 does over strata. Of n baskets of k
    items, of which n_a hold a and n_b hold b, ``n_a n_b / n`` is scaled so that all pairs together are as
    many as there are: by ``k (k - 1) / (k^2 - sum of (n_i / n)^2)``.
    """
    n = counts.sizes["baskets"].to_numpy(dtype=float)
    pairs = counts.sizes["pairs"].to_numpy(dtype=float)
    held = _held(counts)
    possible = held**2 - counts.sizes["squares"].to_numpy(dtype=float)  # times n squared
    scale = np.divide(pairs * n, possible, out=np.zeros_like(n), where=possible > 0)
    expected: Array = (counts.having * (scale / n)) @ counts.having.T
    return expected


def _held(counts: Counts) -> Array:
    """Sum up the items in all baskets of each size class."""
    n = counts.sizes["baskets"].to_numpy(dtype=float)
    pairs = counts.sizes["pairs"].to_numpy(dtype=float)
    # Within a class the sizes differ by little: the size whose k (k - 1) is the mean one.
    return np.asarray(n * (0.5 + np.sqrt(0.25 + pairs / n)))


def affinities(counts: Counts, least_people: int = 1) -> tuple[pd.DataFrame, GammaPrior]:
    """Say of each pair of items how much more often than by chance the two are bought together.

    Columns: `a`, `b`; `with_a`, `with_b`, `both` (baskets); `support` (share of baskets with both),
    `confidence_ab` (share of the baskets with a that hold b), `confidence_ba`; `lift`
    (``both * baskets / (with_a * with_b)``); `expected` (see `expected_by_size`); `lift_by_size`
    (both / expected, shrunken, see `crmreport.analyses.shrinkage`) with `low`, `high` (95 %); `p_value`
    (Poisson, two-sided, corrected for the number of pairs by Benjamini & Hochberg 1995, Journal of the Royal
    Statistical Society B 57(1), 289-300) and `is_clear` (p_value at most 0.05, and 1 not in the interval).
    Pairs bought by fewer than `least_people` customers are left out when everything is computed.
    Sorted by `low`, highest first. The prior of the shrinkage is returned, too.
    """
    from scipy.stats import false_discovery_control

    row, column = np.triu_indices(len(counts.items), 1)
    both, expected = counts.both[row, column], expected_by_size(counts)[row, column]
    having = counts.having.sum(axis=1)
    with_a, with_b = having[row], having[column]
    prior = gamma_prior(both, expected)
    ratio, low, high = shrunken(both, expected, prior)
    p_value = _two_sided(both, expected)
    corrected = false_discovery_control(p_value) if len(p_value) else p_value
    names = np.array(counts.items, dtype=object)
    found = pd.DataFrame(
        {
            "a": pd.Series(names[row], dtype="str"),
            "b": pd.Series(names[column], dtype="str"),
            "with_a": with_a.astype("int64"),
            "with_b": with_b.astype("int64"),
            "both": both.astype("int64"),
            "support": both / counts.baskets,
            "confidence_ab": both / with_a,
            "confidence_ba": both / with_b,
            "lift": both * counts.baskets / (with_a * with_b),
            "expected": expected,
            "lift_by_size": ratio,
            "low": low,
            "high": high,
            "p_value": corrected,
            "is_clear": (corrected <= CLEAR) & ((low > 1) | (high < 1)),
        }
    )
    found = found[counts.people[row, column] >= least_people]
    return found.sort_values(["low", "a", "b"], ascending=[False, True, True], ignore_index=True), prior


def _two_sided(observed: Array, expected: Array) -> Array:
    """Twice the smaller tail of the Poisson distribution; conservative for items in most baskets."""
    from scipy.stats import poisson

    tails = np.minimum(poisson.sf(observed - 1, expected), poisson.cdf(observed, expected))
    return np.asarray(np.clip(2 * tails, 0, 1))


def _compute(known: Known) -> Frames:
    lines = known.facts["order_lines"]
    levels = {"product": "product_id", "category": "category"}
    pairs: list[pd.DataFrame] = []
    summaries: list[dict[str, object]] = []
    for level, column in levels.items():
        if column not in lines.columns:
            continue
        for basket, unit in (("order", "order_id"), ("customer", "customer_id")):
            counts = count_pairs(bought(lines, unit, column, known.period.end))
            found, prior = affinities(counts, known.settings.minimum_cell)
            of = {"level": level, "basket": basket}
            pairs.append(found.head(_MOST_PAIRS).assign(**of))
            compared = len(counts.items) * (len(counts.items) - 1) // 2
            summaries.append(
                {
                    **of,
                    "baskets": counts.baskets,
                    "items": len(counts.items),
                    "pairs": compared,
                    "pairs_clear": int(found["is_clear"].sum()),
                    "pairs_hidden": compared - len(found),
                    "prior_shape": prior.shape,
                    "prior_rate": prior.rate,
                }
            )
    together = pd.concat(pairs, ignore_index=True)
    if together.empty:
        raise Declined(
            _t(
                "No two products were bought together often enough: each needs {baskets} orders or customers "
                "within a year, and a pair at least {customers} customers."
            ),
            baskets=LEAST_BASKETS,
            customers=known.settings.minimum_cell,
        )
    together = _named(together, known)
    return {"pairs": together[list(AFFINITY.columns["pairs"])], "summary": pd.DataFrame(summaries)}


def _named(pairs: pd.DataFrame, known: Known) -> pd.DataFrame:
    """Add the products' names, where they have any."""
    names: dict[str, str] = {}
    products = known.tables.get("products")
    if products is not None and "product_name" in products.columns:
        wanted = set(pairs["a"]) | set(pairs["b"])
        chosen = products.filter(products.product_id.isin(sorted(wanted)) & products.product_name.notnull())
        found = chosen.select("product_id", "product_name").to_pandas()
        names = dict(zip(found["product_id"], found["product_name"], strict=True))
    is_product = pairs["level"] == "product"
    return pairs.assign(
        **{
            f"{side}_name": pairs[side].where(~is_product, pairs[side].map(names).fillna(pairs[side]))
            for side in ("a", "b")
        }
    )


TITLES = {
    "product": _t("Products"),
    "category": _t("Categories"),
    "order": _t("in one order"),
    "customer": _t("by one customer within a year"),
}

AFFINITY = Analysis(
    name="affinity",
    title=_t("Bought together"),
    subject="products",
    definition=_t(
        "Pairs of products, and of categories, in one order, or bought by one customer within the last 365 "
        "days. Support: share of baskets with both. Confidence: share of those with the first that hold the "
        "second. Lift: how many times as many hold both as if the two had nothing to do with each other. "
        "The lift by size compares with baskets of the same number of products."
    ),
    source=_t(
        "Association rules (Agrawal, Imieliński & Swami 1993); expected counts by stratum and gamma-Poisson "
        "shrinkage after DuMouchel 1999, The American Statistician 53(3); Benjamini & Hochberg 1995"
    ),
    trap=_t(
        "Who buys much buys everything together: the plain lift over customers is above 1 for nearly all "
        "pairs, and in orders of one or two products below 1. Rare pairs have the largest lifts by chance "
        "alone; look at the lower bound. Bought together is not bought because of each other."
    ),
    limit=_t(
        "The 500 products in most baskets, each in at least 20. The 25 pairs with the highest lower bound "
        "are shown. 2 million orders of 4 million lines take about 10 seconds."
    ),
    needs=("orders", "order_lines"),
    tables=("products",),
    facts=("order_lines",),
    compute=_compute,
    columns={
        "pairs": {
            "level": _t("products or categories"),
            "basket": _t("in one order, or by one customer within 365 days"),
            "a": _t("the first"),
            "a_name": _t("its name"),
            "b": _t("the second"),
            "b_name": _t("its name"),
            "with_a": _t("baskets with the first"),
            "with_b": _t("baskets with the second"),
            "both": _t("baskets with both"),
            "support": _t("share of all baskets that hold both, 0 to 1"),
            "confidence_ab": _t("share of the baskets with the first that hold the second, 0 to 1"),
            "confidence_ba": _t("share of the baskets with the second that hold the first, 0 to 1"),
            "lift": _t("baskets with both, over those if the two were independent"),
            "expected": _t("baskets with both to be expected, given how large the baskets are"),
            "lift_by_size": _t("baskets with both over those expected, shrunken towards all pairs' ratio"),
            "low": _t("lower bound of its 95 % interval"),
            "high": _t("upper bound of its 95 % interval"),
            "p_value": _t("chance of such a difference without any reason, corrected for all pairs"),
            "is_clear": _t("whether it is more than chance, at 5 % false discoveries"),
        },
        "summary": {
            "level": _t("products or categories"),
            "basket": _t("in one order, or by one customer within 365 days"),
            "baskets": _t("baskets"),
            "items": _t("products or categories compared"),
            "pairs": _t("pairs compared"),
            "pairs_clear": _t("pairs that are more, or less, than chance"),
            "pairs_hidden": _t("pairs bought by too few customers to be shown, or by none"),
            "prior_shape": _t("shape of the gamma distribution of all pairs' ratios"),
            "prior_rate": _t("its rate"),
        },
    },
    seed="交叉销售",
)
