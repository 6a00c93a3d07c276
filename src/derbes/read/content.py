"""One pass over content.xml of an .ods file, before a library opens it.

An .ods keeps all sheets in one part and writes repeated cells and rows as a count: a few bytes can mean a million
rows. The pass counts them, finds what the library would lose (errors, untyped texts, line breaks inside a paragraph),
and remembers where each sheet lies, so that one too vast can be cut out before the others are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING
from xml.parsers import expat

from derbes.cells import Kind
from derbes.read.assembly import MAX_AREA, MAX_MARKS, Facts, address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Bytes of one row, which is held whole.
MAX_ROW = 16 << 20

_ATTRIBUTES = rb"""((?:\s+[^\s=<>/"']+\s*=\s*(?:"[^"]*"|'[^']*'))*+)\s*(/?)>"""
_EVENT = re.compile(rb"<(/?)table:table(-row)?(?=[\s/>])")
_TAG = re.compile(rb"<table:table(?:-row)?" + _ATTRIBUTES)
_CELL = re.compile(rb"<table:(?:covered-)?table-cell(?=[\s/>])" + _ATTRIBUTES)
_CELL_LIKE = re.compile(rb"<table:(?:covered-)?table-cell[\s/>]")
_ATTRIBUTE = re.compile(rb"""([^\s=<>/"']+)\s*=\s*("[^"]*"|'[^']*')""")
_REPEATED = re.compile(rb"""table:number-columns-repeated\s*=\s*["'](\d+)""")
_MISCOUNTED = re.compile(rb"""repeated\s*+=\s*+(?!["']\d*+(?:["']|\Z)|\Z)""")
_SPACES = re.compile(rb"""text:c\s*=\s*["']\s*\+?0*\d{5}""")
_CONTENT = (b"office:", b"<text:p", b"table:formula")
#: What makes a row worth a look at each of its cells.
_UNUSUAL = (b"table:formula", b"-spanned", b"<text:line-break", b"<text:tab", b'"error"')
_UNTYPED = re.compile(rb"<table:table-cell(?:>|\s(?![^<>]*value-type)[^<>]*[^<>/]>)")
_NOTE = re.compile(r"<office:annotation\b.*?</office:annotation>", re.DOTALL)
_PARAGRAPH = re.compile(r"<text:[ph](?:\s[^<>]*)?(?:/>|>(.*?)</text:[ph]>)", re.DOTALL)
_GAP = re.compile(r"<text:s(?:\s+text:c\s*=\s*[\"'](\d+)[\"'])?\s*/>")
_MARKUP = re.compile(r"<[^<>]*>")
_FAULT = re.compile(r"#[A-Z/0]+[!?]?|Err:\d+|#N/A")


class _RefusedError(Exception):
    """The file cannot be passed; the argument is the reason code."""


@dataclass
class Table:
    """A sheet in content.xml: its name, its facts, and the bytes from ``start`` to ``stop`` that hold it."""

    name: str
    start: int
    stop: int = 0
    facts: Facts = field(default_factory=Facts)


def survey(chunks: Iterable[bytes]) -> tuple[list[Table], str | None]:
    """Sheets in their order; and a reason code when the file as a whole must not be given to a library."""
    passing, form = _Pass(), _Form()
    try:
        for chunk in chunks:
            form.feed(chunk)
            passing.feed(chunk)
        form.feed(b"")
    except _RefusedError as refused:
        return passing.tables, str(refused)
    if passing.open or not passing.tables:
        return passing.tables, "unreadable"
    for table in passing.tables:
        table.facts.refuse_if_vast()
    return passing.tables, None


class _Form:
    """Makes sure that the XML is well formed: on an end tag that is not one the library would wait for ever."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()  # declarations of entities are refused where the part is unpacked
        self.run = 0  # bytes since the last tag ended

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes, or none at the end."""
        end = chunk.rfind(b">")
        self.run = len(chunk) - end - 1 if end >= 0 else self.run + len(chunk)
        if self.run > MAX_ROW:
            raise _RefusedError("too_large")  # expat reads an unfinished tag again with every chunk
        try:
            self.parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            raise _RefusedError("unreadable") from error


class _Pass:
    """State of the pass: what is left of the last chunk, the sheet it is in, the row it has reached."""

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self.open = False
        self.rest = b""
        self.offset = 0  # of the rest in content.xml
        self.row = 0
        self.unusual = False  # whether the rest has anything that makes cells worth a look

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.rest += chunk
        self._check()
        place = 0
        while event := _EVENT.search(self.rest, place):
            self._pass_over(place, event.start())
            reached = self._event(event)
            if reached is None:
                place = event.start()
                break
            place = reached
        else:
            self._pass_over(place, len(self.rest))
            place = max(place, len(self.rest) - 64)  # an event may have begun
        self.offset += place
        self.rest = self.rest[place:]
        if len(self.rest) > MAX_ROW:
            raise _RefusedError("too_large")

    def _check(self) -> None:
        """Refuse comments that could hide cells, and counts that are none, or fill the memory with spaces."""
        comment = b"!" in self.rest and b"<!" in self.rest
        if comment or _MISCOUNTED.search(self.rest) or (b"text:c" in self.rest and _SPACES.search(self.rest)):
            raise _RefusedError("unreadable")
        self.unusual = any(mark in self.rest for mark in _UNUSUAL) or bool(_UNTYPED.search(self.rest))

    def _pass_over(self, start: int, stop: int) -> None:
        if self.open and self.rest.find(b"table-cell", start, stop) >= 0:
            raise _RefusedError("unreadable")  # a cell outside the rows

    def _event(self, event: re.Match[bytes]) -> int | None:
        """Handle what begins here; return where to go on, None when more bytes are needed."""
        if event[1]:
            return self._closed(event)
        tag = _TAG.match(self.rest, event.start())
        if tag is None:
            return None
        known = _known(tag[1])
        if not event[2]:
            if self.open:
                raise _RefusedError("unreadable")  # a sheet within a cell
            self.tables.append(Table(known.get("table:name", ""), self.offset + event.start()))
            self.row, self.open = 0, not tag[2]
            self.tables[-1].stop = self.offset + tag.end()
            return tag.end()
        stop = tag.end() if tag[2] else self.rest.find(b"</table:table-row", tag.end())
        if stop < 0:
            return None
        if not self.open:
            raise _RefusedError("unreadable")
        self._row(known, self.rest[tag.end() : stop])
        return stop

    def _closed(self, event: re.Match[bytes]) -> int | None:
        end = self.rest.find(b">", event.end()) + 1
        if not end:
            return None
        if not self.open:
            raise _RefusedError("unreadable")
        if not event[2]:
            self.open = False
            self.tables[-1].stop = self.offset + end
        return end

    def _row(self, known: dict[str, str], cells: bytes) -> None:
        repeated = _count(known.get("table:number-rows-repeated"))
        first, self.row = self.row + 1, self.row + repeated
        last = max(map(cells.rfind, _CONTENT))
        if last < 0:
            return
        if b"<table:table " in cells or b"<table:table>" in cells:
            raise _RefusedError("unreadable")  # a sheet within a cell
        facts = self.tables[-1].facts
        facts.rows = max(facts.rows, self.row)
        facts.columns = max(facts.columns, _width(cells, last))
        if facts.rows * facts.columns > MAX_AREA:
            return  # refused anyway: do not list a million repeated cells
        rows = range(first, self.row + 1)
        if known.get("table:visibility") in {"collapse", "filter"}:
            facts.hidden_rows.update(rows)
        if self.unusual and (any(mark in cells for mark in _UNUSUAL) or _UNTYPED.search(cells)):
            _mark(facts, rows, cells)


def _width(cells: bytes, last: int) -> int:
    """Columns up to the last cell with content; never too few."""
    end = cells.find(b">", last) + 1 or len(cells)
    width = cells.count(b"<table:table-cell", 0, end)
    if b"covered" in cells:
        width += cells.count(b"<table:covered-table-cell", 0, end)
    if cells.find(b"repeated", 0, end) >= 0:
        width += sum(int(number) - 1 for number in _REPEATED.findall(cells, 0, end))
    return width


def _mark(facts: Facts, rows: range, cells: bytes) -> None:
    """Look at each cell of a row, or of several equal ones, for what the library would lose."""
    tags = list(_CELL.finditer(cells))
    if len(tags) != len(_CELL_LIKE.findall(cells)):
        raise _RefusedError("unreadable")
    column = 1
    for number, tag in enumerate(tags):
        known = _known(tag[1])
        stop = tags[number + 1].start() if number + 1 < len(tags) else len(cells)
        inside = "" if tag[2] else cells[tag.end() : stop].decode(errors="replace")
        repeated = _count(known.get("table:number-columns-repeated"))
        found = _mark_of(known, inside)
        if found and len(rows) * repeated + len(facts.marks) > MAX_MARKS:
            facts.reason = "too_large"
            return
        if found:
            facts.marks.update({(row, place): found for row in rows for place in range(column, column + repeated)})
        wide, high = (_count(known.get(f"table:number-{what}-spanned")) for what in ("columns", "rows"))
        if wide > 1 or high > 1:
            corner = address(rows[0] + high - 1, column + wide - 1)
            facts.merged.append(f"{address(rows[0], column)}:{corner}")
        column += repeated


def _mark_of(known: dict[str, str], inside: str) -> tuple[Kind, str] | None:
    """Kind and text of a cell where the library has others, None where it is right."""
    kind = known.get("office:value-type")
    formula = "table:formula" in known
    if "<text:p" not in inside:
        lost = formula and kind is None
        return (Kind.FORMULA, "") if lost else None
    text = _text(inside)
    if known.get("calcext:value-type") == "error" or (formula and _FAULT.fullmatch(text)):
        return (Kind.ERROR, text)
    broken = "<text:line-break" in inside or "<text:tab" in inside
    if text and (kind is None or (kind == "string" and broken and "office:string-value" not in known)):
        return (Kind.TEXT, text)
    return None


def _text(inside: str) -> str:
    """Text of a cell: paragraphs become lines, the cell's comment is no part of it."""
    paragraphs = (found[1] or "" for found in _PARAGRAPH.finditer(_NOTE.sub("", inside)))
    return "\n".join(unescape(_MARKUP.sub("", _spaced(paragraph))) for paragraph in paragraphs)


def _spaced(paragraph: str) -> str:
    text = _GAP.sub(lambda gap: " " * int(gap[1] or 1), paragraph)
    return re.sub(r"<text:tab[^<>]*/>", "\t", re.sub(r"<text:line-break[^<>]*/>", "\n", text))


def _known(attributes: bytes) -> dict[str, str]:
    pairs: Iterator[tuple[bytes, bytes]] = iter(_ATTRIBUTE.findall(attributes))
    return {name.decode(errors="replace"): unescape(value[1:-1].decode(errors="replace")) for name, value in pairs}


def _count(said: str | None) -> int:
    return max(1, int(said)) if said and said.isdecimal() else 1
