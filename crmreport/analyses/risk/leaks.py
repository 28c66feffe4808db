"""Churn leaks: features that tell the outcome too well to have been known before it."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from crmreport.analyses.risk.quality import area
from crmreport.language import _t
from crmreport.metrics.intervals import Array

HIGHEST_AUC = 0.95
FEWEST = 30
_CHANCE = 0.001
_MOST_VALUES = 10  # of a number; with more, the ends of its range are judged
MISSING = "missing"

COLUMNS = ("feature", "auc", "value", "n", "churned", "status")
STATUS_TITLES: dict[str, str] = {
    "ok": _t("No sign of a leak"),
    "late": _t("Recorded after the day of the prediction: left out"),
    "excluded": _t("Tells the outcome too well: left out"),
    "declared": _t("Tells the outcome very well, but comes from before: kept"),
}


def leaks(
    features: pd.DataFrame,
    outcome: Array,
    known_before: Collection[str] = (),
    recorded_late: Collection[str] = (),
) -> pd.DataFrame:
    """Look for features that leak the outcome.

    `outcome`: 1 or 0 per row. A feature leaks if it alone has an area under the ROC curve above 0.95 (of a
    category: the order by its share), or if all or none of the rows of one of its values churned where
    there are at least 30 of them and chance would give that less than once in a thousand, all values taken
    together; missing is a value. Of a number of more than ten values the ends of its range are looked at.
    `known_before`: features of dated rows, all of before the day of the prediction, which nothing of later
    can be in; such a value is declared, not excluded. `recorded_late`: features whose rows are not, which
    are excluded whatever they tell; see `recorded_after`.

    Columns: `feature`; `auc`; `value`: the one that tells most, "" if none does; `n`: its rows; `churned`:
    the share of them that did; `status`: see `STATUS_TITLES`. In the order of the features.
    """
    found = []
    for name in features.columns:
        column = features[name]
        auc = _area(column, outcome)
        value, n, churned = _telling_value(column, outcome)
        status = "ok"
        if name in recorded_late:
            status = "late"
        elif auc > HIGHEST_AUC:
            status = "excluded"
        elif value:
            status = "declared" if name in known_before else "excluded"
        found.append((name, auc, value, n, churned, status))
    return pd.DataFrame(found, columns=list(COLUMNS)).astype({"n": "int64"})


def recorded_after(recorded_at: pd.DataFrame, cutoff: pd.Timestamp) -> list[str]:
    """Name the features of which a value was recorded on the day of the prediction or later.

    `recorded_at`: for each feature, when each row's value was recorded; missing where it has none.
    """
    return [str(name) for name in recorded_at.columns if (recorded_at[name].dropna() >= cutoff).any()]


def _values(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), MISSING).astype(str)


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _area(column: pd.Series, outcome: Array) -> float:
    """Give the feature's area, turned so that it is at least one half; a half where nothing can be said."""
    if _is_number(column):
        known = column.notna().to_numpy()
        score, target = column.to_numpy(dtype=float)[known], outcome[known]
    else:
        values = _values(column)
        counts = values.map(values.value_counts())
        # A share of a few rows follows their outcome by itself.
        values = values.where(counts >= FEWEST, "")
        score = pd.Series(outcome, index=values.index).groupby(values).transform("mean").to_numpy()
        target = outcome
    if len(np.unique(target)) < 2:
        return 0.5
    of_feature = area(target, score)
    return max(of_feature, 1 - of_feature)


def _telling_value(column: pd.Series, outcome: Array) -> tuple[str, int, float]:
    """Find the value, or the end of a number's range, whose rows all have one outcome; that of most rows."""
    is_range = _is_number(column) and column.nunique() > _MOST_VALUES
    # Of a range, whether it is missing may tell, too.
    values = column.isna().map({True: MISSING, False: ""}) if is_range else _values(column)
    by_value = _counted(values, outcome)
    by_value = by_value[by_value.index != ""]
    if is_range:
        by_value = pd.concat([by_value, _ends(column, outcome)])
    share = float(outcome.mean())
    chance = np.where(by_value["mean"] == 1, share, np.where(by_value["mean"] == 0, 1 - share, 1.0))
    improbable = chance ** by_value["size"].to_numpy() < _CHANCE / max(len(by_value), 1)
    telling = by_value[(by_value["size"] >= FEWEST) & improbable]
    if telling.empty:
        return "", 0, float("nan")
    best = telling.sort_values("size", ascending=False, kind="stable").iloc[0]
    return str(best.name), int(best["size"]), float(best["mean"])


def _counted(values: pd.Series, outcome: Array) -> pd.DataFrame:
    """Give the rows of each value that is known, and the share of them with the outcome, sorted by value."""
    places, kinds = pd.factorize(values, sort=True)
    known = places >= 0
    size = np.bincount(places[known], minlength=len(kinds))
    mean = np.bincount(places[known], outcome[known], len(kinds)) / size
    return pd.DataFrame({"size": size, "mean": mean}, index=kinds)


def _ends(column: pd.Series, outcome: Array) -> pd.DataFrame:
    """Count the rows from the lowest and from the highest number on that have the outcome of the first."""
    by_number = _counted(column, outcome)
    ends = []
    for sign, ordered in (("<=", by_number), (">=", by_number[::-1])):
        same = (ordered["mean"] == ordered["mean"].iloc[0]) & ordered["mean"].isin([0, 1])
        run = ordered[same.cummin()]
        if len(run):
            # Rounded, since the exact number is one customer's.
            edge = f"{float(f'{run.index[-1]:.2g}'):g}"
            ends.append((f"{sign} {edge}", int(run["size"].sum()), float(run["mean"].iloc[0])))
    return pd.DataFrame(ends, columns=["value", "size", "mean"]).set_index("value")
