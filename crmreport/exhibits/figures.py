"""Figures: what the charts have in common: a metric's figures laid out to be drawn and to be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from crmreport.context import Context
from crmreport.display.charts import Words
from crmreport.display.outputs import Table
from crmreport.exhibits.status import cases, written
from crmreport.language import _t
from crmreport.metrics.metric import Better, Metric, Unit

Row = dict[str, Any] | None  # one row of the cube; None where there is none

_BETTER = {
    Better.HIGHER: _t("{figure} (higher is better)"),
    Better.LOWER: _t("{figure} (lower is better)"),
    Better.NEITHER: _t("{figure}"),
}
_WITH_UNIT = {
    Unit.COUNT: _t("{title}"),
    Unit.SHARE: _t("{title}"),
    Unit.MONEY: _t("{title}, {currency}"),
    Unit.POINTS: _t("{title}, points"),
    Unit.MINUTES: _t("{title}, minutes"),
    Unit.DAYS: _t("{title}, days"),
    Unit.NUMBER: _t("{title}"),
}


def laid_out(context: Context, metric: Metric, rows: Sequence[tuple[str, Row, Row]]) -> pd.DataFrame:
    """Lay out figures: one row for each label, with the figure now and the one a year before.

    Columns: `label`, `value`, `low`, `high`, `earlier` (numbers, missing where there is none), and as written
    for a reader `written`, `written_interval`, `cases`, `written_earlier`.
    """
    entries = [
        {
            "label": label,
            "value": _number(now, "value"),
            "low": _number(now, "low"),
            "high": _number(now, "high"),
            "earlier": _number(earlier, "value"),
            "written": written(context, metric, now),
            "written_interval": _interval(context, metric, now),
            "cases": cases(context, metric, now),
            "written_earlier": written(context, metric, earlier),
        }
        for label, now, earlier in rows
    ]
    frame = pd.DataFrame(entries)
    numbers = ["value", "low", "high", "earlier"]
    return frame.assign(**{name: frame[name].astype(float) for name in numbers})


def twin_of(context: Context, metric: Metric, frame: pd.DataFrame, first: str, last: str) -> Table:
    """Give the figures as a table; `first` and `last` are the titles of the label and of the year before."""
    titles = [context.say(title) for title in (metric.title, _t("95% interval"), _t("Cases"))]
    columns = frame[["label", "written", "written_interval", "cases", "written_earlier"]]
    return Table(
        columns=(first, *titles, last),
        align=("left", "right", "right", "right", "right"),
        rows=tuple(columns.itertuples(index=False, name=None)),
    )


def words_of(context: Context, metric: Metric, title: str, kind: str, now: str, earlier: str) -> Words:
    """Give what a reader reads around a chart; `kind` says in words what sort of chart it is."""
    return Words(
        language=context.language,
        title=title,
        description=context.say(_t("{title}. {kind}"), title=title, kind=kind),
        value_axis=context.say(_BETTER[metric.better], figure=_with_unit(context, metric)),
        category_axis=context.say(_t("Segment")),
        now=now,
        earlier=earlier,
    )


def _with_unit(context: Context, metric: Metric) -> str:
    currency = context.project.settings.currency
    return context.say(_WITH_UNIT[metric.unit], title=context.title(metric), currency=currency)


def both_years(context: Context) -> tuple[str, str]:
    """Write the period and the same one of last year."""
    return context.period_name(context.period), context.period_name(context.period.year_before())


def _interval(context: Context, metric: Metric, row: Row) -> str:
    return (context.writer.interval(metric, row["low"], row["high"]) if row else "") or "–"


def _number(row: Row, part: str) -> float:
    return math.nan if row is None else row[part]
