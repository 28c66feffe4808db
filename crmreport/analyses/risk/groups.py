"""Churn groups: how many customers, and how much revenue, each part of the company may lose."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmreport.language import _t
from crmreport.metrics.intervals import Z, wilson
from crmreport.segments import ALL, UNKNOWN

MERGED = "merged"  # the segment of those that are too small, or too many, to be shown each
_MOST_SEGMENTS = 30
_MOST_PROBABLE = 0.999

COLUMNS = (
    *("dimension", "segment", "customers", "risk", "expected_losses", "low", "high"),
    *("revenue", "revenue_at_risk", "validated_n", "validated_predicted", "validated_observed"),
    *("validated_low", "validated_high", "surprise"),
)
SURPRISES: dict[str, str] = {
    "more": _t("More churned than the test predicted"),
    "fewer": _t("Fewer churned than the test predicted"),
    "": _t("As predicted, or not to be told from chance"),
}
_FALSE = 0.05  # of the surprises that are shown, the share that may be chance


def groups(
    today: pd.DataFrame, validated: pd.DataFrame, dimensions: tuple[str, ...], minimum_cell: int
) -> pd.DataFrame:
    """Sum what is expected, by segment, and set beside it what was predicted before and what came.

    `today`: the customers to predict, `validated`: those of the validation, each with the dimensions,
    `probability`, and `revenue` or `churned`. Columns: `dimension`, `segment` ("all", "all" for the whole
    company; ``merged`` for segments of fewer than `minimum_cell` customers, or beyond the 30 largest);
    `customers`; `risk`, mean probability; `expected_losses`, sum of the probabilities, with the interval
    `low` to `high` in which 95 % of outcomes fall if they are right; `revenue`, of the last window, and
    `revenue_at_risk`, each customer's weighted with the probability; of the validation: customers, mean
    probability, and the share that churned with its 95 % interval; `surprise`: ``more`` or ``fewer`` where
    that differs from the prediction by more than chance (false discovery rate of 5 %, Benjamini & Hochberg
    1995, Journal of the Royal Statistical Society B 57(1)), for segments beyond what the whole company does.
    """
    # By the same factor for all, so that a segment stands out from the rest.
    factor = validated["churned"].sum() / validated["probability"].sum()
    level = validated.assign(expected=np.minimum(validated["probability"] * factor, _MOST_PROBABLE))
    whole = validated.assign(segment=ALL, expected=validated["probability"])
    parts = [_of_dimension(today.assign(segment=ALL), whole, ALL)]
    for dimension in dimensions:
        now = today.assign(segment=_segments(today[dimension]))
        before = level.assign(segment=_segments(validated[dimension]))
        merged = _small(now["segment"], before["segment"], minimum_cell)
        kept = set(now["segment"]) - merged
        if not kept:
            continue
        parts.append(_of_dimension(_merge(now, kept), _merge(before, kept), dimension))
    found = pd.concat(parts, ignore_index=True)
    return found.assign(surprise=_surprises(found["deviation"]))[list(COLUMNS)]


def _surprises(deviations: pd.Series) -> pd.Series:
    """Name the deviations, in standard errors, that are more than chance."""
    from scipy import stats

    surprises = pd.Series("", index=deviations.index)
    known = deviations[np.isfinite(deviations)]
    if len(known):
        chances = stats.false_discovery_control(2 * stats.norm.sf(known.abs()))
        found = known[chances < _FALSE]
        surprises[found.index] = np.where(found > 0, "more", "fewer")
    return surprises


def _segments(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), UNKNOWN)


def _small(now: pd.Series, before: pd.Series, minimum_cell: int) -> set[str]:
    """Name the segments to merge: small ones, and as many of the next as hide these in a sum."""
    counts = pd.DataFrame({"now": now.value_counts(), "before": before.value_counts()}).fillna(0)
    counts = counts.rename_axis("segment").reset_index().sort_values(["now", "segment"], ignore_index=True)
    sizes = counts[["now", "before"]]
    is_small = ((sizes > 0) & (sizes < minimum_cell)).any(axis=1) | (counts["now"] == 0)
    is_small |= counts.index < len(counts) - _MOST_SEGMENTS
    merged = list(counts.loc[is_small, "segment"])
    rest = list(counts.loc[~is_small, "segment"])
    while merged and rest:
        of_merged = sizes[counts["segment"].isin(merged)].sum()
        if not ((of_merged > 0) & (of_merged < minimum_cell)).any():
            break
        merged.append(rest.pop(0))
    return set(merged)


def _merge(rows: pd.DataFrame, kept: set[str]) -> pd.DataFrame:
    return rows.assign(segment=rows["segment"].where(rows["segment"].isin(kept), MERGED))


def _of_dimension(now: pd.DataFrame, before: pd.DataFrame, dimension: str) -> pd.DataFrame:
    p = now["probability"]
    weighed = now.assign(spread=p * (1 - p), at_risk=p * now["revenue"]).groupby("segment")
    found = weighed.agg(
        customers=("probability", "size"),
        risk=("probability", "mean"),
        expected_losses=("probability", "sum"),
        spread=("spread", "sum"),
    )
    # Where no amount is known there is no revenue of 0.
    found["revenue"] = weighed["revenue"].sum(min_count=1)
    found["revenue_at_risk"] = weighed["at_risk"].sum(min_count=1)
    half = Z * np.sqrt(found["spread"])
    found["low"] = np.maximum(found["expected_losses"] - half, 0)
    found["high"] = np.minimum(found["expected_losses"] + half, found["customers"])
    expected = before["expected"]
    came = (
        before.assign(spread=expected * (1 - expected))
        .groupby("segment")
        .agg(
            expected=("expected", "sum"),
            expected_spread=("spread", "sum"),
            validated_n=("churned", "size"),
            validated_predicted=("probability", "mean"),
            validated_observed=("churned", "mean"),
        )
    )
    found = found.join(came)
    found["validated_n"] = found["validated_n"].fillna(0).astype("int64")
    n = found["validated_n"].to_numpy(dtype=float)
    more = found["validated_observed"] * n - found["expected"]
    found["deviation"] = more / np.sqrt(found["expected_spread"])
    low, high = wilson(found["validated_observed"].to_numpy(dtype=float) * n, n)
    found = found.assign(validated_low=low, validated_high=high, dimension=dimension)
    return found.sort_index().reset_index()
