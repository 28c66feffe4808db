"""Churn: who may not come back, or leave, within the next window, by a model that is tested on later data."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.risk.drivers import drivers, reasons
from crmreport.analyses.risk.features import (
    LEFT,
    NO_PURCHASE,
    TITLES,
    compact,
    customers_at_each,
    with_outcome_of_each,
)
from crmreport.analyses.risk.groups import groups
from crmreport.analyses.risk.leaks import leaks
from crmreport.analyses.risk.model import Model
from crmreport.analyses.risk.quality import calibration, quality_of
from crmreport.analyses.risk.training import MOST_ROWS, Cutoffs, Tested, cutoffs, refitted, sample, tested
from crmreport.language import _t
from crmreport.metrics.intervals import Array
from crmreport.tables.contract import table

_FEWEST_OF_EACH = 30
_TOP = 0.9


def _compute(known: Known, outcome: str) -> Frames:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):  # most tasks are small, and threads would wait for each other
        return _frames(known, outcome)


def _frames(known: Known, outcome: str) -> Frames:
    days = known.settings.active_days
    end = min(known.period.end, known.data.as_of + timedelta(days=1))
    try:
        when = cutoffs(known.data.first_day, end, days)
    except ValueError:
        raise Declined(
            _t(
                "To learn from customers and to test it on later ones takes {needed} days of data; "
                "there are {found}."
            ),
            needed=4 * days,
            found=(end - known.data.first_day).days,
        ) from None
    data = compact(known.data, known.facts.get("orders"))
    rows = customers_at_each(data, (when.today, when.validation, *when.training), days, outcome)
    today = rows.pop(when.today)
    judged = with_outcome_of_each(rows, data, days, outcome)
    validation = sample(judged[when.validation], MOST_ROWS)
    training = pd.concat(
        [sample(judged[day], MOST_ROWS // len(when.training)) for day in when.training], ignore_index=True
    )
    _check_enough(training, validation, today)
    came = validation["churned"].to_numpy(dtype=float)
    candidates = [f for f in validation.columns if f not in ("customer_id", "churned")]
    found_leaks = leaks(validation[candidates], came, known_before=TITLES)
    kept = found_leaks.loc[found_leaks["status"].isin(["ok", "declared"]), "feature"]
    features = tuple(f for f in kept if training[f].nunique() > 1)
    if not {"recency_days", "tenure_days"} & set(features):
        raise Declined(
            _t("What is known of the customers either tells the outcome by itself or is all alike.")
        )
    test = tested(training, validation, features)
    last = refitted(test.models[test.used], sample(pd.concat([training, validation]), MOST_ROWS))
    today = today.assign(probability=last.probabilities(today), revenue=_revenue(today))
    validated = validation.assign(probability=test.probabilities[test.used])
    dimensions = tuple(d for d in table("customers").dimensions if d in today.columns)
    by_group = groups(today, validated, dimensions, known.settings.minimum_cell)
    return {
        "summary": _summary(when, outcome, days, training, validation, test, by_group),
        "quality": _quality(test, came),
        "calibration": _calibration(test, came),
        "drivers": drivers(validation, test.models[test.used], known.settings.minimum_cell),
        "groups": by_group,
        "leaks": found_leaks,
        "customers": _scores(today, last, validation),
    }


def _check_enough(training: pd.DataFrame, validation: pd.DataFrame, today: pd.DataFrame) -> None:
    for rows in (training, validation):
        churned = int(rows["churned"].sum())
        if min(churned, len(rows) - churned) < _FEWEST_OF_EACH or today.empty:
            raise Declined(
                _t(
                    "Of the {customers} customers to learn from or to test on, {churned} churned; it takes "
                    "at least {needed} who did and {needed} who did not."
                ),
                customers=len(rows),
                churned=churned,
                needed=_FEWEST_OF_EACH,
            )


def _revenue(rows: pd.DataFrame) -> pd.Series:
    return rows["revenue_recent"] if "revenue_recent" in rows.columns else pd.Series(np.nan, index=rows.index)


def _quality(test: Tested, came: Array) -> pd.DataFrame:
    base = test.probabilities["base_rate"]
    rows = [
        {"model": name, **quality_of(came, p, base), "n": len(came), "churned": int(came.sum())}
        for name, p in test.probabilities.items()
    ]
    return pd.DataFrame(rows).assign(is_used=lambda f: f["model"] == test.used)


def _calibration(test: Tested, came: Array) -> pd.DataFrame:
    parts = [
        calibration(came, p).assign(model=name, is_used=name == test.used)
        for name, p in test.probabilities.items()
        if name != "base_rate"
    ]
    return pd.concat(parts, ignore_index=True)[list(_COLUMNS["calibration"])]


def _summary(
    when: Cutoffs,
    outcome: str,
    days: int,
    training: pd.DataFrame,
    validation: pd.DataFrame,
    test: Tested,
    by_group: pd.DataFrame,
) -> pd.DataFrame:
    gain, low, high = test.gain
    share = float(validation["churned"].mean())
    whole = by_group.iloc[0]
    row = {
        "outcome": outcome,
        "window_days": days,
        "predicted_on": pd.Timestamp(when.today),
        "validated_on": pd.Timestamp(when.validation),
        "trained_from": pd.Timestamp(when.training[-1]),
        "trained_on": len(when.training),
        "training_rows": len(training),
        "training_share": float(training["churned"].mean()),
        "validation_rows": len(validation),
        "validation_share": share,
        "highest_lift": min(10.0, 1 / share),
        "model": test.used,
        "simple_model": test.simple,
        "beats_simple": test.used == "gradient_boosting",
        "auc_gain": gain,
        "auc_gain_low": low,
        "auc_gain_high": high,
        "customers": int(whole["customers"]),
        "expected_losses": whole["expected_losses"],
        "low": whole["low"],
        "high": whole["high"],
        "revenue_at_risk": whole["revenue_at_risk"],
    }
    return pd.DataFrame([row])


def _scores(today: pd.DataFrame, model: Model, typical: pd.DataFrame) -> pd.DataFrame:
    """Give each customer's probability; for the tenth of the highest, what it comes from."""
    scores = today[["customer_id", "probability", "revenue"]].assign(reason_1="", reason_2="")
    top = today[today["probability"] >= today["probability"].quantile(_TOP)]
    scores.loc[top.index, ["reason_1", "reason_2"]] = reasons(top, model, typical)
    return scores


