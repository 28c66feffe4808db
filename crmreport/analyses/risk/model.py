"""Churn models: from what was known of customers to the probability that they churn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmreport.language import _t
from crmreport.metrics.intervals import Array

TITLES: dict[str, str] = {
    "base_rate": _t("The same probability for all"),
    "recency": _t("Days since the last order alone"),
    "tenure": _t("Days as a customer alone"),
    "gradient_boosting": _t("All features (gradient boosting)"),
}
_FEWEST_OF_LEVEL = 20
_MOST_LEVELS = 200  # the library takes up to 255


@dataclass(frozen=True)
class Model:
    """A fitted model: its name (see `TITLES`), and the features that it looks at.

    `encoded` makes numbers of customers, a column per feature, and `predicted` probabilities of these.
    """

    name: str
    features: tuple[str, ...]
    encoded: Callable[[pd.DataFrame], Array]
    predicted: Callable[[Array], Array]

    def probabilities(self, rows: pd.DataFrame) -> Array:
        """Give the customers' probabilities."""
        return self.predicted(self.encoded(rows))


def base_rate(rows: pd.DataFrame) -> Model:
    """Give the share that churned among `rows` to everybody."""
    share = float(rows["churned"].mean())
    return Model("base_rate", (), lambda r: np.empty((len(r), 0)), lambda x: np.full(len(x), share))


def of_days(rows: pd.DataFrame, name: str, feature: str) -> Model:
    """Fit a logistic regression on the logarithm of one feature, in days; the missing get the median."""
    from sklearn.linear_model import LogisticRegression

    middle = float(rows[feature].median())

    def encoded(given: pd.DataFrame) -> Array:
        days = np.maximum(given[feature].fillna(middle).to_numpy(dtype=float), 0)
        return np.asarray(np.log1p(days)).reshape(-1, 1)

    fitted = LogisticRegression(C=np.inf).fit(encoded(rows), rows["churned"])
    return Model(name, (feature,), encoded, lambda x: np.asarray(fitted.predict_proba(x)[:, 1]))


def gradient_boosting(rows: pd.DataFrame, features: tuple[str, ...]) -> Model:
    """Fit gradient-boosted trees (Friedman 2001, Annals of Statistics 29(5)), with fixed settings.

    What is missing and what is a category is understood as such; a category's level of fewer than 20 rows,
    or not there before, is as missing.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    levels = {f: _levels(rows[f]) for f in features if not pd.api.types.is_numeric_dtype(rows[f])}

    def encoded(given: pd.DataFrame) -> Array:
        columns = [given[f].map(levels[f]) if f in levels else given[f] for f in features]
        return np.column_stack([column.to_numpy(dtype=float) for column in columns])

    trees = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=120,
        max_leaf_nodes=8,
        min_samples_leaf=40,
        l2_regularization=1.0,
        categorical_features=[f in levels for f in features],
        early_stopping=False,
        random_state=0,
    )
    with threadpool_limits(1):  # so that sums are always made in one order
        trees.fit(encoded(rows), rows["churned"])
    return Model("gradient_boosting", features, encoded, lambda x: np.asarray(trees.predict_proba(x)[:, 1]))


def _levels(column: pd.Series) -> dict[str, int]:
    counts = column.value_counts()
    kept = counts[counts >= _FEWEST_OF_LEVEL].sort_index().sort_values(ascending=False, kind="stable")
    return {level: code for code, level in enumerate(sorted(kept.index[:_MOST_LEVELS]))}
