"""Orders of the sample company: who orders when, and what a stock-out takes away (stories 1, 3, 5 and 6).

An order is a row with `customer` (row in the customers), `day`, `second` and `campaign` (or None).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmreport.tables.sample import stories
from crmreport.tables.sample.clock import (
    DAY_SECONDS,
    DAYS,
    Ints,
    Moments,
    busy_day,
    busy_days,
    day_number,
    missing_moments,
    moments,
    office_second,
    shopping_second,
)
from crmreport.tables.sample.draws import Flags, Words, even, pick_by_group, without

_CHANNELS = ("Web shop", "Showroom", "Account manager", "Marketplace")
_CHANNEL_WEIGHTS = {"person": (0.60, 0.21, 0.0, 0.19), "company": (0.33, 0.04, 0.58, 0.05)}
_DISCOUNT_CHANCE = {"person": 0.18, "company": 0.42}
_LATEST_SECOND = DAY_SECONDS - 1


def place(rng: np.random.Generator, customers: pd.DataFrame) -> pd.DataFrame:
    """Draw all orders that no campaign brings: a first one soon after joining, then a Poisson process."""
    first = _first_orders(rng, customers)
    count = len(customers)
    begin = np.maximum(customers["join_day"].to_numpy(), -1) + 1
    begin[first["customer"]] = first["day"] + 1
    begin = np.minimum(begin, DAYS)
    end = np.clip(customers["end_day"].to_numpy(), begin, DAYS)
    number = rng.poisson(customers["orders_per_day"].to_numpy() * busy_days(begin, end))
    customer = np.repeat(np.arange(count), number)
    day = busy_day(rng, begin[customer], end[customer])
    is_slow = (customers["region"] == stories.SLOW_REGION).to_numpy()[customer]
    is_slow &= day >= day_number(stories.LEAVING_FROM)
    stays = ~is_slow | (rng.random(len(day)) < stories.LEAVING_ORDERS_KEPT)
    second = seconds(rng, is_company(customers, customer))
    more = pd.DataFrame({"customer": customer, "day": day, "second": second})[stays]
    return pd.concat([first, more], ignore_index=True).assign(campaign=None)


def _first_orders(rng: np.random.Generator, customers: pd.DataFrame) -> pd.DataFrame:
    """First orders of those who joined within the data: from the day of joining to a few days later."""
    new = np.flatnonzero(customers["join_day"] >= 0)
    joined = customers["joined_at"].to_numpy()[new]
    joined_second = (joined - joined.astype("datetime64[D]")).astype(np.int64)
    is_lead = customers["lead"].to_numpy()[new] >= 0
    lag = np.where(is_lead, rng.poisson(1.5, len(new)), 0)
    same_day = joined_second + (
        rng.random(len(new)) * np.minimum(_LATEST_SECOND - joined_second, 2400)
    ).astype(int)
    second = np.where(lag == 0, same_day, seconds(rng, is_company(customers, new)))
    frame = pd.DataFrame(
        {"customer": new, "day": customers["join_day"].to_numpy()[new] + lag, "second": second}
    )
    return frame[frame["day"] < DAYS].reset_index(drop=True)


def is_company(customers: pd.DataFrame, rows: Ints) -> Flags:
    """Tell which of the customers in these rows are companies."""
    return np.asarray((customers["customer_type"] == "company").to_numpy()[rows])


def seconds(rng: np.random.Generator, company: Flags) -> Ints:
    """Draw seconds of the day: office hours for companies."""
    return np.where(company, office_second(rng, len(company)), shopping_second(rng, len(company)))


def last_order_at(orders: pd.DataFrame, customers: int) -> Moments:
    """Last order of each customer, missing where there is none."""
    last = missing_moments(customers)
    at = (
        pd.Series(moments(orders["day"].to_numpy(), orders["second"].to_numpy()))
        .groupby(orders["customer"])
        .max()
    )
    last[at.index.to_numpy()] = at.to_numpy()
    return last


def run_out(
    rng: np.random.Generator, orders: pd.DataFrame, lines: pd.DataFrame, products: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take away what could not be delivered during the stock-out (story 3); return orders and lines.

    Some lines become something else, the others go; an order that loses all of them is lost or comes later.
    `lines` has the columns `order` (row in the orders) and `product` (row in the products).
    """
    from_day, to_day = day_number(stories.STOCK_OUT_FROM), day_number(stories.STOCK_OUT_TO)
    day = orders["day"].to_numpy()[lines["order"]]
    is_out = (products["category"] == stories.STOCK_OUT_CATEGORY).to_numpy()[lines["product"]]
    is_out &= (day >= from_day) & (day < to_day) & (rng.random(len(lines)) >= stories.STOCK_OUT_LEFT)
    substituted = is_out & (rng.random(len(lines)) < stories.STOCK_OUT_SUBSTITUTED)
    others = np.flatnonzero(products["category"].isin(["Storage", "Lighting", "Accessories"]))
    product = np.where(substituted, rng.choice(others, len(lines)), lines["product"])
    gone = is_out & ~substituted
    lines_left = np.bincount(lines["order"], weights=~gone, minlength=len(orders))
    lost = lines_left == 0
    postponed = lost & (rng.random(len(orders)) < stories.STOCK_OUT_POSTPONED)
    # A postponed order keeps its lines: it is delivered once there is stock.
    keeps = ~gone | postponed[lines["order"]]
    later_day = to_day + rng.integers(1, stories.STOCK_OUT_CATCH_UP_DAYS, len(orders))
    orders = orders.assign(day=np.where(postponed, later_day, orders["day"]))
    kept_order = ~lost | postponed
    row = np.cumsum(kept_order) - 1
    lines = lines.assign(product=np.where(postponed[lines["order"]], lines["product"], product))[keeps]
    return orders[kept_order].reset_index(drop=True), lines.assign(order=row[lines["order"]]).reset_index(
        drop=True
    )


