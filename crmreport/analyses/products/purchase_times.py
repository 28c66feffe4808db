"""Times of purchase: on which weekdays and at which hours customers order, in local time."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.language import _t
from crmreport.metrics.intervals import Array, poisson
from crmreport.tables.engine import IbisTable

WEEKS = 52
HOURS = 24
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def orders_by_hour(orders: IbisTable, start: date, end: date) -> pd.DataFrame:
    """Count orders by day and hour from `start` until before `end`.

    `orders`: the fact table. Columns: `day`, `hour` (0 to 23), `orders`, `amount`, `exact`
    (orders whose time is not midnight: a date alone reads as midnight). Sorted.
    """
    day = orders.ordered_at.date()
    chosen = orders.filter((day >= ibis.literal(start)) & (day < ibis.literal(end)))
    at = chosen.ordered_at
    chosen = chosen.mutate(
        day=at.date(),
        hour=at.hour().cast("int64"),
        exact=((at.hour() > 0) | (at.minute() > 0) | (at.second() > 0)).cast("int64"),
    )
    found = chosen.group_by(["day", "hour"]).aggregate(
        orders=chosen.count(),
        amount=chosen.amount.sum().cast("float64"),
        exact=chosen.exact.sum(),
    )
    found = found.to_pandas().sort_values(["day", "hour"], ignore_index=True)
    return found.assign(day=pd.to_datetime(found["day"]))


def index_by(counted: pd.DataFrame, start: date, end: date, *, hourly: bool) -> pd.DataFrame:
    """Compare weekdays, or hours of weekdays, with what each would have if orders came evenly over time.

    `counted`: see `orders_by_hour`. Columns: `weekday`, `hour` (if `hourly`), `days` (how many such days
    there were: a month has four or five Mondays), `orders`, `amount`, `index` (orders a day, over the mean
    of all days, times 100), `low`, `high` (95 %). The interval is that of a Poisson count (Garwood 1936,
    Biometrika 28) of the orders divided by their dispersion, the variance of the days' numbers over their
    mean (quasi-Poisson: Wedderburn 1974, Biometrika 61, 439-447), since orders come in waves.
    """
    calendar = pd.date_range(start, end - timedelta(days=1), freq="D")
    names = pd.Series(calendar.weekday).map(dict(enumerate(WEEKDAYS)))
    days = names.value_counts().reindex(WEEKDAYS, fill_value=0)
    rows = counted.assign(weekday=counted["day"].dt.weekday.map(dict(enumerate(WEEKDAYS))))
    keys = ["weekday", "hour"] if hourly else ["weekday"]
    daily = rows.groupby([*keys, "day"], as_index=False)["orders"].sum()
    sums = rows.groupby(keys).agg(orders=("orders", "sum"), amount=("amount", "sum"))
    sums["squares"] = daily.assign(square=daily["orders"] ** 2).groupby(keys)["square"].sum()
    index = pd.MultiIndex.from_product([WEEKDAYS, range(HOURS)], names=keys) if hourly else WEEKDAYS
    found = sums.reindex(index, fill_value=0).rename_axis(keys).reset_index()
    found["days"] = found["weekday"].map(days).astype("int64")
    found = found[found["days"] > 0].reset_index(drop=True)
    cells = HOURS if hourly else 1
    even = found["orders"].sum() / (len(calendar) * cells) * found["days"]
    dispersion = _dispersion(found)
    low, high = poisson(found["orders"].to_numpy(dtype=float) / dispersion)
    found["index"] = 100 * found["orders"] / even
    found["low"] = 100 * low * dispersion / even
    found["high"] = 100 * high * dispersion / even
    return found[[*keys, "days", "orders", "amount", "index", "low", "high"]]


def _dispersion(found: pd.DataFrame) -> float:
    """Give the variance of the days' numbers over their mean, of all cells together; 1 at least."""
    orders, days = found["orders"].to_numpy(dtype=float), found["days"].to_numpy(dtype=float)
    squares = found["squares"].to_numpy(dtype=float)
    usable = (orders > 0) & (days > 1)
    mean: Array = orders[usable] / days[usable]
    pearson = ((squares[usable] - days[usable] * mean**2) / mean).sum()
    freedom = (days[usable] - 1).sum()
    return float(max(1.0, pearson / freedom)) if freedom > 0 else 1.0


