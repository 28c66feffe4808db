"""Status: how far a figure can be trusted, in words."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

from crmreport.context import Context
from crmreport.language import _t
from crmreport.metrics.metric import Metric

_WORDS = {
    "ok": "",
    "small": _t("small sample"),
    "incomplete": _t("incomplete"),
    "undefined": _t("no data"),
    "hidden": _t("too few customers to show"),
}


def is_shown(row: dict[str, Any] | None) -> TypeGuard[dict[str, Any]]:
    """Say whether there is a figure, and it may be shown."""
    return row is not None and row["status"] not in ("undefined", "hidden")


def status_note(context: Context, row: dict[str, Any] | None) -> str:
    """Say what is wrong with a figure; "" if nothing is."""
    return context.say(_WORDS[row["status"]]) if row and _WORDS[row["status"]] else ""


def written(context: Context, metric: Metric, row: dict[str, Any] | None) -> str:
    """Write a figure with what is wrong with it, in brackets; or why there is none."""
    if row is None:
        return context.say(_WORDS["undefined"])
    if not is_shown(row):
        return status_note(context, row)
    note = status_note(context, row)
    value = context.writer.value(metric, row["value"])
    return context.say(_t("{value} ({note})"), value=value, note=note) if note else value


def can_be_drawn(row: dict[str, Any] | None) -> TypeGuard[dict[str, Any]]:
    """Say whether a figure belongs into the course of a metric.

    One of half a month, or one that the data do not reach back far enough for, would look like a fall.
    """
    return row is not None and math.isfinite(row["value"]) and row["status"] != "incomplete"


def cases(context: Context, metric: Metric, row: dict[str, Any] | None) -> str:
    """Write how many cases a figure rests on; "–" where it rests on none, or they are withheld."""
    if row is None or not metric.has_cases or row["denominator"] != row["denominator"]:
        return "–"
    return context.writer.number(row["denominator"])
