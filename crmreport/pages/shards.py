"""Shards: the pages of a build, shared out among machines that know nothing of one another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from crmreport.kept import write_whole
from crmreport.pages.plan import Page

_FILE = "seconds.json"
_DIGITS = 2


def shard(pages: Sequence[Page], seconds: Mapping[str, float], part: int, of: int) -> tuple[Page, ...]:
    """Give one of so many parts of the pages, counted from 1; each page is in exactly one of them.

    The parts take about equally long (`seconds`: of a page, by chapter; those of an unknown chapter take as
    long as the mean of the others). A period's pages stay together as far as may be: they rest on the same
    analyses. The same pages and seconds give the same parts, whatever has been run already.
    """
    usual = fmean(seconds.values()) if seconds else 1.0
    periods = list(dict.fromkeys(page.period for page in pages))
    in_order = sorted(pages, key=lambda page: periods.index(page.period))
    weights = [max(seconds.get(page.chapter, usual), 10**-_DIGITS) for page in in_order]
    total, before = sum(weights), 0.0
    chosen = []
    for page, weight in zip(in_order, weights, strict=True):
        # Where a page's middle falls says whose it is.
        if min(int((before + weight / 2) / total * of), of - 1) == part - 1:
            chosen.append(page)
        before += weight
    return tuple(chosen)


def read_seconds(store: Path) -> dict[str, float]:
    """Read how long a page of each chapter took in the last build; nothing if that is not known."""
    try:
        found = json.loads((store / _FILE).read_text(encoding="utf-8"))
        return {str(chapter): float(seconds) for chapter, seconds in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_seconds(store: Path, known: Mapping[Page, float]) -> None:
    """Keep how long pages took, for the next build.

    Not between the shards of one: they would not agree on who has which page.
    """
    by_chapter: dict[str, list[float]] = {}
    for page, seconds in known.items():
        by_chapter.setdefault(page.chapter, []).append(seconds)
    means = {chapter: round(fmean(took), _DIGITS) for chapter, took in sorted(by_chapter.items())}
    write_whole(store / _FILE, json.dumps(read_seconds(store) | means, indent=1).encode())
