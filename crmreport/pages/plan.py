"""Plan: the list of pages, known before anything runs: notebook x period x segment x language."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nbformat

from crmreport.config import SECTION, Project
from crmreport.digests import mark_of
from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.pages.needs import needs_of, sees_all
from crmreport.periods import Period
from crmreport.results import Results
from crmreport.segments import UNKNOWN, WHOLE, Segment, slugs

EACH_PERIOD = "period"
EACH_SEGMENT = "period x segment"
NEWEST = "newest period"  # of what holds for all periods, and changes with each new one
_RUNS = (EACH_PERIOD, EACH_SEGMENT, NEWEST)


@dataclass(frozen=True)
class Chapter:
    """A notebook: its file, its title, for what it runs and which tables it cannot do without.

    `asks`: the tables and columns that one of its cells cannot do without; `sees_all`: see
    `crmreport.pages.needs`; `digest`: of the file.
    """

    name: str
    path: Path
    title: str
    runs: str
    needs: tuple[str, ...]
    asks: tuple[str, ...] = ()
    sees_all: bool = False
    digest: str = ""


@dataclass(frozen=True)
class Page:
    """One page: a chapter for a period, a segment and a language.

    `name` is its address: ``2025-10/sales``, ``2025-10/segment/region-north``; it depends on the page alone.
    """

    chapter: str
    period: str
    segment: Segment
    language: str
    name: str

    @property
    def parameters(self) -> dict[str, str]:
        """The notebook's parameters for the page."""
        return {"period": self.period, "segment": str(self.segment), "language": self.language}


def chapters_of(project: Project) -> tuple[Chapter, ...]:
    """Read the chapters that the configuration lists. UserError for one that is not there or is broken."""
    return tuple(chapter_of(project, name) for name in project.settings.chapters)


def chapters_with_data(project: Project, results: Results) -> tuple[Chapter, ...]:
    """Give a review's chapters: those that the configuration lists, or else all that there are data for."""
    chapters = chapters_of(project)
    if "chapters" in project.settings.model_fields_set:
        return chapters
    return tuple(c for c in chapters if not c.needs or any(results.knows(need) for need in c.needs))


def chapter_of(project: Project, name: str) -> Chapter:
    """Read one chapter's notebook. UserError if there is none of that name, or it is broken."""
    found = {p.stem: p for p in sorted(project.notebooks.glob("*.ipynb"))}
    if name not in found:
        raise UserError(
            _t("There is no chapter {name} in {folder}. {suggestion}"),
            name=name,
            folder=project.settings.notebooks,
            suggestion=suggestion(name, found),
        )
    path = found[name]
    notebook = _parsed(path)
    about = notebook.metadata.get(SECTION, {})
    runs = about.get("runs", EACH_PERIOD)
    if runs not in _RUNS:
        raise UserError(
            _t("{path}: metadata {key} is {value}; it must be one of: {known}."),
            path=path.name,
            key=f"{SECTION}.runs",
            value=repr(runs),
            known=", ".join(_RUNS),
        )
    needs = about.get("needs", [])
    if not isinstance(needs, list) or not all(isinstance(need, str) for need in needs):
        raise UserError(
            _t('{path}: metadata {key} is {value}; it must be a list of tables, such as ["orders"].'),
            path=path.name,
            key=f"{SECTION}.needs",
            value=repr(needs),
        )
    return Chapter(
        name=name,
        path=path,
        title=about.get("title", name),
        runs=runs,
        needs=tuple(needs),
        asks=tuple(dict.fromkeys(need for cell in notebook.cells for need in needs_of(cell))),
        sees_all=sees_all(notebook.cells),
        digest=mark_of(path.read_bytes()),
    )


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook; what is given is the caller's to change. UserError if it is none."""
    return deepcopy(_parsed(path))


def _parsed(path: Path) -> nbformat.NotebookNode:
    try:
        return _validated(path.read_bytes())
    except (ValueError, AttributeError, KeyError, TypeError, nbformat.ValidationError):
        raise UserError(
            _t("{path} is not a notebook. Open and save it in JupyterLab, or restore it."), path=path.name
        ) from None


@lru_cache(maxsize=64)  # a build looks at each chapter's notebook many times
def _validated(content: bytes) -> nbformat.NotebookNode:
    notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
    nbformat.validate(notebook)
    return notebook


def plan(
    chapters: tuple[Chapter, ...],
    periods: tuple[Period, ...],
    segments: tuple[Segment, ...],
    languages: tuple[str, ...],
) -> tuple[Page, ...]:
    """List the pages in the book's order: by language, newest period first, chapters as configured."""
    addresses = slugs(segments)
    pages = []
    for language in languages:
        for period in sorted(periods, reverse=True):
            for chapter in chapters:
                if chapter.runs == NEWEST and period != max(periods):
                    continue
                address = f"{period.name}/{chapter.name}"
                pages.append(Page(chapter.name, period.name, WHOLE, language, address))
                if chapter.runs == EACH_SEGMENT:
                    pages += [
                        Page(chapter.name, period.name, s, language, f"{address}/{addresses[s]}")
                        for s in segments
                    ]
    return tuple(pages)


def segments_with_pages(results: Results, dimensions: tuple[str, ...], key: str) -> tuple[Segment, ...]:
    """List the segments of some dimensions. UserError for a dimension that the data do not have.

    `key` says for the error where the dimensions are named.
    """
    cube = results.cube
    known = [d for d in cube["dimension"].unique() if d != WHOLE.dimension]
    found: list[Segment] = []
    for dimension in dimensions:
        if dimension not in known:
            raise UserError(
                _t("{key}: the data cannot be split by {name}. {suggestion}"),
                key=key,
                name=dimension,
                suggestion=suggestion(dimension, known),
            )
        values = cube.loc[cube["dimension"] == dimension, "segment"].unique()
        found += [Segment(dimension, str(v)) for v in sorted(values) if v != UNKNOWN]
    return tuple(found)
