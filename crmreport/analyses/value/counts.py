"""Counts: how many customers bought alike, which is all that the models of purchasing look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmreport.analyses.likelihood import Fitted, Slopes, maximise
from crmreport.metrics.intervals import Array

_FEW_CUSTOMERS = 10_000  # enough to choose where to start


@dataclass(frozen=True)
class Counts:
    """How many customers have the same purchases: what the likelihood depends on, sorted.

    `repeat_days` (x), `weeks_to_last` (t_x), `weeks_observed` (T) and `customers`, one entry per kind.
    """

    repeat_days: Array
    weeks_to_last: Array
    weeks_observed: Array
    customers: Array

    @cached_property
    def frequencies(self) -> Array:
        """The values of `repeat_days` that occur; functions of them alone are computed once."""
        return np.unique(self.repeat_days)

    @cached_property
    def places(self) -> npt.NDArray[np.int64]:
        """Where in `frequencies` each entry's value is."""
        return np.searchsorted(self.frequencies, self.repeat_days)

    @property
    def mean_weeks_observed(self) -> float:
        """Weeks since the first purchase, averaged over customers."""
        return float(self.weeks_observed @ self.customers) / max(self.total, 1)

    @property
    def total(self) -> int:
        """Number of customers."""
        return int(self.customers.sum())

    def thinned(self, customers: int) -> Counts:
        """Give about so many of the customers, evenly from the sorted list; all, if there are no more."""
        if self.total <= customers:
            return self
        chosen = (np.arange(customers) + 0.5) * self.total / customers
        weights = np.bincount(
            np.searchsorted(np.cumsum(self.customers), chosen), minlength=len(self.customers)
        )
        taken = weights > 0
        return Counts(
            self.repeat_days[taken],
            self.weeks_to_last[taken],
            self.weeks_observed[taken],
            weights[taken].astype(float),
        )


def count_customers(history: pd.DataFrame) -> Counts:
    """Count the customers of a purchase history who bought alike (see `purchase_history`)."""
    keys = ["repeat_days", "weeks_to_last", "weeks_observed"]
    sizes = history.groupby(keys, sort=True).size()
    x, last, observed = (sizes.index.get_level_values(k).to_numpy(dtype=float) for k in keys)
    return Counts(x, last, observed, sizes.to_numpy(dtype=float))


def fit_to_counts(
    model: str,
    names: tuple[str, ...],
    likelihood_of: Callable[[Counts], Slopes],
    counts: Counts,
    starts: Sequence[Sequence[float]],
) -> Fitted:
    """Find the parameters, all positive, with the greatest log-likelihood; see `maximise`.

    `likelihood_of` gives, for counted customers, the function from parameters to the log-likelihood and its
    slopes. Where customers are many, the starts are tried on some of them. ValueError if there are none.
    """
    if not counts.total:
        raise ValueError("there are no customers to fit the model to")
    thinned = counts.thinned(_FEW_CUSTOMERS)
    few = None if thinned is counts else (likelihood_of(thinned), thinned.total)
    return maximise(model, names, likelihood_of(counts), counts.total, starts, few)
