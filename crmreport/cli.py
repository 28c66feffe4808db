"""The command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from crmreport.book import BookError
from crmreport.build import DEFAULT_OUTPUT, Built, Request, build, plan_work
from crmreport.config import Project, read_project
from crmreport.errors import UserError
from crmreport.glossary import describe
from crmreport.language import LANGUAGES, SOURCE_LANGUAGE, _t, translate
from crmreport.metrics import METRICS
from crmreport.pages.store import NEVER_RUN
from crmreport.single import DEFAULT_FOLDER, run_single
from crmreport.starter import start_project
from crmreport.tables.sample import write_sample

BUILT_WITH_FAULTS = 1
TO_BE_MENDED = 2


def _terminal_language() -> str:
    """Take the language of the user's terminal, where we speak it."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh_CN" if value.startswith("zh") else SOURCE_LANGUAGE
    return SOURCE_LANGUAGE


LANGUAGE = _terminal_language()


def say(text: str, **values: object) -> str:
    """Give a marked text in the terminal's language."""
    return translate(text, LANGUAGE, **values)


def _option_project() -> Callable[[Any], Any]:
    text = say(_t("Folder with the project's _config.yml."))
    return click.option("--project", default=".", show_default=True, metavar="DIR", help=text)


def _options_scope(function: Any) -> Any:  # noqa: ANN401 - a click command
    """Options that say which pages are meant."""
    for option in (
        click.option("--language", "languages", multiple=True, type=click.Choice(LANGUAGES),
                     help=say(_t("Language of the review; may be given more than once."))),
        click.option("--segments", metavar="DIM,...",
                     help=say(_t("Dimensions whose segments get pages of their own, such as region,tier."))),
        click.option("--period", "periods", multiple=True, metavar="PERIOD",
                     help=say(_t("Period to review, such as 2025-10, 2025-Q4, 2025-W41 or 2025; may be given more "
                                 "than once. Without it: the last complete ones."))),
    ):  # fmt: skip
        function = option(function)
    return _option_project()(function)


class _Commands(click.Group):
    """Says what a user must mend in one line, and keeps the order in which the commands were written."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.echo(f"crmreport: {error.message(LANGUAGE)}", err=True)
            ctx.exit(TO_BE_MENDED)
        except BookError as error:
            text = say(_t("crmreport: Jupyter Book stopped, and nothing has been replaced. It said:"))
            click.echo(f"{text}\n{error}", err=True)
            ctx.exit(BUILT_WITH_FAULTS)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=say(
        _t(
            "Make a CRM review of a company's data: what changed, why, how surely, and what to do, as a web site and "
            "as PDF.\n\nBegin with `crmreport new DIR`, put your tables into DIR/data, and run `crmreport build "
            "--project DIR`."
        )
    ),
)
@click.version_option(package_name="crmreport")
def main() -> None:
    """Hold the commands."""


@main.command(name="build", help=say(_t("Build the review. Only pages whose data, code or settings changed are run.")))
@_options_scope
@click.option("--output", metavar="DIR", help=say(_t("Folder to build into, replaced as a whole. Default: _build in the project.")))
@click.option("--jobs", type=click.IntRange(min=0), default=0, metavar="N", help=say(_t("Pages to run at a time. Default: one per processor.")))
@click.option("--force", is_flag=True, help=say(_t("Run every page, changed or not.")))
@click.option("--no-pdf", "pdf", flag_value=False, default=True, help=say(_t("Make no PDF.")))
@click.option("--quiet", is_flag=True, help=say(_t("Print nothing but what went wrong.")))
@click.option("--json", "as_json", is_flag=True, help=say(_t("Print the result as JSON.")))
def _build(
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
    found = read_project(project)
    folder = Path(output).absolute() if output else found.root / DEFAULT_OUTPUT
    request = Request(periods, _dimensions(segments), languages, jobs, force, pdf)
    with _Progress(silent=quiet or as_json) as progress:
        built = build(found, folder, request, progress.report)
    if as_json:
        click.echo((folder / "run.json").read_text(encoding="utf-8"), nl=False)
    else:
        _tell(built, found, quiet)
    if built.failed:
        sys.exit(BUILT_WITH_FAULTS)


def _dimensions(segments: str | None) -> tuple[str, ...] | None:
    return None if segments is None else tuple(part for part in segments.split(",") if part)


def _tell(built: Built, project: Project, quiet: bool) -> None:
    """Say where everything is, and what went wrong."""
    for line in built.failed:
        click.echo(say(_t("failed: {page} ({language}): {error}"), page=line.page, language=line.language, error=line.error), err=True)
    for warning in built.warnings:
        click.echo(say(_t("warning: {warning}"), warning=warning), err=True)
    if quiet:
        return
    ran = sum(line.state != "kept" for line in built.pages)
    click.echo(say(_t("{pages} pages, of which {ran} were run and {failed} failed."), pages=len(built.pages), ran=ran, failed=len(built.failed)))
    click.echo(f"  HTML  {_shown(built.output / 'html' / 'index.html')}")
    for path in sorted(built.output.glob("pdf/*/*.pdf")):
        click.echo(f"  PDF   {_shown(path)}")


def _shown(path: Path) -> str:
    """Write a path from where the user stands, if it is below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


