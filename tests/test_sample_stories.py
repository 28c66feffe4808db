"""What the review of the sample company says of October 2025; the stories are told in data/README.md."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from crmreport.config import read_project
from crmreport.findings.advice import advice
from crmreport.findings.detect import BASELINES, baseline_of, find_changes
from crmreport.findings.rank import CHANGED, HIDDEN, Finding, find, headlines
from crmreport.metrics import METRICS
from crmreport.metrics.cube import compute_cube
from crmreport.tables.data import read_data

ROOT = Path(__file__).parent.parent
PERIOD = "2025-10"


@pytest.fixture(scope="module")
def changes() -> pd.DataFrame:
    project = read_project(ROOT)
    data, calendar = read_data(project), project.settings.calendar
    months = calendar.between(data.first_day, data.as_of, project.settings.kind)
    whole = [m for m in months if not calendar.at(m, data.as_of).is_partial]
    cube = compute_cube(data, whole, project.settings.active_days, project.settings.minimum_cell)
    return find_changes(cube, calendar.period(PERIOD), whole)


@pytest.fixture(scope="module")
def findings(changes) -> dict[str, Finding]:
    return {f.change.metric: f for f in find(changes, ("region",))}


def test_satisfaction_falls_and_the_north_explains_it(findings):
    """Story 1: 82.0 % to 74.5 %, and all of it comes from the North (82 % to about 56 %)."""
    found = findings["csat"]
    assert found.kind == CHANGED
    assert (round(found.change.before, 3), round(found.change.after, 3)) == (0.820, 0.745)
    assert found.part is not None and found.part.change.segment == "North"
    assert found.part.share > 0.8
    assert found.part.change.after == pytest.approx(0.56, abs=0.02)
    assert found.part.after_without > 0.8


def test_first_response_is_slower_in_the_north(findings):
    found = findings["first_response_time"]
    assert found.kind == CHANGED and found.part is not None
    assert found.part.change.segment == "North"
    assert found.part.change.after > 3 * found.part.change.before
    assert advice(found)


def test_customers_of_the_north_leave(findings):
    found = findings["retention_rate"]
    assert found.kind == CHANGED and found.part is not None
    assert found.part.change.segment == "North"
    assert found.part.change.after == pytest.approx(0.79, abs=0.01)


def test_lead_conversion_hides_a_fall(findings):
    """Story 2: flat in total (19.4 % and 19.3 %), while all five sources convert worse by 18 to 31 %."""
    found = findings["lead_conversion_rate"]
    assert found.kind == HIDDEN and found.mix is not None
    assert found.mix.dimension == "lead_source"
    assert (found.mix.segments, found.mix.same_way) == (5, 5)
    assert found.mix.high < 0 < found.mix.mix
    assert 0.18 < -found.mix.rate / found.change.before < 0.40
    assert abs(found.change.difference) < 0.02
    assert advice(found)


def test_headlines_tell_both_stories(changes):
    told = {f.change.metric for f in headlines(find(changes, ("region",)), 4)}
    assert told == {"first_response_time", "retention_rate", "csat", "lead_conversion_rate"}


def test_nothing_contradicts_the_stories(findings):
    """No service or satisfaction gets better, chairs are no headline, and no revenue rises in total."""
    better = {m.name: m.better.value for m in METRICS}
    for name in ("csat", "nps", "first_response_time", "service_cases", "retention_rate"):
        if name in findings:
            worse = findings[name].change.difference < 0
            assert worse == (better[name] == "higher"), name
    assert "Chairs" not in {f.change.segment for f in findings.values()}
    for name in ("revenue", "orders", "buyers"):
        if name in findings and findings[name].kind == CHANGED:
            assert findings[name].change.difference < 0


def test_without_the_pooled_months_the_hidden_fall_stays_hidden(changes):
    """One month has 280 leads: too few to tell, which is why a quarter's are put together."""
    of_month = changes[changes["baseline"].isin(BASELINES)]
    kinds = {f.change.metric: f.kind for f in find(of_month, ("region",))}
    assert kinds.get("lead_conversion_rate") != HIDDEN
    period = read_project(ROOT).settings.calendar.period(PERIOD)
    assert [baseline_of(period, b).name for b in BASELINES] == ["2025-09", "2024-10"]
