"""Sentences: findings in words, in each language; the same finding always in the same words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from crmreport.findings.decompose import Mix
from crmreport.findings.detect import MINIMUM_HISTORY
from crmreport.findings.rank import CHANGED, HIDDEN, IN_SEGMENT, LOWEST, Change, Finding, Part
from crmreport.language import _t, translate
from crmreport.metrics import metric as metric_named
from crmreport.metrics.figures import Writer
from crmreport.metrics.metric import Unit

NOTHING_TO_COMPARE = _t("Nothing to compare with yet: the data begin on {day}.")
NO_CLEAR_CHANGE = _t(
    "No clear change: no figure moved further than chance and its usual variation would move it, neither "
    "against the period before nor against the same period last year."
)


@dataclass(frozen=True)
class Speaker:
    """What is needed to say a finding: a writer of figures, and the names of periods and segments."""

    writer: Writer
    period: str
    period_name: Callable[[str], str]
    segment_name: Callable[[str, str], str]
    dimension_name: Callable[[str], str]

    def say(self, text: str, /, **values: object) -> str:
        """Give a marked text in the speaker's language."""
        return translate(text, self.writer.language, **values)


def headline(finding: Finding, speaker: Speaker) -> str:
    """Say in one sentence what changed."""
    change = finding.change
    metric = metric_named(change.metric)
    writer = speaker.writer
    words = {
        "title": speaker.say(metric.title),
        "period": speaker.period,
        "before_period": speaker.period_name(change.before_period),
        "before": writer.value(metric, change.before),
        "after": writer.value(metric, change.after),
        "difference": writer.difference(metric, change.before, change.difference),
        "segment": speaker.segment_name(change.dimension, change.segment),
    }
    if finding.kind == HIDDEN and finding.mix:
        rate = writer.effect(metric, change.before, finding.mix.rate)
        text = (
            _t(
                "{title} hides a rise: at an unchanged mix by {dimension} it rose by {rate} "
                "({period}), while the "
                "total shows no clear change."
            )
            if finding.mix.rate > 0
            else _t(
                "{title} hides a fall: at an unchanged mix by {dimension} it fell by {rate} "
                "({period}), while the "
                "total shows no clear change."
            )
        )
        words |= {
            "rate": _unsigned(rate),
            "dimension": speaker.dimension_name(finding.mix.dimension),
            "period": speaker.period_name(change.period),
        }
        return speaker.say(text, **words)
    rose = change.difference > 0
    if finding.kind == IN_SEGMENT:
        text = (
            _t(
                "{title} rose in {segment}: {after} in {period}, from {before} in {before_period} "
                "({difference})."
            )
            if rose
            else _t(
                "{title} fell in {segment}: {after} in {period}, from {before} in {before_period} "
                "({difference})."
            )
        )
    else:
        text = (
            _t("{title} rose to {after} in {period}, from {before} in {before_period} ({difference}).")
            if rose
            else _t("{title} fell to {after} in {period}, from {before} in {before_period} ({difference}).")
        )
    return speaker.say(text, **words)


def _unsigned(written: str) -> str:
    return written.removeprefix("+").removeprefix("−")


def details(finding: Finding, speaker: Speaker) -> list[str]:
    """Say why, and how surely, one sentence each."""
    change = finding.change
    told = []
    if finding.part:
        told.append(_because_of(finding, finding.part, speaker))
    if finding.mix:
        told.append(_mix(finding, finding.mix, speaker))
    if finding.kind == IN_SEGMENT and finding.other:
        told.append(speaker.say(_t("The company as a whole shows no clear change.")))
    if finding.kind == CHANGED and finding.other:
        told.append(_other(finding.other, speaker))
    told.append(_certainty(finding, change, speaker))
    if change.history < MINIMUM_HISTORY:
        told.append(
            speaker.say(
                _t("The data are too short to tell its usual ups and downs: only chance is ruled out.")
            )
        )
    return told


