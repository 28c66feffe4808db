"""The command line."""

from __future__ import annotations

from typing import Any

import click

from crmreport.book.make import BookError
from crmreport.cli.building import book_command, build_command
from crmreport.cli.checking import check_command
from crmreport.cli.connecting import connect_command
from crmreport.cli.pages import list_command
from crmreport.cli.running import run_command
from crmreport.cli.shared import BUILT_WITH_FAULTS, TO_BE_MENDED, explain_os_error, language_of_terminal, say
from crmreport.cli.starting import metrics_command, new_command, sample_command
from crmreport.errors import UserError
from crmreport.language import _t

COMMANDS = (
    build_command,
    check_command,
    list_command,
    run_command,
    book_command,
    metrics_command,
    new_command,
    connect_command,
    sample_command,
)


class _Commands(click.Group):
    """Says what a user must mend in one line, and keeps the order in which the commands are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands' names in the order of `COMMANDS`."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever a command returns
        """Run a command; turn what the user must mend into one line and an exit code."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.echo(f"crmreport: {error.message(language_of_terminal())}", err=True)
            ctx.exit(TO_BE_MENDED)
        except OSError as error:
            click.echo(f"crmreport: {explain_os_error(error)}", err=True)
            ctx.exit(TO_BE_MENDED)
        except BookError as error:
            text = say(_t("Jupyter Book stopped, and nothing has been replaced. It said:"))
            click.echo(f"crmreport: {text}\n{error}", err=True)
            ctx.exit(BUILT_WITH_FAULTS)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=say(
        _t(
            "Make a CRM review of a company's data: what changed, why, how surely, and what to do, as a web "
            "site and as PDF.\n\nBegin with `crmreport new DIR`, show it your exports with `crmreport "
            "connect FILE... --project DIR`, and run `crmreport build --project DIR`.\n\nExit codes: 0 all "
            "is well; 1 built, but a page failed; 2 "
            "something must be mended first, and nothing was replaced."
        )
    ),
)
@click.version_option(package_name="crmreport", help=say(_t("Show the version and exit.")))
def main() -> None:
    """Hold the commands."""


for _command in COMMANDS:
    main.add_command(_command)
