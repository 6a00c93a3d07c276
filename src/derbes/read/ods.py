"""Grids of an .ods file."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from derbes.read import guard
from derbes.read.content import Table, survey
from derbes.read.library import sheets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from derbes.cells import Grid

_CONTENT, _MANIFEST = "content.xml", "META-INF/manifest.xml"
_WHAT = {
    "unreadable": ("is not written as spreadsheet programs do", "Open it in a spreadsheet program and save it again."),
    "too_large": ("has a row of more than 16 MB", "Split its texts, or save it as .xlsx."),
}


def grids(path: Path) -> Iterator[Grid]:
    """Grid of every sheet, in the file's order.

    Raises SourceError when the file as a whole cannot be read; a sheet that cannot be has a reason instead.
    """
    with guard.Archive(path) as archive:
        _check_kind(archive)
        tables, reason = survey(archive.stream(_CONTENT))
        if reason:
            raise guard.refusal(path, reason, *_WHAT[reason])
        cut = any(table.facts.reason for table in tables)
        repaired = _without(archive, tables) if cut else None
    yield from sheets(path, [(table.name, table.facts) for table in tables], repaired=repaired)


def _check_kind(archive: guard.Archive) -> None:
    manifest = archive.read(_MANIFEST) if _MANIFEST in archive else b""
    if b"encryption-data" in manifest or "encrypted-package" in archive:
        remedy = "Save a copy without the password."
        raise guard.refusal(archive.path, "encrypted", "is protected by a password", remedy)
    if "xl/workbook.xml" in archive:
        remedy = "Give it the name .xlsx, or save it as .ods."
        raise guard.refusal(archive.path, "not_a_spreadsheet", "is an Excel workbook under the name .ods", remedy)
    kind = archive.read("mimetype") if "mimetype" in archive else b""
    if _CONTENT not in archive or (kind and b"spreadsheet" not in kind):
        remedy = "Open it in a spreadsheet program and save it as .ods."
        raise guard.refusal(archive.path, "not_a_spreadsheet", "holds no spreadsheet", remedy)


def _without(archive: guard.Archive, tables: list[Table]) -> io.BytesIO:
    """Copy of the file with every sheet that has a reason emptied, since the library reads all or none."""
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(zipfile.ZipInfo("mimetype"), "application/vnd.oasis.opendocument.spreadsheet")
        with package.open(_CONTENT, "w", force_zip64=True) as kept:
            for part in _kept(archive.stream(_CONTENT), [table for table in tables if table.facts.reason]):
                kept.write(part)
        if _MANIFEST in archive:
            package.writestr(_MANIFEST, archive.read(_MANIFEST))
    copy.seek(0)
    return copy


def _kept(chunks: Iterator[bytes], refused: list[Table]) -> Iterator[bytes]:
    offset = 0
    for chunk in chunks:
        begin = 0
        for table in refused:
            start, stop = table.start - offset, table.stop - offset
            if 0 <= start < len(chunk):
                yield chunk[begin:start]
                yield f"<table:table table:name={quoteattr(table.name)}/>".encode()
            if start < len(chunk) and stop > 0:
                begin = max(begin, min(stop, len(chunk)))
        yield chunk[begin:]
        offset += len(chunk)
