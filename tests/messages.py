"""The texts that a reader sees: collected from code and notebooks, for the catalogues.

``python -m tests.messages`` brings the catalogues up to date: new texts come in empty, old ones go.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from crmreport.language import LANGUAGES, SOURCE_LANGUAGE

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "crmreport" / "locale"


def catalogue_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "crmreport.po"


def all_messages() -> dict[str, str]:
    """Give every text with the file that it is first found in."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "crmreport").rglob("*.py")):
        for text in _marked(path):
            found.setdefault(text, path.relative_to(ROOT).as_posix())
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        texts = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]
        for text in [notebook["metadata"]["crmreport"]["title"], *texts]:
            found.setdefault(text, f"notebooks/{path.name}")
    return found


def _marked(path: Path) -> Iterator[str]:
    # By the syntax tree: Babel's own extractor does not look into f-strings.
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_t":
            assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}: _t() marks a literal text"
            yield node.args[0].value


def read_catalogue(language: str) -> dict[str, str]:
    with catalogue_path(language).open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


def update(language: str, more: dict[str, str]) -> None:
    known = read_catalogue(language) | more
    catalogue = Catalog(locale=language)
    for text, file in sorted(all_messages().items(), key=lambda item: (item[1], item[0])):
        catalogue.add(text, known.get(text, ""), locations=[(file, 1)])
    with catalogue_path(language).open("wb") as file:
        write_po(file, catalogue, width=110, omit_header=True, include_lineno=False, sort_by_file=True)


if __name__ == "__main__":
    for code in LANGUAGES:
        if code != SOURCE_LANGUAGE:
            update(code, {})
