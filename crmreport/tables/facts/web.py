"""Web facts: what visitors did, action by action, and the visits that their actions make up."""

from __future__ import annotations

import ibis

from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import Derived, Fact, Inputs, complete

PAUSE_SECONDS = 30 * 60  # where the data do not tell visits apart, a longer pause ends one
ENGAGED_SECONDS = 10
ENGAGED_VIEWS = 2

# The words of `action` that have a meaning here; capitals, hyphens and underscores do not matter. What a
# source calls otherwise is given one of them in the configuration (`values:`).
VIEWS = ("view", "page view", "pageview", "screen view", "view page", "view product", "product view")
GOALS = ("purchase", "ecommerce purchase", "in app purchase", "goal")
# What is seen or happens by itself, beside the views: no operation of the visitor.
SEEN = (
    *("view item", "view item list", "view cart", "view promotion", "view search results"),
    *("session start", "first visit", "first open", "user engagement", "scroll", "page leave", "error"),
)
# What is done on a page, and never opens one, even where the source names the page that it leads to.
DONE = (
    *("click", "open list", "select item", "select content", "select promotion", "add to cart"),
    *("remove from cart", "add to wishlist", "file download", "form start", "form submit"),
)

VISIT = ("visitor_id", "session_id", "pause")  # what tells one visit from another


def plain(words: IbisTable) -> IbisTable:
    """Write an action or a page as the lists of words do: ``Add_to_Cart`` as ``add to cart``."""
    return words.lower().replace("_", " ").replace("-", " ").strip()


def with_action(events: IbisTable) -> IbisTable:
    """Add the column `action`, all missing, where the data have none."""
    return events if "action" in events.columns else events.mutate(action=ibis.null("string"))


def steps(events: IbisTable) -> IbisTable:
    """Put each action into its visit, and into its place there.

    Adds to `events` (the fact table, with its `action`): `pause`, the number of the visitor's visit where the
    data do not tell visits apart (those with a `session_id` have 0), `position` in the visit, from 0,
    `next_at`, the time of the next action of the visit, and `is_view`, `is_operation`, `is_goal`. A view is
    a row that is called one, or the first on another page than before, unless it is something done on a page.
    Actions of the same moment are ordered by page.
    """
    word = ibis.coalesce(plain(events.action), "")
    events = events.mutate(
        is_goal=word.isin(GOALS),
        is_called_view=word.isin(VIEWS),
        is_done=word.isin(DONE),
        is_operation=word.notin(["", *VIEWS, *SEEN]),
    )
    told = events.filter(events.session_id.notnull()).mutate(pause=ibis.literal(0, "int64"))
    order = ["occurred_at", "page", "action"]
    alone = events.filter(events.session_id.isnull())
    in_order = ibis.window(group_by="visitor_id", order_by=order)
    alone = alone.mutate(last_at=alone.occurred_at.lag().over(in_order))
    is_new = alone.last_at.isnull() | (alone.occurred_at.delta(alone.last_at, unit="second") > PAUSE_SECONDS)
    alone = alone.mutate(is_new=is_new.cast("int64"))
    until_here = ibis.cumulative_window(group_by="visitor_id", order_by=order)
    alone = alone.mutate(pause=alone.is_new.sum().over(until_here).cast("int64"))
    rows = told.union(alone.drop("last_at", "is_new"))
    in_visit = ibis.window(group_by=list(VISIT), order_by=order)
    rows = rows.mutate(
        position=ibis.row_number().over(in_visit),
        next_at=rows.occurred_at.lead().over(in_visit),
        last_page=rows.page.lag().over(ibis.window(group_by=[*VISIT, "is_done"], order_by=order)),
    )
    is_other_page = rows.page.notnull() & (rows.last_page.isnull() | (rows.page != rows.last_page))
    is_view = rows.is_called_view | (is_other_page & ~rows.is_done)
    return rows.mutate(is_view=is_view).drop("is_called_view", "is_done", "last_page")


