"""Editions: what one PDF consists of, checked as it comes from the book's configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from typing import Any

from sphinx.errors import ConfigError

# What the layout itself says, in English; `typst_words` gives them in the report's language.
WORDS = {
    "contents": "Contents",
    "page": "p. {page}",  # after a link, for whoever reads on paper
    "target": "Target",
    "what_changed": "What changed",
}


@dataclass(frozen=True)
class Edition:
    """One PDF: `name` of its file, without .pdf; `documents`, the names of its chapters' documents, in order.

    `headlines` are its most important findings for the cover, each a mapping of `sentence`, `why` and
    `advice`; `cards`, its key figures there, as in `crmreport.display.nodes.cards`; `notice`, for example
    who may read it, stands on the cover and at the foot of every page.
    """

    name: str
    title: str
    documents: tuple[str, ...]
    subtitle: str = ""
    headlines: tuple[Mapping[str, str], ...] = ()
    cards: tuple[Mapping[str, Any], ...] = ()
    notice: str = ""

    @property
    def full_title(self) -> str:
        """The title with the subtitle: what a list of files or a page's head should say."""
        return f"{self.title} · {self.subtitle}" if self.subtitle else self.title


def editions(configured: Iterable[Mapping[str, Any]], known_documents: Iterable[str]) -> tuple[Edition, ...]:
    """Read `typst_documents`. Raises ConfigError, naming the entry and the key, for what cannot be built."""
    known = set(known_documents)
    read = tuple(_edition(place, entry) for place, entry in enumerate(configured))
    for edition in read:
        if missing := [name for name in edition.documents if name not in known]:
            listed = ", ".join(missing)
            raise ConfigError(f"typst_documents: {edition.name} lists documents that are not there: {listed}")
        if not edition.documents:
            raise ConfigError(f"typst_documents: {edition.name} lists no documents")
    names = [edition.name for edition in read]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigError(f"typst_documents: more than one is named {', '.join(sorted(twice))}")
    return read


def _edition(place: int, entry: Mapping[str, Any]) -> Edition:
    known = {field.name: field for field in fields(Edition)}
    required = {name for name, field in known.items() if field.default is MISSING}
    if wrong := sorted((set(entry) - set(known)) | (required - set(entry))):
        keys = ", ".join(known)
        raise ConfigError(
            f"typst_documents[{place}]: unknown or missing: {', '.join(wrong)}; its keys are {keys}"
        )
    if not re.fullmatch(r"[\w.-]+", str(entry["name"])):
        raise ConfigError(f"typst_documents[{place}]: {entry['name']!r} cannot be a file's name")
    return Edition(
        name=str(entry["name"]),
        title=str(entry["title"]),
        documents=tuple(entry["documents"]),
        subtitle=str(entry.get("subtitle", "")),
        headlines=tuple(entry.get("headlines", ())),
        cards=tuple(entry.get("cards", ())),
        notice=str(entry.get("notice", "")),
    )


def all_words(configured: Mapping[str, str]) -> dict[str, str]:
    """Complete `typst_words` with the English ones. Raises ConfigError for a word the layout does not use."""
    if wrong := sorted(set(configured) - set(WORDS)):
        raise ConfigError(f"typst_words: unknown: {', '.join(wrong)}; there are {', '.join(WORDS)}")
    return {**WORDS, **configured}


def moment(configured: str) -> datetime:
    """Read `typst_date`. Raises ConfigError unless it is an ISO date and time with a zone.

    The date is part of the file, so equal input gives equal bytes only if it does not come from the clock.
    """
    try:
        date = datetime.fromisoformat(configured)
    except ValueError as error:
        raise ConfigError(f"typst_date: {configured!r} is not like 2025-11-01T00:00:00+00:00") from error
    if date.tzinfo is None:
        raise ConfigError(f"typst_date: {configured!r} has no time zone, such as +00:00")
    return date
