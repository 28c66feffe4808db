"""Why: what changed since a page was last run, as a value, and in words."""

from __future__ import annotations

from dataclasses import dataclass

from crmreport.analyses import ANALYSES
from crmreport.config import Project
from crmreport.language import _t, translate, write_period
from crmreport.metrics import METRICS
from crmreport.segments import ALL

NEVER_RUN = "never"
FORCED = "forced"
FAILED_BEFORE = "failed"
GONE = "gone"
READS = "reads"

REASONS = {
    NEVER_RUN: _t("not run yet"),
    FORCED: _t("asked for"),
    "notebook": _t("the notebook, or what is said at its head, changed"),
    "parameters": _t("the parameters changed"),
    "data": _t("the data or their settings changed"),
    "settings": _t("the configuration changed"),
    "code": _t("the code of crmreport changed"),
    "libraries": _t("a library changed"),
    FAILED_BEFORE: _t("it failed the last time"),
    GONE: _t("it is no longer kept"),
}
_OF_READS = {
    "figures": _t("{title} of {period} changed"),
    "target": _t("the target of {title} changed"),
    "analysis": _t("{title} of {period} changed, or must be analysed again"),
    "funnel": _t("the funnel of {period} changed"),
    "commentary": _t("the comment on {period} changed"),
    "cleaning": _t("what was cleaned changed"),
    "quality": _t("what is known of the data's quality changed"),
    "chapters": _t("another chapter's notebook changed"),
    "sources": _t("the sources changed"),
    "first_day": _t("the first day of the data changed"),
    "knows": _t("{title} was connected, or no longer is"),
    "change": _t("the test of {title} of {period} changed"),
    "findings": _t("the findings of {period} changed"),
    "changes": _t("the tests of {period} changed"),
}
_AND_MORE = _t("{reason}, and {n} more of what it shows")


@dataclass(frozen=True)
class Why:
    """Why a page must run: the names in `REASONS` of what changed, and the reads, where these did."""

    parts: tuple[str, ...]
    reads: tuple[str, ...] = ()


def say_why(why: Why | None, project: Project, language: str) -> str:
    """Say why a page must run, the first reason before others; "" if it need not."""
    if why is None:
        return ""
    if not why.reads:
        return translate(REASONS[why.parts[0]], language)
    order = list(_OF_READS)
    newest_first = sorted(why.reads, key=_period_of, reverse=True)
    told = min(newest_first, key=lambda read: order.index(read.split(" ")[0]))
    said = _say_read(told, project, language)
    rest = len(why.reads) - 1
    return translate(_AND_MORE, language, reason=said, n=rest) if rest else said


def _say_read(read: str, project: Project, language: str) -> str:
    kind, *words = read.split(" ")
    titles = {m.name: m.title for m in METRICS} if kind != "analysis" else {a.name: a.title for a in ANALYSES}
    period = _period_of(read)
    name = words[0] if words else ALL
    return translate(
        _OF_READS[kind],
        language,
        title=translate(titles.get(name, name), language),
        period=write_period(project.settings.calendar.period(period), language) if period else "",
    )


def _period_of(read: str) -> str:
    """Give the key of the period that a read is of; "" if it is of none."""
    return next((word for word in read.split(" ")[1:] if word[:1].isdigit() or word.startswith("FY")), "")
