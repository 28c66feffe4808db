"""Shared: what the commands have in common: the terminal's language, exit codes, options, projects."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from unicodedata import east_asian_width

import click

from crmreport.config import Project, read_project
from crmreport.errors import UserError
from crmreport.language import LANGUAGES, SOURCE_LANGUAGE, _t, translate
from crmreport.targets import read_targets

BUILT_WITH_FAULTS = 1
TO_BE_MENDED = 2

# What the user's machine refuses; any other error of the operating system is a bug of ours.
_REFUSALS = {
    errno.EACCES: _t("you may not read or write it. Change its permissions, or name another."),
    errno.EPERM: _t("you may not read or write it. Change its permissions, or name another."),
    errno.EROFS: _t("it cannot be written to. Name another folder."),
    errno.ENOSPC: _t("the disk is full. Make room, and run it again."),
    errno.EDQUOT: _t("the disk is full. Make room, and run it again."),
}

Command = TypeVar("Command", bound=Callable[..., object])


def language_of_terminal() -> str:
    """Take the language of the user's terminal, where we speak it."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh_CN" if value.startswith("zh") else SOURCE_LANGUAGE
    return SOURCE_LANGUAGE


def say(text: str, **values: object) -> str:
    """Give a marked text in the terminal's language."""
    return translate(text, language_of_terminal(), **values)


def explain_os_error(error: OSError) -> str:
    """Say what the machine refused. Raises the error again if that is not what happened."""
    if error.errno not in _REFUSALS:
        raise error
    return f"{error.filename or ''}: {say(_REFUSALS[error.errno])}".removeprefix(": ")


def open_project(folder: str) -> Project:
    """Read a project, and refuse now what would otherwise fail each of its pages. UserError if so."""
    project = read_project(folder)
    read_targets(project)
    return project


def shown(path: Path) -> str:
    """Write a path from where the user stands, if it is below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def dimensions(segments: str | None) -> tuple[str, ...] | None:
    """Read ``region,tier``; None if the option was not given."""
    if segments is None:
        return None
    return tuple(dict.fromkeys(part.strip() for part in segments.split(",") if part.strip()))


def without_repeats(values: tuple[str, ...]) -> tuple[str, ...]:
    """Take each value of an option once."""
    return tuple(dict.fromkeys(values))


def option_project(function: Command) -> Command:
    """Add the option that says where the project is."""
    text = say(_t("Folder with the project's _config.yml."))
    return click.option("--project", default=".", show_default=True, metavar="DIR", help=text)(function)


def option_json(function: Command) -> Command:
    """Add the option for programs that read the answer."""
    return click.option("--json", "as_json", is_flag=True, help=say(_t("Print the answer as JSON.")))(
        function
    )


def options_scope(function: Command) -> Command:
    """Add the options that say which pages are meant."""
    options: tuple[Callable[[Any], Any], ...] = (
        option_project,
        click.option(
            "--period",
            "periods",
            multiple=True,
            metavar="PERIOD",
            help=say(
                _t(
                    "Period to review, such as 2025-10, 2025-Q4, 2025-W41 or 2025; may be given more than "
                    "once. Without it: the last complete ones."
                )
            ),
        ),
        click.option(
            "--segments",
            metavar="DIM,...",
            help=say(_t("Dimensions whose segments get pages of their own, such as region,tier.")),
        ),
        click.option(
            "--language",
            "languages",
            multiple=True,
            type=click.Choice(LANGUAGES),
            help=say(_t("Language of the review; may be given more than once.")),
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def parameter(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE; a value that is JSON is one (a number, true), any other a text. UserError if none."""
    name, found, value = text.partition("=")
    if not found or not name:
        raise UserError(_t("{given} is not a parameter. Write it as NAME=VALUE."), given=text or "''")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def width(text: str) -> int:
    """Count the columns of the terminal that a text takes: a Chinese sign takes two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def padded(text: str, columns: int) -> str:
    """Fill a text with spaces, so that what follows it stands in line."""
    return text + " " * (columns - width(text))
