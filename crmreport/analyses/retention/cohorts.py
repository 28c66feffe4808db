"""Cohorts: how many of the customers who began in the same month still buy, month by month."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.language import _t
from crmreport.metrics.customers import KNOWN_AFTER_DAYS
from crmreport.metrics.intervals import wilson
from crmreport.tables.engine import IbisTable

MOST_COHORTS = 24  # the latest are shown
MOST_AGE_MONTHS = 12

_COUNTS = ("cohort", "age_months", "customers", "active", "active_or_later", "is_known", "is_complete")
_INTERVAL = ("share", "low", "high")


def first_ordered(orders: IbisTable) -> IbisTable:
    """Give each customer who ordered, with the time of the first order: `customer_id`, `started_at`."""
    return orders.group_by("customer_id").aggregate(started_at=orders.ordered_at.min())


def cohort_counts(
    starts: IbisTable,
    orders: IbisTable,
    end: date,
    known_from: date,
    most_age_months: int = MOST_AGE_MONTHS,
) -> pd.DataFrame:
    """Count, for each month in which customers began, how many of them ordered in each month since.

    `starts`: `customer_id`, `started_at`; `orders`: `customer_id`, `ordered_at`; both end before the day
    `end`. Months are those of the calendar: age 0 is the month of the start itself. Columns: `cohort` (first
    day of the month), `age_months`, `customers` (of the cohort), `active` (those who ordered in the month of
    that age), `active_or_later` (those who ordered in it or in a later month up to the age
    `most_age_months`, so that all cohorts are watched equally long), `is_known` (the month begins on
    `known_from` or later), `is_complete` (the month of that age is over) and `is_later_complete` (the month
    of the last age is over, too). Sorted by cohort and age.
    """
    sizes, last_ages, on = _counted(starts, orders, most_age_months)
    if sizes.empty:
        return pd.DataFrame(columns=[*_COUNTS, "is_later_complete"])
    complete = _month_number(end) - 1  # number of the last month that is over
    ages = pd.DataFrame({"age_months": range(most_age_months + 1)})
    grid = sizes.merge(ages, how="cross")
    grid = grid[grid["number"] + grid["age_months"] <= _month_number(end - timedelta(days=1))]
    grid = grid.merge(on, on=["number", "age_months"], how="left")
    grid = grid.merge(last_ages, on=["number", "age_months"], how="left").fillna({"active": 0, "last": 0})
    grid = grid.sort_values(["number", "age_months"], ignore_index=True)
    from_last = grid.iloc[::-1].groupby("number", sort=False)["last"].cumsum()
    cohort = pd.to_datetime([_first_of(n) for n in grid["number"]]).astype("datetime64[us]")
    return pd.DataFrame(
        {
            "cohort": cohort,
            "age_months": grid["age_months"].astype("int64"),
            "customers": grid["customers"].astype("int64"),
            "active": grid["active"].astype("int64"),
            "active_or_later": from_last.iloc[::-1].astype("int64"),
            "is_known": cohort >= pd.Timestamp(known_from),
            "is_complete": grid["number"] + grid["age_months"] <= complete,
            "is_later_complete": grid["number"] + most_age_months <= complete,
        }
    )


def _counted(
    starts: IbisTable, orders: IbisTable, most_age_months: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Count in the engine: cohorts' sizes, customers by their last active age, customers by active age."""
    starts = starts.filter(starts.started_at.notnull())
    began = starts.select("customer_id", number=_number_of(starts.started_at))
    months = orders.select("customer_id", month=_number_of(orders.ordered_at)).distinct()
    joined = began.inner_join(months, "customer_id")
    aged = joined.mutate(age_months=(joined.month - joined.number).cast("int64"))
    aged = aged.filter((aged.age_months >= 0) & (aged.age_months <= most_age_months)).cache()
    last = aged.group_by(["customer_id", "number"]).aggregate(age_months=aged.age_months.max())
    keys = ["number", "age_months"]
    return (
        began.group_by("number").aggregate(customers=began.count()).to_pandas(),
        last.group_by(keys).aggregate(last=last.count()).to_pandas(),
        aged.group_by(keys).aggregate(active=aged.count()).to_pandas(),
    )


