"""Writing: put tables into a project's settings, and leave every other sign of the file as it stands."""

from __future__ import annotations

import io
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.connecting.proposal import Proposal
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.source import Cell, Source

_FIRST = ("file", "preset", "beside", "query")  # the rest follows, the columns last
_SHORT = 90  # a mapping of this many signs or fewer stands in one line
_STEP = 2

_NOT_SAFELY = _t(
    "{file} cannot be changed without changing more than its tables. Write them by hand: crmreport connect "
    "--dry-run --json shows them."
)


@dataclass(frozen=True)
class _Place:
    """A part of a file: its lines from `first` up to `end`, and the column at which its keys stand."""

    first: int
    end: int
    column: int


def write_tables(root: Path, proposals: tuple[Proposal, ...]) -> None:
    """Write proposals into the settings of a project, in place of what there was of the same tables.

    The settings must have been read before, and so be a project's. UserError where they are written so that
    tables cannot be put in: between braces, or with an alias that refers to what would be replaced.
    """
    path = root / CONFIG_FILE
    content = path.read_bytes()
    text = content.decode("utf-8-sig").replace("\r\n", "\n")
    tables = {proposal.table: as_settings(proposal.source) for proposal in proposals}
    result = _with_tables(text, tables)
    if not _is_meant(text, result, tables):
        raise UserError(_NOT_SAFELY, file=CONFIG_FILE)
    if b"\r\n" in content:
        result = result.replace("\n", "\r\n")
    begin = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(begin + result.encode("utf-8"))
    temporary.replace(path)


def as_settings(source: Source) -> CommentedMap:
    """Give a source as it stands in the settings: only what it says, as short as it can be."""
    written = CommentedMap()
    for name in (*_FIRST, *(name for name in Source.model_fields if name not in (*_FIRST, "columns"))):
        if name not in source.model_fields_set:
            continue
        value = getattr(source, name)
        if isinstance(value, tuple):
            value = _in_one_line(value)
        elif isinstance(value, dict):
            value = _flow(CommentedMap(value))
        written[name] = value
    if source.columns:
        written["columns"] = CommentedMap({name: _cell(cell) for name, cell in source.columns.items()})
    return written


def _with_tables(text: str, tables: dict[str, CommentedMap]) -> str:
    """Put tables into the text of the settings: over those of the same name, else after the last one."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    section = _value(yaml.compose(text), SECTION)
    if section.flow_style:
        raise UserError(_NOT_SAFELY, file=CONFIG_FILE)
    entry = _entry(section, "tables")
    if entry is None:
        place = _after_comments(lines, _place(section))
        new = [_dumped({"tables": tables}, place.column)]
        return "".join(lines[: place.end] + new + lines[place.end :])
    key, held = entry
    if not isinstance(held, yaml.MappingNode) or held.flow_style:
        before = yaml.safe_load(text)[SECTION]["tables"] or {}
        end = _last_line(held) + 1 if before else key.start_mark.line + 1
        lines[key.start_mark.line : end] = [_dumped({"tables": before | tables}, key.start_mark.column)]
        return "".join(lines)
    place = _place(held)
    there = {name: _entry(held, name) for name in tables}
    lines[place.end : place.end] = [
        _dumped({name: table}, place.column) for name, table in tables.items() if there[name] is None
    ]
    # From the last to the first, so that the lines above stay where they are.
    found = [(*nodes, name) for name, nodes in there.items() if nodes is not None]
    for key, value, name in sorted(found, key=lambda each: -each[0].start_mark.line):
        lines[key.start_mark.line : _last_line(value) + 1] = [_dumped({name: tables[name]}, place.column)]
    return "".join(lines)


def _is_meant(before: str, after: str, tables: dict[str, CommentedMap]) -> bool:
    """Say whether a text of settings is the one before, but for the tables."""
    wanted = yaml.safe_load(before)
    wanted[SECTION]["tables"] = (wanted[SECTION].get("tables") or {}) | yaml.safe_load(_dumped(tables, 0))
    try:
        return bool(yaml.safe_load(after) == wanted)
    except yaml.YAMLError:
        return False


def _entry(mapping: yaml.MappingNode, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next(((key, value) for key, value in mapping.value if key.value == name), None)


def _value(mapping: yaml.MappingNode, name: str) -> yaml.MappingNode:
    return next(value for key, value in mapping.value if key.value == name)


def _place(mapping: yaml.MappingNode) -> _Place:
    first = mapping.value[0][0].start_mark
    return _Place(first.line, _last_line(mapping) + 1, first.column)


def _last_line(node: yaml.Node) -> int:
    """Find the last line that a value stands in; comments and empty lines below it are not of it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    end = node.end_mark
    is_at_next = end.column == 0 and end.line > node.start_mark.line
    return int(end.line - 1 if is_at_next else end.line)


def _after_comments(lines: list[str], place: _Place) -> _Place:
    """Include the comments that follow a part and stand as far in as its keys."""
    end = place.end
    for number in range(place.end, len(lines)):
        line = lines[number]
        if line.strip() and not (line.lstrip().startswith("#") and line.startswith(" " * place.column)):
            break
        if line.strip():
            end = number + 1
    return _Place(place.first, end, place.column)


def _dumped(content: dict[str, Any], column: int) -> str:
    """Write settings as YAML, so far in."""
    written = io.StringIO()
    writer = YAML()
    writer.width = 4096
    writer.indent(mapping=_STEP, sequence=2 * _STEP, offset=_STEP)
    writer.dump(content, written)
    return textwrap.indent(written.getvalue(), " " * column)


def _cell(cell: Cell) -> Any:  # noqa: ANN401 - whatever YAML writes
    said = cell.model_dump(exclude_defaults=True)
    if "heading" in said:
        said["heading"] = cell.heading[0] if len(cell.heading) == 1 else _in_one_line(cell.heading)
    if set(said) == {"heading"}:
        return said["heading"]
    if "dates" in said:
        said["dates"] = _in_one_line(cell.dates)
    if "values" in said:
        said["values"] = _flow(CommentedMap(cell.values))
    return _flow(CommentedMap(said)) if len(str(said)) <= _SHORT or "values" in said else CommentedMap(said)


def _in_one_line(values: tuple[Any, ...]) -> CommentedSeq:
    listed = CommentedSeq(values)
    listed.fa.set_flow_style()
    return listed


def _flow(mapping: CommentedMap) -> CommentedMap:
    mapping.fa.set_flow_style()
    return mapping
