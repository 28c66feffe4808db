"""Markup: the HTML of charts, cards and tables; of a table no more than its cells and how they stand."""

from __future__ import annotations

import html
import json
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxTranslator

from crmreport.display.nodes import cards, chart, sheet


def visit_chart(translator: SphinxTranslator, node: chart) -> None:
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


def visit_sheet(translator: SphinxTranslator, node: sheet) -> None:
    """Write a table, and a paragraph of each of its notes."""
    notes = "".join(f'<p class="crm-note">{html.escape(note)}</p>' for note in node["table"]["notes"])
    table = _html_table(node["table"], node["table"]["caption"])
    translator.body.append(f'<div class="pst-scrollable-table-container">{table}</div>{notes}')
    raise nodes.SkipNode


def _html_table(table: dict[str, Any], caption: str = "") -> str:
    """Write a table; which columns stand right is said once, in its classes, and not in each cell."""
    columns = table["columns"]
    right = [f" crm-right-{n}" for n, c in enumerate(columns, start=1) if c["align"] == "right"]
    above = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    head = ""
    if any(column["title"] for column in columns):
        titles = "".join(f'<th scope="col">{html.escape(column["title"])}</th>' for column in columns)
        head = f"<thead><tr>{titles}</tr></thead>"
    # The next cell or row ends the one before; the ends would be an eighth of a page of many figures.
    rows = "".join(f"<tr>{''.join(f'<td>{html.escape(c)}' for c in row)}\n" for row in table["rows"])
    return f'<table class="table crm-table{"".join(right)}">{above}{head}<tbody>{rows}</tbody></table>'


_SIGNS = {"good": "✓", "bad": "✗", "neutral": "•", "unclear": "≈", "none": ""}


def visit_cards(translator: SphinxTranslator, node: cards) -> None:
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
