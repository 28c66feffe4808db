"""Lifetime value: what the customers of today may bring in the next twelve months, and how surely."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.analyses.value.lifetime_holdout import HOLDOUT_WEEKS, holdout
from crmreport.analyses.value.lifetime_model import (
    HORIZON_WEEKS,
    LifetimeModel,
    amounts,
    fit_lifetime,
    margin_share,
    predict,
    simulated_amounts,
)
from crmreport.analyses.value.purchase_history import purchase_history
from crmreport.language import _t
from crmreport.metrics.intervals import Z
from crmreport.segments import ALL, UNKNOWN
from crmreport.tables.contract import table

LEAST_REPEATERS = 50
LEAST_WEEKS = 39
_MOST_SEGMENTS = 12
_DECILES = 10
_DRAWS, _FEW_DRAWS, _MANY = 200, 100, 50_000
DECILE, FIRST_YEAR = "value_decile", "first_year"

TITLES: dict[str, str] = {
    "bgnbd": _t("BG/NBD"),
    "pareto_nbd": _t("Pareto/NBD"),
    "gamma_gamma": _t("Gamma-Gamma"),
    "check": _t("Check"),
    DECILE: _t("Tenth by expected value"),
    FIRST_YEAR: _t("Year of the first purchase"),
}


def customer_values(
    known: Known, model: LifetimeModel, history: pd.DataFrame, left: pd.Series
) -> pd.DataFrame:
    """Give what each customer may bring in the next twelve months, sorted by customer.

    Columns beside those of `predict`: `value` (discounted margin, or revenue where costs are not known;
    review's currency), `decile` (1 the highest tenth; equal values are never split) and `first_year`.
    """
    share = known_margin_share(known)
    found = predict(model, history, left, HORIZON_WEEKS)
    value = found["discounted_amount"] * (1.0 if share is None else share)
    above = len(value) - value.rank(method="max")
    return found.assign(
        value=value,
        decile=(above * _DECILES // len(value)).astype("int64") + 1,
        first_year=history["first_day"].dt.year,
    )


def known_margin_share(known: Known) -> float | None:
    """Give the share of the last twelve months' revenue that products' costs leave; None if unknown."""
    if "order_lines" not in known.facts or "products" not in known.tables:
        return None
    start = known.period.end - timedelta(days=365)
    return margin_share(known.facts["order_lines"], known.tables["products"], start, known.period.end)


def ended(known: Known) -> pd.DataFrame:
    """Give the customers who ended the relation: `customer_id`, `left_day`."""
    customers = known.tables["customers"]
    if "left_at" not in customers.columns:
        return pd.DataFrame({"customer_id": pd.Series(dtype="str"), "left_day": pd.Series(dtype="object")})
    gone = customers.filter(customers.left_at.notnull())
    return gone.select("customer_id", left_day=gone.left_at.date()).to_pandas()


def checked_history(known: Known) -> pd.DataFrame:
    """Give the purchase history, if it is enough for a model of repeated purchases; Declined if not."""
    history = purchase_history(known.facts["orders"], known.period.end)
    repeaters = int((history["repeat_days"] > 0).sum())
    if repeaters < LEAST_REPEATERS:
        raise Declined(
            _t(
                "Only {repeaters} customers bought on more than one day; the model needs {least}. Connect a "
                "longer history of orders."
            ),
            repeaters=repeaters,
            least=LEAST_REPEATERS,
        )
    weeks = int(history["weeks_observed"].max())
    if weeks < LEAST_WEEKS:
        raise Declined(
            _t("The orders cover {weeks} weeks; the model needs {least}. Connect older orders."),
            weeks=weeks,
            least=LEAST_WEEKS,
        )
    if not (amounts(history)[0] > 0).any():
        raise Declined(_t("No order has an amount. Connect the orders' amounts or their lines."))
    return history


def _compute(known: Known) -> Frames:
    history = checked_history(known)
    gone = ended(known)
    left = gone["customer_id"]
    model = fit_lifetime(history)
    customers = customer_values(known, model, history, left)
    weeks = min(HOLDOUT_WEEKS, int(history["weeks_observed"].max()) // 3)
    compared = holdout(known.facts["orders"], gone, known.period.end, weeks)
    groups = _groups(known, model, history, left, customers)
    return {
        "model": _parameters(known, model, history, compared, weeks),
        "groups": groups,
        "holdout": _shown_classes(compared, known.settings.minimum_cell),
        "customers": customers.drop(columns=["amount", "first_year"]),
    }


def _parameters(
    known: Known, model: LifetimeModel, history: pd.DataFrame, compared: pd.DataFrame, weeks: int
) -> pd.DataFrame:
    rows: list[tuple[str, str, float, float, float]] = []
    for fitted in (*model.candidates, model.spending):
        for name, value in zip(fitted.names, fitted.values, strict=True):
            rows.append((fitted.model, name, float(value), *fitted.interval(name, Z)))
        rows.append((fitted.model, "log_likelihood", fitted.log_likelihood, np.nan, np.nan))
        rows.append((fitted.model, "customers", float(fitted.customers), np.nan, np.nan))
        rows.append((fitted.model, "at_border", float(fitted.at_border), np.nan, np.nan))
        if fitted in model.candidates:
            rows.append((fitted.model, "chosen", float(fitted is model.purchasing), np.nan, np.nan))
    purchases, mean_amount = amounts(history)
    paid = purchases > 0
    often, much = pd.Series(purchases[paid]).rank(), pd.Series(mean_amount[paid]).rank()
    whole = compared.iloc[-1]
    share = known_margin_share(known)
    checks = {
        "margin_share": np.nan if share is None else share,
        "repeat_share": float((history["repeat_days"] > 0).mean()),
        "frequency_amount_correlation": _correlation(often, much),
        "known_before_data_share": _older_share(known, history),
        "holdout_weeks": float(weeks),
        "holdout_expected": float(whole["expected"]),
        "holdout_actual": float(whole["actual"]),
        "holdout_error": float(whole["error"]),
        "holdout_error_as_before": float(whole["error_as_before"]),
    }
    rows += [("check", name, value, np.nan, np.nan) for name, value in checks.items()]
    return pd.DataFrame(rows, columns=["model", "name", "value", "low", "high"])


def _correlation(left: pd.Series, right: pd.Series) -> float:
    return float(left.corr(right)) if left.nunique() > 1 and right.nunique() > 1 else np.nan


def _older_share(known: Known, history: pd.DataFrame) -> float:
    """Give the share of buyers whose relation began before the data: their first order is not their first."""
    customers = known.tables["customers"]
    if "joined_at" not in customers.columns:
        return np.nan
    first: date = history["first_day"].min().date()
    older = customers.filter(customers.joined_at.date() < first).select("customer_id").to_pandas()
    return float(history["customer_id"].isin(older["customer_id"]).mean())


def _groups(
    known: Known, model: LifetimeModel, history: pd.DataFrame, left: pd.Series, values: pd.DataFrame
) -> pd.DataFrame:
    """Sum up the customers by dimension and segment, with the interval of each sum."""
    codes = _memberships(known, values)
    draws = _DRAWS if len(values) <= _MANY else _FEW_DRAWS
    # What discounting and the margin leave of each customer's expected revenue.
    kept = (values["value"] / values["amount"].where(values["amount"] > 0)).fillna(0.0).to_numpy()
    sums: dict[str, list[np.ndarray]] = {name: [] for name in codes}
    for drawn in simulated_amounts(model, history, left, HORIZON_WEEKS, draws):
        worth = np.nan_to_num(drawn * kept, posinf=0.0)
        for name, (places, names) in codes.items():
            sums[name].append(np.bincount(places, worth, len(names)))
    parts = []
    for name, (places, names) in codes.items():
        size = np.bincount(places, minlength=len(names))
        total = {c: np.bincount(places, values[c], len(names)) for c in ("alive", "purchase_days", "value")}
        low, high = np.quantile(np.array(sums[name]), [0.025, 0.975], axis=0)
        parts.append(
            pd.DataFrame(
                {
                    "dimension": name,
                    "segment": names,
                    "customers": size,
                    "alive": total["alive"] / size,
                    "purchase_days": total["purchase_days"],
                    "value": total["value"],
                    "value_low": low,
                    "value_high": high,
                    "value_per_customer": total["value"] / size,
                }
            )
        )
    found = pd.concat(parts, ignore_index=True)
    shown = (found["dimension"] == ALL) | large_enough(
        found, ["dimension"], "customers", known.settings.minimum_cell
    )
    return found[shown].reset_index(drop=True)


def _memberships(known: Known, values: pd.DataFrame) -> dict[str, tuple[np.ndarray, list[str]]]:
    """Give each dimension's segments and each customer's place among them."""
    written = {
        ALL: pd.Series(ALL, index=values.index),
        DECILE: values["decile"].map(lambda n: f"{n:02d}"),
        FIRST_YEAR: values["first_year"].astype(str),
    }
    customers = known.tables["customers"]
    present = [d for d in table("customers").dimensions if d in customers.columns]
    if present:
        own = customers.select("customer_id", *present).to_pandas()
        joined = values[["customer_id"]].merge(own, on="customer_id", how="left")
        for name in present:
            segments = joined[name].astype(object).where(joined[name].notna(), UNKNOWN)
            if 1 < segments.nunique() <= _MOST_SEGMENTS:
                written[name] = segments
    coded = {name: pd.factorize(segments, sort=True) for name, segments in written.items()}
    return {name: (places, [str(s) for s in names]) for name, (places, names) in coded.items()}


def _shown_classes(compared: pd.DataFrame, minimum_cell: int) -> pd.DataFrame:
    classes = compared.assign(dimension="", segment=compared["repeat_days"])
    is_whole = classes["segment"] == ALL
    shown = is_whole | large_enough(classes[~is_whole], ["dimension"], "customers", minimum_cell).reindex(
        classes.index, fill_value=True
    )
    return compared[shown].reset_index(drop=True)


LIFETIME_VALUE = Analysis(
    name="lifetime_value",
    title=_t("Customer lifetime value"),
    subject="value",
    definition=_t(
        "What the customers of today are expected to bring in the next 12 months: the probability that each "
        "still buys, times purchase days, times the amount of a purchase, times the margin, discounted by "
        "10 % a year. Where products' costs are not known, it is revenue. The interval is that of 95 % of "
        "simulated years: it holds the parameters' uncertainty and the customers' own chance."
    ),
    source=_t(
        "Fader, Hardie and Lee 2005, Marketing Science 24(2), and Schmittlein, Morrison and Colombo 1987, "
        "Management Science 33(1): the one that makes the purchases more likely; Fader and Hardie 2013, note "
        "025 (Gamma-Gamma)"
    ),
    trap=_t(
        "The past value of a customer is no forecast: those who bought most by chance buy less next. The "
        "model knows no season, no campaign and no trend; the check against the last weeks says how far off "
        "it was."
    ),
    limit=_t(
        "At least 50 customers with repeated purchases and 39 weeks of orders. For customers without a "
        "contract. Groups of few customers are left out. A million customers take minutes."
    ),
    needs=("orders",),
    tables=("customers", "products"),
    facts=("orders", "order_lines"),
    compute=_compute,
    columns={
        "model": {
            "model": _t("Model, or check"),
            "name": _t("Parameter or figure"),
            "value": _t("Estimate; weeks and purchase days are the units of time and frequency"),
            "low": _t("Lower bound of the 95 % interval"),
            "high": _t("Upper bound of the 95 % interval"),
        },
        "groups": {
            "dimension": _t("What the customers are grouped by"),
            "segment": _t("Group"),
            "customers": _t("Customers who ever bought"),
            "alive": _t("Expected share of them who still buy, 0 to 1"),
            "purchase_days": _t("Expected purchase days in the next 12 months, all customers together"),
            "value": _t("Expected value in the next 12 months, all customers together, in money"),
            "value_low": _t("Lower bound of its 95 % interval"),
            "value_high": _t("Upper bound of its 95 % interval"),
            "value_per_customer": _t("Expected value per customer, in money"),
        },
        "holdout": {
            "repeat_days": _t("Repeat purchase days before the weeks that were held out"),
            "customers": _t("Customers"),
            "expected": _t("Expected purchase days in the weeks held out"),
            "actual": _t("Actual purchase days in them"),
            "as_before": _t("Purchase days in as many weeks before: the naive forecast"),
            "error": _t("Mean absolute error per customer, purchase days"),
            "error_as_before": _t("The same of the naive forecast"),
            "expected_amount": _t("Expected revenue in the weeks held out"),
            "actual_amount": _t("Actual revenue in them"),
        },
        "customers": {
            "customer_id": _t("Customer"),
            "alive": _t("Probability that the customer still buys"),
            "rate_per_year": _t("Expected purchase days per year, as long as the customer buys"),
            "purchase_days": _t("Expected purchase days in the next 12 months"),
            "amount_per_purchase": _t("Expected amount of a purchase day, in money"),
            "discounted_amount": _t("Expected revenue of the next 12 months, discounted"),
            "value": _t("Expected value of the next 12 months"),
            "decile": _t("Tenth by value, 1 the highest"),
        },
    },
    private=("customers",),
    seed="客户生命周期价值",
)
