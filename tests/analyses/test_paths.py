"""Paths: transitions, ways to the goal and out, and time on pages, counted by hand and found again."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined
from crmreport.analyses.web.paths import PATHS, commonest_paths, flow, page_times, transitions
from crmreport.analyses.web.steps import (
    GOAL,
    LEFT,
    OTHER,
    in_few_states,
    in_period,
    with_states,
    without_repeats,
)
from tests.tiny import CALENDAR, known_of, tiny_data

APRIL = CALENDAR.period("2025-04")
# Four visits of April: home > product > product: click > cart; home > product > goal; product; home, of which
# the last one began in April and goes on in May. That of v5 began in March.
TABLE = """
visitor_id  session_id  occurred_at          page                 action
v1          s1          2025-04-01T10:00:00  home                 view
v1          s1          2025-04-01T10:00:30  product?id=1         view
v1          s1          2025-04-01T10:01:00  product?id=1         click
v1          s1          2025-04-01T10:02:30  cart                 view
v2          s2          2025-04-02T10:00:00  home                 view
v2          s2          2025-04-02T10:00:10  home                 view
v2          s2          2025-04-02T10:00:50  product#top          view
v2          s2          2025-04-02T10:03:50  checkout             purchase
v2          s2          2025-04-02T10:04:00  home                 view
v3          s3          2025-04-03T10:00:00  product              view
v4          s4          2025-04-30T23:59:50  home                 view
v4          s4          2025-05-01T00:00:10  cart                 view
v5          s5          2025-03-31T23:59:50  home                 view
v5          s5          2025-04-01T00:00:10  cart                 view
"""


def rows_of(table: str = TABLE, period=APRIL):
    return with_states(in_period(tiny_data(events=table).tables["events"], period))


def counted(frame: pd.DataFrame, *columns: str) -> dict:
    return {tuple(row[:-1]): row[-1] for row in frame[list(columns)].itertuples(index=False)}


def test_what_follows_what():
    """v4 is cut by the period: it began in it, and its second page came after it."""
    found = transitions(rows_of())
    assert counted(found, "state", "next_state", "steps") == {
        ("home", "product"): 2, ("home", "home"): 1, ("home", LEFT): 2,
        ("product", "product: click"): 1, ("product", GOAL): 1, ("product", LEFT): 1,
        ("product: click", "cart"): 1, ("cart", LEFT): 1, (GOAL, "home"): 1,
    }  # fmt: skip
    shares = found.groupby("state")["probability"].sum()
    assert np.allclose(shares, 1)
    home = found[(found["state"] == "home") & (found["next_state"] == "product")].iloc[0]
    assert home["probability"] == 2 / 5 and home["low"] < 2 / 5 < home["high"]


def test_ways_to_the_goal_end_there_and_repeats_are_left_out():
    found = commonest_paths(without_repeats(rows_of()))
    assert counted(found, "outcome", "path", "visits") == {
        ("goal", f"home > product > {GOAL}"): 1,
        ("left", "home"): 1,
        ("left", "product"): 1,
        ("left", "home > product > product: click > cart"): 1,
    }
    assert found.loc[found["outcome"] == "left", "share"].tolist() == [pytest.approx(1 / 3)] * 3


def test_a_long_visit_shows_its_last_steps():
    pages = "\n".join(f"v1 s1 2025-04-01T10:0{n}:00 page{n} view" for n in range(7))
    found = commonest_paths(
        without_repeats(rows_of(f"visitor_id session_id occurred_at page action\n{pages}"))
    )
    assert found["path"].tolist() == ["... > page2 > page3 > page4 > page5 > page6"]


def test_the_flow_of_the_first_steps():
    found = flow(without_repeats(rows_of()))
    assert counted(found, "step", "state", "next_state", "visits") == {
        (1, "home", "product"): 2, (1, "home", LEFT): 1, (1, "product", LEFT): 1,
        (2, "product", "product: click"): 1, (2, "product", GOAL): 1,
        (3, "product: click", "cart"): 1,
    }  # fmt: skip
    assert found.loc[found["step"] == 1, "share"].sum() == 1


def test_time_on_a_page_runs_to_the_next_page():
    """Product: 120 s until the cart, 180 s until the goal, and once nobody knows. Home: 30, 10 and 40 s."""
    found = page_times(rows_of()).set_index("page")
    product, home = found.loc["product"], found.loc["home"]
    assert (product["views"], product["exits"], product["median_seconds"]) == (3, 1, 120)
    assert (home["views"], home["exits"]) == (5, 2)
    assert home["median_seconds"] == 30
    assert math.isnan(found.loc["cart", "median_seconds"])  # the last page always


def test_the_last_page_is_not_taken_for_0_seconds():
    """Exponential times on page, ended by leaving at exponential times: the median is found again.

    Counting the unknown times as ended, or as 0, gives half of it.
    """
    random = np.random.default_rng(1)
    n = 3000
    stays, leaves = random.exponential(100, n), random.exponential(100, n)
    start = pd.Timestamp("2025-04-05")
    rows = []
    for i in range(n):
        seen = min(stays[i], leaves[i])
        rows.append((f"v{i}", start, "text", "view"))
        rows.append((f"v{i}", start + pd.Timedelta(seconds=int(seen)), "text", "click"))
        if stays[i] < leaves[i]:
            rows.append((f"v{i}", start + pd.Timedelta(seconds=int(seen)), "thanks", "view"))
    table = pd.DataFrame(rows, columns=["visitor_id", "occurred_at", "page", "action"])
    table["session_id"] = "1"
    found = page_times(rows_of(table.astype(str))).set_index("page").loc["text"]
    assert found["median_low"] <= 100 * math.log(2) <= found["median_high"]
    assert found["median_seconds"] > 60


def test_a_known_chain_is_found_again():
    """A Markov chain of three pages: at least 90 % of its probabilities are in their intervals."""
    random = np.random.default_rng(2)
    pages = ["a", "b", "c"]
    chain = np.array([[0.0, 0.6, 0.3, 0.1], [0.5, 0.0, 0.3, 0.2], [0.2, 0.2, 0.0, 0.6]])
    rows = []
    for visit in range(1500):
        state, second = 0, 0
        while state < 3:
            at = pd.Timestamp("2025-04-05") + pd.Timedelta(seconds=second)
            rows.append((f"v{visit}", "1", str(at), pages[state], "view"))
            state, second = int(random.choice(4, p=chain[state])), second + 5
    table = pd.DataFrame(rows, columns=["visitor_id", "session_id", "occurred_at", "page", "action"])
    found = transitions(rows_of(table)).set_index(["state", "next_state"])
    inside = 0
    for i, row in enumerate(chain):
        for j, p in enumerate(row):
            if p > 0:
                cell = found.loc[(pages[i], [*pages, LEFT][j])]
                inside += cell["low"] <= p <= cell["high"]
    assert inside >= 8


def test_rare_pages_and_pairs_are_put_with_the_others():
    few, kept = in_few_states(rows_of(), most=12, least_visitors=2)
    assert kept == ["home", "product"]
    found = transitions(few, 2)
    assert set(found["state"]) <= {"home", "product", OTHER}
    assert found["visitors"].min() >= 2


def test_the_analysis_as_a_whole():
    visits = [
        f"w{n} s{n} 2025-04-{1 + n % 28:02d}T1{k}:00:00 {page} view"
        for n in range(40)
        for k, page in enumerate(("home", "list", "product")[: 1 + n % 3])
    ]
    known = known_of(tiny_data(events=TABLE + "\n".join(visits)), "2025-04", metrics=())
    frames = PATHS.compute(known)
    assert set(frames) == set(PATHS.columns)
    assert all(set(PATHS.columns[name]) <= set(frame.columns) for name, frame in frames.items())
    summary = frames["summary"].iloc[0]
    assert (summary["visits"], summary["goal_visits"]) == (44, 1)
    assert frames["paths"]["visitors"].min() >= known.settings.minimum_cell
    assert frames["transitions"]["visitors"].min() >= known.settings.minimum_cell


def test_too_few_visits_are_declined():
    with pytest.raises(Declined, match="at least"):
        PATHS.compute(known_of(tiny_data(events=TABLE), "2025-04", metrics=()))


def test_events_without_names_are_declined():
    table = "visitor_id occurred_at\n" + "\n".join(f"v{n} 2025-04-01" for n in range(40))
    with pytest.raises(Declined, match=r"events\.page"):
        PATHS.compute(known_of(tiny_data(events=table), "2025-04", metrics=()))


def test_the_order_of_rows_changes_nothing():
    header, *lines = TABLE.strip().splitlines()
    turned = "\n".join([header, *reversed(lines)])
    pd.testing.assert_frame_equal(transitions(rows_of()), transitions(rows_of(turned)))
    pd.testing.assert_frame_equal(page_times(rows_of()), page_times(rows_of(turned)))