def _events(given: Inputs) -> IbisTable:
    """One row per action."""
    return complete(given.tables["events"], "events")


def _visits(given: Inputs) -> IbisTable:
    """One row per visit; what the data know of no visit at all (pages, goals, customers) is missing."""
    source = given.tables["events"]
    events = with_action(_events(given))
    rows = steps(events)
    is_first = rows.position == 0
    own = {
        d: ibis.coalesce(rows[d].max(where=is_first), rows[d].min())
        for d in ("traffic_source", "device")
        if d in source.columns
    }
    visits = rows.group_by(list(VISIT)).aggregate(
        customer_id=rows.customer_id.min(),
        started_at=rows.occurred_at.min(),
        ended_at=rows.occurred_at.max(),
        first_page=rows.page.max(where=is_first),
        actions=rows.count(),
        page_views=rows.is_view.cast("int64").sum(),
        pages=rows.page.nunique(),
        operations=rows.is_operation.cast("int64").sum(),
        reached_goal=rows.is_goal.any(),
        **own,
    )
    word = ibis.coalesce(plain(events.action), "")
    known = events.aggregate(
        knows_views=(events.page.notnull() | word.isin(VIEWS)).any(),
        knows_operations=events.action.notnull().any(),
        knows_goal=word.isin(GOALS).any(),
    )
    return _judged(visits.cross_join(known), "customer_id" in source.columns)


def _judged(visits: IbisTable, knows_customers: bool) -> IbisTable:
    """Say of each visit how long it was and how it ended."""
    missing = ibis.null("boolean")
    seconds = visits.ended_at.delta(visits.started_at, unit="second")
    # Of a visit of one action nobody knows how long it was.
    dwell_seconds = ibis.ifelse(visits.actions > 1, seconds, ibis.null("int64"))
    page_views = ibis.ifelse(visits.knows_views, visits.page_views, ibis.null("int64"))
    one_page = (visits.page_views <= 1) & (visits.pages <= 1)
    is_engaged = (seconds >= ENGAGED_SECONDS) | visits.reached_goal | (visits.page_views >= ENGAGED_VIEWS)
    judged = visits.mutate(
        dwell_seconds=dwell_seconds,
        dwell_minutes=dwell_seconds / 60,
        page_views=page_views,
        page_views_squared=page_views * page_views,
        has_one_page=ibis.ifelse(visits.knows_views, one_page, missing),
        has_no_operation=ibis.ifelse(visits.knows_operations, visits.operations == 0, missing),
        is_not_engaged=ibis.ifelse(visits.knows_views, ~is_engaged, missing),
        reached_goal=ibis.ifelse(visits.knows_goal, visits.reached_goal, missing),
        is_of_customer=visits.customer_id.notnull() if knows_customers else missing,
    )
    return judged.drop("ended_at", "pages", "pause", "knows_views", "knows_operations", "knows_goal")


EVENTS = Fact(name="events", make=_events, needs=("events",), made_from=("events",))

VISITS = Fact(
    name="visits",
    make=_visits,
    needs=("events",),
    made_from=("events",),
    derived={
        "visitor_id": Derived("string"),
        "session_id": Derived("string"),
        "customer_id": Derived("string"),
        "started_at": Derived("timestamp(6)", of="occurred_at"),
        "first_page": Derived("string", of="page"),
        "actions": Derived("int64"),
        "operations": Derived("int64", of="action"),
        "dwell_seconds": Derived("int64", of="occurred_at"),
        "dwell_minutes": Derived("float64", of="occurred_at"),
        "page_views": Derived("int64", of="page"),
        "page_views_squared": Derived("int64", of="page"),
        "has_one_page": Derived("boolean", of="page"),
        "has_no_operation": Derived("boolean", of="action"),
        "is_not_engaged": Derived("boolean", of="page"),
        "reached_goal": Derived("boolean", of="action"),
        "is_of_customer": Derived("boolean", of="customer_id"),
        "traffic_source": Derived("string", of="traffic_source"),
        "device": Derived("string", of="device"),
    },
)
