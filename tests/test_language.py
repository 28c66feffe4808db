"""Every text that a reader sees is there in each language, with the same places for figures."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from crmreport.language import LANGUAGES, SOURCE_LANGUAGE
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
