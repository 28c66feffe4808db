"""Churn training: from which days to learn, which model to use, and what to fit it to in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmreport.analyses.risk.model import Model, base_rate, gradient_boosting, of_days
from crmreport.analyses.risk.quality import auc_gain
from crmreport.metrics.intervals import Array

SEED = 20_230_501
MOST_CUTOFFS = 4
MOST_ROWS = 200_000


@dataclass(frozen=True)
class Cutoffs:
    """The days from which is predicted: `today`, the one of the validation, and those of the training."""

    today: date
    validation: date
    training: tuple[date, ...]


def cutoffs(first_day: date, end: date, days: int) -> Cutoffs:
    """Choose the days from which to learn, to validate and to predict, `days` apart, so that none overlap.

    Outcomes take `days` to be known: the validation begins `days` before the `end` of the data, and the
    training's last window ends where it begins. Before each of up to four days of training two windows must
    be known. ValueError if none is.
    """
    apart = timedelta(days=days)
    validation = end - apart
    training = tuple(
        day for n in range(1, MOST_CUTOFFS + 1) if (day := validation - n * apart) - 2 * apart >= first_day
    )
    if not training:
        raise ValueError(f"the days from {first_day} to {end} hold fewer than four windows of {days}")
    return Cutoffs(end, validation, training)


@dataclass(frozen=True)
class Tested:
    """What the validation says: the models by their names, with their probabilities; the one that is used."""

    models: dict[str, Model]
    probabilities: dict[str, Array]
    used: str
    simple: str
    gain: tuple[float, float, float]


def tested(training: pd.DataFrame, validation: pd.DataFrame, features: tuple[str, ...]) -> Tested:
    """Fit the models to `training`, and choose one by `validation`; each with `features` and `churned`.

    The model of all features is used only if it ranks customers better than the days since the last order
    alone (without orders: the days as a customer), by more than chance (the 95 % interval of the gain in
    area under the ROC curve is above 0), and its probabilities are no further from what came (Brier score).
    """
    simple, days = ("recency", "recency_days") if "recency_days" in features else ("tenure", "tenure_days")
    models = (base_rate(training), of_days(training, simple, days), gradient_boosting(training, features))
    by_name = {m.name: m for m in models}
    outcome = validation["churned"].to_numpy(dtype=float)
    probabilities = {name: model.probabilities(validation) for name, model in by_name.items()}
    full, alone = probabilities["gradient_boosting"], probabilities[simple]
    gain = auc_gain(outcome, full, alone)
    is_closer = np.mean((full - outcome) ** 2) <= np.mean((alone - outcome) ** 2)
    used = "gradient_boosting" if gain[1] > 0 and is_closer else simple
    return Tested(by_name, probabilities, used, simple, gain)


def refitted(model: Model, rows: pd.DataFrame) -> Model:
    """Fit the same kind of model to other rows: with the validation's, too, the newest that are known."""
    if model.name == "gradient_boosting":
        return gradient_boosting(rows, model.features)
    return of_days(rows, model.name, model.features[0])


def sample(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """Draw so many rows, the same of the same rows; in their order."""
    if len(rows) <= most:
        return rows.reset_index(drop=True)
    drawn = np.random.default_rng(SEED).choice(len(rows), most, replace=False)
    return rows.iloc[np.sort(drawn)].reset_index(drop=True)
