"""Funnel: how far the leads came within their first 60 days, stage by stage."""

from __future__ import annotations

import math

import pandas as pd

from crmreport.context import Context
from crmreport.display import charts
from crmreport.display.charts import Words
from crmreport.display.outputs import Chart, Table
from crmreport.exhibits.figures import both_years
from crmreport.language import _t


def funnel(context: Context, stages: pd.DataFrame) -> Chart:
    """Draw the stages; the title names the one before which most leads are lost.

    `stages`: see `crmreport.analyses.pipeline.funnel`.
    """
    here = (context.segment.dimension, context.segment.value)
    own = stages[(stages["dimension"] == here[0]) & (stages["segment"] == here[1])]
    now = own[own["period"] == context.period.key].sort_values("stage_order", ignore_index=True)
    before = own[own["period"] == context.period.year_before().key].set_index("stage")["reached"]
    before = now["stage"].map(before) / (before.max() if len(before) else math.nan)
    shares = now["reached"] / (now["reached"].iloc[0] if len(now) else math.nan)
    number, percent = context.writer.number, context.writer.percent
    frame = pd.DataFrame(
        {
            "label": [context.label(stage) for stage in now["stage"]],
            "value": shares.astype(float),
            "earlier": before.astype(float),
            "written": [
                f"{percent(s, 0)} ({number(n)})" for s, n in zip(shares, now["reached"], strict=True)
            ],
        }
    )
    titles = (_t("Stage"), _t("Leads"), _t("Of all leads"), _t("Of the stage before"))
    steps = now["reached"] / now["reached"].shift()
    twin = Table(
        columns=tuple(context.say(title) for title in titles),
        align=("left", "right", "right", "right"),
        rows=tuple(
            (label, number(n), percent(share), percent(step) if math.isfinite(step) else "–")
            for label, n, share, step in zip(frame["label"], now["reached"], shares, steps, strict=True)
        ),
    )
    listed = ", ".join(f"{a} {b}" for a, b in zip(frame["label"], frame["written"], strict=True))
    this_year, last_year = both_years(context)
    words = Words(
        language=context.language,
        title=_bottleneck(context, now["reached"], frame["label"]),
        description=context.say(
            _t("Bar chart of the stages that leads reached within 60 days: {stages}."), stages=listed
        ),
        value_axis=context.say(_t("Share of the leads whose 60 days ended in the period")),
        category_axis=context.say(_t("Stage")),
        now=this_year,
        earlier=last_year,
    )
    return charts.bars(frame, "share", words, twin)


def _bottleneck(context: Context, reached: pd.Series, labels: pd.Series) -> str:
    """Say before which stage most leads are lost."""
    if len(reached) < 2:
        return context.say(_t("No leads had their 60 days up in this period"))
    lost = -reached.diff().iloc[1:]
    worst = lost.idxmax()
    return context.say(
        _t("Most leads are lost before {stage}: {lost} of {leads}"),
        stage=labels[worst],
        lost=context.writer.number(lost[worst]),
        leads=context.writer.number(reached.iloc[0]),
    )
