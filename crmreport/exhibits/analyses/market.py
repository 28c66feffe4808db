"""Exhibits of the market: who gains and who loses in it, and how the economy goes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from crmreport.analyses.market import position as market_position
from crmreport.context import TREND_PERIODS, Context
from crmreport.display.outputs import Chart, Table, Text
from crmreport.exhibits.analyses.drawn import Shown, curves, table, words
from crmreport.language import _t, write_date
from crmreport.metrics.metric import Unit

Frames = Mapping[str, pd.DataFrame]

_SELLER = Shown("seller", _t("Seller"), titles=market_position.TITLES)


def shares(context: Context, frames: Frames) -> Chart | Text:
    """Draw each seller's share of the market; the title says who gained and what became of ours."""
    count = TREND_PERIODS[context.period.kind]
    frame = frames["shares"]
    periods = sorted(frame["period"].unique())[-count:]
    frame = frame[frame["period"].isin(periods) & (frame["seller"] != market_position.OTHERS)]
    years = frames["years"]
    named = years[(years["seller"] != market_position.OTHERS) & years["change"].notna()]
    if frame.empty:
        return Text("")
    share = Shown("share", _t("Share of the market"), Unit.SHARE)
    title = context.say(_t("Shares of the market"))
    own = named[named["is_own"]]
    if len(own):
        best = named.loc[named["change"].idxmax()]
        text = _t(
            "{seller} gained most in a year: from {before} to {now}; we went from {own_before} to {own}"
        )
        if best["is_own"]:
            text = _t("We gained most in a year: from {own_before} to {own} of the market")
        percent = context.writer.percent
        title = context.say(
            text,
            seller=best["seller"],
            before=percent(best["share_before"]),
            now=percent(best["share"]),
            own_before=percent(own["share_before"].iloc[0]),
            own=percent(own["share"].iloc[0]),
        )
    kind = context.say(_t("Lines by period, one for each seller."))
    columns = (
        Shown("period", _t("Period")),
        _SELLER,
        share,
        Shown("change", _t("Change in a year"), Unit.SHARE),
        Shown("revision", _t("Revised by"), Unit.SHARE),
    )
    drawn = frame.assign(low=math.nan, high=math.nan).sort_values(["period", "seller"], kind="stable")
    said = words(context, title, kind, share.title)
    return curves(context, drawn, "period", _SELLER, share, said, table(context, frame, columns))


def economy(context: Context, frames: Frames) -> Table | Text:
    """Show the newest figures of the economy that were known then, and since when."""
    frame = frames["newest"]
    if frame.empty:
        return Text("")
    frame = frame.assign(
        of=[_between(context, *days) for days in zip(frame["starts_on"], frame["ends_on"], strict=True)],
        published=[_date(context, day) for day in frame["published_on"]],
    )
    columns = (
        Shown("series", _t("Series")),
        Shown("of", _t("Of")),
        Shown("growth", _t("Growth in a year"), Unit.SHARE),
        Shown("change", _t("A year before, difference"), Unit.SHARE),
        Shown("published", _t("Published")),
        Shown("source", _t("Source")),
    )
    caption = context.say(_t("The economy, as it was known when the period ended"))
    return table(context, frame, columns, caption)


def _between(context: Context, first: object, last: object) -> str:
    return context.say(_t("{first} to {last}"), first=_date(context, first), last=_date(context, last))


def _date(context: Context, day: object) -> str:
    return "–" if pd.isna(day) else write_date(pd.Timestamp(str(day)).date(), context.language)
