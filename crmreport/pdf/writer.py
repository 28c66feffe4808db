"""Writer: walks a document tree and writes it as Typst, one rule for each kind of node.

A rule is a function from the writer and a node to Typst source; the rules stand in tables by the node's
class name, by subject. A class without a rule takes its nearest base's; with none at all it is reported,
and its children are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util import logging

from crmreport.pdf import markup

logger = logging.getLogger(__name__)

Rule = Callable[["Writer", Any], str]

_NOT_PRINTED = {"no-print", "tag_no-print"}  # the second is what myst-nb makes of a cell's tag


def for_screen(node: nodes.Node) -> bool:
    """Say whether a node stays off paper: what is marked so (class `no-print`), and a notebook's code."""
    if not isinstance(node, nodes.Element):
        return False
    classes = node.get("classes", ())
    return (
        not _NOT_PRINTED.isdisjoint(classes)
        or "cell_input" in classes
        or node.get("nb_element") == "cell_code_source"
    )


@dataclass(frozen=True)
class Media:
    """Where pictures come from.

    `picture` gives an image's address in the tree as a file, or None if there is none; `chart` gives the
    drawing of a Vega-Lite specification, or raises ValueError. Both files lie inside the folder that Typst
    reads, which `root` names.
    """

    root: Path
    picture: Callable[[str], Path | None]
    chart: Callable[[Mapping[str, Any]], Path]

    def address(self, path: Path) -> str:
        """Name a file as Typst does: from the root."""
        return f"/{path.relative_to(self.root).as_posix()}"


class Writer:
    """Writes the documents of one PDF, in their order; knows which of them links can lead to.

    `rules` by class name; `included`, the names of all documents of the PDF; `words`, the localised
    strings; `charts`, which document each chart drawn so far stands in, by its file; `linked`, the documents
    outside of the PDF to which it refers in plain words.
    """

    def __init__(
        self, rules: Mapping[str, Rule], included: frozenset[str], words: Mapping[str, str], media: Media
    ) -> None:
        self.rules = rules
        self.included = included
        self.words = words
        self.media = media
        self.charts: dict[Path, str] = {}
        self.linked: set[str] = set()
        self.docname = ""
        self.depth = 0
        self.contents_depth = 0
        self.footnotes: dict[str, nodes.footnote] = {}
        self._waiting: list[str] = []
        self._placed: set[str] = set()

    def document(self, docname: str, tree: nodes.document, contents_depth: int = 0) -> str:
        """Write one document; its uppermost headings are chapters.

        `contents_depth`: how many levels of its headings the PDF's contents list; 0, as many as of any.
        """
        self.docname, self.depth, self.contents_depth = docname, 0, contents_depth
        self.footnotes = {i: note for note in tree.findall(nodes.footnote) for i in note["ids"]}
        self._waiting = [self.address("")]
        return self.children(tree) + self.anchors([])

    def write(self, node: nodes.Node) -> str:
        """Write one node by its rule."""
        if for_screen(node):
            return ""
        for kind in type(node).__mro__:
            rule = self.rules.get(kind.__name__)
            if rule is not None:
                return rule(self, node)
        logger.warning(
            "The PDF has no rule for %s; its content is kept",
            type(node).__name__, location=node, type="typst",
        )  # fmt: skip
        return self.children(node)

    def children(self, node: nodes.Node) -> str:
        """Write what a node holds, in order."""
        return "".join(self.write(child) for child in node.children)

    def address(self, name: str, docname: str | None = None) -> str:
        """Name a place in the PDF: a document's id, or with an empty name the document's beginning."""
        return f"{docname or self.docname}#{name}"

    def wait(self, names: list[str]) -> None:
        """Keep a section's ids until its heading is written, since the links must lead to that."""
        self._waiting += [self.address(name) for name in names]

    def heading_anchors(self) -> list[str]:
        """Hand over the places that the heading just being written stands for."""
        places = [place for place in self._waiting if place not in self._placed]
        self._waiting = []
        self._placed.update(places)
        return places

    def anchors(self, names: list[str]) -> str:
        """Write the places of a node that is no heading, and those that still wait for one."""
        self.wait(names)
        return "".join(f"#anchor({markup.string(place)});" for place in self.heading_anchors())
