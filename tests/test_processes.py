"""Processes: each of a build's loads only what it uses, or every build would wait seconds for the others'."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("begun", "unused"),
    [
        pytest.param("import crmreport.cli", {"papermill", "sphinx", "jupyter_book"}, id="the build"),
        pytest.param(
            "import crmreport.book.press as press; press.load()",
            {"pandas", "ibis", "duckdb", "altair", "papermill"},
            id="the press",
        ),
        pytest.param(
            "import crmreport.pages.run as run; [*map(__import__, run._LOADED)]",
            {"sphinx", "jupyter_book"},
            id="the warm process",
        ),
    ],
)
def test_a_process_loads_only_what_it_uses(begun: str, unused: set[str]) -> None:
    said = subprocess.run(
        [sys.executable, "-c", f"{begun}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    loaded = set(said.split())
    assert "crmreport" in loaded
    assert not loaded & unused
