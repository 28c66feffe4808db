"""Tables: rules for a document's tables, as Typst tables with a repeated header."""

from __future__ import annotations

from docutils import nodes

from crmreport.pdf import markup
from crmreport.pdf.writer import Rule, Writer

_ALIGNMENTS = ("left", "center", "right")


def _alignment(*marked: nodes.Element) -> str:
    """Give how a cell is aligned: the first of the nodes, nearest first, that says so; else left."""
    for node in marked:
        for side in _ALIGNMENTS:
            if f"text-{side}" in node.get("classes", ()) or node.get("align") == side:
                return side
    return "left"


def _table(writer: Writer, node: nodes.Element) -> str:
    """Write a table; its title stands above it and is its name for whoever cannot see it."""
    captions = [child for child in node.children if isinstance(child, nodes.title)]
    places = writer.anchors(node["ids"])
    caption = f"[{''.join(writer.children(child) for child in captions)}]" if captions else "none"
    body = "".join(_group(writer, node, child) for child in node.children if isinstance(child, nodes.tgroup))
    return f"{places}{markup.block('table-of', body, caption=caption)}"


def _group(writer: Writer, table: nodes.Element, group: nodes.Element) -> str:
    columns = [child for child in group.children if isinstance(child, nodes.colspec)]
    # Widths that were not asked for are the length of the source's cells: Typst knows better ones.
    if "colwidths-given" in table.get("classes", ()):
        widths = "".join(f"{column['colwidth']}fr, " for column in columns)
    else:
        widths = "auto, " * len(columns)
    heads = [row for part in group.children if isinstance(part, nodes.thead) for row in part.children]
    rows = [row for part in group.children if isinstance(part, nodes.tbody) for row in part.children]
    header = "".join(_row(writer, columns, row) for row in heads)
    cells = "".join(_row(writer, columns, row) for row in rows)
    head = f"table.header({header}), " if heads else ""
    return f"#grid-of(columns: ({widths}), heads: {len(heads)}, {head}{cells});"


def _row(writer: Writer, columns: list[nodes.Element], row: nodes.Element) -> str:
    cells = []
    # A cell that reaches down from a row above shifts those after it; MyST's tables have none such, so
    # the place in the row is the column.
    place = 0
    for entry in row.children:
        across, down = entry.get("morecols", 0) + 1, entry.get("morerows", 0) + 1
        marked = (entry, columns[place]) if place < len(columns) else (entry,)
        settings = f"align: {_alignment(*marked)}, colspan: {across}, rowspan: {down}"
        cells.append(f"table.cell({settings})[{writer.children(entry).strip()}], ")
        place += across
    return "".join(cells)


RULES: dict[str, Rule] = {"table": _table}