def written(
    rng: np.random.Generator, orders: pd.DataFrame, customers: pd.DataFrame, lines_pence: Ints
) -> pd.DataFrame:
    """Give the contract's columns; `lines_pence` is the sum of each order's lines, in pence.

    A discount is never given on more than what the lines add up to, so that no amount is negative.
    """
    count, who = len(orders), orders["customer"].to_numpy()
    company = is_company(customers, who)
    kind = company.astype(np.int64)
    weights = [_CHANNEL_WEIGHTS["person"], _CHANNEL_WEIGHTS["company"]]
    channel = np.array(_CHANNELS, dtype=object)[pick_by_group(rng, weights, kind)]
    labels = (customers["tier"] + customers["region"] + customers["customer_type"]).to_numpy(dtype=str)
    group = np.unique(labels, return_inverse=True)[1].astype(np.int64)[who]
    has_discount = even(rng, group) < np.where(
        company, _DISCOUNT_CHANCE["company"], _DISCOUNT_CHANCE["person"]
    )
    share = rng.choice([0.05, 0.10, 0.15], size=count, p=[0.5, 0.35, 0.15])
    discount = np.where(has_discount, np.round(lines_pence * share), 0).astype(np.int64)
    return orders.assign(
        customer_id=customers["customer_id"].to_numpy()[who],
        ordered_at=moments(orders["day"].to_numpy(), orders["second"].to_numpy()),
        amount=lines_pence - discount,
        discount=discount,
        sales_channel=channel,
        sales_team=without(rng, _teams(customers, who, company, channel), 0.01),
        campaign_id=orders["campaign"],
    )


def _teams(customers: pd.DataFrame, who: Ints, company: Flags, channel: Words) -> Words:
    business = "Business " + customers["region"].to_numpy(dtype=object)[who]
    business = np.where(customers["is_key"].to_numpy()[who], "Key accounts", business)
    return np.where(company, business, np.where(channel == "Showroom", "Showrooms", "Online"))
