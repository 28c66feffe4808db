"""Lifecycle: in which stage the customers are, how they moved, and how many came and went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.retention.lifecycle_stages import (
    NOT_YET,
    STAGES,
    buying_days,
    gap_at,
    stages,
    transitions,
)
from crmreport.analyses.shown import large_enough
from crmreport.language import _t
from crmreport.metrics.customers import KNOWN_AFTER_DAYS
from crmreport.metrics.intervals import wilson
from crmreport.metrics.placing import by_segment
from crmreport.periods import Period
from crmreport.tables.engine import IbisTable

MOST_PERIODS = 24

_FLOWS = ("opening", "new", "reactivated", "lost", "closing")


def flows(
    activity: IbisTable, first_orders: IbisTable, periods: Sequence[Period], *, split: bool
) -> pd.DataFrame:
    """Count who came and went in each period, so that opening + new + reactivated - lost = closing.

    `activity`, `first_orders`: the fact tables. Columns: `period` (key); `dimension` and `segment` if
    `split`; `opening` (customers active when the period began), `new` (active at its end, first order in
    it), `reactivated` (active at its end, not at its beginning, first order before), `lost` (active at its
    beginning, not at its end), `closing` (active at its end). Who began in the period and is no longer
    active at its end is in none of them.
    """
    starts = pd.DataFrame({"period": [p.key for p in periods], "start": [p.start for p in periods]})
    begun = first_orders.select("customer_id", "first_ordered_at")
    spans = ibis.memtable(starts, schema={"period": "string", "start": "date"})
    rows = activity.inner_join(begun, "customer_id").inner_join(spans, "period")
    is_new = rows.first_ordered_at.date() >= rows.start
    rows = rows.mutate(is_new=is_new)
    rows = by_segment(rows) if split else rows
    came = rows.active_at_end & ~rows.active_at_start
    counted = rows.group_by(["period", *(["dimension", "segment"] if split else [])]).aggregate(
        opening=rows.active_at_start.cast("int64").sum(),
        new=(came & rows.is_new).cast("int64").sum(),
        reactivated=(came & ~rows.is_new).cast("int64").sum(),
        lost=(rows.active_at_start & ~rows.active_at_end).cast("int64").sum(),
        closing=rows.active_at_end.cast("int64").sum(),
    )
    keys = [c for c in ("period", "dimension", "segment") if c in counted.columns]
    return counted.to_pandas().sort_values(keys, ignore_index=True)[[*keys, *_FLOWS]]


def _compute(known: Known) -> Frames:
    period = known.period
    before = replace(period, end=period.full_end).predecessor().start
    days = buying_days(known.tables["orders"], before, period.start, period.end)
    if not (days["days_end"] > 1).any():
        raise Declined(_t("Nobody has ordered twice yet: no gap between orders is known."))
    window, least = known.settings.active_days, known.settings.minimum_cell
    now = stages(days, "start", "end", period.start, period.end, window)
    then = stages(days, "before", "start", before, period.start, window)
    last_day = pd.Timestamp(period.end - timedelta(days=1))
    customers = pd.DataFrame(
        {
            "customer_id": days["customer_id"],
            "stage_before": then,
            "stage": now,
            "days_since_order": (last_day - days["last_day_end"]).dt.days.astype("int64"),
            "expected_gap_days": gap_at(days, "end"),
        }
    )
    return {
        "stages": _stages_frame(customers, least),
        "moves": transitions(then, now, least),
        "returns": _returns(days, then, period, least),
        "flows": _flows_frame(known),
        "flows_by_segment": _by_segment_frame(known),
        "customers": customers,
    }


def _stages_frame(customers: pd.DataFrame, least: int) -> pd.DataFrame:
    """Sum up each stage; a stage of few customers is hidden, and with it another."""
    grouped = customers.groupby("stage")
    order = pd.Index(STAGES, name="stage")
    found = grouped.agg(
        customers=("stage", "size"),
        days_since_order=("days_since_order", "median"),
        expected_gap_days=("expected_gap_days", "median"),
    ).reindex(order)
    found["customers"] = found["customers"].fillna(0)
    found["share"] = found["customers"] / len(customers)
    found["customers_before"] = customers["stage_before"].value_counts().reindex(order).fillna(0)
    for counts, figures in (
        ("customers", ["customers", "share", "days_since_order", "expected_gap_days"]),
        ("customers_before", ["customers_before"]),
    ):
        some = found.loc[found[counts] > 0, [counts]].assign(segment=lambda f: f.index, all="all")
        is_shown = large_enough(some, ["all"], counts, least).reindex(order, fill_value=True)
        found.loc[~is_shown, figures] = np.nan
    names = ["stage", "customers", "share", "customers_before", "days_since_order", "expected_gap_days"]
    return found.reset_index()[names]


def _returns(days: pd.DataFrame, then: pd.Series, period: Period, least: int) -> pd.DataFrame:
    """Say, for each stage at the beginning, how long the customers had waited and how many ordered."""
    waited = (pd.Timestamp(period.start - timedelta(days=1)) - days["last_day_start"]).dt.days
    rows = pd.DataFrame(
        {
            "stage_before": then,
            "expected_gap_days": gap_at(days, "start"),
            "waited_days": waited,
            "ordered": (days["last_day_end"] >= pd.Timestamp(period.start)).astype("int64"),
        }
    )
    found = (
        rows[then != NOT_YET]
        .groupby("stage_before")
        .agg(
            customers=("ordered", "size"),
            expected_gap_days=("expected_gap_days", "median"),
            waited_days=("waited_days", "median"),
            ordered=("ordered", "sum"),
        )
    )
    found = found.reindex([s for s in STAGES if s in found.index]).reset_index()
    found = found[found["customers"] >= least].reset_index(drop=True)
    low, high = wilson(found["ordered"].to_numpy(dtype=float), found["customers"].to_numpy(dtype=float))
    found = found.assign(ordered_share=found["ordered"] / found["customers"], low=low, high=high)
    return found.drop(columns="ordered").astype({"stage_before": "str"})


def _flows_frame(known: Known) -> pd.DataFrame:
    periods = known.periods[-MOST_PERIODS:]
    found = flows(known.facts["activity"], known.facts["first_orders"], periods, split=False)
    known_from = known.data.first_day + timedelta(days=KNOWN_AFTER_DAYS)
    spine = pd.DataFrame(
        {
            "period": [p.key for p in periods],
            "is_complete": [p.start >= known_from and not p.is_partial for p in periods],
        }
    )
    joined = spine.merge(found, on="period", how="left").fillna(dict.fromkeys(_FLOWS, 0))
    return joined.astype(dict.fromkeys(_FLOWS, "int64"))[["period", *_FLOWS, "is_complete"]]


def _by_segment_frame(known: Known) -> pd.DataFrame:
    year_before = known.period.year_before().key
    periods = [p for p in known.periods if p.key in (known.period.key, year_before)]
    found = flows(known.facts["activity"], known.facts["first_orders"], periods, split=True)
    found["people"] = found["opening"] + found["new"] + found["reactivated"]
    is_shown = large_enough(found, ["period", "dimension"], "people", known.settings.minimum_cell)
    # The share lost is of those active when the period began: so few of these are not shown either.
    found = found[is_shown & (found["opening"] >= known.settings.minimum_cell)]
    low, high = wilson(found["lost"].to_numpy(dtype=float), found["opening"].to_numpy(dtype=float))
    found = found.assign(lost_share=found["lost"] / found["opening"], low=low, high=high)
    keys = ["dimension", "segment"]
    now = found[found["period"] == known.period.key]
    then = found.loc[found["period"] == year_before, [*keys, "lost_share"]]
    then = then.rename(columns={"lost_share": "lost_share_year_before"})
    columns = [*keys, *_FLOWS, "lost_share", "low", "high", "lost_share_year_before"]
    return now.merge(then, on=keys, how="left").sort_values(keys, ignore_index=True)[columns]


TITLES = {
    "not_yet": _t("No customer yet"),
    "new": _t("New"),
    "active": _t("Active"),
    "at_risk": _t("At risk"),
    "reactivated": _t("Reactivated"),
    "lapsed": _t("Lapsed"),
}

_LOW, _HIGH = _t("lower bound of its 95 % interval"), _t("upper bound of its 95 % interval")
_MOVEMENT = {
    "opening": _t("customers active when the period began"),
    "new": _t("customers active at its end whose first order was in it"),
    "reactivated": _t("customers active at its end, not at its beginning, who had ordered before"),
    "lost": _t("customers active at its beginning, not at its end"),
    "closing": _t("customers active when it ended"),
}

LIFECYCLE = Analysis(
    name="lifecycle",
    title=_t("Stages of the customer lifecycle"),
    subject="customers",
    definition=_t(
        "Everyone who ever ordered is in one stage. Active: ordered within the activity window; lapsed: did "
        "not. Of the active, new: first order in the period; reactivated: not active when the period began; "
        "at risk: waits more than twice the gap between orders to be expected of this customer."
    ),
    source=_t(
        "Flows of customers by sets, so that opening + new + reactivated - lost = closing; the expected gap "
        "is the mean of the customer's own gaps and one typical gap of all customers"
    ),
    trap=_t(
        "Lapsed is no end of a contract: some come back, see the reactivated. Customers who order rarely "
        "lapse between two orders; at risk shows only those who order more often than the window."
    ),
    limit=_t(
        "One row per customer is held in memory: 1 million customers with 10 million orders take about 2 "
        "gigabytes and one minute of computing."
    ),
    needs=("orders",),
    tables=("orders",),
    facts=("activity", "first_orders"),
    compute=_compute,
    columns={
        "stages": {
            "stage": _t("stage when the period ended"),
            "customers": _t("customers in it; missing if they are too few to be shown"),
            "share": _t("share of all who ever ordered, 0 to 1"),
            "customers_before": _t("customers in it when the period began"),
            "days_since_order": _t("days since the last order, median"),
            "expected_gap_days": _t("days between orders to be expected, median"),
        },
        "moves": {
            "stage_before": _t("stage when the period began"),
            "stage": _t("stage when it ended"),
            "customers": _t("customers who moved so; missing if hidden"),
            "share": _t("share of the customers of the stage before, 0 to 1"),
            "low": _LOW,
            "high": _HIGH,
            "is_hidden": _t("whether the customers are too few to be shown"),
        },
        "returns": {
            "stage_before": _t("stage when the period began"),
            "customers": _t("customers in it"),
            "expected_gap_days": _t("days between orders to be expected, median"),
            "waited_days": _t("days that they had waited since their last order, median"),
            "ordered_share": _t("share of them who ordered in the period, 0 to 1"),
            "low": _LOW,
            "high": _HIGH,
        },
        "flows": {
            "period": _t("key of the period"),
            **_MOVEMENT,
            "is_complete": _t("whether the period is over and the data reach a year before it"),
        },
        "flows_by_segment": {
            "dimension": _t("dimension"),
            "segment": _t("its value"),
            **_MOVEMENT,
            "lost_share": _t("lost, as a share of the opening customers, 0 to 1"),
            "low": _LOW,
            "high": _HIGH,
            "lost_share_year_before": _t("the same share in the same period of the year before"),
        },
        "customers": {
            "customer_id": _t("customer"),
            "stage_before": _t("stage when the period began"),
            "stage": _t("stage when it ended"),
            "days_since_order": _t("days since the last order"),
            "expected_gap_days": _t("days between orders to be expected"),
        },
    },
    private=("customers",),
    seed="客户生命周期",
)
