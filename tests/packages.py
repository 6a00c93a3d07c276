"""Spreadsheets built part by part, as no spreadsheet program would."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import xlsxwriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"
_NAMES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "calcext": "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
}
_NAMESPACES = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMES.items())


def workbook(path: Path, *rows: list[object], sheet: str = "fields") -> Path:
    """Write an ordinary workbook."""
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return path


def changed(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """Change one part of a zip; the part is added when it is not there."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[part] = change(parts.get(part, b"").decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path


def sheet_of(path: Path, rows: str, *, before: str = "", after: str = "") -> Path:
    """Write a workbook whose only sheet is made of the given XML."""
    workbook(path, ["shared"])
    xml = f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'
    return changed(path, SHEET, lambda _: xml)


def opendocument(path: Path, tables: str, *, manifest: str = "") -> Path:
    """Write an .ods file whose sheets are made of the given XML."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(zipfile.ZipInfo("mimetype"), "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMESPACES} office:version="1.2">'
            f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>",
        )
        head = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        kind = 'manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"'
        listed = f"{head}<manifest:file-entry {kind}/>{manifest}</manifest:manifest>"
        package.writestr("META-INF/manifest.xml", listed)
    return path


def table(rows: str, name: str = "fields") -> str:
    """XML of a sheet in an .ods file."""
    return f'<table:table table:name="{name}">{rows}</table:table>'


def row(cells: str, attributes: str = "") -> str:
    """XML of a row in an .ods file."""
    return f"<table:table-row {attributes}>{cells}</table:table-row>"


def text(said: str, attributes: str = "") -> str:
    """XML of a text cell in an .ods file."""
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{said}</text:p></table:table-cell>'


def understated(path: Path, part: str, size: int) -> Path:
    """Make a zip lie: its table of contents says that the part unpacks to ``size`` bytes."""
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        place = package.start_dir
        for known in package.infolist():
            if known.filename == part:
                raw[place + 24 : place + 28] = size.to_bytes(4, "little")
            place += 46 + len(known.filename.encode()) + len(known.extra) + len(known.comment)
    path.write_bytes(raw)
    return path
