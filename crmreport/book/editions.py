"""Editions: what each period's PDF consists of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmreport.book.volume import Book
from crmreport.changes import name_of
from crmreport.exhibits.cards import cards
from crmreport.exhibits.commentary import told_in_short
from crmreport.kept import kept_value
from crmreport.language import _t, write_date, write_period
from crmreport.pages.caution import FIND_OUT, Gap, gaps_behind, gaps_of
from crmreport.pages.plan import EACH_SEGMENT, Page
from crmreport.periods import Period
from crmreport.targets import read_targets
from crmreport.versions import code_fingerprint

HEADLINES = 3
COVER_METRICS = ("revenue", "active_customers", "retention_rate", "csat")


def edition(book: Book, period: Period, glossary: Iterable[str]) -> dict[str, Any]:
    """Say what one period's PDF consists of; `glossary`: the names of its pages."""
    own = book.pages_of(period)
    failed = [p.name for p in own if p.name in book.failed]
    notice = book.say(_t("Data as of {day}"), day=write_date(book.results.as_of, book.language))
    if failed:
        notice = book.say(_t("INCOMPLETE: {n} of {all} pages failed"), n=len(failed), all=len(own))
    return {
        "name": period.name,
        "title": book.title,
        "subtitle": write_period(period, book.language),
        **_cover(book, period),
        # On paper the whole company has its page in the summary.
        "documents": [
            *(p.name for p in own if not _repeats_summary(book, p)),
            *glossary,
        ],
        "notice": notice,
    }


def _cover(book: Book, period: Period) -> dict[str, Any]:
    """Say what stands on a cover: the findings, and the key figures; kept by all that decides it."""
    gaps = gaps_of(book.project, period, book.quality)
    depends = [
        name_of(book.project, book.results, period),  # the findings, and with them all figures
        [str(target) for target in sorted(read_targets(book.project).items())],
        str(book.results.first_day),
        repr(gaps),
        book.language,
        [period.name, str(period.start), str(period.end)],
        book.project.settings.model_dump_json(),
        [(chapter.name, chapter.digest) for chapter in book.chapters],
        code_fingerprint(),
    ]
    folder = book.project.store / "covers"
    found: dict[str, Any] = kept_value(folder, depends, lambda: _on_cover(book, period, gaps))
    return found


def _on_cover(book: Book, period: Period, gaps: tuple[Gap, ...]) -> dict[str, Any]:
    context = book.context(period)
    told = told_in_short(context, HEADLINES)
    said = gaps_behind(context, book.chapters[0].name, gaps)
    if said:  # before they are taken for news
        told = [{"sentence": said, "why": "", "advice": context.say(FIND_OUT)}, *told]
    shown = cards(context, [context.metric(name) for name in COVER_METRICS]).cards
    return {"headlines": told, "cards": list(shown)}


def _repeats_summary(book: Book, page: Page) -> bool:
    runs = next(c.runs for c in book.chapters if c.name == page.chapter)
    return runs == EACH_SEGMENT and page.segment.is_whole and len(book.chapters) > 1
