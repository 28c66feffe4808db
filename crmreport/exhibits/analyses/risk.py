"""Exhibits of risk: who is expected to stop buying, how well that can be known, and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from crmreport.analyses.risk import features as churn_features
from crmreport.analyses.risk import model as churn_model
from crmreport.context import Context
from crmreport.display.outputs import Chart, Table, Text
from crmreport.exhibits.analyses.drawn import Shown, bars, dimension_to_show, dots, table, words
from crmreport.language import _t
from crmreport.metrics.metric import Unit
from crmreport.segments import ALL, UNKNOWN

Frames = Mapping[str, pd.DataFrame]

MOST_DRIVERS = 6

_CUSTOMERS = Shown("customers", _t("Customers"), Unit.COUNT)
_RISK = Shown("risk", _t("Risk"), Unit.SHARE)
_SURPRISES = {"more": _t("more than expected"), "fewer": _t("fewer than expected"), "": _t("as expected")}
_DIRECTIONS = {
    "raises": _t("more of it, more risk"),
    "lowers": _t("more of it, less risk"),
    "category": _t("differs by group"),
    "mixed": _t("sometimes more, sometimes less"),
}


def at_risk(context: Context, frames: Frames) -> Chart | Text:
    """Draw the risk of each segment; the title says how many customers are expected to be lost."""
    groups = frames["groups"]
    whole = groups[groups["dimension"] == ALL]
    dimension = dimension_to_show(context, groups)
    frame = groups[(groups["dimension"] == dimension) & (groups["segment"] != UNKNOWN)]
    if whole.empty or frame.empty:
        return Text("")
    total = whole.iloc[0]
    number, days = context.writer.number, frames["summary"]["window_days"].iloc[0]
    title = context.say(
        _t("Of {customers} active customers, {losses} are expected to be lost in {days} days"),
        customers=number(total["customers"]),
        losses=number(total["expected_losses"]),
        days=number(days),
    )
    segment = Shown("segment", context.dimension_name(dimension))
    kind = context.say(_t("Dot chart by segment, with intervals of the expected losses."))
    columns = (
        segment,
        _CUSTOMERS,
        _RISK,
        Shown("expected_losses", _t("Expected to be lost"), Unit.COUNT),
        Shown("revenue_at_risk", _t("Revenue at risk"), Unit.MONEY),
        Shown("validated_observed", _t("Lost in the test"), Unit.SHARE),
        Shown("surprise", _t("That was"), titles=_SURPRISES),
    )
    shares = {bound: frame[bound] / frame["customers"] for bound in ("low", "high")}
    drawn = frame.assign(**shares).sort_values("risk", ascending=False, kind="stable")
    said = words(context, title, kind, _t("Probability of being lost"), segment.title)
    return dots(context, drawn, segment, _RISK, said, table(context, drawn, columns))


def quality(context: Context, frames: Frames) -> Table:
    """Show how well the losses could be foreseen when it was tested on customers of a later time."""
    frame = frames["quality"]
    summary = frames["summary"].iloc[0]
    columns = (
        Shown("model", _t("Judged by"), titles=churn_model.TITLES),
        Shown("auc", _t("AUC"), Unit.NUMBER),
        Shown("low", _t("From"), Unit.NUMBER),
        Shown("high", _t("To"), Unit.NUMBER),
        Shown("brier_skill", _t("Error saved"), Unit.SHARE),
        Shown("top_decile_lift", _t("Lift of the top tenth"), Unit.NUMBER),
        Shown("slope", _t("Calibration slope"), Unit.NUMBER),
        Shown("used", _t("Used"), titles={"True": _t("yes"), "False": ""}),
    )
    text = _t("All that is known ranks customers no better than the simple rule, which is used.")
    if summary["beats_simple"]:
        text = _t("All that is known ranks customers better than the simple rule, beyond chance.")
    counts = context.say(
        _t("Tested on {n} customers, {lost} of whom were lost. AUC: 0.5 is chance, 1 is perfect."),
        n=context.writer.number(summary["validation_rows"]),
        lost=context.writer.percent(summary["validation_share"], 0),
    )
    caption = context.say(_t("How well losses could be foreseen"))
    frame = frame.assign(used=frame["is_used"].astype(str))
    return table(context, frame, columns, caption, (context.say(text), counts))


def drivers(context: Context, frames: Frames) -> Chart | Text:
    """Draw what the probabilities rest on; the title names the weightiest."""
    frame = frames["drivers"]
    frame = frame[frame["importance"] > 0].head(MOST_DRIVERS)
    if frame.empty:
        return Text("")
    titles = churn_features.TITLES | {name: context.dimension_name(name) for name in _dimensions(frame)}
    driver = Shown("driver", _t("What is known"), titles=titles)
    weight = Shown("importance", _t("AUC lost without it"), Unit.NUMBER)
    title = context.say(
        _t("What says most about who will be lost: {driver}"),
        driver=driver.cell(context, frame["driver"].iloc[0]).lower(),
    )
    kind = context.say(_t("Bar chart of what the probabilities rest on."))
    columns = (
        driver,
        Shown("importance", weight.title, Unit.SHARE),
        Shown("direction", _t("How"), titles=_DIRECTIONS),
        Shown("highest", _t("Highest in")),
    )
    said = words(context, title, kind, weight.title, driver.title)
    notes = (context.say(_t("What goes with losses need not cause them.")),)
    return bars(context, frame, driver, weight, said, table(context, frame, columns, notes=notes))


def _dimensions(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame["driver"] if name not in churn_features.TITLES]
