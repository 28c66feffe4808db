"""What customers answer in the sample company's surveys: after service, and every so often (story 1)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmreport.tables.sample import stories
from crmreport.tables.sample.clock import (
    DAYS,
    END_MOMENT,
    Floats,
    Ints,
    day_number,
    day_of,
    later,
    moments,
    shopping_second,
)
from crmreport.tables.sample.draws import (
    Flags,
    Words,
    even,
    identifiers,
    only_where,
    ordinal,
    pick,
    pick_by_group,
    without,
)
from crmreport.tables.sample.words import remarks

SHORTER_FROM = date(2024, 7, 1)  # the questionnaires got shorter, and more people finish them
ANSWERS_SERVICE = (0.38, 0.62)  # share of resolved inbound contacts, before and after that day
RELATIONAL_DAYS = 14  # one wave of the relational survey every so many days
RELATIONAL_SHARE = (0.045, 0.080)  # share of recent buyers who answer a wave, before and after

# Shares of the answers, worst first: usually, and where service is slow.
_CSAT = ((0.03, 0.05, 0.10, 0.40, 0.42), (0.11, 0.14, 0.19, 0.31, 0.25))
_NPS = (
    (0.01, 0.01, 0.01, 0.02, 0.03, 0.04, 0.06, 0.13, 0.19, 0.24, 0.26),
    (0.03, 0.03, 0.03, 0.04, 0.05, 0.07, 0.09, 0.16, 0.16, 0.17, 0.17),
)
_CES = ((0.02, 0.04, 0.06, 0.11, 0.20, 0.32, 0.25), (0.07, 0.10, 0.13, 0.16, 0.20, 0.20, 0.14))
_REPURCHASE = ((0.04, 0.08, 0.20, 0.36, 0.32), (0.08, 0.13, 0.24, 0.32, 0.23))
_MOOD = 0.3  # how much of an answer is the customer rather than the day, as a correlation

# Kano: share of attractive, one-dimensional, must-be, indifferent, reverse and questionable answers.
_KANO = {
    "Assembly service": (0.50, 0.17, 0.08, 0.22, 0.02, 0.01),
    "Ten-year guarantee": (0.17, 0.49, 0.17, 0.15, 0.01, 0.01),
    "Delivery on the agreed day": (0.05, 0.24, 0.57, 0.12, 0.01, 0.01),
    "Room planner in 3D": (0.18, 0.06, 0.03, 0.66, 0.06, 0.01),
}
# Answers (if it is there, if it is not) that mean each kind, after the usual five-by-five table.
_KANO_PAIRS = (
    ((1, 2), (1, 3), (1, 4)),
    ((1, 5),),
    ((2, 5), (3, 5), (4, 5)),
    ((2, 3), (3, 3), (3, 4), (2, 2)),
    ((5, 1), (3, 1), (4, 1)),
    ((1, 1), (5, 5)),
)


def feedback(
    rng: np.random.Generator, contacts: pd.DataFrame, orders: pd.DataFrame, customers: pd.DataFrame
) -> pd.DataFrame:
    """Draw all answers, sorted by time."""
    both = pd.concat([_after_service(rng, contacts), _relational(rng, orders, customers)], ignore_index=True)
    both = both[both["answered_at"] < END_MOMENT].sort_values("answered_at", kind="stable", ignore_index=True)
    return _answers(rng, both, customers)


def _after_service(rng: np.random.Generator, contacts: pd.DataFrame) -> pd.DataFrame:
    asked = (contacts["direction"] == "inbound") & contacts["resolved_at"].notna()
    is_after = day_of(contacts["opened_at"].to_numpy()) >= day_number(SHORTER_FROM)
    share = np.array(ANSWERS_SERVICE)[is_after.astype(np.int64)]
    answered = contacts[asked.to_numpy() & (rng.random(len(contacts)) < share)]
    delay = rng.exponential(0.9, len(answered)) + 0.05
    return pd.DataFrame(
        {
            "customer": answered["customer"],
            "answered_at": later(answered["resolved_at"].to_numpy(), delay),
            "survey_channel": pick(rng, {"E-mail": 0.62, "SMS": 0.25, "Chat": 0.13}, len(answered)),
            "interaction_id": answered["interaction_id"],
        }
    )


def _relational(rng: np.random.Generator, orders: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Waves among those who ordered in the last 120 days, answered within a week."""
    who, day = [], []
    order_day, order_customer = orders["day"].to_numpy(), orders["customer"].to_numpy()
    for wave in range(RELATIONAL_DAYS, DAYS, RELATIONAL_DAYS):
        recent = np.unique(order_customer[(order_day >= wave - 120) & (order_day < wave)])
        share = RELATIONAL_SHARE[wave >= day_number(SHORTER_FROM)]
        answering = recent[rng.random(len(recent)) < share]
        who.append(answering)
        day.append(wave + rng.integers(0, 7, len(answering)))
    days = np.concatenate(day)
    return pd.DataFrame(
        {
            "customer": np.concatenate(who),
            "answered_at": moments(days, shopping_second(rng, len(days))),
            "survey_channel": pick(rng, {"E-mail": 0.8, "Web": 0.2}, len(days)),
            "interaction_id": None,
        }
    )


