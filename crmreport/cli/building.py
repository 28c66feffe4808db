"""Building: the commands that make a review, and what they say while and after they do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from crmreport.build import DEFAULT_OUTPUT, RUN_FILE, Built, Ran, build, build_from_kept
from crmreport.cli.shared import (
    BUILT_WITH_FAULTS,
    Command,
    dimensions,
    open_project,
    option_json,
    options_scope,
    say,
    shown,
    without_repeats,
)
from crmreport.language import _t
from crmreport.pages.run import FAILED, OK
from crmreport.work import Request


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
@click.option("--quiet", is_flag=True, help=say(_t("Print nothing but what went wrong.")))
@option_json
def build_command(
    project: str,
    periods: tuple[str, ...],
    segments: str | None,
    languages: tuple[str, ...],
    output: str | None,
    jobs: int,
    force: bool,
    pdf: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Build the review."""
    found = open_project(project)
    folder = Path(output).absolute() if output else found.root / DEFAULT_OUTPUT
    request = Request(
        without_repeats(periods), dimensions(segments), without_repeats(languages), jobs, force, pdf
    )
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
@click.option("--quiet", is_flag=True, help=say(_t("Print nothing but what went wrong.")))
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
    request = Request(without_repeats(periods), dimensions(segments), without_repeats(languages), pdf=pdf)
    with Progress(silent=quiet or as_json) as progress:
        built = build_from_kept(found, folder, request, progress.report)
    _tell(built, quiet, as_json)


def _tell(built: Built, quiet: bool, as_json: bool) -> None:
    """Say what was made and where it is, and what went wrong; exit if a page failed."""
    if as_json:
        record = json.loads((built.output / RUN_FILE).read_text(encoding="utf-8"))
        click.echo(json.dumps(record | {"dropped": asdict(built.dropped)}, ensure_ascii=False, indent=1))
    else:
        tell_faults(built.failed, built.warnings)
        if not quiet:
            tell_pages(built.pages)
            click.echo(f"  HTML  {shown(built.output / 'html' / 'index.html')}")
            for path in sorted(built.output.glob("pdf/*/*.pdf")):
                click.echo(f"  PDF   {shown(path)}")
    if built.failed:
        sys.exit(BUILT_WITH_FAULTS)


def tell_faults(failed: Iterable[Ran], warnings: Iterable[str]) -> None:
    """Say what went wrong."""
    for line in failed:
        click.echo(
            say(_t("failed: {page}: {error}"), page=f"{line.language}/{line.page}", error=line.error),
            err=True,
        )
    for warning in warnings:
        text = say(_t("warning: {warning}"), warning=warning.replace("WARNING: ", "", 1))
        click.echo(text, err=True)


def tell_pages(pages: Sequence[Ran]) -> None:
    """Say how many pages there are, and what became of them."""
    text = _t("{pages} pages: {ran} run, {kept} unchanged, {failed} failed.")
    ran = sum(line.state == OK for line in pages)
    failed = sum(line.state == FAILED for line in pages)
    kept = len(pages) - ran - failed
    click.echo(say(text, pages=len(pages), ran=ran, kept=kept, failed=failed))


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
