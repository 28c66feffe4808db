"""Sentences: what a check found, in words and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmreport.language import Phrase, _t
from crmreport.tables.cleaning.rules import RULES

# By what was found; whatever is not here is one of cleaning's rules, which has words of its own.
_SAID = {
    "missing": _t("{column} is missing in {failing} of {rows} rows ({share}), which are not used"),
    "empty": _t("{column} is empty in {failing} of {rows} rows ({share})"),
    "orphan": _t("{column} names no row of {note} in {failing} of {rows} rows ({share})"),
    "late": _t("no row in the last {failing} days, up to {last} (usual gap: at most {expected} days)"),
    "fewer": _t("{rows} rows in {period}, where about {expected} were to be expected ({share} fewer)"),
    "none": _t("no row in {period}, where about {expected} were to be expected"),
    "unfinished": _t("{rows} rows in {period}, which is not over: the data end on {note}"),
    "slip": _t("{column} has values that look like slips of others, in {failing} of {rows} rows ({share})"),
    "appeared": _t("{column} is new in the source"),
    "vanished": _t("{column} is gone from the source"),
    "retyped": _t("{column} has changed its type in the source: {note}"),
}
_BY_RULE = _t("{reason}: {failing} of {rows} rows ({share})")


def sentence(row: Mapping[str, Any], period: str = "") -> Phrase:
    """Say what one row of the checks found; `period`: how its period is written, if not by its name."""
    values: dict[str, object] = {
        "column": row["column"],
        "note": row["note"],
        "period": period or row["period"],
        "last": row["period"].rpartition("..")[2],
        "rows": _number(row["rows"]),
        "failing": _number(row["failing"]),
        "expected": _number(row["expected"]),
        "share": _share(row["share"]),
    }
    if row["kind"] in _SAID:
        return Phrase(_SAID[row["kind"]], values)
    return Phrase(_BY_RULE, values | {"reason": Phrase(RULES[row["kind"]], {"column": row["column"]})})


def _number(value: float) -> str:
    """Write a whole number, in all our languages alike."""
    return f"{value:,.0f}" if value == value else "–"


def _share(share: float) -> str:
    """Write a share; a small one never as none, nor one of almost all as all."""
    if share != share:
        return "–"
    if 0 < share < 0.0005:
        return "< 0.1%"
    return "> 99.9%" if 0.9995 <= share < 1 else f"{share:.1%}"
