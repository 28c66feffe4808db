"""Sentiment columns: what the columns of the sentiment's frames mean."""

from __future__ import annotations

from crmreport.language import _t

_COUNTS = {
    "n": _t("Comments that were read"),
    "customers": _t("Customers who wrote them; a comment of nobody known counts as one customer"),
    "unread": _t("Comments without any known word, in no share"),
    "positive": _t("Comments told positive"),
    "neutral": _t("Comments told neutral"),
    "negative": _t("Comments told negative"),
}
_SHARES = {
    "positive_share": _t("Share told positive"),
    "neutral_share": _t("Share told neutral"),
    "negative_share": _t("Share told negative"),
    "low": _t("Lower end of its interval, 95 %, as if all were told rightly"),
    "high": _t("Upper end of its interval, 95 %, as if all were told rightly"),
    "corrected_share": _t("Share of negative comments, corrected for the errors that accuracy marks as used"),
    "corrected_low": _t("Lower end of its interval, 95 %, with the uncertainty of the correction"),
    "corrected_high": _t("Upper end of its interval, 95 %, with the uncertainty of the correction"),
    "is_small": _t("Whether fewer than 30 comments were read"),
}

SHARES = {
    "window": _t("period: the period itself; year: the 365 days up to its end"),
    "dimension": _t("Dimension by which the comments are split"),
    "segment": _t("Segment of the dimension"),
    **_COUNTS,
    **_SHARES,
}

TREND = {
    "period": _t("Key of the period"),
    "start": _t("First day of the period"),
    **_COUNTS,
    **_SHARES,
}

AGREEMENT = {
    "score": _t("Satisfaction on the same survey, 1 to 5"),
    "n": _t("Comments that were read"),
    "customers": _t("Customers who wrote them; a comment of nobody known counts as one customer"),
    "positive": _t("Comments told positive"),
    "neutral": _t("Comments told neutral"),
    "negative": _t("Comments told negative"),
    "negative_share": _t("Share told negative"),
    "low": _t("Lower end of its interval, 95 %"),
    "high": _t("Upper end of its interval, 95 %"),
    "is_small": _t("Whether fewer than 30 comments were read"),
}

TOPICS = {
    "topic": _t("Topic, told by a fixed list of words; a comment may have several or none"),
    "n": _t("Comments that name it"),
    "customers": _t("Customers who wrote them"),
    "mentioned_share": _t("Share of all comments that name it"),
    "positive": _t("Of those, told positive"),
    "negative": _t("Of those, told negative"),
    "negative_share": _t("Share of them told negative"),
    "low": _t("Lower end of its interval, 95 %"),
    "high": _t("Upper end of its interval, 95 %"),
    "is_small": _t("Whether fewer than 30 comments name it"),
}

ACCURACY = {
    "language": _t("en: English, zh: Chinese"),
    "text_kind": _t("Kind of labelled text; own_comments: the company's, labelled by their scores"),
    "held_out": _t("texts: trained on others of the same kind; kinds: trained on other kinds only"),
    "texts": _t("Labelled texts"),
    "read": _t("Those with known words, of which the figures are"),
    "accuracy": _t("Share told as the label says"),
    "low": _t("Lower end of its interval, 95 %"),
    "high": _t("Upper end of its interval, 95 %"),
    "precision": _t("Share of those told negative that are"),
    "recall": _t("Share of the negative that are told so: the sensitivity"),
    "specificity": _t("Share of the others that are not told negative"),
    "is_used": _t("Whether the correction of the shares rests on it"),
    "source": _t("Where the labelled texts come from"),
}

CHECKS = {
    "comments": _t("Comments written in the year"),
    "read": _t("Those with known words"),
    "english": _t("Those in English, or in another language in Latin letters"),
    "chinese": _t("Those in Chinese"),
    "customers": _t("Customers who wrote them; a comment of nobody known counts as one customer"),
    "scored": _t("Those read that come with a satisfaction score"),
    "concordance": _t(
        "Chance that of two comments, one with a score of 4 or 5 and one below, the first is told more "
        "positive; ties count half, 0.5 is no agreement"
    ),
}
