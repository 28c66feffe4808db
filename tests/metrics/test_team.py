"""Team metrics, each on a table that fits on a hand."""

from __future__ import annotations

import pytest

from crmreport.metrics.team import (
    CONTACT_EFFECT,
    CONTACT_FREQUENCY,
    CONTACTS,
    FEEDBACK_REPLIED,
    FOLLOW_UPS_KEPT,
    TRANSFERS,
)
from tests.metrics.case import Case, check_case, check_nothing_happened
from tests.tiny import cube_of, figure, tiny_data

CONTACTS_TABLE = """
interaction_id  customer_id  direction  contact_channel  opened_at            transfer_count
1               ann          inbound    phone            2025-04-01           0
2               ann          inbound    mail             2025-04-02           3
3               bob          -          phone            2025-04-30T23:59:59  -
4               bob          outbound   phone            2025-04-05           5
5               cyd          outbound   phone            2025-04-06           0
6               dee          outbound   phone            2025-03-31           0
7               dee          outbound   phone            2025-03-31           0
8               ann          outbound   phone            2025-06-01           0
"""
PROMISES_TABLE = """
interaction_id  customer_id  direction  opened_at            due_at               resolved_at
1               ann          inbound    2025-04-01           -                    2025-04-02
2               ann          inbound    2025-04-02           2025-04-03           2025-04-03
3               bob          -          2025-04-30T23:59:59  -                    -
4               bob          outbound   2025-04-05           2025-04-05T08:00:00  2025-04-05T17:00:00
5               cyd          outbound   2025-04-06           2025-04-30           2025-05-01
6               dee          outbound   2025-03-31           2025-04-01           -
7               dee          outbound   2025-03-31           2025-03-31           2025-03-31
8               ann          outbound   2025-06-01           2025-06-01           2025-06-01
"""
ORDERS_TABLE = """
order_id  customer_id  ordered_at  amount
1         ann          2025-04-01  1
2         gus          2025-02-01  1
3         hal          2025-03-01  1
4         ivy          2025-04-30  1
5         bob          2025-01-01  1
"""
# The 3 days of an answer of 29 March end on 1 April, those of 27 April on 30 April.
FEEDBACK_TABLE = """
feedback_id  customer_id  answered_at          interaction_id  csat  comment  replied_at
1            ann          2025-03-28T23:59:59  -               5     late     -
2            bob          2025-03-29           1               4     late     2025-04-01T23:59:59
3            cyd          2025-04-01           2               2     late     2025-04-05
4            dee          2025-04-02           3               1     late     -
5            eve          2025-04-02           -               5     -        2025-04-02
6            fay          2025-04-27T23:59:59  4               -     fine     2025-04-28
7            gus          2025-04-28           5               5     fine     2025-04-28
8            gus          2025-09-01           1               5     fine     2025-09-01
"""

CONTACT = {"interactions": CONTACTS_TABLE}
FEEDBACK = {"feedback": FEEDBACK_TABLE}
CASES = (
    Case(CONTACTS, CONTACT, 5, None, 5),
    # ann, gus, hal and ivy are active; the contacts of ann, bob and cyd
    Case(CONTACT_FREQUENCY, CONTACT | {"orders": ORDERS_TABLE}, 5, 4, 1.25, empty="2025-12"),
    # after a contact: 2, 1 and 5; the first is of March, and one gave no rating
    Case(CONTACT_EFFECT, FEEDBACK, 1, 3, 1 / 3),
    # bob on day 3 and fay; cyd on day 4, dee not at all, and eve wrote nothing
    Case(FEEDBACK_REPLIED, FEEDBACK, 2, 4, 1 / 2, empty="2025-07"),
    # bob's on the day; cyd's a day late, dee's not at all
    Case(FOLLOW_UPS_KEPT, {"interactions": PROMISES_TABLE}, 1, 3, 1 / 3),
    # 0 and 3 of ann's; of bob's it is not known
    Case(TRANSFERS, CONTACT, 3, 2, 1.5),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parts_and_value(case: Case):
    check_case(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_happened(case: Case):
    check_nothing_happened(case)


def test_the_mean_of_those_in_touch_is_another_number():
    """The trap: 5 contacts of 3 customers are 1.67 each, and 1.25 for each who is active."""
    data = tiny_data(interactions=CONTACTS_TABLE, orders=ORDERS_TABLE)
    cube = cube_of(data, "2025-04", metrics=(CONTACT_FREQUENCY,))
    assert figure(cube, CONTACT_FREQUENCY, "2025-04")["value"] == 1.25 < 5 / 3


def test_channels_add_up_to_all_contacts():
    data = tiny_data(interactions=CONTACTS_TABLE)
    cube = cube_of(data, "2025-04", metrics=(CONTACTS,))
    by_channel = [figure(cube, CONTACTS, "2025-04", "contact_channel", c)["value"] for c in ("phone", "mail")]
    assert by_channel == [4, 1]


def test_a_follow_up_that_is_not_due_yet_is_neither_kept_nor_broken():
    text = """
    interaction_id  customer_id  direction  opened_at   due_at      resolved_at
    1               ann          outbound   2025-12-01  2025-12-20  2025-12-20
    2               bob          outbound   2025-12-01  2026-01-15  -
    """
    cube = cube_of(tiny_data(interactions=text), "2025-12", "2025", metrics=(FOLLOW_UPS_KEPT,))
    for period in ("2025-12", "2025"):
        found = figure(cube, FOLLOW_UPS_KEPT, period)
        assert (found["numerator"], found["denominator"]) == (1, 1)


def test_without_replies_in_the_data_there_is_no_share_of_them():
    text = "\n".join(line.rsplit(maxsplit=1)[0] for line in FEEDBACK_TABLE.strip().splitlines())
    assert cube_of(tiny_data(feedback=text), "2025-04", metrics=(FEEDBACK_REPLIED,)).empty
