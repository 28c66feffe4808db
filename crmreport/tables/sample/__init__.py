"""The sample company: a made-up furniture maker's CRM data; `data/README.md` tells the stories in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from crmreport.tables.sample import (
    campaigns,
    customers,
    feedback,
    files,
    handling,
    invitations,
    lines,
    market,
    orders,
    pipeline,
    service,
    web,
)
from crmreport.tables.sample.clock import DAYS, Ints
from crmreport.tables.sample.draws import identifiers
from crmreport.tables.sample.products import products

SEED = 20251109
CUSTOMERS = 5000


def sample_frames(seed: int = SEED, customer_count: int = CUSTOMERS) -> dict[str, pd.DataFrame]:
    """Make the contract's tables, by name; money in whole pence, hidden columns of the making still there."""

    def rng(subject: int) -> np.random.Generator:
        # One stream per subject: a change in one does not shift the draws of the others.
        return np.random.default_rng([seed, subject])

    leads = pipeline.leads(rng(1), customer_count)
    people = customers.population(rng(2), leads, customer_count)
    goods = products(rng(3))
    placed, campaign_rows = campaigns.run(rng(5), orders.place(rng(4), people), people)
    placed, sold = _sell(rng(6), placed, people, goods)
    order_rows, line_rows = _price(rng(7), placed, sold, people, goods)
    people = people.assign(
        left_at=customers.left_at(rng(8), people, orders.last_order_at(placed, customer_count))
    )
    customer_id = np.full(len(leads), None, dtype=object)
    won = people[people["lead"] >= 0]
    customer_id[won["lead"].to_numpy()] = won["customer_id"]
    contacts = service.interactions(rng(9), placed, people)
    answers = feedback.feedback(rng(11), contacts, placed, people)
    contacts = handling.with_promises(rng(17), handling.with_requests(rng(16), contacts, answers), people)
    asked = invitations.invitations(rng(19), contacts, answers, placed, people)
    daily_pence = np.bincount(placed["day"], weights=order_rows["amount"], minlength=DAYS)
    return {
        "customers": customers.written(rng(10), people),
        "products": goods,
        "orders": order_rows,
        "order_lines": line_rows,
        "interactions": contacts,
        "feedback": handling.with_replies(rng(18), answers),
        "invitations": asked,
        "events": web.events(rng(12), order_rows, people),
        "opportunities": pipeline.opportunities(rng(13), leads, customer_id, goods["product_id"].to_numpy()),
        "stage_history": pipeline.stage_history(rng(14), leads),
        "campaigns": campaign_rows,
        "market": market.market(rng(15), daily_pence),
    }


def _sell(
    rng: np.random.Generator, placed: pd.DataFrame, people: pd.DataFrame, goods: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill the orders with lines and take away what was out of stock; both come out sorted by time."""
    placed = placed.iloc[_by_time(placed)].reset_index(drop=True)
    who = placed["customer"].to_numpy()
    labels = (people["region"] + people["customer_type"]).to_numpy(dtype=str)
    group = np.unique(labels, return_inverse=True)[1].astype(np.int64)[who]
    drawn = lines.draw(rng, group, orders.is_company(people, who), people["spend"].to_numpy()[who], goods)
    placed, drawn = orders.run_out(rng, placed, drawn, goods)
    # Some orders came later, for want of stock.
    sequence = _by_time(placed)
    place = np.empty(len(placed), dtype=np.int64)
    place[sequence] = np.arange(len(placed))
    drawn = drawn.assign(order=place[drawn["order"]])
    return placed.iloc[sequence].reset_index(drop=True), lines.with_returns(rng, drawn)


def _by_time(placed: pd.DataFrame) -> Ints:
    return np.lexsort((placed["second"], placed["day"])).astype(np.int64)


def _price(
    rng: np.random.Generator,
    placed: pd.DataFrame,
    sold: pd.DataFrame,
    people: pd.DataFrame,
    goods: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the contract's orders and order lines."""
    order_id = identifiers("SO", len(placed))
    line_rows = lines.written(sold, order_id, placed["day"].to_numpy(), goods)
    pence = line_rows["quantity"] * line_rows["unit_price"]
    total = np.bincount(sold["order"], weights=pence, minlength=len(placed)).astype(np.int64)
    return orders.written(rng, placed.assign(order_id=order_id), people, total), line_rows


def write_sample(folder: Path, seed: int = SEED, customer_count: int = CUSTOMERS) -> dict[str, int]:
    """Write the twelve tables into a folder as Parquet; return the rows of each. Same seed, same bytes.

    The size of everything follows the number of customers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return {
        name: files.write(name, frame, folder) for name, frame in sample_frames(seed, customer_count).items()
    }


__all__ = ["CUSTOMERS", "SEED", "sample_frames", "write_sample"]
