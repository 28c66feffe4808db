"""Proposal: what a file was found to be, and how the settings would say so."""

from __future__ import annotations

from dataclasses import dataclass

from crmreport.connecting.assigning import Match
from crmreport.language import Phrase
from crmreport.source import Source


@dataclass(frozen=True)
class Proposal:
    """One table that a file gives.

    `source`: as it would be written; `matches`: each column that was found; `lacking`: required columns that
    were not, for which it cannot be used alone; `notes`: what the user should look at; `weight`: how much was
    found, to compare files by.
    """

    table: str
    source: Source
    matches: tuple[Match, ...]
    lacking: tuple[str, ...] = ()
    notes: tuple[Phrase, ...] = ()
    weight: float = 0.0

    @property
    def is_usable(self) -> bool:
        """Whether nothing is lacking that the table must have."""
        return not self.lacking


@dataclass(frozen=True)
class Looked:
    """One file that was looked at: the tables it gives, and the headings that none of them uses."""

    file: str
    headings: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    unused: tuple[str, ...]
