"""Targets: what a metric should reach, from ``targets.csv``: metric, period, segment, target."""

from __future__ import annotations

import csv
import math

from crmreport.config import CONFIG_FILE, SECTION, Project
from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.metrics import METRICS
from crmreport.metrics.metric import Estimate
from crmreport.segments import parse_segment

COLUMNS = ("metric", "period", "segment", "target")

Targets = dict[tuple[str, str, str], float]


def read_targets(project: Project) -> Targets:
    """Read the targets, by metric, period and segment as they are written; empty without a file.

    An empty period means every one. Raises UserError, naming file, row and cure, for a file that is not there
    or not a CSV, columns that are missing, a metric, period or segment that cannot be, a target that is no
    number or out of its metric's range, and a target that is given twice.
    """
    name = project.settings.targets
    if name is None:
        return {}
    path = project.root / name
    if not path.is_file():
        raise UserError(
            _t("{key} in {file}: there is no file {path}. Name it from the project's folder."),
            key=f"{SECTION}.targets",
            file=CONFIG_FILE,
            path=name,
        )
    targets: Targets = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise UserError(
                    _t("{path} must begin with the line: {columns}"), path=name, columns=",".join(COLUMNS)
                )
            for row in reader:
                place = {"path": name, "row": reader.line_num}
                key = (row["metric"], row["period"], row["segment"])
                if key in targets:
                    raise UserError(
                        _t("{path}, line {row}: this target is there twice. Take one away."), **place
                    )
                targets[key] = _target(row, project, place)
    except (UnicodeDecodeError, csv.Error):
        raise UserError(
            _t('{path} is not a CSV file in UTF-8. Save it as "CSV UTF-8".'),
            path=name,
        ) from None
    return targets


def _target(row: dict[str, str], project: Project, place: dict[str, object]) -> float:
    """Check one row, and give its target."""
    metrics = {m.name: m for m in METRICS}
    if row["metric"] not in metrics:
        raise UserError(
            _t("{path}, line {row}: {name} is not a metric. {suggestion}"),
            **place,
            name=row["metric"] or "''",
            suggestion=suggestion(row["metric"], metrics),
        )
    try:
        if row["period"]:
            project.settings.calendar.period(row["period"])
    except ValueError:
        raise UserError(
            _t("{path}, line {row}: {name} is not a period. Write it as 2025-10, 2025-Q4, 2025-W41 or 2025."),
            **place,
            name=row["period"],
        ) from None
    try:
        parse_segment(row["segment"])
    except ValueError:
        raise UserError(
            _t("{path}, line {row}: {name} is not a segment. Write all, or one such as region=North."),
            **place,
            name=row["segment"] or "''",
        ) from None
    try:
        # What stands beyond the columns: 1,234 is two cells.
        target = math.nan if "" in row else float(row["target"])
    except ValueError:
        target = math.nan
    if not math.isfinite(target):
        raise UserError(
            _t("{path}, line {row}: the target {value} is not a number. Write it as 1234.5."),
            **place,
            value=repr(row["target"]),
        )
    if metrics[row["metric"]].estimate is Estimate.SHARE and not 0 <= target <= 1:
        raise UserError(
            _t("{path}, line {row}: the target {value} of a share is not from 0 to 1. Write 25% as 0.25."),
            **place,
            value=row["target"],
        )
    return target


def target_of(targets: Targets, metric: str, period: str, segment: str) -> float | None:
    """Find the target of one figure; a row without a period holds for all of them."""
    for key in ((metric, period, segment), (metric, "", segment)):
        if key in targets:
            return targets[key]
    return None
