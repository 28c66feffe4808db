"""Starter: a new project for somebody's own data, ready to be filled."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from crmreport.config import CONFIG_FILE
from crmreport.errors import UserError
from crmreport.language import _t, translate
from crmreport.tables.contract import TABLES

_CONFIG = """\
# Settings of the review. Everything outside `crmreport:` is Jupyter Book's own.
title: CRM review
author: ""

crmreport:
  company: {company}
  languages: [{language}]      # en, zh_CN
  currency: USD
  timezone: UTC
  frequency: month             # month, quarter, week or year
  periods: 3                   # how many of the last complete periods the review shows
  segments: []                 # for example [region]: a page for each region
  folder: data                 # every file there that is named like a table is read: orders.csv, feedback.parquet ...
  # A file with other names or headings is mapped here; data/COLUMNS.md says what there may be.
  # tables:
  #   orders:
  #     file: data/export.csv
  #     columns: {{order_id: Number, customer_id: Account, ordered_at: Date, amount: Total}}
"""


def start_project(folder: Path, language: str) -> tuple[Path, ...]:
    """Write a new project; return its files. UserError if the folder holds anything already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(_t("{path} is not empty. Name a new folder."), path=str(folder))
    try:
        (folder / "data").mkdir(parents=True)
        (folder / "book" / "commentary").mkdir(parents=True)
        company = folder.resolve().name
        (folder / CONFIG_FILE).write_text(_CONFIG.format(company=company, language=language), encoding="utf-8")
        (folder / "data" / "COLUMNS.md").write_text(describe_contract(language), encoding="utf-8")
        (folder / ".gitignore").write_text("_build/\n_run/\n.crmreport/\n", encoding="utf-8")
        template = template_folder()
        shutil.copytree(template / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
        for page in sorted((template / "book").glob("index*.md")):
            shutil.copy(page, folder / "book")
    except OSError as error:
        raise UserError(
            _t("{path} cannot be written: {reason}. Name another folder."), path=str(folder), reason=error.strerror
        ) from None
    return tuple(sorted(p for p in folder.rglob("*") if p.is_file()))


def template_folder() -> Path:
    """Find the notebooks and the book's front page: beside the package in a clone, or where a wheel puts them."""
    for folder in (Path(__file__).parent.parent, Path(sys.prefix, "share", "crmreport")):
        if (folder / "notebooks" / "summary.ipynb").is_file():
            return folder
    raise UserError(_t("The notebooks that come with crmreport are not installed. Install it again."))


def describe_contract(language: str) -> str:
    """Write the tables and columns that a review can use, as Markdown."""

    def say(text: str) -> str:
        return translate(text, language)

    lines = [f"# {say(_t('Tables and columns'))}", "", say(_t("Any table may be left out. * : needed in every row.")), ""]
    for table in TABLES:
        lines += [f"## {table.name}", "", say(table.meaning), ""]
        lines += [f"| {say(_t('Column'))} | {say(_t('Type'))} | {say(_t('Meaning'))} |", "| --- | --- | --- |"]
        for column in table.columns:
            marks = ("*" if column.required else "") + (f" ({say(_t('private'))})" if column.private else "")
            lines.append(f"| {column.name}{marks} | {column.type} | {say(column.meaning)} |")
        lines.append("")
    return "\n".join(lines)