def _compute(known: Known) -> Frames:
    end = known.period.end
    reach = max(0, (end - known.data.first_day).days // 7)
    if reach == 0:
        raise Declined(_t("This needs orders of at least one whole week."))
    start = end - timedelta(weeks=min(WEEKS, reach))
    counted = orders_by_hour(known.facts["orders"], start, end)
    total = int(counted["orders"].sum())
    if not total:
        raise Declined(_t("There is no order in the weeks before the period's end."))
    # A shop at night has few orders at midnight sharp; an export without times has nothing else.
    has_hours = bool(counted["exact"].sum() > total / 2)
    hours = index_by(counted, start, end, hourly=True)
    people = _people(known.tables["orders"], start, end)
    hours = hours.merge(people, on=["weekday", "hour"], how="left")
    cells = hours[hours["people"] > 0].assign(segment=hours["hour"].astype("str"))
    is_shown = large_enough(cells, ["weekday"], "people", known.settings.minimum_cell)
    hours.loc[~is_shown.reindex(hours.index, fill_value=True), "amount"] = np.nan
    hours = hours.drop(columns="people")
    summary = {
        "start": pd.Timestamp(start),
        "end": pd.Timestamp(end - timedelta(days=1)),
        "days": (end - start).days,
        "orders": total,
        "has_hours": has_hours,
    }
    return {
        "weekdays": index_by(counted, start, end, hourly=False),
        "hours": hours if has_hours else hours.iloc[:0],
        "summary": pd.DataFrame([summary]),
    }


def _people(orders: IbisTable, start: date, end: date) -> pd.DataFrame:
    """Count the customers behind each hour of the weekdays."""
    at = orders.ordered_at
    chosen = orders.filter((at.date() >= ibis.literal(start)) & (at.date() < ibis.literal(end)))
    chosen = chosen.mutate(
        number=chosen.ordered_at.day_of_week.index().cast("int64"),
        hour=chosen.ordered_at.hour().cast("int64"),
    )
    counted = chosen.group_by(["number", "hour"]).aggregate(people=chosen.customer_id.nunique()).to_pandas()
    return counted.assign(weekday=counted["number"].map(dict(enumerate(WEEKDAYS)))).drop(columns="number")


TITLES = {
    "monday": _t("Monday"),
    "tuesday": _t("Tuesday"),
    "wednesday": _t("Wednesday"),
    "thursday": _t("Thursday"),
    "friday": _t("Friday"),
    "saturday": _t("Saturday"),
    "sunday": _t("Sunday"),
}

_FIGURES = {
    "days": _t("such days in the weeks counted"),
    "orders": _t("orders"),
    "amount": _t("their amount, in the review's currency; missing if the customers are too few"),
    "index": _t("orders a day over the mean of all days, times 100"),
    "low": _t("lower bound of its 95 % interval"),
    "high": _t("upper bound of its 95 % interval"),
}

PURCHASE_TIMES = Analysis(
    name="purchase_times",
    title=_t("When customers order"),
    subject="behaviour",
    definition=_t(
        "Orders by weekday and hour, local time, of the last 52 weeks, over the number that would come if "
        "they came evenly, times 100."
    ),
    source=_t(
        "Index against an even distribution; intervals of counts: Garwood 1936, Biometrika 28; Wedderburn "
        "1974, Biometrika 61"
    ),
    trap=_t(
        "A month has four or five Mondays: orders are counted per day, over whole weeks. Times must be local "
        "ones: an export in UTC moves all hours."
    ),
    limit=_t("Counted in the database; where orders have a date only, hours are not shown."),
    needs=("orders",),
    tables=("orders",),
    facts=("orders",),
    compute=_compute,
    columns={
        "weekdays": {"weekday": _t("weekday"), **_FIGURES},
        "hours": {"weekday": _t("weekday"), "hour": _t("hour, 0 to 23"), **_FIGURES},
        "summary": {
            "start": _t("first day counted"),
            "end": _t("last day counted"),
            "days": _t("days counted"),
            "orders": _t("orders counted"),
            "has_hours": _t("whether most orders have a time of day"),
        },
    },
    seed="购买时间",
)
