"""Whom the sample company asks to answer a survey, and who does."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmreport.tables.sample.clock import (
    DAYS,
    END_MOMENT,
    Ints,
    day_number,
    day_of,
    later,
    missing_moments,
    moments,
)
from crmreport.tables.sample.draws import Words, identifiers, pick
from crmreport.tables.sample.feedback import RELATIONAL_DAYS, SHORTER_FROM

RECENT_DAYS = 120  # a wave is sent to some of those who ordered in so many days before it
INVITED_SHARE = (0.17, 0.21)  # of those, before and after the questionnaires got shorter

_AFTER_SERVICE_DAYS = 0.02
_MORNING = 10 * 3600
_SERVICE_CHANNELS = {"E-mail": 0.62, "SMS": 0.25, "Chat": 0.13}
_RELATIONAL_CHANNELS = {"E-mail": 0.8, "Web": 0.2}


def invitations(
    rng: np.random.Generator, contacts: pd.DataFrame, answers: pd.DataFrame, orders: pd.DataFrame,
    customers: pd.DataFrame,
) -> pd.DataFrame:  # fmt: skip
    """Give all invitations, sorted by time: those that were answered, and those that were not."""
    ids = customers["customer_id"].to_numpy(dtype=object)
    relational = answers[answers["interaction_id"].isna()]
    both = pd.concat(
        [_after_service(rng, contacts, answers), _relational(rng, relational, orders, ids)], ignore_index=True
    )
    both = both[both["invited_at"] < END_MOMENT].sort_values("invited_at", kind="stable", ignore_index=True)
    return both.assign(invitation_id=identifiers("SI", len(both)))


def _after_service(rng: np.random.Generator, contacts: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Ask after every case that was resolved, but not after a request."""
    asked = contacts[contacts["is_asked"]]
    answered = answers.dropna(subset=["interaction_id"]).set_index("interaction_id")
    answered = answered.reindex(asked["interaction_id"])
    drawn = pick(rng, _SERVICE_CHANNELS, len(asked))
    return pd.DataFrame(
        {
            "customer_id": asked["customer_id"].to_numpy(dtype=object),
            "survey_channel": _first_known(answered["survey_channel"], drawn),
            "invited_at": later(asked["resolved_at"].to_numpy(), np.full(len(asked), _AFTER_SERVICE_DAYS)),
            "answered_at": answered["answered_at"].to_numpy(),
        }
    )


def _relational(
    rng: np.random.Generator, answers: pd.DataFrame, orders: pd.DataFrame, ids: Words
) -> pd.DataFrame:
    """Ask those who answered a wave, and others of the recent buyers, in the morning of the day before."""
    day = day_of(answers["answered_at"].to_numpy())
    answered_wave = day - day % RELATIONAL_DAYS
    answering = answers["customer"].to_numpy()
    order_day, order_customer = orders["day"].to_numpy(), orders["customer"].to_numpy()
    silent: list[Ints] = []
    waves: list[Ints] = []
    for wave in range(RELATIONAL_DAYS, DAYS, RELATIONAL_DAYS):
        recent = np.unique(order_customer[(order_day >= wave - RECENT_DAYS) & (order_day < wave)])
        answered = answering[answered_wave == wave]
        others = np.setdiff1d(recent, answered)
        invited = int(INVITED_SHARE[wave >= day_number(SHORTER_FROM)] * len(recent))
        more = np.sort(rng.permutation(others)[: max(0, invited - len(answered))])
        silent.append(more)
        waves.append(np.full(len(more), wave, dtype=np.int64))
    who = np.concatenate([answering, *silent])
    wave_day = np.concatenate([answered_wave, *waves])
    unanswered = len(who) - len(answering)
    return pd.DataFrame(
        {
            "customer_id": ids[who],
            "survey_channel": np.concatenate(
                [
                    answers["survey_channel"].to_numpy(dtype=object),
                    pick(rng, _RELATIONAL_CHANNELS, unanswered),
                ]
            ),
            "invited_at": moments(wave_day - 1, np.full(len(who), _MORNING)),
            "answered_at": np.concatenate([answers["answered_at"].to_numpy(), missing_moments(unanswered)]),
        }
    )


def _first_known(words: pd.Series, others: Words) -> Words:
    return np.where(words.isna(), others, words.to_numpy(dtype=object))
