"""Stages: what a build says of its progress, and how long each stage of it took."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

Report = Callable[[str, int, int], None]  # what is being done, how many are done, of how many


@dataclass
class Stages:
    """Passes on every report, and adds up the seconds of each stage, which lasts until the next begins."""

    report: Report
    seconds: dict[str, float] = field(default_factory=dict)
    _now: str = ""
    _since: float = 0.0

    def __call__(self, what: str, done: int, of: int) -> None:
        """Hear a report."""
        if what != self._now:
            self.end()
            self._now, self._since = what, time.perf_counter()
        self.report(what, done, of)

    def end(self) -> dict[str, float]:
        """End the last stage; give the seconds of all, by what was being done."""
        if self._now:
            took = time.perf_counter() - self._since
            self.seconds[self._now] = round(self.seconds.get(self._now, 0.0) + took, 2)
            self._since = time.perf_counter()
        return self.seconds