_COLUMNS = {
    "summary": {
        "outcome": _t("What is predicted: no_purchase or left"),
        "window_days": _t("Days for which is predicted, and of each window"),
        "predicted_on": _t("Day from which is predicted"),
        "validated_on": _t("Day from which the test predicted"),
        "trained_from": _t("First day from which was learnt"),
        "trained_on": _t("Number of days from which was learnt"),
        "training_rows": _t("Customers to learn from, each once per day"),
        "training_share": _t("Share of them that churned"),
        "validation_rows": _t("Customers of the test"),
        "validation_share": _t("Share of them that churned"),
        "highest_lift": _t("Lift of the top tenth that a perfect model would have"),
        "model": _t("Model that is used"),
        "simple_model": _t("Simple model that it had to beat"),
        "beats_simple": _t("Whether all features together beat the simple model by more than chance"),
        "auc_gain": _t("Area under the ROC curve of all features, less that of the simple model"),
        "auc_gain_low": _t("Lower end of its 95 % interval"),
        "auc_gain_high": _t("Upper end of its 95 % interval"),
        "customers": _t("Customers for whom is predicted"),
        "expected_losses": _t("Customers who are expected to churn"),
        "low": _t("Lower end of the 95 % interval, if the probabilities are right"),
        "high": _t("Upper end of the 95 % interval, if the probabilities are right"),
        "revenue_at_risk": _t("Revenue of the last window, weighted with the probabilities"),
    },
    "quality": {
        "model": _t("Model"),
        "auc": _t("Area under the ROC curve: 0.5 is chance, 1 is perfect"),
        "low": _t("Lower end of its 95 % interval"),
        "high": _t("Upper end of its 95 % interval"),
        "pr_auc": _t("Area under the precision-recall curve; that of chance is the share that churned"),
        "brier": _t("Mean squared error of the probabilities"),
        "brier_skill": _t("Share by which it is below that of one probability for all"),
        "slope": _t("Slope of the calibration; 1 is right, below 1 too sure"),
        "intercept": _t("Intercept of the calibration; 0 is right, below 0 too high on the whole"),
        "top_decile_lift": _t("Share that churned in the top tenth, over that of all"),
        "n": _t("Customers of the test"),
        "churned": _t("Customers of the test who churned"),
        "is_used": _t("Whether this model is used"),
    },
    "calibration": {
        "model": _t("Model"),
        "bin": _t("Group of equal size, from the lowest probabilities on"),
        "n": _t("Customers"),
        "predicted": _t("Mean probability"),
        "observed": _t("Share that churned"),
        "low": _t("Lower end of its 95 % interval"),
        "high": _t("Upper end of its 95 % interval"),
        "is_used": _t("Whether this model is used"),
    },
    "drivers": {
        "driver": _t("Feature"),
        "features": _t("Features that go together and are judged together"),
        "importance": _t("Area under the ROC curve that is lost without them"),
        "low": _t("Lower end of its 95 % interval"),
        "high": _t("Upper end of its 95 % interval"),
        "direction": _t("Whether more of it raises or lowers the probability"),
        "highest": _t("Category with the highest probability"),
    },
    "groups": {
        "dimension": _t("Dimension"),
        "segment": _t("Segment"),
        "customers": _t("Customers for whom is predicted"),
        "risk": _t("Mean probability"),
        "expected_losses": _t("Customers who are expected to churn"),
        "low": _t("Lower end of the 95 % interval, if the probabilities are right"),
        "high": _t("Upper end of the 95 % interval, if the probabilities are right"),
        "revenue": _t("Revenue of the last window"),
        "revenue_at_risk": _t("Revenue of the last window, weighted with the probabilities"),
        "validated_n": _t("Customers of the test"),
        "validated_predicted": _t("Mean probability in the test"),
        "validated_observed": _t("Share that churned in the test"),
        "validated_low": _t("Lower end of its 95 % interval"),
        "validated_high": _t("Upper end of its 95 % interval"),
        "surprise": _t("Whether more or fewer churned in the test than predicted, beyond chance"),
    },
    "leaks": {
        "feature": _t("Feature"),
        "auc": _t("Area under the ROC curve of this feature alone"),
        "value": _t("Value of which all customers have one outcome, if there is one"),
        "n": _t("Customers with that value"),
        "churned": _t("Share of them that churned"),
        "status": _t("Whether the feature is used"),
    },
    "customers": {
        "customer_id": _t("Customer"),
        "probability": _t("Probability of churn in the next window"),
        "revenue": _t("Revenue of the last window"),
        "reason_1": _t("What raises the probability most; for the tenth of the highest alone"),
        "reason_2": _t("What raises it second most"),
    },
}

