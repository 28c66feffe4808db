"""Gate: what stops a build before a page is run, and says so."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from crmreport.config import CONFIG_FILE, SECTION, Project
from crmreport.errors import UserError
from crmreport.findings.detect import baselines_of
from crmreport.language import Phrase, _t
from crmreport.periods import Period
from crmreport.quality.checks import CHECKS, PROBLEM
from crmreport.quality.schema import is_remembered
from crmreport.quality.sentences import sentence
from crmreport.results import Results


def with_baselines(period: Period) -> tuple[Period, ...]:
    """Give a period and those that it is compared with: a gap in one of them shows in a change."""
    return (period, *(before for _, before in baselines_of(period)))


def stopping(project: Project, results: Results, periods: Iterable[Period]) -> pd.DataFrame:
    """Give the checks that stop a build of some periods: problems in those that the configuration names.

    A gap stops it where one of the periods is shown or compared with. What changed in the columns of a source
    stops none once these columns are remembered.
    """
    named = set(project.settings.fail_on)
    if is_remembered(project.store, results.data):
        named.discard("schema")
    quality = results.quality
    found = quality[(quality["verdict"] == PROBLEM) & quality["check"].isin(named)]
    shown = {p for period in periods for p in with_baselines(period)}
    return found.loc[[not name or is_within(project, name, shown) for name in found["period"]]]


def is_within(project: Project, name: str, periods: Iterable[Period]) -> bool:
    """Say whether the period of that name has a day in one of some others."""
    gap = project.settings.calendar.period(name)
    return any(p.start < gap.end and gap.start < p.end for p in periods)


def check_gate(project: Project, results: Results, periods: Iterable[Period]) -> None:
    """Refuse data in which a check that the configuration names has a problem. UserError if so."""
    stops = stopping(project, results, periods)
    if stops.empty:
        return
    first = stops.iloc[0].to_dict()
    raise UserError(
        _t(
            "{table}, {check}: {found}. {key} in {file} lets nothing be built from such data. Mend them, or "
            "take {name} out there; crmreport check shows all that was found."
        ),
        table=first["table"],
        check=Phrase(CHECKS[first["check"]], {}),
        found=sentence(first),
        key=f"{SECTION}.fail_on",
        file=CONFIG_FILE,
        name=first["check"],
    )
