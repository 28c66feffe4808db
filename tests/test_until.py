"""Until: what was known on a day, and what came later and was not."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crmreport.tables.facts import facts
from crmreport.tables.until import until
from tests.tiny import tiny_data

CUSTOMERS = """
customer_id  joined_at   left_at
ann          2025-01-01  2025-05-02
bob          2025-05-01  -
cyd          -           2025-04-30
"""
ORDERS = """
order_id  customer_id  ordered_at               amount
1         ann          2025-04-30T23:59:59.999  10
2         ann          2025-05-01T00:00:00      20
"""
OPPORTUNITIES = """
opportunity_id  customer_id  created_at  closed_at            is_won
1               ann          2025-04-01  2025-04-30T23:00:00  true
2               ann          2025-04-02  2025-05-01T00:00:00  true
3               bob          2025-05-01  -                    -
"""
STAGES = """
opportunity_id  stage  stage_order  entered_at
1               lead   1            2025-04-01
1               won    2            2025-05-03
"""


def _rows(table: object, key: str) -> dict[str, dict[str, object]]:
    return pd.DataFrame(table.to_pandas()).set_index(key).to_dict("index")  # type: ignore[attr-defined]


def test_nothing_of_may_is_known_at_the_end_of_april():
    data = tiny_data(customers=CUSTOMERS, orders=ORDERS, opportunities=OPPORTUNITIES, stage_history=STAGES)
    cut = until(data, date(2025, 5, 1))
    assert cut.as_of == date(2025, 4, 30) and data.as_of == date(2025, 12, 31)
    assert list(_rows(cut.tables["orders"], "order_id")) == ["1"]
    customers = _rows(cut.tables["customers"], "customer_id")
    assert sorted(customers) == ["ann", "cyd"]  # cyd joined nobody knows when, and so long ago
    assert pd.isna(customers["ann"]["left_at"]) and customers["cyd"]["left_at"] == pd.Timestamp("2025-04-30")
    assert len(cut.tables["stage_history"].to_pandas()) == 1


def test_a_deal_won_later_was_open():
    cut = until(tiny_data(opportunities=OPPORTUNITIES), date(2025, 5, 1))
    deals = _rows(facts(cut, (), 90)["opportunities"], "opportunity_id")
    assert sorted(deals) == ["1", "2"]
    assert deals["1"]["is_won"] is True
    assert pd.isna(deals["2"]["closed_at"]) and deals["2"]["is_won"] is None


LEADS = """
opportunity_id  customer_id  created_at  stage
1               ann          2025-04-01  won
2               bob          2025-04-03  won
"""


def test_whom_a_lead_became_and_its_stage_are_not_known_before():
    data = tiny_data(customers=CUSTOMERS, opportunities=LEADS)
    for end, of_bob in ((date(2025, 5, 1), set()), (date(2025, 6, 1), {"2"})):
        leads = until(data, end).tables["opportunities"].to_pandas().set_index("opportunity_id")
        known = leads["customer_id"].dropna()
        assert known.to_dict() == {"1": "ann", **dict.fromkeys(of_bob, "bob")}
        assert leads["stage"].isna().all()


def test_data_that_end_earlier_do_not_reach_further():
    assert until(tiny_data(orders=ORDERS, as_of=date(2025, 4, 30)), date(2026, 1, 1)).as_of == date(
        2025, 4, 30
    )
