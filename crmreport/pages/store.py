"""Store: executed pages, kept by all that they depend on, so that a page runs only when that changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from crmreport.config import Project
from crmreport.context import commentary_file
from crmreport.language import _t
from crmreport.pages.plan import Page
from crmreport.results import Results, code_fingerprint, library_versions

REASONS = {
    "notebook": _t("the notebook changed"),
    "parameters": _t("the parameters changed"),
    "data": _t("the data or their settings changed"),
    "quality": _t("what is known of the data's quality changed"),
    "settings": _t("the configuration changed"),
    "commentary": _t("the commentary changed"),
    "targets": _t("the targets changed"),
    "code": _t("the code of crmreport changed"),
    "libraries": _t("a library changed"),
}
SHOWS_QUALITY = "review.problems("  # in a cell
NEVER_RUN = _t("not run yet")
FORCED = _t("asked for")


@dataclass(frozen=True)
class Key:
    """What a page depends on, each as a fingerprint, by the names of `REASONS`."""

    parts: dict[str, str]

    @property
    def name(self) -> str:
        """One fingerprint of all of it."""
        return _mark(self.parts)


def key_of(project: Project, results: Results, page: Page, prepared: str, quality: pd.DataFrame) -> Key:
    """Give the key of a page whose notebook is prepared; `quality`: see `quality_of`."""
    comment = commentary_file(project, page.period, page.language)
    targets = project.root / project.settings.targets if project.settings.targets else None
    return Key(
        {
            "notebook": _mark(prepared),
            "parameters": _mark(page.parameters),
            "data": results.folder.name,
            # Which chapters a defect touches is read from their notebooks; other pages do not show it.
            "quality": _mark(quality.to_json(orient="split")) if SHOWS_QUALITY in prepared else "",
            "settings": _mark(project.settings.model_dump_json()),
            "commentary": _mark(comment.read_text(encoding="utf-8") if comment else ""),
            "targets": _mark(targets.read_text(encoding="utf-8") if targets and targets.is_file() else ""),
            "code": code_fingerprint(),
            "libraries": _mark(library_versions()),
        }
    )


def _mark(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Store:
    """A folder of executed pages by key, and for each page's address the key it was last run with."""

    folder: Path

    def read(self, key: Key) -> str | None:
        """Give the executed page of that key, if it is kept."""
        path = self.folder / f"{key.name}.ipynb"
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def write(self, page: Page, key: Key, notebook: str) -> None:
        """Keep an executed page."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path, text in (
            (self.folder / f"{key.name}.ipynb", notebook),
            (self._last(page), json.dumps(key.parts, indent=1)),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".tmp")
            temporary.write_text(text, encoding="utf-8")
            temporary.rename(path)

    def why_stale(self, page: Page, key: Key) -> str:
        """Say why a page must run, marked for the catalogue; "" if it need not."""
        if (self.folder / f"{key.name}.ipynb").is_file():
            return ""
        last = self._last(page)
        if not last.is_file():
            return NEVER_RUN
        parts = json.loads(last.read_text(encoding="utf-8"))
        changed = [reason for part, reason in REASONS.items() if parts.get(part) != key.parts[part]]
        return changed[0] if changed else NEVER_RUN

    def _last(self, page: Page) -> Path:
        return self.folder / "last" / page.language / f"{page.name}.json"


def open_store(project: Project) -> Store:
    """Open a project's store of pages."""
    return Store(project.store / "pages")
