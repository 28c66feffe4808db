"""Next category: what customers buy next, given what they bought last, and whether that is worth knowing."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.language import _t
from crmreport.metrics.intervals import CONFIDENCE, Array, wilson
from crmreport.tables.engine import IbisTable

TRAIN_MONTHS = 12
TEST_MONTHS = 12
TOPS = (1, 3)
_MOST_CATEGORIES = 15
_STRENGTHS = tuple(float(10**e) for e in np.arange(0, 4.01, 0.25))
_SIGNIFICANT = 0.05


def steps_of(lines: IbisTable, end: date) -> IbisTable:
    """Give each customer's steps from an order to the next one, before `end`; nothing is computed yet.

    An order's category is the one with the largest amount in it, the first by name of several; returns are
    left out. `lines`: the fact table `order_lines`, with `category`. Columns: `customer_id`, `month` of the
    next order (year * 12 + month - 1), `before` and `after` (categories).
    """
    sold = lines.filter(lines.category.notnull() & lines.customer_id.notnull() & (lines.quantity > 0))
    sold = sold.filter(sold.ordered_at.date() < ibis.literal(end))
    sums = sold.group_by(["customer_id", "order_id", "ordered_at", "category"]).aggregate(
        amount=sold.amount.sum()
    )
    best = ibis.window(group_by="order_id", order_by=[ibis.desc(sums.amount), sums.category])
    main = sums.mutate(place=ibis.row_number().over(best))
    main = main.filter(main.place == 0)
    in_order = ibis.window(group_by="customer_id", order_by=[main.ordered_at, main.order_id])
    steps = main.select(
        "customer_id",
        month=(main.ordered_at.year() * 12 + main.ordered_at.month() - 1).cast("int64"),
        before=main.category.lag().over(in_order),
        after=main.category,
    )
    return steps.filter(steps.before.notnull())


def category_steps(steps: IbisTable) -> pd.DataFrame:
    """Count the steps (see `steps_of`): `month`, `before`, `after`, `orders`; sorted."""
    keys = ["month", "before", "after"]
    counted = steps.group_by(keys).aggregate(orders=steps.count()).to_pandas()
    return counted.sort_values(keys, ignore_index=True)


def counts_of(steps: pd.DataFrame, categories: tuple[str, ...]) -> Array:
    """Sum up the steps of all months: a square of `categories`, from the rows to the columns."""
    place = {name: n for n, name in enumerate(categories)}
    known = steps[steps["before"].isin(place) & steps["after"].isin(place)]
    square = np.zeros((len(categories), len(categories)))
    np.add.at(square, (known["before"].map(place), known["after"].map(place)), known["orders"])
    return square


def prior_strength(counts: Array) -> float:
    """Give the number of orders that the general shares of the categories weigh against each row's own.

    It makes the rows most likely, if each is drawn around the general shares: Dirichlet-multinomial (Mosimann
    1962, Biometrika 49, 65-82), among 1 to 10,000.
    """
    from scipy.special import gammaln

    general = counts.sum(axis=0) / counts.sum()
    counts, general = counts[:, general > 0], general[general > 0]
    totals = counts.sum(axis=1)

    def fit(strength: float) -> float:
        alpha = strength * general
        rows = gammaln(strength) - gammaln(strength + totals)
        return float(rows.sum() + (gammaln(alpha + counts) - gammaln(alpha)).sum())

    return max(_STRENGTHS, key=fit)


def next_shares(counts: Array) -> tuple[Array, Array, Array]:
    """Give the share of each next category after each one, drawn to the general shares, with its interval.

    ``(n_ij + strength * p_j) / (n_i + strength)``; the interval is that of the posterior beta (95 %).
    """
    from scipy.stats import beta

    alpha = _weights(counts)
    rest = np.maximum(alpha.sum(axis=1, keepdims=True) - alpha, 1e-9)
    tail = (1 - CONFIDENCE) / 2
    safe = np.maximum(alpha, 1e-9)
    return alpha / (alpha + rest), beta.ppf(tail, safe, rest), beta.ppf(1 - tail, safe, rest)


def _weights(counts: Array) -> Array:
    return np.asarray(counts + prior_strength(counts) * counts.sum(axis=0) / counts.sum())


def back_test(steps: pd.DataFrame, categories: tuple[str, ...], months: range) -> pd.DataFrame:
    """Guess the next orders of each of these months from the 12 before it, and count the hits.

    Two ways to guess: the categories most likely after the last one (see `next_shares`), and those bought
    most by all. Columns: `top` (guesses allowed), `months`, `orders`, `hits`, `share`, `low`, `high` (95 %,
    Wilson), `hits_popular`, `share_popular`, `p_value` (paired t test over the months, whose orders share
    their guesses and stock) and `is_better`: more hits, and p_value at most 0.05.
    """
    rows = []
    for top in (t for t in TOPS if t < len(categories)):
        tested = []
        for month in months:
            is_known = (steps["month"] >= month - TRAIN_MONTHS) & (steps["month"] < month)
            train = counts_of(steps[is_known], categories)
            test = counts_of(steps[steps["month"] == month], categories)
            if not train.sum() or not test.sum():
                continue
            chosen = _best(_likely(train), top)
            popular = _best(np.broadcast_to(train.sum(axis=0), train.shape), top)
            tested.append((test.sum(), test[chosen].sum(), test[popular].sum()))
        if tested:
            orders, hits, popular_hits = np.array(tested).T
            p_value = _by_chance((hits - popular_hits) / orders)
            rows.append((top, len(tested), orders.sum(), hits.sum(), popular_hits.sum(), p_value))
    found = pd.DataFrame(rows, columns=["top", "months", "orders", "hits", "hits_popular", "p_value"])
    low, high = wilson(found["hits"].to_numpy(dtype=float), found["orders"].to_numpy(dtype=float))
    found = found.assign(
        share=found["hits"] / found["orders"],
        low=low,
        high=high,
        share_popular=found["hits_popular"] / found["orders"],
        is_better=(found["hits"] > found["hits_popular"]) & (found["p_value"] <= _SIGNIFICANT),
    )
    columns = ["top", "months", "orders", "hits", "share", "low", "high"]
    columns += ["hits_popular", "share_popular", "p_value", "is_better"]
    return found.astype(dict.fromkeys(("orders", "hits", "hits_popular"), "int64"))[columns]


def _by_chance(differences: Array) -> float:
    """Give the p-value of the mean difference; 1 where nothing differs, missing for a single one."""
    from scipy.stats import ttest_1samp

    if len(differences) < 2:
        return float("nan")
    return 1.0 if np.ptp(differences) == 0 else float(ttest_1samp(differences, 0.0).pvalue)


def _likely(counts: Array) -> Array:
    weights = _weights(counts)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _best(values: Array, top: int) -> npt.NDArray[np.bool_]:
    """Mark the largest values of each row; of equal ones the first."""
    order = np.argsort(-values, axis=1, kind="stable")[:, :top]
    found = np.zeros(values.shape, dtype=bool)
    np.put_along_axis(found, order, True, axis=1)
    return found


def _compute(known: Known) -> Frames:
    end = known.period.end
    taken = steps_of(known.facts["order_lines"], end).cache()
    steps = category_steps(taken)
    sizes = steps.groupby("after")["orders"].sum().sort_values(ascending=False, kind="stable")
    categories = tuple(sorted(sizes.index[:_MOST_CATEGORIES]))
    first_out = end.year * 12 + end.month - 1  # the month that is not over, or begins on the day of the end
    last_year = steps[(steps["month"] >= first_out - TRAIN_MONTHS) & (steps["month"] < first_out)]
    counts = counts_of(last_year, categories)
    if len(categories) < 2 or not counts.sum():
        raise Declined(_t("This needs customers who ordered twice, of at least two categories."))
    share, low, high = next_shares(counts)
    people = _people(taken.filter(taken.month.between(first_out - TRAIN_MONTHS, first_out - 1)), categories)
    index = pd.MultiIndex.from_product([categories, categories], names=["before", "after"])
    general = counts.sum(axis=0) / counts.sum()
    found = pd.DataFrame(
        {
            "orders": counts.ravel().astype("int64"),
            "share": share.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "general_share": np.tile(general, len(categories)),
        },
        index=index,
    ).reset_index()
    found = found[people.ravel() >= known.settings.minimum_cell].reset_index(drop=True)
    tests = back_test(steps, categories, range(first_out - TEST_MONTHS, first_out))
    return {"steps": found, "check": tests[tests["orders"] > 0].reset_index(drop=True)}


def _people(steps: IbisTable, categories: tuple[str, ...]) -> Array:
    """Count the customers behind each step."""
    counted = steps.group_by(["before", "after"]).aggregate(orders=steps.customer_id.nunique())
    return counts_of(counted.to_pandas(), categories)


NEXT_CATEGORY = Analysis(
    name="next_category",
    title=_t("Category of the next order"),
    subject="behaviour",
    definition=_t(
        "The share of the orders after one of a category that are of each category; an order's category is "
        "the one with the largest amount in it. Of the last 12 months, drawn to the general shares as far "
        "as chance moves them."
    ),
    source=_t(
        "First-order Markov chain with Dirichlet-multinomial shrinkage (Mosimann 1962, Biometrika 49); "
        "tested on the last months against naming the most popular categories"
    ),
    trap=_t(
        "Popular categories come next most often whatever was bought before: only if the check shows more "
        "hits than naming the most popular one is the last order worth looking at."
    ),
    limit=_t("The 15 categories ordered most. Counted in the database."),
    needs=("orders", "order_lines", "products.category"),
    facts=("order_lines",),
    compute=_compute,
    columns={
        "steps": {
            "before": _t("category of an order"),
            "after": _t("category of the customer's next order"),
            "orders": _t("orders that came so, of the last 12 months"),
            "share": _t("share of the orders after this category, as it is likely to be, 0 to 1"),
            "low": _t("lower bound of its 95 % interval"),
            "high": _t("upper bound of its 95 % interval"),
            "general_share": _t("share of the category among all orders that followed another, 0 to 1"),
        },
        "check": {
            "top": _t("categories named"),
            "months": _t("months tested, the last ones"),
            "orders": _t("orders of these months that were guessed"),
            "hits": _t("orders of a category that was named"),
            "share": _t("their share, 0 to 1"),
            "low": _t("lower bound of its 95 % interval"),
            "high": _t("upper bound of its 95 % interval"),
            "hits_popular": _t("hits if the categories ordered most are named"),
            "share_popular": _t("their share, 0 to 1"),
            "p_value": _t("chance of such a difference between the ways if neither is better"),
            "is_better": _t("whether the last order helps to guess the next"),
        },
    },
    seed="产品偏好",
)