class _Progress:
    """A bar in a terminal, plain lines elsewhere, on standard error."""

    def __init__(self, silent: bool) -> None:
        self.silent = silent
        self.bar: Any = None
        self.said = ""

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def report(self, what: str, done: int, of: int) -> None:
        """Show how far the work is."""
        if self.silent:
            return
        if not sys.stderr.isatty():
            if what != self.said or done == of:
                click.echo(say(what) + (f" {done}/{of}" if of else " ..."), err=True)
            self.said = what
            return
        if what != self.said:
            self.__exit__()
            self.bar = tqdm(total=of or None, desc=say(what), leave=False, bar_format="{desc} {bar} {n_fmt}/{total_fmt}")
            self.said = what
        self.bar.n = done
        self.bar.refresh()


@main.command(name="list", help=say(_t("List the pages that a build would make, each with its state.")))
@_options_scope
@click.option("--json", "as_json", is_flag=True, help=say(_t("Print the list as JSON.")))
def _list(project: str, periods: tuple[str, ...], segments: str | None, languages: tuple[str, ...], as_json: bool) -> None:
    work = plan_work(read_project(project), Request(periods, _dimensions(segments), languages))
    if as_json:
        lines = [{"page": p.page.name, "language": p.page.language, "why": p.why} for p in work.pages]
        click.echo(json.dumps(lines, indent=1))
        return
    width = max(len(p.page.name) for p in work.pages)
    for planned in work.pages:
        state = say(_t("up to date")) if not planned.why else say(planned.why)
        state = state if planned.why in ("", NEVER_RUN) else say(_t("to be run: {why}"), why=state)
        click.echo(f"{planned.page.name:<{width}}  {planned.page.language:<5}  {state}")


@main.command(name="run", help=say(_t("Run one page, with any parameters, and say where it is.")))
@click.argument("chapter")
@_option_project()
@click.option("--period", required=True, metavar="PERIOD", help=say(_t("Period, such as 2025-10.")))
@click.option("--segment", default="all", show_default=True, metavar="DIM=VALUE", help=say(_t("Segment, such as region=North.")))
@click.option("--language", default="en", show_default=True, type=click.Choice(LANGUAGES), help=say(_t("Language of the page.")))
@click.option("-p", "parameters", multiple=True, metavar="NAME=VALUE", help=say(_t("Another parameter of the notebook; may be given more than once.")))
@click.option("--output", metavar="DIR", help=say(_t("Folder for the page. Default: _run in the project.")))
def _run(
    chapter: str, project: str, period: str, segment: str, language: str, parameters: tuple[str, ...], output: str | None
) -> None:
    found = read_project(project)
    folder = Path(output).absolute() if output else found.root / DEFAULT_FOLDER
    page = run_single(found, chapter, period, segment, language, dict(map(_parameter, parameters)), folder)
    click.echo(f"{say(_t('notebook'))}  {_shown(page.notebook)}")
    click.echo(f"HTML  {_shown(page.html)}")
    if page.error:
        click.echo(say(_t("failed: {error}"), error=page.error), err=True)
        sys.exit(BUILT_WITH_FAULTS)


def _parameter(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE; a value that is JSON is one (a number, true), any other is a text."""
    name, found, value = text.partition("=")
    if not found or not name:
        raise UserError(_t("{text} is no parameter. Write NAME=VALUE."), text=repr(text))
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@main.command(name="metrics", help=say(_t("List the metrics: definition, formula, SQL and source.")))
@_option_project()
@click.option("--json", "as_json", is_flag=True, help=say(_t("Print everything as JSON.")))
def _metrics(project: str, as_json: bool) -> None:
    settings = read_project(project).settings
    period = settings.calendar.period("2025-10")
    described = [describe(metric, settings, period) for metric in METRICS]
    if as_json:
        click.echo(json.dumps(described, ensure_ascii=False, indent=1))
        return
    for metric in described:
        click.secho(f"{metric['name']}: {metric['title'][LANGUAGE]}", bold=True)
        click.echo(f"  {metric['definition'][LANGUAGE]}")
        click.echo(f"  {say(_t('Formula'))}: {metric['formula']}  ({metric['table']})")
        click.echo(f"  {say(_t('Source'))}: {metric['source'][LANGUAGE]}")
        click.echo("  SQL: " + " ".join(metric["sql"].split()))


@main.command(name="new", help=say(_t("Start a project for your own data in a new folder.")))
@click.argument("folder", metavar="DIR")
@click.option("--language", default=LANGUAGE, show_default=True, type=click.Choice(LANGUAGES), help=say(_t("Language of the review.")))
def _new(folder: str, language: str) -> None:
    start_project(Path(folder), language)
    click.echo(say(_t("{folder} is ready. Next:"), folder=folder))
    click.echo(say(_t("  1. Put your tables into {folder}/data; {folder}/data/COLUMNS.md says what they may hold."), folder=folder))
    click.echo(say(_t("  2. Read {folder}/_config.yml, and name company, currency and time zone there."), folder=folder))
    click.echo(say(_t("  3. Run: crmreport build --project {folder}"), folder=folder))


@main.command(name="sample", help=say(_t("Write the tables of the sample company; the same seed gives the same bytes.")))
@click.argument("folder", metavar="DIR")
@click.option("--seed", type=int, default=None, help=say(_t("Number from which everything is drawn.")))
def _sample(folder: str, seed: int | None) -> None:
    rows = write_sample(Path(folder)) if seed is None else write_sample(Path(folder), seed)
    for name, count in rows.items():
        click.echo(f"{name:<16}{count:>9,}")
