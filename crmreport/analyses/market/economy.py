"""Economy: what is published of prices, output and the like, with the day on which it was published."""

from __future__ import annotations

import re
from datetime import date

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.language import _t
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.market import MACRO, vintages

MOST_VALUES = 37  # of a series, so that three years of months have their growth
MOST_SERIES = 20
RATE, LEVEL = "rate", "level"
TITLES: dict[str, str] = {
    RATE: _t("Change, as it is published"),
    LEVEL: _t("Level, of which the change is computed"),
}

_RATE = re.compile(r"%|per ?cent|百分比", re.IGNORECASE)
_PRICES = re.compile(r"consumer price|inflation|\bcpi\b|居民消费价格|通货膨胀|通胀", re.IGNORECASE)
_LAG = {"month": 12, "quarter": 4, "year": 1}  # values in a year


def series_of(market: IbisTable, end: date, most_values: int = MOST_VALUES) -> pd.DataFrame:
    """Give the newest values of each macroeconomic series, by what was published last and first.

    `market` is the contract's table, cut at `end`; values of days that are not over then are left out: they
    are forecasts, or nobody says when they were published. Columns: `series`, `unit`, `source`, `frequency`,
    `starts_on`, `ends_on`, `value`, `published_on`, `first_value`, `kind` (``rate`` for a series that is a
    change in per cent already, or ``level``), `growth` on a year before (a share; of a rate its own value: it
    is not differenced again).
    """
    values = vintages(market)
    is_over = values.ends_on < ibis.literal(end)
    values = values.filter((values.kind == MACRO) & values.frequency.isin(list(_LAG)) & is_over)
    newest = ibis.window(group_by="series", order_by=ibis.desc("starts_on"))
    latest = values.filter(values.is_latest)
    latest = latest.mutate(back=ibis.row_number().over(newest))
    latest = latest.filter(latest.back < most_values + max(_LAG.values()))
    first = values.filter(values.is_first).select("series", "starts_on", first_value="value")
    joined = latest.left_join(first, ["series", "starts_on"]).drop("series_right", "starts_on_right")
    found = joined.to_pandas().sort_values(["series", "starts_on"], ignore_index=True)
    is_rate = found["unit"].str.contains(_RATE)
    found["kind"] = np.where(is_rate, RATE, LEVEL)
    found["growth"] = np.where(is_rate, found["value"] / 100, _growth(found))
    return found[found["back"] < most_values].reset_index(drop=True)


def _growth(found: pd.DataFrame) -> pd.Series:
    """Compare each value with that of the same days of the year before; missing where it is not known."""
    starts = pd.to_datetime(found["starts_on"])
    keys = pd.MultiIndex.from_arrays([found["series"], starts])
    before = pd.MultiIndex.from_arrays([found["series"], starts - pd.DateOffset(years=1)])
    past = pd.Series(found["value"].to_numpy(dtype=float), index=keys).reindex(before).to_numpy()
    return found["value"] / pd.Series(past, index=found.index).where(lambda v: v > 0) - 1


def in_real_terms(found: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Add `real_growth`: growth of an amount in the review's currency, less that of consumer prices.

    (1 + growth) / (1 + inflation) - 1, with the inflation published for the same days. Of series in another
    currency, of indices and of rates it is missing, since their prices are others or unknown.
    """
    prices = found[found["series"].str.contains(_PRICES) & found["growth"].notna()]
    inflation = prices.groupby(["starts_on", "ends_on"])["growth"].first()
    keys = pd.MultiIndex.from_frame(found[["starts_on", "ends_on"]])
    of_same_days = inflation.reindex(keys).to_numpy(dtype=float) if len(inflation) else np.nan
    is_amount = (found["kind"] == LEVEL) & (found["unit"] == currency)
    real = (1 + found["growth"]) / (1 + of_same_days) - 1
    return found.assign(real_growth=real.where(is_amount).astype(float))


def newest_of(found: pd.DataFrame, end: date) -> pd.DataFrame:
    """Give each series' newest value, and how old it was when the period ended.

    Columns: as in `ECONOMY`; `change` is the growth less that a year before (a difference of shares),
    `age_days` runs from the last day that the value covers to the end of the period.
    """
    last = found.groupby("series").tail(1).set_index("series")
    before = found.merge(
        last.reset_index()[["series", "starts_on"]].assign(
            starts_on=lambda f: (pd.to_datetime(f["starts_on"]) - pd.DateOffset(years=1)).astype(
                found["starts_on"].dtype
            )
        ),
        on=["series", "starts_on"],
    ).set_index("series")
    rows = last.assign(
        change=last["growth"] - before["growth"].reindex(last.index),
        revision=last["value"] - last["first_value"],
        age_days=(pd.Timestamp(end) - pd.to_datetime(last["ends_on"])).dt.days - 1,
    )
    return rows.reset_index().sort_values("series", ignore_index=True)


def _compute(known: Known) -> Frames:
    found = series_of(known.tables["market"], known.period.end)
    if found.empty:
        raise Declined(
            _t(
                "No series of the economy has at least two values by month, quarter or year. Connect some "
                "with kind macro, such as gross domestic product and consumer prices."
            )
        )
    names = sorted(found["series"].unique())[:MOST_SERIES]
    found = in_real_terms(found[found["series"].isin(names)], known.settings.currency)
    frames = {"series": found, "newest": newest_of(found, known.period.end)}
    return {name: frame[list(ECONOMY.columns[name])].reset_index(drop=True) for name, frame in frames.items()}


ECONOMY = Analysis(
    name="economy",
    title=_t("The economy"),
    subject="market",
    definition=_t(
        "Series of the economy as they were published by the end of the period, with their growth on a year "
        "before, and in real terms where amounts are in the review's currency."
    ),
    source=_t(
        "Change on the same months of the year before; real: (1 + growth) / (1 + inflation) - 1. As "
        "published: first and last vintage"
    ),
    trap=_t(
        "Figures come late and are revised: the newest one may be months old. A change of a few quarters "
        "beside ours is no cause: a dozen points always go with something."
    ),
    limit=_t(
        "The first 20 series by name, the newest 37 values of each. A series whose unit has a per cent sign "
        "is a rate already and is not compared with the year before again."
    ),
    seed="宏观经济指标",
    needs=("market",),
    tables=("market",),
    compute=_compute,
    columns={
        "series": {
            "series": _t("Name of the series"),
            "unit": _t("Unit of the value"),
            "frequency": _t("month, quarter or year"),
            "kind": _t("rate or level"),
            "starts_on": _t("First day that the value covers"),
            "ends_on": _t("Last day that the value covers"),
            "value": _t("Value published last"),
            "first_value": _t("Value published first"),
            "published_on": _t("Day on which the value was published; missing if not known"),
            "growth": _t("Change on a year before, a share; of a rate, its own value"),
            "real_growth": _t("The same without the rise of prices; missing where it cannot be known"),
        },
        "newest": {
            "series": _t("Name of the series"),
            "unit": _t("Unit of the value"),
            "source": _t("Who publishes it"),
            "starts_on": _t("First day that the newest value covers"),
            "ends_on": _t("Last day that it covers"),
            "published_on": _t("Day on which it was published; missing if not known"),
            "age_days": _t("Days from the last day that it covers to the end of the period"),
            "value": _t("Newest value"),
            "revision": _t("Newest value less the one published first for the same days"),
            "growth": _t("Change on a year before, a share; of a rate, its own value"),
            "real_growth": _t("The same without the rise of prices; missing where it cannot be known"),
            "change": _t("Growth less that of a year before; 0.01 is one point"),
        },
    },
)
