"""Nodes: what a page's outputs are in the document tree, before their medium is known."""

from __future__ import annotations

from docutils import nodes


class chart(nodes.General, nodes.Element):  # type: ignore[misc]  # noqa: N801 - docutils has no types, and names nodes in lower case
    """A chart, still a specification.

    Attributes: `spec`, a Vega-Lite specification with its data inline; `title`, what the chart shows, in
    a sentence; `alt`, the same for somebody who cannot see it; `twin`, the chart's numbers as a table:
    ``{"columns": [{"title": str, "align": "left" | "right"}], "rows": [[str, ...], ...]}``.
    """


class cards(nodes.General, nodes.Element):  # type: ignore[misc]  # noqa: N801
    """A row of key figures.

    Attribute `cards`, a list of dicts: `title`; `better`, which direction is favourable, in words, or "";
    `value`, the figure as written; `interval`, its interval as written, or ""; `note`, why there is no
    figure or how far it can be trusted, or ""; `target`, as written, or ""; `changes`, a list of ``{"label",
    "text", "verdict"}`` where verdict is "good", "bad", "neutral" (changed, with no favourable direction),
    "unclear" (no clear change) or "none" (cannot be compared); `trend`, the last values of the metric,
    oldest first, None where there is no data; `alt`, the card in one sentence.
    """


class sheet(nodes.General, nodes.Element):  # type: ignore[misc]  # noqa: N801
    """A table of written figures.

    Attribute `table`: a mapping as `crmreport.display.outputs.Table.as_data` gives it. Its cells are no
    nodes: every step of Sphinx would go through all of them. It has one child, a text for the search.
    """
