"""Fonts: the typefaces of the PDF and of the charts in it, all from PyPI packages.

No typeface of the machine is used, so that a report looks the same wherever it is built.
"""

from __future__ import annotations

import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path

import fontpkg_fira_sans  # type: ignore[import-untyped]  # it ships no types
import pylopdf_fonts_zh_cn

from crmreport.kept import write_whole

PACKAGES = ("fontpkg-fira-sans", "pylopdf-fonts-zh-cn")

LATIN = "Fira Sans"
CHINESE = "Noto Sans SC"
MONOSPACED = "DejaVu Sans Mono"  # comes with Typst

_LATIN_FACES = ("Regular", "Italic", "Medium", "SemiBold", "Bold", "BoldItalic")
_WEIGHTS = {"Regular": 400, "Medium": 500, "SemiBold": 600, "Bold": 700}


def faces() -> tuple[Path, ...]:
    """List the font files that the report is set in: six weights of Latin, one of Chinese."""
    folder = Path(fontpkg_fira_sans.ROOT) / "files"
    latin = [folder / f"FiraSans-{face}.ttf" for face in _LATIN_FACES]
    return (*latin, Path(pylopdf_fonts_zh_cn.sans_path()))


def collect(folder: Path) -> Path:
    """Bring the font files together in one folder and return it.

    Typst takes folders, and the packages' own hold many more faces than are used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for face in faces():
        copy = folder / face.name
        if not copy.exists() or copy.stat().st_size != face.stat().st_size:
            unfinished = copy.with_suffix(f".{os.getpid()}")  # two builds may share the folder
            shutil.copyfile(face, unfinished)
            unfinished.replace(copy)
    return folder


def widths(folder: Path) -> Path:
    """Give a file, made if it is not there, that tells how wide each character is in the charts.

    JSON: for each weight of the Latin face (400, ...) the characters with their widths, in shares of the
    typeface's size, those of the Chinese one for what the Latin one lacks. What is missing is square (1).
    """
    file = folder / f"widths-{'-'.join(map(version, PACKAGES))}.json"
    if not file.exists():
        latin = {face.stem.rpartition("-")[2]: face for face in faces()}
        chinese = _widths(faces()[-1])
        found = {
            weight: {sign: width for sign, width in (chinese | _widths(latin[name])).items() if width != 1}
            for name, weight in _WEIGHTS.items()
        }
        write_whole(file, json.dumps(found).encode())
    return file


def _widths(face: Path) -> dict[str, float]:
    from fontTools.ttLib import TTFont

    with TTFont(face, lazy=True) as font:
        size, advances = font["head"].unitsPerEm, font["hmtx"].metrics
        return {chr(code): round(advances[glyph][0] / size, 4) for code, glyph in font.getBestCmap().items()}


def chart_family(language: str) -> str:
    """Name the families a chart is set in: Chinese text has a second one for what the first lacks."""
    return f"{LATIN}, {CHINESE}" if language.startswith("zh") else LATIN
