"""Cells changed inside a workbook as it lies: every other byte of the sheet stays, every other part of the package too.

No library loads and saves the workbook: what it would not know of (notes, charts, drop-downs, formats) is not touched.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

from derbes.errors import OutputError
from derbes.inventory import letters
from derbes.read import guard, xlsx
from derbes.read.worksheet import position
from derbes.workbook.book import plain
from derbes.workbook.package import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Value = str | int | dt.date
#: Row and column, 1-based.
Place = tuple[int, int]

_ATTRIBUTES = rb"""((?:\s+[^\s=<>/"']+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*"""
_PREFIX = rb"""(?:[^\s<>/:!?="']+:)?"""
_BODY = re.compile(rb"<(" + _PREFIX + rb")sheetData\s*>(.*)</\1sheetData\s*>", re.DOTALL)
_ATTRIBUTE = re.compile(rb"""([^\s=<>/"']+)\s*=\s*("[^"]*"|'[^']*')""")
_COLUMN = re.compile(rb"<" + _PREFIX + rb"col(?=[\s/>])" + _ATTRIBUTES)
_ARRAY = re.compile(rb"<" + _PREFIX + rb"f(?=\s)" + _ATTRIBUTES)
_MERGED = re.compile(rb"<" + _PREFIX + rb"mergeCell(?=\s)" + _ATTRIBUTES)
_PROTECTED = re.compile(rb"<" + _PREFIX + rb"sheetProtection(?=[\s/>])" + _ATTRIBUTES)
_RENUMBERED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_EPOCH, _EPOCH_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)
_FIRST = dt.date(1900, 3, 1)  # before it Excel counts a day that there was not

#: Number formats of dates that need no definition: days, months and years, with or without a time.
_DAYS = frozenset({14, 15, 16, 17, 22, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58})
_FORMAT = re.compile(rb"<" + _PREFIX + rb"numFmt(?=\s)" + _ATTRIBUTES)
_FORMATS_OF_CELLS = re.compile(rb"<" + _PREFIX + rb"cellXfs[\s>](.*?)</" + _PREFIX + rb"cellXfs>", re.DOTALL)
_FORMAT_OF_CELL = re.compile(rb"<" + _PREFIX + rb"xf(?=[\s/>])" + _ATTRIBUTES)
_SAID = re.compile(r"\"[^\"]*\"|\\.|\[[^\]]*\]|_.|\*.")
_WRITTEN_AS_TEXT = re.compile(r"@")


@dataclass(frozen=True)
class Patched:
    """New bytes of a workbook, and the cells that could not be changed: sheet and place to a reason code.

    Codes: formula, covered (by a merged cell), array, protected, linked (the cell holds a data type or a picture),
    no_sheet, no_row, unusual (the sheet is written in a way that is not touched).
    """

    content: bytes
    refused: dict[tuple[str, Place], str]


class _RefusedError(Exception):
    """The sheet as a whole cannot be changed; the argument is the reason code."""


@dataclass(frozen=True)
class _Look:
    """What the styles of a workbook say: cell formats that are dates, and those that are text."""

    dates: frozenset[int]
    texts: frozenset[int]
    epoch: dt.date


def patched(path: Path, changes: Mapping[str, Mapping[Place, Value]]) -> Patched:
    """Workbook with these cells changed, by sheet and place; an empty text leaves an empty cell of the same look.

    A day becomes a real date where the cell is formatted as one, else ISO text; a number becomes text where the cell
    is formatted as text. Raises SourceError where the file cannot be read, OutputError where it is signed.
    """
    with guard.opened(path) as file:
        raw = file.read()
    parts: dict[str, bytes] = {}
    refused: dict[tuple[str, Place], str] = {}
    with guard.Archive(path) as archive:
        if "_xmlsignatures/origin.sigs" in archive:
            raise OutputError(path.name, "is signed, and a change would break the signature", "Remove it first.")
        look, known = _look(archive), dict(xlsx.parts(archive))
        for sheet, cells in changes.items():
            part = known.get(sheet, "")
            if part not in archive:
                refused |= {(sheet, place): "no_sheet" for place in cells}
                continue
            new, left = _sheet(b"".join(archive.stream(part)), cells, look)
            refused |= {(sheet, place): code for place, code in left.items()}
            if len(left) < len(cells):
                parts[part] = new
    return Patched(replaced(raw, parts, name=path.name) if parts else raw, refused)


def _look(archive: guard.Archive) -> _Look:
    book = archive.read("xl/workbook.xml")
    epoch = _EPOCH_1904 if re.search(rb"""date1904\s*=\s*["'](?:1|true)""", book) else _EPOCH
    styles = archive.read("xl/styles.xml") if "xl/styles.xml" in archive else b""
    own = [_known(attributes) for attributes in _FORMAT.findall(styles)]
    codes = {int(one.get("numFmtId", -1)): one.get("formatCode", "") for one in own}
    days = _DAYS - codes.keys() | {number for number, code in codes.items() if _is_date(code)}
    texts = {49} - codes.keys() | {number for number, code in codes.items() if _WRITTEN_AS_TEXT.fullmatch(code)}
    found = _FORMATS_OF_CELLS.search(styles)
    numbers = [int(_known(one).get("numFmtId", 0)) for one in _FORMAT_OF_CELL.findall(found[1])] if found else []
    dates = frozenset(place for place, number in enumerate(numbers) if number in days)
    return _Look(dates, frozenset(place for place, number in enumerate(numbers) if number in texts), epoch)


def _is_date(code: str) -> bool:
    bare = _SAID.sub("", code.split(";", maxsplit=1)[0]).lower()
    return "y" in bare or "d" in bare


def _known(attributes: bytes) -> dict[str, str]:
    pairs = _ATTRIBUTE.findall(attributes)
    return {name.decode(errors="replace"): unescape(value[1:-1].decode(errors="replace")) for name, value in pairs}


def _sheet(xml: bytes, cells: Mapping[Place, Value], look: _Look) -> tuple[bytes, dict[Place, str]]:
    """Sheet with its cells changed, and those that were not, with the code of the reason."""
    try:
        return _Sheet(xml, look).changed(cells)
    except _RefusedError as refused:
        return xml, dict.fromkeys(cells, str(refused))


class _Sheet:
    """A sheet's XML with what holds for all its cells: prefix, styles of columns, areas that are not to be touched."""

    def __init__(self, xml: bytes, look: _Look) -> None:
        body = _BODY.search(xml)
        if body is None or b"<!" in xml:
            raise _RefusedError("unusual")
        said = [_known(one) for one in _PROTECTED.findall(xml, body.end())]
        if any(one.get("sheet") in {"1", "true"} for one in said):
            raise _RefusedError("protected")
        self.xml, self.look, self.prefix = xml, look, body[1]
        self.start, self.stop = body.start(2), body.end(2)
        head = [_known(one) for one in _COLUMN.findall(xml[: body.start()])]
        self.columns = [(int(one["min"]), int(one["max"]), one.get("style")) for one in head if "min" in one]
        self.merged = [_known(one).get("ref", "") for one in _MERGED.findall(xml, body.end())]
        formulas = [_known(one) for one in _ARRAY.findall(xml, body.start(), body.end())] if b"ref=" in body[2] else []
        self.arrays = [one["ref"] for one in formulas if "ref" in one and one.get("t") in {"array", "dataTable"}]
        name = re.escape(self.prefix)
        self.row = re.compile(rb"<" + name + rb"row(?=[\s/>])" + _ATTRIBUTES + rb"(/?)>")
        self.cell = re.compile(rb"<" + name + rb"c(?=[\s/>])" + _ATTRIBUTES + rb"(/?)>")
        self.formula = re.compile(rb"<" + name + rb"f[\s/>]")

    def changed(self, cells: Mapping[Place, Value]) -> tuple[bytes, dict[Place, str]]:
        """Bytes of the sheet, spliced; and the cells that could not be."""
        wanted: dict[int, dict[int, Value]] = {}
        for (row, column), value in cells.items():
            wanted.setdefault(row, {})[column] = value
        pieces, done, refused = [], 0, dict.fromkeys(cells, "no_row")
        for number, start, stop in self._rows():
            if number in wanted:
                new, left = self._row(self.xml[start:stop], number, wanted.pop(number))
                refused = {place: code for place, code in refused.items() if place[0] != number} | left
                pieces += [self.xml[done:start], new]
                done = stop
        return b"".join([*pieces, self.xml[done:]]), refused

    def _rows(self) -> Iterator[tuple[int, int, int]]:
        """Number of every row, and where it begins and ends."""
        number, close = 0, b"</" + self.prefix + b"row"
        for tag in self.row.finditer(self.xml, self.start, self.stop):
            number = int(_known(tag[1]).get("r", number + 1))
            if tag[2]:
                yield number, tag.start(), tag.end()
                continue
            end = self.xml.find(close, tag.end(), self.stop)
            if end < 0:
                raise _RefusedError("unusual")
            yield number, tag.start(), self.xml.index(b">", end) + 1

    def _row(self, xml: bytes, number: int, values: dict[int, Value]) -> tuple[bytes, dict[Place, str]]:
        """Bytes of a row with some of its cells changed, new ones put where their columns are."""
        head, inside, tail = self._parted(xml)
        pieces: list[bytes] = []
        refused: dict[Place, str] = {}
        done = 0
        found = self._cells(inside)
        for column in sorted(values):
            start, stop = next(((a, b) for at, a, b in found if at >= column), (len(inside), len(inside)))
            old = next((inside[a:b] for at, a, b in found if at == column), b"")
            code = self._refusal(old, number, column)
            if code:
                refused[number, column] = code
                continue
            tag = self.cell.match(old)
            style = _known(tag[1]).get("s") if tag else self._style(head, column)
            pieces += [inside[done:start], self._made(number, column, values[column], style)]
            done = stop if old else start
        if len(refused) == len(values):
            return xml, refused
        head = self._widened(head, max(values.keys() - {column for _, column in refused}))
        return head + b"".join([*pieces, inside[done:]]) + tail, refused

    def _parted(self, xml: bytes) -> tuple[bytes, bytes, bytes]:
        """Opening tag, cells and closing tag of a row; an empty one is opened."""
        tag = self.row.match(xml)
        if tag is None:
            raise _RefusedError("unusual")
        if tag[2]:
            return xml[: tag.start(2)] + b">", b"", b"</" + self.prefix + b"row>"
        end = xml.rindex(b"</")
        return xml[: tag.end()], xml[tag.end() : end], xml[end:]

    def _cells(self, inside: bytes) -> list[tuple[int, int, int]]:
        """Column of every cell of a row, and where it begins and ends."""
        found: list[tuple[int, int, int]] = []
        column, done, close = 0, 0, b"</" + self.prefix + b"c>"
        for tag in self.cell.finditer(inside):
            said = _known(tag[1]).get("r")
            column = position(said.encode())[1] if said else column + 1
            end = tag.end() if tag[2] else inside.find(close, tag.end()) + len(close)
            if tag.start() < done or end < tag.end() or (found and column <= found[-1][0]):
                raise _RefusedError("unusual")
            found.append((column, tag.start(), end))
            done = end
        return found

    def _refusal(self, old: bytes, row: int, column: int) -> str:
        if old and self.formula.search(old):
            return "formula"
        if any(within(area, row, column, corner=True) for area in self.arrays):
            return "array"
        if any(within(area, row, column, corner=False) for area in self.merged):
            return "covered"
        tag = self.cell.match(old)
        return "linked" if tag and {"vm", "cm"} & set(_known(tag[1])) else ""

    def _style(self, head: bytes, column: int) -> str | None:
        """Style of a cell that is not there: the row's own, else its column's, as spreadsheet programs have it."""
        tag = self.row.match(head)
        row = _known(tag[1]) if tag else {}
        if row.get("customFormat") in {"1", "true"}:
            return row.get("s")
        return next((style for first, last, style in self.columns if first <= column <= last), None)

    def _widened(self, head: bytes, column: int) -> bytes:
        """Row tag whose spans, a hint for reading, reach the column."""
        spans = re.search(rb"""(\sspans\s*=\s*["'])(\d+):(\d+)(?=["'])""", head)
        if spans is None or int(spans[2]) <= column <= int(spans[3]):
            return head
        wide = b"%d:%d" % (min(int(spans[2]), column), max(int(spans[3]), column))
        return head[: spans.end(1)] + wide + head[spans.end() :]

    def _made(self, row: int, column: int, value: Value, style: str | None) -> bytes:
        p, look, number = self.prefix, int(style or 0), None
        if isinstance(value, dt.date):
            if look in self.look.dates and value >= _FIRST:
                number = (value - self.look.epoch).days
            value = value.isoformat()
        elif isinstance(value, int):
            number = None if look in self.look.texts else value
        head = b'<%bc r="%b%d"' % (p, letters(column).encode(), row) + (b' s="%d"' % look if style else b"")
        if number is not None:
            return head + b"><%bv>%d</%bv></%bc>" % (p, number, p, p)
        if value == "":
            return head + b"/>"
        text = _escaped(str(value))
        return head + b' t="inlineStr"><%bis><%bt xml:space="preserve">%b</%bt></%bis></%bc>' % (p, p, text, p, p, p)


def _escaped(value: str) -> bytes:
    """Text as it stands in XML; what looks like the escape of a character is escaped itself."""
    said = _RENUMBERED.sub("_x005F_", plain(value.replace("\r\n", "\n").replace("\r", "\n")))
    return said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()


def within(area: str, row: int, column: int, *, corner: bool) -> bool:
    """Whether a cell lies in an area such as ``A1:B2``; its first cell counts only where ``corner`` says so."""
    first, _, last = area.partition(":")
    (top, left), (bottom, right) = (position(name.encode()) for name in (first, last or first))
    inside = top <= row <= bottom and left <= column <= right
    return inside and (corner or (row, column) != (top, left))
