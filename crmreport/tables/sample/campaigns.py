"""Campaigns of the sample company: what they cost, whom they addressed, what they brought (story 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from crmreport.tables.sample import stories
from crmreport.tables.sample.clock import END, MONTH_DAYS, START, Ints, busy_day, day_number
from crmreport.tables.sample.draws import Flags, even, identifiers
from crmreport.tables.sample.orders import is_company, seconds

_OFFLINE = {"Print", "Trade fair", "Radio"}
# Of impressions, in currency; of the channels that count them.
_COST_PER_THOUSAND = {
    "Search ads": 24.0,
    "Social": 7.5,
    "Display": 4.0,
    "Marketplace ads": 14.0,
    "Radio": 6.0,
}
_CLICK_SHARE = {"Search ads": 0.041, "Social": 0.0095, "Display": 0.0035, "Marketplace ads": 0.018}
_LAPSED_DAYS = 120
_FIRST_REPLY_DAYS, _LAST_REPLY_DAYS = 1, 28


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """What a campaign is and does.

    `monthly_spend`: currency per month or, for a short campaign, per calendar month it touches.
    `credited`: share of the orders of its days that are put down to it. `addressed`, `held_out`: customers a
    month, where the company has 5,000. `lift`: added to the buy rate of those addressed. `lapsed_only`:
    addresses only those who have ordered, but not for a while.
    """

    name: str
    channel: str
    starts_on: date
    ends_on: date
    monthly_spend: float
    credited: float = 0.0
    addressed: int = 0
    held_out: int = 0
    lift: float = 0.0
    lapsed_only: bool = False


_LAST = END - timedelta(days=1)
_SHIFT = stories.LEADS_FROM
_YEARS = (2023, 2024, 2025)
_MAILING = {"channel": "E-mail", "addressed": 500, "held_out": 250}


def _running(
    name: str,
    channel: str,
    monthly_spend: float,
    credited: float,
    starts_on: date = START,
    ends_on: date = _LAST,
) -> Campaign:
    return Campaign(
        name=name,
        channel=channel,
        starts_on=starts_on,
        ends_on=ends_on,
        monthly_spend=monthly_spend,
        credited=credited,
    )


def _yearly(name: str, firsts: Sequence[date], days: int, **more: Any) -> tuple[Campaign, ...]:  # noqa: ANN401
    return tuple(
        Campaign(
            name=f"{name} {first.year}", starts_on=first, ends_on=first + timedelta(days=days - 1), **more
        )
        for first in firsts
    )


def _each_year(years: Sequence[int], month: int, day: int) -> list[date]:
    return [date(year, month, day) for year in years]


CAMPAIGNS: tuple[Campaign, ...] = (
    _running("Brand search", "Search ads", 7_500, 0.05),
    _running("Product search", "Search ads", 11_000, 0.04),
    _running("Newsletter", "E-mail", 1_200, 0.03),
    _running("Marketplace listing", "Marketplace ads", 4_000, 0.03),
    # Story 2: the money for social ads moves to partners and to customers who recommend us.
    _running("Always-on social", "Social", 12_000, 0.02, ends_on=_SHIFT - timedelta(days=1)),
    _running("Social, smaller", "Social", 3_500, 0.01, starts_on=_SHIFT),
    _running("Fit-out partners", "Partner programme", 4_500, 0.01, starts_on=_SHIFT),
    _running("Recommend a colleague", "Referral programme", 4_000, 0.01, starts_on=_SHIFT),
    *_yearly(
        "Black week", _each_year((2022, 2023, 2024), 11, 14), 17, monthly_spend=3_000, lift=0.03, **_MAILING
    ),
    *_yearly("Back to work", _each_year((2023, 2024), 9, 4), 24, monthly_spend=3_200, lift=0.025, **_MAILING),
    *_yearly(
        "January sale", _each_year(_YEARS, 1, 9), 20, channel="Display", monthly_spend=14_000, credited=0.03
    ),
    *_yearly(
        "Spring catalogue", _each_year(_YEARS, 4, 3), 26, channel="Print", monthly_spend=19_000, credited=0.03
    ),
    *_yearly(
        "Workplace fair",
        _each_year(_YEARS, 3, 10),
        12,
        channel="Trade fair",
        monthly_spend=60_000,
        credited=0.01,
    ),
    _running("Radio East", "Radio", 16_000, 0.01, starts_on=date(2024, 5, 6), ends_on=date(2024, 6, 2)),
    Campaign(
        name="Summer of colour",
        channel="Social",
        starts_on=stories.FAILED_CAMPAIGN_FROM,
        ends_on=date(2025, 6, 29),
        monthly_spend=65_000,
        addressed=1500,
        held_out=750,
    ),
    Campaign(
        name="We miss you",
        channel="E-mail",
        starts_on=stories.REACTIVATION_FROM,
        ends_on=date(2025, 10, 29),
        monthly_spend=3_500,
        addressed=400,
        held_out=170,
        lift=stories.REACTIVATION_LIFT,
        lapsed_only=True,
    ),
)


def campaign_ids() -> dict[str, str]:
    """Give the identifier of each campaign, by its name."""
    names = [c.name for c in CAMPAIGNS]
    return dict(zip(names, identifiers("CM", len(names), length=4), strict=True))


def _month_starts(campaign: Campaign) -> list[date]:
    first, firsts = campaign.starts_on, []
    while first <= campaign.ends_on:
        firsts.append(first)
        first = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return firsts


def run(
    rng: np.random.Generator, orders: pd.DataFrame, customers: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run all campaigns over the orders placed; return the orders with theirs, and the contract's table.

    Target and control buyers are counted from the orders, with those that the campaign itself brought.
    """
    ids, rows = campaign_ids(), []
    for campaign in CAMPAIGNS:
        months = _month_starts(campaign)
        used = np.zeros(len(customers), dtype=np.bool_)
        for first, after in zip(months, [*months[1:], campaign.ends_on + timedelta(days=1)], strict=True):
            last = after - timedelta(days=1)
            row = _costs(rng, campaign, first, last, len(customers)) | {"campaign_id": ids[campaign.name]}
            if campaign.addressed:
                orders, counts = _address(rng, campaign, ids[campaign.name], first, orders, customers, used)
                row |= counts
            rows.append(row)
        orders = _credit(rng, campaign, ids[campaign.name], orders)
    return orders, pd.DataFrame(rows).convert_dtypes(convert_string=False)