_SOURCE = _t(
    "Test on later data, with gradient-boosted trees after Friedman 2001, Annals of Statistics 29(5); lift "
    "of the top tenth: Lemmens & Croux 2006, Journal of Marketing Research 43(2); interval of the area: "
    "DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44(3)"
)
_LIMIT = _t(
    "Learns from up to 200,000 customers and is tested on as many; four windows of data are needed. What "
    "begins in the last window shows in the test as a difference between what was predicted and what came, "
    "not yet in the drivers."
)

CHURN = Analysis(
    name="churn",
    title=_t("Churn prediction"),
    subject="customers",
    definition=_t(
        "Of the customers active today, who will place no order in the next {active_days} days: learnt from "
        "what was known of the active customers on earlier days and what they did afterwards, and tested on "
        "the latest day whose outcome is known."
    ),
    source=_SOURCE,
    trap=_t(
        "Region, tier and the like are those of today, since no history of them is known. What goes with "
        "churn need not cause it, and a customer at risk need not be one whom an offer would keep."
    ),
    limit=_LIMIT,
    needs=("orders",),
    tables=("customers", "interactions", "feedback"),
    facts=("orders",),
    compute=partial(_compute, outcome=NO_PURCHASE),
    columns=_COLUMNS,
    private=("customers",),
    seed="客户流失预测",
)

LEAVING = Analysis(
    name="leaving",
    title=_t("Risk that customers leave"),
    subject="customers",
    definition=_t(
        "Of the customers whose relation lasts today, who will end it in the next {active_days} days: learnt "
        "from what was known of the customers on earlier days and whether they ended it afterwards, and "
        "tested on the latest day whose outcome is known."
    ),
    source=_SOURCE,
    trap=_t(
        "Customers who just stop ordering do not count here unless they end the relation. Region, tier and "
        "the like are those of today, since no history of them is known."
    ),
    limit=_LIMIT,
    needs=("customers.joined_at", "customers.left_at"),
    tables=("customers", "interactions", "feedback"),
    facts=("orders",),
    compute=partial(_compute, outcome=LEFT),
    columns=_COLUMNS,
    private=("customers",),
    seed="流失风险",
)
