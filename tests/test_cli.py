"""The command line: exit codes, what is said, and what is left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crmreport.config import read_project
from crmreport.metrics import METRICS
from crmreport.results import compute_results
from crmreport.work import Request, plan_work
from tests.small_project import (
    FEEDBACK,
    OPEN,
    ORDERS,
    PARAMETERS,
    crmreport,
    notebook,
    refused,
    refused_list,
    write,
    write_project,
)

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("cli") / "project")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["list", "--period", "2025-13"],
            "2025-13 is not a period. Write it as 2025-10 (month), 2025-Q4 (quarter),",
        ),
        (["list", "--period", ""], "'' is not a period. Write it as"),
        (["list", "--period", "2025-10-09..2025-10-01"], "2025-10-09..2025-10-01 is not a period."),
        (["list", "--period", "0003-01-01..2025-10-01"], "0003-01-01..2025-10-01 is not a period."),
        (
            ["list", "--period", "2031-01"],
            "There are no data of 2031-01: they run from 2025-08-01 to 2025-11-28. Name",
        ),
        (["list", "--period", "9998"], "There are no data of 9998: "),
        (["list", "--segments", "regoin"], "--segments: the data cannot be split by regoin."),
        (
            ["run", "summry", "--period", "2025-10"],
            "There is no chapter summry in notebooks. Did you mean summary?",
        ),
        (["run", "summary", "--period", "2025-13"], "2025-13 is not a period."),
        (["run", "summary", "--period", "2031-01"], "There are no data of 2031-01: "),
        (
            ["run", "summary", "--period", "2025-10", "-p", "perod=x"],
            "The chapter summary has no parameter perod. Did",
        ),
        (
            ["run", "summary", "--period", "2025-10", "-p", "perod"],
            "perod is not a parameter. Write it as NAME=VALUE.",
        ),
        (
            ["run", "summary", "--period", "2025-10", "-p", "period=2025-09"],
            "period is given twice. Say --period alone",
        ),
        (
            ["run", "summary", "--period", "2025-10", "--segment", "region=N"],
            "The data have no segment region=N.",
        ),
        (["build", "--quiet", "--period", "2025-13"], "2025-13 is not a period."),
    ],
)
def test_what_cannot_be_is_said_in_one_line_with_the_cure(project: Path, arguments: list[str], said: str):
    assert refused(*arguments, "--project", str(project)).startswith(said)
    assert not (project / "_build").exists()
    assert not (project / "_run").exists()


def test_a_fiscal_calendar_names_its_own_forms(tmp_path: Path):
    project = write_project(tmp_path, "  fiscal_year_start: 4\n")
    assert "FY2025-Q4 (quarter)" in refused("list", "--period", "2025-Q4", "--project", str(project))


@pytest.mark.parametrize(
    "arguments", [["bild"], ["list", "--language", "fr"], ["build", "--jobs", "-1"], ["run", "x"]]
)
def test_what_the_command_line_does_not_know_is_exit_code_2(arguments: list[str]):
    result = crmreport(*arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr and "Error: " in result.stderr


@pytest.mark.parametrize("command", ["build", "run"])
def test_an_output_that_cannot_be_written_is_refused_before_anything_runs(tmp_path: Path, command: str):
    project = write_project(tmp_path / "project")
    write(tmp_path / "file", "keep")
    arguments = [
        command,
        *(["summary", "--period", "2025-10"] if command == "run" else []),
        "--project",
        str(project),
    ]
    for output in (tmp_path / "file", tmp_path / "file" / "sub", Path("/proc/none/out")):
        said = refused(*arguments, "--quiet", "--output", str(output))
        assert "is a file, not a folder. Name another" in said or "cannot be written: " in said
    assert (tmp_path / "file").read_text() == "keep"
    assert not (project / ".crmreport" / "pages").exists()


def test_an_output_folder_with_other_files_is_left_alone(tmp_path: Path):
    project = write_project(tmp_path)
    said = refused("build", "--quiet", "--project", str(project), "--output", str(project))
    assert said == f"{project} holds other files, which a build would replace. Name an empty or a new folder."


def test_a_project_folder_that_cannot_be_written_is_said(tmp_path: Path):
    project = write_project(tmp_path)
    write(project / ".crmreport", "a file where the folder would be")
    place = project / ".crmreport"
    said = refused_list(project)
    assert said == f"{place} cannot be written: Not a directory. Put the project where you may write."


def test_results_that_are_broken_are_computed_again(tmp_path: Path):
    project = read_project(write_project(tmp_path))
    whole = compute_results(project)
    for damage in (
        lambda: write(whole.folder / "cube.parquet", whole.folder.joinpath("cube.parquet").read_bytes()[:99]),
        lambda: write(whole.folder / "about.json", "{"),
        lambda: write(whole.folder / "about.json", "{}"),
        lambda: (whole.folder / "funnel.parquet").unlink(),
        lambda: (shutil.rmtree(whole.folder), write(whole.folder, "a file")),
    ):
        damage()
        again = compute_results(project)
        assert again.cube.equals(whole.cube)
        assert (again.folder, again.as_of, again.columns) == (whole.folder, whole.as_of, whole.columns)
    assert [p.name for p in whole.folder.parent.iterdir()] == [
        whole.folder.name
    ]  # and nothing half-written stays


def test_a_day_before_the_data_is_not_one_to_review_as_of(tmp_path: Path):
    said = refused_list(write_project(tmp_path, "  as_of: 2000-01-01\n"))
    assert said.startswith(
        "crmreport.as_of in _config.yml: on 2000-01-01 there were no data yet; they run from"
    )


def test_a_day_to_come_is_not_one_to_review_as_of(tmp_path: Path):
    said = refused_list(write_project(tmp_path, "  as_of: 2999-01-01\n"))
    assert said == (
        "crmreport.as_of in _config.yml: 2999-01-01 is still to come. The newest row is of 2025-11-28; name "
        "no day after today."
    )


def pages_of(project: Path) -> list[str]:
    return [planned.page.name for planned in plan_work(read_project(project), Request()).pages]


def test_data_may_cover_more_days_than_they_have_rows_for(tmp_path: Path):
    # The last order is of 28 November; who says that the data cover November has a whole month.
    project = write_project(tmp_path)
    assert pages_of(project) == ["2025-10/summary"]
    project = write_project(tmp_path, "  as_of: 2025-11-30\n")
    assert pages_of(project) == ["2025-11/summary"]


def test_data_of_less_than_a_whole_period_are_too_few(tmp_path: Path):
    files = {"orders.csv": "order_id,customer_id,ordered_at\no1,c1,2025-10-01\n"}
    said = refused_list(write_project(tmp_path, files=files))
    assert said.startswith(
        "The data run from 2025-10-01 to 2025-10-01: no whole month yet. Connect more data, or set"
    )


def test_metrics_need_neither_data_nor_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    listed = crmreport("metrics")
    assert listed.exit_code == 0
    assert [line.split(":")[0] for line in listed.stdout.splitlines() if line[0] != " "] == [
        m.name for m in METRICS
    ]
    described = json.loads(crmreport("metrics", "--json").stdout)
    assert [m["name"] for m in described] == [m.name for m in METRICS]
    assert refused("metrics", "--project", "nowhere").startswith("There is no _config.yml in nowhere.")


def test_the_sample_is_written_or_refused(tmp_path: Path):
    write(tmp_path / "file", "")
    said = refused("sample", str(tmp_path / "file" / "sub"))
    assert said == f"{tmp_path / 'file' / 'sub'} cannot be written: Not a directory. Name another folder."


def test_the_list_is_json_for_a_program(project: Path):
    listed = crmreport(
        "list", "--project", str(project), "--period", "2025-10", "--period", "2025-10", "--json"
    )
    (page,) = json.loads(listed.stdout)
    assert page["page"] == "2025-10/summary" and page["language"] == "en"
    assert page["why"] == "not run yet" and page["changed"] == []
    assert listed.stderr == ""


def test_a_user_of_a_chinese_terminal_is_answered_in_chinese(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "crmreport", "list", "--project", str(tmp_path)],
        env=os.environ | {"LC_ALL": "zh_CN.UTF-8", "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "_config.yml" in done.stderr and "没有" in done.stderr


def test_pages_that_fail_are_shown_and_the_rest_is_built(tmp_path: Path):
    notebooks = {
        "good": notebook(OPEN + "\nreview.cards('revenue')", title="Good"),
        "raises": notebook("x = 1", "raise ValueError('no such thing')", title="Raises"),
        "dies": notebook("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", title="Dies"),
        "hangs": notebook("import time\ntime.sleep(600)", title="Hangs"),
    }
    settings = "  chapters: [good, raises, dies, hangs]\n  page_timeout_seconds: 12\n"
    project = write_project(tmp_path, settings, notebooks=notebooks)
    built = crmreport("build", "--no-pdf", "--period", "2025-10", "--project", str(project))
    assert built.exit_code == 1, built.output
    said = {
        "good": ("ok", ""),
        "raises": ("failed", "Cell 4: ValueError: no such thing"),
        "dies": ("failed", "Cell 3: the process was killed by SIGKILL"),
        "hangs": ("failed", "Cell 3: a cell ran longer than 12 s"),
    }
    output = project / "_build"
    lines = json.loads((output / "run.json").read_text(encoding="utf-8"))["pages"]
    assert {line["page"].split("/")[1]: (line["state"], line["error"]) for line in lines} == said
    for chapter, (state, error) in said.items():
        html = (output / "html" / "en" / "2025-10" / f"{chapter}.html").read_text(encoding="utf-8")
        assert (error or "Revenue") in html
        assert ("This page could not be made" in html) == (state == "failed")
        assert (f"failed: en/2025-10/{chapter}: {error}" in built.stderr) == (state == "failed")
    assert "4 pages: 1 run, 0 unchanged, 3 failed." in built.stdout

    # What comes next fails before anything is replaced, and then mends one page.
    before = {p: p.read_bytes() for p in output.rglob("*") if p.is_file()}
    write(project / "data" / "orders.csv", "garbage")
    refused("build", "--quiet", "--no-pdf", "--period", "2025-10", "--project", str(project))
    assert {p: p.read_bytes() for p in output.rglob("*") if p.is_file()} == before
    write(project / "data" / "orders.csv", ORDERS)
    config = (
        (project / "_config.yml")
        .read_text(encoding="utf-8")
        .replace("[good, raises, dies, hangs]", "[raises]")
    )
    write(project / "_config.yml", config)
    write(project / "notebooks" / "raises.ipynb", notebook("x = 1", title="Raises"))
    again = crmreport("build", "--no-pdf", "--period", "2025-10", "--project", str(project), "--json")
    assert (again.exit_code, again.stderr) == (0, "")
    assert [line["state"] for line in json.loads(again.stdout)["pages"]] == ["ok"]
    assert not (output / "html" / "en" / "2025-10" / "hangs.html").exists()


def test_a_project_with_feedback_alone_has_satisfaction_and_says_what_sales_needs(tmp_path: Path):
    project = write_project(tmp_path, "  chapters: [satisfaction, sales]\n", {"feedback.csv": FEEDBACK})
    for chapter in ("satisfaction", "sales"):
        shutil.copy(ROOT / "notebooks" / f"{chapter}.ipynb", project / "notebooks")
    built = crmreport("build", "--quiet", "--no-pdf", "--period", "2025-10", "--project", str(project))
    assert (built.exit_code, built.stdout) == (0, ""), built.output
    html = {
        chapter: (project / "_build/html/en/2025-10" / f"{chapter}.html").read_text(encoding="utf-8")
        for chapter in ("satisfaction", "sales")
    }
    assert "No data for this chapter: connect" in html["sales"]
    assert ">orders<" in html["sales"]
    assert "No data for this chapter" not in html["satisfaction"]


def test_a_chapter_of_another_title_has_it_in_the_contents_of_every_page(tmp_path: Path):
    settings = "  chapters: [summary, more]\n"
    pages = {"summary": notebook(), "more": notebook(title="More")}
    project = write_project(tmp_path, settings, notebooks=pages)
    arguments = ("build", "--quiet", "--no-pdf", "--period", "2025-10", "--project", str(project))
    assert crmreport(*arguments).exit_code == 0
    write(project / "notebooks" / "more.ipynb", pages["more"].replace('"title": "More"', '"title": "Others"'))
    assert crmreport(*arguments).exit_code == 0
    html = (project / "_build/html/en/2025-10/summary.html").read_text(encoding="utf-8")
    sidebar = html.split('<nav class="bd-links', 1)[1].split("</nav>", 1)[0]
    assert "Others" in sidebar
    assert "More" not in sidebar


def test_a_cell_that_has_nothing_to_say_takes_no_place(tmp_path: Path):
    code = ("from crmreport.display.outputs import Text", "Text('')", "Text('Something.')")
    project = write_project(tmp_path, notebooks={"summary": notebook(*code)})
    done = crmreport("run", "summary", "--period", "2025-10", "--project", str(project), "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    cells = json.loads(Path(answer["notebook"]).read_text(encoding="utf-8"))["cells"]
    hidden = [
        "remove-cell" in cell["metadata"].get("tags", ())
        for cell in cells
        if cell["id"] in ("code-1", "code-2")
    ]
    assert hidden == [True, False]


def test_one_page_runs_with_parameters_beside_what_is_there(tmp_path: Path):
    text = notebook("print(factor * 2)").replace(
        json.dumps(PARAMETERS), json.dumps(PARAMETERS + "\nfactor = 1")
    )
    project = write_project(tmp_path / "project", notebooks={"summary": text})
    output = tmp_path / "out"
    write(output / "html" / "en" / "mine.txt", "keep")
    arguments = ("run", "summary", "--period", "2025-10", "-p", "factor=21", "--project", str(project))
    done = crmreport(*arguments, "--output", str(output), "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["error"] == ""
    assert "42" in Path(answer["html"]).read_text(encoding="utf-8")
    assert (
        json.loads(Path(answer["notebook"]).read_text(encoding="utf-8"))["cells"][-1]["outputs"][0]["text"]
        == "42\n"
    )
    assert (output / "html" / "en" / "mine.txt").read_text() == "keep"


def test_one_page_runs_in_the_kernel_that_is_asked_for(tmp_path: Path):
    code = "import sys; print('anew' if 'ipykernel_launcher' in sys.orig_argv else 'from what was there')"
    project = write_project(tmp_path, notebooks={"summary": notebook(code)})
    arguments = ("run", "summary", "--period", "2025-10", "--project", str(project), "--kernel", "cold")
    done = crmreport(*arguments, "--json")
    assert done.exit_code == 0, done.output
    executed = json.loads(Path(json.loads(done.stdout)["notebook"]).read_text(encoding="utf-8"))
    assert executed["cells"][-1]["outputs"][0]["text"] == "anew\n"
