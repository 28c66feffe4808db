"""Environment: what holds for a whole process: variables set for a while, how often garbage is looked for."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


def collect_rarely() -> None:
    """Look for garbage less often than Python does by itself.

    Queries and charts are millions of small objects that stay: to look among them takes a tenth of the time.
    """
    gc.set_threshold(100_000, 20, 20)


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables, and set them back in the end."""
    before = {name: os.environ.get(name) for name in values}
    os.environ |= values
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