def _answers(rng: np.random.Generator, asked: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    count = len(asked)
    who = asked["customer"].to_numpy()
    is_relational = asked["interaction_id"].isna().to_numpy()
    is_slow = (customers["region"] == stories.SLOW_REGION).to_numpy()[who]
    is_slow &= day_of(asked["answered_at"].to_numpy()) >= day_number(stories.UNHAPPY_FROM)
    mood = customers["mood"].to_numpy()[who]
    group = (
        2 * np.unique(customers["region"].to_numpy(dtype=str), return_inverse=True)[1][who] + is_relational
    )

    def answer(
        shares: tuple[tuple[float, ...], ...], asked_here: Flags, first: int
    ) -> pd.arrays.IntegerArray:
        latent: Floats = _MOOD * mood + np.sqrt(1 - _MOOD**2) * ndtri(even(rng, group))
        values = np.where(is_slow, ordinal(latent, shares[1]), ordinal(latent, shares[0]))
        return pd.arrays.IntegerArray(values + first, ~asked_here)

    csat = answer(_CSAT, ~is_relational | (rng.random(count) < 0.9), 1)
    feature, functional, dysfunctional = _kano(rng, count)
    has_kano = is_relational & (rng.random(count) < 0.26)
    remark = only_where(rng.random(count) < 0.22, remarks(rng, np.asarray(csat.fillna(4)) >= 4))
    return asked.assign(
        feedback_id=identifiers("FB", count),
        customer_id=without(rng, customers["customer_id"].to_numpy(dtype=object)[who], 0.01),
        csat=csat,
        nps=answer(_NPS, is_relational, 0),
        ces=answer(_CES, ~is_relational & (rng.random(count) < 0.7), 1),
        repurchase_intention=answer(_REPURCHASE, is_relational & (rng.random(count) < 0.6), 1),
        kano_feature=only_where(has_kano, feature),
        kano_functional=pd.arrays.IntegerArray(functional, ~has_kano),
        kano_dysfunctional=pd.arrays.IntegerArray(dysfunctional, ~has_kano),
        comment=remark,
    )


def _kano(rng: np.random.Generator, count: int) -> tuple[Words, Ints, Ints]:
    feature = rng.integers(len(_KANO), size=count)
    meant = pick_by_group(rng, list(_KANO.values()), feature)
    choice = rng.integers(60, size=count)
    pairs = np.array([_KANO_PAIRS[m][c % len(_KANO_PAIRS[m])] for m, c in zip(meant, choice, strict=True)])
    return np.array(list(_KANO), dtype=object)[feature], pairs[:, 0], pairs[:, 1]
