"""Lifetime model: who still buys, how often and for how much, and what that may come to in a year."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmreport.analyses.likelihood import Fitted
from crmreport.analyses.value import bgnbd, gamma_gamma, pareto_nbd
from crmreport.analyses.value.counts import count_customers
from crmreport.metrics.intervals import Array
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import product

MODELS: dict[str, ModuleType] = {bgnbd.NAME: bgnbd, pareto_nbd.NAME: pareto_nbd}
WEEKS_IN_YEAR = 365.25 / 7
HORIZON_WEEKS = WEEKS_IN_YEAR
DISCOUNT_RATE = 0.10  # a year
_QUARTERS = 4
_MOST_FITTED = 2  # of a period: the model of its end, and that of the holdout
_COST_KNOWN = 0.5  # of the revenue; with less, a margin would be that of other products


@dataclass(frozen=True)
class LifetimeModel:
    """How often customers buy, and for how much.

    `purchasing` is that of `candidates` with the greater log-likelihood (each has four parameters);
    `spending` is Gamma-Gamma.
    """

    purchasing: Fitted
    candidates: tuple[Fitted, ...]
    spending: Fitted

    @property
    def method(self) -> ModuleType:
        """The functions of the purchasing model."""
        return MODELS[self.purchasing.model]


_fitted: dict[str, LifetimeModel] = {}  # the last ones; see `fit_lifetime`


def fit_lifetime(history: pd.DataFrame) -> LifetimeModel:
    """Fit both models of purchasing, and the one of spending, to a purchase history.

    The amounts are those of all purchases: the first says as much about what a customer spends as any.
    ValueError if nobody bought, or nobody for an amount above zero. Several analyses of a period ask for the
    same model, which is fitted once.
    """
    digest = hashlib.sha256()
    for values in (*timing(history), *amounts(history)):
        digest.update(values.tobytes())
    key = digest.hexdigest()
    if key not in _fitted:
        model = _fit(history)
        while len(_fitted) >= _MOST_FITTED:
            del _fitted[next(iter(_fitted))]
        _fitted[key] = model
    return _fitted[key]


def _fit(history: pd.DataFrame) -> LifetimeModel:
    counts = count_customers(history)
    candidates = tuple(method.fit(counts) for method in MODELS.values())
    purchases, mean_amount = amounts(history)
    paid = purchases > 0
    return LifetimeModel(
        purchasing=max(candidates, key=lambda fitted: fitted.log_likelihood),
        candidates=candidates,
        spending=gamma_gamma.fit(purchases[paid], mean_amount[paid]),
    )


def amounts(history: pd.DataFrame) -> tuple[Array, Array]:
    """Give each customer's purchases and their mean amount; 0 where there is no amount above zero."""
    total = history["amount"].to_numpy(dtype=float, na_value=np.nan)
    known = np.nan_to_num(total) > 0
    purchases = np.where(known, history["purchase_days"].to_numpy(dtype=float), 0.0)
    return purchases, np.where(known, total, 0.0) / np.maximum(purchases, 1)


def predict(model: LifetimeModel, history: pd.DataFrame, left: pd.Series, weeks: float) -> pd.DataFrame:
    """Give what is expected of each customer in the next `weeks`.

    `left`: the customers who ended the relation; nothing is expected of them. Columns: `customer_id`,
    `alive` (probability), `rate_per_year` (purchase days, while alive), `purchase_days`,
    `amount_per_purchase`, `amount` (revenue), `discounted_amount` (10 % a year, from the middle of each
    quarter of the time).
    """
    method, values = model.method, model.purchasing.values
    x, last, observed = timing(history)
    stays = ~history["customer_id"].isin(left).to_numpy()
    alive = np.where(stays, method.alive(values, x, last, observed), 0.0)
    per_purchase = gamma_gamma.expected(model.spending.values, *amounts(history))
    until = np.array([weeks * (q + 1) / _QUARTERS for q in range(_QUARTERS)])
    reached = [alive * method.expected_if_alive(values, float(w), x, observed) for w in until]
    steps = np.diff(np.array([np.zeros(len(x)), *reached]), axis=0)
    middle = (until - weeks / _QUARTERS / 2) / WEEKS_IN_YEAR
    discounted = (1 + DISCOUNT_RATE) ** -middle @ steps
    alpha = values[1]
    return pd.DataFrame(
        {
            "customer_id": history["customer_id"],
            "alive": alive,
            "rate_per_year": (values[0] + x) / (alpha + observed) * WEEKS_IN_YEAR,
            "purchase_days": reached[-1],
            "amount_per_purchase": per_purchase,
            "amount": reached[-1] * per_purchase,
            "discounted_amount": discounted * per_purchase,
        }
    )


