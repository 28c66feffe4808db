"""Running: the command that runs one page for an analyst, or one machine's part of a build's pages."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from crmreport.build import run_shard
from crmreport.cli.building import (
    Progress,
    option_force,
    option_jobs,
    option_kernel,
    option_quiet,
    tell_pages,
)
from crmreport.cli.request import request_of
from crmreport.cli.shared import (
    BUILT_WITH_FAULTS,
    open_project,
    option_json,
    options_scope,
    parameter,
    say,
    shown,
)
from crmreport.config import Project
from crmreport.language import LANGUAGES, _t
from crmreport.single import DEFAULT_FOLDER, run_single
from crmreport.work import Request


def _shard(_: click.Context, __: click.Parameter, given: str | None) -> tuple[int, int] | None:
    """Read ``2/3``, the second of three parts; a usage error for anything else."""
    if given is None:
        return None
    found = re.fullmatch("([0-9]{1,4})/([0-9]{1,4})", given)
    part, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part <= of:
        raise click.BadParameter(
            say(_t("{given} is no part. Write 2/3 for the second of three."), given=given)
        )
    return part, of


@click.command(
    name="run",
    help=say(
        _t(
            "Run one page, with any parameters, and say where it is: crmreport run CHAPTER --period "
            "2025-10.\n\nOr run a part of a build's pages, on one of several machines: crmreport run --shard "
            "2/3. The pages are kept in the project's folder .crmreport. Copy these folders of all machines "
            "into one, and make the book of them there: crmreport book."
        )
    ),
)
@click.argument("chapter", required=False)
@options_scope
@click.option(
    "--segment", metavar="DIM=VALUE", help=say(_t("Of one page: its segment, such as region=North."))
)
@click.option(
    "-p",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help=say(_t("Of one page: another parameter of the notebook; may be given more than once.")),
)
@click.option(
    "--output", metavar="DIR", help=say(_t("Of one page: folder for it. Default: _run in the project."))
)
@click.option(
    "--shard",
    callback=_shard,
    metavar="I/N",
    help=say(_t("Run this part of the pages that a build with the same options would run.")),
)
@option_jobs
@option_force
@option_kernel
@option_quiet
@option_json
def run_command(
    chapter: str | None,
    project: str,
    periods: tuple[str, ...],
    segments: str | None,
    languages: tuple[str, ...],
    segment: str | None,
    parameters: tuple[str, ...],
    output: str | None,
    shard: tuple[int, int] | None,
    jobs: int,
    force: bool,
    kernel: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run one page, or a part of a build's."""
    of_one = {"CHAPTER": chapter, "--segment": segment, "-p": parameters, "--output": output}
    of_part = {"--segments": segments, "--jobs": jobs, "--force": force}
    if shard:
        _refuse(of_one, _t("{name} is for one page, and --shard for many. Give one of them."))
        request = request_of(periods, segments, languages, jobs=jobs, force=force, kernel=kernel)
        _run_part(open_project(project), request, shard, quiet, as_json)
        return
    _refuse(of_part, _t("{name} is for many pages. Give it with --shard, or leave it out."))
    if not chapter or len(periods) != 1 or len(languages) > 1:
        text = _t("Name a chapter with one --period, and one --language at most; or give --shard.")
        raise click.UsageError(say(text))
    found = open_project(project)
    folder = Path(output).absolute() if output else found.root / DEFAULT_FOLDER
    extra = dict(map(parameter, parameters))
    language = (*languages, LANGUAGES[0])[0]
    page = run_single(found, chapter, periods[0], segment or "all", language, extra, folder, kernel)
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


def _refuse(options: Mapping[str, object], text: str) -> None:
    """Refuse options that say nothing in this use of the command; a usage error that names the first."""
    for name, given in options.items():
        if given or given == "":
            raise click.UsageError(say(text, name=name))


def _run_part(project: Project, request: Request, shard: tuple[int, int], quiet: bool, as_json: bool) -> None:
    with Progress(silent=quiet or as_json) as progress:
        outcomes, dropped = run_shard(project, request, *shard, progress.report)
    if as_json:
        answer = {"pages": [asdict(line) for line in outcomes.lines], "dropped": asdict(dropped)}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        tell_pages(outcomes, quiet)
    if outcomes.failed:
        sys.exit(BUILT_WITH_FAULTS)
