"""Checks: what is looked at in each table, and the frame that says what was found."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmreport.language import _t

CHECKS = {
    "completeness": _t("Completeness"),
    "validity": _t("Validity"),
    "uniqueness": _t("Uniqueness"),
    "references": _t("References"),
    "freshness": _t("Freshness"),
    "volume": _t("Volume"),
    "schema": _t("Schema"),
}

OK, NOTE, PROBLEM = "ok", "note", "problem"
VERDICTS = (OK, NOTE, PROBLEM)

# A check that fails for more than this share of its rows is a problem; for fewer it is worth a note.
MOST_FAILING = 0.05

# One row for each thing that was looked at.
COLUMNS = {
    "table": "str",  # of the contract
    "check": "str",  # one of `CHECKS`
    "column": "str",  # of the contract; of the source for the schema; "" for the whole table
    "period": "str",  # its name, or the first and last day of a gap; "" for all times
    "kind": "str",  # what was found, by the names of `crmreport.quality.sentences`; "" where all is well
    "rows": "int64",  # rows that were looked at
    "failing": "float64",  # volume: rows that are lacking; freshness: days without a row; else rows that fail
    "share": "float64",  # failing of rows, or of the rows expected; missing if these are none
    "expected": "float64",  # volume: rows to be expected; freshness: days without a row that are usual
    "note": "str",  # what no figure says: the table referred to, a column's types, a value and a likely one
    "verdict": "str",  # one of `VERDICTS`
}

Check = dict[str, Any]  # one row of the frame


def check(table: str, name: str, rows: int, failing: float, **more: object) -> Check:
    """Give one row of the frame; the verdict is by the share that fails, unless it is given."""
    share = failing / rows if rows else float("nan")
    verdict = OK if not failing else PROBLEM if share > MOST_FAILING else NOTE
    plain: Check = {"column": "", "period": "", "kind": "", "expected": float("nan"), "note": ""}
    found = {"table": table, "check": name, "rows": rows, "failing": failing, "share": share}
    return plain | found | {"verdict": verdict} | more


def as_frame(checks: list[Check]) -> pd.DataFrame:
    """Give checks as a frame with the columns of `COLUMNS`."""
    return pd.DataFrame(checks, columns=list(COLUMNS)).astype(COLUMNS)