def _costs(
    rng: np.random.Generator, campaign: Campaign, first: date, last: date, customers: int
) -> dict[str, object]:
    days = (last - first).days + 1
    is_short = campaign.ends_on - campaign.starts_on < timedelta(days=62)
    months = 1.0 if is_short else days / MONTH_DAYS
    spend = campaign.monthly_spend * months * customers / 5000 * rng.uniform(0.94, 1.06)
    row: dict[str, object] = {
        "campaign_name": campaign.name,
        "marketing_channel": campaign.channel,
        "is_online": campaign.channel not in _OFFLINE,
        "starts_on": first,
        "ends_on": last,
        "spend": round(spend) * 100,
    }
    if campaign.channel in _COST_PER_THOUSAND:
        impressions = spend / _COST_PER_THOUSAND[campaign.channel] * 1000 * rng.uniform(0.95, 1.05)
        row["impressions"] = round(impressions)
        if campaign.channel in _CLICK_SHARE:
            row["clicks"] = int(rng.binomial(round(impressions), _CLICK_SHARE[campaign.channel]))
    if campaign.channel == "E-mail":
        sent = round((campaign.addressed or 2600 * months) * customers / 5000)
        deliveries = int(rng.binomial(sent, 0.982))
        opens = int(rng.binomial(deliveries, 0.34))
        row |= {"deliveries": deliveries, "opens": opens, "clicks": int(rng.binomial(opens, 0.14))}
        row["unsubscribes"] = int(rng.binomial(deliveries, 0.0035))
    return row


def _address(
    rng: np.random.Generator,
    campaign: Campaign,
    campaign_id: str,
    first: date,
    orders: pd.DataFrame,
    customers: pd.DataFrame,
    used: Flags,
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Draw who is addressed and who is held out, none twice (`used` is kept up), and add the orders won."""
    start = day_number(first)
    scale = len(customers) / 5000
    addressed, held_out = round(campaign.addressed * scale), round(campaign.held_out * scale)
    before = orders[orders["day"] < start]
    last_day = np.full(len(customers), np.iinfo(np.int64).min // 2)
    np.maximum.at(last_day, before["customer"].to_numpy(), before["day"].to_numpy())
    is_gone = customers["tells"].to_numpy() & (customers["end_day"].to_numpy() < start)
    pool = (customers["join_day"].to_numpy() < start) & ~is_gone & ~used
    if campaign.lapsed_only:
        pool &= (last_day < start - _LAPSED_DAYS) & (last_day >= 0)
    if pool.sum() < addressed + held_out:
        raise ValueError(
            f"{campaign.name} addresses {addressed} and holds out {held_out}, but {pool.sum()} are there"
        )
    members = rng.permutation(np.flatnonzero(pool))[: addressed + held_out]
    members = members[np.argsort(last_day[members], kind="stable")]
    used[members] = True
    # Both groups get the same mix of recent and lapsed buyers, so that they differ by the campaign alone.
    rank = np.argsort(even(rng, np.zeros(len(members), dtype=np.int64)), kind="stable")
    targets, controls = members[rank[:addressed]], members[rank[addressed:]]
    buys = targets[rng.random(len(targets)) < campaign.lift]
    low = np.full(len(buys), start + _FIRST_REPLY_DAYS)
    extra = pd.DataFrame(
        {
            "customer": buys,
            "day": busy_day(rng, low, low + _LAST_REPLY_DAYS - _FIRST_REPLY_DAYS),
            "second": seconds(rng, is_company(customers, buys)),
            "campaign": campaign_id,
        }
    )
    orders = pd.concat([orders, extra], ignore_index=True)
    day = orders["day"].to_numpy()
    buyers = np.unique(orders["customer"].to_numpy()[(day >= start) & (day < start + _LAST_REPLY_DAYS)])
    return orders, {
        "target_customers": len(targets),
        "target_buyers": int(np.isin(targets, buyers).sum()),
        "control_customers": len(controls),
        "control_buyers": int(np.isin(controls, buyers).sum()),
    }


def _credit(
    rng: np.random.Generator, campaign: Campaign, campaign_id: str, orders: pd.DataFrame
) -> pd.DataFrame:
    """Put a share of the orders of its days down to the campaign, unless another one has them already."""
    day: Ints = orders["day"].to_numpy()
    is_in = (day >= day_number(campaign.starts_on)) & (day <= day_number(campaign.ends_on))
    is_in &= orders["campaign"].isna().to_numpy() & (rng.random(len(orders)) < campaign.credited)
    return orders.assign(campaign=np.where(is_in, campaign_id, orders["campaign"]))
