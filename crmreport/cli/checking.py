"""Checking: the command that says how far the data can be trusted, and what would stop a build."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from textwrap import indent
from typing import Any

import click
import pandas as pd

from crmreport.cli.shared import BUILT_WITH_FAULTS, option_json, option_project, padded, say, shown, width
from crmreport.cli.shared import language_of_terminal as language
from crmreport.config import CONFIG_FILE, SECTION, Project, read_project
from crmreport.covering import last_complete
from crmreport.errors import UserError
from crmreport.exhibits.quality import SIGNS
from crmreport.exhibits.tables import cleaning_reason
from crmreport.gate import stopping
from crmreport.language import Phrase, _t
from crmreport.pages.touched import quality_of
from crmreport.quality.checks import CHECKS, NOTE, OK, PROBLEM
from crmreport.quality.schema import remember
from crmreport.quality.sentences import sentence
from crmreport.results import SET_ASIDE, Results, compute_results
from crmreport.tables.cleaning.folding import folds_as_settings
from crmreport.tables.cleaning.merges import proposed_merges, write_proposals
from crmreport.tables.cleaning.rules import ACTIONS
from crmreport.tables.contract import TABLES, table
from crmreport.tables.remote.brought import rows_here
from crmreport.tables.remote.fingerprints import refresh_sources
from crmreport.tables.sources import find_sources

MOST_LINES = 5  # of one check of one table; the answer as JSON has all

# Where nothing is amiss.
_WELL = {
    "completeness": _t("columns: {columns}; filled in every row: {full}"),
    "validity": _t("every cell can be read, and can be true"),
    "uniqueness": _t("no row says again what another says"),
    "references": _t("what this table names of other tables is there"),
    "freshness": _t("the rows reach to the end of the data, or as near as is usual"),
    "volume": _t("periods judged: {periods}; none has far fewer rows than expected"),
    "schema": _t("the columns of the source are those of the review before"),
}

_TOO_SHORT = _t("too few whole periods to say how many rows are usual")

# Rules under which a cell is to blame; what it said may be shown, unless its column is private.
_OF_A_CELL = ("unreadable", "impossible", "no rate", "future")


@click.command(
    name="check",
    help=say(
        _t(
            "Say how far the data can be trusted, table by table, and what would stop a build.\n\nExit "
            "codes: 0 nothing would stop a build; 1 a check that crmreport.fail_on names has a problem, or "
            "there is no whole period yet; 2 something must be mended before the data can be read."
        )
    ),
)
@option_project
@click.option(
    "--accept",
    is_flag=True,
    help=say(_t("Take the columns of the sources as they are for the right ones from now on.")),
)
@click.option(
    "--propose-merges",
    metavar="FILE",
    help=say(
        _t(
            "Write customers who look alike into a file, for a person to confirm; it is read where "
            "crmreport.confirmed_merges names it."
        )
    ),
)
@option_json
def check_command(project: str, accept: bool, propose_merges: str | None, as_json: bool) -> None:
    """Check the data."""
    found = read_project(project)
    refresh_sources(found, find_sources(found))
    if propose_merges is not None:
        _propose_merges(found, Path(propose_merges))
        return
    results = compute_results(found)
    if accept:
        remember(found.store, results.data, results.schema)
    stops, reason = _stops(found, results)
    if as_json:
        click.echo(json.dumps(_as_data(found, results, stops, reason), ensure_ascii=False, indent=1))
    else:
        for each in TABLES:
            if each.name in set(results.cleaning["table"]):
                _tell_table(results, each.name)
        _tell_folds(found, results)
        _tell_end(found, results, stops, reason)
    if len(stops) or reason:
        sys.exit(BUILT_WITH_FAULTS)


def _propose_merges(project: Project, path: Path) -> None:
    """Write the pairs of customers that look alike into a file, beside those that are there already."""
    proposed = proposed_merges(rows_here(project, ("customers",)).tables["customers"])
    added = write_proposals(proposed, path)
    text = _t(
        "{path}: {n} pairs of customers look alike, {added} of them new. Write yes or no into each row, and "
        "name the file in {file}: {key}."
    )
    where = {"path": shown(path.resolve()), "file": CONFIG_FILE, "key": f"{SECTION}.confirmed_merges"}
    click.echo(say(text, n=len(proposed), added=added, **where))


def _stops(project: Project, results: Results) -> tuple[pd.DataFrame, str]:
    """Give the checks that would stop a build, and what else would ("" if nothing)."""
    try:
        periods, reason = last_complete(project, results, project.settings.periods), ""
    except UserError as error:
        periods, reason = (), error.message(language())
    return stopping(project, results, periods), reason


def _tell_table(results: Results, name: str) -> None:
    """Say of one table how many rows are used, what each check found, and where the others are."""
    log = results.cleaning[results.cleaning["table"] == name]
    rows = log.groupby("action")["rows"].sum()
    text = _t("{title} ({table}): {used} of {read} rows of {path} are used")
    click.secho(
        say(
            text,
            title=Phrase(table(name).title, {}),
            table=name,
            used=f"{rows['kept']:,}",
            read=f"{rows['read']:,}",
            path=log["file"].iloc[0],
        ),
        bold=True,
    )
    quality = results.quality[results.quality["table"] == name]
    widest = max(width(say(title)) for title in CHECKS.values())
    for check, title in CHECKS.items():
        checked = quality[quality["check"] == check]
        if len(checked):
            for number, (verdict, line) in enumerate(_lines(check, checked)):
                heading = "" if number else say(title)
                click.echo(f"  {padded(heading, widest)}  {SIGNS[verdict]} {line}")
    _tell_set_aside(results.folder, name, log)
    click.echo()


def _lines(check: str, checked: pd.DataFrame) -> list[tuple[str, str]]:
    """Write what one check of one table found: what is amiss, or one line that all is well."""
    amiss = checked[checked["verdict"] != OK].sort_values(
        "verdict", key=lambda verdict: verdict != PROBLEM, kind="stable"
    )
    lines = [(row["verdict"], _said(row)) for row in amiss.head(MOST_LINES).to_dict("records")]
    if len(amiss) > MOST_LINES:
        lines.append((NOTE, say(_t("{n} more: crmreport check --json"), n=len(amiss) - MOST_LINES)))
    if not (amiss["kind"] != "unfinished").any():
        counts = {
            "columns": len(checked),
            "full": int((checked["failing"] == 0).sum()),
            "periods": int(checked["expected"].notna().sum()),
        }
        is_unknown = check == "volume" and not counts["periods"]
        lines.insert(0, (OK, say(_TOO_SHORT if is_unknown else _WELL[check], **counts)))
    return lines


def _said(row: dict[str, Any]) -> str:
    text = sentence(row).say(language())
    return f"{text}: {row['note']}" if row["kind"] == "slip" and row["note"] else text


def _tell_set_aside(folder: Path, name: str, log: pd.DataFrame) -> None:
    """Say where the rows are that are not used, and why they are not, with examples; likewise for cells."""
    path = folder / SET_ASIDE / f"{name}.csv"
    if path.is_file():
        click.echo("  " + say(_t("rows that are not used: {path}"), path=shown(path)))
    changed = log[~log["action"].isin(("read", "kept"))]
    digits = max((len(f"{n:,}") for n in changed["rows"]), default=0)
    for line in changed.to_dict("records"):
        text = _t("{action}: {reason}{examples}")
        done, why = say(ACTIONS[line["action"]]), cleaning_reason(line, language())
        said = say(text, action=done, reason=why, examples=_examples(line))
        click.echo(f"    {line['rows']:>{digits},}  {said}")


def _examples(line: dict[str, Any]) -> str:
    """Write the rows in which something was wrong, and what the cells said that are not private."""
    examples = json.loads(line["examples"])
    if not examples:
        return ""
    column = next((c for c in table(line["table"]).columns if c.name == line["column"]), None)
    is_public = line["rule"] in _OF_A_CELL and column is not None and not column.private
    said = [f"{row} {text!r}" if is_public and text is not None else str(row) for row, text in examples]
    return say(_t(" (rows {rows})"), rows=", ".join(said))


def _tell_folds(project: Project, results: Results) -> None:
    """Write the settings that read values as what they look like slips of, but for private ones."""
    folds = results.folds
    places = zip(folds["table"], folds["column"], strict=True)
    folds = folds[[not table(name).column(column).private for name, column in places]]
    if len(folds):
        text = _t("To read values that look like slips as what they look like, add what is meant to {file}:")
        click.echo(say(text, file=CONFIG_FILE))
        click.echo(indent(folds_as_settings(folds, find_sources(project)), "  "))


def _tell_end(project: Project, results: Results, stops: pd.DataFrame, reason: str) -> None:
    """Say until when the data go, and what would stop a build."""
    settings = project.settings
    last = settings.calendar.containing(results.as_of, settings.kind)
    if settings.calendar.at(last, results.as_of).is_partial:
        text = _t("The data run from {first} to {last}; {period} is not over.")
    else:
        text = _t("The data run from {first} to {last}.")
    click.echo(say(text, first=results.first_day, last=results.as_of, period=last.name))
    for row in stops.to_dict("records"):
        text = _t("A build would stop: {table}, {check}: {found}.")
        check = Phrase(CHECKS[row["check"]], {})
        click.echo(say(text, table=row["table"], check=check, found=sentence(row)))
    if reason:
        click.echo(say(_t("A build would stop: {found}"), found=reason))
    elif stops.empty:
        named = ", ".join(settings.fail_on)
        text = (
            _t("Nothing would stop a build ({key}: {names}).")
            if named
            else _t("Nothing would stop a build: {key} names no check. There are: {checks}.")
        )
        click.echo(say(text, key=f"{SECTION}.fail_on", names=named, checks=", ".join(CHECKS)))


def _as_data(project: Project, results: Results, stops: pd.DataFrame, reason: str) -> dict[str, Any]:
    """Give all that was found as plain data."""
    changed = results.cleaning[~results.cleaning["action"].isin(("read", "kept"))]
    files = {p.stem: str(p) for p in sorted((results.folder / SET_ASIDE).glob("*.csv"))}
    records = json.loads(quality_of(project, results).to_json(orient="records"))
    return {
        "first_day": str(results.first_day),
        "as_of": str(results.as_of),
        "checks": records,
        "cleaning": json.loads(changed.drop(columns="examples").to_json(orient="records")),
        "set_aside": files,
        "stops": [records[position] for position in stops.index],
        "cannot_build": reason,
    }
