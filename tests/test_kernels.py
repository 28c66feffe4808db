"""Kernels: one that never answers is begun again, and is no failed build."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from crmreport.config import read_project
from crmreport.pages import run
from crmreport.pages.plan import Page
from crmreport.pages.run import FAILED, OK, Job, Outcome
from crmreport.segments import WHOLE
from tests.small_project import notebook, write_project

# Sleeps as often as the file says, and then is the usual kernel.
KERNEL = """
import pathlib, sys, time
silent = pathlib.Path({counter!r})
left = int(silent.read_text())
silent.write_text(str(left - 1))
if left > 0:
    time.sleep(600)
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""


def run_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent_times: int) -> Outcome:
    counter = tmp_path / "silent"
    counter.write_text(str(silent_times))
    script = tmp_path / "kernel.py"
    script.write_text(KERNEL.format(counter=str(counter)))
    folder = tmp_path / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": [sys.executable, str(script), "-f", "{connection_file}"], "display_name": "x"}
    (folder / "kernel.json").write_text(json.dumps(spec | {"language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setattr(run, "START_SECONDS", 6)
    project = read_project(write_project(tmp_path / "project"))
    page = Page("summary", "2025-10", WHOLE, "en", "2025-10/summary")
    return run.run(Job(page, notebook("print(6 * 7)"), page.parameters, project.root, 60))


def test_a_kernel_that_does_not_answer_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = run_with(tmp_path, monkeypatch, 1)
    assert (outcome.state, outcome.error) == (OK, "")
    assert "42" in outcome.notebook


def test_one_that_never_answers_is_a_failed_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = run_with(tmp_path, monkeypatch, run.STARTS)
    assert (outcome.state, outcome.error) == (FAILED, "the kernel did not begin")
