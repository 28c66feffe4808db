"""Prepare: a chapter's notebook made ready for one page, before it runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import nbformat

from crmreport.config import Project
from crmreport.context import Context
from crmreport.covering import covered
from crmreport.errors import UserError, suggestion
from crmreport.language import _t, escaped, translate, write_period
from crmreport.pages.caution import Gap, caution
from crmreport.pages.needs import needs_of
from crmreport.pages.plan import Chapter, Page, read_notebook
from crmreport.results import Results

HIDDEN_TAG = "remove-cell"
PROVENANCE_TAG = "provenance"


def prepare(
    project: Project, results: Results, chapter: Chapter, page: Page, gaps: Sequence[Gap]
) -> nbformat.NotebookNode:
    """Fill and translate the Markdown cells, and take out the cells whose data are not connected.

    Headings are made here and not by code, since headings that a cell prints do not reach the contents. A
    section that has nothing to show goes with its heading; one sentence at the page's end says what is not
    shown, and what to connect for it. Where the data behind the page have a gap (`gaps`: those of its
    period), the page begins with it.
    """
    notebook = read_notebook(chapter.path)
    context = _context(project, results, page)
    words = _words(context)
    is_empty = bool(chapter.needs) and not any(results.knows(need) for need in chapter.needs)
    kept: list[Any] = []
    lacking: dict[str, None] = {}
    for section in _sections(notebook.cells):
        lacks = [_lacks(cell, results) for cell in section]
        shown = [cell for cell, lacked in zip(section, lacks, strict=True) if not lacked]
        lost = dict.fromkeys(need for lacked in lacks for need in lacked)
        lacking |= lost
        if is_empty and not kept:
            shown = [cell for cell in shown if _is_text(cell) or {"parameters", HIDDEN_TAG} & _tags(cell)]
        elif kept and (is_empty or (lost and not any(_is_content(cell) for cell in shown))):
            shown = [cell for cell in section if PROVENANCE_TAG in _tags(cell)]
        kept += shown
    for cell in kept:
        if _is_text(cell):
            cell["source"] = _filled(cell.source, chapter, page.language, words)
    if is_empty:
        kept.insert(1, _note(_t("No data for this chapter: connect {tables}."), chapter.needs, page.language))
    elif said := caution(context, chapter.name, gaps):
        cell = nbformat.v4.new_markdown_cell(said)
        kept.insert(1, nbformat.from_dict({**cell, "id": "caution"}))
    if lacking and not is_empty:
        place = len(kept) - (PROVENANCE_TAG in _tags(kept[-1]))
        text = _t("Some of this chapter is not shown, for lack of data: connect {tables}.")
        kept.insert(place, _note(text, tuple(lacking), page.language))
    notebook.cells = kept
    return notebook


def made_of(
    project: Project, results: Results, chapter: Chapter, page: Page, gaps: Sequence[Gap]
) -> tuple[object, ...]:
    """Give all that `prepare` makes a page's notebook of, as plain data, without making it."""
    context = _context(project, results, page)
    lacking = [need for need in (*chapter.needs, *chapter.asks) if not results.knows(need)]
    said = caution(context, chapter.name, gaps)
    return (chapter.digest, chapter.title, chapter.needs, _words(context), lacking, said)


def _context(project: Project, results: Results, page: Page) -> Context:
    return Context(project, results, covered(project, results, page.period), page.segment, page.language)


def _words(context: Context) -> dict[str, str]:
    """Give what the placeholders of a Markdown cell stand for."""
    return {
        "period": write_period(context.period, context.language),
        "segment": escaped(context.segment_title()),
        "company": escaped(context.project.settings.company_name(context.language)),
    }


def _sections(cells: list[Any]) -> list[list[Any]]:
    """Split a notebook before each heading; a text without one belongs to what it follows."""
    sections: list[list[Any]] = [[]]
    for cell in cells:
        if _is_text(cell) and cell.source.startswith("#") and sections[-1]:
            sections.append([])
        sections[-1].append(cell)
    return sections


def _is_text(cell: Any) -> bool:  # noqa: ANN401 - nbformat's cells have no type
    return bool(cell.cell_type == "markdown")


def _is_content(cell: Any) -> bool:  # noqa: ANN401
    return not _is_text(cell) and PROVENANCE_TAG not in _tags(cell)


def _tags(cell: Any) -> set[str]:  # noqa: ANN401
    return set(cell.metadata.get("tags", ()))


def _lacks(cell: Any, results: Results) -> list[str]:  # noqa: ANN401
    """Name the tables and columns that a cell needs and the data lack."""
    return [need for need in needs_of(cell) if not results.knows(need)]


def _filled(source: str, chapter: Chapter, language: str, words: dict[str, str]) -> str:
    """Translate a Markdown cell and fill its placeholders. UserError for one that there is not."""
    try:
        return translate(source, language, **words)
    except (KeyError, ValueError, IndexError):
        raise UserError(
            _t(
                "{path}: a Markdown cell has braces that are no placeholder: {text}. There are: {names}; "
                "write {{{{ and }}}} for braces."
            ),
            path=chapter.path.name,
            text=source.strip().split("\n")[0],
            names=", ".join(f"{{{name}}}" for name in words),
        ) from None


def _note(text: str, tables: tuple[str, ...], language: str) -> nbformat.NotebookNode:
    named = ", ".join(f"`{table}`" for table in tables)
    cell = nbformat.v4.new_markdown_cell(translate(text, language, tables=named))
    cell["id"] = "not-shown"
    return cell


def check_parameters(chapter: Chapter, given: dict[str, Any]) -> None:
    """Refuse a parameter that the notebook does not declare. UserError, naming those that it does.

    Papermill only logs it, and the page would show its defaults.
    """
    import papermill

    declared = papermill.inspect_notebook(str(chapter.path))
    for name in given:
        if name not in declared:
            raise UserError(
                _t("The chapter {chapter} has no parameter {name}. {suggestion}"),
                chapter=chapter.name,
                name=name,
                suggestion=suggestion(name, declared),
            )


def as_text(notebook: nbformat.NotebookNode) -> str:
    """Write a notebook so that equal notebooks are equal texts."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
