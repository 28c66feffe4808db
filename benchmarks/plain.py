"""Plain: the route without us, a `papermill` process for each page and then one `jupyter-book build`."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag

from benchmarks.company import ROOT
from benchmarks.measured import Cost, cost_of

# What our build adds to Jupyter Book's configuration for speed; the plain route goes without.
_OURS = ("nb_custom_formats", "nb_remove_code_source")


def run_notebooks(pages: Sequence[tuple[Path, Path, dict[str, str]]], project: Path, log: Path) -> Cost:
    """Run each notebook with papermill's own command, one after the other.

    `pages`: of each the notebook, the file to write and the parameters.
    """
    total = Cost()
    for source, target, parameters in pages:
        target.parent.mkdir(parents=True, exist_ok=True)
        given = [word for name, value in parameters.items() for word in ("-p", name, value)]
        command = [sys.executable, "-m", "papermill", "--no-progress-bar", "--cwd", str(project)]
        total += cost_of(
            [*command, str(source), str(target), *given], project, log, {"CRMREPORT_MEDIUM": "book"}
        )
    return total


def make_book(assembled: Path, executed: Path, folder: Path, log: Path) -> Cost:
    """Have Jupyter Book build the executed notebooks as they are.

    `assembled`: our own book of the same pages, for its contents, its written pages and its configuration
    less what makes it faster; `folder`: where to build.
    """
    shutil.copytree(assembled, folder, ignore=shutil.ignore_patterns("_build", "*.ipynb"))
    shutil.copytree(executed, folder, dirs_exist_ok=True)
    config = folder / "_config.yml"
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    sphinx = settings["sphinx"]["config"]
    for name in _OURS:
        del sphinx[name]
    plain = {"crmreport.display.sphinx": "benchmarks.plain_sphinx"}
    sphinx["extensions"] = [plain.get(name, name) for name in sphinx["extensions"]]
    sphinx["crmreport_store"] = str(assembled.parent.parent / "drawn")
    config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    code = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", code, "build", str(folder)]
    return cost_of(command, folder, log, {"PYTHONPATH": str(ROOT)})


def differences(ours: Path, plain: Path) -> list[str]:
    """Compare two HTML folders, page by page: name each page whose charts, figures or words differ."""
    found = {page.relative_to(folder) for folder in (ours, plain) for page in folder.glob("20*/**/*.html")}
    return [str(page) for page in sorted(found) if _content(ours / page) != _content(plain / page)]


def _content(page: Path) -> dict[str, list[str]]:
    """Take what a reader reads out of a page: specifications of charts, cells of tables, words."""
    if not page.exists():
        return {}
    article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find("article")
    if not isinstance(article, Tag):
        return {}
    specs = [json.dumps(json.loads(s.get_text()), sort_keys=True) for s in article.find_all("script")]
    # The plain route shows the code in the page, ours on a page of its own.
    for part in article.select(
        "script, .cell_input, .above-input, a.headerlink, .prev-next-footer, .crm-code"
    ):
        part.decompose()
    return {"specs": specs, "words": list(article.stripped_strings)}
