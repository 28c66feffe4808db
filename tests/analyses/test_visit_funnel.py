"""Visit funnel: ordered steps counted by hand, and the real shop's broken checkout."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined
from crmreport.analyses.web.steps import in_period
from crmreport.analyses.web.visit_funnel import VISIT_FUNNEL, count_steps, rates, reached_steps
from crmreport.config import read_project
from crmreport.tables.data import read_data
from tests.tiny import CALENDAR, known_of, tiny_data

SHARED = Path(__file__).parents[3] / "shared" / "data"
PROJECTS = Path(__file__).parents[1] / "projects"
APRIL = CALENDAR.period("2025-04")

# a comes all the way, in two visits only as far as the cart before; b reorders without a product; c adds to
# the cart before it looks at the product; d only looks; e sees nothing of a product.
TABLE = """
visitor_id  session_id  occurred_at          page      action       device
a           1           2025-04-01T10:00:00  product   view         desktop
a           1           2025-04-01T10:01:00  cart      view         desktop
a           2           2025-04-02T10:00:00  product   view         desktop
a           2           2025-04-02T10:01:00  product   Add-To-Cart  desktop
a           2           2025-04-02T10:02:00  checkout  view         desktop
a           2           2025-04-02T10:03:00  checkout  purchase     desktop
b           3           2025-04-03T10:00:00  cart      view         phone
b           3           2025-04-03T10:01:00  checkout  purchase     phone
c           4           2025-04-04T10:00:00  home      add_to_cart  phone
c           4           2025-04-04T10:01:00  product   view         phone
d           5           2025-04-05T10:00:00  product   view         phone
e           -           2025-04-06T10:00:00  home      view         -
"""


def steps_of(table: str = TABLE, period=APRIL) -> pd.DataFrame:
    return count_steps(*reached_steps(in_period(tiny_data(events=table).tables["events"], period)))


def whole(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["dimension"] == "all"].set_index("step")


def test_visitors_are_counted_and_steps_are_in_order():
    found = whole(steps_of())
    assert found["visitors"].to_dict() == {"visit": 5, "product": 3, "cart": 1, "checkout": 1, "purchase": 1}
    assert found["visits"].to_dict() == {"visit": 6, "product": 4, "cart": 2, "checkout": 1, "purchase": 1}
    assert found["visits_at_all"].to_dict() == {
        "visit": 6, "product": 4, "cart": 4, "checkout": 2, "purchase": 2,
    }  # fmt: skip


def test_rates_and_the_bottleneck():
    counted = steps_of()
    found = whole(rates(counted, counted.iloc[:0]))
    assert math.isnan(found.loc["visit", "step_rate"])
    assert found["step_rate"].tolist()[1:] == [3 / 5, 1 / 3, 1, 1]
    assert found["overall_rate"].tolist() == [1, 3 / 5, 1 / 5, 1 / 5, 1 / 5]
    assert found["lost"].tolist()[1:] == [2, 2, 0, 0]
    assert found["is_bottleneck"].tolist() == [False, True, True, False, False]
    assert found["change"].isna().all()


def test_a_change_against_the_period_before():
    """3 of 5 after 3 of 5 is no change, and the interval of no change is symmetric."""
    counted = steps_of()
    found = whole(rates(counted, counted))
    assert found.loc["product", "change"] == 0
    assert found.loc["product", "change_low"] == pytest.approx(-found.loc["product", "change_high"])


def test_devices_have_their_own_funnels():
    found = steps_of()
    phone = found[(found["dimension"] == "device") & (found["segment"] == "phone")].set_index("step")
    assert phone["visitors"].to_dict() == {"visit": 3, "product": 2, "cart": 0, "checkout": 0, "purchase": 0}
    assert set(found.loc[found["dimension"] == "device", "segment"]) == {"desktop", "phone", "unknown"}


def test_steps_that_the_data_do_not_have_are_left_out():
    table = "\n".join(line for line in TABLE.splitlines() if "checkout  view" not in line)
    table = table.replace("checkout  purchase", "thanks    purchase")
    assert list(whole(steps_of(table)).index) == ["visit", "product", "cart", "purchase"]


def many(days: list[int], month: str) -> str:
    return "\n".join(f"m{month}{d} m 2025-{month}-{d:02d}T10:00:00 product view desktop" for d in days)


def test_the_analysis_compares_with_the_period_before():
    table = TABLE + many(list(range(1, 29)), "04") + "\n" + many(list(range(1, 11)), "03")
    known = known_of(tiny_data(events=table), "2025-03", "2025-04", metrics=())
    frames = VISIT_FUNNEL.compute(known)
    found = whole(frames["steps"])
    assert list(frames["steps"].columns) == list(VISIT_FUNNEL.columns["steps"])
    assert (found.loc["product", "visitors"], found.loc["product", "visitors_before"]) == (31, 10)
    assert found.loc["product", "change"] == pytest.approx(31 / 33 - 1)
    assert found.loc["visit", "visitors"] == 33
    # of the phone are three visitors, of no known device one
    assert set(frames["steps"]["segment"]) == {"all"}


def test_a_site_without_purchases_is_declined():
    table = "\n".join(line for line in TABLE.splitlines() if "purchase" not in line)
    with pytest.raises(Declined, match="no purchase"):
        VISIT_FUNNEL.compute(known_of(tiny_data(events=table), "2025-04", metrics=()))


def test_few_visitors_are_declined():
    with pytest.raises(Declined, match=r"at least \{least\}"):
        VISIT_FUNNEL.compute(known_of(tiny_data(events=TABLE), "2025-04", metrics=()))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data sets are not beside the project")
def test_the_payment_incident_of_a_shop_is_at_the_last_step(monkeypatch):
    """Payments fail from 20 May to early June: fewer of those at the checkout buy, and more than chance."""
    monkeypatch.setenv("CRMREPORT_DATA", os.fspath(SHARED))
    events = read_data(read_project(PROJECTS / "retentioneering_ecom")).tables["events"]
    incident, before = (
        count_steps(*reached_steps(in_period(events, CALENDAR.period(p))))
        for p in ("2024-05-20..2024-06-06", "2024-05-02..2024-05-19")
    )
    found = whole(rates(incident, before))
    assert found.loc["purchase", "change_high"] < 0
    for step in ("product", "cart", "checkout"):
        assert found.loc[step, "change_low"] < 0 < found.loc[step, "change_high"]
