"""Analysed: a period's analyses are computed once, know nothing of later, and say why they are not there."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from crmreport.analysed import analysed
from crmreport.analyses import ANALYSES, analysis_named
from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analysing import Task, shared_out
from crmreport.config import Project, read_project
from crmreport.context import Context
from crmreport.covering import covered
from crmreport.display.outputs import MEDIUM, Text
from crmreport.errors import UserError
from crmreport.exhibits.analyses import EXHIBITS
from crmreport.language import LANGUAGES, translate
from crmreport.metrics.metric import SUBJECTS
from crmreport.results import Results, compute_results
from crmreport.review import Review, open_review
from crmreport.segments import WHOLE
from crmreport.tables.contract import table
from crmreport.tables.remote import brought
from tests.conftest import ROOT, BuiltReview
from tests.small_project import OPEN, crmreport, notebook, write_project

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
    facts = {"needs": ("orders",), "facts": ("orders",), "columns": {}, "subject": "sales"} | given
    texts = dict.fromkeys(("title", "definition", "source", "trap", "limit"), "x")
    return Analysis(name=name, compute=compute, **texts, **facts)  # type: ignore[arg-type]


COUNT = _analysis(
    "count", _count,
    columns={"counts": {"orders": "n", "last": "day"}, "people": {"customer_id": "who"}}, private=("people",),
)  # fmt: skip
SHY = _analysis("shy", _decline)
IDLE = _analysis(
    "idle", lambda known: {"x": pd.DataFrame({"n": [len(known.tables)]})}, facts=(), tables=("feedback",),
    columns={"x": {"n": "n"}},
)  # fmt: skip
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
    (first.found["count"].folder / "counts.parquet").write_bytes(b"cut short")
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
    assert (found.found["count"].folder / "people.parquet").is_file()


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


def _undeclared(known: Known) -> Frames:
    return {"x": pd.DataFrame({"feedback": ["feedback" in known.tables]})}


def test_what_is_not_declared_cannot_be_read(project: Project, results: Results) -> None:
    period = covered(project, results, "2025-10")
    careless = _analysis("careless", _undeclared, columns={"x": {"feedback": "y"}})
    with pytest.raises(RuntimeError, match="feedback is read but not declared"):
        analysed(project, results, [period], (careless,))


def test_a_new_month_leaves_the_earlier_ones_as_they_are(tmp_path: Path) -> None:
    project = read_project(write_project(tmp_path, "  as_of: 2025-10-31\n"))
    file = project.root / "data" / "orders.csv"
    rows = file.read_text(encoding="utf-8")
    file.write_text("".join(r for r in rows.splitlines(True) if ",2025-11-" not in r), encoding="utf-8")
    before = compute_results(project)
    COMPUTED.clear()
    found = analysed(project, before, [covered(project, before, "2025-10")], (COUNT,))
    project = read_project(write_project(tmp_path, "  as_of: 2025-11-30\n"))
    after = compute_results(project)
    periods = [covered(project, after, name) for name in ("2025-10", "2025-11")]
    again = analysed(project, after, periods, (COUNT,))
    assert COMPUTED == ["2025-10", "2025-11"]
    assert again["2025-10"] == found["2025-10"]
    assert again["2025-11"].digest("count") != found["2025-10"].digest("count")


def test_a_changed_row_is_computed_anew_where_it_is_read_and_from_its_day_on(project: Project) -> None:
    file = project.root / "data" / "orders.csv"
    names = ("2025-08", "2025-09", "2025-10")
    first = compute_results(project)
    analysed(project, first, [covered(project, first, name) for name in names], (COUNT, IDLE))
    changed = file.read_text(encoding="utf-8").replace("o9-3,c0,2025-09-03,10.50", "o9-3,c0,2025-09-03,11.50")
    file.write_text(changed, encoding="utf-8")
    COMPUTED.clear()
    second = compute_results(project)
    assert second.data != first.data
    analysed(project, second, [covered(project, second, name) for name in names], (COUNT, IDLE))
    assert COMPUTED == ["2025-09", "2025-10"]


def _killed(known: Known) -> Frames:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def test_a_process_that_is_killed_is_said_and_leaves_nothing(project: Project, results: Results) -> None:
    periods = [covered(project, results, name) for name in ("2025-09", "2025-10")]
    with pytest.raises(UserError, match="ended from outside"):
        analysed(project, results, periods, (_analysis("killed", _killed),), workers=2)
    assert not list((project.store / "analyses").glob("killed-*"))


def test_two_processes_keep_the_same_bytes_as_one(project: Project, results: Results) -> None:
    periods = [covered(project, results, name) for name in ("2025-08", "2025-09", "2025-10")]
    some = tuple(analysis_named(name) for name in ("abc", "cohorts", "purchase_times", "churn"))
    heard: list[tuple[int, int]] = []
    kept = []
    for workers in (1, 2):
        shutil.rmtree(project.store / "analyses", ignore_errors=True)
        analysed(project, results, periods, some, workers, lambda doing, done, of: heard.append((done, of)))
        files = sorted(p for p in (project.store / "analyses").rglob("*") if p.is_file())
        kept.append({str(p.relative_to(project.store)): p.read_bytes() for p in files})
    assert kept[0] == kept[1] and len(kept[0]) > 12
    # One process has whole periods to do; the third is divided between two.
    assert heard[:4] == [(0, 12), (4, 12), (8, 12), (12, 12)]
    assert len(heard) == 4 + 7 and heard[-1] == (12, 12)


def _task(project: Project, results: Results, count: int) -> Task:
    names = [f"a{n}" for n in range(count)]
    return Task(
        tables=(),
        first_day=results.first_day,
        as_of=results.as_of,
        periods=(covered(project, results, "2025-10"),),
        cube=results.cube,
        settings=project.settings,
        analyses=tuple(_analysis(name, _count) for name in names),
        folders=tuple(project.store / name for name in names),
    )


@pytest.mark.parametrize(
    ("given", "shared"),
    [
        ([4, 4], [4, 4]),
        ([4, 4, 4], [4, 4, 1, 1, 1, 1]),  # the third would keep one process waiting
        ([5, 1, 1], [1, 1, 1, 1, 1, 1, 1]),  # so would the first
        ([3], [1, 1, 1]),
        ([2, 2, 1, 2, 1], [2, 2, 1, 2, 1]),
    ],
)
def test_two_processes_have_about_as_much_to_do(
    project: Project, results: Results, given: list[int], shared: list[int]
) -> None:
    tasks = shared_out([_task(project, results, count) for count in given], 2)
    assert [len(task.analyses) for task in tasks] == shared


def test_analyses_of_the_same_facts_stay_together(project: Project, results: Results) -> None:
    of = {"a": ("x",), "b": ("x", "y"), "c": (), "d": ("x",), "e": ("x", "y"), "f": (), "g": ("x",)}
    analyses = tuple(_analysis(name, _count, facts=facts) for name, facts in of.items())
    task = replace(
        _task(project, results, 0), analyses=analyses, folders=tuple(project.store / name for name in of)
    )
    shared = [[path.name for path in part.folders] for part in shared_out([task], 2)]
    assert shared == [["a", "d", "g"], ["b", "e"], ["c"], ["f"]]
    by_more = [[path.name for path in part.folders] for part in shared_out([task], 3)]
    assert by_more == [["b", "e"], ["c"], ["f"], ["a"], ["d"], ["g"]]  # a third of seven is less than three


@pytest.mark.parametrize("shows", [True, False])
def test_a_build_reads_the_tables_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shows: bool) -> None:
    cells = (OPEN, "review.analysis('abc.classes')") if shows else (OPEN,)
    project = write_project(tmp_path, notebooks={"summary": notebook(*cells)})
    reads: list[Project] = []
    monkeypatch.setattr(brought, "read_data", reads.append)
    done = crmreport("build", "--no-pdf", "--period", "2025-10", "--project", str(project))
    assert done.exit_code == 0, done.output
    assert (len(list((project / ".crmreport" / "analyses").glob("abc-*"))) == 1) == shows
    assert reads == [] and brought._left == {}


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda a: a.name)
def test_every_declaration_is_whole(analysis: Analysis) -> None:
    assert analysis.name.isidentifier() and analysis.subject in SUBJECTS
    assert set(analysis.private) <= set(analysis.columns)
    for need in analysis.needs:
        name, _, column = need.partition(".")
        assert not column or table(name).column(column)
        assert name in analysis.rests_on
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
