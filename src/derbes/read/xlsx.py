"""Grids of an .xlsx or .xlsm workbook; macros are not looked at."""

from __future__ import annotations

import re
from functools import partial
from html import unescape
from typing import TYPE_CHECKING

from derbes.read import guard
from derbes.read.assembly import Facts
from derbes.read.library import sheets
from derbes.read.worksheet import survey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from derbes.cells import Grid

_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_STRINGS, _STYLES = "xl/sharedStrings.xml", "xl/styles.xml"
_ATTRIBUTES = rb"""((?:\s+[^\s=<>/"']+\s*=\s*(?:"[^"]*"|'[^']*'))*)"""
_ATTRIBUTE = re.compile(rb"""([^\s=<>/"']+)\s*=\s*("[^"]*"|'[^']*')""")
_SHEET = re.compile(rb"<(?:[^\s<>/:!?]+:)?sheet" + _ATTRIBUTES + rb"\s*/?>")
_RELATION = re.compile(rb"<(?:[^\s<>/:!?]+:)?Relationship" + _ATTRIBUTES + rb"\s*/?>")
_TABLE = re.compile(rb"<(?:[^\s<>/:!?]+:)?sst" + _ATTRIBUTES + rb"\s*/?>")
_OTHERS = {
    "word/document.xml": ("a Word document", "Copy its table into a workbook."),
    "ppt/presentation.xml": ("a presentation", "Copy its table into a workbook."),
    "xl/workbook.bin": ("a binary .xlsb workbook", "Save it as .xlsx."),
    "content.xml": ("an OpenDocument file", "Give it the name .ods, or save it as .xlsx."),
}


def grids(path: Path) -> Iterator[Grid]:
    """Grid of every worksheet, in the workbook's order.

    Raises SourceError when the workbook as a whole cannot be read; a sheet that cannot be has a reason instead.
    """
    with guard.Archive(path) as archive:
        _check_kind(archive)
        _check_tables(archive)
        facts = [(name, _facts(archive, part)) for name, part in parts(archive)]
    yield from sheets(path, facts)


def _check_kind(archive: guard.Archive) -> None:
    if _BOOK in archive:
        return
    for part, (kind, remedy) in _OTHERS.items():
        if part in archive:
            raise guard.refusal(archive.path, "not_a_spreadsheet", f"is {kind} under a workbook's name", remedy)
    remedy = "Open it in a spreadsheet program and save it as .xlsx."
    raise guard.refusal(archive.path, "not_a_spreadsheet", "is a zip that holds no workbook", remedy)


def _check_tables(archive: guard.Archive) -> None:
    """Weigh what the library reads whole when it opens the workbook."""
    if _STYLES in archive:
        archive.drain(_STYLES, guard.MAX_DESCRIPTION)
    if _STRINGS in archive:
        chunks = archive.stream(_STRINGS, guard.MAX_STRINGS)
        _check_announced(archive, next(chunks, b""))
        for _ in chunks:
            pass


def _check_announced(archive: guard.Archive, head: bytes) -> None:
    """Refuse a count of strings that the library would reserve memory for, unseen, and take the interpreter down."""
    table = _TABLE.search(head)
    said = _known(table[1]) if table else {"count": "?"}
    counts = [count for name, count in said.items() if name.lower().endswith("count")]
    if b"<!" in head[: table.start() if table else None] or not all(map(str.isdecimal, counts)):
        remedy = "Open it in a spreadsheet program and save it again."
        raise guard.refusal(archive.path, "unreadable", "has shared strings that cannot be counted", remedy)
    if any(int(count) > guard.MAX_ANNOUNCED for count in counts):
        raise guard.refusal(archive.path, "bomb", "announces more strings than memory can hold", "Save it again.")


def parts(archive: guard.Archive) -> list[tuple[str, str]]:
    """Names of the sheets and of the parts they are kept in, resolved as the library resolves them."""
    targets = {}
    for attributes in _RELATION.findall(archive.read(_RELATIONS)):
        known = _known(attributes)
        target = known.get("Target", "")
        absolute = target.removeprefix("/") if target.startswith(("/xl/", "xl/")) else f"xl/{target}"
        targets[known.get("Id", "")] = absolute
    found = []
    for attributes in _SHEET.findall(archive.read(_BOOK)):
        known = _known(attributes)
        relation = next((value for name, value in known.items() if name.endswith(":id")), "")
        found.append((known.get("name", ""), targets.get(relation, "")))
    return found


def _known(attributes: bytes) -> dict[str, str]:
    pairs = _ATTRIBUTE.findall(attributes)
    return {name.decode(errors="replace"): unescape(value[1:-1].decode(errors="replace")) for name, value in pairs}


def _facts(archive: guard.Archive, part: str) -> Facts:
    if part not in archive:
        return Facts(reason="unreadable")
    return survey(partial(archive.stream, part))
