"""Starter: a new project for somebody's own data, ready to be filled."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from crmreport.config import CONFIG_FILE
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.manual import describe_contract, describe_sources

_CONFIG = """\
# Settings of the review. Everything outside `crmreport:` is Jupyter Book's own.
title: CRM review
author: ""

crmreport:
  company: {company}
  languages: [{language}]      # en, zh_CN
  currency: USD
  timezone: UTC
  frequency: month             # month, quarter, week, year or day
  periods: 3                   # how many of the last complete periods the review shows
  segments: []                 # for example [region]: a page for each region
  folder: data                 # files named like a table are read: orders.csv, feedback.parquet ...
  # Files with other names or headings: run  crmreport connect FILE  and look over what it writes here.
  # data/COLUMNS.md says which tables and columns there may be, data/SOURCES.md how they can be read.
"""


def start_project(folder: Path, language: str) -> tuple[Path, ...]:
    """Write a new project; return its files. UserError if the folder holds anything already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(_t("{path} is not empty. Name a new folder."), path=str(folder))
    template = template_folder()
    made_here = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _fill(folder, template, language)
    except OSError as error:
        if folder.is_dir():
            _empty(folder, made_here)
        raise UserError(
            _t("{path} cannot be written: {reason}. Name another folder."),
            path=str(folder),
            reason=error.strerror or str(error),
        ) from None
    return tuple(sorted(p for p in folder.rglob("*") if p.is_file()))


def _fill(folder: Path, template: Path, language: str) -> None:
    """Write the files of a new project."""
    (folder / "data").mkdir()
    (folder / "book" / "commentary").mkdir(parents=True)
    # JSON, for a name such as "A: B" would break the YAML.
    company = json.dumps(folder.resolve().name, ensure_ascii=False)
    (folder / CONFIG_FILE).write_text(_CONFIG.format(company=company, language=language), encoding="utf-8")
    (folder / "data" / "COLUMNS.md").write_text(describe_contract(language), encoding="utf-8")
    (folder / "data" / "SOURCES.md").write_text(describe_sources(language), encoding="utf-8")
    (folder / ".gitignore").write_text("_build/\n_run/\n.crmreport/\n", encoding="utf-8")
    shutil.copytree(template / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    for page in sorted((template / "book").glob("index*.md")):
        shutil.copy(page, folder / "book")


def _empty(folder: Path, whole: bool) -> None:
    """Take away what was written of a project that could not be finished; if `whole`, the folder too."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if whole:
        folder.rmdir()


def template_folder() -> Path:
    """Find the notebooks and the book's front page: beside the package, or where a wheel puts them."""
    for folder in (Path(__file__).parent.parent, Path(sys.prefix, "share", "crmreport")):
        if (folder / "notebooks" / "summary.ipynb").is_file():
            return folder
    raise UserError(_t("The notebooks that come with crmreport are not installed. Install it again."))
