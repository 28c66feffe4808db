"""Satisfaction metrics, each on a table that fits on a hand."""

from __future__ import annotations

import pytest

from crmreport.metrics.satisfaction import (
    CES_MEAN,
    CSAT,
    CSAT_MEAN,
    EASE,
    NPS,
    RECOMMENDATION,
    REPURCHASE_INTENTION,
    RESPONSE_RATE,
)
from tests.metrics.case import Case, check_case, check_nothing_happened
from tests.tiny import cube_of, figure, tiny_data

FEEDBACK_TABLE = """
feedback_id  customer_id  answered_at          csat  nps  ces  repurchase_intention
1            ann          2025-04-01T00:00:00  5     10   7    5
2            bob          2025-04-02           4     9    5    4
3            cyd          2025-04-03           3     8    4    3
4            dee          2025-04-04           1     0    1    -
5            eve          2025-04-05           -     9    -    -
6            fay          2025-04-30T23:59:59  2     -    -    -
7            ann          2025-06-01           1     0    1    1
"""
# The 14 days of an invitation of 18 March end on 1 April, those of 16 April on 30 April.
INVITATIONS_TABLE = """
invitation_id  customer_id  invited_at           answered_at
1              ann          2025-03-17T23:59:59  2025-03-18
2              bob          2025-03-18T00:00:00  2025-04-01T23:59:59
3              cyd          2025-03-18           2025-04-02
4              dee          2025-04-16T23:59:59  -
5              eve          2025-04-17           2025-04-17
6              ann          2025-04-01           2025-04-01
7              ann          2025-08-01           2025-08-02
"""

FEEDBACK = {"feedback": FEEDBACK_TABLE}
CASES = (
    Case(CSAT, FEEDBACK, 2, 5, 2 / 5),
    Case(CSAT_MEAN, FEEDBACK, 5 + 4 + 3 + 1 + 2, 5, 3),
    Case(NPS, FEEDBACK, 100 * (3 - 1), 5, 40),
    Case(RECOMMENDATION, FEEDBACK, 10 + 9 + 8 + 0 + 9, 5, 7.2),
    Case(REPURCHASE_INTENTION, FEEDBACK, 2, 3, 2 / 3),
    Case(EASE, FEEDBACK, 2, 4, 1 / 2),
    Case(CES_MEAN, FEEDBACK, 7 + 5 + 4 + 1, 4, 4.25),
    # bob on day 14 and ann; cyd on day 15, and dee not at all
    Case(RESPONSE_RATE, {"invitations": INVITATIONS_TABLE}, 2, 4, 1 / 2, empty="2025-07"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parts_and_value(case: Case):
    check_case(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_happened(case: Case):
    check_nothing_happened(case)


@pytest.mark.parametrize(
    ("answers", "mean", "share"), [((3, 3, 3, 3), 3, 0), ((1, 1, 5, 5), 3, 1 / 2)], ids=["middling", "split"]
)
def test_one_mean_of_two_moods(answers: tuple[int, ...], mean: float, share: float):
    lines = ["feedback_id customer_id answered_at csat"]
    lines += [f"{n} c{n} 2025-04-01 {answer}" for n, answer in enumerate(answers)]
    cube = cube_of(tiny_data(feedback="\n".join(lines)), "2025-04", metrics=(CSAT, CSAT_MEAN))
    assert figure(cube, CSAT_MEAN, "2025-04")["value"] == mean
    assert figure(cube, CSAT, "2025-04")["value"] == share


def test_who_answers_the_invitation_of_march_in_may_is_no_late_success():
    """The 14 days decide, whenever the report is made."""
    text = INVITATIONS_TABLE + "8 gus 2025-04-02 2025-05-20\n"
    known = cube_of(tiny_data(invitations=text), "2025-04", metrics=(RESPONSE_RATE,))
    assert figure(known, RESPONSE_RATE, "2025-04")["value"] == 2 / 5


def test_without_the_times_of_the_answers_there_is_no_rate():
    text = "\n".join(line.rsplit(maxsplit=1)[0] for line in INVITATIONS_TABLE.strip().splitlines())
    assert cube_of(tiny_data(invitations=text), "2025-04", metrics=(RESPONSE_RATE,)).empty
