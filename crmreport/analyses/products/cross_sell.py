"""Cross-selling: how many categories customers buy, and which ones their likes buy and they do not."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.language import _t
from crmreport.metrics.intervals import wilson
from crmreport.tables.engine import IbisTable

WINDOW_DAYS = 365
MOST_CATEGORIES = 40  # the most bought; a set of them is one whole number of 64 bits
LIKELY = 0.5
PRIOR_CUSTOMERS = 10
_MOST_SHOWN = 8

# Classes by number of orders and by share of likes: name, and the first value that belongs to it.
ORDER_CLASSES = {"one": 1, "two": 2, "three_to_five": 3, "six_or_more": 6}
SHARE_CLASSES = {"below_a_quarter": 0.0, "quarter_to_half": 0.25, "half_to_three": 0.5, "above_three": 0.75}


def categories_bought(lines: IbisTable, names: tuple[str, ...], start: date, end: date) -> pd.DataFrame:
    """Give each customer's orders and set of categories from `start` until before `end`, returns left out.

    `lines`: the fact table `order_lines`, with `category`. Columns: `customer_id`, `orders`, `amount`, and
    `categories`, a number whose binary digits stand for `names`, the first one for the first. Sorted.
    """
    bits = pd.DataFrame({"category": list(names), "bit": [1 << n for n in range(len(names))]})
    recent = _between(lines, start, end)
    totals = recent.group_by("customer_id").aggregate(
        orders=recent.order_id.nunique(), amount=recent.amount.sum().cast("float64")
    )
    pairs = recent.select("customer_id", "category").distinct()
    pairs = pairs.inner_join(ibis.memtable(bits, schema={"category": "string", "bit": "int64"}), "category")
    sets = pairs.group_by("customer_id").aggregate(categories=pairs.bit.sum().cast("int64"))
    found = totals.inner_join(sets, "customer_id").to_pandas()
    columns = ["customer_id", "orders", "amount", "categories"]
    return found.sort_values("customer_id", ignore_index=True)[columns]


def category_names(lines: IbisTable, start: date, end: date) -> tuple[str, ...]:
    """Name the categories bought in that time by most customers, in alphabetical order."""
    recent = _between(lines, start, end)
    counted = recent.group_by("category").aggregate(n=recent.customer_id.nunique()).to_pandas()
    counted = counted.sort_values(["n", "category"], ascending=[False, True])
    return tuple(sorted(counted["category"].head(MOST_CATEGORIES)))


def _between(lines: IbisTable, start: date, end: date) -> IbisTable:
    day = lines.ordered_at.date()
    within = (day >= ibis.literal(start)) & (day < ibis.literal(end))
    named = lines.category.notnull() & lines.customer_id.notnull()
    return lines.filter(within & named & (lines.quantity > 0))


def breadth(bought: pd.DataFrame, least: int) -> pd.DataFrame:
    """Count the customers by how many categories they buy; `bought`: see `categories_bought`.

    Columns: `categories` (the last of 8 stands for 8 and more), `customers`, `share`, `low`, `high` (95 %,
    Wilson), `orders` and `amount` (means per customer). Numbers of categories with fewer than `least`
    customers are left out.
    """
    rows = bought.assign(number=_number(bought["categories"]).clip(upper=_MOST_SHOWN))
    found = rows.groupby("number").agg(
        customers=("customer_id", "size"), orders=("orders", "mean"), amount=("amount", "mean")
    )
    found = found.rename_axis("categories").reset_index().assign(segment="", all="")
    found = found.assign(**_shares(found["customers"], len(rows)))
    found = found[large_enough(found, ["all"], "customers", least)]
    columns = ["categories", "customers", "share", "low", "high", "orders", "amount"]
    return found[columns].reset_index(drop=True)


def breadth_by_orders(bought: pd.DataFrame, least: int) -> pd.DataFrame:
    """Give the share of customers with two categories or more, by how often they ordered.

    Columns: `orders` (a name of `ORDER_CLASSES`), `customers`, `several`, `share`, `low`, `high`.
    """
    rows = pd.DataFrame(
        {"orders": _class(bought["orders"], ORDER_CLASSES), "is_several": _number(bought["categories"]) > 1}
    )
    found = rows.groupby("orders").agg(customers=("is_several", "size"), several=("is_several", "sum"))
    found = found.reindex([name for name in ORDER_CLASSES if name in found.index]).reset_index()
    found = found[found["customers"] >= least].reset_index(drop=True)
    return found.assign(**_shares(found["several"], found["customers"])).astype({"orders": "str"})


def alike(bought: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Say, for each customer and category not bought, which share of the customers like this one bought it.

    Alike are customers with the same other categories and the same class of number of orders. Where they
    are few, the share is drawn to that of customers with as many other categories, by the weight of 10 of
    them. Columns: `customer_id`, `category`, `share_alike`; in the order of the customers, then `names`.
    """
    orders = _class(bought["orders"], ORDER_CLASSES)
    parts: list[pd.DataFrame] = []
    for bit, name in enumerate(names):
        has = (bought["categories"] // (1 << bit)) % 2
        others = bought["categories"] - has * (1 << bit)
        near, wide = [orders, others], [orders, _number(others)]
        general = has.groupby(wide).transform("mean")
        counted = has.groupby(near)
        share = (counted.transform("sum") + PRIOR_CUSTOMERS * general) / (
            counted.transform("size") + PRIOR_CUSTOMERS
        )
        lacking = has == 0
        parts.append(
            pd.DataFrame({"customer_id": bought["customer_id"], "category": name, "share_alike": share})[
                lacking
            ]
        )
    together = pd.concat(parts) if parts else pd.DataFrame(columns=["customer_id", "category", "share_alike"])
    return together.sort_index(kind="stable").reset_index(drop=True)


def whitespace(bought: pd.DataFrame, likes: pd.DataFrame, names: tuple[str, ...], least: int) -> pd.DataFrame:
    """Sum up, by category, who does not buy it and how many of them one would expect to.

    `likes`: see `alike`. Columns: `category`, `buyers`, `without` (customers who bought something else
    only), `share_alike` (mean of theirs), `likely` (customers without it of whose likes at least half
    bought it). Categories with fewer than `least` buyers are left out; a `likely` of fewer is missing.
    """
    rows = []
    for bit, name in enumerate(names):
        has = (bought["categories"] // (1 << bit)) % 2
        theirs = likes.loc[likes["category"] == name, "share_alike"]
        likely = int((theirs >= LIKELY).sum())
        rows.append(
            {
                "category": name,
                "buyers": int(has.sum()),
                "without": len(theirs),
                "share_alike": theirs.mean() if len(theirs) >= least else np.nan,
                "likely": float(likely) if likely == 0 or likely >= least else np.nan,
            }
        )
    found = pd.DataFrame(rows, columns=["category", "buyers", "without", "share_alike", "likely"])
    found = found[found["buyers"] >= least]
    return found.sort_values(["likely", "category"], ascending=[False, True], ignore_index=True)


def _check(lines: IbisTable, names: tuple[str, ...], known: Known) -> pd.DataFrame:
    """See whether, of the categories not bought when the period began, those bought by likes came next."""
    start = known.period.start
    before = categories_bought(lines, names, start - timedelta(days=WINDOW_DAYS), start)
    likes = alike(before, names)
    then = categories_bought(lines, names, start, known.period.end)
    mask = likes["customer_id"].map(then.set_index("customer_id")["categories"]).fillna(0).astype("int64")
    bit = likes["category"].map({name: 1 << n for n, name in enumerate(names)}).astype("int64")
    rows = pd.DataFrame({"alike": _class(likes["share_alike"], SHARE_CLASSES), "bought": (mask // bit) % 2})
    found = rows.groupby("alike").agg(cases=("bought", "size"), bought=("bought", "sum"))
    found = found.reindex([name for name in SHARE_CLASSES if name in found.index]).reset_index()
    found = found[found["cases"] >= known.settings.minimum_cell].reset_index(drop=True)
    return found.assign(**_shares(found["bought"], found["cases"])).astype({"alike": "str"})


def _compute(known: Known) -> Frames:
    end = known.period.end
    start = end - timedelta(days=WINDOW_DAYS)
    needed = ["order_id", "customer_id", "ordered_at", "category", "quantity", "amount"]
    # Read five times below; the lines' joins are made once.
    lines = known.facts["order_lines"].select(*needed)
    lines = _between(lines, known.period.start - timedelta(days=WINDOW_DAYS), end).cache()
    names = category_names(lines, start, end)
    bought = categories_bought(lines, names, start, end)
    least = known.settings.minimum_cell
    if len(names) < 2 or len(bought) < least:
        raise Declined(_t("This needs products of at least two categories, bought within the last 365 days."))
    likes = alike(bought, names)
    return {
        "breadth": breadth(bought, least),
        "by_orders": breadth_by_orders(bought, least),
        "whitespace": whitespace(bought, likes, names, least),
        "check": _check(lines, names, known),
        "customers": likes[likes["share_alike"] >= LIKELY].reset_index(drop=True),
    }


def _number(sets: pd.Series) -> pd.Series:
    """Count the categories in each set."""
    return pd.Series(np.bitwise_count(sets.to_numpy(dtype=np.int64)), index=sets.index).astype("int64")


def _class(values: pd.Series, classes: dict[str, float] | dict[str, int]) -> pd.Series:
    names = np.array(list(classes), dtype=object)
    place = np.searchsorted(list(classes.values()), values.to_numpy(dtype=float), side="right") - 1
    return pd.Series(names[place], index=values.index, dtype="str")


def _shares(part: pd.Series, of: pd.Series | int) -> dict[str, object]:
    successes = part.to_numpy(dtype=float)
    cases = np.broadcast_to(np.asarray(of, dtype=float), successes.shape)
    low, high = wilson(successes, cases)
    return {"share": successes / cases, "low": low, "high": high}


TITLES = {
    "one": _t("1 order"),
    "two": _t("2 orders"),
    "three_to_five": _t("3 to 5 orders"),
    "six_or_more": _t("6 orders or more"),
    "below_a_quarter": _t("below 25 %"),
    "quarter_to_half": _t("25 to 50 %"),
    "half_to_three": _t("50 to 75 %"),
    "above_three": _t("75 % and more"),
}

_INTERVAL = {
    "low": _t("lower bound of its 95 % interval"),
    "high": _t("upper bound of its 95 % interval"),
}

CROSS_SELL = Analysis(
    name="cross_sell",
    title=_t("Cross-selling"),
    subject="products",
    definition=_t(
        "How many categories customers bought in the last 365 days, and, for each category, who has not "
        "bought it although customers like them have. Alike are customers with the same other categories "
        "and a similar number of orders."
    ),
    source=_t(
        "Whitespace analysis, as usual in key-account management; shares drawn to those of wider groups"
    ),
    trap=_t(
        "Who orders often buys more categories, and new customers have had little time: compare customers "
        "with as many orders. That others buy it does not mean that an offer would work; the check says how "
        "often it came so without one."
    ),
    limit=_t(
        "The 40 categories bought by most customers. One row per customer is held in memory: 200,000 "
        "customers with 2 million orders take about 10 seconds."
    ),
    needs=("orders", "order_lines", "products.category"),
    facts=("order_lines",),
    compute=_compute,
    columns={
        "breadth": {
            "categories": _t("categories bought; 8 stands for 8 and more"),
            "customers": _t("customers"),
            "share": _t("share of all who bought, 0 to 1"),
            **_INTERVAL,
            "orders": _t("orders per customer"),
            "amount": _t("amount per customer, in the review's currency"),
        },
        "by_orders": {
            "orders": _t("number of orders"),
            "customers": _t("customers with so many"),
            "several": _t("those of them who bought two categories or more"),
            "share": _t("their share, 0 to 1"),
            **_INTERVAL,
        },
        "whitespace": {
            "category": _t("category"),
            "buyers": _t("customers who bought it"),
            "without": _t("customers who bought only others"),
            "share_alike": _t("of customers like these, the share who bought it, 0 to 1"),
            "likely": _t("customers without it of whose likes at least half bought it"),
        },
        "check": {
            "alike": _t("share of likes who had bought a category when the period began"),
            "cases": _t("customers times categories not bought by then"),
            "bought": _t("those bought in the period"),
            "share": _t("their share, 0 to 1"),
            **_INTERVAL,
        },
        "customers": {
            "customer_id": _t("customer"),
            "category": _t("category not bought"),
            "share_alike": _t("share of the customers like this one who bought it, 0 to 1"),
        },
    },
    private=("customers",),
    seed="交叉销售",
)
