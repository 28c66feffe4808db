"""Make: build assembled books with Jupyter Book: what has changed, and what shows it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from crmreport.versions import code_fingerprint

_MAKERS = ("docutils", "jupyter-book", "myst-nb", "sphinx", "sphinx-book-theme", "vl-convert-python")


class BookError(Exception):
    """Jupyter Book stopped; the message is the error that it named, or else the end of what it said."""


@dataclass(frozen=True)
class Made:
    """One book, made by one builder, with Jupyter Book's warnings."""

    folder: Path
    builder: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _State:
    """What an assembled book consists of, in digests: everything, and what every page depends on."""

    digest: str
    shared: str


class Press:
    """The process that calls Jupyter Book (see `crmreport.book.press`), ended on leaving.

    Begun before there is a book to be made, it loads meanwhile what it needs, which takes seconds.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._is_used = False

    def __enter__(self) -> Press:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            if not self._is_used:
                self._process.kill()  # it would first load all that it needs
            self._process.__exit__(None, None, None)

    def begin(self) -> subprocess.Popen[str]:
        """Begin it, if it has not been."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "crmreport.book.press"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        return self._process

    def make(self, books: list[list[tuple[Path, str]]]) -> Iterator[tuple[Path, str]]:
        """Make books, once; give each call that is done. BookError if one failed, when all are done."""
        calls = [
            [{"arguments": _arguments(*call), "log": str(_log(*call))} for call in book_calls]
            for book_calls in books
        ]
        process = self.begin()
        self._is_used = True
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(calls))
        process.stdin.close()
        failed = []
        for line in process.stdout:
            number, place, code = json.loads(line)
            folder, builder = books[number][place]
            if code:
                failed.append((folder, builder))
            else:
                yield folder, builder
        if failed:
            raise BookError(_error(*failed[0]))
        if process.wait():
            raise BookError(f"the process that calls Jupyter Book ended with {process.returncode}")


def make(folders: Sequence[Path], builders: Sequence[str], press: Press) -> Iterator[Made]:
    """Build assembled books as ``html`` or ``typst``, unless they are built from the same already.

    Give each as it is done; the builders of a book follow one another. BookError if Jupyter Book stops.
    """
    states = {folder: _state(folder) for folder in folders}
    stale: list[list[tuple[Path, str]]] = []
    for folder in folders:
        due = []
        for builder in builders:
            warnings = _made_already(folder, builder, states[folder])
            if warnings is None:
                due.append((folder, builder))
            else:
                yield Made(folder, builder, warnings)
        stale.append(due)
    for folder, builder in (call for calls in stale for call in calls):
        _prepare(folder, builder, states[folder])
    if not any(stale):
        return
    for folder, builder in press.make(stale):
        warnings = _warnings(folder, builder)
        _stamp(folder, builder).write_text(
            json.dumps({**states[folder].__dict__, "warnings": warnings}), encoding="utf-8"
        )
        yield Made(folder, builder, warnings)


def _stamp(folder: Path, builder: str) -> Path:
    return folder / "_build" / f"{builder}.json"


def _log(folder: Path, builder: str) -> Path:
    return folder / "_build" / f"{builder}.log"


def _state(folder: Path) -> _State:
    made_by = " ".join([code_fingerprint(), *(f"{name} {version(name)}" for name in _MAKERS)])
    shared, digest = hashlib.sha256(made_by.encode()), hashlib.sha256(made_by.encode())
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if name.parts[0] != "_build" and path.is_file():
            told = name.as_posix().encode() + b"\0" + path.read_bytes()
            digest.update(told)
            if name.parts[0] == "_static":
                shared.update(told)
    return _State(digest.hexdigest(), shared.hexdigest())


def _made_already(folder: Path, builder: str, state: _State) -> tuple[str, ...] | None:
    """Give the warnings of a book that is built from the very same; None if it must be built."""
    stamp = _stamp(folder, builder)
    if not stamp.is_file() or not (folder / "_build" / builder).is_dir():
        return None
    made = json.loads(stamp.read_text(encoding="utf-8"))
    return tuple(made["warnings"]) if made["digest"] == state.digest else None


def _prepare(folder: Path, builder: str, state: _State) -> None:
    """Leave of an earlier build what may serve this one.

    Nothing, if it did not come to its end, if what every page depends on has changed, or if it warned: of a
    page that is not written again there would be no warning.
    """
    stamp = _stamp(folder, builder)
    made = json.loads(stamp.read_text(encoding="utf-8")) if stamp.is_file() else {}
    stamp.unlink(missing_ok=True)
    if builder == "html" and (made.get("shared") != state.shared or made["warnings"]):
        for name in ("html", ".doctrees", "jupyter_execute"):
            shutil.rmtree(folder / "_build" / name, ignore_errors=True)
    stamp.parent.mkdir(exist_ok=True)


def _arguments(folder: Path, builder: str) -> list[str]:
    kind = ["html"] if builder == "html" else ["custom", "--custom-builder", builder]
    return ["build", str(folder), "--builder", *kind]


def _said(folder: Path, builder: str) -> list[str]:
    text = _log(folder, builder).read_text(encoding="utf-8", errors="replace")
    return text.replace(f"{folder}/", "").splitlines()


def _warnings(folder: Path, builder: str) -> tuple[str, ...]:
    return tuple(line for line in _said(folder, builder) if "WARNING" in line)


def _error(folder: Path, builder: str) -> str:
    lines = _said(folder, builder)
    errors = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Warning): \S", line)]
    return "\n".join(errors[-1:] or lines[-10:])


def html_of(folder: Path) -> Path:
    """Say where the HTML of an assembled and built book is."""
    return folder / "_build" / "html"


def pdf_of(folder: Path) -> Path:
    """Say where the PDFs of an assembled and built book are."""
    return folder / "_build" / "typst"
