"""Analysed: a period's analyses are computed once, know nothing of later, and say why they are not there."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from crmreport.analysed import analysed
from crmreport.analyses import ANALYSES
from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.config import Project, read_project
from crmreport.context import Context
from crmreport.display.outputs import MEDIUM, Text
from crmreport.errors import UserError
from crmreport.exhibits.analyses import EXHIBITS
from crmreport.language import LANGUAGES, translate
from crmreport.metrics.metric import SUBJECTS
from crmreport.results import Results, compute_results, covered
from crmreport.review import Review, open_review
from crmreport.segments import WHOLE
from crmreport.tables.contract import table
from tests.conftest import ROOT, BuiltReview
from tests.small_project import write_project

COMPUTED: list[str] = []


def _count(known: Known) -> Frames:
    COMPUTED.append(known.period.key)
    rows = known.facts["orders"]
    last = rows.ordered_at.max().to_pyarrow().as_py()
    counts = pd.DataFrame({"orders": [rows.count().to_pyarrow().as_py()], "last": [str(last.date())]})
    return {"counts": counts, "people": pd.DataFrame({"customer_id": ["C1"]})}


def _decline(known: Known) -> Frames:
    raise Declined("{n} orders are too few.", n=3)


def _analysis(name: str, compute: object, **given: object) -> Analysis:
    facts = {"needs": ("orders",), "columns": {}, "subject": "sales"} | given
    texts = dict.fromkeys(("title", "definition", "source", "trap", "limit"), "x")
    return Analysis(name=name, compute=compute, **texts, **facts)  # type: ignore[arg-type]


COUNT = _analysis(
    "count", _count,
    columns={"counts": {"orders": "n", "last": "day"}, "people": {"customer_id": "who"}}, private=("people",),
)  # fmt: skip
SHY = _analysis("shy", _decline)
LACKING = _analysis("lacking", _decline, needs=("orders", "feedback.kano_feature", "no_such_table"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return read_project(write_project(tmp_path))


@pytest.fixture
def results(project: Project) -> Results:
    return compute_results(project)


def test_each_period_knows_what_was_known_when_it_ended(project: Project, results: Results) -> None:
    periods = [covered(project, results, name) for name in ("2025-09", "2025-10")]
    found = analysed(project, results, periods, (COUNT,))
    counts = [found[p.key].frames("count")["counts"].iloc[0] for p in periods]
    assert counts[0]["last"] <= "2025-09-30" < counts[1]["last"] <= "2025-10-31"
    assert 0 < counts[0]["orders"] < counts[1]["orders"]


def test_what_is_kept_is_not_computed_again_and_what_is_broken_is(project: Project, results: Results) -> None:
    period = covered(project, results, "2025-10")
    COMPUTED.clear()
    first = analysed(project, results, [period], (COUNT,))[period.key]
    again = analysed(project, results, [period], (COUNT,))[period.key]
    assert [period.key] == COMPUTED and again == first
    (first.folder / "count.counts.parquet").write_bytes(b"cut short")
    mended = analysed(project, results, [period], (COUNT,))[period.key]
    assert [period.key] * 2 == COMPUTED and len(mended.frames("count")["counts"]) == 1


def test_why_an_analysis_is_not_there_is_said_once(project: Project, results: Results) -> None:
    review = Review(Context(project, results, covered(project, results, "2025-10"), WHOLE, "en"))
    shown = [review.analysis(name) for name in EXHIBITS if name.startswith("churn.")]
    assert len(shown) == 3 and all(isinstance(text, Text) for text in shown)
    said = [text.markdown for text in shown if isinstance(text, Text) and text.markdown]
    assert len(said) == 1 and said[0].startswith("Churn prediction: To learn from customers")


def test_private_frames_are_kept_and_given_to_nobody(project: Project, results: Results) -> None:
    period = covered(project, results, "2025-10")
    found = analysed(project, results, [period], (COUNT,))[period.key]
    assert list(found.frames("count")) == ["counts"]
    assert (found.folder / "count.people.parquet").is_file()


def test_an_analyst_gets_what_a_book_must_not_show(
    review: BuiltReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_review(str(review.project), "2025-10")
    customers = opened.frame("abc", "customers")
    assert len(customers) == opened.frame("abc", "abc")["customers"].sum()
    monkeypatch.setenv(MEDIUM, "book")
    with pytest.raises(UserError, match="a row per customer"):
        opened.frame("abc", "customers")
    with pytest.raises(UserError, match="no frame"):
        opened.frame("abc", "abcs")


def test_an_analysis_that_cannot_be_says_why_and_one_that_lacks_tables_nothing(
    project: Project, results: Results
) -> None:
    period = covered(project, results, "2025-10")
    found = analysed(project, results, [period], (SHY, LACKING))[period.key]
    assert {name: reason.say("en") for name, reason in found.declined.items()} == {
        "shy": "3 orders are too few."
    }
    assert found.frames("shy") == {} == found.frames("lacking")


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda a: a.name)
def test_every_declaration_is_whole(analysis: Analysis) -> None:
    assert analysis.name.isidentifier() and analysis.subject in SUBJECTS
    assert set(analysis.private) <= set(analysis.columns)
    for need in analysis.needs:
        name, _, column = need.partition(".")
        assert not column or table(name).column(column)
    texts = [analysis.title, analysis.definition, analysis.source, analysis.trap, analysis.limit]
    texts += [meaning for columns in analysis.columns.values() for meaning in columns.values()]
    for text in texts:
        assert text
        assert all(translate(text, language, active_days=90) for language in LANGUAGES)


@pytest.mark.parametrize("exhibit", EXHIBITS)
def test_every_exhibit_is_in_a_chapter(exhibit: str) -> None:
    notebooks = [path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert sum(f'review.analysis(\\"{exhibit}\\")' in text for text in notebooks) == 1


def test_names_of_analyses_are_unique_and_each_is_shown_somewhere() -> None:
    names = [analysis.name for analysis in ANALYSES]
    assert len(set(names)) == len(names)
    assert {exhibit.partition(".")[0] for exhibit in EXHIBITS} == set(names)
