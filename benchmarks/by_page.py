"""By page: the same figures as an analyst's notebook computes them: pandas, one page at a time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from crmreport.periods import Period

ACTIVE_DAYS = 90
REPEAT_DAYS = 90
DAYS_PER_MONTH = 30.4375


def figures(folder: Path, period: Period, segment: str) -> dict[str, float]:
    """Compute the metrics of one page, by name; `segment` is "all" or a region.

    What a page needs is read from the files, and only the columns that it needs: orders to the period's end,
    since who is new or had been there is only to be seen in all that came before.
    """
    start, end = pd.Timestamp(period.start), pd.Timestamp(period.end)
    customers = pd.read_parquet(folder / "data" / "customers.parquet")
    orders = pd.read_parquet(
        folder / "data" / "orders.parquet",
        columns=["customer_id", "ordered_at", "amount"],
        filters=[("ordered_at", "<", end)],
    )
    # The top tenth is the company's, on every page.
    within = orders[orders["ordered_at"] >= start]
    top = _top_tenth(within)
    if segment != "all":
        customers = customers[customers["region"] == segment]
        chosen = customers["customer_id"]
        orders = orders[orders["customer_id"].isin(chosen)]
        within = within[within["customer_id"].isin(chosen)]
    return (
        _sales(orders, within, period)
        | _new(orders, period)
        | {"joined_customers": float(customers["joined_at"].between(start, end, inclusive="left").sum())}
        | _customers(orders, within, top, period)
    )


def _top_tenth(within: pd.DataFrame) -> pd.Series:
    spent = within.groupby("customer_id", sort=False)["amount"].sum().round(2).reset_index()
    ranked = spent.sort_values(["amount", "customer_id"], ascending=[False, True])
    return ranked["customer_id"].iloc[: -(-len(ranked) // 10)]


def _sales(orders: pd.DataFrame, within: pd.DataFrame, period: Period) -> dict[str, float]:
    before = period.predecessor()
    is_before = orders["ordered_at"].between(
        pd.Timestamp(before.start), pd.Timestamp(before.end), inclusive="left"
    )
    revenue, revenue_before = within["amount"].sum(), orders.loc[is_before, "amount"].sum()
    return {
        "revenue": revenue,
        "revenue_growth": _ratio(revenue, revenue_before) - 1,
        "orders": float(len(within)),
        "revenue_per_order": _ratio(revenue, len(within)),
        "buyers": float(within["customer_id"].nunique()),
    }


def _new(orders: pd.DataFrame, period: Period) -> dict[str, float]:
    in_order = orders.sort_values("ordered_at", kind="stable")
    day = in_order["ordered_at"].dt.normalize()
    number = in_order.groupby("customer_id", sort=False).cumcount()
    first = day[number == 0].set_axis(in_order.loc[number == 0, "customer_id"])
    second = day[number == 1].set_axis(in_order.loc[number == 1, "customer_id"])
    start, end = pd.Timestamp(period.start), pd.Timestamp(period.end)
    shift = pd.Timedelta(days=REPEAT_DAYS)
    judged = first[(first >= start - shift) & (first < end - shift)]
    days = (second.reindex(judged.index) - judged).dt.days
    return {
        "new_customers": float(((first >= start) & (first < end)).sum()),
        "repeat_purchase_rate": _ratio((days <= REPEAT_DAYS).sum(), len(judged)),
    }


def _customers(
    orders: pd.DataFrame, within: pd.DataFrame, top: pd.Series, period: Period
) -> dict[str, float]:
    window = timedelta(days=ACTIVE_DAYS)
    start, end = pd.Timestamp(period.start), pd.Timestamp(period.end)
    day = orders["ordered_at"]
    opening = orders[(day >= start - window) & (day < start)].groupby("customer_id")["amount"].sum().round(2)
    at_end = orders[(day >= end - window) & (day < end)].groupby("customer_id")["amount"]
    closing, orders_at_end = at_end.sum().round(2), at_end.size()
    came = closing.index.difference(opening.index)
    had_ordered = orders.loc[day < start, "customer_id"].unique()
    kept = closing.reindex(opening.index)
    stayed = float(kept.notna().sum())
    placed = within["customer_id"].isin(opening.index).sum()
    spent = within.groupby("customer_id")["amount"].sum()
    active, opened = float(len(closing)), float(len(opening))
    back = float(came.isin(had_ordered).sum())
    return {
        "active_customers": active,
        "opening_customers": opened,
        "newly_active_customers": len(came) - back,
        "reactivated_customers": back,
        "lost_customers": opened - stayed,
        "retention_rate": _ratio(stayed, opened),
        "churn_rate": _ratio(opened - stayed, opened),
        "purchase_frequency": _ratio(orders_at_end.sum(), active),
        "order_rate": _ratio(placed * DAYS_PER_MONTH / period.days, opened),
        "revenue_per_customer": _ratio(spent.sum(), len(spent)),
        "revenue_per_active_customer": _ratio(spent.sum(), active),
        "top_decile_share": _ratio(spent[spent.index.isin(top)].sum(), spent.sum()),
        "net_revenue_retention": _ratio(kept.fillna(0).sum(), opening.sum()),
        "gross_revenue_retention": _ratio(np.minimum(kept.fillna(0), opening).sum(), opening.sum()),
    }


def _ratio(top: float, bottom: float) -> float:
    return float(top) / float(bottom) if bottom else float("nan")
