"""Rank: the findings of a period, the weightiest first; at most one of each family of metrics."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crmreport.findings.chance import false_discovery
from crmreport.findings.decompose import Mix, explaining_segment, foremost, mix_and_rate
from crmreport.findings.detect import BASELINES, FALSE_DISCOVERY_RATE
from crmreport.findings.families import family_of, is_key
from crmreport.metrics import METRICS
from crmreport.metrics import metric as metric_named
from crmreport.metrics.intervals import Z
from crmreport.metrics.metric import Metric
from crmreport.segments import ALL, UNKNOWN

SEGMENT_WEIGHT = 0.5  # what concerns one segment weighs half of what concerns the company
DECIMALS = 3  # of an error rate, as far as it is told
LOWEST = 10**-DECIMALS  # error rate that is told
SHIFTED = 0.05  # highest p of a change in the shares of segments that is worth a word

CHANGED = "changed"  # the whole company's figure changed
IN_SEGMENT = "in_segment"  # one segment's did, and the whole's did not
HIDDEN = "hidden"  # rates changed, and a change of mix hides it in the whole


@dataclass(frozen=True)
class Change:
    """One change, a row of `find_changes`; `period` and `before_period` are keys of periods.

    The error rate `q` is rounded, as it is told.
    """

    metric: str
    dimension: str
    segment: str
    baseline: str
    period: str
    before_period: str
    before: float
    after: float
    before_cases: float
    after_cases: float
    difference: float
    low: float
    high: float
    dispersion: float
    history: int
    z: float
    q: float
    is_clear: bool


@dataclass(frozen=True)
class Part:
    """The segment that explains a change: its own change, its share, and the figure without it."""

    change: Change
    share: float
    before_without: float
    after_without: float


@dataclass(frozen=True)
class Finding:
    """Something that a reader should know of a period.

    `kind` is CHANGED, IN_SEGMENT or HIDDEN; `change` the change it is about, `other` the same figure against
    the other baseline; `part` and `mix` say where it comes from, where that can be said. `weight` ranks.
    """

    kind: str
    change: Change
    other: Change | None
    part: Part | None
    mix: Mix | None
    weight: float


def find(changes: pd.DataFrame, page_dimensions: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    """Give the findings among the changes of one period, the weightiest first.

    `page_dimensions`: of two segments that tell the same story, the one that has a page is named.

    A metric whose whole-company figure changed clearly is one finding, against the baseline from which it
    differs more surely. Where it did not, a change of the rates that the mix hides, or else the clearest
    change of one segment, is one. Of metrics that say the same thing in other words, one is told.
    """
    if changes.empty:
        return ()
    mixes = _mixes(changes)
    # Of most metrics there is nothing to tell.
    telling = {*changes.loc[changes["is_clear"], "metric"]}
    telling |= {name for (name, _), of_it in mixes.items() if any(m.q < FALSE_DISCOVERY_RATE for m in of_it)}
    told = changes[changes["metric"].isin(telling)]
    told = told.astype(dict.fromkeys(told.select_dtypes("str"), object))  # quicker to take row by row
    of_metric = dict(iter(told.groupby("metric", sort=False)))
    findings = []
    for metric in METRICS:
        if metric.name not in of_metric:
            continue
        rows = of_metric[metric.name]
        whole = rows[rows["dimension"] == ALL]
        if whole.empty:
            continue
        found = (
            _changed(metric, rows, whole, mixes, page_dimensions)
            or _hidden(metric, whole, mixes)
            or _in_segment(rows, whole, page_dimensions)
        )
        if found:
            findings.append(found)
    return _told(findings)


def _told(findings: list[Finding]) -> tuple[Finding, ...]:
    """Put the weightiest finding first, and leave out those that repeat another."""
    told: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda f: -f.weight):
        family = family_of(finding.change.metric)
        if family not in told or finding.change.metric == family:
            told[family] = finding
    return tuple(map(_rounded, sorted(told.values(), key=lambda f: -f.weight)))


def _rounded(finding: Finding) -> Finding:
    """Round a finding's error rates: those of all tests hang together to the last digit."""

    def of_change(change: Change) -> Change:
        return replace(change, q=round(change.q, DECIMALS))

    return replace(
        finding,
        change=of_change(finding.change),
        other=finding.other and of_change(finding.other),
        part=finding.part and replace(finding.part, change=of_change(finding.part.change)),
        mix=finding.mix and replace(finding.mix, q=round(finding.mix.q, DECIMALS)),
    )


