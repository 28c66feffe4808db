"""Site: Sphinx's HTML builder, so that a page costs the same in a book of ten pages and of a thousand.

A page is written from its own document and from what `Around` says of it, and from nothing else of the book:
the theme's own steps render the whole contents into each page, twice. What is around a page is remembered, so
that a page is written again exactly when it, or something that it shows, has changed.
"""

from __future__ import annotations

import hashlib
import html
import pickle
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import BuildInfo, StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.locale import get_translation
from sphinx.search import IndexBuilder

from crmreport.display.contents import Around, around_pages, read_contents, shared_contents

THEMES = ("pydata_sphinx_theme", "sphinx_book_theme")
SIDEBAR = ["crm-home.html", "search-button-field.html", "crm-contents.html"]
REMEMBERED = "site.pickle"

# What the index for the search keeps of each page, or of each word; Sphinx's own names.
_INDEX_BY_PAGE = ("_titles", "_filenames", "_all_titles", "_index_entries")
_INDEX_BY_WORD = ("_mapping", "_title_mapping")


@dataclass
class Memory:
    """What one build leaves to the next, beside the document trees.

    `settings`: a digest of the configuration; `around`: of each page a digest of what stood around it;
    `tags`: the links to scripts and style sheets; `index`: the index for the search, before it is made
    smaller for the browser.
    """

    settings: str
    around: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    index: dict[str, dict[str, Any]] = field(default_factory=dict)