def _because_of(finding: Finding, part: Part, speaker: Speaker) -> str:
    metric = metric_named(finding.change.metric)
    writer = speaker.writer
    words = {
        "segment": speaker.segment_name(part.change.dimension, part.change.segment),
        "before": writer.value(metric, part.change.before),
        "after": writer.value(metric, part.change.after),
        "before_without": writer.value(metric, part.before_without),
        "after_without": writer.value(metric, part.after_without),
        "share": writer.percent(part.share, 0) if math.isfinite(part.share) else "",
    }
    if not math.isfinite(part.share):
        return speaker.say(_t("It moved most in {segment}: from {before} to {after}."), **words)
    if part.share > 1:
        return speaker.say(
            _t(
                "{segment} explains it: from {before} to {after} there; without it, the figure would "
                "have gone "
                "from {before_without} to {after_without}."
            ),
            **words,
        )
    return speaker.say(
        _t(
            "{segment} explains {share} of it: from {before} to {after} there; without it, the "
            "figure would have "
            "gone from {before_without} to {after_without}."
        ),
        **words,
    )


def _mix(finding: Finding, mix: Mix, speaker: Speaker) -> str:
    metric = metric_named(finding.change.metric)
    before = finding.change.before
    words = {
        "dimension": speaker.dimension_name(mix.dimension),
        "mix": speaker.writer.effect(metric, before, mix.mix),
        "rate": speaker.writer.effect(metric, before, mix.rate),
        "total": speaker.writer.difference(metric, before, finding.change.difference),
        "before_period": speaker.period_name(finding.change.before_period),
        "before": speaker.writer.value(metric, before),
        "after": speaker.writer.value(metric, finding.change.after),
        "same_way": speaker.writer.number(mix.same_way),
        "segments": speaker.writer.number(mix.segments),
    }
    if finding.kind != HIDDEN:
        return speaker.say(
            _t(
                "Of the change ({total}), {mix} comes from a different mix by {dimension} and {rate} "
                "from the rates."
            ),
            **words,
        )
    text = (
        _t(
            "In total it went from {before} ({before_period}) to {after}: {rate} from the rates, "
            "which rose in "
            "{same_way} of {segments} segments, and {mix} from a different mix."
        )
        if mix.rate > 0
        else _t(
            "In total it went from {before} ({before_period}) to {after}: {rate} from the rates, "
            "which fell in "
            "{same_way} of {segments} segments, and {mix} from a different mix."
        )
    )
    return speaker.say(text, **words)


def _other(other: Change, speaker: Speaker) -> str:
    metric = metric_named(other.metric)
    words = {
        "before_period": speaker.period_name(other.before_period),
        "difference": speaker.writer.difference(metric, other.before, other.difference),
    }
    if other.is_clear:
        return speaker.say(_t("Against {before_period}: {difference}."), **words)
    return speaker.say(_t("Against {before_period}: {difference}, no clear change."), **words)


def _certainty(finding: Finding, change: Change, speaker: Speaker) -> str:
    metric = metric_named(change.metric)
    if finding.kind == HIDDEN and finding.mix:
        mix = finding.mix
        return speaker.say(
            _t(
                "How sure: {sure}; 95% interval of the effect of the rates {interval}. A pattern in "
                "the data, not "
                "proof of a cause."
            ),
            sure=speaker.say(_sureness(mix.q)),
            interval=speaker.writer.difference_interval(metric, change.before, mix.low, mix.high),
        )
    words: dict[str, object] = {
        "interval": speaker.writer.difference_interval(metric, change.before, change.low, change.high),
        "sure": speaker.say(_sureness(change.q)),
    }
    if metric.unit in (Unit.COUNT, Unit.MONEY) or not metric.has_cases:
        return speaker.say(_t("How sure: {sure}; 95% interval of the change {interval}."), **words)
    cases = {
        "before_cases": speaker.writer.number(change.before_cases),
        "after_cases": speaker.writer.number(change.after_cases),
    }
    return speaker.say(
        _t(
            "How sure: {sure}; 95% interval of the change {interval}, from {after_cases} cases "
            "({before_cases} before)."
        ),
        **words,
        **cases,
    )


def _sureness(q: float) -> str:
    """Put the corrected error rate into words."""
    if q < LOWEST:
        return _t("very")
    return _t("quite") if q < 0.01 else _t("fairly")
