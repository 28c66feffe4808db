"""Order lines of the sample company: which products go together, in what quantity, at which price."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmreport.tables.sample.clock import Floats, Ints, dates
from crmreport.tables.sample.draws import Flags, Words, choose, even
from crmreport.tables.sample.products import CATEGORIES

_NAMES = tuple(CATEGORIES)
_FIRST = (0.17, 0.20, 0.18, 0.17, 0.28)  # category of an order's first line, in the order of CATEGORIES
# Category of a further line, given that of the first: a desk calls for a chair, a lamp and a monitor arm.
_NEXT = (
    (0.05, 0.32, 0.14, 0.20, 0.29),
    (0.26, 0.12, 0.12, 0.16, 0.34),
    (0.14, 0.14, 0.30, 0.17, 0.25),
    (0.18, 0.17, 0.13, 0.24, 0.28),
    (0.17, 0.20, 0.14, 0.19, 0.30),
)
_MORE_UNITS = {  # mean of the units beyond the first, for a person and for a company that spends as most do
    "Desks": (0.05, 1.0),
    "Chairs": (0.30, 1.4),
    "Storage": (0.15, 0.9),
    "Lighting": (0.25, 1.3),
    "Accessories": (0.30, 2.2),
}
_MORE_LINES = (0.70, 0.95)  # mean of the lines beyond the first, for a person and for a company
_MOST_LINES = 7
_PRICE_LEVEL = ((2023, 0.97), (2024, 0.985), (2025, 1.0))  # through that year, as a share of the list price
_RETURN_CHANCE = 0.025  # per line


def draw(
    rng: np.random.Generator, group: Ints, company: Flags, spend: Floats, products: pd.DataFrame
) -> pd.DataFrame:
    """Draw the lines of orders, which come in the order of time, by companies or people who spend so much.

    Within each group of orders (whole numbers from 0) small and large ones alternate, so that no month of a
    group stands out by chance. Columns: `order` (row), `product` (row in the products), `quantity`. No
    product is twice on one order.
    """
    from scipy.stats import poisson

    count, kind = len(company), company.astype(np.int64)
    more_lines = poisson.ppf(even(rng, group), np.array(_MORE_LINES)[kind]).astype(np.int64)
    number = 1 + np.minimum(more_lines, _MOST_LINES - 1)
    order = np.repeat(np.arange(count), number)
    is_first = np.concatenate([[True], order[1:] != order[:-1]])
    first = choose(even(rng, group), [_FIRST], np.zeros(count, dtype=np.int64))[order]
    category = np.where(is_first, first, choose(even(rng, group[order]), _NEXT, first))
    alike = group[order] * len(_NAMES) + category
    product = _products(even(rng, alike), category, products)
    more = np.array([_MORE_UNITS[c] for c in _NAMES])[category, kind[order]]
    quantity = 1 + poisson.ppf(even(rng, alike), more * spend[order]).astype(np.int64)
    lines = pd.DataFrame({"order": order, "product": product, "quantity": quantity})
    return lines.drop_duplicates(["order", "product"], ignore_index=True)


def _products(drawn: Floats, category: Ints, products: pd.DataFrame) -> Ints:
    """Choose products of the categories, cheap ones for low numbers and dear ones for high ones."""
    by_price = np.argsort(products["list_price"].to_numpy(), kind="stable")
    is_in = products["category"].to_numpy()[None, :] == np.array(_NAMES, dtype=object)[:, None]
    weights = np.where(is_in, products["popularity"].to_numpy(), 0.0)[:, by_price]
    return by_price[choose(drawn, weights, category)]


def with_returns(rng: np.random.Generator, lines: pd.DataFrame) -> pd.DataFrame:
    """Add a line with negative units for each line sent back in part or in full."""
    back = lines[rng.random(len(lines)) < _RETURN_CHANCE]
    units = 1 + (rng.random(len(back)) * back["quantity"]).astype(np.int64)
    together = pd.concat([lines, back.assign(quantity=-units)], ignore_index=True)
    return together.sort_values("order", kind="stable", ignore_index=True)


def written(lines: pd.DataFrame, order_id: Words, day: Ints, products: pd.DataFrame) -> pd.DataFrame:
    """Give the contract's columns, in pence: the list price at the price level of the order's year."""
    order = lines["order"].to_numpy()
    year = dates(day)[order].astype("datetime64[Y]").astype(np.int64) + 1970
    level = np.select([year <= last for last, _ in _PRICE_LEVEL], [share for _, share in _PRICE_LEVEL])
    list_price = products["list_price"].to_numpy()[lines["product"]]
    return lines.assign(
        order_id=order_id[order],
        product_id=products["product_id"].to_numpy()[lines["product"]],
        unit_price=np.round(list_price * level).astype(np.int64),
    )
