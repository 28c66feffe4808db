"""Fetching: only small frames come from a remote engine to this machine; a large one is refused."""

from __future__ import annotations

from collections.abc import Sized

from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.misconfigured import CONFIG_FILE, SECTION


def check_small(found: Sized, most_rows: int) -> None:
    """Refuse an answer of more rows than the settings let come (or be sent).

    `found`: what came, asked for with one row more than `most_rows`. Raises UserError.
    """
    if len(found) > most_rows:
        raise UserError(
            _t(
                "More than {rows} rows would have to pass between the engine and this machine: {key} in "
                "{file}. Raise it, or leave out what needs them."
            ),
            rows=most_rows,
            key=f"{SECTION}.engine_rows",
            file=CONFIG_FILE,
        )
