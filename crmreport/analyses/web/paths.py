"""Paths: which page or action follows which, the commonest ways to the goal and out, and time on pages."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.survival import FROM_START, quantile_days, survival_curve
from crmreport.analyses.web.steps import (
    GOAL,
    LEFT,
    OTHER,
    UNNAMED,
    in_few_states,
    in_period,
    with_states,
    without_repeats,
)
from crmreport.language import _t
from crmreport.metrics.intervals import wilson
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.web import PAUSE_SECONDS, VISIT

MOST_STATES = 12
MOST_PATHS = 10  # of each outcome
PATH_STEPS = 5  # the last ones of a visit
FLOW_STEPS = 4  # the first ones of a visit
LEAST_VISITS = 30

TITLES: dict[str, str] = {
    OTHER: _t("Other pages"),
    GOAL: _t("Goal reached"),
    LEFT: _t("Left"),
    UNNAMED: _t("Not named"),
}


def transitions(rows: IbisTable, least_visitors: int = 1) -> pd.DataFrame:
    """Give how often each state is followed by each other, or by leaving.

    `rows`: see `with_states`. Columns: `state`, `next_state`, `steps`, `visitors`, `probability` (share
    of the steps from the state), `low`, `high` (95 %, Wilson; steps of one visit are taken for independent).
    A pair of states with fewer visitors is counted with those that lead to `OTHER`.
    """
    in_visit = ibis.window(group_by=list(VISIT), order_by="position")
    rows = rows.mutate(next_state=ibis.coalesce(rows.state.lead().over(in_visit), LEFT))
    pairs = rows.group_by(["state", "next_state"]).aggregate(visitors=rows.visitor_id.nunique())
    rare = pairs.filter(pairs.visitors < least_visitors).select("state", "next_state", is_rare=True)
    joined = rows.left_join(rare, ["state", "next_state"])
    joined = joined.mutate(next_state=ibis.ifelse(joined.is_rare.notnull(), OTHER, joined.next_state))
    counted = joined.group_by(["state", "next_state"]).aggregate(
        steps=joined.count(), visitors=joined.visitor_id.nunique()
    )
    found = counted.to_pandas().sort_values(["state", "next_state"], ignore_index=True)
    total = found.groupby("state")["steps"].transform("sum").to_numpy(dtype=float)
    steps = found["steps"].to_numpy(dtype=float)
    low, high = wilson(steps, total)
    found = found.assign(probability=steps / total, low=low, high=high)
    return found[found["visitors"] >= least_visitors].reset_index(drop=True)


def commonest_paths(steps: IbisTable, least_visitors: int = 1, most: int = MOST_PATHS) -> pd.DataFrame:
    """Give the last steps before the goal, and before leaving, that most visits have in common.

    `steps`: see `without_repeats`. Columns: `outcome` (``goal`` or ``left``), `rank`, `path` (up to five
    steps; a longer visit begins with ``...``), `visits`, `visitors`, `share` of the visits with that outcome,
    `low`, `high` (95 %, Wilson).
    """
    backwards = ibis.window(group_by=list(VISIT), order_by=ibis.desc("place"))
    steps = steps.mutate(from_end=ibis.row_number().over(backwards))
    near_end = {
        f"step_{n}": steps.state.max(where=steps.from_end == n) for n in range(PATH_STEPS - 1, -1, -1)
    }
    visits = steps.group_by([*VISIT, "is_goal_visit"]).aggregate(steps=steps.count(), **near_end)
    visits = visits.mutate(is_longer=visits.steps > PATH_STEPS)
    keys = ["is_goal_visit", *near_end, "is_longer"]
    counted = visits.group_by(keys).aggregate(visits=visits.count(), visitors=visits.visitor_id.nunique())
    in_rank = ibis.window(group_by="is_goal_visit", order_by=[ibis.desc("visits"), *keys])
    ranked = counted.mutate(
        rank=ibis.row_number().over(in_rank) + 1,
        total=counted.visits.sum().over(ibis.window(group_by="is_goal_visit")),
    )
    top = ranked.filter((ranked["rank"] <= 2 * most) & (ranked.visitors >= least_visitors))
    found = top.to_pandas().sort_values(["is_goal_visit", "rank"], ascending=[False, True], ignore_index=True)
    texts = [
        " > ".join(
            (["..."] if row["is_longer"] else []) + [row[s] for s in near_end if isinstance(row[s], str)]
        )
        for row in found.to_dict("records")
    ]
    low, high = wilson(found["visits"].to_numpy(dtype=float), found["total"].to_numpy(dtype=float))
    found = found.assign(
        outcome=pd.Series(np.where(found["is_goal_visit"], "goal", "left"), dtype=object),
        path=pd.Series(texts, dtype=object),
        rank=found.groupby("is_goal_visit").cumcount() + 1,
        share=found["visits"] / found["total"],
        low=low,
        high=high,
    )
    columns = ["outcome", "rank", "path", "visits", "visitors", "share", "low", "high"]
    return found.loc[found["rank"] <= most, columns].reset_index(drop=True)


def flow(steps: IbisTable, least_visitors: int = 1) -> pd.DataFrame:
    """Give from where to where visits go in their first steps, for a flow chart.

    `steps`: see `without_repeats`. Columns: `step` (1 to 3), `state` at that step, `next_state` at the one
    after it (`LEFT` if there is none), `visits`, `visitors`, `share` of all visits. Pairs with fewer
    visitors are counted with those that lead to `OTHER`.
    """
    first = steps.filter((steps.place < FLOW_STEPS - 1) & (steps.state != GOAL))
    first = first.mutate(step=first.place + 1, next_state=ibis.coalesce(first.next_state, LEFT))
    keys = ["step", "state", "next_state"]
    counted = first.group_by(keys).aggregate(visits=first.count(), visitors=first.visitor_id.nunique())
    found = counted.to_pandas()
    few = found["visitors"] < least_visitors
    # Visitors of several pairs may be the same ones, so that their sum is not known; the most is a bound.
    merged = found.assign(next_state=found["next_state"].mask(few, OTHER)).groupby(keys, as_index=False)
    found = merged.agg(visits=("visits", "sum"), visitors=("visitors", "max"))
    whole = int(steps.filter(steps.place == 0).count().to_pyarrow().as_py())
    found = found[found["visitors"] >= least_visitors].sort_values(keys, ignore_index=True)
    return found.assign(share=found["visits"] / whole)


def page_times(rows: IbisTable, least_visitors: int = 1) -> pd.DataFrame:
    """Give how long pages are looked at, and where visits end.

    `rows`: see `with_states`. A page is looked at until the next one; on the last page of a visit until
    its last action at least (right-censored: Kaplan and Meier 1958, Journal of the American Statistical
    Association 53). Columns: `page`, `views`, `visitors`, `exits` (views after which the visit ended),
    `exit_share` with `low`, `high` (95 %, Wilson), `median_seconds` with `median_low`, `median_high`;
    seconds are whole, and longer times than half an hour are half an hour at least.
    """
    ends = rows.occurred_at.max().over(ibis.window(group_by=list(VISIT)))
    views = rows.mutate(ends_at=ends)
    views = views.filter(views.is_view | views.is_goal)
    in_visit = ibis.window(group_by=list(VISIT), order_by="position")
    views = views.mutate(until=views.occurred_at.lead().over(in_visit))
    seconds = ibis.coalesce(views.until, views.ends_at).delta(views.occurred_at, unit="second")
    is_over = views.until.notnull() & (seconds < PAUSE_SECONDS)
    views = views.mutate(
        days=ibis.least(seconds, PAUSE_SECONDS), ended=is_over.cast("int64"), open=(~is_over).cast("int64")
    )
    views = views.filter(views.state != GOAL)
    about = views.group_by("state").aggregate(
        views=views.count(), visitors=views.visitor_id.nunique(), exits=views.until.isnull().sum()
    )
    lasted = views.group_by(["state", "days"]).aggregate(ended=views.ended.sum(), open=views.open.sum())
    by_page = {str(state): counts for state, counts in lasted.to_pandas().groupby("state")}
    pages = about.to_pandas()
    pages = pages[pages["visitors"] >= least_visitors]
    pages = pages.sort_values(["views", "state"], ascending=[False, True], ignore_index=True)
    low, high = wilson(pages["exits"].to_numpy(dtype=float), pages["views"].to_numpy(dtype=float))
    medians = [_median(by_page[state]) for state in pages["state"]]
    return pages.assign(
        page=pages["state"],
        exits=pages["exits"].astype("int64"),
        exit_share=pages["exits"] / pages["views"],
        low=low,
        high=high,
        **{
            name: pd.Series([m[n] for m in medians], dtype=float)
            for n, name in enumerate(("median_seconds", "median_low", "median_high"))
        },
    )[list(PATHS.columns["pages"])]


def _median(counts: pd.DataFrame) -> tuple[float, float, float]:
    """Give the median of times of which some are only known to be longer, with its interval."""
    counted = counts.assign(entered_days=FROM_START, otherwise=0).astype({"ended": int, "open": int})
    if not counted["ended"].any():
        return float("nan"), float("nan"), float("nan")
    return quantile_days(survival_curve(counted))


def _compute(known: Known) -> Frames:
    least = known.settings.minimum_cell
    rows = with_states(in_period(known.tables["events"], known.period)).cache()
    numbers = rows.aggregate(
        visits=rows.count(where=rows.position == 0),
        visitors=rows.visitor_id.nunique(),
        steps=rows.count(),
        named=rows.page.count() + rows.action.count(),
    )
    found = numbers.to_pandas().iloc[0]
    if not found["named"]:
        raise Declined(_t("The events name neither pages nor actions. Connect events.page or events.action."))
    if found["visits"] < LEAST_VISITS or found["visitors"] < least:
        raise Declined(
            _t("The period has {visits} visits; at least {least} are needed."),
            visits=int(found["visits"]),
            least=LEAST_VISITS,
        )
    few, kept = in_few_states(rows, MOST_STATES, least)
    steps = without_repeats(few).cache()
    goals = steps.filter((steps.place == 0) & steps.is_goal_visit).count().to_pyarrow().as_py()
    other = few.filter(few.state == OTHER).count().to_pyarrow().as_py()
    about = {
        "visits": int(found["visits"]),
        "visitors": int(found["visitors"]),
        "steps": int(found["steps"]),
        "goal_visits": int(goals),
        "states": len(kept),
        "other_share": other / found["steps"],
    }
    frames = {
        "summary": pd.DataFrame([about]),
        "transitions": transitions(few, least),
        "paths": commonest_paths(steps, least),
        "flow": flow(steps, least),
        "pages": page_times(few, least),
    }
    return {name: frame[list(PATHS.columns[name])] for name, frame in frames.items()}


PATHS = Analysis(
    name="paths",
    title=_t("Paths through the site"),
    subject="behaviour",
    definition=_t(
        "For the visits that began in the period: how often each page or action is followed by each other, "
        "the commonest last steps before the goal and before leaving, the first steps as a flow, and how "
        "long pages are looked at."
    ),
    source=_t(
        "Matrix of transitions between pages; times on pages with the last one right-censored (Kaplan and "
        "Meier 1958, Journal of the American Statistical Association 53)"
    ),
    trap=_t(
        "What follows a page is not caused by it. The last page of a visit has no known end: tools that "
        "count it as 0 seconds make pages on which visits end look poor."
    ),
    limit=_t(
        "The 12 commonest pages and actions, all others together; a pair or a path of too few visitors is "
        "put with the others or left out. Steps of one visit are taken for independent in the intervals."
    ),
    seed="行为轨迹",
    needs=("events",),
    tables=("events",),
    compute=_compute,
    columns={
        "summary": {
            "visits": _t("Visits that began in the period"),
            "visitors": _t("Visitors or devices"),
            "steps": _t("Actions of these visits"),
            "goal_visits": _t("Visits that reached the goal"),
            "states": _t("Pages and actions told apart"),
            "other_share": _t("Share of the actions that are on other pages"),
        },
        "transitions": {
            "state": _t("Page or action"),
            "next_state": _t("Page or action that follows, or leaving"),
            "steps": _t("Times that it follows"),
            "visitors": _t("Visitors or devices"),
            "probability": _t("Share of all that follows the page or action"),
            "low": _t("Lower bound of the share, 95 %"),
            "high": _t("Upper bound of the share, 95 %"),
        },
        "paths": {
            "outcome": _t("goal or left"),
            "rank": _t("Place among the paths with that outcome, the commonest first"),
            "path": _t("Last steps of the visit, repeats left out"),
            "visits": _t("Visits that ended with these steps"),
            "visitors": _t("Visitors or devices"),
            "share": _t("Share of the visits with that outcome"),
            "low": _t("Lower bound of the share, 95 %"),
            "high": _t("Upper bound of the share, 95 %"),
        },
        "flow": {
            "step": _t("Step of the visit, from 1, repeats left out"),
            "state": _t("Page or action at that step"),
            "next_state": _t("Page or action at the step after it, or leaving"),
            "visits": _t("Visits"),
            "share": _t("Share of all visits"),
        },
        "pages": {
            "page": _t("Page"),
            "views": _t("Times viewed"),
            "visitors": _t("Visitors or devices"),
            "exits": _t("Views after which the visit ended"),
            "exit_share": _t("Share of the views after which the visit ended"),
            "low": _t("Lower bound of that share, 95 %"),
            "high": _t("Upper bound of that share, 95 %"),
            "median_seconds": _t("Median time on the page, seconds; missing where too few went on"),
            "median_low": _t("Lower bound of the median, 95 %"),
            "median_high": _t("Upper bound of the median, 95 %"),
        },
    },
)
