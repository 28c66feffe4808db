"""Lookup: what a page looks up is what was computed, and the pages of a period look it up once."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from crmreport.changes import changes_of
from crmreport.config import Project, read_project
from crmreport.context import Context
from crmreport.covering import covered
from crmreport.findings.rank import find
from crmreport.lookup import look_up, lookup_of, share_lookups
from crmreport.metrics.sales import ORDERS
from crmreport.metrics.satisfaction import CSAT
from crmreport.results import Results, compute_results
from crmreport.segments import WHOLE, Segment
from tests.small_project import FEEDBACK, write, write_project
from tests.small_project import ORDERS as ORDER_ROWS


@pytest.fixture
def project(tmp_path: Path) -> Project:
    files = {"orders.csv": ORDER_ROWS, "feedback.csv": FEEDBACK}
    return read_project(write_project(tmp_path / "project", files=files))


@pytest.fixture
def results(project: Project) -> Results:
    return compute_results(project)


def page(project: Project, results: Results, period: str, language: str = "en") -> Context:
    return Context(project, results, covered(project, results, period), WHOLE, language)


def test_a_figure_is_the_cubes_row(project: Project, results: Results) -> None:
    context = page(project, results, "2025-10")
    found = context.figure(ORDERS, WHOLE, context.period)
    cube = results.cube
    row = cube[
        (cube["metric"] == "orders") & (cube["period"] == "2025-10") & (cube["dimension"] == "all")
    ].iloc[0]
    assert found is not None and found["value"] == row["value"] == 28
    assert found.keys() == set(cube.columns) - {"numerator"}
    assert context.figure(ORDERS, Segment("region", "North"), context.period) is None
    assert context.has(CSAT)


def test_a_change_is_the_tested_one(project: Project, results: Results) -> None:
    context = page(project, results, "2025-10")
    change = context.change(ORDERS, WHOLE, "previous")
    assert change is not None and change["before_value"] == 28 and change["difference"] == 0
    assert context.findings == find(changes_of(project, results, context.period), project.settings.segments)


def test_pages_of_one_period_share_what_they_look_up(project: Project, results: Results) -> None:
    october = covered(project, results, "2025-10")
    known = look_up(project, results, october)
    assert known is look_up(project, results, october)
    # Each page reads the results for itself.
    pages = [page(project, compute_results(project), "2025-10", language) for language in ("en", "zh_CN")]
    assert pages[0].changes is pages[1].changes is known.changes
    assert pages[0].findings is pages[1].findings
    september = lookup_of(project, results, covered(project, results, "2025-09"))
    assert september is not known and september.figures is known.figures


def test_a_forked_page_finds_what_the_build_looked_up(project: Project, results: Results) -> None:
    known = look_up(project, results, covered(project, results, "2025-10"))
    sent = pickle.loads(pickle.dumps((results, known)))  # to the process that pages are forked from
    share_lookups([sent[1]])
    context = page(project, sent[0], "2025-10")
    assert context.changes is sent[1].changes is not known.changes
    assert context.findings is sent[1].findings(WHOLE)
    found = context.figure(ORDERS, WHOLE, context.period)
    assert found is not None and found["value"] == 28


def test_new_data_are_looked_up_anew(project: Project, results: Results) -> None:
    before = page(project, results, "2025-10").figure(ORDERS, WHOLE, covered(project, results, "2025-10"))
    write(project.root / "data" / "orders.csv", ORDER_ROWS + "late,c0,2025-10-30,10.50\n")
    newer = compute_results(project)
    after = page(project, newer, "2025-10").figure(ORDERS, WHOLE, covered(project, newer, "2025-10"))
    assert before is not None and after is not None
    assert (before["value"], after["value"]) == (28, 29)


def test_pages_with_other_segments_have_findings_of_their_own(project: Project, results: Results) -> None:
    other = replace(project, settings=project.settings.model_copy(update={"segments": ("region",)}))
    october = covered(project, results, "2025-10")
    assert lookup_of(project, results, october) is not lookup_of(other, results, october)
