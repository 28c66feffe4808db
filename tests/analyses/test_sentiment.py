"""Sentiment: counts by hand, the correction with errors that are known, and that no text comes out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmreport.analyses.analysis import Declined, Frames, Known
from crmreport.analyses.voices.polarity import UNREAD
from crmreport.analyses.voices.polarity_measured import (
    MEASURED,
    OWN,
    Measured,
    accuracy,
    corrected,
    measured_by_scores,
    used_for,
)
from crmreport.analyses.voices.sentiment import SENTIMENT, _concordance, shares
from crmreport.analyses.voices.wording import CHINESE, ENGLISH
from tests.analyses.test_response_time import known_at_end
from tests.conftest import ROOT
from tests.tiny import known_of, tiny_data

ERRORS = {language: used_for(language) for language in (ENGLISH, CHINESE)}
# Of 100 negative texts 80 are found; of 300 others 30 are taken for negative.
EXACT = Measured(ENGLISH, "all", "kinds", 400, 400, 0, 100, 110, 80)


def computed(known: Known) -> Frames:
    frames = SENTIMENT.compute(known)
    assert {name: list(frame.columns) for name, frame in frames.items()} == {
        name: list(columns) for name, columns in SENTIMENT.columns.items()
    }
    return frames


def test_the_correction_by_hand():
    assert (EXACT.recall, EXACT.specificity) == (0.8, 0.9)
    # (0.24 + 0.9 - 1) / (0.8 + 0.9 - 1) = 0.2; of 100 texts 20 negative: 16 found, 8 of the 80 others too.
    true, error = corrected(np.array([24.0]), np.array([100.0]), EXACT)
    assert true[0] == pytest.approx(0.2)
    variance = 0.24 * 0.76 / 100 + 0.04 * 0.8 * 0.2 / 100 + 0.64 * 0.9 * 0.1 / 300
    assert error[0] == pytest.approx(np.sqrt(variance) / 0.7)
    # Fewer than the wrong ones alone would give.
    assert corrected(np.array([5.0]), np.array([100.0]), EXACT)[0][0] == 0


def test_the_corrected_interval_covers_the_truth():
    rng = np.random.default_rng(4)
    truth, n, hits = 0.3, 250, 0
    for _ in range(1500):
        found, wrong = rng.binomial(100, 0.8), rng.binomial(300, 0.1)
        known = Measured(ENGLISH, "all", "kinds", 400, 400, 0, 100, found + wrong, found)
        bad = rng.binomial(n, truth)
        told = rng.binomial(bad, 0.8) + rng.binomial(n - bad, 0.1)
        value, error = corrected(np.array([float(told)]), np.array([float(n)]), known)
        hits += abs(value[0] - truth) <= 1.96 * error[0]
    assert 0.93 <= hits / 1500 <= 0.97


@given(st.floats(0.01, 0.99), st.floats(0.55, 0.99), st.floats(0.55, 0.99))
def test_the_correction_undoes_known_errors(truth, recall, specificity):
    n = 1e9
    known = Measured(
        *(ENGLISH, "all", "kinds", 2 * n, 2 * n, 0, n, (recall + 1 - specificity) * n, recall * n),  # type: ignore[arg-type]
    )
    told = truth * recall + (1 - truth) * (1 - specificity)
    value, _ = corrected(np.array([told * n]), np.array([n]), known)
    assert value[0] == pytest.approx(truth, abs=1e-6)


def test_shares_leave_out_what_was_not_read_and_put_languages_together():
    rows = [
        ("a", "en", 1, 6), ("a", "en", 0, 2), ("a", "en", -1, 2), ("a", "en", UNREAD, 5), ("a", "zh", -1, 10),
        ("b", "other", UNREAD, 3),
    ]  # fmt: skip
    counts = pd.DataFrame(rows, columns=["segment", "language", "polarity", "n"])
    found = shares(counts, ["segment"], ERRORS).set_index("segment")
    assert found.loc["a", ["positive", "neutral", "negative", "unread", "n"]].tolist() == [6, 2, 12, 5, 20]
    assert found.loc["a", ["positive_share", "neutral_share", "negative_share"]].tolist() == [0.3, 0.1, 0.6]
    english = corrected(np.array([2.0]), np.array([10.0]), ERRORS[ENGLISH])[0][0]
    chinese = corrected(np.array([10.0]), np.array([10.0]), ERRORS[CHINESE])[0][0]
    assert found.loc["a", "corrected_share"] == pytest.approx((english + chinese) / 2)
    assert found.loc["b", "n"] == 0
    assert found.loc["b", ["negative_share", "low", "corrected_share"]].isna().all()


def test_the_companys_own_scores_measure_where_there_are_enough():
    rows = [
        ("en", 1, -1, 30), ("en", 2, -1, 18), ("en", 2, 0, 12), ("en", 3, -1, 99), ("en", 4, 1, 80),
        ("en", 5, -1, 10), ("en", 5, 0, 10), ("en", 5, UNREAD, 7),
        ("zh", 1, -1, 49), ("zh", 5, 1, 200),
    ]  # fmt: skip
    counts = pd.DataFrame(rows, columns=["language", "csat", "polarity", "n"])
    found = measured_by_scores(counts)
    assert found == {ENGLISH: Measured(ENGLISH, OWN, "kinds", 167, 160, 128, 60, 58, 48)}
    assert found[ENGLISH].recall == 48 / 60
    assert found[ENGLISH].specificity == 1 - 10 / 100
    upside_down = counts.assign(polarity=counts["polarity"].replace({-1: 1, 1: -1}))
    assert measured_by_scores(upside_down) == {}


def test_concordance_by_hand():
    # Satisfied: 2 positive, 1 negative; others: 1 neutral, 1 negative. Four of six pairs are won, one tied.
    assert _concordance([2, 0, 1], [0, 1, 1]) == (4 + 0.5) / 6
    assert np.isnan(_concordance([0, 0, 0], [1, 1, 1]))


def test_accuracy_says_what_the_correction_rests_on():
    frame = accuracy(MEASURED, ERRORS)
    used = frame[frame["is_used"]]
    assert list(used["language"]) == ["zh", "en"]
    assert (used["held_out"] == "kinds").all()
    assert ((frame["low"] < frame["accuracy"]) & (frame["accuracy"] < frame["high"])).all()


def feedback(rows: list[tuple[str | None, str, str | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "comment", "csat"])
    frame["feedback_id"] = [f"f{i}" for i in range(len(frame))]
    frame["answered_at"] = "2025-04-10T10:00"
    return frame


SECRET = "Zyxwv Quorum 0912-345"


def test_comments_are_counted_and_none_comes_out():
    rows = [(f"c{i}", f"Excellent service, thank you! {SECRET}", "5") for i in range(20)]
    rows += [(f"d{i}", "质量很差，非常失望", "1") for i in range(12)]
    rows += [("d1", "   ", "3"), ("d2", None, "3"), (None, "0912", "3")]
    known = known_of(tiny_data(feedback=feedback(rows)), "2025-04")
    frames = computed(known)
    whole = frames["shares"].set_index(["window", "dimension"]).loc[("year", "all")]
    assert whole[["positive", "neutral", "negative", "unread", "n", "customers"]].tolist() == [
        20,
        0,
        12,
        1,
        32,
        33,
    ]
    topics = frames["topics"].set_index("topic")
    assert topics.loc["quality", ["n", "negative"]].tolist() == [12, 12]
    assert topics.loc["service", ["n", "positive"]].tolist() == [20, 20]
    assert topics.loc["service", "mentioned_share"] == 20 / 32
    assert frames["agreement"]["negative_share"].tolist() == [1, 0]
    (checks,) = frames["checks"].to_dict("records")
    assert checks["comments"] == 33
    assert (checks["read"], checks["english"], checks["chinese"]) == (32, 20, 12)
    assert (checks["scored"], checks["concordance"]) == (32, 1)
    shown = " ".join(frame.to_csv() for frame in frames.values())
    for word in (*SECRET.split(), "失望", "Excellent"):
        assert word not in shown


def test_the_order_of_the_rows_does_not_matter():
    rows = [
        (f"c{i}", text, str(1 + i % 5))
        for i, text in enumerate(["very good", "太慢了", "ok", "late again"] * 12)
    ]
    one, other = (
        computed(known_of(tiny_data(feedback=frame), "2025-04"))
        for frame in (feedback(rows), feedback(rows).sample(frac=1, random_state=1))
    )
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[name], check_exact=True)


def test_few_comments_are_declined_and_few_customers_are_not_shown():
    with pytest.raises(Declined) as reason:
        SENTIMENT.compute(known_of(tiny_data(feedback=feedback([("c1", "good", "5")] * 29)), "2025-04"))
    assert reason.value.phrase.say("en").startswith("Only 29 comments")
    frames = computed(known_of(tiny_data(feedback=feedback([("c1", "good price", "5")] * 30)), "2025-04"))
    for name in ("trend", "topics", "agreement"):
        assert frames[name].empty


def test_the_sample_shows_the_north_and_agrees_with_its_scores():
    frames = computed(known_at_end(ROOT, "2025-10"))
    year = frames["shares"].query("window == 'year' and dimension == 'region'").set_index("segment")
    assert year["negative_share"].idxmax() == "North"
    assert frames["checks"].loc[0, "concordance"] > 0.9
    used = frames["accuracy"].query("is_used").set_index("language")
    assert used.loc["en", "text_kind"] == OWN
