"""Churn drivers: which features the prediction rests on, and which of them put a customer at risk."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmreport.analyses.risk.model import Model
from crmreport.analyses.risk.quality import area
from crmreport.analyses.risk.training import SEED
from crmreport.metrics.intervals import Array, Z

Places = npt.NDArray[np.int64]

_CORRELATED = 0.7
_REPEATS = 10
_MOST_ROWS = 2_000
_CLEAR = 0.1  # of a rank correlation; below that a feature's effect has no one direction

COLUMNS = ("driver", "features", "importance", "low", "high", "direction", "highest")


def feature_groups(rows: pd.DataFrame, features: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Put numbers together whose rank correlation is at least 0.7, directly or through others.

    One alone of such a group is not missed when it is permuted, since the others tell the same.
    """
    numbers = [f for f in features if pd.api.types.is_numeric_dtype(rows[f])]
    correlations = rows[numbers].corr(method="spearman").abs() >= _CORRELATED
    groups: list[list[str]] = []
    for feature in features:
        near = [g for g in groups if feature in numbers and any(_near(correlations, feature, f) for f in g)]
        merged = [f for g in near for f in g] + [feature]
        groups = [g for g in groups if g not in near] + [merged]
    return [tuple(f for f in features if f in g) for g in groups]


def _near(correlations: pd.DataFrame, one: str, other: str) -> bool:
    return other in correlations.columns and bool(correlations.loc[one, other])


def drivers(rows: pd.DataFrame, model: Model, smallest_group: int) -> pd.DataFrame:
    """Measure how much worse the model ranks customers when it does not know a group of features.

    `rows`: customers whom the model has not seen, with `churned`; up to 2,000 of them are drawn. Permutation
    importance (Breiman 2001, Machine Learning 45(1)), of correlated features together, on 10 samples drawn
    with replacement. Columns: `driver`, the group's first feature; `features`, all of them, separated by
    spaces; `importance`, the area under the ROC curve that is lost, with its 95 % interval `low` to `high`;
    `direction`: ``raises``, ``lowers`` or ``mixed`` as the first feature's number goes with the probability,
    ``category`` for a category; `highest`, the category of the highest mean probability, of at least
    `smallest_group` customers. The most important first.
    """
    random = np.random.default_rng(SEED)
    if len(rows) > _MOST_ROWS:
        rows = rows.iloc[np.sort(random.choice(len(rows), _MOST_ROWS, replace=False))]
    rows = rows.reset_index(drop=True)
    outcome = rows["churned"].to_numpy(dtype=float)
    numbers = model.encoded(rows)
    probabilities = model.predicted(numbers)
    groups = feature_groups(rows, model.features)
    samples, shuffled = [], []
    for _ in range(_REPEATS):
        drawn = random.integers(0, len(rows), len(rows))
        if outcome[drawn].min() != outcome[drawn].max():
            samples.append(drawn)
            shuffled.append([drawn[random.permutation(len(drawn))] for _ in groups])
    whole = [area(outcome[drawn], probabilities[drawn]) for drawn in samples]
    lost: dict[tuple[str, ...], list[float]] = {}
    for place, group in enumerate(groups):
        others = [of_groups[place] for of_groups in shuffled]
        columns = [model.features.index(f) for f in group]
        predicted = _with_values_of(model, numbers, columns, np.array(samples), np.array(others))
        lost[group] = [
            of_whole - area(outcome[drawn], without)
            for of_whole, drawn, without in zip(whole, samples, predicted, strict=True)
        ]
    found = []
    for group, losses in lost.items():
        mean = float(np.mean(losses))
        half = Z * float(np.std(losses, ddof=1))
        direction, highest = _direction(rows[group[0]], probabilities, smallest_group)
        found.append((group[0], " ".join(group), mean, mean - half, mean + half, direction, highest))
    frame = pd.DataFrame(found, columns=list(COLUMNS))
    return frame.sort_values(["importance", "driver"], ascending=[False, True], ignore_index=True)


def _with_values_of(model: Model, numbers: Array, columns: list[int], drawn: Places, others: Places) -> Array:
    """Predict for the rows `drawn`, with what `others` have in some columns, each different row once.

    Of a feature with few values most rows come up again and again, and predicting is what takes time.
    """
    codes = np.unique(numbers[:, columns], axis=0, return_inverse=True, equal_nan=True)[1].reshape(-1)
    pairs = drawn * len(codes) + codes[others]
    _, first, places = np.unique(pairs, return_index=True, return_inverse=True)
    changed = numbers[drawn.reshape(-1)[first]]
    changed[:, columns] = numbers[others.reshape(-1)[first]][:, columns]
    predicted: Array = model.predicted(changed)[places.reshape(drawn.shape)]
    return predicted


def _direction(column: pd.Series, probabilities: Array, smallest_group: int) -> tuple[str, str]:
    if pd.api.types.is_numeric_dtype(column):
        pair = pd.DataFrame({"feature": column, "probability": probabilities}).dropna()
        if pair["feature"].nunique() < 2 or pair["probability"].nunique() < 2:
            return "mixed", ""
        correlation = float(pair.corr(method="spearman").iloc[0, 1])
        return ("mixed" if abs(correlation) < _CLEAR else "raises" if correlation > 0 else "lowers"), ""
    by_level = pd.Series(probabilities).groupby(column.reset_index(drop=True)).agg(["size", "mean"])
    large = by_level.loc[by_level["size"] >= smallest_group, "mean"]
    return "category", "" if large.empty else str(large.idxmax())


def reasons(rows: pd.DataFrame, model: Model, typical: pd.DataFrame) -> pd.DataFrame:
    """Name the two groups of features without which each customer's probability would fall most.

    Without means with the usual values of `typical`: the median, or the most frequent category. Columns:
    `reason_1`, `reason_2`, a driver's name (see `drivers`); "" where none raises the probability.
    """
    groups = feature_groups(typical, model.features)
    numbers = model.encoded(rows)
    usual = _usual(model.encoded(typical), typical, model.features)
    own = model.predicted(numbers)
    without = np.tile(numbers, (len(groups), 1, 1))
    for of_group, group in zip(without, groups, strict=True):
        columns = [model.features.index(f) for f in group]
        of_group[:, columns] = usual[columns]
    # All at once: the library takes longer to begin than to predict.
    raised = own[:, None] - model.predicted(without.reshape(-1, numbers.shape[1])).reshape(len(groups), -1).T
    order = np.argsort(-raised, axis=1, kind="stable")
    names = np.array([g[0] for g in groups] + [""], dtype=object)
    found = {}
    for place, column in enumerate(("reason_1", "reason_2")):
        chosen = order[:, place] if place < len(groups) else np.full(len(rows), len(groups))
        has_risen = np.column_stack([raised, np.zeros(len(rows))])[np.arange(len(rows)), chosen] > 0
        found[column] = names[np.where(has_risen, chosen, len(groups))]
    return pd.DataFrame(found, index=rows.index)


def _usual(numbers: Array, typical: pd.DataFrame, features: tuple[str, ...]) -> Array:
    usual = np.full(len(features), np.nan)
    for place, feature in enumerate(features):
        known = numbers[:, place][np.isfinite(numbers[:, place])]
        if not len(known):
            continue
        if pd.api.types.is_numeric_dtype(typical[feature]):
            usual[place] = np.median(known)
        else:
            codes, counts = np.unique(known, return_counts=True)
            usual[place] = codes[counts.argmax()]
    return usual
