"""Leads and opportunities of the sample company, and the stages they went through (story 2)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmreport.tables.sample import stories
from crmreport.tables.sample.clock import (
    END_MOMENT,
    Floats,
    Ints,
    Moments,
    day_number,
    day_of,
    growing_days,
    later,
    missing_moments,
    moments,
    office_second,
)
from crmreport.tables.sample.draws import (
    Words,
    even,
    identifiers,
    pick,
    pick_by_group,
    pick_evenly,
    pick_spread,
    without,
)
from crmreport.tables.sample.words import firms, people, staff

REGIONS = {"North": 0.32, "South": 0.28, "East": 0.21, "West": 0.19}
STAGES = ("Lead", "Qualified", "Proposal", "Negotiation", "Won")
COMPANY_SHARE = 0.45
GROWTH_PER_YEAR = 0.08
LEADS_PER_CUSTOMER = 1.8  # of all customers of the company, won or not

_WON_DAYS, _LOST_DAYS, _CYCLE_SIGMA = 42.0, 26.0, 0.65  # median days to close, lognormal
_LOST_AT = (0.44, 0.31, 0.15, 0.10)  # last stage of a lost lead, Lead to Negotiation
_AMOUNT = {"company": (3_200.0, 0.75), "person": (520.0, 0.60)}  # median in currency, sigma
_PROJECTS = (
    "refit of the front office",
    "two quiet rooms",
    "new canteen seating",
    "home study for the team",
    "storage wall",
    "lighting for the studio",
    "desks for the new hires",
)


def leads(rng: np.random.Generator, customers: int) -> pd.DataFrame:
    """Draw all leads. The columns `name` and `customer_type` belong to whoever may become a customer."""
    count = round(LEADS_PER_CUSTOMER * customers)
    day = np.sort(growing_days(rng, count, GROWTH_PER_YEAR))
    created_at = moments(day, office_second(rng, count))
    is_after = day >= day_number(stories.LEADS_FROM)
    sources = list(stories.LEAD_MIX_BEFORE)
    mixes = [[mix[s] for s in sources] for mix in (stories.LEAD_MIX_BEFORE, stories.LEAD_MIX_AFTER)]
    source = pick_by_group(rng, mixes, is_after.astype(np.int64))
    chance = np.array([stories.WIN_CHANCE_BEFORE[s] for s in sources])[source]
    chance = chance * np.where(is_after, stories.WIN_CHANCE_FACTOR, 1.0)
    will_win = even(rng, 2 * source + is_after) < chance
    median = np.where(will_win, _WON_DAYS, _LOST_DAYS)
    cycle_days = median * np.exp(_CYCLE_SIGMA * ndtri(even(rng, 2 * source + will_win)))
    closes_at = moments(
        day_of(later(created_at, np.maximum(cycle_days, 0.6) + 0.5)), office_second(rng, count)
    )
    is_closed = closes_at < END_MOMENT
    customer_type = np.where(rng.random(count) < COMPANY_SHARE, "company", "person").astype(object)
    name = np.where(customer_type == "company", firms(rng, count), people(rng, count))
    region = pick_spread(rng, REGIONS, 2 * source + (customer_type == "company"))
    return pd.DataFrame(
        {
            "opportunity_id": identifiers("OP", count),
            "name": name,
            "opportunity_name": name + ": " + pick_evenly(rng, _PROJECTS, count),
            "customer_type": customer_type,
            "region": region,
            "lead_source": np.array(sources, dtype=object)[source],
            "sales_team": _teams(rng, region, customer_type),
            "created_at": created_at,
            "closes_at": closes_at,
            "will_win": will_win,
            "is_open": ~is_closed,
            "is_customer": will_win & is_closed,
            "amount": _amounts(rng, customer_type),
            "reached": _reached(rng, created_at, closes_at, will_win),
        }
    )


def _teams(rng: np.random.Generator, region: Words, customer_type: Words) -> Words:
    business = "Business " + region
    return np.where(
        customer_type == "company", business, pick(rng, {"Showrooms": 0.6, "Online": 0.4}, len(region))
    )


def _amounts(rng: np.random.Generator, customer_type: Words) -> Ints:
    """Draw expected values in pence, to the nearest ten of the currency."""
    median = np.array([_AMOUNT[t][0] for t in customer_type])
    sigma = np.array([_AMOUNT[t][1] for t in customer_type])
    return (np.round(median * np.exp(sigma * rng.normal(size=len(median))) / 10) * 1000).astype(np.int64)


def _reached(rng: np.random.Generator, created_at: Moments, closes_at: Moments, will_win: Words) -> Ints:
    """Last stage reached by the end of the data, 0 for Lead to 4 for Won."""
    count = len(will_win)
    finally_reached = np.where(will_win, 4, rng.choice(4, size=count, p=_LOST_AT))
    lived = (END_MOMENT - created_at) / (closes_at - created_at)  # 1 and more once it is closed
    so_far = np.searchsorted(_STAGE_AT, np.minimum(lived, 1.0), side="right") - 1
    return np.minimum(finally_reached, so_far).astype(np.int64)


_STAGE_AT: Floats = np.array([0.0, 0.18, 0.45, 0.72, 1.0])  # when a stage is entered, as a share of the cycle


def opportunities(
    rng: np.random.Generator, all_leads: pd.DataFrame, customer_id: Words, products: Words
) -> pd.DataFrame:
    """Give the contract's table; `customer_id` has one value per lead, None where there is no customer."""
    count = len(all_leads)
    is_open = all_leads["is_open"].to_numpy()
    owners = {
        team: staff(rng, 50)[5 * i : 5 * i + 5] for i, team in enumerate(sorted(set(all_leads["sales_team"])))
    }
    seat = rng.integers(5, size=count)
    is_won = np.where(is_open, None, all_leads["will_win"].to_numpy(dtype=object))
    return all_leads.assign(
        customer_id=customer_id,
        product_id=without(rng, pick_evenly(rng, list(products), count), 0.12),
        owner=[owners[team][i] for team, i in zip(all_leads["sales_team"], seat, strict=True)],
        lead_source=without(rng, all_leads["lead_source"].to_numpy(dtype=object), 0.004),
        stage=np.array(STAGES, dtype=object)[all_leads["reached"]],
        closed_at=np.where(is_open, missing_moments(count), all_leads["closes_at"].to_numpy()),
        is_won=is_won,
    )


