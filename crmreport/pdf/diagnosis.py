"""Diagnosis: what Typst objects to, said with the document's name instead of a line of generated source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import typst
from sphinx.errors import SphinxError

_ERROR = re.compile(r"^error: (?P<message>.*)$\n(?P<rest>(?:(?!error: |warning: ).*\n?)*)", re.MULTILINE)
_NO_GLYPH = re.compile(r'the text `?"(?P<sign>.+?)"`? could not be displayed')


class PrintError(SphinxError):  # type: ignore[misc]  # Sphinx is untyped here
    """A PDF that could not be made; the message names the document and what is wrong in it."""

    category = "PDF error"


def explain(
    error: typst.TypstError,
    source_name: str,
    document_at: Callable[[int], str],
    charts: Mapping[Path, str],
) -> str:
    """Say what went wrong and where, a line for each thing that did.

    `document_at` gives the document that a line of the source comes from; `charts`, the document that each
    chart's SVG stands in, since Typst gives no place for what is wrong inside a picture.
    """
    place = re.compile(rf"┌─ (?:.*/)?{re.escape(source_name)}:(\d+):")
    said = []
    for found in _ERROR.finditer(error.diagnostic):
        message, line = found["message"], place.search(found["rest"])
        glyph = _NO_GLYPH.search(message)
        if glyph:
            sign = glyph["sign"]
            codes = " ".join(f"U+{ord(point):04X}" for point in sign)
            message = f"none of the PDF's typefaces has {sign!r} ({codes})"
            where = document_at(int(line[1])) if line else _charts_with(sign, charts)
        else:
            where = document_at(int(line[1])) if line else ""
        said.append(f"{where}: {message}" if where else message)
    return "\n".join(dict.fromkeys(said)) or error.message


def _charts_with(sign: str, charts: Mapping[Path, str]) -> str:
    """Name the documents with a chart that shows a sign."""
    named = sorted({docname for path, docname in charts.items() if sign in path.read_text("utf-8")})
    return f"a chart in {', '.join(named)}" if named else "a picture"
