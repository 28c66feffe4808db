"""Inline: rules for what stands inside a line: text, emphasis, links, footnotes, formulas."""

from __future__ import annotations

from docutils import nodes

from crmreport.pdf import formulas, markup
from crmreport.pdf.writer import Rule, Writer, logger


def _children(writer: Writer, node: nodes.Element) -> str:
    return writer.children(node)


def _nothing(writer: Writer, node: nodes.Node) -> str:
    return ""


def _wrapped(function: str) -> Rule:
    """Make the rule for a node that is one Typst function around its children."""
    return lambda writer, node: markup.call(function, writer.children(node))


def _text(writer: Writer, node: nodes.Text) -> str:
    text = str(node)
    if "\n" not in text or node.parent is None:
        return markup.words(text)
    # MyST makes the end of a source line a node of its own: only its neighbours tell if it is a space.
    siblings = node.parent.children
    place = next(i for i, sibling in enumerate(siblings) if sibling is node)
    before = siblings[place - 1].astext()[-1:] if place else ""
    after = siblings[place + 1].astext()[:1] if place + 1 < len(siblings) else ""
    return markup.words(text, before.strip(), after.strip())


def _literal(writer: Writer, node: nodes.Element) -> str:
    return f"#raw({markup.string(node.astext())});"


def _target(writer: Writer, node: nodes.Element) -> str:
    return writer.anchors(node["ids"]) + writer.children(node)


def _reference(writer: Writer, node: nodes.Element) -> str:
    """Write a link: to a place in this PDF, to the web, or plain text where it would lead nowhere."""
    body = writer.children(node)
    address = node.get("refuri", "")
    if "refid" in node:
        place = writer.address(node["refid"])
    elif address.startswith("%"):  # the builder's own form of a document's address
        docname, _, name = address[1:].partition("#")
        if docname not in writer.included:
            writer.linked.add(docname)
            return body
        place = writer.address(name, docname)
    elif address.startswith(("http://", "https://", "mailto:")):
        return f"#link({markup.string(address)})[{body}];"
    else:
        return body
    return f"#goto({markup.string(place)})[{body}];"


def _footnote_reference(writer: Writer, node: nodes.Element) -> str:
    """Write a footnote where it is first referred to; Typst sets it at the foot of that page."""
    name = node.get("refid", "")
    place = markup.string(writer.address(f"note-{name}"))
    note = writer.footnotes.pop(name, None)
    if note is None:
        return f"#footnote(label({place}));"
    body = "".join(writer.write(child) for child in note.children if not isinstance(child, nodes.label))
    return f"#footnote[{body.strip()}]#label({place});"


def _formula(writer: Writer, node: nodes.Element, *, block: bool) -> str:
    source = node.astext()
    settings = f"block: {markup.value(block)}, alt: {markup.string(source)}"
    try:
        return f"#math.equation({settings}, ${formulas.typst(source)}$);"
    except formulas.UnknownFormulaError as error:
        logger.warning("The PDF shows a formula as its source: %s", error, location=node, type="typst")
        return f"#raw(block: {markup.value(block)}, {markup.string(source)});"


def _math(writer: Writer, node: nodes.Element) -> str:
    return _formula(writer, node, block=False)


def _math_block(writer: Writer, node: nodes.Element) -> str:
    return f"\n\n{writer.anchors(node['ids'])}{_formula(writer, node, block=True)}\n\n"


def _index(writer: Writer, node: nodes.Element) -> str:
    return writer.anchors(node.get("ids", []))


RULES: dict[str, Rule] = {
    "Text": _text,
    "emphasis": _wrapped("emph"),
    "strong": _wrapped("strong"),
    "title_reference": _wrapped("emph"),
    "subscript": _wrapped("sub"),
    "superscript": _wrapped("super"),
    "literal": _literal,
    "target": _target,
    "reference": _reference,
    "footnote_reference": _footnote_reference,
    "footnote": _nothing,  # set where it is referred to
    "citation_reference": _reference,
    "math": _math,
    "math_block": _math_block,
    "index": _index,
    **dict.fromkeys(
        (
            "abbreviation", "acronym", "desc_inline", "download_reference", "generated", "inline", "manpage",
            "PassthroughTextElement", "pending_xref", "problematic", "sd_badge",
        ),
        _children,
    ),
    # What is for the screen, for other builders, or for whoever writes the page.
    **dict.fromkeys(
        (
            "comment", "highlightlang", "meta", "raw", "substitution_definition", "system_message",
            "tabular_col_spec", "toctree",
        ),
        _nothing,
    ),
}  # fmt: skip
