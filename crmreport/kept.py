"""Kept: files that builds leave for later ones: whole or not at all, and no more of them than a limit.

Several builds may share the folder. Whatever is in it can be made again, so that a broken file is a missing
one. When something was last used is its time of change, which has no other meaning here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmreport.versions import library_versions

BUILD_SECONDS = 3600  # what was used since then may be in use by another build
_LEFT_SECONDS = 24 * 3600  # after which what is still hidden was left by a process that died
_MEGABYTE = 1_000_000

# Where one thing is kept in each folder, and where in each file; see `drop_unused`.
_FOLDERS = ("results", "analyses", "changes", "covers", "queries")
_FILES = ("pages",)


@dataclass(frozen=True)
class Dropped:
    """How many things were dropped from a store, and their bytes."""

    things: int
    size_bytes: int


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that others may read or write at the same time; nobody ever sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_kept(path: Path) -> dict[str, Any] | None:
    """Read what was written down as a JSON object; None if there is nothing, or it is broken."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def kept_value(folder: Path, depends: object, compute: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON
    """Give what a function computes, from the folder if it was computed from the same already.

    `depends`: everything that decides it, beside the versions of libraries; both are values of JSON.
    """
    told = json.dumps([depends, library_versions()], sort_keys=True, ensure_ascii=False)
    path = folder / f"{hashlib.sha256(told.encode()).hexdigest()[:16]}.json"
    use(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        text = json.dumps(compute(), ensure_ascii=False, indent=1)
        write_whole(path, text.encode())
        return json.loads(text)


def use(path: Path) -> None:
    """Say that something kept, a file or a folder, is used now; it may be gone, or not be ours to change."""
    with suppress(OSError):
        os.utime(path)


def drop_unused(store: Path, limit_mb: int, since: float | None = None) -> Dropped:
    """Drop what was used least recently, until no more than the limit is left.

    `since`: seconds of the clock; what was used from then on is never dropped, by default in the last hour.
    What a process that died has left half done goes after a day.
    """
    spared = time.time() - BUILD_SECONDS if since is None else since
    found = sorted(_things(store), key=lambda thing: (thing[1], thing[0]))
    total = sum(size for _, _, size in found)
    things = freed = 0
    for path, used, size in found:
        is_left = path.name.startswith(".") and used < time.time() - _LEFT_SECONDS
        is_over = total - freed > limit_mb * _MEGABYTE and used < spared
        if not is_left and not is_over:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
        if not path.exists():
            things, freed = things + 1, freed + size
    return Dropped(things, freed)


def _things(store: Path) -> Iterator[tuple[Path, float, int]]:
    """List what is kept: where, when it was last used, how many bytes it has."""
    for name in _FOLDERS:
        for path in (store / name).glob("*"):
            sizes = [size for _, size in _files(path)]
            with suppress(OSError):
                yield path, path.stat().st_mtime, sum(sizes)
    for name in _FILES:
        for path, size in _files(store / name):
            with suppress(OSError):
                yield path, path.stat().st_mtime, size


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    """List a folder's files with their bytes; a file that is gone by then is none."""
    for path in [folder] if folder.is_file() else folder.rglob("*"):
        with suppress(OSError):
            if path.is_file():
                yield path, path.stat().st_size
