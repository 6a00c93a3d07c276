"""What people do to a workbook of findings before they return it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import openpyxl

from derbes.text import words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def columns(sheet: Worksheet, lang: str = "ru") -> dict[str, int]:
    """Columns of a sheet by the name of their heading, wherever the row of headings stands."""
    titles = {title: name for name, title in words(lang)["workbook"]["columns"].items()}
    for row in sheet.iter_rows():
        found = {titles[cell.value]: cell.column for cell in row if cell.value in titles}
        if "ids" in found and "decision" in found:
            return found
    return {}


def answer(book: Path, said: Mapping[str, Mapping[str, Any]], *, out: Path | None = None, lang: str = "ru") -> Path:
    """Write what is said of findings into their lines, by id, and save the workbook (elsewhere)."""
    opened = openpyxl.load_workbook(book)
    left = set(said)
    for sheet in opened.worksheets:
        places = columns(sheet, lang)
        for row in range(1, sheet.max_row + 1) if places else ():
            ids = str(sheet.cell(row, places["ids"]).value or "").split()
            for one in left & set(ids):
                left.discard(one)
                for name, value in said[one].items():
                    sheet.cell(row, places[name]).value = value
    assert not left, left
    opened.save(out or book)
    opened.close()
    return out or book


def shown(book: Path, one: str, *, lang: str = "ru") -> dict[str, Any]:
    """What a workbook shows on the line of a finding."""
    opened = openpyxl.load_workbook(book, read_only=False)
    for sheet in opened.worksheets:
        places = columns(sheet, lang)
        for row in range(1, sheet.max_row + 1) if places else ():
            if one in str(sheet.cell(row, places["ids"]).value or "").split():
                return {name: sheet.cell(row, column).value for name, column in places.items()}
    raise AssertionError(one)


def resaved(book: Path, folder: Path, form: str = "xlsx") -> Path:
    """The workbook as LibreOffice saves it."""
    assert OFFICE
    folder.mkdir(parents=True, exist_ok=True)
    home = f"-env:UserInstallation={(folder / 'office').resolve().as_uri()}"
    asked = [OFFICE, home, "--headless", "--convert-to", form, "--outdir", str(folder), str(book)]
    subprocess.run(asked, check=True, capture_output=True, timeout=180)
    return folder / book.with_suffix(f".{form}").name
