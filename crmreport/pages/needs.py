"""Needs: what a chapter's cell asks the review for, and the tables and columns that this takes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from crmreport.analyses import ANALYSES
from crmreport.config import SECTION

_OF_ANALYSIS = "analysis"  # see `crmreport.review.Review.analysis`
SHOWS_ANALYSES = f".{_OF_ANALYSIS}("  # in the cells of a page that shows any


def needs_of(cell: Any) -> tuple[str, ...]:  # noqa: ANN401 - nbformat's cells have no type
    """Name the tables (``orders``) and columns (``products.category``) that a cell cannot do without.

    They stand in its metadata; those of an analysis, on its declaration.
    """
    needs = dict.fromkeys(cell.metadata.get(SECTION, {}).get("needs", ()))
    for method, names in calls_of(cell):
        if method == _OF_ANALYSIS:
            shown = {name.partition(".")[0] for name in names}
            needs |= dict.fromkeys(need for a in ANALYSES if a.name in shown for need in a.needs)
    return tuple(needs)


def calls_of(cell: Any) -> Iterator[tuple[str, set[str]]]:  # noqa: ANN401
    """Give the methods that a cell calls, with the texts among their arguments; none if it has magics."""
    try:
        tree = ast.parse(cell.source if cell.cell_type == "code" else "")
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            constants = [a.value for a in node.args if isinstance(a, ast.Constant)]
            yield node.func.attr, {value for value in constants if isinstance(value, str)}
