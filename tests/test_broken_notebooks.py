"""A broken notebook is refused before anything runs, with its name and the cure; what was built stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_project import notebook, refused, write_project


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not a notebook", "summary.ipynb is not a notebook. Open and save it in JupyterLab, or restore it."),
        ("{}", "summary.ipynb is not a notebook."),
        (
            '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}',
            "summary.ipynb is not a notebook.",
        ),
        (
            notebook().replace("{period}", "{perod}"),
            "summary.ipynb: a Markdown cell has braces that are no placeholder: # Summary, {perod}. "
            "There are: {period}, {segment}, {company}; write {{ and }} for braces.",
        ),
        (
            notebook(needs="orders"),
            "summary.ipynb: metadata crmreport.needs is 'orders'; it must be a list of tables",
        ),
        (
            notebook(runs="each year"),
            "summary.ipynb: metadata crmreport.runs is 'each year'; it must be one of: period, period x",
        ),
    ],
)
@pytest.mark.parametrize("command", [("build", "--quiet"), ("list",)])
def test_it_is_refused_and_what_was_built_stays(
    tmp_path: Path, command: tuple[str, ...], text: str, said: str
) -> None:
    project = write_project(tmp_path / "project", notebooks={"summary": text})
    before = project / "_build" / "run.json"
    before.parent.mkdir()
    before.write_text("{}", encoding="utf-8")
    assert refused(*command, "--project", str(project)).startswith(said)
    assert [p.name for p in before.parent.iterdir()] == ["run.json"]
    assert before.read_text(encoding="utf-8") == "{}"


def test_a_chapter_is_a_name_and_not_a_path(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project")
    said = refused("run", "../notebooks/summary", "--project", str(project), "--period", "2025-10")
    assert said.startswith("There is no chapter ../notebooks/summary in notebooks.")
