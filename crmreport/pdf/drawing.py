"""Drawing: charts as SVG, each drawn once and kept, and a card's trend as points of a line."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from crmreport.display import theme, vega
from crmreport.display.outputs import CHART_MIME
from crmreport.pdf import fonts
from crmreport.versions import code_fingerprint

TEXT_WIDTH_PX = 612  # A4 less its margins, in CSS pixels of 1/96 inch

# What "container" means on paper; a page of paper gives no chart its height.
_CONTAINER_PX = {"width": TEXT_WIDTH_PX, "height": 300}

# Whatever else than the specification decides how a chart looks.
_DRAWN_BY = (
    code_fingerprint("pdf/drawer.py", "pdf/drawer.js"),
    *(version(name) for name in ("vl-convert-python", "mini-racer", *fonts.PACKAGES)),
)

_DRAWER = Path(__file__).with_name("drawer.py")
_WORTH_A_PROCESS = 12  # charts that take about as long as a process needs before it draws its first
_MOST_SIGNS = 200  # of what a process says at its end
_KEPT_BYTES = 256 * 2**20  # some ten thousand charts
_SURELY_UNUSED_SECONDS = 24 * 60 * 60  # no build takes as long


@dataclass(frozen=True)
class Drawing:
    """A chart on its way to paper: `file`, named after all that decides how it looks, and how it is drawn."""

    file: Path
    spec: Mapping[str, Any]
    locale: str


def prepared(spec: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Fit a Vega-Lite specification to paper: typefaces, and a width where it asks for the page's.

    What fills its container is `TEXT_WIDTH_PX` wide with its axes and legend, not without them. What others
    than Vega read (`usermeta`) is left out.
    """
    drawn = {name: value for name, value in spec.items() if name != "usermeta"}
    filling = {side for side in ("width", "height") if drawn.get(side) == "container"}
    if filling:
        drawn |= {side: _CONTAINER_PX[side] for side in filling}
        kind = "fit" if len(filling) == 2 else "fit-x" if "width" in filling else "fit-y"
        drawn.setdefault("autosize", {"type": kind, "contains": "padding"})
    # A book's charts have their theme in common.
    config = _with_family(drawn.get("config") or theme.vega_config(), fonts.chart_family(language))
    config["font"] = fonts.chart_family(language)
    drawn["config"] = config
    return drawn


def _with_family(config: Mapping[str, Any], family: str) -> dict[str, Any]:
    """Name the family wherever a theme names one (`font`, `labelFont`, ...), at any depth."""
    return {
        name: _with_family(setting, family)
        if isinstance(setting, Mapping)
        else family
        if name == "font" or name.endswith("Font")
        else setting
        for name, setting in config.items()
    }


def drawing_of(spec: Mapping[str, Any], language: str, store: Path) -> Drawing:
    """Say how a chart is drawn in a language, and where in a store its drawing is, or will be."""
    ready = prepared(spec, language)
    recipe = json.dumps([ready, language, _DRAWN_BY], sort_keys=True, ensure_ascii=False)
    file = store / "charts" / f"{hashlib.sha256(recipe.encode()).hexdigest()[:32]}.svg"
    return Drawing(file, ready, "zh-CN" if language.startswith("zh") else "en-US")


def charts_of(notebook: str) -> list[dict[str, Any]]:
    """List the specifications of the charts in an executed notebook, given the text of its file."""
    outputs = [output for cell in json.loads(notebook)["cells"] for output in cell.get("outputs", ())]
    return [output["data"][CHART_MIME] for output in outputs if CHART_MIME in output.get("data", {})]


def draw_all(
    specs: Iterable[Mapping[str, Any]], language: str, store: Path, at_once: int = 0
) -> dict[Path, str]:
    """Draw charts as SVG into a store, unless they are there; give the reasons for those that cannot be.

    `at_once`: how many processes may draw side by side; 0, one for each processor. Books and builds may
    share a store, at the same time too. The reasons are Vega's words, by the file that is missing.
    """
    wanted = {drawing.file: drawing for drawing in (drawing_of(spec, language, store) for spec in specs)}
    missing = [drawing for file, drawing in wanted.items() if not _used_now(file)]
    if not missing:
        return {}
    (store / "charts").mkdir(parents=True, exist_ok=True)
    tools = str(vega.bundle(store)), str(fonts.widths(store))
    reasons = _draw_apart(missing, tools, at_once or os.cpu_count() or 1)
    _drop_unused(store / "charts")
    return reasons


def _used_now(file: Path) -> bool:
    """Say whether a drawing is there; its date tells when it was last of use."""
    try:
        os.utime(file)
    except FileNotFoundError:
        return False
    return True


def _draw_apart(drawings: Sequence[Drawing], tools: tuple[str, str], at_once: int) -> dict[Path, str]:
    """Draw in processes of their own, as `drawer` says; give the reasons for what was not drawn.

    `tools`: the files of Vega and of the characters' widths.
    """
    processes = min(at_once, -(-len(drawings) // _WORTH_A_PROCESS))
    with ExitStack() as files:
        running = []
        for share in range(processes):
            jobs = files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            lines = [[str(d.file), d.spec, d.locale] for d in drawings[share::processes]]
            jobs.writelines(f"{json.dumps(line)}\n" for line in [tools, *lines])
            jobs.seek(0)
            process = subprocess.Popen(
                [sys.executable, "-P", str(_DRAWER)],  # -P: the modules beside it are not the drawer's
                stdin=jobs,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
            running.append(process)
        said = [process.communicate() for process in running]
    failed = [json.loads(line) for answers, _ in said for line in answers.splitlines()]
    ends = " ".join(errors.strip().splitlines()[-1][:_MOST_SIGNS] for _, errors in said if errors.strip())
    stopped = {d.file: f"the drawing process stopped. {ends}" for d in drawings if not d.file.exists()}
    return stopped | {Path(file): reason for file, reason in failed}


def _drop_unused(folder: Path) -> None:
    """Keep a folder of drawings below its limit: those go first that were of use longest ago.

    None goes that was of use within a day: another build may be about to set it.
    """
    found = []
    for entry in os.scandir(folder):
        about = entry.stat()
        found.append((about.st_mtime, about.st_size, Path(entry)))
    excess = sum(size for _, size, _ in found) - _KEPT_BYTES
    for used, size, file in sorted(found):
        if excess <= 0 or used > time.time() - _SURELY_UNUSED_SECONDS:
            return
        file.unlink(missing_ok=True)
        excess -= size


def trend_lines(trend: Sequence[float | None]) -> list[list[tuple[float, float]]]:
    """Turn a metric's last values into unbroken lines of points, as shares of the picture's sides.

    Values are evenly spaced from left (0) to right (1), the smallest at the bottom (1), the largest at the
    top (0), all at half height if they are equal. None breaks the line. Fewer than two values: no lines.
    """
    known = [value for value in trend if value is not None]
    if len(known) < 2:
        return []
    low, span = min(known), max(known) - min(known)
    lines: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(trend):
        if value is None:
            lines.append([])
            continue
        height = (value - low) / span if span else 0.5
        lines[-1].append((round(place / (len(trend) - 1), 4), round(1 - height, 4)))
    return [line for line in lines if line]