class SiteBuilder(StandaloneHTMLBuilder):  # type: ignore[misc]  # Sphinx is untyped here
    """Sphinx's builder `html`, for a book with `_contents.json` beside its sources."""

    def init(self) -> None:
        """Read the contents, and what the last build left."""
        super().init()
        self.contents = read_contents(Path(self.srcdir))
        self.around = around_pages(self.contents)
        self.memory_file = Path(self.doctreedir, REMEMBERED)
        settings = BuildInfo(self.config, self.tags, frozenset({"env", "html"})).config_hash
        self.memory = Memory(settings)
        if self.memory_file.is_file():
            remembered: Memory = pickle.loads(self.memory_file.read_bytes())
            if remembered.settings == settings:
                self.memory = remembered
            else:
                shutil.rmtree(self.outdir)
                Path(self.outdir).mkdir()
        _disconnect_themes(self.app)

    def get_outdated_docs(self) -> Iterator[str]:
        """Give pages that are not there, those whose surroundings changed, and those that name others.

        Of pages that have changed themselves Sphinx knows. It would also give all that are older than the
        templates, whose time an installation makes new; what they say is in our version and the theme's.
        """
        for page in self.env.found_docs:
            is_there = Path(self.get_outfilename(page)).is_file()
            if not is_there or self.memory.around.get(page) != self._digest(page):
                yield page
        yield from referring(self.env)

    def _digest(self, page: str) -> str:
        around = self.around.get(page)
        told = repr((around and (_without_code(around), asdict(around.entry)), self.contents.title))
        return hashlib.sha256(f"{told}{self.contents.words}{self.contents.languages}".encode()).hexdigest()

    def get_doc_context(self, docname: str, body: str, metatags: str) -> dict[str, Any]:
        """Give a page's context; its neighbours are those of its own period."""
        around = self.around.get(docname)
        before, after = (around.before, around.after) if around else (None, None)
        if docname == self.config.root_doc and self.contents.periods:
            after = self.contents.periods[0].entries[0]

        def neighbour(entry: Any) -> dict[str, str] | None:  # noqa: ANN401
            link = self.get_relative_uri(docname, entry.page) if entry else ""
            return {"link": link, "title": html.escape(entry.title)} if entry else None

        return {
            "parents": [],
            "prev": neighbour(before),
            "next": neighbour(after),
            "title": self._title(docname),
            "meta": self.env.metadata.get(docname),
            "body": body,
            "metatags": metatags,
            "rellinks": [],
            "sourcename": "",
            "toc": local_contents(self.env.tocs[docname]),
        }

    def _title(self, docname: str) -> str:
        title = self.env.longtitles.get(docname)
        return html.escape(title.astext()) if title else ""

    def update_page_context(self, pagename: str, _template: str, ctx: dict[str, Any], _tree: Any) -> None:  # noqa: ANN401
        """Give the theme's templates what they ask for, without the theme's own steps."""
        around = self.around.get(pagename)
        part = around.part if around and around.part.name else None
        if pagename == self.config.root_doc and self.contents.periods:
            part = self.contents.periods[0]
        toc = ctx.get("toc", "")
        translate = get_translation("booktheme")
        ctx |= {
            "sidebars": SIDEBAR,
            "crm_title": self.contents.title,
            "crm_part": part,
            "crm_words": self.contents.words,
            "crm_entry": around.entry if around else None,
            "crm_languages": [
                (name, f"{'../' * (pagename.count('/') + 1)}{code}/{pagename}.html")
                for code, name in self.contents.languages.items()
            ],
            "pagetitle": self._title(pagename),
            "author": html.escape(self.config.author),
            "translate": translate,
            "theme_article_header_start": ["toggle-primary-sidebar.html"],
            "theme_article_header_end": ["crm-languages.html", "crm-buttons.html"],
            "theme_article_footer_items": ["crm-foot.html"] if around and around.entry.code else [],
            "theme_footer_content_items": ["author.html"],
            "theme_primary_sidebar_end": [],
            "secondary_sidebar_items": ["page-toc.html"] if toc else [],
            "suppress_sidebar_toctree": lambda **_: False,
            "generate_toc_html": lambda _kind="html": toc,
            "unique_html_id": lambda name: name,
            "css_tag": self._remembered(ctx["css_tag"], ctx["content_root"]),
            "js_tag": self._remembered(ctx["js_tag"], ctx["content_root"]),
        }

    def _remembered(self, tag: Callable[[Any], str], root: str) -> Callable[[Any], str]:
        """Write the link to a file as it was first written in this book.

        It has a checksum of the file, which Sphinx would read again for every page; and some files are put in
        place, or changed, only when the last page is written.
        """
        up = "" if root == "./" else root

        def remembered(asset: Any) -> str:  # noqa: ANN401 - private classes of Sphinx
            if not asset.filename:
                return tag(asset)
            key = f"{asset.filename} {asset.priority} {sorted(asset.attributes.items())}"
            if key not in self.memory.tags:
                self.memory.tags[key] = tag(asset).replace(f'="{up}_static/', '="{}_static/')
            return self.memory.tags[key].replace('="{}_static/', f'="{up}_static/')

        return remembered

    def write_doc_serialized(self, docname: str, doctree: nodes.document) -> None:
        """Put a page into the index for the search."""
        self.imgpath = "../" * docname.count("/") + self.imagedir
        self.post_process_images(doctree)
        self.index_page(docname, doctree, self._title(docname))

    def index_page(self, pagename: str, doctree: nodes.document, title: str) -> None:
        """Index one page by itself.

        For Chinese, Sphinx gathers the Latin words of all pages in a list, and looks through it for every
        word: what a page adds to the index depended on the pages before it, and cost more with each of them.
        """
        if hasattr(self.indexer.lang, "latin_terms"):
            self.indexer.lang.latin_terms = LatinTerms()
        super().index_page(pagename, doctree, title)

    def load_indexer(self, docnames: Iterable[str]) -> None:
        """Take up the last build's index for the search, less the pages that are written now.

        Sphinx would take it from what the browser gets, in which some is lost.
        """
        keep = set(self.env.all_docs) - set(docnames)
        for name, kept in self.memory.index.items():
            if name in _INDEX_BY_PAGE:
                kept = {page: value for page, value in kept.items() if page in keep}
            else:
                kept = {word: pages & keep for word, pages in kept.items()}
                kept = {word: pages for word, pages in kept.items() if pages}
            setattr(self.indexer, name, kept)

    def copy_static_files(self) -> None:
        """Copy the static files, and write the list of periods for all pages."""
        super().copy_static_files()
        Path(self.outdir, "_static", "contents.js").write_text(
            shared_contents(self.contents), encoding="utf-8"
        )

    def finish(self) -> None:
        """Write what is written once, remember, and remove what pages that are no more have left."""
        super().finish()
        index: IndexBuilder = self.indexer
        self.memory.index = {name: getattr(index, name) for name in (*_INDEX_BY_PAGE, *_INDEX_BY_WORD)}
        self.memory.around = {page: self._digest(page) for page in self.env.found_docs}
        self.memory_file.write_bytes(pickle.dumps(self.memory))
        written = {self.get_outfilename(page) for page in (*self.env.found_docs, "search")}
        pictures = {name for _, name in self.env.images.values()}
        for path in sorted(Path(self.outdir).rglob("*"), reverse=True):
            place = path.relative_to(self.outdir).parts
            if place[0] == "_static":
                continue
            is_left = (
                (path.suffix == ".html" and str(path) not in written)
                or (place[0] == self.imagedir and path.is_file() and path.name not in pictures)
                or (path.is_dir() and not any(path.iterdir()))
            )
            if is_left:
                path.rmdir() if path.is_dir() else path.unlink()


