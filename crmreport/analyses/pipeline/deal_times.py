"""Deal times: how long opportunities take to close, and what share is won by when."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.durations import curves, grouped_durations, medians
from crmreport.analyses.survival import count_durations, cumulative_incidence, on_days
from crmreport.language import _t
from crmreport.tables.contract import table
from crmreport.tables.engine import IbisTable

LEAST_CLOSED = 30
SHARES_AT_DAYS = (30, 60, 90, 180)


def count_closing(opportunities: IbisTable, end: date, dimension: str = "") -> pd.DataFrame:
    """Count the days from creation to close, won or lost alike; see `count_durations`."""
    return count_durations(
        opportunities, opportunities.created_at, opportunities.closed_at, end, dimension=dimension
    )


def count_winning(opportunities: IbisTable, end: date, dimension: str = "") -> pd.DataFrame:
    """Count the days from creation to winning; what was lost ended otherwise."""
    return count_durations(
        opportunities,
        opportunities.created_at,
        opportunities.closed_at,
        end,
        dimension=dimension,
        otherwise=~opportunities.is_won.fill_null(False),
    )


def _dimensions(opportunities: IbisTable) -> list[str]:
    return [d for d in table("opportunities").dimensions if d in opportunities.columns]


def _enough(known: Known, column: str = "closed_at") -> IbisTable:
    opportunities = known.facts["opportunities"]
    closed = int(opportunities.filter(opportunities[column].notnull()).count().to_pyarrow().as_py())
    if closed < LEAST_CLOSED:
        raise Declined(
            _t("Only {closed} opportunities have been closed; the curve needs {least}."),
            closed=closed,
            least=LEAST_CLOSED,
        )
    return opportunities


def _sales_cycle(known: Known) -> Frames:
    opportunities, end = _enough(known), known.period.end
    durations = grouped_durations(
        lambda rows, by: count_closing(rows, end, by), opportunities, _dimensions(opportunities)
    )
    shown = medians(durations, known.settings.minimum_cell)
    return {"medians": shown, "curve": curves(durations, shown)}


def _time_to_convert(known: Known) -> Frames:
    opportunities, end = _enough(known), known.period.end
    durations = grouped_durations(
        lambda rows, by: count_winning(rows, end, by), opportunities, _dimensions(opportunities)
    )
    shown = medians(durations, known.settings.minimum_cell)
    visible = set(zip(shown["dimension"], shown["segment"], strict=True))
    rows = []
    for (dimension, segment), counted in durations.groups.items():
        if (dimension, segment) not in visible:
            continue
        curve = cumulative_incidence(counted)
        watched = counted["days"].max()
        at = on_days(curve, np.array([d for d in SHARES_AT_DAYS if d <= watched], dtype=float), "share")
        won, lost, still = (int(counted[c].to_numpy().sum()) for c in ("ended", "otherwise", "open"))
        sizes = {"rows": won + lost + still, "won": won, "lost": lost}
        rows.append(at.assign(dimension=dimension, segment=segment, **sizes))
    names = ["dimension", "segment", "rows", "won", "lost", "days", "share", "low", "high"]
    return {
        "shares": pd.concat(rows, ignore_index=True).astype({"days": "int64"})[names],
        "curve": curves(durations, shown, cumulative_incidence, "share"),
    }


_GROUPED = {"dimension": _t("What the opportunities are grouped by"), "segment": _t("Group")}
_BOUNDS = {"low": _t("Lower bound of its 95 % interval"), "high": _t("Upper bound of its 95 % interval")}

SALES_CYCLE = Analysis(
    name="sales_cycle",
    title=_t("Sales cycle"),
    subject="sales",
    definition=_t(
        "Days from the creation of an opportunity to its close, won or lost; those still open count as long "
        "as they have been. The median is that of all, not only of the closed ones."
    ),
    source=_t(
        "Kaplan and Meier 1958, Journal of the American Statistical Association 53; log-rank test: Mantel "
        "1966, Cancer Chemotherapy Reports 50"
    ),
    trap=_t(
        "The median of the closed opportunities alone is too short while others are open, the more so the "
        "faster the pipeline grows."
    ),
    limit=_t("At least 30 closed opportunities. Groups of few opportunities are left out."),
    needs=("opportunities.closed_at",),
    facts=("opportunities",),
    compute=_sales_cycle,
    columns={
        "medians": {
            **_GROUPED,
            "rows": _t("Opportunities"),
            "ended": _t("Closed ones"),
            "open": _t("Open ones"),
            "median_days": _t("Days after which half are closed; missing where not so many are"),
            **_BOUNDS,
            "naive_median_days": _t("Median of the closed ones alone: too short"),
            "difference_p": _t("Probability of curves so different in this dimension by chance (log-rank)"),
        },
        "curve": {
            "dimension": _t("Whole, or the dimension whose curves differ most surely"),
            "segment": _t("Group"),
            "days": _t("Days since creation"),
            "survival": _t("Share still open after them, 0 to 1"),
            **_BOUNDS,
        },
    },
    seed="销售周期",
)

TIME_TO_CONVERT = Analysis(
    name="time_to_convert",
    title=_t("Time to convert"),
    subject="conversion",
    definition=_t(
        "Share of the opportunities won within so many days of their creation. Lost ones can no longer be "
        "won; open ones count as long as they have been."
    ),
    source=_t("Aalen and Johansen 1978, Scandinavian Journal of Statistics 5: cumulative incidence"),
    trap=_t(
        "One minus Kaplan and Meier's curve would be too high here: it takes the lost ones for open ones "
        "that may yet be won."
    ),
    limit=_t("At least 30 closed opportunities. Groups of few opportunities are left out."),
    needs=("opportunities.closed_at", "opportunities.is_won"),
    facts=("opportunities",),
    compute=_time_to_convert,
    columns={
        "shares": {
            **_GROUPED,
            "rows": _t("Opportunities"),
            "won": _t("Won ones"),
            "lost": _t("Lost ones"),
            "days": _t("Days since creation"),
            "share": _t("Share won within them, 0 to 1"),
            **_BOUNDS,
        },
        "curve": {
            "dimension": _t("Whole, or the dimension whose curves differ most surely"),
            "segment": _t("Group"),
            "days": _t("Days since creation"),
            "share": _t("Share won within them, 0 to 1"),
            **_BOUNDS,
        },
    },
    seed="转化率",
)
