"""What several tests need: a built review of the sample company, and programs that a machine may lack."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from crmreport.cli import main

ROOT = Path(__file__).parent.parent
PERIOD = "2025-10"


@dataclass(frozen=True)
class BuiltReview:
    project: Path
    output: Path
    said: str

    @property
    def run(self) -> dict:
        return json.loads((self.output / "run.json").read_text(encoding="utf-8"))

    def html(self, language: str) -> Path:
        return self.output / "html" / language

    def pdf(self, language: str) -> Path:
        return self.output / "pdf" / language / f"{PERIOD}.pdf"


def copy_project(folder: Path) -> Path:
    """Copy what a user's clone has of the sample company's project, and nothing built."""
    for name in ("_config.yml", "notebooks", "book", "data/sample", "data/targets.csv"):
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        else:
            shutil.copy(source, target)
    return folder


def build_review(project: Path, *options: str) -> BuiltReview:
    done = CliRunner().invoke(main, ["build", "--project", str(project), *options])
    assert done.exit_code == 0, done.output
    return BuiltReview(project, project / "_build", done.output)


@pytest.fixture(scope="session")
def review(tmp_path_factory: pytest.TempPathFactory) -> BuiltReview:
    """The sample company's review of one month, both languages, HTML and PDF."""
    project = copy_project(tmp_path_factory.mktemp("sample") / "project")
    return build_review(project, "--period", PERIOD)


def program(*names: str) -> str:
    """Find a program; without it a test is skipped, or fails where all tests must run (`.ci/run`)."""
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    text = f"this test needs {names[0]}: install the package and run again"
    if os.environ.get("CRMREPORT_ALL_TESTS"):
        pytest.fail(text)
    pytest.skip(text)


@pytest.fixture(scope="session")
def chromium() -> str:
    return program("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def pdftotext() -> str:
    return program("pdftotext")


@pytest.fixture(scope="session")
def pdffonts() -> str:
    return program("pdffonts")
