"""Visit funnel: how far visits come on the way to a purchase, and where most of the visitors are lost."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.analyses.web.steps import in_period
from crmreport.language import _t
from crmreport.metrics.intervals import wilson
from crmreport.periods import Period
from crmreport.segments import ALL, UNKNOWN
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.web import GOALS, VISIT, plain

# The words of `page` and `action` by which a step is known; the first step is any visit at all.
STEPS: dict[str, tuple[str, ...]] = {
    "product": (
        *("product", "products", "product view", "view product", "product page", "product detail"),
        *("view item", "item"),
    ),
    "cart": ("cart", "basket", "add to cart", "add to basket", "view cart"),
    "checkout": (
        *("checkout", "check out", "begin checkout", "shipping details", "add shipping info", "payment"),
        *("payment details", "add payment info"),
    ),
    "purchase": GOALS,
}
TITLES: dict[str, str] = {
    "visit": _t("Visit"),
    "product": _t("Product viewed"),
    "cart": _t("Cart"),
    "checkout": _t("Checkout"),
    "purchase": _t("Purchase"),
}
LEAST_VISITORS = 30
_DIMENSIONS = ("traffic_source", "device")
_KEYS = ["dimension", "segment", "step_order", "step"]


def reached_steps(rows: IbisTable) -> tuple[IbisTable, list[str]]:
    """Say of each visit which steps it reached, one after the other, and which at all.

    `rows`: see `in_period`. A step is reached in order when it comes at or after the time at which the one
    before was. Steps that no visit has are left out. Gives one row per visit, with `visitor_id`, the
    dimensions that the rows have, and for each step the columns ``in_order_N`` and ``at_all_N``; and the
    steps' names.
    """
    words = [plain(rows[name]) for name in ("page", "action")]
    names = {
        step: ibis.or_(*(ibis.coalesce(word.isin(called), False) for word in words))
        for step, called in STEPS.items()
    }
    rows = rows.mutate(**{f"is_{step}": condition for step, condition in names.items()})
    counts = rows.aggregate(**{step: rows[f"is_{step}"].any() for step in STEPS}).to_pyarrow().to_pylist()[0]
    there = [step for step in STEPS if counts[step]]
    in_visit = ibis.window(group_by=list(VISIT))
    rows = rows.mutate(reached_0=rows.occurred_at.min().over(in_visit))
    for n, step in enumerate(there, 1):
        is_later = rows[f"is_{step}"] & (rows.occurred_at >= rows[f"reached_{n - 1}"])
        at = ibis.ifelse(is_later, rows.occurred_at, ibis.null(rows.occurred_at.type()))
        rows = rows.mutate(**{f"reached_{n}": at.min().over(in_visit)})
    own = {d: ibis.coalesce(rows[d].max(where=rows.position == 0), rows[d].min()) for d in _own(rows)}
    reached = {
        f"{how}_{n}": condition.any()
        for n, step in enumerate(there, 1)
        for how, condition in (("in_order", rows[f"reached_{n}"].notnull()), ("at_all", rows[f"is_{step}"]))
    }
    return rows.group_by(list(VISIT)).aggregate(**own, **reached), there


def _own(rows: IbisTable) -> list[str]:
    return [d for d in _DIMENSIONS if d in rows.columns]


def count_steps(visits: IbisTable, steps: list[str]) -> pd.DataFrame:
    """Count the visitors and the visits that reached each step, of all and by segment.

    `visits`, `steps`: see `reached_steps`. Columns: `dimension`, `segment`, `step_order` (from 1), `step`,
    `visitors`, `visits` (in order), `visits_at_all` (whatever came before).
    """
    visits = _by_dimension(visits)
    every = visits.visitor_id.notnull()
    reached = {"visit": (every, every)} | {
        step: (visits[f"in_order_{n}"], visits[f"at_all_{n}"]) for n, step in enumerate(steps, 1)
    }
    counts = {}
    for order, (in_order, at_all) in enumerate(reached.values()):
        counts[f"visitors_{order}"] = visits.visitor_id.nunique(where=in_order)
        counts[f"visits_{order}"] = in_order.cast("int64").sum()
        counts[f"at_all_{order}"] = at_all.cast("int64").sum()
    wide = visits.group_by(["dimension", "segment"]).aggregate(**counts).to_pandas()
    frames = []
    for order, step in enumerate(reached):
        frame = wide[["dimension", "segment"]].assign(step_order=order + 1, step=step)
        for name, column in (("visitors", "visitors"), ("visits", "visits"), ("visits_at_all", "at_all")):
            frame[name] = wide[f"{column}_{order}"].fillna(0).astype("int64")
        frames.append(frame)
    found = pd.concat(frames, ignore_index=True)
    is_part = (found["dimension"] != ALL).rename("is_part")
    found = found.assign(is_part=is_part).sort_values(["is_part", *_KEYS], ignore_index=True)
    return found[[*_KEYS, "visitors", "visits", "visits_at_all"]]


def _by_dimension(visits: IbisTable) -> IbisTable:
    """Give each visit once for all and once for each dimension, so that one query counts them."""
    dimensions = _own(visits)
    kinds = ibis.memtable(pd.DataFrame({"dimension": [ALL, *dimensions]}), schema={"dimension": "string"})
    split = visits.cross_join(kinds)
    of_kind = [(split.dimension == d, ibis.coalesce(split[d], UNKNOWN)) for d in dimensions]
    return split.mutate(segment=ibis.cases(*of_kind, else_=ALL) if of_kind else ibis.literal(ALL))


def rates(counted: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Add the rates of a funnel, its bottleneck, and how they compare with an earlier one's.

    `counted`, `before`: see `count_steps`. Adds `step_rate` (visitors, of those of the step before) with
    `low`, `high` (95 %, Wilson), `overall_rate` (of those of the first step), `lost` (visitors of the step
    before who did not come so far), `is_bottleneck` (the largest loss), `visitors_before`,
    `step_rate_before`, and `change` of the step rate with `change_low`, `change_high` (95 %, Newcombe 1998,
    Statistics in Medicine 17, method 10: visitors who came in both periods are taken for others).
    """
    now, old = _with_rates(counted), _with_rates(before)
    kept = old[[*_KEYS[:2], "step", "visitors", "step_rate", "low", "high"]]
    found = now.merge(kept, on=[*_KEYS[:2], "step"], how="left", suffixes=("", "_before"))
    change = found["step_rate"] - found["step_rate_before"]
    down = np.hypot(found["step_rate"] - found["low"], found["high_before"] - found["step_rate_before"])
    up = np.hypot(found["high"] - found["step_rate"], found["step_rate_before"] - found["low_before"])
    return found.assign(
        visitors_before=found["visitors_before"].astype(float),
        change=change,
        change_low=change - down,
        change_high=change + up,
    )


