"""Typesetting: an edition's Typst source becomes its PDF, unless that is there already.

Nothing it writes depends on the clock or on the machine: equal input gives equal bytes.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typst

from crmreport.pdf import diagnosis, fonts
from crmreport.pdf.editions import Edition

# Accessible, and fit for archives; Typst refuses what breaks either.
STANDARDS: list[typst.PDFStandard] = ["ua-1", "a-2a"]

TEMPLATE = Path(__file__).with_name("report.typ")

_PROGRAMS = ("typst", "sphinx", "docutils", "myst-parser", "myst-nb")


@dataclass(frozen=True)
class Source:
    """An edition in Typst: its text, on which line each of its documents begins, and what it is made from.

    `charts`: the document that each chart's drawing stands in. `origin` sums up all that the text was
    written from, but for files; `read`: those files, each with its digest.
    """

    edition: Edition
    text: str
    first_lines: tuple[int, ...]
    charts: Mapping[Path, str]
    origin: str
    read: Mapping[str, str]

    def document_at(self, line: int) -> str:
        """Name the document that a line of the text comes from."""
        place = bisect_right(self.first_lines, line)
        return self.edition.documents[place - 1] if place else "the cover"


@dataclass(frozen=True)
class Typesetter:
    """Makes PDFs: `workshop` keeps sources and stamps, `root` holds all that a source refers to.

    `moment` is the date inside the files.
    """

    workshop: Path
    root: Path
    typefaces: typst.Fonts
    output: Path
    moment: datetime

    def pdf(self, edition: Edition) -> Path:
        """Say where an edition's PDF is."""
        return self.output / f"{edition.name}.pdf"

    def is_done(self, edition: Edition, origin: str) -> bool:
        """Say whether an edition's PDF is there, made from the very files that there are."""
        stamp = self._stamp(edition)
        return bool(stamp) and stamp["origin"] == origin and digests(stamp["read"]) == stamp["read"]

    def typeset(self, source: Source) -> str:
        """Make an edition's PDF; say in a few words what was done.

        Raises PrintError, naming the edition and the document, if Typst refuses it.
        """
        pdf, stamp = self.pdf(source.edition), self._stamp(source.edition)
        made_from = digest("\n".join([source.text, makers(), str(self.moment)]).encode())
        if stamp and stamp["source"] == made_from:
            said = "is up to date"
        else:
            content = self._compiled(source)
            pdf.write_bytes(content)
            said = f"{len(content) // 1024} kB"
        state = {
            "origin": source.origin,
            "read": dict(source.read),
            "source": made_from,
            "pdf": digest(pdf.read_bytes()),
        }
        self._stamp_file(source.edition).write_text(json.dumps(state), encoding="utf-8")
        return f"{pdf.name}: {said}"

    def _compiled(self, source: Source) -> bytes:
        path = self.workshop / f"{source.edition.name}.typ"
        path.write_text(source.text, encoding="utf-8")
        try:
            return typst.compile(
                str(path),
                root=str(self.root),
                font_paths=self.typefaces,
                ignore_system_fonts=True,
                pdf_standards=STANDARDS,
                timestamp=self.moment,
                format="pdf",
            )
        except typst.TypstError as error:
            said = diagnosis.explain(error, path.name, source.document_at, source.charts)
            raise diagnosis.PrintError(f"{source.edition.name}.pdf: {said}") from error

    def _stamp_file(self, edition: Edition) -> Path:
        return self.workshop / f"{edition.name}.json"

    def _stamp(self, edition: Edition) -> dict[str, Any]:
        """Read how an edition's PDF was made; nothing if it is not there, or is not as it was made."""
        try:
            stamp = json.loads(self._stamp_file(edition).read_text(encoding="utf-8"))
            return stamp if stamp["pdf"] == digest(self.pdf(edition).read_bytes()) else {}
        except (OSError, ValueError, KeyError):
            return {}


def digest(content: bytes) -> str:
    """Tell a content from any other."""
    return hashlib.sha256(content).hexdigest()


def digests(paths: Iterable[str]) -> dict[str, str]:
    """Give each file's digest; "" for one that is not there."""
    return {name: digest(Path(name).read_bytes()) if Path(name).is_file() else "" for name in sorted(paths)}


@cache
def makers() -> str:
    """Sum up the programs that make a PDF: those installed, and this package's own."""
    own = [digest(path.read_bytes()) for path in sorted(TEMPLATE.parent.glob("*.*"))]
    return digest("\n".join([*map(version, fonts.PACKAGES + _PROGRAMS), *own]).encode())
