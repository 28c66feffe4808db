"""Building: the command that makes a review, and what it says while and after it does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from crmreport.build import DEFAULT_OUTPUT, RUN_FILE, Built, Request, build
from crmreport.cli.shared import (
    BUILT_WITH_FAULTS,
    dimensions,
    open_project,
    option_json,
    options_scope,
    say,
    shown,
    without_repeats,
)
from crmreport.kernels import KERNELS, WARM
from crmreport.language import _t
from crmreport.pages.run import OK


@click.command(
    name="build", help=say(_t("Build the review. Only pages whose data, code or settings changed are run."))
)
@options_scope
@click.option(
    "--output",
    metavar="DIR",
    help=say(_t("Folder to build into, replaced as a whole. Default: _build in the project.")),
)
@click.option(
    "--jobs",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help=say(_t("Pages to run at a time. Default: one per processor.")),
)
@click.option("--force", is_flag=True, help=say(_t("Run every page, changed or not.")))
@click.option(
    "--kernel",
    type=click.Choice(KERNELS),
    default=WARM,
    show_default=True,
    help=say(
        _t(
            "What runs the pages. warm: processes forked from one that has everything ready; forked: "
            "Jupyter kernels forked from it; cold: kernels started anew, slower, and used where nothing "
            "can be forked."
        )
    ),
)
@click.option("--no-pdf", "pdf", flag_value=False, default=True, help=say(_t("Make no PDF.")))
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
    kernel: str,
    pdf: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Build the review."""
    found = open_project(project)
    folder = Path(output).absolute() if output else found.root / DEFAULT_OUTPUT
    request = Request(
        without_repeats(periods),
        dimensions(segments),
        without_repeats(languages),
        jobs,
        force,
        pdf,
        kernel,
    )
    with Progress(silent=quiet or as_json) as progress:
        built = build(found, folder, request, progress.report)
    if as_json:
        click.echo((folder / RUN_FILE).read_text(encoding="utf-8"), nl=False)
    else:
        _tell_faults(built)
        if not quiet:
            _tell(built)
    if built.failed:
        sys.exit(BUILT_WITH_FAULTS)


def _tell_faults(built: Built) -> None:
    """Say what went wrong."""
    for line in built.failed:
        click.echo(
            say(_t("failed: {page}: {error}"), page=f"{line.language}/{line.page}", error=line.error),
            err=True,
        )
    for note in built.notes:
        click.echo(say(_t("warning: {warning}"), warning=note), err=True)
    for warning in built.warnings:
        text = say(_t("warning: {warning}"), warning=warning.replace("WARNING: ", "", 1))
        click.echo(text, err=True)


def _tell(built: Built) -> None:
    """Say what was made and where it is."""
    text = _t("{pages} pages: {ran} run, {kept} unchanged, {failed} failed.")
    ran = sum(line.state == OK for line in built.pages)
    failed = len(built.failed)
    kept = len(built.pages) - ran - failed
    click.echo(say(text, pages=len(built.pages), ran=ran, kept=kept, failed=failed))
    click.echo(f"  HTML  {shown(built.output / 'html' / 'index.html')}")
    for path in sorted(built.output.glob("pdf/*/*.pdf")):
        click.echo(f"  PDF   {shown(path)}")


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
