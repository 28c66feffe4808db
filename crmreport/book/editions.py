"""Editions: what each period's PDF consists of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmreport.book.volume import Book
from crmreport.exhibits.cards import cards
from crmreport.exhibits.commentary import told_in_short
from crmreport.kept import kept_value
from crmreport.language import _t, write_date, write_period
from crmreport.pages.caution import FIND_OUT, gaps_behind, gaps_of
from crmreport.pages.plan import EACH_SEGMENT, Page
from crmreport.periods import Period
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
        **kept_value(book.project.store / "covers", _deciding(book, period), lambda: _cover(book, period)),
        # On paper the whole company has its page in the summary.
        "documents": [
            *(p.name for p in own if not _repeats_summary(book, p)),
            *glossary,
        ],
        "notice": notice,
    }


def _deciding(book: Book, period: Period) -> list[Any]:
    """Give all that decides what stands on a cover."""
    notebooks = [(c.name, c.digest) for c in book.chapters]
    settings = book.project.settings.model_dump_json()
    when = [period.name, str(period.start), str(period.end)]
    told_first = book.chapters[0].name
    return [
        book.results.folder.name,
        book.language,
        when,
        told_first,
        settings,
        notebooks,
        code_fingerprint(),
    ]


def _cover(book: Book, period: Period) -> dict[str, Any]:
    """Say what stands on a cover: the findings, and the key figures."""
    context = book.context(period)
    told = told_in_short(context, HEADLINES)
    gaps = gaps_of(book.project, period, book.quality)
    said = gaps_behind(context, book.chapters[0].name, gaps)
    if said:  # before they are taken for news
        told = [{"sentence": said, "why": "", "advice": context.say(FIND_OUT)}, *told]
    shown = cards(context, [context.metric(name) for name in COVER_METRICS]).cards
    return {"headlines": told, "cards": list(shown)}


def _repeats_summary(book: Book, page: Page) -> bool:
    runs = next(c.runs for c in book.chapters if c.name == page.chapter)
    return runs == EACH_SEGMENT and page.segment.is_whole and len(book.chapters) > 1