def _with_rates(counted: pd.DataFrame) -> pd.DataFrame:
    groups = counted.groupby(_KEYS[:2], sort=False)
    last = groups["visitors"].shift()
    first = groups["visitors"].transform("first").to_numpy(dtype=float)
    visitors = counted["visitors"].to_numpy(dtype=float)
    steps = last.to_numpy(dtype=float)
    low, high = wilson(visitors, steps)
    lost = last - counted["visitors"]
    worst = lost.groupby([counted[key] for key in _KEYS[:2]]).transform("max")
    return counted.assign(
        step_rate=np.divide(visitors, steps, out=np.full(len(steps), np.nan), where=steps > 0),
        low=np.where(steps > 0, low, np.nan),
        high=np.where(steps > 0, high, np.nan),
        overall_rate=np.divide(visitors, first, out=np.full(len(first), np.nan), where=first > 0),
        lost=lost,
        is_bottleneck=(lost == worst) & (lost > 0),
    )


def _counted(known: Known, period: Period) -> tuple[pd.DataFrame, list[str]]:
    rows = in_period(known.tables["events"], period).cache()
    visits, steps = reached_steps(rows)
    return count_steps(visits.cache(), steps), steps


def _without_few(counted: pd.DataFrame, least: int) -> pd.DataFrame:
    """Leave out the segments of too few visitors, and one more where that would give one away."""
    people = counted[(counted["step"] == "visit") & (counted["dimension"] != ALL)]
    hidden = people[~large_enough(people, ["dimension"], "visitors", least)]
    keys = [pd.MultiIndex.from_frame(frame[_KEYS[:2]]) for frame in (counted, hidden)]
    return counted[~keys[0].isin(keys[1])].reset_index(drop=True)


def _compute(known: Known) -> Frames:
    counted, steps = _counted(known, known.period)
    if "purchase" not in steps or len(steps) < 2:
        raise Declined(
            _t(
                "The events name no purchase, or no step before it. Give events.action the values add to "
                "cart, begin checkout and purchase, or goal for what the site is for."
            )
        )
    people = counted[counted["step"] == "visit"]
    if people["visitors"].iloc[0] < LEAST_VISITORS:
        raise Declined(
            _t("The period has {visitors} visitors; at least {least} are needed."),
            visitors=int(people["visitors"].iloc[0]),
            least=LEAST_VISITORS,
        )
    before, _ = _counted(known, known.period.predecessor())
    least = known.settings.minimum_cell
    found = rates(_without_few(counted, least), _without_few(before, least))
    return {"steps": found[list(VISIT_FUNNEL.columns["steps"])]}


VISIT_FUNNEL = Analysis(
    name="visit_funnel",
    title=_t("From visit to purchase"),
    subject="behaviour",
    definition=_t(
        "How many visitors reach each step on the way to a purchase within one visit, one after the other: "
        "a product, the cart, the checkout, the purchase, as far as the data have them. The bottleneck is "
        "the step before which most visitors are lost."
    ),
    source=_t("Closed funnel with ordered steps, as web analytics counts it; intervals after Wilson 1927"),
    trap=_t(
        "Visitors are counted, not actions. Who skips a step, as with a reorder from the account, is not in "
        "the later ones: compare with the visits that have the step at all. The largest loss is not always "
        "the one that can be mended."
    ),
    limit=_t(
        "Steps are known by the names of pages and actions; a visitor with visits of two devices or sources "
        "counts in both. Segments of too few visitors are left out."
    ),
    seed="漏斗分析",
    needs=("events",),
    tables=("events",),
    compute=_compute,
    columns={
        "steps": {
            "dimension": _t("all, traffic_source or device"),
            "segment": _t("Segment of that dimension"),
            "step_order": _t("Place of the step, from 1"),
            "step": _t("visit, product, cart, checkout or purchase"),
            "visitors": _t("Visitors or devices that reached the step in order within a visit"),
            "visits": _t("Visits that reached the step in order"),
            "visits_at_all": _t("Visits that have the step, whatever came before"),
            "step_rate": _t("Share of the visitors of the step before"),
            "low": _t("Lower bound of that share, 95 %"),
            "high": _t("Upper bound of that share, 95 %"),
            "overall_rate": _t("Share of the visitors of the first step"),
            "lost": _t("Visitors of the step before who did not come so far"),
            "is_bottleneck": _t("Whether most visitors are lost before this step"),
            "visitors_before": _t("Visitors who reached the step in the period before"),
            "step_rate_before": _t("Share of the step before, in the period before"),
            "change": _t("Change of that share"),
            "change_low": _t("Lower bound of the change, 95 %"),
            "change_high": _t("Upper bound of the change, 95 %"),
        }
    },
)
