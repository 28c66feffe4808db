"""Reads: which parts of the results a page looked at, noted while it runs.

A read is one line: what kind of part it is, and which one.

- ``figures revenue 2025-10 region``: a metric's rows of the cube in a period, by one dimension; by ``all``
  that of the whole company
- ``change revenue 2025-10 region``: a metric's tested changes on a period, but for their error rates q
- ``changes 2025-10``: every tested change of a period
- ``findings 2025-10 region=North``: those of one segment, or of ``all``
- ``analysis churn 2025-10``: what an analysis gave for a period
- ``funnel 2025-10 region``: how far the leads of a period came, by one dimension
- ``target revenue``, ``knows orders.amount``, ``commentary 2025-10 en``
- ``chapters``, ``cleaning``, ``first_day``, ``quality``, ``sources``: all of it

`crmreport.slices` gives each of them a digest. A page is run again only if one that it noted has another.
"""

from __future__ import annotations

import os
from pathlib import Path

# Columns of figures and changes that no page has: sums move with cases that a median does not count.
UNREAD = ("numerator", "before_numerator", "after_numerator")

FILE = "CRMREPORT_READS"  # names the file that a page's process writes its reads to, each once

_noted: dict[str, set[str]] = {}  # by the file; a process that was forked has one of its own


def note(read: str) -> None:
    """Note that something was read; outside of a page, where no file is named, in this process alone."""
    read = " ".join(read.splitlines())  # what a segment is called is for the data to say
    file = os.environ.get(FILE, "")
    known = _noted.setdefault(file, set())
    if read in known:
        return
    known.add(read)
    if file:
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(f"{read}\n")


def noted() -> tuple[str, ...]:
    """Give what was read so far, each once, sorted."""
    return tuple(sorted(_noted.get(os.environ.get(FILE, ""), ())))
