"""Book: assemble what Jupyter Book reads, and call it. It is known here alone."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from crmreport.config import Project
from crmreport.context import Context
from crmreport.errors import UserError
from crmreport.exhibits.cards import cards
from crmreport.exhibits.commentary import told_in_short
from crmreport.glossary import glossary_page
from crmreport.language import _t, escaped, translate, write_date, write_period
from crmreport.pages.caution import FIND_OUT, gaps_behind
from crmreport.pages.plan import EACH_SEGMENT, Chapter, Page
from crmreport.pages.touched import quality_of
from crmreport.periods import Period
from crmreport.results import Results
from crmreport.segments import WHOLE
from crmreport.versions import code_fingerprint

LANGUAGE_NAMES = {"en": "English", "zh_CN": "简体中文"}
HEADLINES = 3
COVER_METRICS = ("revenue", "active_customers", "retention_rate", "csat")

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


@dataclass(frozen=True)
class Book:
    """One language's book: its pages with their executed notebooks, and the periods that it covers."""

    project: Project
    results: Results
    language: str
    chapters: tuple[Chapter, ...]
    periods: tuple[Period, ...]
    pages: Mapping[Page, str]
    failed: frozenset[str]  # names of pages that failed


class BookError(Exception):
    """Jupyter Book stopped; the message is the error that it named, or else the end of what it said."""


def assemble(book: Book, folder: Path) -> None:
    """Write into a folder what Jupyter Book reads: only what changed, and nothing that is not of the book."""
    written = _people_write(book)
    files = {
        "_config.yml": _yaml(_config(book)),
        "_toc.yml": _yaml(_contents(book, list(written))),
        "glossary.md": glossary_page(book.project.settings, book.periods[-1], book.language),
        **{f"{page.name}.ipynb": text for page, text in book.pages.items()},
        **written,
    }
    for name, text in files.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    static = book.project.book / "_static"
    if static.is_dir():
        shutil.copytree(static, folder / "_static", dirs_exist_ok=True)
    wanted = {folder / name for name in files}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts[0]
        if path.is_file() and path not in wanted and inside not in ("_build", "_static"):
            path.unlink()


def _yaml(value: object) -> str:
    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False))


def _say(book: Book, text: str, **values: object) -> str:
    return translate(text, book.language, **values)


def _people_write(book: Book) -> dict[str, str]:
    """Take the pages that people write: ``name.md``, or ``name.<language>.md`` where there is one."""
    folder = book.project.book
    found = {}
    for path in sorted(folder.glob("*.md")):
        name, _, language = path.stem.partition(".")
        if not language:
            own = folder / f"{name}.{book.language}.md"
            text = (own if own.is_file() else path).read_text(encoding="utf-8")
            found[f"{name}.md"] = _filled(book, text)
    if "index.md" not in found:
        raise UserError(
            _t("There is no {file} in {folder}: the book's front page."), file="index.md", folder=folder.name
        )
    return found


def _filled(book: Book, text: str) -> str:
    """Fill the few placeholders that a written page may have."""
    newest = (
        f"[{write_period(book.periods[-1], book.language)}]({book.periods[-1].name}/{book.chapters[0].name})"
    )
    words = {
        "{company}": escaped(book.project.settings.company_name(book.language)),
        "{newest}": newest,
        "{as_of}": write_date(book.results.as_of, book.language),
    }
    for placeholder, word in words.items():
        text = text.replace(placeholder, word)
    return text


def _contents(book: Book, written: list[str]) -> dict[str, Any]:
    """Give the table of contents: a part for each period, newest first, then what holds for all.

    `written`: the files of the pages that people write.
    """
    parts = []
    for period in sorted(book.periods, reverse=True):
        chapters = []
        for chapter in book.chapters:
            own = [p for p in book.pages if p.period == period.name and p.chapter == chapter.name]
            if not own:  # of a chapter about the newest period alone
                continue
            entry: dict[str, Any] = {"file": own[0].name, "title": _say(book, chapter.title)}
            sections = [{"file": p.name, "title": _segment(book, p)} for p in own[1:]]
            chapters.append(entry | ({"sections": sections} if sections else {}))
        parts.append({"caption": write_period(period, book.language), "chapters": chapters})
    lasting = ["glossary", *(name.removesuffix(".md") for name in written if name != "index.md")]
    parts.append(
        {"caption": _say(book, _t("About this review")), "chapters": [{"file": name} for name in lasting]}
    )
    return {"format": "jb-book", "root": "index", "parts": parts}


def _segment(book: Book, page: Page) -> str:
    return Context(book.project, book.results, book.periods[-1], page.segment, book.language).segment_name(
        page.segment
    )


def _title(book: Book) -> str:
    return _say(book, _t("{company}: CRM review"), company=book.project.settings.company_name(book.language))


