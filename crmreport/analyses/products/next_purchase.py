"""Next purchase: how long after an order customers order again, those who have not yet among them."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.analyses.survival import FROM_START, survival_curve
from crmreport.language import _t
from crmreport.metrics.placing import by_segment
from crmreport.segments import ALL
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts import DIMENSIONS

WINDOW_DAYS = 365
HORIZONS = (30, 60, 90)
SO_FAR = "orders_so_far"
# Days with an order up to the one that the gap follows: name, and the first number that belongs to it.
SO_FAR_CLASSES = {"first": 1, "second": 2, "third_to_fifth": 3, "sixth_or_later": 6}
_QUARTILES = {"quarter_days": 0.25, "median_days": 0.5, "three_quarters_days": 0.75}


def gaps(orders: IbisTable, customers: IbisTable, end: date, days: int = WINDOW_DAYS) -> pd.DataFrame:
    """Count the gaps that follow the customers' first orders of the last `days` days before `end`.

    One gap per customer, so that those who order often do not decide alone. Orders of one day are one.
    `customers` gives the dimensions; beside them stands `orders_so_far`. Columns: `dimension`, `segment`,
    `gap_days`, `ordered` (customers who ordered again after so many days), `waiting` (those who had not
    ordered again when that many had passed and the data ended). Sorted.
    """
    ordered = orders.select("customer_id", day=orders.ordered_at.date())
    ordered = ordered.filter(ordered.customer_id.notnull() & (ordered.day < ibis.literal(end))).distinct()
    in_order = ibis.window(group_by="customer_id", order_by="day")
    numbered = ordered.mutate(
        position=ibis.row_number().over(in_order), next=ordered.day.lead().over(in_order)
    )
    recent = numbered.filter(numbered.day >= ibis.literal(end - timedelta(days=days)))
    first = recent.group_by("customer_id").aggregate(position=recent.position.min())
    chosen = recent.semi_join(first, ["customer_id", "position"])
    last = ibis.literal(end - timedelta(days=1))
    starts = list(SO_FAR_CLASSES.items())[::-1]
    so_far = ibis.cases(*((chosen.position + 1 >= least, name) for name, least in starts), else_="first")
    chosen = chosen.select(
        "customer_id",
        gap_days=ibis.coalesce(chosen.next, last).delta(chosen.day, unit="day").cast("int64"),
        is_waiting=chosen.next.isnull(),
        so_far=so_far,
    ).cache()
    dimensions = [d for d in DIMENSIONS if d in customers.columns]
    profiles = customers.select("customer_id", *dimensions)
    placed = by_segment(chosen.left_join(profiles, "customer_id"))
    keys = ["dimension", "segment", "gap_days"]
    by_profile = placed.group_by(keys).aggregate(**_counts(placed)).to_pandas()
    by_number = chosen.group_by(["so_far", "gap_days"]).aggregate(**_counts(chosen)).to_pandas()
    by_number = by_number.rename(columns={"so_far": "segment"}).assign(dimension=SO_FAR)
    together = pd.concat([by_profile, by_number], ignore_index=True)
    return together[[*keys, "ordered", "waiting"]].sort_values(keys, ignore_index=True)


def _counts(rows: IbisTable) -> dict[str, object]:
    return {
        "ordered": (~rows.is_waiting).cast("int64").sum(),
        "waiting": rows.is_waiting.cast("int64").sum(),
    }


def still_waiting(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the share who have not ordered again after so many days (see `survival_curve`).

    `rows`: see `gaps`, of one segment. Columns: `days` (each on which somebody ordered), `at_risk`, `share`,
    `low`, `high`.
    """
    counted = pd.DataFrame(
        {
            "entered_days": FROM_START,
            "days": rows["gap_days"].to_numpy(),
            "ended": rows["ordered"].to_numpy(),
            "otherwise": 0,
            "open": rows["waiting"].to_numpy(),
        }
    )
    curve = survival_curve(counted)
    share = curve["survival"].to_numpy()
    # Where all have ordered, not one is known to wait longer.
    low = np.where(share <= 0, 0.0, curve["low"].to_numpy())
    return pd.DataFrame(
        {
            "days": curve["days"],
            "at_risk": curve["at_risk"],
            "share": share,
            "low": low,
            "high": curve["high"],
        }
    )


def quantile_days(curve: pd.DataFrame, quantile: float, column: str = "share") -> float:
    """Give the days after which that share has ordered again; missing where fewer have."""
    reached = curve["days"].to_numpy()[curve[column].to_numpy() <= 1 - quantile + 1e-12]
    return float(reached[0]) if len(reached) else float("nan")


