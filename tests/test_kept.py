"""Kept: whole or not at all, and no more than a limit."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crmreport.kept import Dropped, drop_unused, use, write_whole

HOUR = 3600


def thing(path: Path, hours_ago: float, size_bytes: int = 1_000_000) -> Path:
    """Keep a file, or a folder with a file, that was last used so long ago."""
    file = path / "content" if path.suffix == "" else path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size_bytes)
    used = time.time() - hours_ago * HOUR
    os.utime(path, (used, used))
    return path


def test_the_least_used_go_first_until_the_rest_is_within_the_limit(tmp_path: Path) -> None:
    old = thing(tmp_path / "results" / "old", 30)
    older = thing(tmp_path / "pages" / "objects" / "older.ipynb", 40)
    recent = thing(tmp_path / "results" / "recent", 20)
    other = thing(tmp_path / "book" / "en", 90)  # made anew by each build: not counted
    assert drop_unused(tmp_path, 3) == Dropped(0, 0)
    assert drop_unused(tmp_path, 2) == Dropped(1, 1_000_000)
    assert [path.exists() for path in (older, old, recent, other)] == [False, True, True, True]
    use(old)
    assert drop_unused(tmp_path, 1) == Dropped(1, 1_000_000)
    assert [path.exists() for path in (old, recent)] == [True, False]


def test_what_another_build_may_be_using_stays_whatever_the_limit(tmp_path: Path) -> None:
    new = thing(tmp_path / "results" / "new", 0.5)
    half_done = thing(tmp_path / "results" / ".made", 0.5)
    left_behind = thing(tmp_path / "results" / ".left", 30)
    assert drop_unused(tmp_path, 1) == Dropped(1, 1_000_000)
    assert [path.exists() for path in (new, half_done, left_behind)] == [True, True, False]


def test_nobody_sees_a_part_of_a_file_that_many_write(tmp_path: Path) -> None:
    path = tmp_path / "pages" / "one"
    texts = [sign.encode() * 200_000 for sign in "abcd"]
    seen = set()
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write_whole, path, text) for text in texts * 10]
        while not all(done.done() for done in writing):
            if path.is_file():
                seen.add(path.read_bytes())
    assert seen | {path.read_bytes()} <= set(texts)
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_no_page_imports_what_its_key_leaves_out() -> None:
    listing = (
        "import sys, crmreport, crmreport.versions as v, pathlib; root = v._ROOT;"
        "files = {pathlib.Path(m.__file__) for n, m in list(sys.modules.items())"
        " if n.startswith('crmreport') and getattr(m, '__file__', None)};"
        "left_out = {root / n for n in v._NOT_ON_PAGES};"
        "print([str(f) for f in files if not left_out.isdisjoint((f, *f.parents))])"
    )
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
