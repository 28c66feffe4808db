"""Prepare: a chapter's notebook made ready for one page, before it runs."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import papermill

from crmreport.config import SECTION, Project
from crmreport.context import Context
from crmreport.errors import UserError, suggestion
from crmreport.language import _t, escaped, translate, write_period
from crmreport.pages.plan import Chapter, Page, read_notebook
from crmreport.results import Results, covered

HIDDEN_TAG = "remove-cell"


def prepare(project: Project, results: Results, chapter: Chapter, page: Page) -> nbformat.NotebookNode:
    """Fill and translate the Markdown cells, and take out the cells whose data are not connected.

    Headings are made here and not by code, since headings that a cell prints do not reach the contents.
    In place of what needs a table that is not there stands one sentence that names it.
    """
    notebook = read_notebook(chapter.path)
    period = covered(project, results, page.period)
    context = Context(project, results, period, page.segment, page.language)
    words = {
        "period": write_period(period, page.language),
        "segment": escaped(context.segment_title()),
        "company": escaped(project.settings.company_name(page.language)),
    }
    missing = [need for need in chapter.needs if not results.knows(need)]
    cells: list[Any] = []
    said: set[str] = set()
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            if missing and position > 0:
                continue
            text = _filled(cell.source, chapter, page.language, words)
            cells.append(nbformat.from_dict({**cell, "source": text}))
            if missing:
                cells.append(
                    _note(_t("No data for this chapter: connect `{table}`."), missing[0], page.language)
                )
            continue
        if missing and not {"parameters", HIDDEN_TAG, "provenance"} & set(cell.metadata.get("tags", ())):
            continue
        lacking = [n for n in cell.metadata.get(SECTION, {}).get("needs", ()) if not results.knows(n)]
        if not lacking:
            cells.append(cell)
        elif lacking[0] not in said:
            said.add(lacking[0])
            cells.append(_note(_t("No data for this: connect `{table}`."), lacking[0], page.language))
    notebook.cells = cells
    return notebook


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


def _note(text: str, table: str, language: str) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_markdown_cell(translate(text, language, table=table))
    cell["id"] = f"no-{table.replace('.', '-').replace('_', '-')}"
    return cell


def check_parameters(chapter: Chapter, given: dict[str, Any]) -> None:
    """Refuse a parameter that the notebook does not declare. UserError, naming those that it does.

    Papermill only logs it, and the page would show its defaults.
    """
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
