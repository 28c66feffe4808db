"""Caution: a gap in the data that a page's figures rest on, said before they are news."""

from __future__ import annotations

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


def gaps_of(project: Project, period: Period, quality: pd.DataFrame) -> pd.DataFrame:
    """Choose the checks that are gaps in a period, or in one that it is compared with."""
    gaps = quality[(quality["verdict"] == PROBLEM) & (quality["period"] != "")]
    periods = with_baselines(period)
    return gaps.loc[[is_within(project, name, periods) for name in gaps["period"]]]


def caution(context: Context, chapter: str, quality: pd.DataFrame) -> str:
    """Say, in Markdown, where the data that a chapter rests on have gaps; "" if they have none.

    Of the page's own period, and of those that it is compared with. `quality`: see
    `crmreport.pages.touched.quality_of`.
    """
    gaps = gaps_behind(context, chapter, quality)
    if not gaps:
        return ""
    return f":::{{warning}}\n{escaped(gaps)}\n\n{escaped(context.say(FIND_OUT))}\n:::"


def gaps_behind(context: Context, chapter: str, quality: pd.DataFrame) -> str:
    """Say the same as plain text, without what to do about it."""
    said = []
    for row in gaps_of(context.project, context.period, quality).to_dict("records"):
        if chapter in row["chapters"]:
            gap = context.project.settings.calendar.period(row["period"])
            title = context.say(table(row["table"]).title)
            found = sentence(row, context.period_name(gap)).say(context.language)
            said.append(context.say(_t("{title}: {text}"), title=title, text=found))
    if not said:
        return ""
    listed = _SEPARATORS[context.language].join(said[:MOST_GAPS]) + (" ..." if said[MOST_GAPS:] else "")
    return context.say(_t("There are gaps in the data behind these figures. {gaps}."), gaps=listed)
