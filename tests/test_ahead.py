"""Ahead: analyses that rest on tables alone are made beside the figures, and are the same as without."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from crmreport import ahead as ahead_module
from crmreport.ahead import Ahead
from crmreport.analysed import analysed, kept_analyses
from crmreport.analyses import ANALYSES
from crmreport.config import Project, read_project
from crmreport.covering import covered
from crmreport.results import Results, compute_results
from crmreport.tables.remote import brought
from crmreport.work import Request, periods_of
from tests.small_project import OPEN, crmreport, notebook, write_project

MONTHS = ("2025-09", "2025-10")
WITH_FIGURES = {a.name for a in ANALYSES if a.metrics}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    summary = notebook(OPEN, "review.analysis('abc.classes')")
    return read_project(write_project(tmp_path, notebooks={"summary": summary}))


def computed(project: Project, workers: int = 2, *, figures: bool = False, finish: bool = True) -> Results:
    """Compute the results of a project anew, with what can be made ahead."""
    shutil.rmtree(project.store, ignore_errors=True)
    periods = partial(periods_of, project, Request(MONTHS))
    with Ahead(project, periods, lambda: None, workers, lambda *_: None) as ahead:
        results = compute_results(project, beside=ahead)
        if figures:
            ahead.go_on(results)
        if finish:
            ahead.finish()
    return results


def kept(project: Project, results: Results) -> dict[str, set[str]]:
    """Name the analyses that are kept of each month."""
    found = {m: kept_analyses(project, results, covered(project, results, m)) for m in MONTHS}
    return {m: {name for name, each in of_it.items() if each} for m, of_it in found.items()}


def files(project: Project) -> dict[str, bytes]:
    folder = project.store / "analyses"
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_all_that_rest_on_tables_alone_are_made_and_no_others(project: Project) -> None:
    results = computed(project)
    possible = {a.name for a in ANALYSES if all(results.has(need) for need in a.needs)}
    assert len(possible) > 10
    assert kept(project, results) == dict.fromkeys(MONTHS, possible - WITH_FIGURES)


def test_those_that_rest_on_figures_are_made_when_these_are_there(project: Project) -> None:
    results = computed(project, figures=True)
    possible = {a.name for a in ANALYSES if all(results.has(need) for need in a.needs)}
    assert possible & WITH_FIGURES
    assert kept(project, results) == dict.fromkeys(MONTHS, possible)


def test_they_are_those_that_would_be_made_afterwards(project: Project) -> None:
    made = []
    for workers in (1, 2):
        results = computed(project, workers)
        made.append(files(project))
    shutil.rmtree(project.store / "analyses")
    without = tuple(a for a in ANALYSES if not a.metrics)
    analysed(project, results, [covered(project, results, m) for m in MONTHS], without)
    assert made[0] == made[1] == files(project)
    assert len(made[0]) > 40


def test_the_tables_are_read_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    monkeypatch.setattr(brought, "read_data", lambda project: reads.append(project))
    options = ("--no-pdf", "--jobs", "2", "--period", "2025-10")
    done = crmreport("build", *options, "--project", str(project.root))
    assert done.exit_code == 0, done.output
    assert reads == []
    assert brought._left == {}


def test_nothing_is_made_that_no_page_shows(tmp_path: Path) -> None:
    project = read_project(write_project(tmp_path))
    assert kept(project, computed(project)) == {month: set() for month in MONTHS}


def test_analyses_of_long_tables_wait_for_the_figures(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead_module, "MOST_ROWS_IN_MEMORY", 100)
    results = computed(project)
    assert kept(project, results) == {month: set() for month in MONTHS}
    found = analysed(project, results, [covered(project, results, m) for m in MONTHS])
    assert "abc" in found["2025-10"].kept


def test_a_build_that_is_refused_leaves_what_was_begun_whole_or_not_at_all(project: Project) -> None:
    results = computed(project, finish=False)
    period = covered(project, results, "2025-10")
    assert analysed(project, results, [period])["2025-10"].frames("abc")
    for folder in (project.store / "analyses").iterdir():
        assert (folder / "about.json").is_file()
