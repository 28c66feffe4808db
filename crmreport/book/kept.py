"""Kept: what costs something to say, and is the same in the next build; in the project's store."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crmreport.versions import library_versions

MOST = 400  # kept values of a kind; those that no build has asked for longest go


def kept(folder: Path, depends: object, compute: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON
    """Give what a function computes, from the folder if it was computed from the same already.

    `depends`: everything that decides it, beside the versions of libraries; both are values of JSON.
    """
    told = json.dumps([depends, library_versions()], sort_keys=True, ensure_ascii=False)
    path = folder / f"{hashlib.sha256(told.encode()).hexdigest()[:16]}.json"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        os.utime(path)
    except (OSError, ValueError):
        value = json.loads(json.dumps(compute()))
        _write(path, json.dumps(value, ensure_ascii=False, indent=1))
    return value


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all, since two builds may do it at once, and drop the oldest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = path.with_suffix(f".{os.getpid()}")
    begun.write_text(text, encoding="utf-8")
    begun.replace(path)
    by_age = sorted((file.stat().st_mtime, file) for file in path.parent.glob("*.json"))
    for _, file in by_age[:-MOST]:
        file.unlink(missing_ok=True)
