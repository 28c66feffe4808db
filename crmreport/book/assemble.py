"""Assemble: write the folder that Jupyter Book reads."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import yaml

from crmreport.book.config import configuration
from crmreport.book.contents import FRONT, GLOSSARY, contents_of, table_of_contents
from crmreport.book.sources import code_pages, shown_of
from crmreport.book.volume import Book
from crmreport.digests import mark_of
from crmreport.display.contents import CONTENTS_FILE
from crmreport.errors import UserError
from crmreport.glossary import glossary_pages
from crmreport.kept import read_kept, write_whole
from crmreport.language import _t, escaped, write_date, write_period
from crmreport.periods import Period
from crmreport.queries import queries
from crmreport.versions import code_fingerprint

DRAWN = "drawn"  # in the project's store: what all its books draw
_REMEMBERED = "_build/pages.json"  # see `_write_pages`


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
        **{f"{name}.md": text for name, text in lasting.items()},
    }
    for name, text in files.items():
        _write(folder / name, text)
    pages = {f"{page.name}.ipynb": text for page, text in book.pages.items()}
    _write_pages(pages, folder)
    static = book.project.book / "_static"
    kept = {folder / "_static" / path.relative_to(static) for path in static.rglob("*")}
    if static.is_dir():
        shutil.copytree(static, folder / "_static", dirs_exist_ok=True)
    wanted = {folder / name for name in (*files, *pages)} | kept
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in wanted and path.relative_to(folder).parts[0] != "_build":
            path.unlink()


def _write_pages(pages: dict[str, str], folder: Path) -> None:
    """Write what is shown of executed pages; those that came of the same pages before are there already.

    Of each page that is remembered as two digests: what it was made of, and what came of it.
    """
    made_by, before, now = code_fingerprint("book"), read_kept(folder / _REMEMBERED) or {}, {}
    for name, text in pages.items():
        path, made_of = folder / name, mark_of(f"{made_by}{text}".encode())
        now[name] = [made_of, mark_of(path.read_bytes()) if path.is_file() else ""]
        if now[name] != before.get(name):
            _write(path, shown_of(text))
            now[name][1] = mark_of(path.read_bytes())
    write_whole(folder / _REMEMBERED, json.dumps(now, indent=1).encode())


def _write(path: Path, text: str) -> None:
    """Write a file unless it is the same already: Sphinx reads again what has another time."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


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
