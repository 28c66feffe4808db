"""Workbooks: one sheet of an Excel or OpenDocument file, every cell as a text."""

from __future__ import annotations

import zipfile
from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.misconfigured import CONFIG_FILE
from crmreport.source import Source
from crmreport.tables.readers.cells import as_text, write_texts
from crmreport.tables.readers.headings import headings_of

# A workbook that unpacks to more is no table but a trap, or should be a CSV.
_UNPACKED_BYTES = 2 << 30
_UNPACKED_TIMES, _SMALL_BYTES = 500, 50 << 20
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def workbook_to_parquet(path: Path, source: Source, key: str, target: Path) -> None:
    """Read a sheet's rows into a Parquet file of texts.

    `key`: where the settings speak of the source. Raises UserError for a file that is no workbook or needs a
    password, for a sheet that is not there, and for headings that are missing or alike.
    """
    _check_size(path)
    try:
        # As an open file, for of a path the ending would be believed.
        with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as workbook:
            below = islice(_sheet(workbook, path, source.sheet, key).iter_rows(), source.skip_rows, None)
            # A sheet has as many rows as were ever touched.
            rows = (row for row in below if any(cell != "" for cell in row))
            above = [[as_text(cell) or "" for cell in row] for row in islice(rows, source.heading_rows)]
            write_texts(target, headings_of(above, path), rows)
    except (CalamineError, OSError, ValueError) as error:
        if isinstance(error, PasswordError) or _is_locked(path):
            raise _locked(path) from None
        raise UserError(
            _t("{path} is not a workbook, or is cut short: {reason}. Save it again as .xlsx."),
            path=path.name,
            reason=" ".join(str(error).split()).rstrip("."),
        ) from None


def _sheet(workbook: CalamineWorkbook, path: Path, wanted: str | int | None, key: str) -> CalamineSheet:
    """Find a sheet by its name or number; of a workbook that is given none, the first that has cells."""
    names = [m.name for m in workbook.sheets_metadata if m.typ is SheetTypeEnum.WorkSheet]
    if wanted is None:
        for name in names:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.start is not None:
                return sheet
        raise UserError(_t("{path} is empty. Save it again, or take it away."), path=path.name)
    spelt = {name.strip().casefold(): name for name in names}
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        return workbook.get_sheet_by_name(names[wanted - 1])
    if str(wanted).strip().casefold() in spelt:
        return workbook.get_sheet_by_name(spelt[str(wanted).strip().casefold()])
    raise UserError(
        _t("{key} in {file}: {path} has no sheet {sheet}. {suggestion}"),
        key=f"{key}.sheet",
        file=CONFIG_FILE,
        path=path.name,
        sheet=wanted,
        suggestion=suggestion(str(wanted), names),
    )


def _check_size(path: Path) -> None:
    """Refuse a workbook that would fill the memory once it is unpacked. What is no zip passes."""
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return
    if size > _UNPACKED_BYTES or size > max(_SMALL_BYTES, _UNPACKED_TIMES * path.stat().st_size):
        raise UserError(
            _t(
                "{path} unpacks from {packed} kB to {unpacked} MB, which is too much for a workbook. Export "
                "it as CSV."
            ),
            path=path.name,
            packed=path.stat().st_size >> 10,
            unpacked=size >> 20,
        )


def _is_locked(path: Path) -> bool:
    """Say whether a file is a workbook that a password locks, which is kept within a file of another form."""
    with path.open("rb") as file:
        start = file.read(1 << 16)
    return start.startswith(_OLD_OFFICE) and "EncryptedPackage".encode("utf-16-le") in start


def _locked(path: Path) -> UserError:
    return UserError(_t("{path} needs a password. Save it without one, or export it as CSV."), path=path.name)
