"""The sample company's customers: who they are, when they came, and how they will behave.

Beside the contract's columns the frame has hidden ones, which later steps draw from and which are never
written: `join_day`, `orders_per_day` (while busyness is 1), `end_day` (the relation is over), `spend` (a
factor on quantities), `mood` (standard normal: how content the customer is), `tells` (says so when the
relation ends), `is_key` (the key account) and `lead` (row in the leads, -1 for none).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import gammaincinv, ndtri

from crmreport.tables.sample import stories, words
from crmreport.tables.sample.clock import (
    DAYS,
    END_MOMENT,
    MONTH_DAYS,
    START,
    Moments,
    dates,
    day_number,
    day_of,
    growing_days,
    later,
    missing_moments,
    moments,
    shopping_second,
)
from crmreport.tables.sample.draws import Words, even, identifiers, only_where, pick, pick_spread, without
from crmreport.tables.sample.pipeline import GROWTH_PER_YEAR, REGIONS

FIRST_JOINED_DAY = day_number(START.replace(year=2018, month=3))
INITIAL_SHARE = 0.35  # of all customers, those who were there before the data begin
TIERS = {"Basic": 0.54, "Plus": 0.31, "Premium": 0.15}

_INITIAL_COMPANY_SHARE, _DIRECT_COMPANY_SHARE = 0.35, 0.10
_EARLY_MIX = {"Search": 0.42, "Social": 0.16, "Referral": 0.20, "Partner": 0.11, "Trade fair": 0.11}
_DIRECT_MIX = {"Search": 0.62, "Social": 0.22, "Referral": 0.16}
_RATE_SHAPE = 1.3  # of the gamma distribution of order rates
_ORDERS_PER_MONTH = {"company": 1.10, "person": 0.54}
_TIER_RATE = {"Basic": 0.85, "Plus": 1.05, "Premium": 1.45}
_ONE_TIME_SHARE = 0.28  # of new customers: they never come back
_LIFETIME_MONTHS, _INITIAL_LIFETIME_MONTHS = 30.0, 33.0
_LEFT_SHARE = 0.6  # of ended relations: they are told to us
_LIFESTYLES = {
    "Home-office starters": 0.34,
    "Family nesters": 0.27,
    "Urban minimalists": 0.23,
    "Craft lovers": 0.16,
}
_INDUSTRIES = {
    "Software": 0.19, "Health care": 0.16, "Law and finance": 0.17, "Education": 0.14, "Retail trade": 0.13,
    "Public sector": 0.11, "Manufacturing": 0.10,
}  # fmt: skip
_EDUCATION = {"School": 0.22, "Vocational": 0.28, "Bachelor": 0.32, "Master or higher": 0.18}
_GENDERS = {"Woman": 0.51, "Man": 0.47, "Non-binary": 0.02}
_MARITAL = {"Single": 0.33, "Married or partnered": 0.53, "Divorced": 0.10, "Widowed": 0.04}


def population(rng: np.random.Generator, leads: pd.DataFrame, count: int) -> pd.DataFrame:
    """Draw `count` customers: the key account, those of old, those who came by themselves, and the leads won.

    Raises ValueError if the leads alone give more than `count`.
    """
    won = leads[leads["is_customer"]]
    initial = round(INITIAL_SHARE * count)
    direct = count - 1 - initial - len(won)
    if direct < 0:
        raise ValueError(f"{len(won)} leads were won, too many for {count} customers; draw fewer leads")
    kind = np.repeat(["key", "initial", "direct", "lead"], [1, initial, direct, len(won)])
    customer_type = np.concatenate(
        [
            ["company"],
            np.where(rng.random(initial) < _INITIAL_COMPANY_SHARE, "company", "person"),
            np.where(rng.random(direct) < _DIRECT_COMPANY_SHARE, "company", "person"),
            won["customer_type"],
        ]
    ).astype(object)
    region = np.concatenate(
        [
            [stories.KEY_ACCOUNT_REGION],
            pick_spread(rng, REGIONS, np.repeat([0, 1], [initial, direct])),
            won["region"],
        ]
    ).astype(object)
    source = np.concatenate(
        [["Search"], pick(rng, _EARLY_MIX, initial), pick(rng, _DIRECT_MIX, direct), won["lead_source"]]
    ).astype(object)
    joined_at = np.concatenate(
        [_joined_before(rng, 1 + initial), _joined_directly(rng, direct), won["closes_at"]]
    )
    frame = pd.DataFrame(
        {
            "customer_id": identifiers("CU", count),
            "customer_type": customer_type,
            "country": "United Kingdom",
            "region": region,
            "tier": np.where(kind == "key", "Premium", pick(rng, TIERS, count)),
            "lead_source": source,
            "joined_at": joined_at,
            "join_day": day_of(joined_at),
            "lead": np.concatenate([np.full(1 + initial + direct, -1), np.flatnonzero(leads["is_customer"])]),
        }
    )
    frame["name"] = np.concatenate(
        [
            np.where(customer_type == "company", words.firms(rng, count), words.people(rng, count))[
                : -len(won)
            ],
            won["name"],
        ]
    )
    return frame.assign(**_contact(rng, frame), **_person(rng, frame), **_behaviour(rng, frame, kind))


def _joined_before(rng: np.random.Generator, count: int) -> Moments:
    days = (FIRST_JOINED_DAY * (1 - np.sqrt(rng.random(count)))).astype(np.int64) - 1
    return moments(days, shopping_second(rng, count))


def _joined_directly(rng: np.random.Generator, count: int) -> Moments:
    return moments(growing_days(rng, count, GROWTH_PER_YEAR), shopping_second(rng, count))


def _contact(rng: np.random.Generator, frame: pd.DataFrame) -> dict[str, Words]:
    count = len(frame)
    city, letters = words.cities(rng, frame["region"].to_numpy(dtype=object))
    return {
        "email": without(rng, words.mails(rng, frame["customer_id"].to_numpy(dtype=object)), 0.03),
        "phone": without(rng, words.phones(rng, count), 0.15),
        "address": without(rng, words.addresses(rng, city, letters), 0.02),
        "city": without(rng, city, 0.02),
    }


def _person(rng: np.random.Generator, frame: pd.DataFrame) -> dict[str, object]:
    """Columns that only people or only companies have; people leave some of them empty."""
    count = len(frame)
    is_company = (frame["customer_type"] == "company").to_numpy()

    def of_people(values: Words, share_missing: float) -> Words:
        return only_where(~is_company, without(rng, values, share_missing))

    income = np.round(33_000 * np.exp(0.42 * rng.normal(size=count)) / 250).astype(np.int64) * 25_000
    born = dates(day_number(START) - (365.25 * (22 + 55 * rng.beta(1.8, 2.6, count))).astype(np.int64))
    employees = np.maximum(2, np.round(38 * np.exp(1.0 * rng.normal(size=count)))).astype(np.int64)
    hides_income, hides_birth = rng.random(count) < 0.4, rng.random(count) < 0.3
    return {
        "birth_date": np.where(is_company | hides_birth, np.datetime64("NaT", "D"), born),
        "gender": of_people(pick(rng, _GENDERS, count), 0.18),
        "education": of_people(pick(rng, _EDUCATION, count), 0.35),
        "marital_status": of_people(pick(rng, _MARITAL, count), 0.35),
        "annual_income": pd.arrays.IntegerArray(income, is_company | hides_income),
        "industry": only_where(is_company, pick(rng, _INDUSTRIES, count)),
        "employees": pd.arrays.IntegerArray(employees, ~is_company),
        "lifestyle": of_people(pick(rng, _LIFESTYLES, count), 0.22),
    }


def _behaviour(rng: np.random.Generator, frame: pd.DataFrame, kind: Words) -> dict[str, object]:
    count = len(frame)
    is_new = ~np.isin(kind, ["key", "initial"])
    is_key = kind == "key"
    # Alike groups differ by little more than their size, so that no region stands out by chance.
    labels = frame["region"] + frame["customer_type"] + frame["tier"]
    group = np.unique(labels.to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64)
    mean = np.array([_ORDERS_PER_MONTH[t] for t in frame["customer_type"]]) / MONTH_DAYS
    mean = mean * np.array([_TIER_RATE[t] for t in frame["tier"]])
    rate = mean * gammaincinv(_RATE_SHAPE, even(rng, group)) / _RATE_SHAPE
    mood = rng.normal(size=count)
    months = np.where(is_new, _LIFETIME_MONTHS, _INITIAL_LIFETIME_MONTHS) * np.exp(0.15 * mood)
    begin = np.maximum(frame["join_day"].to_numpy(), 0)
    end_day = begin + 1 + rng.exponential(months * MONTH_DAYS)
    end_day = np.where(is_new & (rng.random(count) < _ONE_TIME_SHARE), begin + 1, end_day)
    # Story 1: after the service slowed down, customers there have one more way to end.
    leaves = np.maximum(day_number(stories.LEAVING_FROM), begin) + rng.exponential(
        stories.LEAVING_MEAN_DAYS, count
    )
    end_day = np.where(frame["region"] == stories.SLOW_REGION, np.minimum(end_day, leaves), end_day)
    rate = np.where(is_key, stories.KEY_ACCOUNT_ORDERS_PER_DAY * count / 5000, rate)
    end_day = np.where(is_key, day_number(stories.KEY_ACCOUNT_LAST_ORDER) + 1, end_day)
    return {
        "orders_per_day": rate,
        "end_day": end_day.astype(np.int64),
        "spend": np.where(is_key, stories.KEY_ACCOUNT_SPEND, np.exp(0.35 * ndtri(even(rng, group)) - 0.06)),
        "mood": mood,
        "tells": is_key | (rng.random(count) < _LEFT_SHARE),
        "is_key": is_key,
    }


def left_at(rng: np.random.Generator, frame: pd.DataFrame, last_order_at: Moments) -> Moments:
    """Draw when customers said that the relation is over: some time after the last order; mostly missing."""
    count = len(frame)
    told = later(
        moments(frame["end_day"].to_numpy(), shopping_second(rng, count)), rng.exponential(11.0, count)
    )
    told = np.maximum(told, np.where(np.isnat(last_order_at), told, later(last_order_at, np.ones(count))))
    is_told = frame["tells"].to_numpy() & (frame["end_day"].to_numpy() < DAYS) & (told < END_MOMENT)
    key = moments(np.full(count, day_number(stories.KEY_ACCOUNT_LEFT)), np.full(count, 10 * 3600))
    return np.where(frame["is_key"], key, np.where(is_told, told, missing_moments(count)))


def written(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Give the contract's table: sorted by the day of joining, with a few regions and sources missing."""
    return frame.assign(
        region=without(rng, frame["region"].to_numpy(dtype=object), 0.005),
        lead_source=without(rng, frame["lead_source"].to_numpy(dtype=object), 0.01),
    ).sort_values("joined_at", kind="stable")
