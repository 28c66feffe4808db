"""Funnel: how far the leads came within their first 60 days, stage by stage."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from crmreport.metrics.conversion import CONVERSION_DAYS
from crmreport.metrics.metric import matured
from crmreport.metrics.placing import by_segment, in_periods
from crmreport.periods import Period
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts import DIMENSIONS

COLUMNS = ("period", "dimension", "segment", "stage_order", "stage", "reached")


def funnel(opportunities: IbisTable, stage_history: IbisTable, periods: Iterable[Period]) -> pd.DataFrame:
    """Count the leads that reached each stage within their first 60 days.

    A lead belongs to the period in which its 60 days were up, as in the lead-to-customer conversion, so that
    recent leads are not taken for lost ones. Columns: `period`, `dimension`, `segment`, `stage_order`,
    `stage`, `reached` (leads). `opportunities` is the fact table, `stage_history` the contract's table.
    """
    dimensions = [d for d in DIMENSIONS if d in opportunities.columns]
    leads = opportunities.select("opportunity_id", "created_at", *dimensions)
    entered = stage_history.select("opportunity_id", "stage", "stage_order", "entered_at")
    joined = leads.inner_join(entered, "opportunity_id")
    days = joined.entered_at.date().delta(joined.created_at.date(), unit="day")
    reached = joined.filter(days <= CONVERSION_DAYS)
    placed = by_segment(in_periods(reached, matured("created_at", CONVERSION_DAYS), tuple(periods)))
    counted = placed.group_by(["period", "dimension", "segment", "stage_order", "stage"]).aggregate(
        reached=placed.opportunity_id.nunique()
    )
    return counted.to_pandas().sort_values(list(COLUMNS[:5]), ignore_index=True)[list(COLUMNS)]
