"""Starting: the commands that need no data: a new project, the sample company, the metrics that there are."""

from __future__ import annotations

import json
from pathlib import Path

import click

from crmreport.analyses import ANALYSES
from crmreport.cli.shared import language_of_terminal, option_json, option_project, say
from crmreport.config import CONFIG_FILE, Settings, read_project
from crmreport.errors import UserError
from crmreport.glossary import describe, describe_analysis
from crmreport.language import LANGUAGES, _t
from crmreport.metrics import METRICS
from crmreport.starter import start_project
from crmreport.tables.sample import write_sample

EXAMPLE_PERIOD = "2025-10"  # the one whose SQL is shown


@click.command(name="metrics", help=say(_t("List the metrics: definition, formula, SQL and source.")))
@option_project
@click.option("--analyses", is_flag=True, help=say(_t("List the analyses instead.")))
@option_json
def metrics_command(project: str, analyses: bool, as_json: bool) -> None:
    """List the metrics as the project's settings define them; outside a project, as they are by default."""
    outside = project == "." and not Path(CONFIG_FILE).is_file()
    settings = Settings(company="-") if outside else read_project(project).settings
    if analyses:
        _list_analyses(settings, as_json)
        return
    period = settings.calendar.period(EXAMPLE_PERIOD)
    described = [describe(metric, settings, period) for metric in METRICS]
    if as_json:
        click.echo(json.dumps(described, ensure_ascii=False, indent=1))
        return
    language = language_of_terminal()
    for metric in described:
        click.secho(f"{metric['name']}: {metric['title'][language]}", bold=True)
        click.echo(f"  {metric['definition'][language]}")
        click.echo(f"  {say(_t('Formula'))}: {metric['formula']}  ({', '.join(metric['tables'])})")
        click.echo(f"  {say(_t('Source'))}: {metric['source'][language]}")
        if not metric["made_of"]:  # else it is those of the parts, put together
            click.echo("  SQL: " + " ".join(metric["sql"].split()))


def _list_analyses(settings: Settings, as_json: bool) -> None:
    described = [describe_analysis(analysis, settings) for analysis in ANALYSES]
    if as_json:
        click.echo(json.dumps(described, ensure_ascii=False, indent=1))
        return
    language = language_of_terminal()
    for analysis in described:
        click.secho(f"{analysis['name']}: {analysis['title'][language]}", bold=True)
        click.echo(f"  {analysis['definition'][language]}")
        click.echo(f"  {say(_t('Needs'))}: {', '.join(analysis['needs'])}")
        click.echo(f"  {say(_t('Source'))}: {analysis['source'][language]}")
        for name, columns in analysis["frames"].items():
            click.echo(f"  {name}: {', '.join(columns)}")


@click.command(name="new", help=say(_t("Start a project for your own data in a new folder.")))
@click.argument("folder", metavar="DIR")
@click.option(
    "--language",
    default=language_of_terminal(),
    show_default=True,
    type=click.Choice(LANGUAGES),
    help=say(_t("Language of the review.")),
)
def new_command(folder: str, language: str) -> None:
    """Start a project."""
    start_project(Path(folder), language)
    for line in (
        _t("{folder} is ready. Next:"),
        _t("  1. Run: crmreport connect FILE... --project {folder}   (see {folder}/data/SOURCES.md)"),
        _t("  2. Read {folder}/_config.yml, and name company, currency and time zone there."),
        _t("  3. Run: crmreport check --project {folder}"),
        _t("  4. Run: crmreport build --project {folder}"),
    ):
        click.echo(say(line, folder=folder))


@click.command(
    name="sample", help=say(_t("Write the sample company's tables. The same seed gives the same bytes."))
)
@click.argument("folder", metavar="DIR")
@click.option("--seed", type=int, default=None, help=say(_t("Number from which everything is drawn.")))
def sample_command(folder: str, seed: int | None) -> None:
    """Write the sample company."""
    try:
        rows = write_sample(Path(folder)) if seed is None else write_sample(Path(folder), seed)
    except OSError as error:
        raise UserError(
            _t("{path} cannot be written: {reason}. Name another folder."),
            path=folder,
            reason=error.strerror or str(error),
        ) from None
    for name, count in rows.items():
        click.echo(f"{name:<16}{count:>9,}")
