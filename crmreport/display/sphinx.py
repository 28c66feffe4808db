"""Sphinx: outputs of executed pages become nodes, and nodes HTML; print is `crmreport.pdf`'s affair."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core.render import MimeData, MimeRenderPlugin, NbElementRenderer
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from crmreport.display import theme, vega
from crmreport.display.markup import visit_cards, visit_chart, visit_sheet
from crmreport.display.nodes import cards, chart, sheet
from crmreport.display.outputs import CARDS_MIME, CHART_MIME, TABLE_MIME
from crmreport.display.reading import OUR_MIMES, Sealed
from crmreport.display.site import SiteBuilder, note_references

STATIC = Path(__file__).with_name("static")
TEMPLATES = Path(__file__).with_name("templates")
VEGA_FILE = "vega.js"


class Renderer(MimeRenderPlugin):  # type: ignore[misc]  # myst-nb has no types
    """Turns our outputs into nodes of the document tree; found by myst-nb through an entry point."""

    # A type that is not named for a builder does not come out at all; "*" names all of them.
    mime_priority_overrides = tuple(("*", mime, 1) for mime in OUR_MIMES)

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list[nodes.Element] | None:
        """Give the nodes of one output; None for what is not ours."""
        content = data.content.data if isinstance(data.content, Sealed) else data.content
        if inline or not isinstance(content, dict):
            return None
        if data.mime_type == CHART_MIME:
            spec = dict(content)
            about = spec.pop("usermeta")
            return [chart(spec=spec, title=about["title"], alt=about["alt"], twin=about["twin"])]
        if data.mime_type == CARDS_MIME:
            return [cards(cards=content["cards"])]
        if data.mime_type == TABLE_MIME:
            return [_sheet(content)]
        return None


def _sheet(content: dict[str, Any]) -> sheet:
    """Make a table's node, with its words for the search."""
    named = [i for i, column in enumerate(content["columns"]) if column["align"] == "left"]
    words = [content["caption"], *(row[i] for row in content["rows"] for i in named), *content["notes"]]
    return sheet("", nodes.Text("\n".join(words)), table=content)


class SheetDirective(SphinxDirective):  # type: ignore[misc]
    """Makes a table of a table's data, as JSON, in a page that is written in Markdown."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Give the table's node."""
        return [_sheet(json.loads("\n".join(self.content)))]


class PlainTables(SphinxPostTransform):  # type: ignore[misc]
    """Makes docutils' tables of ours, for every builder that does not know them."""

    default_priority = 20

    def run(self, **_: Any) -> None:  # noqa: ANN401
        """Replace each table."""
        if self.app.builder.name != SiteBuilder.name:
            for node in list(self.document.findall(sheet)):
                node.replace_self(_table(node["table"]))


def _table(content: dict[str, Any]) -> list[nodes.Element]:
    """Make a table of a table's data, and a paragraph of each of its notes."""
    table = nodes.table(classes=["crm-table"])
    if content["caption"]:
        table += nodes.title(text=content["caption"])
    group = nodes.tgroup(cols=len(content["columns"]))
    table += group
    for column in content["columns"]:
        group += nodes.colspec(colwidth=1, classes=[f"text-{column['align']}"])
    align = [column["align"] for column in content["columns"]]
    if any(column["title"] for column in content["columns"]):
        head = nodes.thead()
        head += _row([column["title"] for column in content["columns"]], align)
        group += head
    body = nodes.tbody()
    for cells in content["rows"]:
        body += _row(cells, align)
    group += body
    notes = [nodes.paragraph(text=note, classes=["crm-note"]) for note in content["notes"]]
    return [table, *notes]


def _row(cells: Iterable[str], align: Iterable[str]) -> nodes.row:
    row = nodes.row()
    for cell, side in zip(cells, align, strict=True):
        entry = nodes.entry(classes=[f"text-{side}"])
        entry += nodes.paragraph(text=cell)
        row += entry
    return row


def _add_folders(_: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(STATIC))
    config.templates_path.append(str(TEMPLATES))


def _write_static(app: Sphinx) -> None:
    """Put the drawing library and the charts' theme beside the pages, once for all of them."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    store = Path(app.srcdir, app.config.crmreport_store or Path(app.doctreedir).parent / ".vega")
    bundle = vega.bundle(store).read_text(encoding="utf-8")
    looks = f"const CHART_THEME = {json.dumps(theme.vega_config())};\n"
    (folder / VEGA_FILE).write_text(f"{bundle}{looks}", encoding="utf-8")


def _page_context(app: Sphinx, _page: str, _template: str, _context: object, doctree: nodes.document) -> None:
    """Load the drawing library only where there is something to draw."""
    if doctree is not None and next(iter(doctree.findall(chart)), None) is not None:
        app.add_js_file(VEGA_FILE, priority=600)
        app.add_js_file("crmreport.js", priority=700)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the builder, nodes, static files and settings with Sphinx.

    `crmreport_words`: the few words that the HTML adds (numbers, and the names of the verdicts).
    `crmreport_store`: the folder, from the book's, of what books share; by default `.vega` beside the
    document trees.
    """
    app.add_builder(SiteBuilder, override=True)
    for node, visit in ((chart, visit_chart), (cards, visit_cards), (sheet, visit_sheet)):
        app.add_node(node, html=(visit, None))
    app.add_post_transform(PlainTables)
    app.add_directive("crm-table", SheetDirective)
    app.add_config_value("crmreport_words", {}, "env", [dict])
    if "crmreport_store" not in app.config:  # `crmreport.pdf` has the same store
        app.add_config_value("crmreport_store", "", "", [str])
    # Jupyter Book sets it whether or not sphinx-comments, which reads it, is loaded.
    app.add_config_value("comments_config", {}, "", [dict])
    app.connect("config-inited", _add_folders)
    app.connect("builder-inited", _write_static)
    app.connect("doctree-read", note_references)
    app.connect("html-page-context", _page_context)
    app.add_css_file("crmreport.css", priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
