"""Builder: the Sphinx builder `typst`, which makes one PDF of each edition.

Nothing it writes depends on the clock or on the machine: equal input gives equal bytes.
"""

from __future__ import annotations

import hashlib
import shutil
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typst
from babel.dates import format_date
from docutils import nodes
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.util import logging

from crmreport.pdf import blocks, diagnosis, drawing, figures, fonts, inline, markup, tables
from crmreport.pdf.editions import Edition, all_words, editions, moment
from crmreport.pdf.writer import Media, Writer

logger = logging.getLogger(__name__)

RULES = {**inline.RULES, **blocks.RULES, **tables.RULES, **figures.RULES}
# Accessible, and fit for archives; Typst refuses what breaks either.
STANDARDS: list[typst.PDFStandard] = ["ua-1", "a-2a"]

_TEMPLATE = Path(__file__).with_name("report.typ")


class TypstBuilder(Builder):  # type: ignore[misc]  # Sphinx is untyped here
    """Sphinx builder: document trees to Typst to PDF, `<outdir>/<name>.pdf` for each edition."""

    name = "typst"
    format = "typst"
    epilog = "The PDFs are in %(outdir)s."
    supported_image_types = ["image/svg+xml", "image/png", "image/jpeg", "image/gif"]  # noqa: RUF012 - Sphinx's
    supported_remote_images = True  # that is: do not fetch them; a build asks no network

    def get_outdated_docs(self) -> str:
        """Every PDF is looked at; one whose source is unchanged is left as it is."""
        return "all editions"

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """Give a document's address within the trees; the rule for references knows this form."""
        return f"%{docname}"

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        """All documents of an edition are one file, so addresses are the same from everywhere."""
        return self.get_target_uri(to, typ)

    def write(
        self, build_docnames: Iterable[str] | None, updated_docnames: Sequence[str], method: str = "update"
    ) -> None:
        """Make the PDFs. Raises PrintError, naming the edition and the document, if Typst refuses one."""
        self.events.emit("write-started", self)
        listed = editions(self.config.typst_documents, self.env.found_docs)
        if not listed:
            logger.warning("typst_documents lists nothing, so there is no PDF", type="typst")
        shop = self.config.typst_cache or Path(self.doctreedir).parent / ".typst"
        self.workshop = (Path(self.srcdir) / shop).resolve()
        self.font_folder = fonts.collect(self.workshop / "fonts")
        shutil.copyfile(_TEMPLATE, self.workshop / _TEMPLATE.name)
        self.typefaces = typst.Fonts(include_system_fonts=False, font_paths=[str(self.font_folder)])
        for edition in listed:
            self.print_edition(edition)

    def print_edition(self, edition: Edition) -> None:
        """Write one edition's Typst source, and its PDF unless it is there from the same source."""
        media = Media(self.workshop, self._picture, self._chart)
        writer = Writer(RULES, frozenset(edition.documents), all_words(self.config.typst_words), media)
        source = self._opening(edition)
        first_lines: list[int] = []
        for docname in edition.documents:
            first_lines.append(source.count("\n") + 1)
            source += f"\n\n{writer.document(docname, self._tree(docname))}"
        path = self.workshop / f"{edition.name}.typ"
        path.write_text(source, encoding="utf-8")
        pdf = Path(self.outdir) / f"{edition.name}.pdf"
        stamp = path.with_suffix(".stamp")
        state = self._state(source)
        if pdf.exists() and stamp.exists() and stamp.read_text() == state + _digest(pdf.read_bytes()):
            logger.info("%s is up to date", pdf.name)
            return
        pdf.parent.mkdir(parents=True, exist_ok=True)
        try:
            content = typst.compile(
                str(path),
                root=str(self.workshop),
                font_paths=self.typefaces,
                ignore_system_fonts=True,
                pdf_standards=STANDARDS,
                timestamp=moment(self.config.typst_date),
                format="pdf",
            )
        except typst.TypstError as error:

            def document_at(line: int) -> str:
                place = bisect_right(first_lines, line)
                return edition.documents[place - 1] if place else "the cover"

            charts = {name: (self.workshop / "charts" / name, doc) for name, doc in writer.charts.items()}
            said = diagnosis.explain(error, path.name, document_at, charts)
            raise diagnosis.PrintError(f"{pdf.name}: {said}") from error
        pdf.write_bytes(content)
        stamp.write_text(state + _digest(content))
        logger.info("%s: %d kB", pdf.name, len(content) // 1024)

    def _opening(self, edition: Edition) -> str:
        """Write what stands before the chapters: the layout, with the edition's own words."""
        language = self.config.language
        meta = {
            "title": edition.title,
            "subtitle": edition.subtitle,
            "full_title": edition.full_title,
            "headlines": [dict(headline) for headline in edition.headlines],
            "cards": figures.printable(edition.cards),
            "notice": edition.notice,
            "author": self.config.typst_author,
            "date": format_date(moment(self.config.typst_date), "long", locale=language),
            "language": language,
            "words": all_words(self.config.typst_words),
            "fonts": {"latin": fonts.LATIN, "chinese": fonts.CHINESE, "monospaced": fonts.MONOSPACED},
        }
        return f'#import "{_TEMPLATE.name}": *\n#show: report.with({markup.value(meta)})\n'

    def _tree(self, docname: str) -> nodes.document:
        """Give a document's tree, its references resolved and its tables of contents left out."""
        tree = self.env.get_doctree(docname)
        for toctree in list(tree.findall(addnodes.toctree)):
            toctree.parent.remove(toctree)
        self.env.resolve_references(tree, docname, self)
        self.post_process_images(tree)
        return tree

    def _picture(self, address: str) -> Path | None:
        original = Path(self.srcdir) / address
        if not original.is_file():
            return None
        copy = self.workshop / "pictures" / f"{_digest(original.read_bytes())[:32]}{original.suffix}"
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(original, copy)
        return copy

    def _chart(self, spec: Mapping[str, Any]) -> Path:
        return drawing.draw(spec, self.config.language, self.workshop / "charts", self.font_folder)

    def _state(self, source: str) -> str:
        """Sum up what decides an edition's bytes; pictures and charts are named after their content."""
        makers = [version(name) for name in ("typst", "fontpkg-fira-sans", "pylopdf-fonts-zh-cn")]
        template = _TEMPLATE.read_text(encoding="utf-8")
        return _digest("\n".join([source, template, self.config.typst_date, *makers]).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
