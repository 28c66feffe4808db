"""Encodings: how the letters of a text file are written, found out only where there is no doubt."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from charset_normalizer import from_bytes

from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.misconfigured import CONFIG_FILE

_BLOCK_BYTES = 1 << 22
_SAMPLE_BYTES = 1 << 16
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

# Encodings in which files are really written: of letters of one script, and of the Latin ones.
_LATIN = ("cp1252", "cp1250", "cp1254", "cp1257", "mac_roman")
_OTHERS = ("gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256")
_LIKELIEST = ("gb18030", "cp1252")
# What may stand among letters without making a reading odd.
_PLAIN_SIGNS = "€£¥§©®°±²³µ·¹º»«¼½¾¿¡ª–—‘’‚“”„…™ \u00a0"
# By so much must a reading be less of a mess than any other.
_CLEARLY_LESS = 0.1
_READINGS_SHOWN = 3
_WORDS_SHOWN = 24


@dataclass(frozen=True)
class Survey:
    """A text file, looked through: its encoding, and whether the engine can read it as it is.

    It can if the text is UTF-8 and all lines end with LF, or all with CR LF.
    """

    encoding: str
    as_is: bool


def survey(text: Path, path: Path, given: str | None, key: str) -> Survey:
    """Look through a text file, which messages call `path`.

    `given`: the encoding that the settings name; `key`: where they speak of the file.

    Raises UserError where the encoding is no encoding, or cannot be told for sure.
    """
    with text.open("rb") as file:
        start = file.read(4)
    encoding = given or next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8-sig")
    if _name(encoding, key) in ("utf-8", "utf-8-sig", "ascii"):
        line_ends = _line_ends_of_utf8(text)
        if line_ends is not None:
            return Survey("utf-8-sig", as_is=line_ends in ({"\n"}, {"\r\n"}, set()))
        line = _first_wrong_line(text, "utf-8")
        if given:
            raise _not_text(path, line, "UTF-8")
        return Survey(_found(text, path, line, key), as_is=False)
    return Survey(encoding, as_is=False)


def _name(encoding: str, key: str) -> str:
    """Give an encoding's name as Python has it. UserError if it is none."""
    try:
        "a".encode(encoding)
        return codecs.lookup(encoding).name
    except LookupError:
        raise UserError(
            _t(
                "{key} in {file} is {value}, which is not an encoding. Use one such as utf-8, gb18030 or "
                "cp1252."
            ),
            key=f"{key}.encoding",
            file=CONFIG_FILE,
            value=encoding,
        ) from None


def write_as_utf8(text: Path, path: Path, encoding: str, target: Path, leave_out_lines: int) -> None:
    """Write a text file, which messages call `path`, as UTF-8 with LF at the lines' ends, but for the first.

    Raises UserError for a file that is not of the encoding.
    """
    try:
        with (
            text.open(encoding=encoding) as read,
            target.open("w", encoding="utf-8", newline="\n") as written,
        ):
            for _ in range(leave_out_lines):
                read.readline()
            for block in iter(partial(read.read, _BLOCK_BYTES), ""):
                written.write(block)
    except UnicodeError:
        raise wrong_encoding(text, path, encoding) from None


def wrong_encoding(text: Path, path: Path, encoding: str) -> UserError:
    """Say on which line a text file, which messages call `path`, is not of an encoding."""
    return _not_text(path, _first_wrong_line(text, encoding), encoding)


def _line_ends_of_utf8(path: Path) -> set[str] | None:
    """Say how the lines of a UTF-8 file end; None if it is not UTF-8."""
    found: set[str] = set()
    decoder = codecs.getincrementaldecoder("utf-8")()
    before = b""
    try:
        with path.open("rb") as file:
            for block in iter(partial(file.read, _BLOCK_BYTES), b""):
                decoder.decode(block)
                # A CR at a block's end belongs to the LF that the next one may begin with.
                text = before + block
                before = b"\r" if text.endswith(b"\r") else b""
                text = text.removesuffix(before)
                pairs = text.count(b"\r\n")
                found |= {"\r\n"} if pairs else set()
                found |= {"\n"} if text.count(b"\n") > pairs else set()
                found |= {"\r"} if text.count(b"\r") > pairs else set()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return found | ({"\r"} if before else set())


