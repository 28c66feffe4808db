"""Blocks: rules for what makes up a page: sections, paragraphs, lists, boxes, listings, cells."""

from __future__ import annotations

from docutils import nodes
from sphinx.locale import admonitionlabels

from crmreport.pdf import markup
from crmreport.pdf.writer import Rule, Writer

_NUMBERINGS = {"arabic": "1", "loweralpha": "a", "upperalpha": "A", "lowerroman": "i", "upperroman": "I"}


def _anchored_children(writer: Writer, node: nodes.Element) -> str:
    return writer.anchors(node["ids"]) + writer.children(node)


def _section(writer: Writer, node: nodes.Element) -> str:
    writer.wait(node["ids"])
    writer.depth += 1
    body = writer.children(node)
    writer.depth -= 1
    return body


def _title(writer: Writer, node: nodes.Element) -> str:
    """Write a heading, with the place of its section; the further names of the place follow it."""
    first, *more = [markup.string(place) for place in writer.heading_anchors()] or [""]
    is_listed = not 0 < writer.contents_depth < writer.depth
    how = f"level: {max(writer.depth, 1)}" + ("" if is_listed else ", outlined: false, bookmarked: true")
    heading = f"#heading({how})[{writer.children(node)}]"
    place = f"#label({first})" if first else ""
    return f"\n\n{heading}{place};{''.join(f'#anchor({name});' for name in more)}\n\n"


def _paragraph(writer: Writer, node: nodes.Element) -> str:
    return f"\n\n{_anchored_children(writer, node)}\n\n"


def _small_heading(writer: Writer, node: nodes.Element) -> str:
    """Write a heading that is not in the contents: a rubric, a listing's caption."""
    return markup.block("small-heading", _anchored_children(writer, node))


def _items(writer: Writer, node: nodes.Element) -> str:
    return "".join(f"[{writer.write(item).strip()}]," for item in node.children)


def _bullet_list(writer: Writer, node: nodes.Element) -> str:
    return f"\n\n{writer.anchors(node['ids'])}#list({_items(writer, node)});\n\n"


def _enumerated_list(writer: Writer, node: nodes.Element) -> str:
    style = _NUMBERINGS.get(node.get("enumtype", ""), "1")
    numbering = markup.string(f"{node.get('prefix', '')}{style}{node.get('suffix', '.')}")
    settings = f"start: {node.get('start', 1)}, numbering: {numbering}"
    return f"\n\n{writer.anchors(node['ids'])}#enum({settings}, {_items(writer, node)});\n\n"


def _terms(writer: Writer, node: nodes.Element) -> str:
    """Write a list of terms or fields and what they mean."""
    items = []
    meanings = (nodes.definition, nodes.field_body)
    for item in node.children:
        name = "".join(writer.write(child) for child in item.children if not isinstance(child, meanings))
        meaning = "".join(writer.write(child) for child in item.children if isinstance(child, meanings))
        items.append(f"terms.item([{name.strip()}], [{meaning.strip()}]),")
    return f"\n\n{writer.anchors(node['ids'])}#terms({''.join(items)});\n\n"


def _classifier(writer: Writer, node: nodes.Element) -> str:
    return f"#{markup.string(' · ')};{writer.children(node)}"


def _block_quote(writer: Writer, node: nodes.Element) -> str:
    said = [child for child in node.children if not isinstance(child, nodes.attribution)]
    by = [child for child in node.children if isinstance(child, nodes.attribution)]
    settings = {"block": "true"}
    if by:
        settings["attribution"] = f"[{''.join(writer.children(child) for child in by)}]"
    return markup.block("quote", "".join(writer.write(child) for child in said), **settings)


def _listing(writer: Writer, node: nodes.Element) -> str:
    return f"\n\n{writer.anchors(node['ids'])}#raw(block: true, {markup.string(node.astext())});\n\n"


def _lines(writer: Writer, node: nodes.Element) -> str:
    return f"\n\n{'#linebreak();'.join(writer.write(line) for line in node.children)}\n\n"


def _line_break(writer: Writer, node: nodes.Element) -> str:
    return "#linebreak();"


def _transition(writer: Writer, node: nodes.Element) -> str:
    if "footnotes" in node.get("classes", ()):
        return ""  # MyST's rule above the footnotes, which stand elsewhere in print
    return markup.block("transition")


def _box(writer: Writer, node: nodes.Element) -> str:
    """Write an admonition, topic or sidebar: its own title, or the usual one of its kind."""
    if "contents" in node.get("classes", ()):
        return ""  # a page's own table of contents
    kind = next((c for c in (node.tagname, *node.get("classes", ())) if c in admonitionlabels), "note")
    titles = [child for child in node.children if isinstance(child, nodes.title)]
    rest = [child for child in node.children if not isinstance(child, nodes.title)]
    if titles:
        title = writer.children(titles[0])
    elif node.tagname in admonitionlabels:
        title = markup.words(str(admonitionlabels[node.tagname]))
    else:
        title = ""
    body = writer.anchors(node["ids"]) + "".join(writer.write(child) for child in rest)
    return markup.block("box-of", body, kind=markup.string(kind), title=f"[{title}]" if title else "none")


def _container(writer: Writer, node: nodes.Element) -> str:
    return f"\n\n{_anchored_children(writer, node)}\n\n"


RULES: dict[str, Rule] = {
    "section": _section,
    "title": _title,
    "paragraph": _paragraph,
    "rubric": _small_heading,
    "subtitle": _small_heading,
    "centered": _small_heading,
    "caption": _small_heading,
    "bullet_list": _bullet_list,
    "enumerated_list": _enumerated_list,
    "definition_list": _terms,
    "field_list": _terms,
    "classifier": _classifier,
    "block_quote": _block_quote,
    "literal_block": _listing,
    "doctest_block": _listing,
    "line_block": _lines,
    "line": _anchored_children,
    "transition": _transition,
    "container": _container,
    "citation": _paragraph,
    "label": _small_heading,
    **dict.fromkeys((*admonitionlabels, "admonition", "topic", "sidebar", "todo_node"), _box),
    **dict.fromkeys(
        (
            "acks", "compound", "decoration", "definition", "docinfo", "document", "field_body", "field_name",
            "glossary", "hlist", "hlistcol", "legend", "list_item", "only", "term", "versionmodified",
        ),
        _anchored_children,
    ),
}  # fmt: skip
