"""Pages: the command that lists a review's pages, each with its state."""

from __future__ import annotations

import json

import click

from crmreport.cli.request import request_of
from crmreport.cli.shared import (
    language_of_terminal,
    open_project,
    option_json,
    options_scope,
    say,
)
from crmreport.language import SOURCE_LANGUAGE, _t
from crmreport.pages.why import NEVER_RUN, say_why
from crmreport.work import plan_work


@click.command(name="list", help=say(_t("List the pages that a build would make, each with its state.")))
@options_scope
@option_json
def list_command(
    project: str, periods: tuple[str, ...], segments: str | None, languages: tuple[str, ...], as_json: bool
) -> None:
    """List the pages."""
    work = plan_work(open_project(project), request_of(periods, segments, languages))
    if as_json:
        lines = [
            {
                "page": p.page.name,
                "language": p.page.language,
                "why": say_why(p.why, work.project, SOURCE_LANGUAGE),
                "parts": p.why.parts if p.why else (),
                "changed": p.why.reads if p.why else (),
            }
            for p in work.pages
        ]
        click.echo(json.dumps(lines, ensure_ascii=False, indent=1))
        return
    width = max(len(p.page.name) for p in work.pages)
    for planned in work.pages:
        state = say_why(planned.why, work.project, language_of_terminal())
        if not planned.why:
            state = say(_t("up to date"))
        elif NEVER_RUN not in planned.why.parts:
            state = say(_t("to be run: {why}"), why=state)
        click.echo(f"{planned.page.name:<{width}}  {planned.page.language:<5}  {state}")