def _number_of(time: IbisTable) -> IbisTable:
    return (time.year() * 12 + time.month() - 1).cast("int64")


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_of(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def retention(counts: pd.DataFrame, *, or_later: bool) -> pd.DataFrame:
    """Give the share of each cohort that ordered at each age (`or_later`: at it or later), with its interval.

    `counts`: see `cohort_counts`. Columns: `cohort`, `age_months`, `customers`, `active`, `share` (0 to 1),
    `low`, `high` (95 %, Wilson), `is_known`, `is_complete`. A share that is not complete is the one so far:
    it can only grow.
    """
    active, complete = _columns_of(or_later)
    return pd.DataFrame(
        {
            **{c: counts[c] for c in ("cohort", "age_months", "customers")},
            "active": counts[active],
            **_shares(counts[active], counts["customers"]),
            "is_known": counts["is_known"],
            "is_complete": counts[complete],
        }
    )


def retention_curve(counts: pd.DataFrame, *, or_later: bool) -> pd.DataFrame:
    """Give the share at each age over all cohorts for which it is complete: a ratio of sums.

    `counts`: see `cohort_counts`. Only cohorts whose start is known, or all, if there is none. Columns:
    `age_months`, `cohorts` (number), `customers`, `active`, `share`, `low`, `high` (95 %, Wilson),
    `is_known`. Later ages rest on older cohorts only, so that the curve may rise.
    """
    active, complete = _columns_of(or_later)
    used = counts[counts[complete].astype(bool)]
    is_known = bool((used["is_known"] & (used["age_months"] > 0)).any())
    used = used[used["is_known"].astype(bool)] if is_known else used
    summed = used.groupby("age_months", as_index=False).agg(
        cohorts=("cohort", "nunique"), customers=("customers", "sum"), active=(active, "sum")
    )
    return summed.assign(**_shares(summed["active"], summed["customers"]), is_known=is_known)


def _columns_of(or_later: bool) -> tuple[str, str]:
    return ("active_or_later", "is_later_complete") if or_later else ("active", "is_complete")


def _shares(active: pd.Series, customers: pd.Series) -> dict[str, object]:
    cases, successes = customers.to_numpy(dtype=float), active.to_numpy(dtype=float)
    low, high = wilson(successes, cases)
    with np.errstate(invalid="ignore"):
        return {"share": successes / cases, "low": low, "high": high}


def _frames(known: Known, starts: IbisTable, known_from: date) -> Frames:
    counts = cohort_counts(starts, known.tables["orders"], known.period.end, known_from)
    counts = counts[counts["is_complete"].groupby(counts["cohort"]).transform("any")]
    cohorts = sorted(counts["cohort"].unique())[-MOST_COHORTS:]
    counts = counts[counts["cohort"].isin(cohorts)]
    is_shown = counts["customers"] >= known.settings.minimum_cell
    shown = counts[is_shown].reset_index(drop=True)
    if shown.empty or shown["age_months"].max() < 1:
        raise Declined(
            _t(
                "No cohort has at least {customers} customers and a month after its own: this needs data of "
                "at least two months."
            ),
            customers=known.settings.minimum_cell,
        )
    curves = {
        "on": retention_curve(shown, or_later=False),
        "on_or_later": retention_curve(shown, or_later=True),
    }
    summary = {
        "cohorts": shown["cohort"].nunique(),
        "cohorts_hidden": counts.loc[~is_shown, "cohort"].nunique(),
        "cohorts_unknown": shown.loc[~shown["is_known"], "cohort"].nunique(),
        "customers": int(shown.drop_duplicates("cohort")["customers"].sum()),
        "known_from": pd.Timestamp(known_from),
    }
    return {
        "retention": retention(shown, or_later=False),
        "retention_or_later": retention(shown, or_later=True),
        "curve": pd.concat([c.assign(measure=name) for name, c in curves.items()], ignore_index=True)[
            ["measure", *curves["on"].columns]
        ],
        "summary": pd.DataFrame([summary]),
    }


def _by_first_order(known: Known) -> Frames:
    known_from = known.data.first_day + timedelta(days=KNOWN_AFTER_DAYS)
    return _frames(known, first_ordered(known.tables["orders"]), known_from)


def _by_joining(known: Known) -> Frames:
    customers = known.tables["customers"]
    first = known.data.first_day
    # Of the month in which the data begin, the first days are not known.
    known_from = first if first.day == 1 else _first_of(_month_number(first) + 1)
    joined = customers.joined_at.date() >= ibis.literal(_first_of(_month_number(known_from)))
    starts = customers.filter(joined).select("customer_id", started_at=customers.joined_at)
    return _frames(known, starts, known_from)


TITLES = {
    "on": _t("in the month"),
    "on_or_later": _t("in the month or later"),
}

_COHORT = _t("first day of the month in which the customers began")
_AGE = _t("months since then; 0 is the month itself")
_SHARE = {
    "share": _t("share of the cohort, 0 to 1"),
    "low": _t("lower bound of its 95 % interval"),
    "high": _t("upper bound of its 95 % interval"),
}
_RETENTION = {
    "cohort": _COHORT,
    "age_months": _AGE,
    "customers": _t("customers of the cohort"),
    "active": _t("those of them who ordered in the month of that age"),
    **_SHARE,
    "is_known": _t("whether the start is known: earlier data would show whether these orders were the first"),
    "is_complete": _t("whether the months counted are over"),
}
_COLUMNS = {
    "retention": _RETENTION,
    "retention_or_later": {
        **_RETENTION,
        "active": _t("those of them who ordered in the month of that age or later, up to 12 months"),
    },
    "curve": {
        "measure": _t("whether orders in the month alone count, or also later ones"),
        "age_months": _AGE,
        "cohorts": _t("cohorts for which this age is complete"),
        "customers": _t("customers of these cohorts"),
        "active": _t("those of them who ordered"),
        **_SHARE,
        "is_known": _t("whether the starts of these cohorts are known"),
    },
    "summary": {
        "cohorts": _t("cohorts shown, the latest 24"),
        "cohorts_hidden": _t("cohorts with too few customers to be shown"),
        "cohorts_unknown": _t("cohorts shown whose first orders may not be the first"),
        "customers": _t("customers of the cohorts shown"),
        "known_from": _t("day from which on a start is known"),
    },
}
_SOURCE = _t(
    "Cohort retention as usual in product analytics: 'on' counts the customers of that month, 'on or after' "
    "also those who come later; averages are ratios of sums over complete months"
)
_LIMIT = _t(
    "The 24 latest cohorts and their first 12 months. Counted in the database: 10 million orders of 1 "
    "million customers take about 7 seconds of computing."
)

COHORTS = Analysis(
    name="cohorts",
    title=_t("Retention by cohort"),
    subject="customers",
    definition=_t(
        "Of the customers whose first order was in the same month, the share who ordered again one, two, ... "
        "months later; and the share who ordered then or later, up to 12 months after the first."
    ),
    source=_SOURCE,
    trap=_t(
        "The latest cohorts have not had the time to come back: only complete months are averaged. In the "
        "first year of the data, many a first order is not the customer's first."
    ),
    limit=_LIMIT,
    needs=("orders",),
    tables=("orders",),
    compute=_by_first_order,
    columns=_COLUMNS,
    seed="客户保留率",
)

JOINING_COHORTS = Analysis(
    name="joining_cohorts",
    title=_t("Retention by month of joining"),
    subject="customers",
    definition=_t(
        "Of the customers whose relation with the company began in the same month, the share who ordered in "
        "that month and one, two, ... months later."
    ),
    source=_SOURCE,
    trap=_t("Who joins need not buy: the share of the first month is below 100 %."),
    limit=_LIMIT,
    needs=("orders", "customers.joined_at"),
    tables=("orders", "customers"),
    compute=_by_joining,
    columns=_COLUMNS,
)
