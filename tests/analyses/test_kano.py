"""Kano: the evaluation table, the coefficients and the tests, against published figures and by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmreport.analyses.analysis import Declined
from crmreport.analyses.voices.kano import ALL_CATEGORIES, CATEGORIES, KANO, category_of, compare, evaluate
from tests.tiny import known_of, tiny_data


def counts(*rows: tuple[int, ...]) -> pd.DataFrame:
    """Counts in the order M, O, A, I, R, Q."""
    frame = pd.DataFrame(rows, columns=list(ALL_CATEGORIES))
    return frame.assign(feature=[f"feature {i}" for i in range(len(rows))], n=frame.sum(axis=1))


def test_all_twenty_five_pairs():
    # Berger et al. 1993: a row per answer with the feature, a column per answer without it.
    table = """
        Q A A A O
        R I I I M
        R I I I M
        R I I I M
        R R R R Q
    """
    letters = dict(zip("MOAIRQ", ALL_CATEGORIES, strict=True))
    expected = [[letters[x] for x in line.split()] for line in table.strip().splitlines()]
    assert [[category_of(f, d) for d in range(1, 6)] for f in range(1, 6)] == expected
    found = Counter(category_of(f, d) for f in range(1, 6) for d in range(1, 6))
    assert [found[c] for c in ALL_CATEGORIES] == [3, 1, 3, 9, 7, 2]
    for wrong in ((0, 1), (1, 0), (6, 1), (1, 6)):
        with pytest.raises(IndexError):
            category_of(*wrong)


# Published in the README of stp25kano: counts M, O, A, I, R, Q; the most frequent category and the one after
# the rule; total and category strength in per cent; CS+, CS-; Fong's difference, limit and result.
PUBLISHED = [
    ((95, 123, 45, 33, 0, 0), "one_dimensional", "one_dimensional", 89, 9, 0.568, -0.736, 28, 19.4, True),
    ((101, 54, 54, 81, 3, 3), "must_be", "must_be", 71, 7, 0.372, -0.534, 20, 18.5, True),
    ((15, 24, 121, 124, 6, 6), "indifferent", "attractive", 54, 1, 0.511, -0.137, 3, 19.8, False),
    ((65, 87, 93, 51, 0, 0), "attractive", "one_dimensional", 83, 2, 0.608, -0.514, 6, 18.5, False),
    ((9, 18, 83, 177, 6, 3), "indifferent", "indifferent", 37, 32, 0.352, -0.094, 94, 19.9, True),
]


@pytest.mark.parametrize("row", PUBLISHED)
def test_published_evaluations_come_out(row):
    given_counts, category, rule, total, strength, better, worse, lead, limit, is_clear = row
    found = evaluate(counts(given_counts)).iloc[0]
    assert found["category"] == category
    assert found["rule_category"] == rule
    assert round(100 * found["total_strength"]) == total
    assert round(100 * found["category_strength"]) == strength
    assert round(found["better"], 3) == better
    assert round(found["worse"], 3) == worse
    assert found["is_clear"] == is_clear
    assert found["category_strength"] * sum(given_counts) == pytest.approx(lead)
    assert (lead >= limit) == is_clear  # the published limit and ours decide alike


def test_fongs_limit_decides_at_its_own_number():
    # a + b = 60 of 100: limit 1.65 * sqrt(60 * 140 / 200) = 10.69; 36 - 24 = 12 is more, 35 - 25 = 10 is not.
    assert list(evaluate(counts((36, 24, 20, 20, 0, 0), (35, 25, 20, 20, 0, 0)))["is_clear"]) == [True, False]


def test_ties_go_to_what_customers_miss_most():
    rows = [
        (3, 3, 3, 3, 0, 0),
        (0, 3, 3, 3, 0, 0),
        (0, 0, 3, 3, 0, 0),
        (0, 0, 0, 3, 3, 0),
        (0, 0, 0, 0, 3, 9),
    ]
    found = evaluate(counts(*rows))
    assert list(found["category"]) == list(CATEGORIES)
    assert list(found["second"]) == ["one_dimensional", "attractive", "indifferent", "reverse", ""]


def test_without_any_of_the_four_there_are_no_coefficients():
    found = evaluate(counts((0, 0, 0, 0, 3, 9))).iloc[0]
    assert found[["better", "worse", "better_low", "worse_high"]].isna().all()
    assert found["is_doubtful"]
    assert found["is_small"]


def test_two_per_cent_of_contradictions_are_allowed():
    assert list(evaluate(counts((98, 0, 0, 0, 0, 2), (97, 0, 0, 0, 0, 3)))["is_doubtful"]) == [False, True]


@given(st.lists(st.integers(0, 500), min_size=6, max_size=6).filter(any))
def test_figures_keep_their_bounds_and_contain_their_estimates(numbers):
    found = evaluate(counts(tuple(numbers))).iloc[0]
    assert 0 <= found["category_strength"] <= 1
    assert -1 <= found["low"] <= found["category_strength"] + 1e-9
    assert found["high"] <= 1
    if sum(numbers[:4]):
        assert 0 <= found["better_low"] <= found["better"] + 1e-9
        assert found["better"] <= found["better_high"] + 1e-9 <= 1 + 2e-9
        assert -1 - 1e-9 <= found["worse_low"] <= found["worse"] + 1e-9
        assert found["worse"] <= found["worse_high"] + 1e-9 <= 2e-9


@pytest.mark.parametrize(("shares", "n"), [((0.4, 0.3, 0.2, 0.1), 60), ((0.7, 0.1, 0.1, 0.1), 40)])
def test_the_leads_interval_covers_its_truth(shares, n):
    drawn = np.random.default_rng(7).multinomial(n, shares, size=4000)
    frame = pd.DataFrame(drawn, columns=list(CATEGORIES[:4])).assign(reverse=0, questionable=0)
    found = evaluate(frame)
    # The interval is that of the categories found; where those are the true two, it holds their difference.
    ordered = found[(found["category"] == "must_be") & (drawn[:, 0] > drawn[:, 1])]
    truth = shares[0] - shares[1]
    second_is_true = ordered["second"] == "one_dimensional"
    covered = (ordered["low"] <= truth) & (truth <= ordered["high"])
    assert covered[second_is_true].mean() > 0.93


def test_segments_are_compared_as_chi_squared_says():
    # 40/10 against 10/40: every expected number 25, chi-squared 4 * 15**2 / 25 = 36.
    frame = counts((40, 10, 0, 0, 0, 0), (10, 40, 0, 0, 0, 0)).assign(feature="a", segment=["x", "y"])
    found = compare(frame).iloc[0]
    assert (found["chi_squared"], found["degrees"], found["n"]) == (36, 1, 100)
    assert found["p"] == pytest.approx(2e-9, rel=0.1)
    few = compare(frame.assign(must_be=[4, 1], one_dimensional=[1, 4])).iloc[0]
    assert np.isnan(few["p"])


TINY = """
feedback_id customer_id answered_at      kano_feature kano_functional kano_dysfunctional
f1          c1          2025-03-01T10:00 Lamp         1               5
f2          c1          2025-04-01T10:00 Lamp         2               5
f3          c2          2025-03-02T10:00 Lamp         2               5
f4          c3          2025-03-03T10:00 Lamp         1               3
f5          -           2025-03-04T10:00 Lamp         1               1
f6          -           2025-03-04T10:00 Lamp         3               3
f7          c4          2025-03-05T10:00 Lamp         1               -
f8          c1          2025-03-05T10:00 Tray         1               5
f9          c5          2025-05-01T10:00 Lamp         1               5
"""


def test_the_latest_answer_of_each_customer_counts():
    frames = KANO.compute(known_of(tiny_data(feedback=TINY), "2025-04"))
    # Of May nothing is known; c1's first answer is replaced; one pair is not whole; Tray has one customer.
    (row,) = frames["features"].to_dict("records")
    assert row["feature"] == "Lamp"
    assert [row[c] for c in ALL_CATEGORIES] == [2, 0, 1, 1, 0, 1]
    assert (row["n"], row["category"], row["better"], row["worse"]) == (5, "must_be", 1 / 4, -2 / 4)
    # Scores with the feature: must-be twice, like, like, neutral; without it: dislike twice, neutral, like,
    # neutral.
    assert (row["functional_mean"], row["dysfunctional_mean"]) == ((2 + 2 + 4 + 4 + 0) / 5, (4 + 4 - 2) / 5)
    (checks,) = frames["checks"].to_dict("records")
    assert checks["answers"] == 6
    assert checks["customers"] == 5
    assert (checks["hidden_features"], checks["incomplete"], checks["replaced"]) == (1, 1, 1)
    assert frames["groups"].empty
    assert frames["tests"].empty
    for name, columns in KANO.columns.items():
        assert list(frames[name].columns) == list(columns)


def test_groups_are_shown_without_the_small_ones_and_the_one_that_would_tell_them():
    people = [("big", 8), ("middle", 6), ("next", 5), ("few", 2)]
    customers = pd.DataFrame(
        [(f"{tier}{i}", tier) for tier, n in people for i in range(n)], columns=["customer_id", "tier"]
    )
    feedback = pd.DataFrame(
        {
            "feedback_id": [f"f{i}" for i in range(len(customers))],
            "customer_id": customers["customer_id"],
            "answered_at": "2025-04-01T10:00",
            "kano_feature": "Lamp",
            "kano_functional": "1",
            "kano_dysfunctional": "5",
        }
    )
    frames = KANO.compute(known_of(tiny_data(customers=customers, feedback=feedback), "2025-04"))
    assert list(frames["groups"]["segment"]) == ["big", "middle"]
    assert frames["tests"].loc[0, "segments"] == 2
    assert np.isnan(frames["tests"].loc[0, "q"])  # all gave the same answer: nothing to compare


def test_too_few_answers_are_declined():
    with pytest.raises(Declined) as reason:
        KANO.compute(known_of(tiny_data(feedback=TINY.replace("Lamp", "Tray")), "2025-02"))
    assert reason.value.phrase.values == {"least": 5}
    assert "5 customers" in reason.value.phrase.say("en")
