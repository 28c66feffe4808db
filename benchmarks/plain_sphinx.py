"""Plain Sphinx: our outputs in Jupyter Book as it comes: Sphinx's own builder, the theme's own templates."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.config import Config

from crmreport.display import sphinx as ours


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what shows our charts and tables, and nothing of what makes a book faster."""
    found = ours.setup(app)
    app.add_builder(StandaloneHTMLBuilder, override=True)
    app.connect("config-inited", _without_our_templates, priority=900)
    return found


def _without_our_templates(_: Sphinx, config: Config) -> None:
    config.templates_path.remove(str(ours.TEMPLATES))
