"""Editions: what each period's PDF consists of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmreport.book.volume import Book
from crmreport.exhibits.cards import cards
from crmreport.exhibits.commentary import told_in_short
from crmreport.language import _t, write_date, write_period
from crmreport.pages.caution import FIND_OUT, gaps_behind
from crmreport.pages.plan import EACH_SEGMENT, Page
from crmreport.pages.touched import quality_of
from crmreport.periods import Period

HEADLINES = 3
COVER_METRICS = ("revenue", "active_customers", "retention_rate", "csat")


def edition(book: Book, period: Period, glossary: Iterable[str]) -> dict[str, Any]:
    """Say what one period's PDF consists of; `glossary`: the names of its pages."""
    own = book.pages_of(period)
    failed = [p.name for p in own if p.name in book.failed]
    notice = book.say(_t("Data as of {day}"), day=write_date(book.results.as_of, book.language))
    if failed:
        notice = book.say(_t("INCOMPLETE: {n} of {all} pages failed"), n=len(failed), all=len(own))
    context = book.context(period)
    told = told_in_short(context, HEADLINES)
    gaps = gaps_behind(context, book.chapters[0].name, quality_of(book.project, book.results))
    if gaps:  # before they are taken for news
        told = [{"sentence": gaps, "why": "", "advice": context.say(FIND_OUT)}, *told]
    return {
        "name": period.name,
        "title": book.title,
        "subtitle": write_period(period, book.language),
        "headlines": told,
        "cards": list(cards(context, [context.metric(name) for name in COVER_METRICS]).cards),
        # On paper the whole company has its page in the summary.
        "documents": [
            *(p.name for p in own if not _repeats_summary(book, p)),
            *glossary,
        ],
        "notice": notice,
    }


def _repeats_summary(book: Book, page: Page) -> bool:
    runs = next(c.runs for c in book.chapters if c.name == page.chapter)
    return runs == EACH_SEGMENT and page.segment.is_whole and len(book.chapters) > 1
