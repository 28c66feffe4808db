"""Building: the commands that make a review, and what they say while and after they do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from crmreport.build import DEFAULT_OUTPUT, RUN_FILE, Built, build, build_from_kept
from crmreport.cli.request import request_of
from crmreport.cli.shared import (
    BUILT_WITH_FAULTS,
    Command,
    open_project,
    option_json,
    options_scope,
    say,
    shown,
)
from crmreport.kernels import KERNELS, WARM
from crmreport.language import _t
from crmreport.pages.run import OK
from crmreport.running import Outcomes


def option_jobs(function: Command) -> Command:
    """Add the option that says how many pages run at a time."""
    return click.option(
        "--jobs",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help=say(_t("Pages to run at a time. Default: one per processor.")),
    )(function)


def option_force(function: Command) -> Command:
    """Add the option that runs what need not run."""
    return click.option("--force", is_flag=True, help=say(_t("Run every page, changed or not.")))(function)


def option_quiet(function: Command) -> Command:
    """Add the option that keeps all silent that went well."""
    return click.option("--quiet", is_flag=True, help=say(_t("Print nothing but what went wrong.")))(function)


def option_kernel(function: Command) -> Command:
    """Add the option that says what runs the pages."""
    text = _t(
        "What runs the pages. warm: processes forked from one that has everything ready; forked: Jupyter "
        "kernels forked from it; cold: kernels started anew, slower, and used where nothing can be forked."
    )
    return click.option(
        "--kernel", type=click.Choice(KERNELS), default=WARM, show_default=True, help=say(text)
    )(function)


def options_book(function: Command) -> Command:
    """Add the options that say what is made of the pages, and where."""
    output = click.option(
        "--output",
        metavar="DIR",
        help=say(_t("Folder to build into, replaced as a whole. Default: _build in the project.")),
    )
    pdf = click.option("--no-pdf", "pdf", flag_value=False, default=True, help=say(_t("Make no PDF.")))
    return output(pdf(function))


@click.command(
    name="build", help=say(_t("Build the review. Only pages whose data, code or settings changed are run."))
)
@options_scope
@options_book
@option_jobs
@option_force
@option_kernel
@option_quiet
@option_json
def build_command(
    project: str,
    periods: tuple[str, ...],
    segments: str | None,
    languages: tuple[str, ...],
    output: str | None,
    jobs: int,
    force: bool,
    kernel: str,
    pdf: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Build the review."""
    found = open_project(project)
    folder = Path(output).absolute() if output else found.root / DEFAULT_OUTPUT
    request = request_of(periods, segments, languages, jobs=jobs, force=force, pdf=pdf, kernel=kernel)
    with Progress(silent=quiet or as_json) as progress:
        built = build(found, folder, request, progress.report)
    _tell(built, quiet, as_json)


@click.command(
    name="book",
    help=say(
        _t(
            "Make the review of pages that were run before, by crmreport run --shard on several machines or "
            "by a build; run none."
        )
    ),
)
@options_scope
@options_book
@option_quiet
@option_json
def book_command(
    project: str,
    periods: tuple[str, ...],
    segments: str | None,
    languages: tuple[str, ...],
    output: str | None,
    pdf: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Make the review of the pages that are kept."""
    found = open_project(project)
    folder = Path(output).absolute() if output else found.root / DEFAULT_OUTPUT
    request = request_of(periods, segments, languages, pdf=pdf)
    with Progress(silent=quiet or as_json) as progress:
        built = build_from_kept(found, folder, request, progress.report)
    _tell(built, quiet, as_json)


def _tell(built: Built, quiet: bool, as_json: bool) -> None:
    """Say what was made and where it is, and what went wrong; exit if a page failed."""
    if as_json:
        record = json.loads((built.output / RUN_FILE).read_text(encoding="utf-8"))
        click.echo(json.dumps(record | {"dropped": asdict(built.dropped)}, ensure_ascii=False, indent=1))
    else:
        tell_pages(built.outcomes, quiet, built.warnings)
        if not quiet:
            click.echo(f"  HTML  {shown(built.output / 'html' / 'index.html')}")
            for path in sorted(built.output.glob("pdf/*/*.pdf")):
                click.echo(f"  PDF   {shown(path)}")
    if built.outcomes.failed:
        sys.exit(BUILT_WITH_FAULTS)


def tell_pages(outcomes: Outcomes, quiet: bool, warnings: Iterable[str] = ()) -> None:
    """Say what went wrong, and, unless quiet, how many pages there are and what became of them."""
    for line in outcomes.failed:
        click.echo(
            say(_t("failed: {page}: {error}"), page=f"{line.language}/{line.page}", error=line.error),
            err=True,
        )
    for warning in (*outcomes.notes, *(text.replace("WARNING: ", "", 1) for text in warnings)):
        click.echo(say(_t("warning: {warning}"), warning=warning), err=True)
    if quiet:
        return
    text = _t("{pages} pages: {ran} run, {kept} unchanged, {failed} failed.")
    ran, failed = sum(line.state == OK for line in outcomes.lines), len(outcomes.failed)
    pages = len(outcomes.lines)
    click.echo(say(text, pages=pages, ran=ran, kept=pages - ran - failed, failed=failed))


class Progress:
    """A bar in a terminal, plain lines elsewhere, on standard error."""

    def __init__(self, silent: bool) -> None:
        self.silent = silent
        self.bar: Any = None
        self.said = ""

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def report(self, what: str, done: int, of: int) -> None:
        """Show how far the work is: `what` is done, marked for the catalogue, and `done` `of` how many."""
        if self.silent:
            return
        if not sys.stderr.isatty():
            if what != self.said:
                click.echo(say(what) + " ...", err=True)
            self.said = what
            return
        if what != self.said:
            self.__exit__()
            form = "{desc} {bar} {n_fmt}/{total_fmt}" if of else "{desc} ..."
            self.bar = tqdm(total=of or None, desc=say(what), leave=False, bar_format=form)
            self.said = what
        self.bar.n = done
        self.bar.refresh()
