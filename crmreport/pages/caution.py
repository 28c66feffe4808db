"""Caution: a gap in the data that a page's figures rest on, said before they are news."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from crmreport.config import Project
from crmreport.context import Context
from crmreport.gate import is_within, with_baselines
from crmreport.language import _t, escaped
from crmreport.periods import Period
from crmreport.quality.checks import PROBLEM
from crmreport.quality.sentences import sentence
from crmreport.tables.contract import table

_SEPARATORS = {"en": "; ", "zh_CN": "；"}
MOST_GAPS = 4  # in one sentence; the page about the data has all of them


FIND_OUT = _t("Find out whether rows are lacking before you act on a change.")

Gap = Mapping[str, Any]  # a row of `crmreport.pages.touched.quality_of`


def gaps_of(project: Project, period: Period, quality: pd.DataFrame) -> tuple[Gap, ...]:
    """Choose the checks that are gaps in a period, or in one that it is compared with.

    `quality`: see `crmreport.pages.touched.quality_of`.
    """
    gaps = quality[(quality["verdict"] == PROBLEM) & (quality["period"] != "")].to_dict("records")
    periods = with_baselines(period)
    return tuple(gap for gap in gaps if is_within(project, gap["period"], periods))


def caution(context: Context, chapter: str, gaps: Sequence[Gap]) -> str:
    """Say, in Markdown, which of a period's gaps are in what a chapter rests on; "" if none is."""
    said = gaps_behind(context, chapter, gaps)
    if not said:
        return ""
    return f":::{{warning}}\n{escaped(said)}\n\n{escaped(context.say(FIND_OUT))}\n:::"


def gaps_behind(context: Context, chapter: str, gaps: Sequence[Gap]) -> str:
    """Say the same as plain text, without what to do about it."""
    said = []
    for row in gaps:
        if chapter in row["chapters"]:
            gap = context.project.settings.calendar.period(row["period"])
            title = context.say(table(row["table"]).title)
            found = sentence(row, context.period_name(gap)).say(context.language)
            said.append(context.say(_t("{title}: {text}"), title=title, text=found))
    if not said:
        return ""
    listed = _SEPARATORS[context.language].join(said[:MOST_GAPS]) + (" ..." if said[MOST_GAPS:] else "")
    return context.say(_t("There are gaps in the data behind these figures. {gaps}."), gaps=listed)
