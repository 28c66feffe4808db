"""Wording: which pieces a text is cut into, and in which language it is taken to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmreport.analyses.voices.topics import TITLES, topics_of
from crmreport.analyses.voices.wording import language_of, pieces


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The fitter was late", "en"),
        ("送货太慢了", "zh"),
        ("客服 said ok", "en"),  # two characters, two words: Latin letters decide
        ("客服很好 ok", "zh"),
        ("👍", "en"),
        (":-)", "en"),
        ("12345", "other"),
        ("", "other"),
        ("Очень плохо", "other"),
        ("とても良い", "other"),  # kana: Japanese
        ("좋아요", "other"),
    ],
)
def test_the_script_tells_the_language(text, language):
    assert language_of(text) == language


def test_words_and_pairs_within_a_clause():
    assert pieces("Fast, friendly staff!") == ["!", "fast", "friendly", "friendly staff", "staff"]


def test_a_negation_reaches_three_words_of_its_clause():
    found = pieces("not a very good chair, bad")
    assert {"not", "not_a", "not_very", "not_good", "chair", "bad"} <= set(found)
    assert not {"good", "not_chair", "not_bad"} & set(found)
    assert "not_quick" in pieces("It isn’t quick")
    assert {"not_cheap", "good"} <= set(pieces("not cheap but good"))


def test_chinese_is_cut_into_runs_of_one_to_three():
    assert set(pieces("不太好")) == {"不", "太", "好", "不太", "太好", "不太好"}
    assert "慢质" not in pieces("慢,质量")


def test_faces_and_smileys_are_moods():
    assert pieces("👍👍") == pieces(":)") == ["<good>"]
    assert "<bad>" in pieces("Late again :-(")
    assert "<bad>" in pieces("又晚了😡")


@given(st.text(max_size=200))
def test_any_text_can_be_cut(text):
    found = pieces(text)
    assert found == sorted(set(found))
    assert language_of(text) in ("en", "zh", "other")
    assert set(topics_of(text)) <= set(TITLES)


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("The parcel arrived late", {"delivery", "waiting"}),
        ("Far too EXPENSIVE", {"price"}),
        ("送货师傅很耐心，价格也便宜", {"delivery", "service", "price"}),
        ("The app crashes at checkout", {"digital"}),
        ("Lovely", set()),
        ("The apple plate", set()),
    ],
)
def test_topics_by_their_words(text, topics):
    assert set(topics_of(text)) == topics
