"""Exhibits of the outlook: what to expect next, how well that was known before, and if the market turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from crmreport.analyses.forecasting import methods as forecast_methods
from crmreport.analyses.forecasting import scenarios as forecast_market
from crmreport.context import TREND_PERIODS, Context
from crmreport.display.outputs import Chart, Table, Text
from crmreport.exhibits.analyses.drawn import Shown, curves, table, words
from crmreport.language import _t
from crmreport.metrics.metric import Unit

Frames = Mapping[str, pd.DataFrame]

_METHOD = Shown("method", _t("Method"), titles=forecast_methods.TITLES)
_PERIOD = Shown("period", _t("Period"))


def forecast_of(name: str) -> Callable[[Context, Frames], Chart | Text]:
    """Give the exhibit that draws a metric's forecast after what came before."""

    def exhibit(context: Context, frames: Frames) -> Chart | Text:
        return _fan(context, frames, name)

    return exhibit


def _fan(context: Context, frames: Frames, name: str) -> Chart | Text:
    ahead = frames["forecast"][frames["forecast"]["metric"] == name]
    if ahead.empty:
        return Text("")
    metric = context.metric(name)
    past = frames["history"][frames["history"]["metric"] == name].tail(TREND_PERIODS[context.period.kind])
    known, expected = context.say(_t("known")), context.say(_t("forecast"))
    joint = past.tail(1).assign(series=expected)
    long = pd.concat(
        [past.assign(series=known), joint, ahead.assign(series=expected)], ignore_index=True
    ).reindex(columns=["period", "series", "value", "low", "high"])
    value = Shown("value", metric.title, metric.unit)
    first = ahead.iloc[0]
    title = context.say(
        _t("{title}: {value} expected for {period}, four times of five between {low} and {high}"),
        title=context.title(metric),
        value=context.writer.value(metric, first["value"]),
        period=context.period_name(context.project.settings.calendar.period(first["period"])),
        low=context.writer.value(metric, first["low"]),
        high=context.writer.value(metric, first["high"]),
    )
    kind = context.say(_t("Line of the past and of the forecast, with its 80% interval."))
    columns = (
        _PERIOD,
        value,
        Shown("low", _t("From"), metric.unit),
        Shown("high", _t("To"), metric.unit),
        _METHOD,
    )
    said = words(context, title, kind, metric.title)
    twin = table(context, ahead, columns)
    return curves(context, long, "period", Shown("series", ""), value, said, twin)


def choice(context: Context, frames: Frames) -> Table:
    """Show by which method each forecast is made, and how well it did when it was tested on the past."""
    tested = frames["backtest"]
    used = tested[(tested["horizon"] == 0) & tested["is_used"]]
    frame = frames["choice"].merge(used[["metric", "mase", "wape", "coverage", "n"]], on="metric", how="left")
    frame = frame.assign(verdict=["yes" if beats else "no" for beats in frame["beats_benchmark"]])
    titles = {name: context.metric(name).title for name in frame["metric"]}
    columns = (
        Shown("metric", _t("Metric"), titles=titles),
        _METHOD,
        Shown("verdict", _t("Better than last year's value"), titles={"yes": _t("yes"), "no": _t("no")}),
        Shown("wape", _t("Mean error"), Unit.SHARE),
        Shown("mase", _t("Error against the naive one (MASE)"), Unit.NUMBER),
        Shown("coverage", _t("Within the 80% interval"), Unit.SHARE),
        Shown("n", _t("Tested"), Unit.COUNT),
    )
    note = _t(
        "Each method was asked for forecasts from earlier times, knowing only what was known there. One that "
        "does not clearly beat the same period of last year is not used."
    )
    return table(
        context, frame, columns, context.say(_t("How well the forecasts did before")), (context.say(note),)
    )


def scenarios(context: Context, frames: Frames) -> Table | Text:
    """Show what revenue to expect if the market goes otherwise; why not, where nobody can tell."""
    frame = frames["scenarios"]
    status = frame["status"].iloc[0] if len(frame) else "no_series"
    if status != "ok":
        return Text(context.say(forecast_market.STATUS_TITLES[status]) + context.say(_t(".")))
    columns = (
        Shown("scenario", _t("If"), titles=forecast_market.TITLES),
        Shown("market_growth", _t("Growth of the market"), Unit.SHARE),
        Shown("value", _t("Revenue to expect"), Unit.MONEY),
        Shown("low", _t("From"), Unit.MONEY),
        Shown("high", _t("To"), Unit.MONEY),
    )
    first = frame.iloc[0]
    note = context.say(
        _t("When the market changed by 1%, our revenue changed by {elasticity}% ({low}% to {high}%)."),
        elasticity=context.writer.number(first["elasticity"], 1),
        low=context.writer.number(first["elasticity_low"], 1),
        high=context.writer.number(first["elasticity_high"], 1),
    )
    both = context.say(_t("A scenario, not a cause: both may follow a third."))
    caption = context.say(_t("Revenue of the periods ahead, by the course of the market"))
    return table(context, frame, columns, caption, (note, both))
