"""Cleaned: an executed page without what differs from run to run, machine to machine, kernel to kernel."""

from __future__ import annotations

import re

import nbformat

from crmreport.kernels import HELD_BACK
from crmreport.pages.prepare import HIDDEN_TAG

# What names a cell in a warning, with the number of the kernel's process; where an object is in memory.
_PASSING = (
    (re.compile(r"(?<![^\s\"'(])[^\s\"'(]*ipykernel_\d+[/\\]\d+\.py"), "<cell>"),
    (re.compile(r"(?<=\w) at 0x[0-9a-f]+(?=>)"), ""),
)


def cleaned(executed: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop what differs from run to run: papermill's times, paths, versions; hide what says nothing."""
    executed.metadata = nbformat.from_dict(
        {"kernelspec": executed.metadata.get("kernelspec", {}), "language_info": {"name": "python"}}
    )
    for cell in executed.cells:
        if HELD_BACK in cell.metadata:
            cell.outputs = cell.metadata[HELD_BACK]
        if "outputs" in cell:
            cell.outputs = _joined(cell.outputs)
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                output.text = _lasting(output.text)
            elif "text/plain" in output.get("data", {}):
                output.data["text/plain"] = _lasting(output.data["text/plain"])
        tags = list(cell.metadata.get("tags", ()))
        if "injected-parameters" in tags:
            # Papermill gives it no tag that hides it, and a new id each time.
            cell["id"] = "injected-parameters"
            tags.append(HIDDEN_TAG)
        elif _says_nothing(cell):
            tags.append(HIDDEN_TAG)
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    return executed


def _joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Make one output of all that a cell printed, which a kernel sends in as many as it happens to.

    Not by nbclient's `coalesce_streams`, which takes hours for a line of a megabyte.
    """
    printed: dict[str, list[str]] = {}
    kept: list[nbformat.NotebookNode] = []
    for output in outputs:
        if output.output_type != "stream":
            kept.append(output)
        elif output.name in printed:
            printed[output.name].append(output.text)
        else:
            printed[output.name] = [output.text]
            # Which of the two is sent first is chance.
            after_error = output.name == "stdout" and bool(kept) and kept[-1].get("name") == "stderr"
            kept.insert(len(kept) - after_error, output)
    for output in kept:
        if output.output_type == "stream":
            output.text = "".join(printed[output.name])
    return kept


def _lasting(text: str) -> str:
    """Drop from a text what differs from run to run."""
    for found, instead in _PASSING:
        text = found.sub(instead, text)
    return text


def _says_nothing(cell: nbformat.NotebookNode) -> bool:
    """Say whether all that a cell shows is an empty text: there is nothing to say, and no place for it."""
    outputs = cell.get("outputs", [])
    return bool(outputs) and all(o.get("data", {}).get("text/markdown") == "" for o in outputs)
