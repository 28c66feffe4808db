"""Drawing: a chart's specification as SVG, and a card's trend as points of a line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import vl_convert

from crmreport.display import theme
from crmreport.pdf import fonts

TEXT_WIDTH_PX = 612  # A4 less its margins, in CSS pixels of 1/96 inch

# What "container" means on paper; a page of paper gives no chart its height.
_CONTAINER_PX = {"width": TEXT_WIDTH_PX, "height": 300}

# Whatever else than the specification decides how a chart looks.
_DRAWN_BY = (version("vl-convert-python"), version("fontpkg-fira-sans"), version("pylopdf-fonts-zh-cn"))


def prepared(spec: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Fit a Vega-Lite specification to paper: typefaces, and a width where it asks for the page's.

    What fills its container is `TEXT_WIDTH_PX` wide with its axes and legend, not without them.
    """
    drawn: dict[str, Any] = json.loads(json.dumps(spec))
    filling = {side for side in ("width", "height") if drawn.get(side) == "container"}
    if filling:
        drawn |= {side: _CONTAINER_PX[side] for side in filling}
        kind = "fit" if len(filling) == 2 else "fit-x" if "width" in filling else "fit-y"
        drawn.setdefault("autosize", {"type": kind, "contains": "padding"})
    # A book's charts have their theme in common.
    drawn["config"] = _with_family(drawn.get("config") or theme.vega_config(), fonts.chart_family(language))
    drawn["config"]["font"] = fonts.chart_family(language)
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


@cache
def _offer_fonts(font_folder: Path) -> None:
    vl_convert.register_font_directory(str(font_folder))


def draw(spec: Mapping[str, Any], language: str, folder: Path, font_folder: Path) -> Path:
    """Draw a chart as SVG into a folder, unless it is there; the file is named after all that decides it.

    Raises ValueError, in Vega's words, if the specification cannot be drawn.
    """
    ready = prepared(spec, language)
    recipe = json.dumps([ready, language, _DRAWN_BY], sort_keys=True, ensure_ascii=False)
    path = folder / f"{hashlib.sha256(recipe.encode()).hexdigest()[:32]}.svg"
    if not path.exists():
        _offer_fonts(font_folder)
        picture = vl_convert.vegalite_to_svg(
            ready,
            allowed_base_urls=[],  # a chart brings its data; a build asks no network
            time_format_locale="zh-CN" if language.startswith("zh") else "en-US",
        )
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_text(picture, encoding="utf-8")
        unfinished.replace(path)
    return path


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
