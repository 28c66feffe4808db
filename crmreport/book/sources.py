"""Sources: pages as the book gets them: executed notebooks without code, and the code on pages of its own."""

from __future__ import annotations

import json
import re
from typing import Any

from crmreport.book.volume import Book
from crmreport.language import _t
from crmreport.pages.plan import Chapter, read_notebook
from crmreport.pages.prepare import HIDDEN_TAG

_PLAIN = "text/plain"


def shown_of(notebook: str) -> str:
    """Keep of an executed notebook what a reader sees of it: texts, and the outputs of its cells.

    The code, which has pages of its own, need not be parsed for every page again; nor need the plain text of
    what is there in a better form.
    """
    given = json.loads(notebook)
    cells = [shown for cell in given["cells"] if (shown := _shown(cell))]
    # Without ids, which nobody links to; this minor version is the last that has none.
    kept = {"cells": cells, "metadata": given["metadata"], "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"


def _shown(cell: dict[str, Any]) -> dict[str, Any] | None:
    """Give what is shown of a cell; None if it shows nothing."""
    if HIDDEN_TAG in cell["metadata"].get("tags", ()):
        return None
    kept = {name: value for name, value in cell.items() if name != "id"}
    if cell["cell_type"] != "code":
        return kept
    outputs = [_without_fallback(output) for output in cell["outputs"]]
    # myst-nb drops a cell without a source, and its outputs with it.
    return {**kept, "source": "#", "outputs": outputs} if outputs else None


def _without_fallback(output: dict[str, Any]) -> dict[str, Any]:
    data = output.get("data")
    if not data or len(data) == 1:
        return output
    return {**output, "data": {kind: value for kind, value in data.items() if kind != _PLAIN}}


def code_pages(book: Book) -> dict[str, str]:
    """Write a page that shows each chapter's notebook, and one that leads to them."""
    lines = [
        "# " + book.say(_t("Code")),
        "",
        book.say(
            _t(
                "Each chapter is a notebook, run once for each period and segment. The foot of a page says "
                "with which parameters it ran, and how to run it again."
            )
        ),
        "",
        *(f"- [{book.say(chapter.title)}](code/{chapter.name})" for chapter in book.chapters),
    ]
    pages = {f"code/{chapter.name}": _code_page(book, chapter) for chapter in book.chapters}
    return {"code": "\n".join(lines) + "\n", **pages}


def _code_page(book: Book, chapter: Chapter) -> str:
    title = book.say(_t("Code: {chapter}"), chapter=book.say(chapter.title))
    lines = ["---", "nosearch: true", "---", f"# {title}"]
    for cell in read_notebook(chapter.path).cells:
        if cell.source.strip():
            lines += ["", _fenced(cell.source, "python" if cell.cell_type == "code" else "markdown")]
    return "\n".join(lines) + "\n"


def _fenced(text: str, language: str) -> str:
    """Put a text between fences that are longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
