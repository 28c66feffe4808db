"""Forecast: the next periods of revenue, orders, active customers and service cases, with a back-test."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.forecasting import scenarios as forecast_market
from crmreport.analyses.forecasting.backtest import (
    FEWEST_ORIGINS,
    accuracy_of,
    backtest,
    choose,
    half_widths,
    sizes_of,
    units_of,
)
from crmreport.analyses.forecasting.methods import forecasts, possible_methods
from crmreport.language import _t
from crmreport.metrics.intervals import Array
from crmreport.periods import Kind, Period
from crmreport.segments import ALL

METRICS = ("revenue", "orders", "active_customers", "service_cases")
SEASONS = {Kind.YEAR: 1, Kind.QUARTER: 4, Kind.MONTH: 12, Kind.WEEK: 52, Kind.DAY: 7}
HORIZONS = {Kind.YEAR: 1, Kind.QUARTER: 2, Kind.MONTH: 3, Kind.WEEK: 13, Kind.DAY: 14}
STATUS_TITLES: dict[str, str] = {
    "ok": _t("Forecast"),
    "too_short": _t("Too few periods to test a forecast"),
}


def forecast_of(history: Array, season: int, horizon: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Forecast a series by the method that its back-test chooses; ValueError if it is too short for one.

    Gives the forecast (`step`: periods ahead, `value`, `low`, `high`: 80 % interval of the back-test's own
    errors, `method`), the back-test (see `backtest.accuracy_of`, with `is_used`) and the choice as one row
    (see `backtest.choose`): `method`, `benchmark`, `origins`, `gain`, `p_value`, `beats_benchmark`.
    """
    errors = backtest(history, season, horizon)
    if errors.empty:
        raise ValueError(f"{len(history)} periods are too few to test a forecast of {horizon}")
    choice = choose(errors, horizon)
    made = forecasts(history, season, horizon, (choice.method,))
    method = choice.method if made else choice.benchmark  # the last fit may fail where all before did not
    values = (made or forecasts(history, season, horizon, (method,)))[method]
    widths = half_widths(sizes_of(errors, method).to_numpy(dtype=float)) * units_of(history, values)
    low = np.maximum(values - widths, 0) if (history >= 0).all() else values - widths
    steps = np.arange(1, horizon + 1)
    ahead = pd.DataFrame({"step": steps, "value": values, "low": low, "high": values + widths})
    accuracy = accuracy_of(errors, horizon)
    chosen = {
        "method": method,
        "benchmark": choice.benchmark,
        "origins": int(errors["origin"].nunique()),
        "gain": choice.gain if method == choice.method else 0.0,
        "p_value": choice.p_value if method == choice.method else math.nan,
        "beats_benchmark": method != choice.benchmark,
    }
    return (
        ahead.assign(method=method),
        accuracy.assign(is_used=accuracy["method"] == method),
        pd.DataFrame([chosen]),
    )


def series_of(known: Known, metric: str) -> pd.Series:
    """Give a metric's values by period, oldest first: the last unbroken run of whole, known periods."""
    cube = known.cube
    rows = cube[
        (cube["metric"] == metric) & (cube["dimension"] == ALL) & cube["status"].isin(["ok", "small"])
    ]
    values = dict(zip(rows["period"], rows["value"].astype(float), strict=True))
    run: list[Period] = []
    for period in reversed([p for p in known.periods if not p.is_partial]):
        if period.key not in values or (run and period.end != run[-1].start):
            break
        run.append(period)
    run.reverse()
    return pd.Series([values[p.key] for p in run], index=pd.Index([p.key for p in run], dtype=object))


def _compute(known: Known) -> Frames:
    kind = known.period.kind
    if kind not in SEASONS:
        raise Declined(
            _t("A forecast needs periods of a calendar, such as months; this one is a range of days.")
        )
    season, horizon = SEASONS[kind], HORIZONS[kind]
    histories = {metric: series_of(known, metric) for metric in METRICS}
    histories = {metric: values for metric, values in histories.items() if len(values)}
    parts: dict[str, list[pd.DataFrame]] = {"forecast": [], "backtest": [], "choice": []}
    for metric, values in histories.items():
        if not possible_methods(len(values), season, horizon, FEWEST_ORIGINS)[0]:
            continue
        made = forecast_of(values.to_numpy(), season, horizon)
        for name, frame in zip(parts, made, strict=True):
            parts[name].append(frame.assign(metric=metric, status="ok"))
    if not parts["forecast"]:
        raise Declined(
            _t(
                "A forecast needs at least {needed} whole periods without a gap, to test it on the last of "
                "them; there are {found}."
            ),
            needed=possible_methods(0, season, horizon, FEWEST_ORIGINS)[1],
            found=max((len(values) for values in histories.values()), default=0),
        )
    frames = {name: pd.concat(some, ignore_index=True) for name, some in parts.items()}
    short = [m for m in histories if m not in set(frames["choice"]["metric"])]
    if short:
        frames["choice"] = pd.concat([frames["choice"], _too_short(short)], ignore_index=True)
    keys = _keys_ahead(known, horizon)
    frames["forecast"] = frames["forecast"].assign(
        period=[keys[step - 1] for step in frames["forecast"]["step"]]
    )
    frames["history"] = pd.concat(
        [pd.DataFrame({"metric": m, "period": v.index, "value": v.to_numpy()}) for m, v in histories.items()],
        ignore_index=True,
    )
    frames["scenarios"] = _scenarios(known, histories, frames["forecast"], season)
    return {name: frames[name][list(columns)] for name, columns in _COLUMNS.items()}


