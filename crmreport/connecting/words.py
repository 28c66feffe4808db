"""Words: a heading as words that can be compared: without capitals, signs, units and abbreviations."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_WRITTEN_OUT = {
    "no": "number", "num": "number", "nr": "number", "nbr": "number", "#": "number", "dt": "date",
    "ts": "timestamp",
    "qty": "quantity", "quant": "quantity", "amt": "amount", "cust": "customer", "prod": "product",
    "desc": "description", "acct": "account", "addr": "address", "tel": "telephone", "cnt": "count",
    "opp": "opportunity", "oppty": "opportunity", "identifier": "id", "uuid": "id", "guid": "id",
    "tm": "time",
    "dob": "birthdate", "ctry": "country", "inv": "invoice", "ord": "order", "txn": "transaction",
    "trans": "transaction",
    "e-mail": "email", "organisation": "organization", "sys": "system",
}  # fmt: skip
# Words that a loader or a database puts before a column's own name.
_PREFIXES = ("property", "u", "fld", "col", "hs", "dim", "fact")
_BETWEEN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_IN_BRACKETS = re.compile(r"[(\[【][^)\]】]*[)\]】]")
_EMAIL = re.compile(r"\be-mail\b", re.IGNORECASE)
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@cache
def words_of(heading: str) -> tuple[str, ...]:
    """Give the words of a heading; of one in Chinese, the whole is one word.

    What stands in brackets (a unit, as a rule) is left out, unless there is nothing else.
    """
    text = _EMAIL.sub("email", unicodedata.normalize("NFKC", heading))
    text = _IN_BRACKETS.sub(" ", text).strip() or text
    text = _BETWEEN.sub(" ", text)
    parts = [part for part in re.split(r"[^\w#]+|_+", text.casefold()) if part]
    if any(_CHINESE.search(part) for part in parts):
        return ("".join(parts),)
    parts = [word for part in parts for word in _WRITTEN_OUT.get(part, part).split()]
    while len(parts) > 1 and parts[0] in _PREFIXES:
        parts = parts[1:]
    return tuple(parts)


@cache
def likeness_key(heading: str) -> tuple[str, ...]:
    """Give what two headings have in common that differ in spelling, or in the order of words, alone."""
    words = tuple(sorted(word for word in words_of(heading) if word not in ("of", "the", "a", "in", "for")))
    return words or words_of(heading)


def is_chinese(heading: str) -> bool:
    """Say whether a heading has Chinese signs."""
    return bool(_CHINESE.search(heading))


def is_sentence(heading: str) -> bool:
    """Say whether a heading is a question or a sentence, not a name."""
    text = heading.strip()
    return (
        text.endswith(("?", "？", "…", "。"))
        or len(text.split()) > 5
        or (is_chinese(text) and len(text) > 10)
    )
