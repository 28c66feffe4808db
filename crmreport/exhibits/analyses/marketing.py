"""Exhibits of marketing: which campaigns worked, and where more or less spending would do more."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from crmreport.analyses.marketing import budget as budget_analysis
from crmreport.analyses.marketing import campaign_effects
from crmreport.analyses.marketing.response_curves import FITTED
from crmreport.context import Context
from crmreport.display.outputs import Chart, Table, Text
from crmreport.exhibits.analyses.drawn import Shown, curves, dots, table, words
from crmreport.language import _t
from crmreport.metrics.metric import Unit

Frames = Mapping[str, pd.DataFrame]

_CHANNEL = Shown("channel", _t("Channel"))


def campaigns(context: Context, frames: Frames) -> Chart | Text:
    """Draw how many more of those addressed bought than of the control group, by campaign."""
    frame = frames["campaigns"]
    if frame.empty:
        return Text("")
    frame = frame.assign(label=frame["campaign_name"].fillna(frame["campaign_id"]))
    campaign = Shown("label", _t("Campaign"))
    lift = Shown("lift", _t("Lift"), Unit.SHARE)
    works = frame[frame["verdict"] == campaign_effects.WORKS]
    title = context.say(_t("No campaign is shown to have made more customers buy"))
    if len(works):
        best = works.iloc[0]
        title = context.say(
            _t("{campaign} worked: {target} of those addressed bought, {control} of the control group"),
            campaign=best["label"],
            target=context.writer.percent(best["target_rate"]),
            control=context.writer.percent(best["control_rate"]),
        )
    kind = context.say(_t("Dot chart by campaign, with intervals."))
    columns = (
        campaign,
        Shown("spend", _t("Spent"), Unit.MONEY),
        Shown("target_rate", _t("Bought, addressed"), Unit.SHARE),
        Shown("control_rate", _t("Bought, control group"), Unit.SHARE),
        lift,
        Shown("low", _t("From"), Unit.SHARE),
        Shown("high", _t("To"), Unit.SHARE),
        Shown("cost_per_additional_buyer", _t("Cost per additional buyer"), Unit.MONEY),
        Shown("verdict", _t("Verdict"), titles=campaign_effects.TITLES),
    )
    said = words(context, title, kind, _t("Difference from the control group"), campaign.title)
    return dots(context, frame, campaign, lift, said, table(context, frame, columns))


def channels(context: Context, frames: Frames) -> Table:
    """Show what can be said of each channel: what it cost, and whether more spending brought more orders."""
    frame = frames["channels"].sort_values("share_of_spend", ascending=False, kind="stable")
    columns = (
        _CHANNEL,
        Shown("months", _t("Months"), Unit.COUNT),
        Shown("spend", _t("Spent a month"), Unit.MONEY),
        Shown("share_of_spend", _t("Of all spending"), Unit.SHARE),
        Shown("cost_per_order", _t("Cost per order credited"), Unit.MONEY),
        Shown("elasticity", _t("Elasticity"), Unit.NUMBER),
        Shown("low", _t("From"), Unit.NUMBER),
        Shown("high", _t("To"), Unit.NUMBER),
        Shown("status", _t("What can be said"), titles=budget_analysis.TITLES),
    )
    notes = (
        context.say(_t("Elasticity: by how many percent orders rise with one percent more spending.")),
        context.say(_t("Observed, not tried: spending may have followed what was expected anyway.")),
    )
    caption = context.say(_t("What more spending brought, by channel"))
    return table(context, frame, columns, caption, notes)


def response(context: Context, frames: Frames) -> Chart | Text:
    """Draw how orders rise with spending, for the channels whose spending varied enough."""
    status = frames["channels"].set_index("channel")["status"]
    frame = frames["curves"]
    frame = frame[frame["channel"].map(status) == FITTED]
    if frame.empty:
        text = _t(
            "For no channel do the data show how orders rise with spending: vary it, by region or week."
        )
        return Text(context.say(text))
    orders = Shown("orders", _t("Orders credited a month"), Unit.COUNT)
    named = ", ".join(dict.fromkeys(frame["channel"]))
    title = context.say(_t("{channels}: each further order costs more"), channels=named)
    kind = context.say(_t("Lines by spending, with intervals."))
    spend = Shown("spend", _t("Spent a month"), Unit.MONEY)
    columns = (
        _CHANNEL,
        spend,
        orders,
        Shown("low", _t("From"), Unit.COUNT),
        Shown("high", _t("To"), Unit.COUNT),
    )
    said = words(context, title, kind, orders.title, spend.title)
    drawn = frame.assign(spend=frame["spend"].round())
    return curves(context, drawn, "spend", _CHANNEL, orders, said, table(context, frame, columns), zero=True)


def plan(context: Context, frames: Frames) -> Table | Text:
    """Show how the same budget could be spent, and what that would bring; or why nobody can say."""
    frame = frames["plan"]
    gain = frames["gain"]
    if frame.empty or gain.empty:
        text = _t(
            "No other split of the budget is suggested: it takes two channels whose spending varied and "
            "whose orders followed it."
        )
        return Text(context.say(text))
    columns = (
        _CHANNEL,
        Shown("spend_now", _t("Spent now"), Unit.MONEY),
        Shown("spend_suggested", _t("Suggested"), Unit.MONEY),
        Shown("orders_now", _t("Orders now"), Unit.COUNT),
        Shown("orders_suggested", _t("Orders expected"), Unit.COUNT),
    )
    row = gain.iloc[0]
    number = context.writer.number
    note = context.say(
        _t("{verdict}: {gain} more orders a month ({low} to {high})."),
        verdict=context.say(budget_analysis.TITLES[row["verdict"]]),
        gain=number(row["gain"]),
        low=number(row["low"]),
        high=number(row["high"]),
    )
    return table(context, frame, columns, context.say(_t("The same budget, split otherwise")), (note,))