def _keys_ahead(known: Known, horizon: int) -> list[str]:
    whole = [p for p in known.periods if not p.is_partial]
    keys = []
    period = whole[-1]
    for _ in range(horizon):
        period = known.settings.calendar.containing(period.full_end, period.kind)
        keys.append(period.key)
    return keys


def _too_short(metrics: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "metric": metric,
                "status": "too_short",
                "method": "",
                "benchmark": "",
                "origins": 0,
                "gain": math.nan,
                "p_value": math.nan,
                "beats_benchmark": False,
            }
            for metric in metrics
        ],
        columns=list(_COLUMNS["choice"]),
    )


def _scenarios(
    known: Known, histories: dict[str, pd.Series], forecast: pd.DataFrame, season: int
) -> pd.DataFrame:
    ahead = forecast.loc[forecast["metric"] == "revenue", "value"]
    market = pd.Series(dtype=float)
    if "market" in known.tables and len(ahead):
        market = forecast_market.industry_sales(known.tables["market"], known.periods)
    own = histories.get("revenue", pd.Series(dtype=float))
    return forecast_market.scenarios(own, market, season, float(ahead.sum()))


_COLUMNS = {
    "forecast": {
        "metric": _t("Metric"),
        "period": _t("Period ahead"),
        "step": _t("Periods ahead, from 1"),
        "value": _t("Forecast, in the metric's unit"),
        "low": _t("Lower end of the 80 % interval"),
        "high": _t("Upper end of the 80 % interval"),
        "method": _t("Method that is used"),
    },
    "backtest": {
        "metric": _t("Metric"),
        "method": _t("Method"),
        "horizon": _t("Periods ahead; 0 for all of them together"),
        "n": _t("Forecasts that were tested"),
        "mase": _t("Mean absolute error over that of the seasonal naive method within the history"),
        "wape": _t("Sum of the absolute errors, as a share of what came"),
        "bias": _t("Sum of the errors, as a share of what came; above 0, forecasts are too high"),
        "coverage": _t("Share of what came that was within the 80 % interval of its time"),
        "coverage_low": _t("Lower end of the coverage's 95 % interval"),
        "coverage_high": _t("Upper end of the coverage's 95 % interval"),
        "is_used": _t("Whether the forecast is by this method"),
    },
    "choice": {
        "metric": _t("Metric"),
        "status": _t("Whether there is a forecast"),
        "method": _t("Method that is used"),
        "benchmark": _t("Method that it had to beat"),
        "origins": _t("Times from which forecasts were tested"),
        "gain": _t("By what share its mean absolute error is below that of the benchmark"),
        "p_value": _t("How probable such a gain is by chance; missing where the benchmark is used"),
        "beats_benchmark": _t("Whether it beats the benchmark by more than a margin and chance"),
    },
    "history": {
        "metric": _t("Metric"),
        "period": _t("Period"),
        "value": _t("Value, in the metric's unit"),
    },
    "scenarios": {
        "scenario": _t("Course of the market"),
        "status": _t("Whether the scenario could be estimated"),
        "market_growth": _t("Growth of the market on the year before, as a share"),
        "value": _t("Revenue of all periods ahead, in the review's currency"),
        "low": _t("Revenue at the end of the elasticity's interval where it is lower"),
        "high": _t("Revenue at the end of the elasticity's interval where it is higher"),
        "elasticity": _t("Change of revenue in percent when the market changes by one percent"),
        "elasticity_low": _t("Lower end of the elasticity's 95 % interval"),
        "elasticity_high": _t("Upper end of the elasticity's 95 % interval"),
        "n": _t("Changes that the elasticity is estimated from"),
    },
}

FORECAST = Analysis(
    name="forecast",
    title=_t("Forecast"),
    subject="market",
    definition=_t(
        "The next periods of revenue, orders, active customers and service cases, by the method that did "
        "best when forecasts were made from earlier times with what was known there. Unless a method beats "
        "the same period of the year before by at least 5 % and by more than chance, that is the forecast. "
        "The interval is that of the back-test's own errors; four of five values should fall into it."
    ),
    source=_t(
        "ETS: Hyndman, Koehler, Ord & Snyder 2008; Theta: Assimakopoulos & Nikolopoulos 2000, International "
        "Journal of Forecasting 16(4); combination: Makridakis, Spiliotis & Assimakopoulos 2020, "
        "International Journal of Forecasting 36(1); MASE: Hyndman & Koehler 2006, International Journal of "
        "Forecasting 22(4); test: Diebold & Mariano 1995, corrected by Harvey, Leybourne & Newbold 1997"
    ),
    trap=_t(
        "A forecast goes on from the past: it knows no plan, no campaign and no new competitor. A scenario "
        "of the market is no cause: both may follow a third."
    ),
    limit=_t(
        "Months of unequal length, moving holidays and week 53 are not adjusted for. With few earlier "
        "forecasts the interval is rough, and its coverage is known only within wide limits."
    ),
    needs=(),
    tables=("market",),
    metrics=METRICS,
    compute=_compute,
    columns=_COLUMNS,
    seed="市场趋势预测",
)
