"""Shared: what all pages of a build have in common, made ready in the process they are forked from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import nbformat

from crmreport.config import Project
from crmreport.lookup import Lookup, look_up, share_lookups
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
    """What pages are made from: a project, its results, the periods of the pages, oldest first.

    `lookups`: what was looked up of the periods before the warm process began.
    """

    project: Project
    results: Results
    periods: tuple[Period, ...]
    lookups: tuple[Lookup, ...] = ()


def looked_up(shared: Shared, names: Collection[str]) -> Shared:
    """Look up what the pages of some periods, given by name, will ask for."""
    periods = [period for period in shared.periods if period.name in names]
    return replace(
        shared, lookups=tuple(look_up(shared.project, shared.results, period) for period in periods)
    )


def prepare_shared(shared: Shared) -> None:
    """Make it ready, so that `open_review` finds it."""
    share_results(shared.project, shared.results)
    share_lookups(shared.lookups)


def rehearsal() -> str:
    """Give the notebook that is run before the first page; with any data it runs to its end."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    declared = "period = ''\nsegment = ''\nlanguage = ''\nproject = ''"
    parameters = nbformat.v4.new_code_cell(declared, metadata={"tags": ["parameters"]})
    notebook.cells = [parameters, *map(nbformat.v4.new_code_cell, REHEARSED)]
    return as_text(notebook)
