"""Budget: what each channel's spending goes with, and how the same money might be split better."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.marketing.response_curves import (
    FITTED,
    HARDLY_VARIES,
    LEAST_MONTHS,
    NO_EFFECT_SHOWN,
    TOO_SHORT,
    best_split,
    draws_of,
    expected,
    fit,
    resampled_months,
    status_of,
)
from crmreport.language import _t
from crmreport.metrics.intervals import Array
from crmreport.tables.engine import IbisTable

RECENT_MONTHS = 12
WORTH_A_TEST, NOT_SHOWN = "worth_a_test", "not_shown"
TITLES: dict[str, str] = {
    FITTED: _t("More spending, more orders"),
    NO_EFFECT_SHOWN: _t("No effect of spending shown"),
    HARDLY_VARIES: _t("Spending hardly varies"),
    TOO_SHORT: _t("Too few months"),
    WORTH_A_TEST: _t("Worth a test"),
    NOT_SHOWN: _t("No gain shown"),
}
_POINTS = 12
_BOUNDS = (0.025, 0.975)


def by_month(
    campaign_days: IbisTable, attributed_orders: IbisTable, orders: IbisTable, start: date, end: date
) -> pd.DataFrame:
    """Give spending and orders by channel and month, for the whole months from `start` to before `end`.

    The first three are fact tables. Columns: `channel`, `month` (first day), `spend` (money), `orders` (put
    down to the channel's campaigns), `demand` (all other orders of the month); every channel has every month.
    """
    spent = _monthly(campaign_days, "spent_on", start, end).filter(lambda t: t.marketing_channel.notnull())
    spend = spent.group_by(["marketing_channel", "month"]).aggregate(spend=spent.spend.sum().cast("float64"))
    credited = _monthly(attributed_orders, "ordered_at", start, end)
    counts = credited.group_by(["marketing_channel", "month"]).aggregate(orders=credited.count())
    all_orders = _monthly(orders, "ordered_at", start, end)
    totals = all_orders.group_by("month").aggregate(total=all_orders.count()).to_pandas()
    keys = ["marketing_channel", "month"]
    found = spend.to_pandas().merge(counts.to_pandas(), on=keys, how="left")
    months = pd.DataFrame({"month": pd.date_range(start, end, freq="MS", inclusive="left")})
    for frame in (found, totals):
        frame["month"] = pd.to_datetime(frame["month"]).astype(months["month"].dtype)
    channels = found[["marketing_channel"]].drop_duplicates()
    every = (
        channels.merge(months, how="cross").merge(found, on=keys, how="left").merge(totals, "left", "month")
    )
    every = every.fillna({"spend": 0.0, "orders": 0.0, "total": 0.0})
    every["demand"] = (every["total"] - every["orders"]).clip(lower=1.0)
    every = every.rename(columns={"marketing_channel": "channel"}).sort_values(["channel", "month"])
    return every[["channel", "month", "spend", "orders", "demand"]].reset_index(drop=True)


def _monthly(rows: IbisTable, column: str, start: date, end: date) -> IbisTable:
    day = rows[column].date()
    chosen = rows.filter((day >= ibis.literal(start)) & (day < ibis.literal(end)))
    return chosen.mutate(month=chosen[column].date().truncate("M").cast("date"))


def channels_of(panel: pd.DataFrame, drawn: np.ndarray[Any, Any]) -> tuple[pd.DataFrame, dict[str, Array]]:
    """Judge each channel's spending; gives a row per channel and the draws of those with a curve.

    `panel`: see `by_month`; `drawn`: see `resampled_months`, the same months for all channels. Columns: see
    `BUDGET`.
    """
    rows, draws = [], {}
    total = panel["spend"].sum()
    for name, of_channel in panel.groupby("channel", sort=True):
        spent = of_channel[of_channel["spend"] > 0]
        recent = of_channel.tail(RECENT_MONTHS)
        orders, spend = float(recent["orders"].sum()), float(recent["spend"].sum())
        logs = np.log(spent["spend"].to_numpy(dtype=float))
        row: dict[str, object] = {
            "channel": name,
            "months": len(spent),
            "spend": spend / len(recent),
            "share_of_spend": float(of_channel["spend"].sum()) / total,
            "orders": orders / len(recent),
            "cost_per_order": spend / orders if orders else np.nan,
            "variation": float(np.std(logs, ddof=1)) if len(logs) > 1 else np.nan,
            "status": status_of(spent["spend"].to_numpy(dtype=float)),
        }
        if row["status"] == FITTED and spent["orders"].sum() > 0:
            point = fit(*(spent[c].to_numpy(dtype=float) for c in ("spend", "orders", "demand")))
            found = draws_of(of_channel, drawn)
            low, high = np.nanquantile(found[:, 1], _BOUNDS)
            row |= {"elasticity": point[1], "low": low, "high": high}
            row["status"] = FITTED if low > 0 else NO_EFFECT_SHOWN
            draws[str(name)] = np.vstack([point, found])
        elif row["status"] == FITTED:
            row["status"] = NO_EFFECT_SHOWN
        rows.append(row)
    columns = list(BUDGET.columns["channels"])
    return pd.DataFrame(rows).reindex(columns=columns).astype(dict.fromkeys(columns[2:-1], float)), draws


def curves_of(panel: pd.DataFrame, draws: dict[str, Array]) -> pd.DataFrame:
    """Give each channel's curve over the spending that there was, at the demand of the last months."""
    frames = []
    for name, parameters in draws.items():
        of_channel = panel[panel["channel"] == name]
        spent = of_channel.loc[of_channel["spend"] > 0, "spend"]
        demand = float(of_channel["demand"].tail(RECENT_MONTHS).mean())
        spend = np.linspace(spent.min(), spent.max(), _POINTS)
        orders = np.stack([expected(parameters, s, demand) for s in spend], axis=1)
        low, high = np.nanquantile(orders[1:], _BOUNDS, axis=0)
        frames.append(
            pd.DataFrame({"channel": name, "spend": spend, "orders": orders[0], "low": low, "high": high})
        )
    columns = list(BUDGET.columns["curves"])
    return pd.concat(frames, ignore_index=True)[columns] if frames else _empty("curves")


def plan_of(panel: pd.DataFrame, draws: dict[str, Array]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split the recent spending of these channels anew, within the range in which each has been observed.

    Gives the plan (a row per channel) and its gain (one row), whose interval is that of the same plan under
    the curves of all draws; both are empty for fewer than two channels.
    """
    names = [n for n in draws if panel.loc[panel["channel"] == n, "spend"].tail(RECENT_MONTHS).gt(0).any()]
    if len(names) < 2:
        return _empty("plan"), _empty("gain")
    now, least, most, demand = [], [], [], []
    for name in names:
        of_channel = panel[panel["channel"] == name]
        recent = of_channel.tail(RECENT_MONTHS)
        spent = of_channel.loc[of_channel["spend"] > 0, "spend"]
        now.append(float(recent.loc[recent["spend"] > 0, "spend"].mean()))
        least.append(min(float(spent.min()), now[-1]))
        most.append(max(float(spent.max()), now[-1]))
        demand.append(float(recent["demand"].mean()))
    points = np.stack([draws[name][0] for name in names])
    scale = np.array([expected(p, 1.0, d) for p, d in zip(points, demand, strict=True)])
    arrays = np.array(now), np.array(least), np.array(most)
    after = best_split(scale, points[:, 1], arrays[1], arrays[2], float(sum(now)))
    before_orders, after_orders = (
        np.stack([expected(draws[n], s, d) for n, s, d in zip(names, spend, demand, strict=True)])
        for spend in (arrays[0], after)
    )
    gains = (after_orders - before_orders).sum(axis=0)
    low, high = np.nanquantile(gains[1:], _BOUNDS)
    plan = pd.DataFrame(
        {
            "channel": names,
            "spend_now": arrays[0],
            "spend_suggested": after,
            "orders_now": before_orders[:, 0],
            "orders_suggested": after_orders[:, 0],
        }
    )
    gain = {
        "budget": float(sum(now)),
        "orders_now": float(before_orders[:, 0].sum()),
        "gain": float(gains[0]),
        "low": float(low),
        "high": float(high),
        "verdict": WORTH_A_TEST if low > 0 else NOT_SHOWN,
    }
    return plan, pd.DataFrame([gain])


def _empty(frame: str) -> pd.DataFrame:
    columns = BUDGET.columns[frame]
    types = {c: object if c in ("channel", "verdict") else float for c in columns}
    return pd.DataFrame({c: pd.Series(dtype=types[c]) for c in columns})


def _whole_months(known: Known) -> tuple[date, date]:
    """Give the first day of the first whole month of the data, and the day after the last one."""
    first, end = known.data.first_day, known.period.end
    start = first if first.day == 1 else date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return start, end.replace(day=1)


def _compute(known: Known) -> Frames:
    start, end = _whole_months(known)
    panel = pd.DataFrame()
    if start < end:
        facts = known.facts
        panel = by_month(facts["campaign_days"], facts["attributed_orders"], facts["orders"], start, end)
    if panel.empty or panel["month"].nunique() < LEAST_MONTHS:
        raise Declined(
            _t("The data cover {months} whole months of spending; at least {least} are needed."),
            months=0 if panel.empty else int(panel["month"].nunique()),
            least=LEAST_MONTHS,
        )
    channels, draws = channels_of(panel, resampled_months(panel["month"].nunique()))
    if not draws:
        raise Declined(
            _t(
                "In no channel has the spending of at least {least} months varied enough to tell what more "
                "or less of it goes with. Vary the spending of one channel on purpose, by month or by region."
            ),
            least=LEAST_MONTHS,
        )
    fitted = set(channels.loc[channels["status"] == FITTED, "channel"])
    plan, gain = plan_of(panel, {n: d for n, d in draws.items() if n in fitted})
    return {"channels": channels, "curves": curves_of(panel, draws), "plan": plan, "gain": gain}


BUDGET = Analysis(
    name="budget",
    title=_t("Marketing budget"),
    subject="marketing",
    definition=_t(
        "How the orders put down to each channel have gone with its monthly spending, as an elasticity (by "
        "how many per cent orders differ where spending differs by one), and how the recent budget would be "
        "split if these curves were causes."
    ),
    source=_t(
        "Power curve by Poisson pseudo-maximum likelihood (Gourieroux, Monfort and Trognon 1984, "
        "Econometrica 52), with the other orders of the month for trend and season; intervals from resampled "
        "blocks of months (Künsch 1989, Annals of Statistics 17)"
    ),
    trap=_t(
        "Observed, not tried: money is spent where orders are expected, and attribution credits what would "
        "have come anyway. Use it to choose what to test, never instead of the test."
    ),
    limit=_t(
        "Months are the unit, since a source that gives spending by month cannot tell more. Only orders of "
        "the same month count; the split stays within the spending that there has been."
    ),
    seed="营销预算",
    needs=("campaigns.spend", "campaigns.marketing_channel", "orders.campaign_id"),
    facts=("campaign_days", "attributed_orders", "orders"),
    compute=_compute,
    columns={
        "channels": {
            "channel": _t("Marketing channel"),
            "months": _t("Months with spending"),
            "spend": _t("Spending per month in the last 12 months, money"),
            "share_of_spend": _t("Share of all spending since the data begin"),
            "orders": _t("Orders put down to the channel, per month in the last 12 months"),
            "cost_per_order": _t("Spending for each of these orders, money"),
            "variation": _t("Standard deviation of the logarithm of the monthly spending"),
            "elasticity": _t("By how many per cent orders differ where spending differs by 1 %"),
            "low": _t("Lower bound of the elasticity, 95 %"),
            "high": _t("Upper bound of the elasticity, 95 %"),
            "status": _t("fitted, no_effect_shown, hardly_varies or too_short"),
        },
        "curves": {
            "channel": _t("Marketing channel"),
            "spend": _t("Spending in a month, money"),
            "orders": _t("Orders expected in the month"),
            "low": _t("Lower bound of the orders, 95 %"),
            "high": _t("Upper bound of the orders, 95 %"),
        },
        "plan": {
            "channel": _t("Marketing channel"),
            "spend_now": _t("Spending of a month with spending, in the last 12 months, money"),
            "spend_suggested": _t("Spending that the curves suggest, money"),
            "orders_now": _t("Orders that the curve expects of the present spending"),
            "orders_suggested": _t("Orders that the curve expects of the suggested spending"),
        },
        "gain": {
            "budget": _t("Monthly spending that is split anew, money"),
            "orders_now": _t("Orders per month that the curves expect of the present split"),
            "gain": _t("Additional orders per month that they expect of the suggested one"),
            "low": _t("Lower bound of the additional orders, 95 %"),
            "high": _t("Upper bound of the additional orders, 95 %"),
            "verdict": _t("worth_a_test or not_shown"),
        },
    },
)
