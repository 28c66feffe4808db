"""Shared: what all pages of a build have in common, made ready once in the process that they are forked from."""

from __future__ import annotations

from dataclasses import dataclass

from crmreport.config import Project
from crmreport.periods import Period
from crmreport.results import Results


@dataclass(frozen=True)
class Shared:
    """What pages are made from."""

    project: Project
    results: Results
    periods: tuple[Period, ...]


def prepare_shared(shared: Shared | None) -> None:
    """Make it ready."""
