"""Quality: what is amiss in the data, how full their columns are, and how many rows each month has."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import pandas as pd

from crmreport.context import Context
from crmreport.display import charts
from crmreport.display.charts import Words
from crmreport.display.outputs import Chart, Table, Text
from crmreport.language import _t
from crmreport.quality.checks import CHECKS, NOTE, OK, PROBLEM
from crmreport.quality.sentences import sentence
from crmreport.tables.contract import table as table_named

# A sign for each verdict, so that it can be read without colour.
SIGNS = {OK: "✓", NOTE: "•", PROBLEM: "✗"}

MOST_PROBLEMS = 40  # lines of the table; the command shows the rest
MOST_COLUMNS = 15  # bars of the chart; all columns are in its table
MOST_MONTHS = 37  # bars of the chart; all months are in its table

_LISTED = {"en": ", ", "zh_CN": "、"}
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


def problems(context: Context, quality: pd.DataFrame, titles: Mapping[str, str]) -> Table | Text:
    """List what is amiss in the data, and the chapters that it touches.

    `quality`: see `crmreport.pages.touched.quality_of`; `titles`: those of the chapters, by name.
    """
    amiss = quality[(quality["verdict"] != OK) & (quality["kind"] != "unfinished")]
    if amiss.empty:
        return Text(context.say(_t("Nothing is amiss in the data, as far as the checks can tell.")))
    amiss = amiss.sort_values("verdict", key=lambda v: v != PROBLEM, kind="stable")
    rows = [
        (
            row["table"],
            f"{SIGNS[row['verdict']]} {context.say(CHECKS[row['check']])}",
            sentence(row, _period_name(context, row["period"])).say(context.language),
            _LISTED[context.language].join(context.say(titles[name]) for name in row["chapters"]) or "–",
        )
        for row in amiss.head(MOST_PROBLEMS).to_dict("records")
    ]
    notes = [context.say(_t("✗ a problem; • worth knowing."))]
    if len(amiss) > MOST_PROBLEMS:
        text = _t("{n} more are shown by the command crmreport check.")
        notes.append(context.say(text, n=context.writer.number(len(amiss) - MOST_PROBLEMS)))
    titles_of_columns = (_t("Table"), _t("Check"), _t("What was found"), _t("Chapters that it touches"))
    return Table(
        columns=tuple(context.say(title) for title in titles_of_columns),
        align=("left",) * 4,
        rows=tuple(rows),
        caption=context.say(_t("What is amiss in the data")),
        notes=tuple(notes),
    )


def completeness(context: Context, quality: pd.DataFrame) -> Chart | Text:
    """Draw how full the columns are that have empty cells, the emptiest first; its title names that one."""
    all_columns = quality[quality["check"] == "completeness"]
    if all_columns.empty:
        return Text("")
    frame = all_columns.assign(
        label=all_columns["table"] + "." + all_columns["column"], value=1 - all_columns["share"]
    ).sort_values(["value", "label"], ignore_index=True)
    frame["written"] = [context.writer.percent(v) if v == v else "–" for v in frame["value"]]
    lacking = frame[frame["value"] < 1]
    counts = {"n": len(frame) - len(lacking), "of": len(frame)}
    title = context.say(_t("All {of} columns are filled in every row"), **counts)
    if len(lacking):
        emptiest = {"column": lacking["label"].iloc[0], "share": lacking["written"].iloc[0]}
        text = _t("{n} of {of} columns are filled in every row; the emptiest is {column}, at {share}")
        title = context.say(text, **counts, **emptiest)
    number = context.writer.number
    cells = zip(frame["label"], frame["rows"], frame["failing"], frame["written"], strict=True)
    twin = Table(
        columns=tuple(context.say(t) for t in (_t("Column"), _t("Rows"), _t("Empty"), _t("Filled"))),
        align=("left", "right", "right", "right"),
        rows=tuple((label, number(n), number(empty), share) for label, n, empty, share in cells),
    )
    filled = context.say(_t("Share of the rows in which the column is filled"))
    words = Words(
        language=context.language,
        title=title,
        description=context.say(_t("{title}. {kind}"), title=title, kind=context.say(_BARS_BY_COLUMN)),
        value_axis=filled,
        category_axis=context.say(_t("Column")),
        now=context.say(_t("Filled")),
    )
    drawn = (lacking if len(lacking) else frame).head(MOST_COLUMNS)
    drawn = drawn[["label", "value", "written"]].assign(earlier=math.nan)
    return charts.bars(drawn, "share", words, twin)


_BARS_BY_COLUMN = _t("Bar chart by column, of those that have empty cells.")


def volume(context: Context, quality: pd.DataFrame, name: str) -> Chart | Text:
    """Draw how many rows a table has in each month beside those to be expected; its title says what lacks.

    Empty for a table that is not connected.
    """
    months = quality[(quality["table"] == name) & (quality["check"] == "volume")]
    months = months[[bool(_MONTH.fullmatch(period)) for period in months["period"]]]
    if months.empty:
        return Text("")
    usual, expected, gap, unfinished = (context.say(word) for word in _MONTHS)
    words_of = {"fewer": gap, "none": gap, "unfinished": unfinished}
    frame = pd.DataFrame(
        {
            "label": months["period"],
            "value": months["rows"].astype(float),
            "expected": months["expected"].round(),
            "series": [words_of.get(kind, usual) for kind in months["kind"]],
        }
    )
    number = context.writer.number
    frame["written"] = [number(value) for value in frame["value"]]
    cells = zip(frame["label"], frame["written"], frame["expected"], frame["series"], strict=True)
    twin = Table(
        columns=tuple(context.say(title) for title in (_t("Month"), _t("Rows"), _t("Expected"), "")),
        align=("left", "right", "right", "left"),
        rows=tuple(
            (label, rows, number(e) if e == e else "–", series if series != usual else "")
            for label, rows, e, series in cells
        ),
    )
    title = _finding(context, name, months)
    kind = context.say(_t("Bar chart by month, with a mark where the rows to be expected stand."))
    words = Words(
        language=context.language,
        title=title,
        description=context.say(_t("{title}. {kind}"), title=title, kind=kind),
        value_axis=context.say(_t("Rows")),
        category_axis=context.say(_t("Month")),
        now=usual,
        earlier=expected,
    )
    return charts.counts(frame.tail(MOST_MONTHS), words, twin, gap=gap, unfinished=unfinished)


_MONTHS = (_t("rows"), _t("expected"), _t("▼ far fewer than expected"), _t("not over"))


def _finding(context: Context, name: str, months: pd.DataFrame) -> str:
    """Say whether a table has the rows to be expected, as the title of its chart."""
    title = context.say(table_named(name).title)
    short = months[months["kind"].isin(("fewer", "none"))]
    if len(short):
        last = _period_name(context, short["period"].iloc[-1])
        if len(short) == 1:
            return context.say(
                _t("{title}: {period} has far fewer rows than expected"), title=title, period=last
            )
        text = _t("{title}: {n} months have far fewer rows than expected, the last of them {period}")
        return context.say(text, title=title, n=len(short), period=last)
    if months["expected"].isna().all():
        return context.say(_t("{title}: too few months to say how many rows are usual"), title=title)
    return context.say(_t("{title}: no month has far fewer rows than expected"), title=title)


def _period_name(context: Context, name: str) -> str:
    """Write the period of a check; "" for all times."""
    return context.period_name(context.project.settings.calendar.period(name)) if name else ""
