"""Outputs: what a notebook's cell shows, as one bundle that serves JupyterLab, HTML and print.

In a build (`CRMREPORT_MEDIUM=book`) an output stays data until its medium is known; elsewhere it is shown at
once, as Altair and pandas show things.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crmreport.display import theme

if TYPE_CHECKING:
    import pandas as pd

CHART_MIME = "application/vnd.vegalite.v6+json"  # Altair's own renderer says v6.json, which nbformat refuses
TABLE_MIME = "application/vnd.crmreport.table+json"
CARDS_MIME = "application/vnd.crmreport.cards+json"

MEDIUM = "CRMREPORT_MEDIUM"

Bundle = dict[str, Any]


def in_book() -> bool:
    """Say whether the page is being run for a book."""
    return os.environ.get(MEDIUM) == "book"


@dataclass(frozen=True)
class Text:
    """Sentences, in Markdown."""

    markdown: str

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        return {"text/markdown": self.markdown, "text/plain": self.markdown}


@dataclass(frozen=True)
class Table:
    """A table of written figures.

    `columns`: titles; `align`: "left" or "right", one per column; `rows`: the cells' texts; `caption`: what
    the table shows; `notes`: what a reader must know to read it.
    """

    columns: tuple[str, ...]
    align: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Give the table as plain data."""
        columns = [{"title": t, "align": a} for t, a in zip(self.columns, self.align, strict=True)]
        return {
            "columns": columns,
            "rows": [list(row) for row in self.rows],
            "caption": self.caption,
            "notes": list(self.notes),
        }

    def frame(self) -> pd.DataFrame:
        """Give the table as a frame of texts."""
        import pandas as pd  # only here, since Sphinx needs no frame

        return pd.DataFrame(list(self.rows), columns=list(self.columns))

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        plain = self.frame().to_string(index=False)
        if in_book():
            return {TABLE_MIME: self.as_data(), "text/plain": self.caption or plain}
        return {"text/html": self.frame().to_html(index=False), "text/plain": plain}


@dataclass(frozen=True)
class Chart:
    """A chart with the sentence that it shows, the same for somebody who cannot see it, and its numbers.

    `drawing`: a Vega-Lite specification without colours and typefaces, which are the theme's.
    """

    drawing: dict[str, Any]
    title: str
    description: str
    twin: Table

    def spec(self) -> dict[str, Any]:
        """Give the Vega-Lite specification, with its data and theme; the words and numbers in `usermeta`."""
        return self._in_book() | {"config": theme.vega_config()}

    def _in_book(self) -> dict[str, Any]:
        """Give it without the theme, which a book has once for all charts."""
        words = {"title": self.title, "alt": self.description, "twin": self.twin.as_data()}
        return self.drawing | {"usermeta": words}

    def _repr_mimebundle_(self, **options: object) -> Bundle:
        if in_book():
            return {CHART_MIME: self._in_book(), "text/plain": self.description}
        import altair  # only here, since a page of a book draws nothing

        spec = self.spec()
        del spec["usermeta"]
        bundle = altair.Chart.from_dict(spec | {"title": self.title})._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        return {**(data or {}), "text/plain": self.description}


@dataclass(frozen=True)
class Cards:
    """A row of key figures; see `crmreport.display.nodes.cards` for what each holds."""

    cards: tuple[dict[str, Any], ...] = field(default_factory=tuple)

    def frame(self) -> pd.DataFrame:
        """Give the cards as a frame of texts."""
        import pandas as pd

        rows = [
            {"title": c["title"], "value": c["value"]} | {x["label"]: x["text"] for x in c["changes"]}
            for c in self.cards
        ]
        return pd.DataFrame(rows)

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        plain = "\n".join(card["alt"] for card in self.cards)
        if in_book():
            return {CARDS_MIME: {"cards": list(self.cards)}, "text/plain": plain}
        return {"text/html": self.frame().to_html(index=False, na_rep=""), "text/plain": plain}
