"""Versions: of our code, and of the libraries, that a number, a picture or a page may depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

_ROOT = Path(__file__).parent
_LIBRARIES = (
    *("altair", "charset-normalizer", "duckdb", "ibis-framework", "numpy", "pandas", "papermill"),
    *("pyarrow", "python-calamine", "rapidfuzz", "scikit-learn", "scipy", "statsmodels"),
)
# What no page imports while it runs: what plans it, and what makes a book of it. A test keeps the list true.
_NOT_ON_PAGES = (
    *("book", "book.py", "build.py", "cli", "connecting", "connecting.py", "glossary.py"),
    *("manual.py", "pages/shards.py", "pages/store.py", "pages/why.py", "pdf", "single.py", "starter.py"),
    *("display/nodes.py", "display/sphinx.py", "display/static", "display/templates"),
    *("tables/sample", "work.py"),
)
_LOCALE = "locale"


@cache
def code_fingerprint(*parts: str) -> str:
    """Tell this version of our code from any other; of some of its modules and folders, or of all."""
    chosen = [_ROOT / part for part in parts] or [_ROOT]
    return _digest(f for c in chosen for f in ([c] if c.is_file() else c.rglob("*")))


@cache
def page_code(language: str) -> str:
    """Tell the code that an executed page of a language may depend on from any other version of it."""
    others = [f.name for f in (_ROOT / _LOCALE).iterdir() if f.name != language]
    left_out = {_ROOT / name for name in (*_NOT_ON_PAGES, *(f"{_LOCALE}/{name}" for name in others))}
    return _digest(f for f in _ROOT.rglob("*") if left_out.isdisjoint((f, *f.parents)))


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(f for f in files if f.is_file() and f.suffix != ".pyc"):
        digest.update(file.relative_to(_ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def library_versions() -> dict[str, str]:
    """Give the versions of the libraries that a number or a picture may depend on."""
    return {name: version(name) for name in _LIBRARIES}
