"""Tiny tables, written by hand in a test, as the data of a project."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pandas as pd

from crmreport.analyses.analysis import Known
from crmreport.config import Settings
from crmreport.metrics import METRICS
from crmreport.metrics.cube import compute_cube
from crmreport.metrics.metric import Metric
from crmreport.periods import Calendar
from crmreport.tables.cleaning.rules import LOG_COLUMNS
from crmreport.tables.contract import table
from crmreport.tables.data import Data
from crmreport.tables.facts import facts
from crmreport.tables.until import until
from crmreport.targets import Targets

CALENDAR = Calendar()
_FIRST, _AS_OF = date(2020, 1, 1), date(2025, 12, 31)


def frame(text: str) -> pd.DataFrame:
    """Read a table whose first line names the columns; ``-`` is a missing value."""
    header, *rows = [line.split() for line in text.strip().splitlines()]
    return pd.DataFrame(
        [[None if v == "-" else v for v in row] for row in rows], columns=header, dtype=object
    )


def tiny_data(first_day: date = _FIRST, as_of: date = _AS_OF, **tables: str | pd.DataFrame) -> Data:
    """Give the data of a project that has these tables; the customers are those named in them."""
    frames = {name: frame(t) if isinstance(t, str) else t for name, t in tables.items()}
    if "customers" not in frames:
        ids = [f["customer_id"] for f in frames.values() if "customer_id" in f]
        known = sorted(set(pd.concat(ids).dropna())) if ids else []
        frames["customers"] = pd.DataFrame({"customer_id": pd.Series(known, dtype=object)})
    return Data(
        {n: _typed(n, f) for n, f in frames.items()},
        pd.DataFrame(columns=list(LOG_COLUMNS)),
        first_day,
        as_of,
    )


def _typed(name: str, given: pd.DataFrame) -> Any:
    columns = {c: table(name).column(c).type.value for c in given.columns}
    types = {
        "text": "string", "integer": "int64", "number": "float64", "money": "decimal(18, 4)",
        "boolean": "boolean", "timestamp": "timestamp(6)", "date": "date",
    }  # fmt: skip
    texts = ibis.memtable(given.astype(object), schema=dict.fromkeys(given.columns, "string"))
    return texts.select(**{c: texts[c].cast(types[t]) for c, t in columns.items()})


def cube_of(
    data: Data,
    *periods: str,
    metrics: tuple[Metric, ...],
    minimum_cell: int = 1,
    targets: Targets | None = None,
) -> pd.DataFrame:
    """Compute these metrics for these periods, as far as the data go; a customer is active for 90 days."""
    wanted = [CALENDAR.at(CALENDAR.period(name), data.as_of) for name in periods]
    return compute_cube(data, wanted, 90, minimum_cell, metrics, targets)


def figure(
    cube: pd.DataFrame, metric: Metric, period: str, dimension: str = "all", segment: str = "all"
) -> dict[str, Any]:
    """Give the one row of a cube."""
    rows = cube[
        (cube["metric"] == metric.name)
        & (cube["period"] == period)
        & (cube["dimension"] == dimension)
        & (cube["segment"] == segment)
    ]
    assert len(rows) == 1
    return dict(rows.iloc[0])


def known_of(data: Data, *periods: str, metrics: tuple[Metric, ...] = METRICS) -> Known:
    """Give what is known at the end of the last of these periods; a customer is active for 90 days."""
    wanted = tuple(CALENDAR.at(CALENDAR.period(name), data.as_of) for name in periods)
    cut = until(data, wanted[-1].end)
    return Known(
        data=cut,
        facts=facts(cut, wanted, 90),
        period=wanted[-1],
        periods=wanted,
        cube=compute_cube(cut, wanted, 90, 1, metrics),
        settings=Settings(company="Tiny"),
    )
