"""Wording: the pieces of a text, English or Chinese, by which its sentiment is told."""

from __future__ import annotations

import re
from itertools import pairwise

ENGLISH = "en"
CHINESE = "zh"
OTHER = "other"
LANGUAGES = (ENGLISH, CHINESE)

_NEGATED_WORDS = 3  # how far a negation reaches, unless the clause ends before
_LONGEST = 3  # Chinese words of one to three characters, of which no dictionary is needed

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_HAN_RUN = re.compile(f"[{_HAN}]+")
_LATIN_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_ELSEWHERE = re.compile("[\u0370-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u3040-\u30ff\uac00-\ud7af]")
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|[.,;:!?()\n]+|[^\w\s]", re.IGNORECASE)
_NEGATION = re.compile(
    r"not|no|never|nothing|nobody|none|neither|nor|without|hardly|barely|cannot|.*n't|cant|dont|wont"
)
_FACES = {
    "bad": "😠😡🤬👎😞😟😢😭😤😩😫🙁☹😒😑🤮💩😖😣😔😱💔😕",
    "good": "😀😃😄😁😆😊🙂😍🥰😘👍👏🎉❤💕💖🙏😎🤗🤩✨💯😋😉👌⭐🌟",
}  # fmt: skip
_SMILEYS = ((re.compile(r"[:;=]-?[)\]D]"), " 🙂 "), (re.compile(r"[:=]'?-?[(\[]"), " 🙁 "))
_FACE_OF = {face: f"<{mood}>" for mood, faces in _FACES.items() for face in faces}


def language_of(text: str) -> str:
    """Tell a text's language by its script: ``zh``, ``en``, or ``other`` for one that is not read.

    A Chinese character counts as much as a Latin word. Of languages in Latin letters none is told from
    English; kana make a text Japanese, even between Chinese characters.
    """
    if _ELSEWHERE.search(text):
        return OTHER
    han = sum(len(run) for run in _HAN_RUN.findall(text))
    latin = len(_LATIN_WORD.findall(text.lower()))
    if not han and not latin:
        return ENGLISH if any(sign in _FACE_OF for sign in _plain(text)) else OTHER
    return CHINESE if han > latin else ENGLISH


def pieces(text: str) -> list[str]:
    """Give the pieces of a text, each once: words, pairs of words and runs of Chinese characters.

    Up to three words after a negation are marked (``not_good``), until its clause ends; faces and smileys
    are ``<good>`` or ``<bad>``.
    """
    plain = _plain(text)
    found = _of_latin(plain)
    for run in _HAN_RUN.findall(plain):
        for length in range(1, _LONGEST + 1):
            found.update(run[i : i + length] for i in range(len(run) - length + 1))
    return sorted(found)


def _plain(text: str) -> str:
    text = text.lower().replace("’", "'")
    for smiley, face in _SMILEYS:
        text = smiley.sub(face, text)
    return text


def _of_latin(text: str) -> set[str]:
    found: set[str] = set()
    words: list[str] = []
    reach = 0
    for token in _TOKEN.findall(text):
        if token in _FACE_OF:
            found.add(_FACE_OF[token])
        elif not token[0].isalpha():
            found.update(sign for sign in "!?" if sign in token)
            words.append("|")
            reach = 0 if token != "'" else reach
        else:
            found.add(f"not_{token}" if reach else token)
            words.append(token)
            reach = _NEGATED_WORDS if _NEGATION.fullmatch(token) else max(reach - 1, 0)
            if token == "but":
                reach = 0
    found.update(f"{a} {b}" for a, b in pairwise(words) if "|" not in (a, b))
    return found