def of_segment(changes: pd.DataFrame, dimension: str, segment: str) -> tuple[Finding, ...]:
    """Give the findings about one segment, the weightiest first."""
    own = changes[(changes["dimension"] == dimension) & (changes["segment"] == segment)]
    findings = []
    for _, rows in own[own["is_clear"]].groupby("metric", sort=False):
        row = _clearest(rows)
        findings.append(Finding(CHANGED, _change(row), _other(own, row), None, None, abs(row["z"])))
    return _told(findings)


def headlines(findings: tuple[Finding, ...], count: int = 3) -> tuple[Finding, ...]:
    """Choose the findings that matter most: the weightiest, but one per subject before a second one.

    Those of key figures come before all others.
    """
    subjects = {m.name: m.subject for m in METRICS}
    chosen: list[Finding] = []
    for keys in (True, False):
        these = [f for f in findings if is_key(f.change.metric) == keys]
        first: dict[str, Finding] = {}
        for finding in these:
            first.setdefault(subjects[finding.change.metric], finding)
        chosen += first.values()
        chosen += [f for f in these if f not in chosen]
    return tuple(sorted(chosen[:count], key=lambda f: -f.weight))


def _clearest(rows: pd.DataFrame) -> pd.Series:
    return rows.loc[rows["z"].abs().idxmax()]


def _change(row: pd.Series) -> Change:
    of_cases = "denominator" if np.isfinite(row["after_denominator"]) else "value"
    return Change(
        metric=row["metric"],
        dimension=row["dimension"],
        segment=row["segment"],
        baseline=row["baseline"],
        period=row["period"],
        before_period=row["before_period"],
        before=float(row["before_value"]),
        after=float(row["after_value"]),
        before_cases=float(row[f"before_{of_cases}"]),
        after_cases=float(row[f"after_{of_cases}"]),
        difference=float(row["difference"]),
        low=float(row["low"]),
        high=float(row["high"]),
        dispersion=float(row["dispersion"]),
        history=int(row["history"]),
        z=float(row["z"]),
        q=float(row["q"]),
        is_clear=bool(row["is_clear"]),
    )


def _other(rows: pd.DataFrame, row: pd.Series) -> Change | None:
    """Find the same figure's change against the other baseline."""
    others = rows[
        (rows["metric"] == row["metric"])
        & (rows["dimension"] == row["dimension"])
        & (rows["segment"] == row["segment"])
        & (rows["baseline"] != row["baseline"])
        & rows["baseline"].isin(BASELINES)
    ]
    return None if others.empty else _change(others.iloc[0])


Mixes = dict[tuple[str, str], list[Mix]]


def _mixes(changes: pd.DataFrame) -> Mixes:
    """Split every ratio's change into mix and rate, by metric and baseline, where the mix changed.

    Only these are tested, and corrected together. How many cases each segment has says nothing of chance
    in their rates, so that choosing by it makes no false finding likelier (independent filtering: Bourgon,
    Gentleman and Huber 2010, PNAS 107).
    """
    columns = {str(name): changes[name].to_numpy() for name in changes.columns}
    places: dict[tuple[str, str], dict[str, list[int]]] = {}
    for place, key in enumerate(zip(columns["metric"], columns["baseline"], strict=True)):
        places.setdefault(key, {}).setdefault(columns["dimension"][place], []).append(place)
    splits: list[tuple[tuple[str, str], Mix]] = []
    for key, dimensions in places.items():
        metric = metric_named(key[0])
        if ALL not in dimensions or not metric.is_ratio:
            continue
        whole = dimensions.pop(ALL)[0]
        total = {name: column[whole] for name, column in columns.items()}
        for dimension, of_dimension in sorted(dimensions.items()):
            parts = {name: column[of_dimension] for name, column in columns.items()}
            mix = mix_and_rate(metric, parts, total, dimension, SHIFTED)
            if mix:
                splits.append((key, mix))
    found: Mixes = {}
    if splits:
        corrected = false_discovery(np.array([mix.p for _, mix in splits]))
        for (key, mix), q in zip(splits, corrected, strict=True):
            found.setdefault(key, []).append(replace(mix, q=float(q)))
    return found


