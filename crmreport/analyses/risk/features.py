"""Churn features: what was known of each customer on a day, and what the customer did in the days after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import ibis
import pandas as pd

from crmreport.language import _t
from crmreport.tables.contract import table
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable
from crmreport.tables.until import UNTIL, until_each

NO_PURCHASE = "no_purchase"
LEFT = "left"

TITLES: dict[str, str] = {
    "recency_days": _t("Days since the last order"),
    "orders_recent": _t("Orders in the last window"),
    "orders_before": _t("Orders in the window before that"),
    "order_trend": _t("Change in the number of orders between the two windows"),
    "orders_per_30_days": _t("Orders per 30 days since the first one"),
    "mean_gap_days": _t("Mean days between orders"),
    "recency_over_gap": _t("Days since the last order, over the mean days between orders"),
    "revenue_recent": _t("Revenue in the last window"),
    "revenue_per_order": _t("Revenue per order"),
    "tenure_days": _t("Days as a customer"),
    "cases_recent": _t("Service cases in the last window"),
    "complaints_recent": _t("Complaints in the last window"),
    "longest_wait_hours": _t("Longest wait for an answer in the last window, in hours"),
    "last_csat": _t("Last satisfaction answer"),
    "last_nps": _t("Last answer on recommending us"),
}
_COLUMNS = {
    "customers": ("customer_id", "joined_at", "left_at"),
    "interactions": ("customer_id", "direction", "opened_at", "first_response_at", "is_complaint"),
    "feedback": ("feedback_id", "customer_id", "answered_at", "csat", "nps"),
}


def compact(data: Data, orders: IbisTable | None) -> Data:
    """Give the data with no more than features are made of, read once; `orders`: the fact table, if any."""
    tables = {}
    for name, wanted in _COLUMNS.items():
        if name in data.tables:
            columns = [*wanted, *(table(name).dimensions if name == "customers" else ())]
            given = data.tables[name]
            tables[name] = given.select(*[c for c in columns if c in given.columns]).cache()
    if orders is not None:
        tables["orders"] = orders.select("customer_id", "ordered_at", "amount").cache()
    return replace(data, tables=tables)


def customers_at(data: Data, cutoff: date, days: int, outcome: str) -> pd.DataFrame:
    """Give the customers of one day; see `customers_at_each`."""
    return customers_at_each(data, (cutoff,), days, outcome)[cutoff]


def customers_at_each(
    data: Data, cutoffs: Sequence[date], days: int, outcome: str
) -> dict[date, pd.DataFrame]:
    """Give each day's customers with what was known of them then, one row each, in the order of their ids.

    `data`: see `compact`. For the outcome ``no_purchase``: those with an order in the `days` before
    the day who had not ended the relation; for ``left``: those whose relation had begun and not ended.
    Columns: `customer_id`, the customer's dimensions as they are today, and the features of `TITLES` that
    the data allow, from what happened before that day alone; a window is `days` long.
    """
    known = until_each(data, cutoffs)
    rows = known.tables["customers"]
    if "left_at" in rows.columns:
        rows = rows.filter(rows.left_at.isnull())
    if "orders" in known.tables:
        ordered = _of_orders(known.tables["orders"], days)
        if outcome == NO_PURCHASE:
            rows = rows.inner_join(ordered.filter(ordered.recency_days <= days), [UNTIL, "customer_id"])
        else:
            rows = _beside(rows, ordered)
    if outcome == LEFT:
        rows = rows.filter(rows.joined_at.notnull())
    if "interactions" in known.tables and "customer_id" in known.tables["interactions"].columns:
        rows = _beside(rows, _of_service(known.tables["interactions"], days))
        counts = [c for c in ("cases_recent", "complaints_recent") if c in rows.columns]
        rows = rows.mutate(**{c: rows[c].fill_null(0) for c in counts})
    if "feedback" in known.tables and "customer_id" in known.tables["feedback"].columns:
        for answer in [a for a in ("csat", "nps") if a in known.tables["feedback"].columns]:
            rows = _beside(rows, _last_answer(known.tables["feedback"], answer))
    rows = rows.mutate(**_tenure(rows))
    dimensions = [d for d in table("customers").dimensions if d in rows.columns]
    chosen = ["customer_id", *dimensions, *[f for f in TITLES if f in rows.columns]]
    found = rows.select(UNTIL, *chosen).order_by(UNTIL, "customer_id").to_pandas()
    found = found.astype({f: "float64" for f in TITLES if f in found.columns})
    of_day = pd.to_datetime(found.pop(UNTIL))
    return {day: found[of_day == pd.Timestamp(day)].reset_index(drop=True) for day in cutoffs}


def with_outcome(rows: pd.DataFrame, data: Data, cutoff: date, days: int, outcome: str) -> pd.DataFrame:
    """Add `churned` to the customers of one day; see `with_outcome_of_each`."""
    return with_outcome_of_each({cutoff: rows}, data, days, outcome)[cutoff]


def with_outcome_of_each(
    rows: Mapping[date, pd.DataFrame], data: Data, days: int, outcome: str
) -> dict[date, pd.DataFrame]:
    """Add `churned`: whether the customer placed no order, or ended the relation, in the days after each day.

    `rows`: see `customers_at_each`.
    """
    name, clock = ("orders", "ordered_at") if outcome == NO_PURCHASE else ("customers", "left_at")
    given = data.tables[name]
    happened = given.select("customer_id", day=given[clock].date())
    cutoffs = ibis.memtable(pd.DataFrame({UNTIL: list(rows)}), schema={UNTIL: "date"})
    after = happened.cross_join(cutoffs)
    is_within = (after.day >= after[UNTIL]) & (after.day.delta(after[UNTIL], unit="day") < days)
    ids = after.filter(is_within).select(UNTIL, "customer_id").distinct().to_pandas()
    of_day = pd.to_datetime(ids[UNTIL])
    found = {}
    for cutoff, customers in rows.items():
        did = customers["customer_id"].isin(ids.loc[of_day == pd.Timestamp(cutoff), "customer_id"])
        found[cutoff] = customers.assign(churned=~did if outcome == NO_PURCHASE else did)
    return found


def _of_orders(orders: IbisTable, days: int) -> IbisTable:
    ago = _days_before(orders, orders.ordered_at)
    is_recent = ago <= days
    is_before = (ago > days) & (ago <= 2 * days)
    made = orders.group_by([UNTIL, "customer_id"]).aggregate(
        recency_days=ago.min(),
        first_days=ago.max(),
        all_orders=ago.count(),
        orders_recent=is_recent.cast("int64").sum(),
        orders_before=is_before.cast("int64").sum(),
        # Sums of exact amounts, which do not depend on the order of rows.
        revenue_recent=orders.amount.sum(where=is_recent).cast("float64"),
        revenue=orders.amount.sum().cast("float64"),
        with_amount=orders.amount.count(),
    )
    # Somebody's only order has no gap to another.
    gap = (made.first_days - made.recency_days) / (made.all_orders - 1).nullif(0)
    return made.select(
        UNTIL,
        "customer_id",
        "recency_days",
        "first_days",
        "orders_recent",
        "orders_before",
        order_trend=made.orders_recent - made.orders_before,
        orders_per_30_days=30 * made.all_orders / ibis.greatest(made.first_days, 30),
        mean_gap_days=gap,
        recency_over_gap=made.recency_days / gap.nullif(0),
        revenue_recent=made.revenue_recent,
        revenue_per_order=made.revenue / made.with_amount.nullif(0),
    )


def _of_service(cases: IbisTable, days: int) -> IbisTable:
    if "direction" in cases.columns:
        cases = cases.filter(ibis.coalesce(cases.direction, "inbound") != "outbound")
    cases = cases.filter(cases.customer_id.notnull() & (_days_before(cases, cases.opened_at) <= days))
    wanted = {"cases_recent": cases.count()}
    if "is_complaint" in cases.columns:
        wanted["complaints_recent"] = cases.is_complaint.cast("int64").sum()
    if "first_response_at" in cases.columns:
        # Who has no answer yet has waited until now.
        answered = cases.first_response_at.delta(cases.opened_at, unit="second") / 3600
        waited = 24.0 * _days_before(cases, cases.opened_at)
        wanted["longest_wait_hours"] = ibis.coalesce(answered, waited).max()
    return cases.group_by([UNTIL, "customer_id"]).aggregate(**wanted)


def _last_answer(feedback: IbisTable, answer: str) -> IbisTable:
    given = feedback.filter(feedback.customer_id.notnull() & feedback[answer].notnull())
    order = [given.answered_at.desc()] + ([given.feedback_id] if "feedback_id" in given.columns else [])
    newest = ibis.row_number().over(ibis.window(group_by=[UNTIL, "customer_id"], order_by=order))
    numbered = given.mutate(place=newest)
    return numbered.filter(numbered.place == 0).select(
        UNTIL, "customer_id", **{f"last_{answer}": numbered[answer]}
    )


def _tenure(rows: IbisTable) -> dict[str, IbisTable]:
    known = [_days_before(rows, rows.joined_at)] if "joined_at" in rows.columns else []
    known += [rows.first_days] if "first_days" in rows.columns else []
    return {"tenure_days": ibis.coalesce(*known)} if known else {}


def _days_before(rows: IbisTable, moment: IbisTable) -> IbisTable:
    return rows[UNTIL].delta(moment.date(), unit="day")


def _beside(rows: IbisTable, other: IbisTable) -> IbisTable:
    joined = rows.left_join(other, [UNTIL, "customer_id"])
    return joined.drop("customer_id_right", f"{UNTIL}_right")
