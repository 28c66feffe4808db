"""Exhibits of products: who prefers what, what is bought together, and what will be asked for next."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from crmreport.analyses.products import affinity
from crmreport.context import Context
from crmreport.display.outputs import Chart, Table, Text
from crmreport.exhibits.analyses.drawn import Shown, bars, dimension_to_show, dots, grid, table, words
from crmreport.language import _t
from crmreport.metrics.metric import Unit
from crmreport.segments import ALL, UNKNOWN

Frames = Mapping[str, pd.DataFrame]

_INDEX_SPAN = (70.0, 130.0)  # an index within it is drawn pale
MOST_PAIRS = 12  # lines of the table of what is bought together

_CUSTOMERS = Shown("customers", _t("Customers"), Unit.COUNT)
_SHARE = Shown("share", _t("Share"), Unit.SHARE)
_FROM = Shown("low", _t("From"), Unit.SHARE)
_TO = Shown("high", _t("To"), Unit.SHARE)


def preference(context: Context, frames: Frames) -> Chart | Text:
    """Draw which segment prefers which category, as an index of 100; the title names the clearest."""
    frame = frames["index"]
    dimension = dimension_to_show(context, frame)
    frame = frame[(frame["dimension"] == dimension) & (frame["segment"] != UNKNOWN)]
    if frame.empty:
        return Text("")
    segment = Shown("segment", context.dimension_name(dimension))
    item = Shown("item", _t("Product"))
    index = Shown("index_shrunken", _t("Index"), Unit.COUNT)
    clear = frame[frame["is_clear"]]
    title = context.say(_t("No segment clearly prefers any product to what all customers buy"))
    if len(clear):
        first = clear.iloc[(clear["index_shrunken"] - 100).abs().argmax()]
        title = context.say(
            _t("{segment} and {item}: index {index}, where all customers are 100"),
            segment=segment.cell(context, first["segment"]),
            item=item.cell(context, first["item"]),
            index=index.cell(context, first["index_shrunken"]),
        )
    kind = context.say(_t("Grid of segments and products."))
    columns = (
        segment,
        item,
        Shown("purchases", _t("Orders"), Unit.COUNT),
        _SHARE,
        Shown("base_share", _t("Share of all"), Unit.SHARE),
        index,
        Shown("low", _t("From"), Unit.COUNT),
        Shown("high", _t("To"), Unit.COUNT),
    )
    said = words(context, title, kind, index.title, item.title)
    return grid(context, frame, segment, item, index, said, table(context, frame, columns), span=_INDEX_SPAN)


def bought_together(context: Context, frames: Frames) -> Table | Text:
    """Show the pairs that are bought together more often than by chance, the surest first."""
    pairs = frames["pairs"]
    clear = pairs[pairs["is_clear"] & (pairs["lift_by_size"] > 1)]
    clear = clear.sort_values("low", ascending=False, kind="stable").head(MOST_PAIRS)
    if clear.empty:
        return Text(context.say(_t("No two products are clearly bought together more often than by chance.")))
    columns = (
        Shown("a_name", _t("Who buys")),
        Shown("b_name", _t("also buys")),
        Shown("basket", _t("Where"), titles=affinity.TITLES),
        Shown("both", _t("Both"), Unit.COUNT),
        Shown("confidence_ab", _t("Of those of the first"), Unit.SHARE),
        Shown("lift_by_size", _t("Times as often as by chance"), Unit.NUMBER),
        Shown("low", _t("From"), Unit.NUMBER),
        Shown("high", _t("To"), Unit.NUMBER),
    )
    caption = context.say(_t("Bought together more often than by chance"))
    note = _t("Small pairs are drawn towards what is usual, so that chance does not come first.")
    return table(context, clear, columns, caption, (context.say(note),))


def breadth(context: Context, frames: Frames) -> Chart | Text:
    """Draw from how many categories customers buy."""
    frame = frames["breadth"]
    if frame.empty:
        return Text("")
    categories = Shown("categories", _t("Categories bought"), Unit.COUNT)
    several = frame.loc[frame["categories"] > 1, "share"].sum()
    title = context.say(
        _t("{share} of the customers buy from more than one category"),
        share=context.writer.percent(several, 0),
    )
    kind = context.say(_t("Bar chart by number of categories."))
    columns = (
        categories,
        _CUSTOMERS,
        _SHARE,
        Shown("orders", _t("Orders each"), Unit.NUMBER),
        Shown("amount", _t("Revenue each"), Unit.MONEY),
    )
    said = words(context, title, kind, _CUSTOMERS.title, categories.title)
    return bars(context, frame, categories, _CUSTOMERS, said, table(context, frame, columns))


def whitespace(context: Context, frames: Frames) -> Table | Text:
    """Show which categories customers lack that others like them buy."""
    frame = frames["whitespace"]
    if frame.empty:
        return Text("")
    columns = (
        Shown("category", _t("Category")),
        Shown("buyers", _t("Buyers"), Unit.COUNT),
        Shown("without", _t("Customers without it"), Unit.COUNT),
        Shown("share_alike", _t("Buyers among customers like them"), Unit.SHARE),
        Shown("likely", _t("Likely to want it"), Unit.COUNT),
    )
    return table(context, frame, columns, context.say(_t("Categories that customers like these already buy")))


def next_order(context: Context, frames: Frames) -> Chart | Text:
    """Draw which share of the customers order again within 90 days, by segment."""
    frame = frames["within"]
    dimension = dimension_to_show(context, frame)
    longest = frame["within_days"].max()
    frame = frame[(frame["dimension"] == dimension) & (frame["segment"] != UNKNOWN)]
    drawn = frame[frame["within_days"] == longest].sort_values("share", ascending=False, kind="stable")
    if drawn.empty:
        return Text("")
    segment = Shown("segment", context.dimension_name(dimension))
    first, last = drawn.iloc[0], drawn.iloc[-1]
    text = _t("{high} of the customers order again within {days} days, in no segment clearly more or fewer")
    if first["low"] > last["high"]:
        text = _t("Soonest again: {first}, with {high} within {days} days; latest: {last}, with {low}")
    whole = frames["within"][(frames["within"]["dimension"] == ALL)].set_index("within_days")["share"]
    title = context.say(
        text,
        first=segment.cell(context, first["segment"]),
        high=context.writer.percent(first["share"] if first["low"] > last["high"] else whole[longest], 0),
        last=segment.cell(context, last["segment"]),
        low=context.writer.percent(last["share"], 0),
        days=context.writer.number(longest),
    )
    kind = context.say(_t("Dot chart by segment, with intervals."))
    said = words(context, title, kind, _t("Share who order again"), segment.title)
    columns = (segment, Shown("within_days", _t("Within days"), Unit.COUNT), _SHARE, _FROM, _TO)
    return dots(context, drawn, segment, _SHARE, said, table(context, frame, columns))


def next_category(context: Context, frames: Frames) -> Chart | Text:
    """Draw what is ordered next after what; the title says whether that helps to guess."""
    frame = frames["steps"]
    check = frames["check"]
    if frame.empty or check.empty:
        return Text("")
    before, after = Shown("before", _t("Ordered")), Shown("after", _t("Next order"))
    top = check.iloc[0]
    text = _t("The last order says {share} of the next categories right, no better than the most popular one")
    if top["is_better"]:
        text = _t("The last order says {share} of the next categories right, the most popular one {popular}")
    title = context.say(
        text,
        share=context.writer.percent(top["share"], 0),
        popular=context.writer.percent(top["share_popular"], 0),
    )
    kind = context.say(_t("Grid of categories ordered and categories of the next order."))
    said = words(context, title, kind, _t("Share of the next orders"), after.title)
    columns = (before, after, Shown("orders", _t("Orders"), Unit.COUNT), _SHARE, _FROM, _TO)
    return grid(context, frame, before, after, _SHARE, said, table(context, frame, columns))


def demand(context: Context, frames: Frames) -> Table | Text:
    """Show how many units of each category are to be expected, for the stock."""
    frame = frames["demand"]
    frame = frame[frame["level"] == "category"] if (frame["level"] == "category").any() else frame
    frame = frame[frame["step"] == 1]
    if frame.empty:
        return Text("")
    check = frames["check"]
    tested = check[(check["level"] == frame["level"].iloc[0]) & (check["step"] == 1)]
    columns = (
        Shown("item", _t("Product")),
        Shown("low_units", _t("At least (90%)"), Unit.COUNT),
        Shown("middle_units", _t("Expected units"), Unit.COUNT),
        Shown("high_units", _t("At most (90%)"), Unit.COUNT),
        Shown("year_before_units", _t("A year before"), Unit.COUNT),
    )
    period = context.project.settings.calendar.period(frame["period"].iloc[0])
    caption = context.say(_t("Units to be expected, {period}"), period=context.period_name(period))
    notes: tuple[str, ...] = ()
    if len(tested):
        text = _t("Tested on {n} earlier forecasts: {share} of what came lay between the two bounds.")
        share = context.writer.percent(tested["coverage"].iloc[0], 0)
        notes = (context.say(text, n=context.writer.number(tested["cases"].iloc[0]), share=share),)
    return table(context, frame, columns, caption, notes)
