"""Reading: an executed notebook as myst-nb gets it, spared what it would do in vain."""

from __future__ import annotations

import json
from typing import Any

import nbformat

from crmreport.display.outputs import CARDS_MIME, CHART_MIME, TABLE_MIME

OUR_MIMES = (CHART_MIME, TABLE_MIME, CARDS_MIME)


class Sealed(dict[str, Any]):
    """An output's data (`data`), which everything but our own renderer takes for an empty mapping.

    myst-nb copies every notebook once more, to write it into a folder that nobody asked for; of a page with
    charts that costs more than to parse it.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()
        self.data = data

    def __deepcopy__(self, _: object) -> Sealed:
        return self


def read(text: str) -> nbformat.NotebookNode:
    """Read a notebook that we wrote ourselves, so that it needs no validation."""
    given = json.loads(text)
    places = [
        (number, place, mime)
        for number, cell in enumerate(given["cells"])
        for place, output in enumerate(cell.get("outputs", ()))
        for mime in OUR_MIMES
        if mime in output.get("data", ())
    ]
    # nbformat turns every mapping into one of its own kind, one by one.
    data = [given["cells"][n]["outputs"][place]["data"].pop(mime) for n, place, mime in places]
    notebook = nbformat.from_dict(given)
    for (number, place, mime), content in zip(places, data, strict=True):
        dict.__setitem__(notebook.cells[number].outputs[place]["data"], mime, Sealed(content))
    return notebook
