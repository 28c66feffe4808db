"""Contents: what stands around a page of the site: its sidebar, its neighbours, its code, other languages.

A page shows the chapters of its own period; the list of periods is in a file that all pages share. So a month
that is added changes no page of another month.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CONTENTS_FILE = "_contents.json"


@dataclass(frozen=True)
class Entry:
    """A page as the contents name it, with the pages below it.

    `code`: the page that shows its code, and `command`, what runs it again; "" if it has none.
    """

    page: str
    title: str
    code: str = ""
    command: str = ""
    below: tuple[Entry, ...] = ()

    def all(self) -> Iterator[Entry]:
        """Give the page and those below it, in the order in which they are read."""
        yield self
        for entry in self.below:
            yield from entry.all()


@dataclass(frozen=True)
class Part:
    """What a sidebar shows at once: one period's pages, with the period's `name` ("" for what is of none)."""

    name: str
    title: str
    entries: tuple[Entry, ...]

    def in_order(self) -> list[Entry]:
        """Give all the part's pages in the order in which they are read."""
        return [page for entry in self.entries for page in entry.all()]


@dataclass(frozen=True)
class Contents:
    """A book's parts: `periods`, newest first, and `lasting`, the pages that hold for all of them.

    `words`: the few that the sidebar and the foot of a page add; `languages`: folder to name of the book's
    other languages.
    """

    title: str
    periods: tuple[Part, ...]
    lasting: Part
    words: Mapping[str, str]
    languages: Mapping[str, str]

    def as_text(self) -> str:
        """Write the contents as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True)
class Around:
    """What stands around one page: its part, its own entry, and the pages before and after it there."""

    part: Part
    entry: Entry
    before: Entry | None
    after: Entry | None


def read_contents(folder: Path) -> Contents:
    """Read the contents of an assembled book."""
    given = json.loads((folder / CONTENTS_FILE).read_text(encoding="utf-8"))
    return Contents(
        given["title"],
        tuple(_part(part) for part in given["periods"]),
        _part(given["lasting"]),
        given["words"],
        given["languages"],
    )


def _part(given: dict[str, Any]) -> Part:
    return Part(given["name"], given["title"], tuple(_entry(entry) for entry in given["entries"]))


def _entry(given: dict[str, Any]) -> Entry:
    return Entry(**{**given, "below": tuple(_entry(entry) for entry in given["below"])})


def around_pages(contents: Contents) -> dict[str, Around]:
    """Say of every page what stands around it.

    What is read one after the other is a period, and of the lasting pages each with those below it.
    """
    found: dict[str, Around] = {}
    for part in contents.periods:
        found |= _in_order(part, part.in_order())
    for entry in contents.lasting.entries:
        found |= _in_order(contents.lasting, list(entry.all()))
    return found


def _in_order(part: Part, entries: list[Entry]) -> dict[str, Around]:
    before = [None, *entries[:-1]]
    after = [*entries[1:], None]
    return {e.page: Around(part, e, b, a) for e, b, a in zip(entries, before, after, strict=True)}


def shared_contents(contents: Contents) -> str:
    """Write the script that tells every page of all periods and lasting pages.

    A period is ``[name, title, n]``: its pages are those of `pages[n]`, since most periods have the same.
    """
    pages: dict[tuple[str, ...], int] = {}
    periods = []
    for part in contents.periods:
        own = tuple(entry.page.removeprefix(f"{part.name}/") for entry in part.in_order())
        periods.append([part.name, part.title, pages.setdefault(own, len(pages))])
    told = {
        "periods": periods,
        "pages": [list(own) for own in pages],
        "lasting": [
            [e.page, e.title, [[b.page, b.title] for b in e.below]] for e in contents.lasting.entries
        ],
        "words": {name: contents.words[name] for name in ("all", "others", "earlier")}
        | {"lasting": contents.lasting.title},
    }
    return f"const CRM_CONTENTS = {json.dumps(told, ensure_ascii=False, separators=(',', ':'))};\n"
