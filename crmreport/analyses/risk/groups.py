"""Churn groups: how many customers, and how much revenue, each part of the company may lose."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmreport.language import _t
from crmreport.metrics.intervals import Array, Z, wilson
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
    places, segments = pd.factorize(now["segment"], sort=True)
    p, revenue = now["probability"].to_numpy(dtype=float), now["revenue"].to_numpy(dtype=float)
    found = pd.DataFrame(
        {"segment": segments.astype("str"), "customers": np.bincount(places, minlength=len(segments))}
    )
    customers = found["customers"].to_numpy()
    losses = _summed(p, places, segments)
    half = Z * np.sqrt(_summed(p * (1 - p), places, segments))
    # Where no amount is known there is no revenue of 0.
    has_amount = np.bincount(places, ~np.isnan(revenue), len(segments)) > 0
    found = found.assign(
        risk=losses / customers,
        expected_losses=losses,
        revenue=np.where(has_amount, _summed(np.nan_to_num(revenue), places, segments), np.nan),
        revenue_at_risk=np.where(has_amount, _summed(np.nan_to_num(p * revenue), places, segments), np.nan),
        low=np.maximum(losses - half, 0),
        high=np.minimum(losses + half, customers),
    )
    earlier = pd.Index(segments).get_indexer(before["segment"])
    tested, earlier = before[earlier >= 0], earlier[earlier >= 0]
    expected = tested["expected"].to_numpy(dtype=float)
    n = np.bincount(earlier, minlength=len(segments)).astype(float)
    came = _summed(tested["churned"].to_numpy(dtype=float), earlier, segments)
    low, high = wilson(np.where(n > 0, came, np.nan), n)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = came - _summed(expected, earlier, segments)
        return found.assign(
            dimension=dimension,
            validated_n=n.astype("int64"),
            validated_predicted=_summed(tested["probability"].to_numpy(), earlier, segments) / n,
            validated_observed=came / n,
            validated_low=low,
            validated_high=high,
            deviation=deviation / np.sqrt(_summed(expected * (1 - expected), earlier, segments)),
        )


def _summed(values: Array, places: npt.NDArray[np.int64], segments: pd.Index) -> Array:
    return np.bincount(places, values, len(segments)).astype(float)
