"""Vocabulary: how surely a heading is one by which a column of the contract is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from rapidfuzz import fuzz

from crmreport.connecting.words import is_chinese, is_sentence, likeness_key, words_of
from crmreport.language import _t

SURE = 0.7  # headings of this confidence or more tell what a file is; of less, they only fit


class Why(StrEnum):
    """What a column was known by."""

    NAME = _t("same name")
    HEADING = _t("known heading")
    PRESET = _t("heading of the preset")
    WEAK = _t("general heading")
    ALIKE = _t("alike")
    WORDS = _t("words of the question")
    VALUES = _t("its values")
    NUMBERED = _t("rows are numbered")
    CONSTANT = _t("assumed for all rows")
    COMPUTED = _t("computed")


@dataclass(frozen=True)
class Likeness:
    """How surely a heading is a column's: 0 to 1, and why."""

    confidence: float
    why: Why


_NONE = Likeness(0.0, Why.WEAK)
_CONFIDENCE = {Why.NAME: 1.0, Why.HEADING: 0.95, Why.WORDS: 0.7, Why.WEAK: 0.6}
_FUZZY_LEAST = 88.0  # of 100: one letter of eight may differ
_MOST_WORDS_MORE = 2


def likeness(table: str, column: str, heading: str) -> Likeness:
    """Say how surely a heading is that of a column."""
    key = likeness_key(heading)
    if key == likeness_key(column):
        # `date`, `type` and the like name a column, yet say little.
        return Likeness(1.0, Why.NAME)
    if is_sentence(heading):
        return _by_words(table, column, heading)
    known = _known(table, column)
    if key in known:
        return _of(Why.WEAK if key in _weak() else Why.HEADING, known[key])
    return _alike(heading, tuple(known))


def updated_headings() -> frozenset[tuple[str, ...]]:
    """Give the likeness keys of the headings under which a log says when a row was written."""
    return frozenset(likeness_key(heading) for heading in _read()["updated"])


def currency_headings() -> frozenset[tuple[str, ...]]:
    """Give the likeness keys of the headings under which a row says its currency."""
    return frozenset(likeness_key(heading) for heading in _read()["currency"])


def _of(why: Why, place: int = 0) -> Likeness:
    """Give less for a later one of a column's headings: of two in one file, the earlier is meant."""
    return Likeness(round(_CONFIDENCE[why] - min(place, 50) * 0.001, 3), why)


def _by_words(table: str, column: str, heading: str) -> Likeness:
    phrases = _read()["questions"].get(table, {}).get(column, ())
    return _of(Why.WORDS) if any(phrase in heading.casefold() for phrase in phrases) else _NONE


def _alike(heading: str, known: tuple[tuple[str, ...], ...]) -> Likeness:
    """Compare with headings that are nearly the same, or of which this one has all the words and few more."""
    best = 0.0
    words = set(likeness_key(heading))
    joined = " ".join(sorted(words))
    for key in known:
        if key in _weak() or (len(key) == 1 and not is_chinese(key[0]) and len(key[0]) < 6):
            continue
        ratio = fuzz.ratio(joined, " ".join(key))
        if ratio >= _FUZZY_LEAST:
            best = max(best, 0.8 * ratio / 100)
        has_all = len(key) > 1 and set(key) < words and len(words) - len(key) <= _MOST_WORDS_MORE
        if has_all or (is_chinese(joined) and len(key[0]) >= 3 and key[0] in joined):
            best = max(best, 0.72)
    return Likeness(round(best, 3), Why.ALIKE) if best else _NONE


@cache
def _known(table: str, column: str) -> dict[tuple[str, ...], int]:
    known = _read()["columns"].get(table, {}).get(column, ())
    places: dict[tuple[str, ...], int] = {}
    for place, heading in enumerate(known):
        places.setdefault(likeness_key(heading), place)
    return places


@cache
def _weak() -> frozenset[tuple[str, ...]]:
    return frozenset(likeness_key(heading) for heading in _read()["weak"])


def is_weak(heading: str) -> bool:
    """Say whether a heading says little without the rest of its file."""
    return likeness_key(heading) in _weak() or len(words_of(heading)) == 0


@cache
def _read() -> dict[str, Any]:
    text = files("crmreport.connecting").joinpath("headings.yml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content
