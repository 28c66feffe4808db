"""Places: which files a setting names, and what they are by their endings and by how they begin."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path

from crmreport.errors import UserError
from crmreport.language import Phrase, _t
from crmreport.misconfigured import CONFIG_FILE, SECTION
from crmreport.tables.contract import TABLES

TEXT, PARQUET, WORKBOOK, SPSS, DATABASE = "text", "Parquet", "workbook", "SPSS", "database"
_KINDS = {
    ".parquet": PARQUET,
    ".csv": TEXT,
    ".tsv": TEXT,
    ".txt": TEXT,
    ".csv.gz": TEXT,
    ".tsv.gz": TEXT,
    ".txt.gz": TEXT,
    ".xlsx": WORKBOOK,
    ".xlsm": WORKBOOK,
    ".xlsb": WORKBOOK,
    ".xls": WORKBOOK,
    ".ods": WORKBOOK,
    ".sav": SPSS,
    ".zsav": SPSS,
    ".duckdb": DATABASE,
    ".sqlite": DATABASE,
    ".sqlite3": DATABASE,
    ".db": DATABASE,
}
FILE_TYPES = tuple(_KINDS)

_WORKBOOK_WORDS, _PICTURE_WORDS = _t("a workbook"), _t("a picture")
# How files begin that are often named as something else; what they hold, and as what they can be read.
_BEGINNINGS = (
    (b"PAR1", _t("Parquet"), PARQUET),
    (b"PK\x03\x04", _WORKBOOK_WORDS, WORKBOOK),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _WORKBOOK_WORDS, WORKBOOK),
    (b"SQLite format 3\0", _t("an SQLite database"), DATABASE),
    (b"$FL2", _t("an SPSS file"), SPSS),
    (b"$FL3", _t("an SPSS file"), SPSS),
    (b"%PDF", _t("a PDF"), ""),
    (b"\x89PNG", _PICTURE_WORDS, ""),
    (b"\xff\xd8\xff", _PICTURE_WORDS, ""),
    (b"\x1f\x8b", _t("a file packed by gzip"), ""),
)
_WEB_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*(<!doctype html|<html|<head|<\?xml|<table)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")


def key_of(name: str) -> str:
    """Give the key of the settings that says where a table comes from, or another file such as the rates."""
    return f"{SECTION}.tables.{name}" if name in {table.name for table in TABLES} else f"{SECTION}.{name}"


def kind_of(path: Path) -> str:
    """Say what a file is by its ending; "" for an ending that is not known."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    return _KINDS.get("".join(suffixes)) or _KINDS.get("".join(suffixes[-1:]), "")


def table_name(path: Path) -> str:
    """Give a file's name without its ending, of which ``.csv.gz`` is one.

    It is "" for a file that is no table of its own: of a kind that cannot be read, or a database.
    """
    if kind_of(path) in ("", DATABASE):
        return ""
    return path.with_suffix("").stem if path.suffix.lower() == ".gz" else path.stem


def expanded(text: str, key: str) -> str:
    """Put the values of environment variables where a setting names them. UserError for one not set."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise UserError(
                _t("{key} in {file} names the environment variable {name}, which is not set. Set it."),
                key=key,
                file=CONFIG_FILE,
                name=found[1] or "''",
            )
        return os.environ[found[1]]

    return _VARIABLE.sub(value, text)


def files_of(root: Path, written: str, key: str) -> tuple[Path, ...]:
    """Find the files that a setting names: one, those of a folder, or those that a pattern fits, sorted.

    Raises UserError if there is none, if one is of a kind that cannot be read, or if their kinds differ.
    """
    place = expanded(written, key)
    path = root / place
    if path.is_file():
        found = [path]
    elif path.is_dir():
        found = sorted(p for p in path.iterdir() if p.is_file() and kind_of(p) and not _is_hidden(p))
    else:
        names = sorted(glob.glob(place, root_dir=root, recursive=True))  # noqa: PTH207 - may be absolute
        found = [root / name for name in names if (root / name).is_file() and not _is_hidden(root / name)]
    if not found:
        raise UserError(_missing(path, place), key=key, file=CONFIG_FILE, path=written)
    for each in found:
        if not kind_of(each):
            raise UserError(
                _t("{key} in {file}: {path} is of a kind that cannot be read. Save it as one of: {types}."),
                key=key,
                file=CONFIG_FILE,
                path=written if len(found) == 1 else each.name,
                types=", ".join(FILE_TYPES),
            )
    if len({kind_of(each) for each in found}) > 1 or (len(found) > 1 and kind_of(found[0]) == DATABASE):
        raise UserError(
            _t(
                "{key} in {file}: {path} are several files that cannot be one table: {names}. Name those "
                "that are of one kind, such as {path}/*.csv."
            ),
            key=key,
            file=CONFIG_FILE,
            path=written.rstrip("/"),
            names=", ".join(each.name for each in found[:6]) + (", ..." if len(found) > 6 else ""),
        )
    return tuple(found)


def check_beginning(path: Path) -> None:
    """Refuse a file that is empty, or that holds something else than its name says."""
    with path.open("rb") as file:
        start = file.read(512)
    if not start:
        raise UserError(_t("{path} is empty. Save it again, or take it away."), path=path.name)
    kind = kind_of(path)
    if kind == TEXT and _WEB_PAGE.match(start):
        raise UserError(
            _t("{path} is a web page, not a table: perhaps one that asks to log in. Export it again."),
            path=path.name,
        )
    for beginning, content, can_be in _BEGINNINGS:
        packed = beginning == b"\x1f\x8b" and path.suffix.lower() == ".gz"
        if start.startswith(beginning) and can_be != kind and not packed:
            raise UserError(
                _t("{path} is {content}, and not what its name says. Rename it, or export it again."),
                path=path.name,
                content=Phrase(content, {}),
            )


def _is_hidden(path: Path) -> bool:
    """Say whether a file is one that programs leave beside others: .DS_Store, ~$orders.xlsx."""
    return path.name.startswith((".", "~$"))


def _missing(path: Path, place: str) -> str:
    if path.is_dir():
        return _t("{key} in {file}: there is no file in {path} that can be read. Put the export there.")
    if glob.has_magic(place):
        return _t("{key} in {file}: no file fits {path}. Write the pattern from the project's folder.")
    return _t("{key} in {file}: there is no file {path}. Name it from the project's folder.")