def simulated_amounts(
    model: LifetimeModel, history: pd.DataFrame, left: pd.Series, weeks: float, draws: int, seed: int = 1
) -> Iterator[Array]:
    """Draw what each customer may spend in the next `weeks`, again and again.

    Each draw takes parameters as uncertain as they are, and then each customer's own chance. It is not
    discounted.
    """
    random = np.random.default_rng(seed)
    x, last, observed = timing(history)
    purchases, mean_amount = amounts(history)
    stays = ~history["customer_id"].isin(left).to_numpy()
    of_purchasing = model.purchasing.draws(draws, random)
    of_spending = model.spending.draws(draws, random)
    for values, spending in zip(of_purchasing, of_spending, strict=True):
        future = simulated_days(model.method, values, weeks, x, last, observed, random, stays)
        yield gamma_gamma.simulate(spending, purchases, mean_amount, future, random)


def simulated_days(
    method: ModuleType,
    parameters: Array,
    weeks: float,
    repeat_days: Array,
    weeks_to_last: Array,
    weeks_observed: Array,
    random: np.random.Generator,
    stays: npt.NDArray[np.bool_],
) -> Array:
    """Draw each customer's purchase days in the next `weeks`, given the purchases until now.

    `stays`: who has not ended the relation; the others buy nothing.
    """
    alive = np.zeros(len(repeat_days))
    alive[stays] = method.alive(parameters, repeat_days[stays], weeks_to_last[stays], weeks_observed[stays])
    is_alive = random.random(len(repeat_days)) < alive
    days = method.simulate_if_alive(parameters, weeks, repeat_days, weeks_observed, random)
    return np.where(is_alive, days, 0.0)


def timing(history: pd.DataFrame) -> tuple[Array, Array, Array]:
    """Give x, t_x and T of a purchase history."""
    x, last, observed = (
        history[c].to_numpy(dtype=float) for c in ("repeat_days", "weeks_to_last", "weeks_observed")
    )
    return x, last, observed


def margin_share(lines: IbisTable, products: IbisTable, start: date, end: date) -> float | None:
    """Give the share of revenue that remains after the products' cost, from `start` until before `end`.

    `lines` is the fact table of order lines. None where the cost of less than half of the revenue is known.
    """
    if "unit_cost" not in products.columns:
        return None
    day = lines.ordered_at.date()
    sold = lines.filter((day >= start) & (day < end)).select("product_id", "quantity", "amount")
    sold = sold.left_join(products.select("product_id", "unit_cost"), "product_id")
    # Decimals add up to the same sum in any order.
    sums = sold.aggregate(
        revenue=sold.amount.sum(),
        known=sold.amount.sum(where=sold.unit_cost.notnull()),
        cost=product(sold.quantity, sold.unit_cost).sum(),
    )
    found = {k: float(v or 0) for k, v in sums.to_pyarrow().to_pylist()[0].items()}
    if found["known"] <= 0 or found["known"] < _COST_KNOWN * found["revenue"]:
        return None
    return float(1 - found["cost"] / found["known"])
