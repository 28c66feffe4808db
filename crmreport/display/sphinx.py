"""Sphinx: outputs of executed pages become nodes, and nodes HTML; print is `crmreport.pdf`'s affair."""

from __future__ import annotations

import html
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core.render import MimeData, MimeRenderPlugin, NbElementRenderer
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxTranslator

from crmreport.display import vega
from crmreport.display.nodes import cards, chart
from crmreport.display.outputs import CARDS_MIME, CHART_MIME, TABLE_MIME

STATIC = Path(__file__).with_name("static")
TEMPLATES = Path(__file__).with_name("templates")
VEGA_FILE = "vega.js"


class Renderer(MimeRenderPlugin):  # type: ignore[misc]  # myst-nb has no types
    """Turns our outputs into nodes of the document tree; found by myst-nb through an entry point."""

    # A type that is not named for a builder does not come out at all; "*" names all of them.
    mime_priority_overrides = tuple(("*", mime, 1) for mime in (CHART_MIME, TABLE_MIME, CARDS_MIME))

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list[nodes.Element] | None:
        """Give the nodes of one output; None for what is not ours."""
        if inline or not isinstance(data.content, dict):
            return None
        if data.mime_type == CHART_MIME:
            spec = dict(data.content)
            about = spec.pop("usermeta")
            return [chart(spec=spec, title=about["title"], alt=about["alt"], twin=about["twin"])]
        if data.mime_type == CARDS_MIME:
            return [cards(cards=data.content["cards"])]
        if data.mime_type == TABLE_MIME:
            return _table(data.content)
        return None


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


def _visit_chart(translator: SphinxTranslator, node: chart) -> None:
    """Write a figure: the title, a place for the drawing, the specification, and the numbers as a table."""
    words = translator.config.crmreport_words
    # No sign of markup stays in it: <!--<script> alone would keep the element from being closed.
    spec = json.dumps(node["spec"], ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    translator.body.append(
        '<figure class="crm-chart">'
        f"<figcaption>{html.escape(node['title'])}</figcaption>"
        f'<div class="crm-drawing" role="img" aria-label="{html.escape(node["alt"])}"></div>'
        f'<script type="application/json">{spec}</script>'
        f"<details><summary>{html.escape(words['numbers'])}</summary>{_html_table(node['twin'])}</details>"
        "</figure>"
    )
    raise nodes.SkipNode


def _html_table(twin: dict[str, Any]) -> str:
    align = [column["align"] for column in twin["columns"]]
    head = "".join(
        f'<th class="text-{column["align"]}" scope="col">{html.escape(column["title"])}</th>'
        for column in twin["columns"]
    )
    rows = ""
    for row in twin["rows"]:
        cells = [f'<td class="text-{a}">{html.escape(c)}</td>' for c, a in zip(row, align, strict=True)]
        rows += f"<tr>{''.join(cells)}</tr>"
    return f'<table class="table crm-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


_SIGNS = {"good": "✓", "bad": "✗", "neutral": "•", "unclear": "≈", "none": ""}


def _visit_cards(translator: SphinxTranslator, node: cards) -> None:
    """Write a grid of cards; each verdict has a sign and a word beside its colour."""
    words = translator.config.crmreport_words
    translator.body.append(
        f'<div class="crm-cards">{"".join(_card(card, words) for card in node["cards"])}</div>'
    )
    raise nodes.SkipNode


def _card(card: dict[str, Any], words: dict[str, str]) -> str:
    def line(kind: str, text: str) -> str:
        return f'<p class="crm-card-{kind}">{html.escape(text)}</p>' if text else ""

    changes = ""
    for change in card["changes"]:
        text, label, verdict = (html.escape(change[key]) for key in ("text", "label", "verdict"))
        sign = f'<span class="crm-sign" title="{html.escape(words[verdict])}">{_SIGNS[verdict]}</span>'
        changes += f'<li class="crm-{verdict}">{sign} <strong>{text}</strong> {label}</li>'
    return (
        f'<section class="crm-card" aria-label="{html.escape(card["alt"])}">'
        + line("title", card["title"])
        + line("better", card["better"])
        + line("value", card["value"])
        + line("interval", card["interval"])
        + line("note", card["note"])
        + f"<ul>{changes}</ul>"
        + line("target", card["target"])
        + _sparkline(card["trend"])
        + "</section>"
    )


def _sparkline(values: list[float | None], width: int = 140, height: int = 28) -> str:
    """Draw the last values as a line, broken where there is none."""
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return ""
    low, spread = min(known), (max(known) - min(known)) or 1.0
    step = (width - 4) / (len(values) - 1)
    path = ""
    pen = "M"
    for position, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        path += f"{pen}{2 + position * step:.1f} {height - 3 - (value - low) / spread * (height - 6):.1f}"
        pen = "L"
    box = f'viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true"'
    return f'<svg class="crm-spark" {box}><path d="{path}"/></svg>'


def _add_folders(_: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(STATIC))
    config.templates_path.append(str(TEMPLATES))


def _write_static(app: Sphinx) -> None:
    """Put the drawing library beside the pages, once for all of them."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    store = Path(app.srcdir, app.config.crmreport_store or Path(app.doctreedir).parent / ".vega")
    shutil.copyfile(vega.bundle(store), folder / VEGA_FILE)


def _page_context(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Load the drawing library only where there is something to draw; link the page's other languages."""
    if doctree is not None and next(iter(doctree.findall(chart)), None) is not None:
        app.add_js_file(VEGA_FILE, priority=600)
        app.add_js_file("crmreport.js", priority=700)
    up = "../" * (page.count("/") + 1)
    others = app.config.crmreport_other_languages
    context["crm_languages"] = [(name, f"{up}{code}/{page}.html") for code, name in others.items()]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register nodes, static files and settings with Sphinx.

    `crmreport_words`: the few words that the HTML adds (numbers, and the names of the verdicts).
    `crmreport_other_languages`: folder to name of the book's other languages. `crmreport_store`: the folder,
    from the book's, of what books share; by default `.vega` beside the document trees.
    """
    for node, visit in ((chart, _visit_chart), (cards, _visit_cards)):
        app.add_node(node, html=(visit, None))
    app.add_config_value("crmreport_words", {}, "env", [dict])
    app.add_config_value("crmreport_other_languages", {}, "html", [dict])
    if "crmreport_store" not in app.config:  # `crmreport.pdf` has the same store
        app.add_config_value("crmreport_store", "", "", [str])
    # Jupyter Book sets it whether or not sphinx-comments, which reads it, is loaded.
    app.add_config_value("comments_config", {}, "", [dict])
    app.connect("config-inited", _add_folders)
    app.connect("builder-inited", _write_static)
    app.connect("html-page-context", _page_context)
    app.add_css_file("crmreport.css", priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
