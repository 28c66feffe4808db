"""Web steps: the actions of a period's visits, in their order, each with the page or action it stands for."""

from __future__ import annotations

from datetime import timedelta

import ibis

from crmreport.periods import Period
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import complete
from crmreport.tables.facts.web import VISIT, plain, steps, with_action

OTHER, GOAL, LEFT, UNNAMED = "(other)", "(goal)", "(left)", "(unnamed)"
_LOOK_BACK_DAYS = 1  # visits that began before the period are told from those that began in it


def in_period(events: IbisTable, period: Period) -> IbisTable:
    """Give the actions of the visits that began in a period, see `crmreport.tables.facts.web.steps`.

    `events` is the contract's table.
    """
    rows = with_action(complete(events, "events"))
    first = period.start - timedelta(days=_LOOK_BACK_DAYS)
    day = rows.occurred_at.date()
    rows = steps(rows.filter((day >= ibis.literal(first)) & (day < ibis.literal(period.end))))
    began = rows.occurred_at.min().over(ibis.window(group_by=list(VISIT)))
    rows = rows.mutate(began_on=began.date())
    return rows.filter(rows.began_on >= ibis.literal(period.start)).drop("began_on")


def with_states(rows: IbisTable) -> IbisTable:
    """Add `state`: the page, for a view; the page and the action, for anything else; `GOAL` for the goal.

    Of an address what follows a ``?`` or ``#`` is left out.
    """
    rows = rows.mutate(page=rows.page.re_replace("[?#].*$", ""))
    done = plain(rows.action)
    page_alone = rows.page.notnull() & (rows.is_view | rows.action.isnull() | (done == plain(rows.page)))
    return rows.mutate(
        state=ibis.cases(
            (rows.is_goal, GOAL),
            (page_alone, rows.page),
            (rows.page.isnull(), ibis.coalesce(done, UNNAMED)),
            else_=rows.page + ": " + done,
        )
    )


def in_few_states(rows: IbisTable, most: int, least_visitors: int) -> tuple[IbisTable, list[str]]:
    """Keep the states that most visits have, with enough visitors; all others become `OTHER`.

    Gives the rows and the states kept, the most visited first.
    """
    counted = rows.group_by("state").aggregate(visitors=rows.visitor_id.nunique(), steps=rows.count())
    large = counted.filter(counted.visitors >= least_visitors)
    top = large.order_by([ibis.desc("steps"), "state"]).limit(most)
    kept = [
        str(state)
        for state in top.to_pandas().sort_values(["steps", "state"], ascending=[False, True])["state"]
    ]
    return rows.mutate(state=ibis.ifelse(rows.state.isin([*kept, GOAL]), rows.state, OTHER)), kept


def without_repeats(rows: IbisTable) -> IbisTable:
    """Leave out the steps that repeat the one before, and what comes after the goal; `place` counts from 0.

    Adds `is_goal_visit` and `next_state`, missing after the last step.
    """
    in_visit = ibis.window(group_by=list(VISIT), order_by="position")
    whole_visit = ibis.window(group_by=list(VISIT))
    goal_at = ibis.ifelse(rows.state == GOAL, rows.position, ibis.null("int64")).min().over(whole_visit)
    rows = rows.mutate(last_state=rows.state.lag().over(in_visit), goal_at=goal_at)
    is_repeat = (rows.last_state == rows.state).fill_null(False)
    rows = rows.filter(~is_repeat & (rows.goal_at.isnull() | (rows.position <= rows.goal_at)))
    return rows.mutate(
        is_goal_visit=rows.goal_at.notnull(),
        place=ibis.row_number().over(in_visit),
        next_state=rows.state.lead().over(in_visit),
    ).drop("goal_at", "last_state")
