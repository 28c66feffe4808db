"""PDF: a Sphinx builder that sets a book's documents as one PDF for each period, with Typst.

Load it in the book's configuration for HTML too (`sphinx.extra_extensions: [crmreport.pdf]`): both builds
then have the same settings, and the second does not read all pages again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

BUILDER = "typst"
# Of the forms in which a notebook keeps an output, the one with the lowest number goes to paper.
MIME_PRIORITIES = (
    ("application/vnd.vegalite.v6+json", 1),
    ("application/vnd.crmreport.chart+json", 1),
    ("application/vnd.crmreport.cards+json", 1),
    ("application/vnd.crmreport.table+json", 1),
    ("text/markdown", 20),
    ("image/svg+xml", 30),
    ("image/png", 40),
    ("text/plain", 90),
)


def _prefer_printable_outputs(app: Sphinx, config: Config) -> None:
    """Tell myst-nb what this builder can show; it knows no builder but Sphinx's own.

    What the book's configuration says comes after, and wins.
    """
    if "nb_mime_priority_overrides" in config:
        ours = [(BUILDER, kind, priority) for kind, priority in MIME_PRIORITIES]
        configured = [tuple(override) for override in config.nb_mime_priority_overrides]
        config.nb_mime_priority_overrides = [*ours, *configured]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the builder and its configuration values with Sphinx.

    `typst_documents`: a list of mappings as in `editions.Edition`. `typst_author`: text. `typst_date`: ISO
    date and time with a zone. `typst_words`: as in `editions.WORDS`. `crmreport_store`: the folder of charts'
    drawings and of typefaces, from the book's folder; books may share it; by default `.typst` beside the
    document trees.
    """
    from crmreport.pdf.builder import TypstBuilder  # and Sphinx, which the build itself never needs

    app.add_builder(TypstBuilder)
    for name, default, kind in (
        ("typst_documents", [], list),
        ("typst_author", "", str),
        ("typst_date", "", str),
        ("typst_words", {}, dict),
        ("crmreport_store", "", str),
    ):
        if name not in app.config:  # `crmreport.display.sphinx` has the same store
            app.add_config_value(name, default, "", [kind])
    app.connect("config-inited", _prefer_printable_outputs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
