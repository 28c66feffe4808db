"""Queries: the SQL of every metric for the newest period, written once and kept in the project's store."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from crmreport.metrics import METRICS
from crmreport.metrics.sql import metric_sql
from crmreport.periods import Period
from crmreport.versions import code_fingerprint, library_versions

_DECIDING = ("metrics", "tables", "periods.py")  # the code that decides what a query is


def queries(store: Path, period: Period) -> dict[str, str]:
    """Give each metric's query for a period, by the metric's name.

    To write them costs as much as to make a dozen pages, and they are the same in every language.
    """
    depends = [
        period.name,
        str(period.start),
        str(period.end),
        code_fingerprint(*_DECIDING),
        library_versions(),
    ]
    key = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:16]
    path = store / "queries" / f"{key}.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = {}
    if set(kept) != {metric.name for metric in METRICS}:
        kept = {metric.name: metric_sql(metric, period) for metric in METRICS}
        _keep(path, json.dumps(kept, ensure_ascii=False, indent=1))
    return {str(name): str(query) for name, query in kept.items()}


def _keep(path: Path, text: str) -> None:
    """Write a file whole or not at all, and drop those of other periods: two builds may do it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.glob("*.json"):
        other.unlink(missing_ok=True)
    begun = path.with_suffix(f".{os.getpid()}")
    begun.write_text(text, encoding="utf-8")
    begun.replace(path)
