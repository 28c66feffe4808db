"""Contents: the order of a book's pages, for Jupyter Book and for the site's sidebar."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from crmreport.book.volume import LANGUAGE_NAMES, Book
from crmreport.display.contents import Contents, Entry, Part
from crmreport.language import _t, write_period
from crmreport.metrics.metric import SUBJECTS
from crmreport.pages.plan import Page
from crmreport.periods import Period

FRONT = "index"
GLOSSARY = "glossary"
CODE = "code"


def contents_of(book: Book, written: Mapping[str, str]) -> Contents:
    """Give the contents: a part for each period, newest first, then what holds for all.

    `written`: the pages that belong to no period, by name, with their text.
    """
    below = {
        GLOSSARY: [(f"{GLOSSARY}/{name}", book.say(title)) for name, title in SUBJECTS.items()],
        CODE: [(f"{CODE}/{chapter.name}", book.say(chapter.title)) for chapter in book.chapters],
    }
    lasting = [
        Entry(name, _heading(text) or name, below=_entries(below.get(name, ()), written))
        for name, text in written.items()
        if name != FRONT and "/" not in name
    ]
    others = [code for code in book.project.settings.languages if code != book.language]
    return Contents(
        title=book.title,
        periods=tuple(_part(book, period) for period in sorted(book.periods, reverse=True)),
        lasting=Part("", book.say(_t("About this review")), tuple(lasting)),
        words={
            "contents": book.say(_t("Contents")),
            "all": book.say(_t("All periods")),
            "others": book.say(_t("Other periods")),
            "earlier": book.say(_t("Earlier")),
            "code": book.say(_t("The code of this page")),
            "show_code": book.say(_t("Show the code")),
            "run": book.say(_t("To run the page again, with these or other parameters:")),
        },
        languages={code: LANGUAGE_NAMES[code] for code in others},
    )


def table_of_contents(contents: Contents) -> dict[str, Any]:
    """Give the same for Jupyter Book, which wants to know no more of it than the pages' names."""
    parts = (*contents.periods, contents.lasting)
    return {
        "format": "jb-book",
        "root": FRONT,
        "chapters": [{"file": entry.page} for part in parts for entry in part.in_order()],
    }


def _entries(named: Any, written: Mapping[str, str]) -> tuple[Entry, ...]:  # noqa: ANN401 - pairs
    return tuple(Entry(name, title) for name, title in named if name in written)


def _heading(text: str) -> str:
    found = re.search(r"^# +(.+?)\s*$", text, re.MULTILINE)
    return re.sub(r"[*`]", "", found[1]) if found else ""


def _part(book: Book, period: Period) -> Part:
    entries = []
    pages = book.pages_of(period)
    for chapter in book.chapters:
        own = [page for page in pages if page.chapter == chapter.name]
        if not own:  # a chapter about the newest period alone
            continue
        whole, *segments = own
        entries.append(
            Entry(
                whole.name,
                book.say(chapter.title),
                f"{CODE}/{chapter.name}",
                _command(whole),
                tuple(
                    Entry(p.name, book.segment_name(p.segment), f"{CODE}/{chapter.name}", _command(p))
                    for p in segments
                ),
            )
        )
    return Part(period.name, write_period(period, book.language), tuple(entries))


def _command(page: Page) -> str:
    """Write the command that runs a page again."""
    words = ["crmreport", "run", page.chapter, "--period", page.period, "--language", page.language]
    segment = [] if page.segment.is_whole else ["--segment", str(page.segment)]
    return shlex.join([*words, *segment])
