"""Issues: what customers contact and complain about, what grew, how long it takes, and what lies open."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.shown import large_enough
from crmreport.analyses.survival import count_durations, quantile_days, survival_curve
from crmreport.analyses.voices.issues_columns import AGEING, CHANGES, ISSUES, TIMES
from crmreport.language import _t
from crmreport.metrics.intervals import CONFIDENCE, poisson, wilson
from crmreport.periods import Period
from crmreport.segments import UNKNOWN
from crmreport.tables.engine import IbisTable

PREVIOUS = "previous"
YEAR_BEFORE = "year_before"
AGES_DAYS = (7, 30, 90)  # upper ends of the ages of what is open
WINDOW_DAYS = 365
REOPEN_DAYS = 30  # a case resolved later than that may still be opened again
FALSE_DISCOVERY_RATE = 0.05
_LEAST_PER_PERIOD = 5  # cases of an issue in the two periods together, to compare them
_MOST_ISSUES = 40
_COUNTED = ("cases", "complaints")


def counted_by_issue(cases: IbisTable, period: Period) -> pd.DataFrame:
    """Count the cases that customers opened in a period, by issue type.

    `cases` is the fact table of interactions. Columns: `issue_type`, `cases`, `complaints` and `customers`;
    a case of nobody known counts as one customer.
    """
    opened = _of_issues(cases, period.start, period.end)
    who = ibis.coalesce(opened.customer_id, "?" + opened.interaction_id)
    found = opened.group_by("issue_type").aggregate(
        cases=opened.count(),
        complaints=opened.is_complaint.cast("int64").sum().fill_null(0),
        customers=who.nunique(),
    )
    return found.to_pandas().sort_values("issue_type", ignore_index=True)


def _of_issues(cases: IbisTable, start: date, end: date) -> IbisTable:
    day = cases.opened_at.date()
    chosen = cases.filter(cases.is_inbound, day >= start, day < end)
    return chosen.mutate(issue_type=ibis.coalesce(chosen.issue_type, UNKNOWN))


def compare_counts(after: Any, before: Any, exposure: float, exposure_before: float) -> pd.DataFrame:  # noqa: ANN401
    """Compare counts of two periods per exposure, each pair by itself.

    Given their sum, the first of two Poisson counts is binomial (Przyborowski and Wilenski 1940, Biometrika
    31); the interval of the ratio comes from Clopper and Pearson's of the binomial share. Columns: `ratio`,
    `low`, `high` (95 %; missing or infinite bounds are missing), `p`, two-sided.
    """
    from scipy import stats

    share = exposure / (exposure + exposure_before)
    rows = []
    for a, b in zip(np.asarray(after).tolist(), np.asarray(before).tolist(), strict=True):
        row = {"ratio": np.nan, "low": np.nan, "high": np.nan, "p": np.nan}
        if a + b > 0:
            found = stats.binomtest(int(a), int(a + b), share)
            low, high = found.proportion_ci(CONFIDENCE, "exact")
            scale = exposure_before / exposure
            row["p"] = float(found.pvalue)
            row["low"] = low / (1 - low) * scale
            row["high"] = high / (1 - high) * scale if high < 1 else np.nan
            row["ratio"] = a / b * scale if b else np.nan
        rows.append(row)
    return pd.DataFrame(rows, columns=["ratio", "low", "high", "p"], dtype="float64")


def _compute(known: Known) -> Frames:
    cases = known.facts["interactions"]
    period, least = known.period, known.settings.minimum_cell
    now = counted_by_issue(cases, period)
    shown = large_enough(
        now.rename(columns={"issue_type": "segment"}).assign(all=""), ["all"], "customers", least
    )
    kept = now[shown].sort_values(["cases", "issue_type"], ascending=[False, True]).head(_MOST_ISSUES).copy()
    if kept.empty:
        raise Declined(
            _t("In the period no issue type was named by at least {least} customers."),
            least=least,
        )
    names = list(kept["issue_type"])
    if "is_complaint" not in known.tables["interactions"].columns:
        now["complaints"] = kept["complaints"] = np.nan
    return {
        "issues": _issues(kept, int(now["cases"].sum()), _active(known, period)),
        "changes": _changes(known, now, names),
        "times": _times(known, names, least),
        "ageing": _ageing(cases, period.end, names, least),
    }


def _active(known: Known, period: Period) -> float:
    """Count the customers who are active when a period ends; missing where the data cannot tell."""
    since = period.end - timedelta(days=known.settings.active_days)
    if "orders" not in known.tables or since < known.data.first_day:
        return float("nan")
    orders = known.tables["orders"]
    day = orders.ordered_at.date()
    active = orders.filter(day >= since, day < period.end).customer_id.nunique()
    return float(active.to_pyarrow().as_py())


def _issues(kept: pd.DataFrame, whole: int, active: float) -> pd.DataFrame:
    complaints = kept["complaints"].to_numpy(float)
    low, high = poisson(complaints)
    share_low, share_high = wilson(complaints, kept["cases"].to_numpy(float))
    made = kept.assign(
        complaints=complaints,
        case_share=kept["cases"] / whole,
        complaint_share=complaints / kept["cases"],
        complaint_share_low=share_low,
        complaint_share_high=share_high,
        active_customers=active,
        complaints_per_1000=complaints / active * 1000,
        low=low / active * 1000,
        high=high / active * 1000,
    )
    return made.reset_index(drop=True)[list(ISSUES)]


def _changes(known: Known, now: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    from scipy import stats

    period, found = known.period, []
    earlier = {PREVIOUS: period.predecessor(), YEAR_BEFORE: period.year_before()}
    if earlier[PREVIOUS] == earlier[YEAR_BEFORE]:
        del earlier[PREVIOUS]
    for baseline, before in earlier.items():
        if before.start < known.data.first_day:
            continue
        people = _active(known, period), _active(known, before)
        is_known = not np.isnan(people).any() and min(people) > 0
        exposures = [n * p.days for n, p in zip(people, (period, before), strict=True)]
        exposures = exposures if is_known else [float(period.days), float(before.days)]
        then = counted_by_issue(known.facts["interactions"], before).set_index("issue_type")
        both = now.set_index("issue_type").loc[names]
        for counted in (c for c in _COUNTED if now[c].notna().all()):
            numbers = pd.DataFrame({"after": both[counted], "before": then[counted].reindex(names)}).fillna(0)
            numbers = numbers[numbers.sum(axis=1) >= _LEAST_PER_PERIOD].astype("int64").reset_index()
            tested = compare_counts(numbers["after"], numbers["before"], *exposures)
            rows = pd.concat([numbers, tested], axis=1).rename(columns={"index": "issue_type"})
            found.append(rows.assign(baseline=baseline, counted=counted, per_customer=is_known))
    if not found:
        empty = {
            "baseline": "str",
            "counted": "str",
            "issue_type": "str",
            "after": "int64",
            "before": "int64",
        }
        flags = {"per_customer": "bool", "is_clear": "bool"}
        types = dict.fromkeys(CHANGES, "float64") | empty | flags
        return pd.DataFrame({c: pd.Series(dtype=types[c]) for c in CHANGES})
    made = pd.concat(found, ignore_index=True)
    made["q"] = stats.false_discovery_control(made["p"]) if len(made) else made["p"]
    made["is_clear"] = made["q"] <= FALSE_DISCOVERY_RATE
    return made.sort_values(["baseline", "counted", "p", "issue_type"], ignore_index=True)[list(CHANGES)]


def _times(known: Known, names: list[str], least: int) -> pd.DataFrame:
    """Time to close and reopening of the cases of a year, by issue type."""
    cases, end = known.facts["interactions"], known.period.end
    start = min(known.period.start, end - timedelta(days=WINDOW_DAYS))
    opened = _of_issues(cases, start, end)
    opened = opened.filter(opened.issue_type.isin(names))
    lasting = count_durations(opened, opened.opened_at, opened.resolved_at, end, dimension="issue_type")
    ripe = opened.filter(opened.resolved_at.date() < end - timedelta(days=REOPEN_DAYS))
    again = ripe.group_by("issue_type").aggregate(
        resolved=ripe.reopened_count.count(),
        reopened=(ripe.reopened_count > 0).cast("int64").sum().fill_null(0),
    )
    times = again.to_pandas().set_index("issue_type")
    who = ibis.coalesce(opened.customer_id, "?" + opened.interaction_id)
    people = opened.group_by("issue_type").aggregate(customers=who.nunique()).to_pandas()
    enough = set(people.loc[people["customers"] >= least, "issue_type"])
    rows = []
    for name, counts in lasting.groupby("segment", sort=True):
        if name not in enough:
            continue
        middle, low, high = quantile_days(survival_curve(counts))
        resolved, reopened = (float(times[c].get(name, 0)) for c in ("resolved", "reopened"))
        share_low, share_high = wilson(np.array([reopened]), np.array([resolved]))
        rows.append(
            {
                "issue_type": name,
                "cases": int(counts[["ended", "open"]].to_numpy().sum()),
                "open": int(counts["open"].sum()),
                "median_days": middle,
                "low": low,
                "high": high,
                "resolved": int(resolved),
                "reopened": int(reopened),
                "reopened_share": reopened / resolved if resolved else np.nan,
                "reopened_low": float(share_low[0]),
                "reopened_high": float(share_high[0]),
            }
        )
    return pd.DataFrame(rows, columns=list(TIMES))


def _ageing(cases: IbisTable, end: date, names: list[str], least: int) -> pd.DataFrame:
    """Count what is open when the period ends by issue type and age."""
    opened = _of_issues(cases, date.min, end)
    is_open = opened.resolved_at.isnull() | (opened.resolved_at.date() >= end)
    waiting = opened.filter(is_open, opened.issue_type.isin(names))
    days = ibis.literal(end - timedelta(days=1)).delta(waiting.opened_at.date(), unit="day")
    place = sum(((days > edge).cast("int64") for edge in AGES_DAYS), ibis.literal(0))
    who = ibis.coalesce(waiting.customer_id, "?" + waiting.interaction_id)
    waiting = waiting.mutate(place=place, who=who)
    people = waiting.group_by("issue_type").aggregate(customers=waiting.who.nunique()).to_pandas()
    enough = sorted(people.loc[people["customers"] >= least, "issue_type"])
    counts = waiting.group_by(["issue_type", "place"]).aggregate(open=waiting.count()).to_pandas()
    grid = pd.MultiIndex.from_product([enough, range(len(AGES_DAYS) + 1)], names=["issue_type", "place"])
    found = counts.set_index(["issue_type", "place"])["open"].reindex(grid, fill_value=0).reset_index()
    edges = np.array([-1, *AGES_DAYS, np.nan])
    found["from_days"] = edges[found["place"].to_numpy(int)].astype("int64") + 1
    found["to_days"] = edges[found["place"].to_numpy(int) + 1]
    return found.astype({"place": "int64", "open": "int64"})[list(AGEING)]


ISSUES_BY_TYPE = Analysis(
    name="issues",
    title=_t("Issues by type"),
    subject="service",
    definition=_t(
        "Contacts and cases that customers opened in the period, and the complaints among them, by issue "
        "type; compared with the period before and the year before for equal numbers of active customers "
        "and days; time to close and reopening of the cases of the last 365 days; what is open by age."
    ),
    source=_t(
        "Two counts: Przyborowski and Wilenski, Biometrika 31, 1940; corrected for their number: Benjamini "
        "and Hochberg 1995; time to close: Kaplan and Meier 1958; intervals: Wilson 1927, Garwood 1936"
    ),
    trap=_t(
        "Types are given by people, and a new list of types makes changes that are none. The test takes "
        "cases to come by themselves: one breakdown that many report looks clearer than it is."
    ),
    limit=_t("Counted in the database; at most 40 issue types, those with most cases."),
    needs=("interactions.issue_type",),
    tables=("interactions", "orders"),
    facts=("interactions",),
    compute=_compute,
    columns={"issues": ISSUES, "changes": CHANGES, "times": TIMES, "ageing": AGEING},
    seed="客户投诉",
)
