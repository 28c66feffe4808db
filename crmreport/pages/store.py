"""Store: executed pages, kept with all that they depend on, so that a page runs only when that changed.

What is known of a page before it runs makes its key. What it looked at is only known afterwards: each kept
page has a record of its reads with the digests that they had then, and is fresh if they have the same ones
now. Keys, records and pages are named by their content alone, so that stores that were filled apart are
joined by copying them into one folder.

- ``objects/<digest>.ipynb``: an executed page
- ``records/<key>/<digest of the reads>.json``: which object it was, and whether it failed
- ``last/<language>/<page>.json``: the key and the reads that a page had when it last ran, to explain why it
  must run again, and how many seconds it took
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmreport.config import Project
from crmreport.covering import covered
from crmreport.digests import mark, mark_of
from crmreport.kept import read_kept, use, write_whole
from crmreport.pages.plan import Chapter, Page
from crmreport.pages.run import OK, Outcome
from crmreport.pages.why import FAILED_BEFORE, GONE, NEVER_RUN, READS, Why
from crmreport.results import Results
from crmreport.versions import library_versions, page_code

# Settings that say what is built, or that have done their work when the results are there.
_NOT_SHOWN = {
    *("languages", "periods", "chapters", "notebooks", "book", "labels"),
    *("page_timeout_seconds", "page_memory_mb", "memory_mb", "cache_mb", "fail_on"),
    *("folder", "tables", "rates", "targets", "as_of", "merge_customers_by", "confirmed_merges"),
}
MOST_RECORDS = 8  # of one key; the least used go first

Digest = Callable[[str], str | None]  # see `crmreport.slices.Slices.digest`


@dataclass(frozen=True)
class Key:
    """What a page depends on and is known before it runs, each as a digest, by the names of `REASONS`."""

    parts: dict[str, str]

    @property
    def name(self) -> str:
        """One digest of all of it."""
        return mark(self.parts)


@dataclass(frozen=True)
class Kept:
    """An executed page that is kept; `error`: what failed, "" if nothing did."""

    notebook: str
    state: str
    error: str


def key_of(
    project: Project, results: Results, chapter: Chapter, page: Page, made_of: tuple[object, ...]
) -> Key:
    """Give the key of a page; `made_of`: see `crmreport.pages.prepare`."""
    settings = project.settings.model_dump(mode="json", exclude=_NOT_SHOWN)
    labels = project.settings.labels.get(page.language, {})
    return Key(
        {
            "notebook": mark(made_of),
            "parameters": mark([page.parameters, covered(project, results, page.period).key]),
            # Of a notebook that takes what it wants nobody can tell what it reads.
            "data": results.folder.name if chapter.sees_all else "",
            "settings": mark([settings, labels]),
            "code": page_code(page.language),
            "libraries": mark(library_versions()),
        }
    )


@dataclass(frozen=True)
class Store:
    """A folder of executed pages; see above."""

    folder: Path

    def find(self, key: Key, digest: Digest) -> Kept | None:
        """Give the page of a key whose reads have the digests that they had when it ran."""
        for path in sorted(self._records(key).glob("*.json")):
            record = _load(path)
            if record is None or any(digest(read) != then for read, then in record["reads"].items()):
                continue
            page = self._object(record["page"])
            try:
                content = page.read_bytes()
            except OSError:
                continue
            if mark_of(content) == record["page"]:  # else it was cut short
                use(path)
                use(page)
                return Kept(content.decode(), record["state"], record["error"])
        return None

    def write(self, page: Page, key: Key, outcome: Outcome, digest: Digest) -> None:
        """Keep what came of a page; nothing if it read what has no digest."""
        reads = {read: digest(read) for read in outcome.reads}
        if None in reads.values():
            return
        content = outcome.notebook.encode()
        digest_of_page = mark_of(content)
        record = {"state": outcome.state, "error": outcome.error, "page": digest_of_page, "reads": reads}
        write_whole(self._object(digest_of_page), content)
        write_whole(self._records(key) / f"{mark(reads)}.json", _dump(record))
        self._drop_old(key)
        last = {"parts": key.parts, "reads": reads, "seconds": round(outcome.seconds, 2)}
        write_whole(self._last(page), _dump(last))

    def why_stale(self, page: Page, key: Key, digest: Digest) -> Why:
        """Say why a page must run of which nothing fresh is kept."""
        last = _load(self._last(page))
        if last is None:
            return Why((NEVER_RUN,))
        if changed := tuple(part for part in key.parts if last["parts"].get(part) != key.parts[part]):
            return Why(changed)
        reads = tuple(read for read, then in last["reads"].items() if digest(read) != then)
        return Why((READS,), reads) if reads else Why((GONE,))

    def seconds(self, page: Page) -> float | None:
        """Say how long a page ran when it last did; None if it never did."""
        last = _load(self._last(page))
        return None if last is None else float(last["seconds"])

    def _object(self, digest: str) -> Path:
        return self.folder / "objects" / f"{digest}.ipynb"

    def _records(self, key: Key) -> Path:
        return self.folder / "records" / key.name

    def _last(self, page: Page) -> Path:
        return self.folder / "last" / page.language / f"{page.name}.json"

    def _drop_old(self, key: Key) -> None:
        kept = list(self._records(key).glob("*.json"))
        if len(kept) > MOST_RECORDS:
            for path in sorted(kept, key=lambda p: p.stat().st_mtime)[:-MOST_RECORDS]:
                path.unlink(missing_ok=True)


def why_failed(kept: Kept | None) -> Why | None:
    """Say why a page that is kept must run all the same: it failed; None if it need not."""
    return Why((FAILED_BEFORE,)) if kept and kept.state != OK else None


def open_store(project: Project) -> Store:
    """Open a project's store of pages."""
    return Store(project.store / "pages")


def _load(path: Path) -> dict[str, Any] | None:
    """Read what was written down of a page; None if there is nothing, or it is broken."""
    found = read_kept(path)
    return found if found and "reads" in found else None


def _dump(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()
