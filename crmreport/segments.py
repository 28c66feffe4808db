"""Segments: a dimension and one of its values, or the whole company."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

ALL = "all"  # the dimension, and its only segment, of the whole company
UNKNOWN = "unknown"  # the segment of rows that have no value in the dimension


@dataclass(frozen=True, order=True)
class Segment:
    """A part of the customers: those whose `dimension` has this `value`; written ``region=North``."""

    dimension: str = ALL
    value: str = ALL

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole company."""
        return self.dimension == ALL

    def __str__(self) -> str:
        return ALL if self.is_whole else f"{self.dimension}={self.value}"


WHOLE = Segment()


def parse_segment(text: str) -> Segment:
    """Read ``all`` or ``region=North``. ValueError for anything else."""
    if text == ALL:
        return WHOLE
    dimension, found, value = text.partition("=")
    if not (found and dimension and value):
        raise ValueError(f"{text!r} is not a segment: write {ALL}, or DIMENSION=VALUE such as region=North")
    return Segment(dimension, value)


def slugs(segments: Iterable[Segment]) -> dict[Segment, str]:
    """Give each segment its place in an address: ``region-north``.

    It depends on the segment alone, so that a new segment changes no other's address; only of those that
    would read the same does each carry a mark of its own.
    """
    plain = {s: f"{_slug(s.dimension)}-{_slug(s.value)}" for s in segments}
    read_the_same = {slug for slug in plain.values() if list(plain.values()).count(slug) > 1}
    return {s: f"{slug}-{_mark(s)}" if slug in read_the_same else slug for s, slug in plain.items()}


def _slug(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-") or _mark(Segment(text, text))


def _mark(segment: Segment) -> str:
    return hashlib.sha256(str(segment).encode()).hexdigest()[:6]
