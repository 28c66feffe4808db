"""Request: what the options of a command ask a build for."""

from __future__ import annotations

from typing import Any

from crmreport.cli.shared import dimensions, without_repeats
from crmreport.work import Request


def request_of(
    periods: tuple[str, ...],
    segments: str | None,
    languages: tuple[str, ...],
    **more: Any,  # noqa: ANN401 - the other fields of Request, by name
) -> Request:
    """Give the request of the options that say which pages there are, and of `more`."""
    return Request(without_repeats(periods), dimensions(segments), without_repeats(languages), **more)
