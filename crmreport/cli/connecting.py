"""Connecting: the command that proposes how files become tables, and writes it into the settings."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path
from typing import Any

import click

from crmreport.cli.shared import language_of_terminal, option_json, option_project, padded, say, width
from crmreport.config import CONFIG_FILE, Project, read_project
from crmreport.connecting import Looked, Proposal, choose, look, write_tables
from crmreport.errors import UserError
from crmreport.language import Phrase, _t
from crmreport.presets import read_presets
from crmreport.tables.contract import table as table_of
from crmreport.tables.engine import connect

_LONGEST_HEADING = 40
_MOST_HEADINGS = 12  # of those that are not used, so many are named


@click.command(
    name="connect",
    help=say(
        _t(
            "Look at files, propose which table each one is and which column is which, and write that into "
            "the project's _config.yml. Tables that are there already are left as they are, unless --replace "
            "is given."
        )
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@option_project
@click.option("--dry-run", is_flag=True, help=say(_t("Propose only; write nothing.")))
@click.option("--replace", is_flag=True, help=say(_t("Replace tables that the settings name already.")))
@option_json
def connect_command(
    files: tuple[str, ...], project: str, dry_run: bool, replace: bool, as_json: bool
) -> None:
    """Propose how files become tables, and write it into the settings."""
    opened = read_project(project)
    connection = connect(opened.settings.timezone)
    presets = read_presets(opened.root)
    named = tuple(dict.fromkeys(_from_project(opened, file) for file in files))
    currency = opened.settings.currency
    looked = tuple(look(connection, opened.root, file, currency, presets) for file in named)
    chosen, notes = choose(opened.root, looked)
    usable = tuple(p for p in chosen if p.is_usable)
    kept = tuple(p.table for p in usable if p.table in opened.settings.tables and not replace)
    written = tuple(p for p in usable if p.table not in kept)
    if written and not dry_run:
        write_tables(opened.root, written)
    if as_json:
        click.echo(
            json.dumps(_as_json(looked, chosen, notes, written, dry_run), ensure_ascii=False, indent=1)
        )
        return
    for each in looked:
        _show(each)
    for proposal in chosen:
        if not any(proposal is p for each in looked for p in each.proposals):
            _show_notes(proposal.notes[-1:])
    _show_notes(notes)
    _show_end(written, kept, project, dry_run=dry_run)


def _from_project(project: Project, file: str) -> str:
    """Write a file's path from the project's folder. UserError for what is no file."""
    path = Path(file).resolve()
    if not path.is_file():
        raise UserError(_t("There is no file {path}. Name one that is there."), path=file)
    return Path(os.path.relpath(path, project.root)).as_posix()


def _show(looked: Looked) -> None:
    click.secho(looked.file, bold=True)
    if not looked.proposals:
        click.echo("  " + say(_t("No table: it has none of the columns that a table must have.")))
    for proposal in looked.proposals:
        _show_table(proposal)
    if looked.proposals and looked.unused:
        shown = [textwrap.shorten(heading, _LONGEST_HEADING, placeholder="...") for heading in looked.unused]
        named = ", ".join(shown[:_MOST_HEADINGS])
        more = len(looked.unused) - _MOST_HEADINGS
        text = _t("Not used: {headings}, and {n} more.") if more > 0 else _t("Not used: {headings}.")
        click.echo("  " + say(text, headings=named, n=more))
    click.echo()


def _show_table(proposal: Proposal) -> None:
    table = table_of(proposal.table)
    title = f"{proposal.table} ({say(table.title)})"
    if proposal.source.preset:
        title += "  " + say(_t("preset {name}"), name=proposal.source.preset)
    click.secho(f"  {title}", fg="green" if proposal.is_usable else "yellow")
    lines = [
        (
            m.column,
            textwrap.shorten(m.heading, 60, placeholder="...") or "-",
            f"{m.confidence:.0%}",
            say(m.why),
        )
        for m in proposal.matches
    ]
    widths = [max(width(line[i]) for line in lines) for i in range(3)]
    for column, heading, confidence, why in lines:
        click.echo(
            f"    {padded(column, widths[0])}  ← {padded(heading, widths[1])}  "
            f"{confidence:>{widths[2]}}  {why}"
        )
    said = _said(proposal)
    if said:
        click.echo("    " + say(_t("Read with: {settings}."), settings=said))
    if proposal.lacking:
        names = ", ".join(proposal.lacking)
        text = _t("It lacks {names}, and cannot be used alone.")
        click.secho("    " + say(text, names=names), fg="yellow")
    _show_notes(proposal.notes, indent="    ")


def _said(proposal: Proposal) -> str:
    """Write what the settings say of the whole table, in their own words; a query is only named."""
    source = proposal.source
    parts = []
    for name in ("missing", "dates", "decimal", "thousands", "currency_heading"):
        if name in source.model_fields_set:
            value = getattr(source, name)
            parts.append(f"{name} {', '.join(value) if isinstance(value, tuple) else value}")
    parts += [name for name in ("query", "one_row_per_key") if getattr(source, name)]
    return "; ".join(parts)


def _show_notes(notes: tuple[Phrase, ...], indent: str = "") -> None:
    for note in notes:
        click.secho(f"{indent}! {note.say(language_of_terminal())}", fg="yellow")


def _show_end(written: tuple[Proposal, ...], kept: tuple[str, ...], project: str, *, dry_run: bool) -> None:
    names = ", ".join(p.table for p in written)
    if kept:
        text = _t("Left as they are in {file}: {tables}. To replace them, add --replace.")
        click.echo(say(text, file=CONFIG_FILE, tables=", ".join(kept)))
    if not written:
        click.echo(say(_t("Nothing was written.")))
    elif dry_run:
        click.echo(say(_t("Would be written into {file}: {tables}."), file=CONFIG_FILE, tables=names))
    else:
        click.echo(say(_t("Written into {file}: {tables}."), file=CONFIG_FILE, tables=names))
        click.echo(say(_t("Look it over, then run: crmreport list --project {folder}"), folder=project))


def _as_json(
    looked: tuple[Looked, ...],
    chosen: tuple[Proposal, ...],
    notes: tuple[Phrase, ...],
    written: tuple[Proposal, ...],
    dry_run: bool,
) -> dict[str, Any]:
    language = language_of_terminal()
    return {
        "files": [
            {
                "file": each.file,
                "tables": [_proposal_as_json(p, language) for p in each.proposals],
                "unused": list(each.unused),
            }
            for each in looked
        ],
        "tables": {
            p.table: p.source.model_dump(exclude_unset=True, mode="json") for p in chosen if p.is_usable
        },
        "notes": [note.say(language) for note in notes],
        "written": [] if dry_run else [p.table for p in written],
    }


def _proposal_as_json(proposal: Proposal, language: str) -> dict[str, Any]:
    return {
        "table": proposal.table,
        "columns": {
            m.column: {"heading": m.heading, "confidence": m.confidence, "why": m.why.value}
            for m in proposal.matches
        },
        "lacking": list(proposal.lacking),
        "notes": [note.say(language) for note in proposal.notes],
    }