class LatinTerms(set[str]):
    """A page's Latin words, for Sphinx's Chinese, which takes them for a list."""

    extend = set.update


def _without_code(around: Around) -> Any:  # noqa: ANN401 - anything that tells it from another
    """Give what a page's sidebar and neighbours show: of the other pages, their titles and places."""
    shown = [(entry.page, entry.title, len(entry.below)) for entry in around.part.in_order()]
    return around.part.title, shown if around.part.name else (around.before, around.after)


def _disconnect_themes(app: Sphinx) -> None:
    """Take out the themes' own steps for each page, of which `update_page_context` has what we need.

    They render the whole contents for every page (pydata/pydata-sphinx-theme #381), and each part of the
    sidebar twice.
    """
    for listener in list(app.events.listeners.get("html-page-context", [])):
        if listener.handler.__module__.partition(".")[0] in THEMES:
            app.disconnect(listener.id)


def note_references(app: Sphinx, doctree: nodes.document) -> None:
    """Note whether a page refers to others: it shows their titles, and is written whenever the book is."""
    noted = referring(app.env)
    noted.discard(app.env.docname)
    if next(iter(doctree.findall(addnodes.pending_xref)), None) is not None:
        noted.add(app.env.docname)


def referring(env: BuildEnvironment) -> set[str]:
    """Give the pages that refer to others; the set is kept with the environment."""
    if not hasattr(env, "crmreport_referring"):
        env.crmreport_referring = set()
    found: set[str] = env.crmreport_referring
    return found


def local_contents(toc: nodes.Node) -> str:
    """Write a page's own headings as the theme's list of them; "" if there are none below the title."""
    lists = [
        child for item in toc.children for child in item.children if isinstance(child, nodes.bullet_list)
    ]
    return "".join(_headings(found, 2) for found in lists)


def _headings(headings: nodes.Node, level: int) -> str:
    items = ""
    for item in headings.children:
        for reference in item.findall(nodes.reference):
            link = html.escape(reference["anchorname"] or "#")
            text = html.escape(reference.astext())
            items += f'<li class="toc-h{level} nav-item toc-entry"><a class="reference internal nav-link" '
            items += f'href="{link}">{text}</a>'
            break
        else:
            continue
        below = [child for child in item.children if isinstance(child, nodes.bullet_list)]
        items += "".join(_headings(found, level + 1) for found in below) + "</li>\n"
    shown = "pst-show_toc_level " if level == 2 else ""
    return f'<ul class="{shown}nav section-nav flex-column">\n{items}</ul>\n'
