"""Market facts: own sales and the industry's by period, of the series that others publish."""

from __future__ import annotations

import ibis
import pandas as pd

from crmreport.periods import Period
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import Derived, Fact, Inputs, complete

OWN, COMPETITOR, INDUSTRY, MACRO = "own", "competitor", "industry", "macro"

# How far apart the values of a series are, in days, by how often it is published.
_GAPS = {"day": (1, 1), "week": (7, 7), "month": (28, 31), "quarter": (89, 92), "year": (365, 366)}
_LENGTHS = {
    "day": ibis.interval(days=1),
    "week": ibis.interval(days=7),
    "month": ibis.interval(months=1),
    "quarter": ibis.interval(months=3),
    "year": ibis.interval(months=12),
}


def vintages(market: IbisTable) -> IbisTable:
    """Give every published value with the days that it covers.

    Adds `frequency` (day, week, month, quarter, year; missing for a series of one value, or of none of
    these), `ends_on` (last day that the value covers) and `is_first` and `is_latest` among the values that
    were published for the same days. `kind` is in small letters, a missing `unit` is "".
    """
    rows = complete(market, "market")
    rows = rows.mutate(kind=rows.kind.lower().strip(), unit=ibis.coalesce(rows.unit.strip(), ""))
    starts = rows.select("series", "starts_on").distinct()
    last = starts.starts_on.lag().over(ibis.window(group_by="series", order_by="starts_on"))
    starts = starts.mutate(gap=starts.starts_on.delta(last, unit="day"))
    gaps = starts.group_by("series").aggregate(gap=starts.gap.min())
    by_gap = [(gaps.gap.between(*bounds), name) for name, bounds in _GAPS.items()]
    often = gaps.select("series", frequency=ibis.cases(*by_gap, else_=ibis.null("string")))
    rows = rows.left_join(often, "series").drop("series_right")
    ends = [(rows.frequency == name, rows.starts_on + length) for name, length in _LENGTHS.items()]
    after = ibis.cases(*ends, else_=ibis.null("timestamp")).cast("date")
    published = ibis.coalesce(rows.published_on, ibis.date("0001-01-01"))
    rows = rows.mutate(ends_on=(after - ibis.interval(days=1)).cast("date"), published=published)
    same = {"group_by": ["series", "starts_on"]}
    first = ibis.row_number().over(ibis.window(**same, order_by=[rows.published, rows.value]))
    latest = ibis.row_number().over(
        ibis.window(**same, order_by=[ibis.desc(rows.published), ibis.desc(rows.value)])
    )
    return rows.mutate(is_first=first == 0, is_latest=latest == 0).drop("published")


def sums_of_periods(values: IbisTable, periods: tuple[Period, ...]) -> IbisTable:
    """Add up each series' values within each period that they cover wholly.

    `values`: rows of `vintages`, one for the same series and days. A value that covers more than the period
    is never divided: its series has none there. Columns: `period` (a Period's key), `series`, `kind`,
    `organisation`, `unit`, `value`, `published_on` (the newest behind it).
    """
    spans = pd.DataFrame(
        [(p.key, p.start, p.end, p.days) for p in periods], columns=["period", "start", "end", "days"]
    )
    schema = {"period": "string", "start": "date", "end": "date", "days": "int64"}
    frame = ibis.memtable(spans, schema=schema)
    joined = values.join(frame, [values.starts_on >= frame.start, values.ends_on < frame.end])
    joined = joined.mutate(covered=joined.ends_on.delta(joined.starts_on, unit="day") + 1)
    keys = ["period", "days", "series", "kind", "organisation", "unit"]
    sums = joined.group_by(keys).aggregate(
        value=joined.value.sum(), covered=joined.covered.sum(), published_on=joined.published_on.max()
    )
    return sums.filter(sums.covered == sums.days).drop("covered", "days")


def is_amount(unit: IbisTable) -> IbisTable:
    """Say whether values of the unit can be added up, which percentages and indices cannot."""
    return ~(
        unit.contains("%")
        | unit.lower().contains("percent")
        | unit.lower().contains("per cent")
        | unit.lower().contains("index")
    )


def market_unit(values: IbisTable) -> IbisTable:
    """Give the unit in which own and industry's sales are compared: of several, the first by name."""
    chosen = values.filter(values.kind.isin([OWN, INDUSTRY]) & is_amount(values.unit))
    units = chosen.group_by("unit").aggregate(kinds=chosen.kind.nunique())
    first = units.order_by(ibis.desc("kinds"), "unit").limit(1)
    return first.unit.as_scalar()


def _market(given: Inputs) -> IbisTable:
    """One row per period, with what is published of it so far; missing where it is not published."""
    values = vintages(given.tables["market"])
    values = values.filter(values.is_latest & (values.unit == market_unit(values)))
    sums = sums_of_periods(values, given.periods)
    totals = sums.group_by("period").aggregate(
        own_sales=sums.value.sum(where=sums.kind == OWN),
        industry_sales=sums.value.sum(where=sums.kind == INDUSTRY),
    )
    keys = pd.DataFrame({"period": [p.key for p in given.periods]})
    every = ibis.memtable(keys, schema={"period": "string"})
    return every.left_join(totals, "period").drop("period_right")


MARKET = Fact(
    name="market",
    make=_market,
    needs=("market",),
    made_from=("market",),
    derived={
        "period": Derived("string", of="starts_on"),
        "own_sales": Derived("float64", of="value"),
        "industry_sales": Derived("float64", of="value"),
    },
)