def times_to_order(counted: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say for each segment when its customers order again; `counted`: see `gaps`.

    The first frame has `dimension`, `segment`, `customers`, `ordered`, `quarter_days`, `median_days` with
    `low` and `high` (95 %, Brookmeyer & Crowley 1982, Biometrics 38, 29-41, on the log-log scale) and
    `three_quarters_days`: days after which a quarter, half and three quarters have ordered again, missing
    where so many have not. The second has `dimension`, `segment`, `within_days` (30, 60, 90), `share` (who
    order again by then), `low`, `high`; missing where nobody was watched so long.
    """
    times: list[dict[str, object]] = []
    shares: list[dict[str, object]] = []
    for key, rows in counted.groupby(["dimension", "segment"], sort=True):
        of = dict(zip(("dimension", "segment"), key, strict=True))
        days = rows["gap_days"].to_numpy()
        ordered, waiting = rows["ordered"].to_numpy(), rows["waiting"].to_numpy()
        curve = still_waiting(rows)
        quartiles = {name: quantile_days(curve, q) for name, q in _QUARTILES.items()}
        low, high = (quantile_days(curve, 0.5, c) for c in ("low", "high"))
        counts = {"customers": int((ordered + waiting).sum()), "ordered": int(ordered.sum())}
        times.append({**of, **counts, **quartiles, "low": low, "high": high})
        for within in HORIZONS:
            share, low, high = _at(curve, within, watched=int(days.max()))
            shares.append({**of, "within_days": within, "share": 1 - share, "low": 1 - high, "high": 1 - low})
    columns = ["customers", "ordered", "quarter_days", "median_days", "low", "high", "three_quarters_days"]
    return pd.DataFrame(times)[["dimension", "segment", *columns]], pd.DataFrame(shares)


def _at(curve: pd.DataFrame, days: int, watched: int) -> tuple[float, float, float]:
    if watched < days:
        return float("nan"), float("nan"), float("nan")
    place = int((curve["days"].to_numpy() <= days).sum()) - 1
    if place < 0:
        return 1.0, float("nan"), 1.0
    share, low, high = (float(curve[c].to_numpy()[place]) for c in ("share", "low", "high"))
    return share, low, high


def _compute(known: Known) -> Frames:
    orders, customers = known.tables["orders"], known.tables["customers"]
    counted = gaps(orders, customers, known.period.end)
    if not counted["ordered"].any():
        raise Declined(_t("Nobody who ordered within the last 365 days has ordered again yet."))
    people = (
        counted.assign(people=counted["ordered"] + counted["waiting"])
        .groupby(["dimension", "segment"], as_index=False)["people"]
        .sum()
    )
    is_shown = large_enough(people, ["dimension"], "people", known.settings.minimum_cell)
    shown = people[is_shown | (people["dimension"] == ALL)]
    times, shares = times_to_order(
        counted.merge(shown[["dimension", "segment"]], on=["dimension", "segment"])
    )
    whole = counted[counted["dimension"] == ALL]
    curve = still_waiting(whole)
    return {"times": times, "within": shares, "curve": curve}


TITLES = {
    SO_FAR: _t("Orders so far"),
    "first": _t("First order"),
    "second": _t("Second order"),
    "third_to_fifth": _t("Third to fifth order"),
    "sixth_or_later": _t("Sixth order or later"),
}

_SEGMENT = {
    "dimension": _t("dimension, or orders_so_far: how many orders there were, this one included"),
    "segment": _t("its value"),
}
_LOW, _HIGH = _t("lower bound of its 95 % interval"), _t("upper bound of its 95 % interval")

NEXT_PURCHASE = Analysis(
    name="next_purchase",
    title=_t("Time to the next order"),
    subject="behaviour",
    definition=_t(
        "How many days pass from a customer's first order of the last 365 days to the next one. Who has not "
        "ordered again yet is counted as waiting for as long as the data say, not as never."
    ),
    source=_t(
        "Kaplan & Meier 1958, Journal of the American Statistical Association 53; log-log intervals with "
        "Greenwood's variance; median: Brookmeyer & Crowley 1982, Biometrics 38"
    ),
    trap=_t(
        "The mean gap of those who came back is far too short: who waits longest is not in it. Half of the "
        "customers may never reach the median; it is then missing. One gap per customer is counted; over "
        "all gaps, those who order often would decide."
    ),
    limit=_t("Counted in the database; gaps of up to 365 days are seen."),
    needs=("orders",),
    tables=("orders", "customers"),
    compute=_compute,
    columns={
        "times": {
            **_SEGMENT,
            "customers": _t("customers who ordered within the last 365 days"),
            "ordered": _t("those of them who ordered again"),
            "quarter_days": _t("days after which a quarter have ordered again"),
            "median_days": _t("days after which half have ordered again"),
            "low": _LOW,
            "high": _HIGH,
            "three_quarters_days": _t("days after which three quarters have ordered again"),
        },
        "within": {
            **_SEGMENT,
            "within_days": _t("days after the order"),
            "share": _t("share who order again within them, 0 to 1"),
            "low": _LOW,
            "high": _HIGH,
        },
        "curve": {
            "days": _t("days after the order"),
            "at_risk": _t("customers who had not ordered again and were still watched"),
            "share": _t("share who have not ordered again by then, 0 to 1"),
            "low": _LOW,
            "high": _HIGH,
        },
    },
    seed="购买时间",
)
