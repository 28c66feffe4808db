"""Config: Jupyter Book's configuration of one language, which has no switch for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmreport.book.editions import edition
from crmreport.book.volume import Book
from crmreport.language import _t

# Jupyter Book's own, without those that a review has no use for (live code, comments, LaTeX) and whose
# scripts every page would load; then ours.
EXTENSIONS = (
    "myst_nb",
    "jupyter_book",
    "sphinx_external_toc",
    "sphinx_design",
    "sphinx_book_theme",
    "crmreport.display.sphinx",
    "crmreport.pdf",
)


def configuration(book: Book, glossary: Sequence[str], drawn: str) -> dict[str, Any]:
    """Give the project's own configuration of Jupyter Book, and what ours needs.

    `glossary`: the names of its pages, which each PDF has; `drawn`: where, from the book's folder, charts are
    kept that were drawn.
    """
    given = dict(book.project.book_config)
    sphinx = dict(given.pop("sphinx", {}) or {})
    ours = {
        "extensions": [*EXTENSIONS, *sphinx.pop("extra_extensions", [])],
        "language": book.language,
        "project": book.title,
        "html_title": book.title,
        "html_copy_source": False,  # else Sphinx publishes every executed notebook
        "html_show_sourcelink": False,
        "html_show_copyright": False,
        "html_last_updated_fmt": None,
        "html_use_index": False,
        "numfig": False,
        "html_theme_options": {
            "search_bar_text": book.say(_t("Search this review ...")),
            "navbar_persistent": [],
            "repository_url": "",
        },
        "nb_custom_formats": {".ipynb": "crmreport.display.reading.read"},
        "nb_remove_code_source": True,
        "nb_render_markdown_format": "myst",
        "suppress_warnings": ["myst.header"],
        "crmreport_store": drawn,
        "crmreport_words": {
            "numbers": book.say(_t("The numbers")),
            "good": book.say(_t("clearly better")),
            "bad": book.say(_t("clearly worse")),
            "neutral": book.say(_t("clearly changed")),
            "unclear": book.say(_t("no clear change")),
            "none": "",
        },
        "typst_author": given.get("author", ""),
        "typst_date": f"{book.results.as_of}T00:00:00+00:00",
        "typst_words": {
            "contents": book.say(_t("Contents")),
            "page": book.say(_t("p. {page}"), page="{page}"),
            "target": "",
            "what_changed": book.say(_t("What changed")),
        },
        "typst_documents": [edition(book, period, glossary) for period in sorted(book.periods, reverse=True)],
    }
    return {
        **given,
        "title": book.title,
        "only_build_toc_files": True,
        "execute": {"execute_notebooks": "off", "stderr_output": "remove-warn"},
        "parse": {"myst_enable_extensions": ["colon_fence", "deflist", "dollarmath"]},
        "html": {"use_multitoc_numbering": False, **given.get("html", {})},
        "latex": {"latex_engine": "xelatex", "use_jupyterbook_latex": False},
        "sphinx": {
            "recursive_update": True,
            "config": ours | sphinx.get("config", {}),
        },
    }
