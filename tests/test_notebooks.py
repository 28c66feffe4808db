"""The notebooks are thin, clean, and say what they are for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import papermill
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells(path: Path, kind: str) -> list[dict]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_holds_no_outputs(path: Path) -> None:
    assert [c for c in cells(path, "code") if c["outputs"] or c["execution_count"]] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_holds_no_logic(path: Path) -> None:
    logic = [c for c in cells(path, "code") if "parameters" not in c["metadata"].get("tags", ())]
    code = "\n".join("".join(c["source"]) for c in logic)
    assert not re.search(r"^\s*(def|class|for|while|if|import)\b|SELECT\b|[-+*/]\s*\d", code, re.MULTILINE)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_declares_its_parameters_with_a_word_on_each(path: Path) -> None:
    declared = papermill.inspect_notebook(str(path))
    assert set(declared) == {"period", "segment", "language", "project"}
    assert [name for name, about in declared.items() if not about["help"]] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_begins_with_its_heading_and_ends_with_what_it_was_made_from(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert "".join(notebook["cells"][0]["source"]).startswith("# ")
    assert "".join(notebook["cells"][-1]["source"]) == "review.provenance()"