def _config(book: Book) -> dict[str, Any]:
    """Give Jupyter Book's configuration of one language: the project's own, and what ours needs."""
    others = [code for code in book.project.settings.languages if code != book.language]
    given = dict(book.project.book_config)
    sphinx = dict(given.pop("sphinx", {}) or {})
    ours = {
        "extensions": [*EXTENSIONS, *sphinx.pop("extra_extensions", [])],
        "language": book.language,
        "project": _title(book),
        "html_title": _title(book),
        "html_copy_source": False,  # else Sphinx publishes every executed notebook
        "html_show_sourcelink": False,
        "html_show_copyright": False,
        "html_last_updated_fmt": None,
        "numfig": False,
        "html_theme_options": {
            "search_bar_text": _say(book, _t("Search this review ...")),
            "use_download_button": False,
            "use_fullscreen_button": False,
            "show_navbar_depth": 1,
            "home_page_in_toc": True,
            "navbar_persistent": [],
            "article_header_end": ["crm-languages", "article-header-buttons"],
            "repository_url": "",
        },
        "nb_code_prompt_show": _say(book, _t("Show the code")),
        "nb_code_prompt_hide": _say(book, _t("Hide the code")),
        "nb_render_markdown_format": "myst",
        "suppress_warnings": ["myst.header"],
        "crmreport_words": {
            "numbers": _say(book, _t("The numbers")),
            "good": _say(book, _t("clearly better")),
            "bad": _say(book, _t("clearly worse")),
            "neutral": _say(book, _t("clearly changed")),
            "unclear": _say(book, _t("no clear change")),
            "none": "",
        },
        "crmreport_other_languages": {code: LANGUAGE_NAMES[code] for code in others},
        "typst_author": given.get("author", ""),
        "typst_date": f"{book.results.as_of}T00:00:00+00:00",
        "typst_words": {
            "contents": _say(book, _t("Contents")),
            "page": _say(book, _t("p. {page}"), page="{page}"),
            "target": "",
            "what_changed": _say(book, _t("What changed")),
        },
        "typst_documents": [_edition(book, period) for period in sorted(book.periods, reverse=True)],
    }
    return {
        **given,
        "title": _title(book),
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


def _edition(book: Book, period: Period) -> dict[str, Any]:
    """Say what one period's PDF consists of."""
    own = [p for p in book.pages if p.period == period.name]
    failed = [p.name for p in own if p.name in book.failed]
    notice = _say(book, _t("Data as of {day}"), day=write_date(book.results.as_of, book.language))
    if failed:
        notice = _say(book, _t("INCOMPLETE: {n} of {all} pages failed"), n=len(failed), all=len(own))
    context = Context(book.project, book.results, period, WHOLE, book.language)
    told = told_in_short(context, HEADLINES)
    gaps = gaps_behind(context, book.chapters[0].name, quality_of(book.project, book.results))
    if gaps:  # before they are taken for news
        told = [{"sentence": gaps, "why": "", "advice": context.say(FIND_OUT)}, *told]
    return {
        "name": period.name,
        "title": _title(book),
        "subtitle": write_period(period, book.language),
        "headlines": told,
        "cards": list(cards(context, [context.metric(name) for name in COVER_METRICS]).cards),
        # On paper the whole company has its page in the summary.
        "documents": [*(p.name for p in own if not _repeats_summary(book, p)), "glossary"],
        "notice": notice,
    }


def _repeats_summary(book: Book, page: Page) -> bool:
    runs = next(c.runs for c in book.chapters if c.name == page.chapter)
    return runs == EACH_SEGMENT and page.segment == WHOLE and len(book.chapters) > 1


def make(folder: Path, builder: str) -> list[str]:
    """Build an assembled book as ``html`` or ``typst``, unless it is built from the very same already.

    Return the warnings. BookError if Jupyter Book stops.
    """
    stamp = folder / "_build" / f"{builder}.json"
    digest = _digest(folder)
    if stamp.is_file() and (folder / "_build" / builder).is_dir():
        made = json.loads(stamp.read_text(encoding="utf-8"))
        if made["digest"] == digest:
            return list(made["warnings"])
    stamp.unlink(missing_ok=True)
    _forget_old_contents(folder)
    warnings = _call_jupyter_book(folder, builder)
    stamp.write_text(json.dumps({"digest": digest, "warnings": warnings}), encoding="utf-8")
    return warnings


def _forget_old_contents(folder: Path) -> None:
    """Have Sphinx read all pages again if the contents changed.

    It keeps the titles of the contents with the page that it read them for, and would go on showing old ones.
    """
    contents = (folder / "_toc.yml").read_bytes()
    known = folder / "_build" / "contents.yml"
    if not known.is_file() or known.read_bytes() != contents:
        shutil.rmtree(folder / "_build" / ".doctrees", ignore_errors=True)
        known.parent.mkdir(exist_ok=True)
        known.write_bytes(contents)


def _digest(folder: Path) -> str:
    """Tell an assembled book, and the code that builds it, from any other."""
    digest = hashlib.sha256(code_fingerprint().encode())
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] != "_build":
            digest.update(name.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _call_jupyter_book(folder: Path, builder: str) -> list[str]:
    arguments = (
        ["--builder", "html"] if builder == "html" else ["--builder", "custom", "--custom-builder", builder]
    )
    # What it wrote before, for pages that are no more, must not stay.
    shutil.rmtree(folder / "_build" / builder, ignore_errors=True)
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "from jupyter_book.cli.main import main; main()",
            "build",
            str(folder),
            *arguments,
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    lines = (said.stdout + said.stderr).splitlines()
    (folder / "_build" / f"{builder}.log").write_text("\n".join(lines), encoding="utf-8")
    if said.returncode != 0:
        errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Warning): ", line)]
        raise BookError("\n".join(errors[-1:] or lines[-10:]).replace(f"{folder}/", ""))
    return [line.replace(f"{folder}/", "") for line in lines if "WARNING" in line]


def html_of(folder: Path) -> Path:
    """Say where the HTML of an assembled and built book is."""
    return folder / "_build" / "html"


def pdf_of(folder: Path) -> Path:
    """Say where the PDFs of an assembled and built book are."""
    return folder / "_build" / "typst"
