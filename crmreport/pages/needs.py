"""Needs: what a chapter's cell asks the review for, and the tables and columns that this takes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
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
    tree = _tree(cell.source) if cell.cell_type == "code" else None
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            constants = [a.value for a in node.args if isinstance(a, ast.Constant)]
            yield node.func.attr, {value for value in constants if isinstance(value, str)}


def sees_all(cells: Iterable[Any]) -> bool:
    """Say whether a notebook's cells may look at any of the results, past the review's own methods.

    They may where they take the review's context, import a module of ours beside the public names, or are no
    plain Python.
    """
    for cell in cells:
        if cell.cell_type != "code":
            continue
        tree = _tree(cell.source)
        if tree is None or any(_is_past_review(node) for node in ast.walk(tree)):
            return True
    return False


def _is_past_review(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="context"):
            return True
        case ast.ImportFrom(module=str(module)):
            return module.startswith(f"{SECTION}.")
        case ast.Import(names=names):
            return any(alias.name.startswith(f"{SECTION}.") for alias in names)
    return False


@cache
def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except SyntaxError:
        return None