def _changed(
    metric: Metric,
    rows: pd.DataFrame,
    whole: pd.DataFrame,
    mixes: Mixes,
    page_dimensions: tuple[str, ...],
) -> Finding | None:
    clear = whole[whole["is_clear"]]
    if clear.empty:
        return None
    row = _clearest(clear)
    parts = rows[(rows["baseline"] == row["baseline"]) & (rows["dimension"] != ALL)]
    change = _change(row)
    # The mix is worth a sentence where it stands for a good part of the change.
    told = [
        m for m in mixes.get((metric.name, change.baseline), []) if abs(m.mix) >= abs(change.difference) / 3
    ]
    mix = max(told, key=lambda m: abs(m.mix), default=None)
    part = _part(metric, parts, row, page_dimensions)
    return Finding(CHANGED, change, _other(whole, row), part, mix, abs(change.z))


def _part(
    metric: Metric, parts: pd.DataFrame, total: pd.Series, page_dimensions: tuple[str, ...]
) -> Part | None:
    if not metric.adds_up:
        # A segment explains what does not add up if its own figure moved much further the same way.
        further = parts["difference"] * np.sign(total["difference"]) >= 1.5 * abs(total["difference"])
        same = parts[parts["is_clear"] & further & (parts["segment"] != UNKNOWN)]
        if same.empty:
            return None
        return Part(
            _change(foremost(same, same["difference"].abs(), page_dimensions)), np.nan, np.nan, np.nan
        )
    row = explaining_segment(metric, parts, total, page_dimensions)
    if row is None:
        return None
    without = []
    for side in ("before", "after"):
        rest = total[f"{side}_numerator"] - row[f"{side}_numerator"]
        if metric.is_ratio:
            cases = total[f"{side}_denominator"] - row[f"{side}_denominator"]
            rest = rest / cases if cases > 0 else np.nan
        without.append(float(rest))
    return Part(_change(row), float(row["share"]), *without)


def _hidden(metric: Metric, whole: pd.DataFrame, mixes: Mixes) -> Finding | None:
    """Find a clear change of the rates of which an opposite change of the mix hides at least half."""
    best: Finding | None = None
    for _, row in whole[whole["z"].abs() < Z].iterrows():
        for mix in mixes.get((metric.name, row["baseline"]), []):
            hides = mix.mix * mix.rate < 0 and abs(mix.mix) >= abs(mix.rate) / 2
            if mix.q < FALSE_DISCOVERY_RATE and hides and (best is None or abs(mix.z) > best.weight):
                best = Finding(HIDDEN, _change(row), None, None, mix, abs(mix.z))
    return best


def _in_segment(rows: pd.DataFrame, whole: pd.DataFrame, page_dimensions: tuple[str, ...]) -> Finding | None:
    """Find the clearest change of one segment; the whole's own, unclear one goes with it as `other`."""
    clear = rows[rows["is_clear"] & (rows["dimension"] != ALL) & (rows["segment"] != UNKNOWN)]
    if clear.empty:
        return None
    row = foremost(clear, clear["z"].abs(), page_dimensions)
    same = whole[whole["baseline"] == row["baseline"]]
    other = None if same.empty else _change(same.iloc[0])
    return Finding(IN_SEGMENT, _change(row), other, None, None, SEGMENT_WEIGHT * abs(row["z"]))
