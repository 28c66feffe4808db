"""Pages: the commands that list a review's pages, and run one of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from crmreport.build import Request, plan_work
from crmreport.cli.shared import (
    BUILT_WITH_FAULTS,
    dimensions,
    open_project,
    option_json,
    option_project,
    options_scope,
    parameter,
    say,
    shown,
    without_repeats,
)
from crmreport.language import LANGUAGES, _t
from crmreport.pages.store import NEVER_RUN
from crmreport.single import DEFAULT_FOLDER, run_single


@click.command(name="list", help=say(_t("List the pages that a build would make, each with its state.")))
@options_scope
@option_json
def list_command(
    project: str, periods: tuple[str, ...], segments: str | None, languages: tuple[str, ...], as_json: bool
) -> None:
    """List the pages."""
    request = Request(without_repeats(periods), dimensions(segments), without_repeats(languages))
    work = plan_work(open_project(project), request)
    if as_json:
        lines = [{"page": p.page.name, "language": p.page.language, "why": p.why} for p in work.pages]
        click.echo(json.dumps(lines, ensure_ascii=False, indent=1))
        return
    width = max(len(p.page.name) for p in work.pages)
    for planned in work.pages:
        if not planned.why:
            state = say(_t("up to date"))
        elif planned.why == NEVER_RUN:
            state = say(NEVER_RUN)
        else:
            state = say(_t("to be run: {why}"), why=say(planned.why))
        click.echo(f"{planned.page.name:<{width}}  {planned.page.language:<5}  {state}")


@click.command(name="run", help=say(_t("Run one page, with any parameters, and say where it is.")))
@click.argument("chapter")
@option_project
@click.option("--period", required=True, metavar="PERIOD", help=say(_t("Period, such as 2025-10.")))
@click.option(
    "--segment",
    default="all",
    show_default=True,
    metavar="DIM=VALUE",
    help=say(_t("Segment, such as region=North.")),
)
@click.option(
    "--language",
    default=LANGUAGES[0],
    show_default=True,
    type=click.Choice(LANGUAGES),
    help=say(_t("Language of the page.")),
)
@click.option(
    "-p",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help=say(_t("Another parameter of the notebook; may be given more than once.")),
)
@click.option("--output", metavar="DIR", help=say(_t("Folder for the page. Default: _run in the project.")))
@click.option("--quiet", is_flag=True, help=say(_t("Print nothing but what went wrong.")))
@option_json
def run_command(
    chapter: str,
    project: str,
    period: str,
    segment: str,
    language: str,
    parameters: tuple[str, ...],
    output: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run one page."""
    extra = dict(map(parameter, parameters))
    found = open_project(project)
    folder = Path(output).absolute() if output else found.root / DEFAULT_FOLDER
    page = run_single(found, chapter, period, segment, language, extra, folder)
    if as_json:
        answer = {"notebook": str(page.notebook), "html": str(page.html), "error": page.error}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
    elif not quiet:
        click.echo(f"  {say(_t('notebook'))}  {shown(page.notebook)}")
        click.echo(f"  HTML  {shown(page.html)}")
    if page.error:
        if not as_json:
            click.echo(say(_t("failed: {error}"), error=page.error), err=True)
        sys.exit(BUILT_WITH_FAULTS)
