"""Targets: what a metric should reach, from ``targets.csv``: metric, period, segment, target."""

from __future__ import annotations

import csv

from crmreport.config import SECTION, Project
from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.metrics import METRICS

COLUMNS = ("metric", "period", "segment", "target")

Targets = dict[tuple[str, str, str], float]


def read_targets(project: Project) -> Targets:
    """Read the targets, by metric, period and segment as they are written; empty without a file.

    Raises UserError, naming file, row and column, for a file that is not there, columns that are missing,
    a metric that does not exist or a target that is no number.
    """
    name = project.settings.targets
    if name is None:
        return {}
    path = project.root / name
    if not path.is_file():
        raise UserError(
            _t("{key}: there is no file {path}. Name it from the project's folder."),
            key=f"{SECTION}.targets",
            path=name,
        )
    targets: Targets = {}
    known = [m.name for m in METRICS]
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise UserError(
                _t("{path} must have the columns {columns}."), path=name, columns=", ".join(COLUMNS)
            )
        for number, row in enumerate(reader, start=2):
            if row["metric"] not in known:
                raise UserError(
                    _t("{path}, row {row}: {name} is not a metric. {suggestion}"),
                    path=name,
                    row=number,
                    name=row["metric"],
                    suggestion=suggestion(row["metric"], known),
                )
            try:
                target = float(row["target"])
            except (TypeError, ValueError):
                raise UserError(
                    _t("{path}, row {row}: the target {value} is no number."),
                    path=name,
                    row=number,
                    value=repr(row["target"]),
                ) from None
            targets[row["metric"], row["period"], row["segment"]] = target
    return targets


def target_of(targets: Targets, metric: str, period: str, segment: str) -> float | None:
    """Find the target of one figure; a row without a period holds for all of them."""
    for key in ((metric, period, segment), (metric, "", segment)):
        if key in targets:
            return targets[key]
    return None
