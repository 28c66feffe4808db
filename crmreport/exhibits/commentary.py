"""Commentary: what changed, why, how surely and what to do; and the numbers behind each sentence."""

from __future__ import annotations

import math

from crmreport.context import Context
from crmreport.display.outputs import Table, Text
from crmreport.findings.advice import advice
from crmreport.findings.decompose import Mix
from crmreport.findings.rank import CHANGED, DECIMALS, HIDDEN, LOWEST, Change, Finding
from crmreport.findings.sentences import NO_CLEAR_CHANGE, NOTHING_TO_COMPARE, details, headline
from crmreport.language import SOURCE_LANGUAGE, _t, escaped, write_date
from crmreport.metrics import metric as metric_named
from crmreport.reads import note
from crmreport.segments import Segment

MOST_OTHERS = 5  # further changes that are named in a few words each
_SEPARATORS = {"en": "; ", "zh_CN": "；"}


def commentary(context: Context, count: int) -> Text:
    """Say what changed most; each sentence can be found again in `evidence` by its number."""
    told = context.headlines(count)
    if not told:
        return Text(_nothing_told(context))
    items = [_item(context, number, finding) for number, finding in enumerate(told, start=1)]
    return Text("\n".join([*items, _others(context, told)]))


def _nothing_told(context: Context) -> str:
    """Say that nothing changed clearly, or that nothing could be compared."""
    changes = context.changes
    if changes.empty or not changes["p"].notna().any():
        note("first_day")
        return context.say(NOTHING_TO_COMPARE, day=write_date(context.results.first_day, context.language))
    return context.say(NO_CLEAR_CHANGE)


def _others(context: Context, told: tuple[Finding, ...]) -> str:
    """Name the other figures that changed clearly, each in a few words; "" if there is none."""
    others = [f.change for f in context.findings if f not in told and f.kind == CHANGED][:MOST_OTHERS]
    if not others:
        return ""
    said = [
        context.say(
            _t("{title} {value} ({difference} on {period})"),
            title=context.title(metric_named(change.metric)),
            value=context.writer.value(metric_named(change.metric), change.after),
            difference=context.writer.difference(
                metric_named(change.metric), change.before, change.difference
            ),
            period=context.speaker.period_name(change.before_period),
        )
        for change in others
    ]
    return escaped(
        context.say(_t("Also clear: {changes}."), changes=_SEPARATORS[context.language].join(said))
    )


def _item(context: Context, number: int, finding: Finding) -> str:
    space = " " if context.language == SOURCE_LANGUAGE else ""
    lines = [
        f"{number}. **{escaped(headline(finding, context.speaker))}**",
        f"   {escaped(space.join(details(finding, context.speaker)))}",
    ]
    do = advice(finding)
    if do:
        lines += ["", f"   *{context.say(_t('What to do:'))}* {context.say(do)}"]
    return "\n".join([*lines, ""])


def told_in_short(context: Context, count: int) -> list[dict[str, str]]:
    """Give the same findings for a cover, as plain texts: `sentence`, `why` (the first reason), `advice`."""
    told = []
    for finding in context.headlines(count):
        do = advice(finding)
        told.append(
            {
                "sentence": headline(finding, context.speaker),
                "why": details(finding, context.speaker)[0] if finding.part or finding.mix else "",
                "advice": f"{context.say(_t('What to do:'))} {context.say(do)}" if do else "",
            }
        )
    return told or [{"sentence": _nothing_told(context), "why": "", "advice": ""}]


def evidence(context: Context, count: int) -> Table | Text:
    """List the figures that each sentence of the commentary rests on."""
    told = context.headlines(count)
    if not told:
        return Text("")
    rows = []
    for number, finding in enumerate(told, start=1):
        changes = [finding.change, finding.other, finding.part.change if finding.part else None]
        rows += [_row(context, number, change) for change in changes if change]
        if finding.kind == HIDDEN and finding.mix:
            rows.append(_rates_row(context, number, finding.change, finding.mix))
    return Table(
        columns=tuple(
            context.say(title)
            for title in (
                _t("No."), _t("Metric"), _t("Segment"), _t("Against"), _t("Before"), _t("Now"), _t("Change"),
                _t("95% interval"), _t("Error rate q"), _t("Cases before, now"),
            )
        ),
        align=("right", "left", "left", "left", *["right"] * 6),
        rows=tuple(rows),
        caption=context.say(_t("The numbers behind these sentences")),
        notes=(
            context.say(
                _t(
                    "q is the share of false alarms to expect among changes as clear as this one, over all "
                    "that were tested; below 0.05 a change is called clear. The interval allows for the "
                    "usual variation from period to period, not only for chance."
                )
            ),
        ),
    )  # fmt: skip


def _row(context: Context, number: int, change: Change) -> tuple[str, ...]:
    metric = metric_named(change.metric)
    writer = context.writer
    cases = [writer.number(n) for n in (change.before_cases, change.after_cases)]
    return (
        str(number),
        context.title(metric),
        context.segment_name(Segment(change.dimension, change.segment)),
        context.speaker.period_name(change.before_period),
        writer.value(metric, change.before),
        writer.value(metric, change.after),
        writer.difference(metric, change.before, change.difference),
        writer.difference_interval(metric, change.before, change.low, change.high),
        _error_rate(context, change.q),
        f"{cases[0]}, {cases[1]}" if metric.has_cases else "–",
    )


def _rates_row(context: Context, number: int, change: Change, mix: Mix) -> tuple[str, ...]:
    """Write what the rates alone did, beside the whole's change."""
    metric = metric_named(change.metric)
    writer = context.writer
    return (
        str(number),
        context.say(_t("{title} (rates alone)"), title=context.title(metric)),
        context.segment_name(Segment(change.dimension, change.segment)),
        context.speaker.period_name(change.before_period),
        "–",
        "–",
        writer.effect(metric, change.before, mix.rate),
        writer.difference_interval(metric, change.before, mix.low, mix.high),
        _error_rate(context, mix.q),
        "–",
    )


def _error_rate(context: Context, q: float) -> str:
    if not math.isfinite(q):
        return "–"
    lowest = context.writer.number(LOWEST, DECIMALS)
    return f"< {lowest}" if q < LOWEST else context.writer.number(q, DECIMALS)


def written(context: Context) -> Text:
    """Show what a person wrote about the period."""
    path = context.commentary_file()
    if path is None:
        return Text(context.say(_t("Nobody has commented on this period yet.")))
    return Text(path.read_text(encoding="utf-8").strip())
