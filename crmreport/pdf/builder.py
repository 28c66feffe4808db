"""Builder: the Sphinx builder `typst`, which makes one PDF of each edition."""

from __future__ import annotations

import gc
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import typst
from babel.dates import format_date
from docutils import nodes
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.util import logging

from crmreport.display.nodes import chart
from crmreport.pdf import BUILDER, blocks, drawing, figures, fonts, inline, markup, tables
from crmreport.pdf.editions import Edition, all_words, editions, moment
from crmreport.pdf.typesetting import TEMPLATE, Source, Typesetter, digest, digests, makers
from crmreport.pdf.writer import Media, Writer, for_screen

logger = logging.getLogger(__name__)

RULES = {**inline.RULES, **blocks.RULES, **tables.RULES, **figures.RULES}


class TypstBuilder(Builder):  # type: ignore[misc]  # Sphinx is untyped here
    """Sphinx builder: document trees to Typst to PDF, `<outdir>/<name>.pdf` for each edition."""

    name = BUILDER
    format = BUILDER
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
        typesetter = self._typesetter()
        for pdf in set(typesetter.output.glob("*.pdf")) - {typesetter.pdf(edition) for edition in listed}:
            pdf.unlink()  # of an edition that is no more
        # Typst leaves Python to others while it works: one edition is set while the next is written.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            working = []
            for edition in listed:
                origin = self._origin(edition)
                if typesetter.is_done(edition, origin):
                    logger.info("%s is as it was", typesetter.pdf(edition).name)
                else:
                    working.append(pool.submit(typesetter.typeset, self._source(edition, origin)))
            for done in working:
                logger.info(done.result())

    @cached_property
    def workshop(self) -> Path:
        """The folder of Typst sources and pictures, beside the document trees."""
        return Path(self.doctreedir).parent / ".typst"

    @cached_property
    def store(self) -> Path:
        """The folder of drawings and typefaces, which books may share."""
        return (Path(self.srcdir) / (self.config.crmreport_store or self.workshop)).resolve()

    @cached_property
    def media(self) -> Media:
        """Where pictures and charts come from."""
        return Media(Path(os.path.commonpath([self.workshop, self.store])), self._picture, self._chart)

    def _typesetter(self) -> Typesetter:
        self.workshop.mkdir(parents=True, exist_ok=True)
        Path(self.outdir).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TEMPLATE, self.workshop / TEMPLATE.name)
        folder = str(fonts.collect(self.store / "fonts"))
        typefaces = typst.Fonts(include_system_fonts=False, font_paths=[folder])
        date = moment(self.config.typst_date)
        return Typesetter(self.workshop, self.media.root, typefaces, Path(self.outdir), date)

    def _origin(self, edition: Edition) -> str:
        """Sum up all that an edition's source is written from, but for the documents themselves."""
        config = self.config
        words = [config.language, config.typst_words, config.typst_author, config.typst_date]
        return digest(json.dumps([asdict(edition), words, makers()], sort_keys=True, default=str).encode())

    def _source(self, edition: Edition, origin: str) -> Source:
        """Write one edition in Typst; what its charts look like is drawn first, side by side."""
        warned = self.app._warncount
        self._pictures: set[str] = set()
        trees = self._trees(edition.documents)
        specs = [node["spec"] for tree in trees.values() for node in tree.findall(chart)]
        self._undrawn = drawing.draw_all(specs, self.config.language, self.store)
        writer = Writer(RULES, frozenset(edition.documents), all_words(self.config.typst_words), self.media)
        text = self._opening(edition)
        first_lines: list[int] = []
        for name in edition.documents:
            first_lines.append(text.count("\n") + 1)
            tree = trees.pop(name)
            self.env.resolve_references(tree, name, self)
            self.post_process_images(tree)
            depth = int(self.env.metadata[name].get("tocdepth", 0))
            text += f"\n\n{writer.document(name, tree, depth)}"
        if self.app._warncount > warned:
            origin = ""  # so that the next build says it again
        names = (*edition.documents, *writer.linked)
        read = digests([*(str(Path(self.doctreedir, f"{n}.doctree")) for n in names), *self._pictures])
        return Source(edition, text, tuple(first_lines), writer.charts, origin, read)

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
        return f'#import "{TEMPLATE.name}": *\n#show: report.with({markup.value(meta)})\n'

    def _trees(self, docnames: Iterable[str]) -> dict[str, nodes.document]:
        """Read documents' trees, without what is for the screen, which then need not be resolved either."""
        gc.disable()  # else it looks through half-read trees again and again, longer than they take to read
        try:
            trees = {name: self.env.get_doctree(name) for name in docnames}
        finally:
            gc.enable()
        for tree in trees.values():
            for node in [n for n in tree.findall() if isinstance(n, addnodes.toctree) or for_screen(n)]:
                node.parent.remove(node)
        return trees

    def _picture(self, address: str) -> Path | None:
        original = Path(self.srcdir) / address
        self._pictures.add(str(original))
        if not original.is_file():
            return None
        copy = self.workshop / "pictures" / f"{digest(original.read_bytes())[:32]}{original.suffix}"
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(original, copy)
        return copy

    def _chart(self, spec: Mapping[str, Any]) -> Path:
        file = drawing.drawing_of(spec, self.config.language, self.store).file
        if file in self._undrawn:
            raise ValueError(self._undrawn[file])
        return file
