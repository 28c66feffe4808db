"""A small project of a few rows and one small notebook, for tests of what users get wrong."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from crmreport.cli import main

PARAMETERS = "period = '2025-10'\nsegment = 'all'\nlanguage = 'en'\nproject = '.'"
OPEN = "from crmreport import open_review\nreview = open_review(project, period, segment, language)"

# 28 orders in each of four months, 10.50 each, from customers c0, c1 and c2.
ORDERS = "order_id,customer_id,ordered_at,amount\n" + "".join(
    f"o{month}-{day},c{day % 3},2025-{month:02d}-{day:02d},10.50\n"
    for month in (8, 9, 10, 11)
    for day in range(1, 29)
)
FEEDBACK = "feedback_id,answered_at,csat\n" + "".join(
    f"f{month}-{day},2025-{month:02d}-{day:02d},{4 if day % 2 else 5}\n"
    for month in (8, 9, 10, 11)
    for day in range(1, 29)
)


def notebook(*code: str, title: str = "Summary", **about: object) -> str:
    """Write a notebook: a heading, the parameters, and a cell for each code."""
    cells = [
        {"id": "heading", "cell_type": "markdown", "metadata": {}, "source": f"# {title}, {{period}}"},
        _cell("parameters", PARAMETERS, tags=["parameters", "remove-cell"]),
        *(_cell(f"code-{number}", text) for number, text in enumerate(code)),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "crmreport": {"title": title, "runs": "period", "needs": []} | about}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})


def _cell(name: str, source: str, **metadata: object) -> dict:
    return {
        "id": name,
        "cell_type": "code",
        "metadata": metadata,
        "execution_count": None,
        "source": source,
        "outputs": [],
    }


def write_project(
    folder: Path,
    settings: str = "",
    files: dict[str, str | bytes] | None = None,
    notebooks: dict[str, str] | None = None,
) -> Path:
    """Write a project; `settings` are further lines of its section, each after two spaces."""
    given = {
        line.split(":")[0].strip()
        for line in settings.splitlines()
        if line.startswith("  ") and line[2] != " "
    }
    defaults = {"company": "Tiny", "chapters": "[summary]", "folder": "data"}
    lines = [f"  {key}: {value}\n" for key, value in defaults.items() if key not in given]
    write(folder / "_config.yml", "crmreport:\n" + "".join(lines) + settings)
    write(folder / "book" / "index.md", "# Front page\n")
    for name, text in (notebooks or {"summary": notebook()}).items():
        write(folder / "notebooks" / f"{name}.ipynb", text)
    (folder / "data").mkdir(exist_ok=True)
    for name, content in ({"orders.csv": ORDERS} if files is None else files).items():
        write(folder / "data" / name, content)
    return folder


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def crmreport(*arguments: str) -> Result:
    """Run the command line in English; an exception that is not an exit fails the test with its traceback."""
    return CliRunner(env={"LC_ALL": "en_GB.UTF-8"}).invoke(main, list(arguments), catch_exceptions=False)


def refused(*arguments: str) -> str:
    """Run what a user must mend: exit code 2, nothing on standard output, one line that is returned."""
    result = crmreport(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("crmreport: ")
    return line.removeprefix("crmreport: ")


def refused_list(project: Path) -> str:
    """Give the line that `crmreport list` refuses a project with."""
    return refused("list", "--project", str(project))
