"""Cube: all figures of twelve months and six segments, by crmreport and by pandas page by page.

    python -m benchmarks.cube --orders 10000000 --json

Both run in one go on the same made data, each in a process of its own, and their figures must be equal.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from benchmarks.by_page import figures
from benchmarks.made_orders import LAST_DAY, SEGMENTS, make_project, months
from crmreport.metrics import METRICS
from crmreport.metrics.metric import At, Metric, parts_of

TABLES = {"orders", "first_orders", "activity", "spending", "customers"}
PAGES = tuple((period, segment) for period in months() for segment in SEGMENTS)
_CLOSE = 1e-9  # pandas sums binary fractions, crmreport decimals


def metrics() -> tuple[Metric, ...]:
    """Give the metrics that rest on orders and customers alone; a year before, there are no orders."""
    return tuple(
        m
        for m in METRICS
        if all(part.table in TABLES for part in parts_of(m))
        and (m.quotient is None or m.quotient.at is not At.YEAR_BEFORE)
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure, and write what was found; 1 if the figures are not equal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cube", description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[1_000_000], help="numbers of orders")
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.add_argument("--pandas-pages", type=int, default=len(PAGES), help="how many pages pandas computes")
    parser.add_argument("--no-pandas", action="store_true", help="measure crmreport alone")
    parser.add_argument("--spark", action="store_true", help="compute the same cube by Spark, too")
    parser.add_argument("--folder", type=Path, help="keep the made data here")
    parser.add_argument("--child", choices=sorted(_CHILDREN), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child:
        print(json.dumps(_CHILDREN[given.child](given.folder, given.pandas_pages)))
        return 0
    runs = [_measured(orders, given) for orders in given.orders]
    found = {
        "pages": len(PAGES),
        "metrics": [m.name for m in metrics()],
        "runs": runs,
        "growth": [_growth(one, other) for one, other in pairwise(runs)],
    }
    print(json.dumps(found, indent=1) if given.json else _as_text(found))
    return 0 if all(run.get("equal", True) and run.get("spark_equal", True) for run in runs) else 1


def _measured(orders: int, given: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="crmreport-cube-") as place:
        folder = Path(given.folder or place, str(orders))
        if not folder.exists():
            make_project(folder, orders)
        pages = 0 if given.no_pandas else min(given.pandas_pages, len(PAGES))
        run: dict[str, Any] = {"orders": orders, "crmreport": _child("crmreport", folder, 0)}
        if pages:
            run["pandas"] = _child("pandas", folder, pages)
            run |= _compared(folder, run, pages)
        if given.spark:
            run["spark"] = _child("spark", folder, 0)
            run["spark_equal"] = _same_cube(folder / "crmreport.parquet", folder / "spark.parquet")
        return run


def _child(name: str, folder: Path, pages: int) -> dict[str, Any]:
    """Run one side in a process of its own; its seconds, CPU seconds and peak memory are of all of it."""
    command = [sys.executable, "-m", "benchmarks.cube", "--child", name, "--folder", str(folder)]
    began = time.perf_counter()
    process = subprocess.Popen([*command, "--pandas-pages", str(pages)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as output:
        said = output.read()
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{name} ended with {process.returncode}")
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": used.ru_maxrss // 1024,
        **json.loads(said),
    }


def _crmreport(folder: Path, _pages: int) -> dict[str, Any]:
    return _cube(folder, folder / "crmreport.parquet")


def _spark(folder: Path, _pages: int) -> dict[str, Any]:
    """Compute the cube by Spark, which reads the files; nothing but the settings is another."""
    config = folder / "_config.yml"
    plain = config.read_text(encoding="utf-8")
    tables = {
        path.stem: {"database": "engine", "query": f"SELECT * FROM parquet.`{path}`"}
        for path in sorted((folder / "data").resolve().glob("*.parquet"))
    }
    settings = yaml.safe_load(plain)
    settings["crmreport"] |= {"engine": "local[2]", "tables": tables}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    try:
        return _cube(folder, folder / "spark.parquet")
    finally:
        config.write_text(plain, encoding="utf-8")


def _cube(folder: Path, path: Path) -> dict[str, Any]:
    # Here, so that what pandas needs less is not in its time.
    from crmreport.config import read_project
    from crmreport.metrics.cube import compute_cube
    from crmreport.tables.data import read_data
    from crmreport.tables.remote import opened_engine

    clock = _Clock()
    project = read_project(folder)
    settings = project.settings
    with opened_engine(project) as engine:
        data = read_data(project, LAST_DAY + timedelta(days=1), engine)
        read = clock.stage()
        cube = compute_cube(data, months(), settings.active_days, settings.minimum_cell, metrics())
        computed = clock.stage()
    cube.to_parquet(path, index=False)
    return {"reading_and_cleaning": read, "cube": computed, "figures": len(cube)}


def _pandas(folder: Path, pages: int) -> dict[str, Any]:
    clock = _Clock()
    found = []
    # Spread over months and segments: those of the whole company cost most.
    for number in np.linspace(0, len(PAGES) - 1, pages).round().astype(int):
        period, segment = PAGES[number]
        values = figures(folder, period, segment)
        found += [(period.key, segment, name, value) for name, value in values.items()]
    computed = clock.stage()
    pd.DataFrame(found, columns=["period", "segment", "metric", "value"]).to_parquet(
        folder / "pandas.parquet"
    )
    return {"pages": pages, "cube": computed, "figures": len(found)}


class _Clock:
    """Says what a stage took: seconds, CPU seconds, and the process's peak memory at its end."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def stage(self) -> dict[str, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        took = {
            "seconds": round(wall - self._wall, 2),
            "cpu_seconds": round(cpu - self._cpu, 2),
            "peak_mb": peak,
        }
        self._wall, self._cpu = wall, cpu
        return took