def _found(text: Path, path: Path, line: int, key: str) -> str:
    """Find the encoding of a file that is not UTF-8. UserError where there is any doubt."""
    sample, n_utf8, n_other = _sample(text)
    if n_utf8 * 10 > n_other:
        raise _not_text(path, line, "UTF-8")  # but for a few lines: then these are damaged
    readings = _readings(sample)
    if not readings:
        raise _not_text(path, line, "UTF-8")
    first = readings[0]
    if all(r[1] == first[1] or r[2] >= first[2] + _CLEARLY_LESS for r in readings[1:]):
        return first[0]
    shown = _shown(readings)
    raise UserError(
        _t(
            "{path}, line {line}: this is not UTF-8, and may be any of: {readings}. Say which in {file}, "
            'such as {key}: {example}, or save the file as "CSV UTF-8".'
        ),
        path=path.name,
        line=line,
        readings="; ".join(f"{encoding} ({words})" for encoding, words in shown.items()),
        file=CONFIG_FILE,
        key=f"{key}.encoding",
        example=next(iter(shown)),
    )


def _readings(sample: bytes) -> list[tuple[str, str, float]]:
    """Read a sample in each encoding that may be meant: the encoding, the text, and how much of a mess it is.

    The best first. Nothing is known of the Latin ones but whether they give letters, for which of two
    accents is meant no count can say.
    """
    matches = from_bytes(sample, cp_isolation=[*_OTHERS, *_LATIN])
    found = [(m.encoding, str(m), float(m.chaos)) for m in matches if m.encoding in _OTHERS]
    is_latin = any(m.encoding in _LATIN for m in matches)
    for encoding in _LATIN if is_latin else ():
        text = sample.decode(encoding, errors="replace")
        if all(s.isascii() or s.isalpha() or s in _PLAIN_SIGNS for s in text):
            found.append((encoding, text, 0.0))
    return sorted(found, key=lambda reading: reading[2])


def _shown(readings: list[tuple[str, str, float]]) -> dict[str, str]:
    """Show how the first words that differ read in each encoding: those most likely to be recognised."""
    by_text = {text: encoding for encoding, text, _ in reversed(readings)}
    chosen = sorted(by_text.items(), key=lambda reading: reading[1] not in _LIKELIEST)
    shown = {}
    for text, encoding in chosen[:_READINGS_SHOWN]:
        words = next((w for w in text.replace(",", " ").split() if not w.isascii()), "")
        shown[encoding] = words[:_WORDS_SHOWN]
    return shown


def _sample(text: Path) -> tuple[bytes, int, int]:
    """Take the first lines that are not ASCII, and count those that are UTF-8 and those that are not."""
    sample, n_utf8, n_other, size = [], 0, 0, 0
    with text.open("rb") as file:
        for line in file:
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                n_utf8 += 1
            except UnicodeDecodeError:
                n_other += 1
                sample.append(line)
                size += len(line)
            if size > _SAMPLE_BYTES:
                break
    return b"".join(sample)[: 4 * _SAMPLE_BYTES], n_utf8, n_other


def _first_wrong_line(text: Path, encoding: str) -> int:
    """Find the first line that is not of an encoding, from 1."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line_number = 0
    with text.open("rb") as file:
        for line in file:
            line_number += 1
            try:
                decoder.decode(line)
            except UnicodeError:
                break
    return line_number


def _not_text(path: Path, line: int, encoding: str) -> UserError:
    return UserError(
        _t('{path}, line {line}: this is not {encoding} text. Save the file as "CSV UTF-8".'),
        path=path.name,
        line=line,
        encoding=encoding,
    )
