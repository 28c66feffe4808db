"""Exhibits of value: RFM segments, moves between them, and what customers are expected to bring."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from crmreport.analyses.value import lifetime_value as clv
from crmreport.analyses.value import potential as potential_analysis
from crmreport.analyses.value import rfm
from crmreport.context import Context
from crmreport.display.outputs import Chart, Table, Text
from crmreport.exhibits.analyses.drawn import Shown, bars, grid, table, words
from crmreport.language import _t
from crmreport.metrics.metric import Unit
from crmreport.segments import ALL

Frames = Mapping[str, pd.DataFrame]

_CUSTOMERS = Shown("customers", _t("Customers"), Unit.COUNT)


def rfm_segments(context: Context, frames: Frames) -> Chart:
    """Draw how many customers are in each RFM segment; the title says what the best of them bring."""
    frame = frames["segments"]
    segment = Shown("segment", _t("Segment"), titles=rfm.TITLES)
    best = frame.sort_values("revenue_share", ascending=False).iloc[0]
    title = context.say(
        _t("{segment}: {customers} of all customers bring {revenue} of the year's revenue"),
        segment=segment.cell(context, best["segment"]),
        customers=context.writer.percent(best["share"], 0),
        revenue=context.writer.percent(best["revenue_share"], 0),
    )
    kind = context.say(_t("Bar chart by RFM segment."))
    columns = (
        segment,
        _CUSTOMERS,
        Shown("change", _t("Change in the period"), Unit.COUNT),
        Shown("revenue_share", _t("Share of revenue"), Unit.SHARE),
        Shown("recency_days", _t("Days since the last order"), Unit.COUNT),
        Shown("purchase_days", _t("Purchase days a year"), Unit.NUMBER),
        Shown("amount", _t("Revenue per customer and year"), Unit.MONEY),
    )
    said = words(context, title, kind, _t("Customers"), _t("Segment"))
    return bars(context, frame, segment, _CUSTOMERS, said, table(context, frame, columns))


def rfm_migration(context: Context, frames: Frames) -> Chart | Text:
    """Draw from which RFM segment to which customers moved in the period."""
    frame = frames["migration"]
    if frame.empty:
        return Text("")
    before = Shown("from_segment", _t("Segment before"), titles=rfm.TITLES)
    now = Shown("to_segment", _t("Segment now"), titles=rfm.TITLES)
    share = Shown("share", _t("Share"), Unit.SHARE)
    stayed = frame[(frame["from_segment"] == "champions") & (frame["to_segment"] == "champions")]
    title = context.say(_t("How customers moved between the segments in the period"))
    if len(stayed):
        kept = context.writer.percent(stayed["share"].iloc[0], 0)
        title = context.say(_t("{share} of the champions have stayed champions"), share=kept)
    kind = context.say(_t("Grid of segments before and segments now."))
    said = words(context, title, kind, _t("Share of the segment before"), now.title)
    twin = table(context, frame, (before, now, _CUSTOMERS, share))
    return grid(context, frame, before, now, share, said, twin)


def lifetime_value(context: Context, frames: Frames) -> Chart | Text:
    """Draw what each tenth of the customers is expected to bring in the next 12 months."""
    groups = frames["groups"]
    whole = groups[groups["dimension"] == ALL]
    frame = groups[groups["dimension"] == clv.DECILE]
    numbers = frame["segment"].str.lstrip("0")
    frame = frame.assign(segment=[context.say(_t("Tenth {n}"), n=number) for number in numbers])
    if frame.empty or whole.empty:
        return Text("")
    tenth = Shown("segment", _t("Tenth of the customers, by expected value"))
    value = Shown("value", _t("Expected value, 12 months"), Unit.MONEY)
    total = whole.iloc[0]
    title = context.say(
        _t("The customers of today are expected to bring {value} in 12 months ({low} to {high})"),
        value=context.writer.money(total["value"]),
        low=context.writer.money(total["value_low"]),
        high=context.writer.money(total["value_high"]),
    )
    kind = context.say(_t("Bar chart by tenth of the customers, those of the highest expected value first."))
    columns = (
        tenth,
        _CUSTOMERS,
        Shown("alive", _t("Still buying"), Unit.SHARE),
        Shown("purchase_days", _t("Purchase days expected"), Unit.COUNT),
        value,
        Shown("value_low", _t("From"), Unit.MONEY),
        Shown("value_high", _t("To"), Unit.MONEY),
        Shown("value_per_customer", _t("Per customer"), Unit.MONEY),
    )
    said = words(context, title, kind, value.title, tenth.title)
    return bars(context, frame, tenth, value, said, table(context, frame, columns))


def value_check(context: Context, frames: Frames) -> Table | Text:
    """Show how well the model of lifetime value forecast the last weeks, which it had not seen."""
    frame = frames["holdout"]
    if frame.empty:
        return Text("")
    columns = (
        Shown("repeat_days", _t("Repeat purchases before"), titles={ALL: _t("All customers")}),
        _CUSTOMERS,
        Shown("expected", _t("Purchase days expected"), Unit.COUNT),
        Shown("actual", _t("came"), Unit.COUNT),
        Shown("as_before", _t("If all went on as before"), Unit.COUNT),
        Shown("expected_amount", _t("Revenue expected"), Unit.MONEY),
        Shown("actual_amount", _t("came"), Unit.MONEY),
    )
    note = context.say(_t("The model saw the orders before the weeks held out, and no others."))
    return table(context, frame, columns, context.say(_t("The model tested on weeks held out")), (note,))


def potential(context: Context, frames: Frames) -> Chart | Text:
    """Draw what customers could bring beyond what is expected of them, by what they lack against peers."""
    frame = frames["reasons"]
    if frame.empty:
        return Text("")
    reason = Shown("reason", _t("Against customers like them"), titles=potential_analysis.TITLES)
    value = Shown("potential", _t("Potential, 12 months"), Unit.MONEY)
    title = context.say(
        _t("{customers} customers could bring {potential} more if they bought as customers like them do"),
        customers=context.writer.number(frame["customers"].sum()),
        potential=context.writer.money(frame["potential"].sum()),
    )
    kind = context.say(_t("Bar chart by reason."))
    columns = (
        reason,
        _CUSTOMERS,
        Shown("value", _t("Expected value, 12 months"), Unit.MONEY),
        value,
        Shown("potential_per_customer", _t("Per customer"), Unit.MONEY),
    )
    said = words(context, title, kind, value.title, reason.title)
    return bars(context, frame, reason, value, said, table(context, frame, columns))
