"""Shared: what all pages of a build have in common, made ready in the process they are forked from."""

from __future__ import annotations

from dataclasses import dataclass

import nbformat

from crmreport.config import Project
from crmreport.pages.prepare import as_text
from crmreport.periods import Period
from crmreport.results import Results, share_results

# Not to be shown: they load what the first cells of any page load. More would cost more than it saves.
REHEARSED = (
    "from crmreport import open_review",
    "review = open_review(project, period, segment, language)",
    "print()",
    "review.trend('revenue')",
    "review.cards('revenue', 'csat', 'win_rate')",
)


@dataclass(frozen=True)
class Shared:
    """What pages are made from: a project, its results, the periods of the pages, oldest first."""

    project: Project
    results: Results
    periods: tuple[Period, ...]


def prepare_shared(shared: Shared) -> None:
    """Make it ready, so that `open_review` finds it."""
    share_results(shared.project, shared.results)


def rehearsal() -> str:
    """Give the notebook that is run before the first page; with any data it runs to its end."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    declared = "period = ''\nsegment = ''\nlanguage = ''\nproject = ''"
    parameters = nbformat.v4.new_code_cell(declared, metadata={"tags": ["parameters"]})
    notebook.cells = [parameters, *map(nbformat.v4.new_code_cell, REHEARSED)]
    return as_text(notebook)
