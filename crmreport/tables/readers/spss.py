"""SPSS: the cases of a .sav file, with codes and, where they have labels, the labels beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.tables.readers.cells import write_texts
from crmreport.tables.readers.headings import check_unique

_Cells = dict[str, list[Any]]  # by the variable's name, a value for each case

_CASES_AT_ONCE = 50_000


def spss_to_parquet(path: Path, target: Path) -> None:
    """Read an SPSS file's cases into a Parquet file of texts.

    A variable whose values have labels is followed by a column of these, ``NAME (label)``; a value that the
    file declares to be missing is missing. Raises UserError where the file cannot be read, or the library
    that reads it is not installed.
    """
    try:
        import pyreadstat  # an extra, which few need
    except ImportError:
        raise UserError(
            _t('Reading {path} needs another library: pip install "crmreport[spss]".'), path=path.name
        ) from None
    try:
        _, meta = pyreadstat.read_sav(path, metadataonly=True)
        labels = {name: meta.variable_value_labels.get(name, {}) for name in meta.column_names}
        headings = [
            h for name, words in labels.items() for h in ([name, f"{name} (label)"] if words else [name])
        ]
        check_unique(headings, path)
        chunks = _chunks(partial(pyreadstat.read_sav, path, output_format="dict"))
        write_texts(target, headings, (row for cells in chunks for row in _cases(cells, labels)))
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, OSError, ValueError) as error:
        raise UserError(
            _t("{path} is not an SPSS file, or is cut short: {reason}. Export it again."),
            path=path.name,
            reason=" ".join(str(error).split()).rstrip("."),
        ) from None


def _chunks(read: Callable[..., tuple[_Cells, object]]) -> Iterator[_Cells]:
    """Read some cases at a time."""
    # The library's own way of doing so never ends where there is no case.
    for offset in count(0, _CASES_AT_ONCE):
        cells, _ = read(row_offset=offset, row_limit=_CASES_AT_ONCE)
        if not any(cells.values()):
            return
        yield cells


def _cases(cells: _Cells, labels: dict[str, dict[Any, str]]) -> Iterator[tuple[object, ...]]:
    """Put columns into rows, each value that may have a label followed by it."""
    columns: list[list[object]] = []
    for name, values in cells.items():
        columns.append(values)
        if labels[name]:
            columns.append([labels[name].get(value) for value in values])
    return zip(*columns, strict=True)
