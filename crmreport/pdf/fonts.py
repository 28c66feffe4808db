"""Fonts: the typefaces of the PDF and of the charts in it, all from PyPI packages.

No typeface of the machine is used, so that a report looks the same wherever it is built.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import fontpkg_fira_sans  # type: ignore[import-untyped]  # it ships no types
import pylopdf_fonts_zh_cn

LATIN = "Fira Sans"
CHINESE = "Noto Sans SC"
MONOSPACED = "DejaVu Sans Mono"  # comes with Typst

_LATIN_FACES = ("Regular", "Italic", "Medium", "SemiBold", "Bold", "BoldItalic")


def faces() -> tuple[Path, ...]:
    """List the font files that the report is set in: six weights of Latin, one of Chinese."""
    folder = Path(fontpkg_fira_sans.ROOT) / "files"
    latin = [folder / f"FiraSans-{face}.ttf" for face in _LATIN_FACES]
    return (*latin, Path(pylopdf_fonts_zh_cn.sans_path()))


def collect(folder: Path) -> Path:
    """Bring the font files together in one folder and return it.

    Typst and vl-convert take folders, and the packages' own hold many more faces than are used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for face in faces():
        copy = folder / face.name
        if not copy.exists() or copy.stat().st_size != face.stat().st_size:
            unfinished = copy.with_suffix(f".{os.getpid()}")  # two builds may share the folder
            shutil.copyfile(face, unfinished)
            unfinished.replace(copy)
    return folder


def chart_family(language: str) -> str:
    """Name the families a chart is set in: Chinese text has a second one for what the first lacks."""
    return f"{LATIN}, {CHINESE}" if language.startswith("zh") else LATIN
