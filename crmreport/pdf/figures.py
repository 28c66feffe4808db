"""Figures: rules for images, figures, charts and cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.images import get_image_size

from crmreport.pdf import drawing, markup
from crmreport.pdf.diagnosis import PrintError
from crmreport.pdf.writer import Rule, Writer, logger

_MOST_HEIGHT_PX = 860  # leaves room on an A4 page for a title above and a note below
_PT_PER_PX = 0.75  # 72 points and 96 CSS pixels make an inch


def _width(path: Path, asked: str | None = None) -> str:
    """Give the width at which a picture is set: its own or the one asked for, within the text's."""
    if asked and asked.endswith("%"):
        return asked
    size_px = get_image_size(str(path))
    if size_px is None:
        return "100%"
    width_px, height_px = size_px
    wished_px = float(asked.removesuffix("px")) if asked and asked.removesuffix("px").isdigit() else width_px
    scale = min(wished_px / width_px, drawing.TEXT_WIDTH_PX / width_px, _MOST_HEIGHT_PX / height_px)
    return f"{round(width_px * scale * _PT_PER_PX, 2)}pt"


def _image(writer: Writer, node: nodes.Element) -> str:
    alt = node.get("alt", "").strip()
    path = writer.media.picture(node["uri"])
    if path is None:
        logger.warning("The PDF has no picture %s", node["uri"], location=node, type="typst")
        return markup.words(alt)
    if not alt and isinstance(node.parent, nodes.figure):
        alt = " ".join(child.astext() for child in node.parent.children if isinstance(child, nodes.caption))
    if not alt:
        logger.warning(
            "%s has no text for those who cannot see it; write one as its alt", node["uri"],
            location=node, type="typst",
        )  # fmt: skip
    source = markup.string(writer.media.address(path))
    inline = isinstance(node.parent, nodes.TextElement) and len(node.parent.children) > 1
    # A picture within a line is as high as its letters.
    size = "height: 1em" if inline else f"width: {_width(path, node.get('width'))}"
    picture = f"#picture({source}, alt: {markup.value(alt or None)}, {size});"
    return f"{writer.anchors(node['ids'])}{f'#box[{picture}];' if inline else picture}"


def _figure(writer: Writer, node: nodes.Element) -> str:
    captions = [child for child in node.children if isinstance(child, nodes.caption)]
    rest = [child for child in node.children if not isinstance(child, nodes.caption)]
    caption = f"[{''.join(writer.children(child) for child in captions)}]" if captions else "none"
    body = writer.anchors(node["ids"]) + "".join(writer.write(child) for child in rest)
    return markup.block("figure-of", body, caption=caption)


def _chart(writer: Writer, node: nodes.Element) -> str:
    """Write a chart: its title as a heading, and its drawing. Raises PrintError if it cannot be shown."""
    if not node["alt"].strip():
        raise PrintError(f"{writer.docname}: the chart {node['title']!r} has no text for who cannot see it")
    try:
        path = writer.media.chart(node["spec"])
    except ValueError as error:
        said = str(error).split("\n    at ")[0]  # what follows is where in Vega's own code
        raise PrintError(f"{writer.docname}: the chart {node['title']!r} cannot be drawn: {said}") from error
    writer.charts[path] = writer.docname
    source = markup.string(writer.media.address(path))
    picture = f"#picture({source}, alt: {markup.string(node['alt'])}, width: {_width(path)});"
    title = markup.words(node["title"])
    return f"{writer.anchors(node['ids'])}{markup.block('chart-of', picture, title=f'[{title}]')}"


def _cards(writer: Writer, node: nodes.Element) -> str:
    """Write key figures; the template draws them from the values themselves."""
    if not node["cards"]:
        return ""
    return f"{writer.anchors(node['ids'])}\n\n#cards-of({markup.value(printable(node['cards']))});\n\n"


def printable(cards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give key figures as the template draws them, their trends as points of lines."""
    return [{**card, "trend": drawing.trend_lines(card["trend"])} for card in cards]


RULES: dict[str, Rule] = {"image": _image, "figure": _figure, "chart": _chart, "cards": _cards}
