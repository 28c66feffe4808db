"""Digests: two contents of a table, as known on a day, have the same digest if and only if they are equal."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.tables.contract import TABLES
from crmreport.tables.data import Data
from crmreport.tables.digests import ALWAYS, DIGEST_COLUMNS, digests, known_before
from crmreport.tables.facts import FACTS
from crmreport.tables.facts.fact import Fact, Inputs
from crmreport.tables.until import until
from tests.tiny import frame, tiny_data

ORDERS = """
order_id  customer_id  ordered_at        amount
1         ann          2025-04-30T23:59  10
2         ann          2025-05-01T00:00  20
3         bob          2025-05-02T00:00  -
"""
LINES = """
order_id  product_id  quantity  unit_price
1         a           1         10
3         a           2         5
"""
DEALS = """
opportunity_id  customer_id  created_at  closed_at         is_won
1               ann          2025-04-01  2025-04-30T23:00  true
2               ann          2025-04-02  2025-05-01T00:00  true
3               bob          -           -                 -
4               bob          2025-05-01  -                 true
"""
MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)


def _known(data: Data, end: date) -> dict[str, str]:
    return known_before(digests(data, {}), end)


def _changed(text: str, line: int, old: str, new: str) -> str:
    lines = text.strip().splitlines()
    assert old in lines[line]
    return "\n".join([*lines[:line], lines[line].replace(old, new), *lines[line + 1 :]])


def test_what_comes_later_changes_no_digest_of_before():
    less = tiny_data(orders="\n".join(ORDERS.strip().splitlines()[:2]), customers="customer_id\nann\nbob")
    more = tiny_data(orders=ORDERS, customers="customer_id\nann\nbob")
    assert _known(less, MAY) == _known(more, MAY)
    assert _known(less, JUNE)["orders"] != _known(more, JUNE)["orders"]
    assert _known(less, JUNE)["customers"] == _known(more, JUNE)["customers"]


def test_a_changed_row_changes_its_own_day_and_what_follows():
    changed = _changed(ORDERS, 2, "20", "21")
    found, other = (tiny_data(orders=text) for text in (ORDERS, changed))
    assert _known(found, MAY) == _known(other, MAY)
    assert _known(found, date(2025, 5, 2))["orders"] != _known(other, date(2025, 5, 2))["orders"]


def test_lines_are_known_with_their_order():
    found = tiny_data(orders=ORDERS, order_lines=LINES)
    other = tiny_data(orders=ORDERS, order_lines=_changed(LINES, 2, "5", "6"))
    before_the_third, after_it = date(2025, 5, 2), date(2025, 5, 3)
    assert _known(found, before_the_third) == _known(other, before_the_third)
    assert _known(found, after_it)["order_lines"] != _known(other, after_it)["order_lines"]
    assert len(until(found, before_the_third).tables["order_lines"].to_pandas()) == 1


def test_the_end_of_a_deal_is_known_when_it_comes():
    found = tiny_data(opportunities=DEALS)
    lost = tiny_data(opportunities=_changed(DEALS, 2, "true", "false"))
    still_open = tiny_data(
        opportunities=_changed(_changed(DEALS, 2, "true", "-"), 2, "2025-05-01T00:00", "-")
    )
    assert _known(found, MAY) == _known(lost, MAY) == _known(still_open, MAY)
    assert len({_known(data, JUNE)["opportunities"] for data in (found, lost, still_open)}) == 3


def test_whom_a_lead_became_is_known_with_the_customer_and_its_stage_never():
    lead = "opportunity_id  customer_id  created_at  stage\n1  {}  2025-04-01  {}"
    before = tiny_data(opportunities=lead.format("-", "lead"), customers="customer_id  joined_at\nann  -")
    after = tiny_data(
        opportunities=lead.format("bob", "won"), customers="customer_id  joined_at\nann  -\nbob  2025-05-10"
    )
    assert _known(before, MAY) == _known(after, MAY)
    assert _known(before, JUNE)["opportunities"] != _known(after, JUNE)["opportunities"]


def test_the_order_of_rows_does_not_matter_and_their_number_does():
    rows = frame(ORDERS)
    turned = tiny_data(orders=rows.iloc[::-1].reset_index(drop=True))
    twice = tiny_data(orders=pd.concat([rows, rows], ignore_index=True))
    assert _known(tiny_data(orders=ORDERS), JUNE) == _known(turned, JUNE)
    assert _known(turned, JUNE)["orders"] != _known(twice, JUNE)["orders"]


def test_rows_without_a_day_were_always_known():
    found = digests(tiny_data(opportunities=DEALS), {})
    assert list(found.columns) == list(DIGEST_COLUMNS)
    deals = found[found["table"] == "opportunities"].set_index("day")["rows"]
    # Rows: the third, since ever; two in April; the fourth. Times: of the first deal's end, of the second's.
    assert deals.to_dict() == {
        ALWAYS: 1,
        "2025-04-01": 1,
        "2025-04-02": 1,
        "2025-04-30": 1,
        "2025-05-01": 2,
    }


_DAYS = st.sampled_from(["-", "2025-04-30", "2025-05-01", "2025-05-02"])
_DEAL = st.tuples(
    st.sampled_from(["-", "ann", "bob", "nobody"]),
    _DAYS,
    _DAYS,
    st.sampled_from(["-", "true", "false"]),
    st.sampled_from(["lead", "won"]),
)
_DEAL_COLUMNS = ["opportunity_id", "customer_id", "created_at", "closed_at", "is_won", "stage"]


@settings(max_examples=60, deadline=None)
@given(_DAYS, st.lists(_DEAL, max_size=3), st.lists(_DEAL, max_size=3))
def test_digests_are_equal_where_the_cut_tables_are(joined: str, one: list[Any], other: list[Any]):
    ends = [date(2025, 4, 30), date(2025, 5, 1), date(2025, 5, 2), date(2025, 5, 3)]
    rows, found = [], []
    for deals in (one, other):
        table = pd.DataFrame(
            [[None if v == "-" else v for v in ("d", *deal)] for deal in deals],
            columns=_DEAL_COLUMNS,
            dtype=object,
        )
        customers = f"customer_id  joined_at\nann  -\nbob  {joined}"
        data = tiny_data(opportunities=table, customers=customers)
        cuts = [until(data, end).tables["opportunities"].to_pandas() for end in ends]
        rows.append([sorted(map(str, cut.to_dict("records"))) for cut in cuts])
        summed = digests(data, {})
        found.append([known_before(summed, end).get("opportunities") for end in ends])
    assert [a == b for a, b in zip(*rows, strict=True)] == [a == b for a, b in zip(*found, strict=True)]


@pytest.mark.parametrize("fact", FACTS, ids=lambda f: f.name)
def test_facts_are_made_of_no_other_tables_than_they_say(fact: Fact):
    read: list[str] = []

    class Watched(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            read.append(name)
            return super().__getitem__(name)

        def get(self, name: str, default: Any = None) -> Any:
            read.append(name)
            return super().get(name, default)

        def __contains__(self, name: object) -> bool:
            read.append(str(name))
            return super().__contains__(name)

    columns = {t.name: [c.name for c in t.columns] for t in TABLES}
    empty = tiny_data(**{n: pd.DataFrame(columns=c, dtype=object) for n, c in columns.items()})
    fact.make(Inputs(Watched(empty.tables), (), 90))
    # An analysis that asks for a fact rests on the customers anyway: for their dimensions.
    assert set(read) - {"customers"} <= set(fact.made_from)
