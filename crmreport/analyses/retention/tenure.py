"""Tenure: how long customers stay who join and leave, and how long those of today may stay."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.durations import curves, grouped_durations, medians
from crmreport.analyses.likelihood import Fitted
from crmreport.analyses.retention import sbg
from crmreport.analyses.survival import FROM_START, count_durations, on_days, survival_curve
from crmreport.language import _t
from crmreport.metrics.intervals import Array, Z
from crmreport.tables.contract import table
from crmreport.tables.engine import IbisTable

DAYS_IN_MONTH = 365.25 / 12
HORIZON_MONTHS = 60
HOLDOUT_MONTHS = 6
LEAST_LEFT = 30
_MOST_MONTHS = 120

TITLES: dict[str, str] = {
    "check": _t("Check"),
    sbg.NAME: _t("Shifted beta-geometric"),
    "known": _t("Known"),
    "held_out": _t("Held out"),
}


def watched_from(customers: IbisTable) -> date | None:
    """Find the first day on which leaving was recorded; None if all who left did on one day: a snapshot.

    A list of customers often lacks those who had left before records began; older customers are then known
    only because they stayed.
    """
    days = customers.aggregate(
        first=customers.left_at.date().min(), kinds=customers.left_at.date().nunique()
    ).to_pyarrow()
    found = days.to_pylist()[0]
    return found["first"] if found["kinds"] > 1 else None


def count_tenures(customers: IbisTable, end: date, watched: date | None, dimension: str = "") -> pd.DataFrame:
    """Count how long customers stayed, in days; see `count_durations`, and `watched_from`."""
    return count_durations(
        customers,
        customers.joined_at,
        customers.left_at,
        end,
        dimension=dimension,
        watched_from=watched,
    )


def months_of(counted: pd.DataFrame) -> tuple[Array, Array, Array]:
    """Give, by whole months, who left in that month, who stayed so long, and who entered so late.

    A month is a twelfth of 365.25 days. Leaving within the first month has place 0.
    """
    days, entered = counted["days"].to_numpy(dtype=float), counted["entered_days"].to_numpy(dtype=float)
    gone, open_ = counted["ended"].to_numpy(dtype=float), counted["open"].to_numpy(dtype=float)
    month = np.floor(days / DAYS_IN_MONTH).astype(int)
    length = int(month.max()) + 1
    # Who entered within a month is taken to have been there from its start, as all others of it.
    late = np.floor((entered + 1) / DAYS_IN_MONTH).astype(int)
    entering = np.where(entered > FROM_START, gone + open_, 0.0)
    return (
        np.bincount(month, gone, length).astype(float),
        np.bincount(month, open_, length).astype(float),
        np.bincount(late, entering, length).astype(float),
    )


def _compute(known: Known) -> Frames:
    customers, end = known.tables["customers"], known.period.end
    watched = watched_from(customers)
    whole = count_tenures(customers, end, watched)
    left = int(whole["ended"].sum())
    if left < LEAST_LEFT:
        raise Declined(
            _t("Only {left} customers left; how long they stay cannot be told from fewer than {least}."),
            left=left,
            least=LEAST_LEFT,
        )
    present = [d for d in table("customers").dimensions if d in customers.columns]
    durations = grouped_durations(lambda rows, by: count_tenures(rows, end, watched, by), customers, present)
    shown = medians(durations, known.settings.minimum_cell)
    fitted = sbg.fit(*months_of(whole))
    return {
        "medians": shown,
        "curve": curves(durations, shown),
        "retention": _retention(whole, fitted),
        "model": _model(customers, whole, fitted, end),
    }


def _retention(whole: pd.DataFrame, fitted: Fitted) -> pd.DataFrame:
    """Give the share that stays by whole month, as it is known and as the model has it."""
    reached = int(min(whole["days"].max() // DAYS_IN_MONTH, _MOST_MONTHS))
    months = np.arange(reached + 1, dtype=float)
    known = on_days(survival_curve(whole), np.round(months * DAYS_IN_MONTH))
    return pd.DataFrame(
        {
            "months": months.astype("int64"),
            "survival": known["survival"],
            "low": known["low"],
            "high": known["high"],
            "expected": sbg.survival(fitted.values, months),
            "expected_retention": sbg.retention(fitted.values, months),
        }
    )


def _model(customers: IbisTable, whole: pd.DataFrame, fitted: Fitted, end: date) -> pd.DataFrame:
    rows: list[tuple[str, str, float, float, float]] = [
        (sbg.NAME, name, float(value), *fitted.interval(name, Z))
        for name, value in zip(fitted.names, fitted.values, strict=True)
    ]
    _, open_, _ = months_of(whole)
    ahead = np.array([sbg.months_to_come(fitted.values, m, HORIZON_MONTHS) for m in range(len(open_))])
    checks = {
        "log_likelihood": fitted.log_likelihood,
        "at_border": float(fitted.at_border),
        "customers_open": float(open_.sum()),
        "months_to_come": float(open_ @ ahead / open_.sum()) if open_.sum() else np.nan,
    } | _holdout(customers, end)
    rows += [("check", name, value, np.nan, np.nan) for name, value in checks.items()]
    return pd.DataFrame(rows, columns=["model", "name", "value", "low", "high"])


def _holdout(customers: IbisTable, end: date) -> dict[str, float]:
    """Compare who left in the last six months with what a model of the time before expects.

    Only of customers who were there when these months began. Missing where nobody had left by then.
    """
    cut = end - timedelta(days=round(HOLDOUT_MONTHS * DAYS_IN_MONTH))
    missing = dict.fromkeys(("holdout_customers", "holdout_expected", "holdout_actual"), np.nan)
    if customers.filter(customers.left_at.date() < cut).count().to_pyarrow().as_py() < LEAST_LEFT:
        return missing
    before = customers.mutate(
        left_at=ibis.ifelse(customers.left_at.date() < cut, customers.left_at, ibis.null())
    )
    earlier = count_tenures(before, cut, watched_from(before))
    fitted = sbg.fit(*months_of(earlier))
    _, open_, _ = months_of(earlier)
    months = np.arange(len(open_), dtype=float)
    stays = sbg.survival(fitted.values, months + HOLDOUT_MONTHS) / sbg.survival(fitted.values, months)
    since = customers.filter((customers.joined_at.date() < cut) & (customers.left_at.date() >= cut))
    return {
        "holdout_customers": float(open_.sum()),
        "holdout_expected": float(open_ @ (1 - stays)),
        "holdout_actual": float(since.count().to_pyarrow().as_py()),
    }


TENURE = Analysis(
    name="tenure",
    title=_t("How long customers stay"),
    subject="customers",
    definition=_t(
        "Days from the beginning of the relation to its end; customers who are still there count as long as "
        "they have been. Those who joined before any leaving was recorded count only from then on. The model "
        "gives each customer an own chance to leave each month; the months to come are those within the next "
        "five years."
    ),
    source=_t(
        "Kaplan and Meier 1958, Journal of the American Statistical Association 53; log-rank test: Mantel "
        "1966, Cancer Chemotherapy Reports 50; shifted beta-geometric: Fader and Hardie 2007, Journal of "
        "Interactive Marketing 21(1)"
    ),
    trap=_t(
        "The mean tenure of those who left is far too short: who stays long is not among them yet. Curves "
        "that differ do not say why."
    ),
    limit=_t(
        "At least 30 customers who left. The model's retention can only rise with tenure; if leaving has "
        "become more frequent lately, the six months held out show more who left than expected."
    ),
    needs=("customers.joined_at", "customers.left_at"),
    tables=("customers",),
    compute=_compute,
    columns={
        "medians": {
            "dimension": _t("What the customers are grouped by"),
            "segment": _t("Group"),
            "rows": _t("Customers"),
            "ended": _t("Customers who left"),
            "open": _t("Customers who are still there"),
            "median_days": _t("Days after which half have left; missing where not so many have"),
            "low": _t("Lower bound of its 95 % interval"),
            "high": _t("Upper bound of its 95 % interval"),
            "naive_median_days": _t("Median of those who left alone: too short"),
            "difference_p": _t("Probability of curves so different in this dimension by chance (log-rank)"),
        },
        "curve": {
            "dimension": _t("Whole, or the dimension whose curves differ most surely"),
            "segment": _t("Group"),
            "days": _t("Days since the relation began"),
            "survival": _t("Share still there after them, 0 to 1"),
            "low": _t("Lower bound of its 95 % interval"),
            "high": _t("Upper bound of its 95 % interval"),
        },
        "retention": {
            "months": _t("Months since the relation began"),
            "survival": _t("Share still there (Kaplan-Meier), 0 to 1"),
            "low": _t("Lower bound of its 95 % interval"),
            "high": _t("Upper bound of its 95 % interval"),
            "expected": _t("The same by the model"),
            "expected_retention": _t("Share of those still there who stay the next month, by the model"),
        },
        "model": {
            "model": _t("Model, or check"),
            "name": _t("Parameter or figure"),
            "value": _t("Estimate"),
            "low": _t("Lower bound of the 95 % interval"),
            "high": _t("Upper bound of the 95 % interval"),
        },
    },
    seed="客户生命周期",
)