def stage_history(rng: np.random.Generator, all_leads: pd.DataFrame) -> pd.DataFrame:
    """One row per lead and stage entered, in the order of time within each lead."""
    reached = all_leads["reached"].to_numpy()
    lead = np.repeat(np.arange(len(all_leads)), reached + 1)
    stage = np.concatenate([np.arange(last + 1) for last in reached])
    created_at, closes_at = all_leads["created_at"].to_numpy()[lead], all_leads["closes_at"].to_numpy()[lead]
    # Never earlier than the share at which `_reached` counts a stage, nor as late as the next one.
    share = np.where(
        stage == 0, 0.0, np.where(stage == 4, 1.0, _STAGE_AT[stage] - 0.12 * rng.random(len(stage)))
    )
    entered_at = later(created_at, share * ((closes_at - created_at) / np.timedelta64(1, "D")))
    guess = np.where(stage == 4, 1.0, np.exp(0.25 * (4 - stage) * rng.normal(size=len(stage)) / 2))
    amount = np.round(all_leads["amount"].to_numpy()[lead] * guess / 1000) * 1000
    return pd.DataFrame(
        {
            "opportunity_id": all_leads["opportunity_id"].to_numpy()[lead],
            "stage": np.array(STAGES, dtype=object)[stage],
            "stage_order": stage + 1,
            "entered_at": entered_at,
            "amount": amount.astype(np.int64),
        }
    )
