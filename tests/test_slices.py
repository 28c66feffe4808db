"""Slices: what changes the digest of a part of the results, and what does not."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from benchmarks.company import copy_company
from crmreport.config import Project, read_project
from crmreport.covering import covered
from crmreport.digests import cube_digests
from crmreport.findings.rank import DECIMALS
from crmreport.lookup import look_up
from crmreport.periods import Calendar, Kind
from crmreport.results import compute_results
from crmreport.segments import WHOLE
from crmreport.slices import slices_of

OCTOBER = Calendar().containing(date(2025, 10, 1), Kind.MONTH)
OF_COMPANY, OF_REGION, KNOWN = "figures csat 2025-10 all", "figures csat 2025-10 region", "cube 2025-10"


def cube(**other: object) -> pd.DataFrame:
    """Two figures of one metric; `other`: what is otherwise in that of the segment."""
    row = {"period": "2025-10", "metric": "csat", "numerator": 3.0, "value": 0.5}
    company, north = {"dimension": "all", "segment": "all"}, {"dimension": "region", "segment": "North"}
    return pd.DataFrame([row | company, row | north | other])


def changed(**other: object) -> set[str]:
    """Name the parts of the cube whose digests are others."""
    before, after = (cube_digests(each, [OCTOBER]) for each in (cube(), cube(**other)))
    assert before.keys() == after.keys() == {OF_COMPANY, OF_REGION, KNOWN}
    return {read for read in before if before[read] != after[read]}


def test_a_segments_figure_changes_no_part_of_another_dimension() -> None:
    assert changed(value=0.6) == {OF_REGION, KNOWN}


def test_a_sum_that_no_page_reads_changes_only_what_changes_rest_on() -> None:
    assert changed(numerator=4.0) == {KNOWN}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample company, with a store of its own."""
    return read_project(copy_company(tmp_path_factory.mktemp("company") / "project"))


def test_findings_tell_error_rates_to_a_few_decimals(project: Project) -> None:
    results = compute_results(project)
    found = look_up(project, results, covered(project, results, "2025-10")).findings(WHOLE)
    rates = [finding.change.q for finding in found]
    rates += [part.change.q for finding in found if (part := finding.part)]
    rates += [mix.q for finding in found if (mix := finding.mix)]
    known = [rate for rate in rates if rate == rate]
    assert len(known) > 5 and known == [round(rate, DECIMALS) for rate in known]


def test_changes_have_a_digest_for_each_dimension(project: Project) -> None:
    results = compute_results(project)
    slices = slices_of(project, results, [covered(project, results, "2025-10")])
    of_company, of_region = (slices.digest(f"change csat 2025-10 {d}") for d in ("all", "region"))
    assert of_company and of_region and of_company != of_region
    assert slices.digest("change csat 2025-10 nothing") == ""