_CHILDREN = {"crmreport": _crmreport, "pandas": _pandas, "spark": _spark}


def _compared(folder: Path, run: dict[str, Any], pages: int) -> dict[str, Any]:
    """Compare the figures of both, and how long they took: for all pages, where pandas computed only some."""
    ours = pd.read_parquet(folder / "crmreport.parquet")
    ours["segment"] = ours["segment"].where(ours["dimension"] != "all", "all")
    keys = ["period", "segment", "metric"]
    theirs = pd.read_parquet(folder / "pandas.parquet")
    both = theirs.merge(ours[[*keys, "value", "status"]], on=keys, suffixes=("_pandas", ""), how="left")
    expected = pages * len(metrics())
    same = np.isclose(both["value"], both["value_pandas"], rtol=_CLOSE, atol=_CLOSE, equal_nan=True)
    different = both[~same & (both["status"] != "hidden").to_numpy()]
    scale = len(PAGES) / pages
    return {
        "pandas_pages_extrapolated": pages < len(PAGES),
        "equal": bool(different.empty and len(both) == expected),
        "compared": len(both),
        "different": different[keys].head(5).to_dict("records"),
        "ratio": _ratios(run["pandas"]["cube"], run["crmreport"]["cube"], scale),
        "ratio_with_reading": _ratios(
            run["pandas"]["cube"], run["crmreport"]["cube"], scale, run["crmreport"]["reading_and_cleaning"]
        ),
    }


def _ratios(
    theirs: dict[str, float], ours: dict[str, float], scale: float, beside: dict[str, float] | None = None
) -> dict[str, float]:
    return {
        kind: round(theirs[kind] * scale / (ours[kind] + (beside or {}).get(kind, 0.0)), 1)
        for kind in ("seconds", "cpu_seconds")
    }


def _same_cube(one: Path, other: Path) -> bool:
    first, second = pd.read_parquet(one), pd.read_parquet(other)
    try:
        pd.testing.assert_frame_equal(first, second, rtol=_CLOSE, atol=0)
    except AssertionError:
        return False
    return True


def _growth(one: dict[str, Any], other: dict[str, Any]) -> dict[str, float]:
    """Say how much more a larger run took than a smaller one."""
    found = {"orders": other["orders"] / one["orders"]}
    for stage in ("reading_and_cleaning", "cube"):
        for kind in ("seconds", "cpu_seconds"):
            found[f"{stage}_{kind}"] = round(
                other["crmreport"][stage][kind] / one["crmreport"][stage][kind], 1
            )
    return found


def _as_text(found: dict[str, Any]) -> str:
    lines = [f"{len(found['metrics'])} metrics, {found['pages']} pages", ""]
    head = f"{'':34}{'seconds':>10}{'CPU s':>10}{'peak MB':>10}"
    for run in found["runs"]:
        lines += [f"{run['orders']:,} orders", head]
        for side in ("crmreport", "pandas", "spark"):
            for stage in ("reading_and_cleaning", "cube"):
                took = run.get(side, {}).get(stage)
                if took:
                    name = f"  {side}: {stage.replace('_', ' ')}"
                    lines.append(f"{name:34}{took['seconds']:10}{took['cpu_seconds']:10}{took['peak_mb']:10}")
        if "ratio" in run:
            pages = run["pandas"]["pages"]
            how = f" (from {pages} of its pages)" if run["pandas_pages_extrapolated"] else ""
            lines.append(
                f"  pandas takes {run['ratio']['seconds']} times as long{how}; equal: {run['equal']}"
            )
        lines.append("")
    lines += [f"growth: {growth}" for growth in found["growth"]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
