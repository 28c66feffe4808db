"""Every text that a reader sees is there in each language, with the same places for figures."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from crmreport.language import LANGUAGES, SOURCE_LANGUAGE, write_period
from crmreport.periods import Calendar
from tests.messages import all_messages, read_catalogue

TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_untranslated_and_nothing_is_left_over(language: str) -> None:
    catalogue = read_catalogue(language)
    wanted = set(all_messages())
    assert sorted(text for text in wanted if not catalogue.get(text)) == []
    assert sorted(set(catalogue) - wanted) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_same_places_for_figures(language: str) -> None:
    wrong = [text for text, said in read_catalogue(language).items() if places(text) != places(said)]
    assert wrong == []


def test_chinese_uses_chinese_punctuation() -> None:
    wrong = [
        said
        for said in read_catalogue("zh_CN").values()
        if re.search(r"[\u4e00-\u9fff][,;:?!][\u4e00-\u9fff]", said)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "english", "chinese"),
    [
        ("2025-10", "October 2025", "2025年10月"),
        ("2025-Q4", "Q4 2025", "2025年第4季度"),
        ("2025-W41", "week 41 of 2025", "2025年第41周"),
        ("2025", "2025", "2025年"),
        ("2025-08-01..2025-10-31", "August to October 2025", "2025年8月至10月"),
        ("2025-11-01..2025-11-01", "1 November 2025", "2025年11月1日"),
        ("2025-11-01..2025-11-09", "1–9 November 2025", "2025年11月1日至2025年11月9日"),
    ],
)
def test_periods_are_written_as_readers_say_them(name: str, english: str, chinese: str) -> None:
    period = Calendar().period(name)
    assert write_period(period, "en") == english
    assert write_period(period, "zh_CN") == chinese
