"""Assemble: write the folder that Jupyter Book reads."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import yaml

from crmreport.book.config import configuration
from crmreport.book.contents import FRONT, GLOSSARY, contents_of, table_of_contents
from crmreport.book.queries import queries
from crmreport.book.sources import code_pages, shown_of
from crmreport.book.volume import Book
from crmreport.display.contents import CONTENTS_FILE
from crmreport.errors import UserError
from crmreport.glossary import glossary_pages
from crmreport.language import _t, escaped, write_date, write_period
from crmreport.periods import Period

DRAWN = "drawn"  # in the project's store: what all its books draw


def assemble(book: Book, folder: Path) -> None:
    """Write into a folder what Jupyter Book reads: only what changed, and nothing that is not of the book."""
    newest = book.periods[-1]
    lasting = {
        **glossary_pages(book.project.settings, newest, queries(book.project.store, newest), book.language),
        **code_pages(book),
        **_people_write(book),
    }
    contents = contents_of(book, lasting)
    glossary = [name for name in lasting if name.startswith(f"{GLOSSARY}/")]
    files = {
        "_config.yml": _yaml(
            configuration(book, glossary, os.path.relpath(book.project.store / DRAWN, folder))
        ),
        "_toc.yml": _yaml(table_of_contents(contents)),
        CONTENTS_FILE: contents.as_text(),
        **{f"{page.name}.ipynb": shown_of(text) for page, text in book.pages.items()},
        **{f"{name}.md": text for name, text in lasting.items()},
    }
    for name, text in files.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    static = book.project.book / "_static"
    kept = {folder / "_static" / path.relative_to(static) for path in static.rglob("*")}
    if static.is_dir():
        shutil.copytree(static, folder / "_static", dirs_exist_ok=True)
    wanted = {folder / name for name in files} | kept
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in wanted and path.relative_to(folder).parts[0] != "_build":
            path.unlink()


def _yaml(value: object) -> str:
    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False))


def _people_write(book: Book) -> dict[str, str]:
    """Take the pages that people write: ``name.md``, or ``name.<language>.md`` where there is one."""
    folder = book.project.book
    found = {}
    for path in sorted(folder.glob("*.md")):
        name, _, language = path.stem.partition(".")
        if not language:
            own = folder / f"{name}.{book.language}.md"
            found[name] = _filled(book, (own if own.is_file() else path).read_text(encoding="utf-8"))
    if FRONT not in found:
        raise UserError(
            _t("There is no {file} in {folder}: the book's front page."),
            file=f"{FRONT}.md",
            folder=folder.name,
        )
    found[FRONT] += _all_periods(book)
    return found


def _filled(book: Book, text: str) -> str:
    """Fill the few placeholders that a written page may have."""
    words = {
        "{company}": escaped(book.project.settings.company_name(book.language)),
        "{newest}": _link(book, book.periods[-1]),
        "{as_of}": write_date(book.results.as_of, book.language),
    }
    for placeholder, word in words.items():
        text = text.replace(placeholder, word)
    return text


def _all_periods(book: Book) -> str:
    """List the periods, for who reads without scripts; "" if there is but one."""
    if len(book.periods) == 1:
        return ""
    links = [f"- {_link(book, period)}" for period in sorted(book.periods, reverse=True)]
    return "\n".join(["", f"## {book.say(_t('All periods'))}", "", *links, ""])


def _link(book: Book, period: Period) -> str:
    return f"[{write_period(period, book.language)}]({period.name}/{book.chapters[0].name})"
