"""One pass over the XML of an .xlsx worksheet, before a library opens it.

A library that reads cells into a rectangle dies of one stray cell, and says nothing of errors, of formulas without a
stored value, of hidden rows. The pass is made of byte patterns: the first mode is for sheets as spreadsheet programs
write them, at 150 MB a second; a sheet that surprises it is passed again in a slower, more patient one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from itertools import zip_longest
from typing import TYPE_CHECKING

from derbes.cells import Kind
from derbes.read.assembly import MAX_MARKS, Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
#: Bytes of one row: 16,384 cells of 1,000 bytes. A row is held whole; a longer one is an attack.
MAX_ROW = 16 << 20
#: The fast mode only makes sure that no cell lies beyond W999999: 23 million cells at the most.
_BOX = (999_999, 23)
_BOXED = rb"[A-W][1-9]\d{0,5}+"

_ATTRIBUTES = rb"""(?:\s+[^\s=<>/"']+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*"""
_PREFIX = rb"""(?:[^\s<>/:!?="']+:)?"""
_START = re.compile(rb"<(" + _PREFIX + rb")sheetData" + _ATTRIBUTES + rb"\s*(/?)>")
_STOP = re.compile(rb"</" + _PREFIX + rb"sheetData\s*>")
_MERGED = re.compile(rb"""mergeCell\s[^<>]*?ref\s*=\s*["']([A-Za-z]{1,3}\d{1,7}:[A-Za-z]{1,3}\d{1,7})["']""")
_ATTRIBUTE = re.compile(rb"""([^\s=<>/"']+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG = re.compile(rb"<" + _PREFIX + rb"(row|c)(" + _ATTRIBUTES + rb")\s*(/?)>")
_ANY_TAG = re.compile(rb"</?" + _PREFIX + rb"""[^\s<>/:!?="']+""" + _ATTRIBUTES + rb"\s*/?>")
_REFERENCE = re.compile(rb"([A-Za-z]{1,3})([1-9]\d{0,6})")
_VALUE = re.compile(rb"<" + _PREFIX + rb"v(?:\s[^<>]*)?>([^<]+)</")
_FORMULA = re.compile(rb"<" + _PREFIX + rb"f[\s/>]")


class _SurpriseError(Exception):
    """The sheet is not written the way this mode expects."""


class _RefusedError(Exception):
    """The sheet cannot be passed in any mode; the argument is the reason code."""


@dataclass(frozen=True)
class _Patterns:
    """Patterns of a sheet whose elements bear a prefix such as ``x:`` or, mostly, none."""

    tag: bytes
    row: bytes
    usual: re.Pattern[bytes]
    boxed: re.Pattern[bytes]
    plain: re.Pattern[bytes]
    filled: re.Pattern[bytes]
    error: re.Pattern[bytes]
    formula: re.Pattern[bytes]
    hidden: re.Pattern[bytes]

    @classmethod
    def of(cls, prefix: bytes) -> _Patterns:
        p = re.escape(prefix)
        others = rb'(?: [stcmvph]++="[\w.-]*+")*+'
        cell = rb"<" + p + rb'c r="([A-Z]{1,3}+[1-9]\d{0,6}+)"'
        unlike = rb"<" + p + rb'c(?=[\s/>])(?! r="%s"'
        value_follows = rb'(?: s="\d++")?+(?: t="[sbn]")?+(?:/>|><' + p + rb"v>))"
        value = rb"(?:<" + p + rb"v ?/>|<" + p + rb"v></" + p + rb"v>)?"
        body = rb"<" + p + rb"f(?: [^<>]*)?(?:/>|>[^<]*</" + p + rb"f>)"
        return cls(
            tag=b"<" + prefix + b"c",
            row=b"<" + prefix + b"row",
            usual=re.compile(unlike % _BOXED + value_follows),
            boxed=re.compile(unlike % _BOXED + others + rb" ?/?>)"),
            plain=re.compile(unlike % rb"[A-Z]{1,3}+[1-9]\d{0,6}+" + others + rb" ?/?>)"),
            filled=re.compile(rb"<" + p + rb'c r="([A-Z]{1,3}+)(\d{1,7}+)"' + others + rb" ?>"),
            error=re.compile(cell + rb'[^<>]* t="e"[^<>]*>(?:(?!</' + p + rb"c>).)*?<" + p + rb"v>([^<]*)", re.DOTALL),
            formula=re.compile(cell + rb"([^<>]*)>" + body + rb"(" + value + rb")</" + p + rb"c>"),
            hidden=re.compile(rb"<" + p + rb"row ([^<>]*)>"),
        )


def survey(unpacked: Callable[[], Iterable[bytes]]) -> Facts:
    """Facts of the worksheet whose XML the callable unpacks; it is called up to three times.

    A sheet too vast for memory, or malformed, comes back with a reason; nothing is raised for it.
    """
    for mode in (_Boxed, _Plain, _Patient):
        facts = Facts()
        try:
            _pass(unpacked(), mode(facts))
        except _SurpriseError:
            continue
        except _RefusedError as refused:
            facts.reason = str(refused)
        facts.refuse_if_vast()
        return facts
    raise AssertionError  # the patient mode is never surprised


class _Boxed:
    """Mode for a regular sheet of up to 23 columns: only makes sure that this is what it is."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def cells(self, rows: bytes, patterns: _Patterns) -> None:
        """Take whole rows."""
        self.regular(rows, patterns)
        if self.unusual(rows, patterns):
            self.extent(rows, patterns)
            self.marks(rows, patterns)
        if b"hidden" in rows:
            self.hidden(rows, patterns)

    def regular(self, rows: bytes, patterns: _Patterns) -> None:
        """Make sure that nothing but the usual tags can be a cell."""
        if b"!" in rows and b"<!" in rows:
            raise _SurpriseError
        if b":" in patterns.tag:
            named = rows.count(patterns.tag) + rows.count(b"</" + patterns.tag[1:])
            strange = b"<c" in rows or rows.count(b":c") > named
        else:
            strange = b":" in rows and b":c" in rows
        if strange:
            raise _SurpriseError

    def unusual(self, rows: bytes, patterns: _Patterns) -> bool:
        """Whether any cell is more than a stored value within the box."""
        self.facts.rows, self.facts.columns = _BOX
        return bool(patterns.usual.search(rows))

    def extent(self, rows: bytes, patterns: _Patterns) -> None:
        """Make sure that all cells are within the box."""
        if patterns.boxed.search(rows):
            raise _SurpriseError

    def marks(self, rows: bytes, patterns: _Patterns) -> None:
        """Note the cells with errors and the formulas without a stored value."""
        if b'="e"' in rows:
            for reference, said in patterns.error.findall(rows):
                self.mark(*position(reference), Kind.ERROR, unescape(said.decode(errors="replace")))
        if patterns.tag[:-1] + b"f" in rows:
            for reference, attributes, value in patterns.formula.findall(rows):
                if not (value and b't="str"' in attributes):  # an empty text is a value: ="" has one
                    self.mark(*position(reference), Kind.FORMULA, "")

    def hidden(self, rows: bytes, patterns: _Patterns) -> None:
        """Note the hidden rows."""
        for attributes in patterns.hidden.findall(rows):
            known = dict(_ATTRIBUTE.findall(attributes))
            if b"hidden" in known and _is_true(known[b"hidden"]):
                if not known.get(b"r", b"").strip(b"\"'").isdigit():
                    raise _SurpriseError
                self.facts.hidden_rows.add(int(known[b"r"].strip(b"\"'")))

    def mark(self, row: int, column: int, kind: Kind, text: str) -> None:
        """Note a cell that the library will not show as it is."""
        if len(self.facts.marks) >= MAX_MARKS:
            raise _RefusedError("too_large")
        self.facts.marks[row, column] = (kind, text)


class _Plain(_Boxed):
    """Mode for a regular sheet that is wide or reaches far down: looks at the place of every cell with content."""

    def unusual(self, rows: bytes, patterns: _Patterns) -> bool:  # noqa: ARG002 - every cell is looked at
        """Whether the rows need a closer look: always."""
        return True

    def extent(self, rows: bytes, patterns: _Patterns) -> None:
        """Bound the cells with content."""
        if patterns.plain.search(rows):
            raise _SurpriseError
        filled = patterns.filled.findall(rows)
        if filled:
            letters, numbers = zip(*filled, strict=True)
            columns = [position(letter + b"1")[1] for letter in set(letters)]
            self.facts.columns = max(self.facts.columns, *columns)
            self.facts.rows = max(self.facts.rows, *map(int, set(numbers)))
        if self.facts.rows > MAX_ROWS or self.facts.columns > MAX_COLUMNS:
            raise _RefusedError("unreadable")


class _Patient(_Boxed):
    """Mode for any other sheet: cells without a reference, attributes in any order, several prefixes."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.row = 0

    def cells(self, rows: bytes, patterns: _Patterns) -> None:  # noqa: ARG002 - patterns of no use where prefixes mix
        """Take whole rows, tag by tag."""
        if b"<" in _ANY_TAG.sub(b"", rows):
            raise _RefusedError("unreadable")  # a comment or a half tag, that a library may see as a cell
        tags = list(_TAG.finditer(rows))
        column = 0
        for tag, following in zip_longest(tags, tags[1:]):
            known = [(name, value[1:-1]) for name, value in _ATTRIBUTE.findall(tag[2])]
            if len(known) != len(dict(known)):
                raise _RefusedError("unreadable")
            if tag[1] == b"row":
                self._row(dict(known))
                column = 0
            else:
                inside = b"" if tag[3] else rows[tag.end() : following.start() if following else len(rows)]
                column = self._cell(dict(known), column + 1, inside)

    def _row(self, known: dict[bytes, bytes]) -> None:
        number = known.get(b"r", b"%d" % (self.row + 1))
        if not number.isdigit() or not 1 <= int(number) <= MAX_ROWS:
            raise _RefusedError("unreadable")
        self.row = int(number)
        if _is_true(known.get(b"hidden", b"")):
            self.facts.hidden_rows.add(self.row)

    def _cell(self, known: dict[bytes, bytes], column: int, inside: bytes) -> int:
        row = self.row
        if b"r" in known:
            if not _REFERENCE.fullmatch(known[b"r"]):
                raise _RefusedError("unreadable")
            row, column = position(known[b"r"].upper())
        if row > MAX_ROWS or column > MAX_COLUMNS:
            raise _RefusedError("unreadable")
        if inside:
            self.facts.rows, self.facts.columns = max(self.facts.rows, row), max(self.facts.columns, column)
            value = _VALUE.search(inside)
            if known.get(b"t") == b"e":
                self.mark(row, column, Kind.ERROR, unescape(value[1].decode(errors="replace")) if value else "")
            elif not value and _FORMULA.search(inside) and known.get(b"t") != b"str":
                self.mark(row, column, Kind.FORMULA, "")
        return column


def position(reference: bytes) -> tuple[int, int]:
    """Row and column, 1-based, of a cell such as ``C7``."""
    column = 0
    for place, byte in enumerate(reference):
        if byte < ord("A"):
            return int(reference[place:]), column
        column = column * 26 + byte - ord("A") + 1
    return 0, column


def _is_true(value: bytes) -> bool:
    return value.strip(b"\"' ") in {b"1", b"true", b"on"}


def _pass(chunks: Iterable[bytes], mode: _Boxed) -> None:
    source = iter(chunks)
    rest, start = b"", None
    while start is None and len(rest) <= MAX_ROW and (chunk := next(source, b"")):
        rest += chunk
        start = _START.search(rest)
    if start is None and (b"sheetData" in rest or len(rest) > MAX_ROW):
        raise _RefusedError("unreadable")
    if start is None:
        return  # a chart sheet, a dialogue: no cells
    if b"<!" in rest[: start.start()]:
        raise _RefusedError("unreadable")  # a comment before the cells could pretend to be their beginning
    rest = rest[start.end() :]
    if not start[2]:
        rest = _cells(rest, source, mode, _Patterns.of(start[1]))
    _tail(rest, source, mode.facts)


def _cells(rest: bytes, source: Iterator[bytes], mode: _Boxed, patterns: _Patterns) -> bytes:
    """Feed whole rows to the mode; return what follows the last."""
    while True:
        stop = _STOP.search(rest) if b"sheetData" in rest else None
        if stop:
            mode.cells(rest[: stop.start()], patterns)
            return rest[stop.end() :]
        cut = rest.rfind(patterns.row)
        if cut > 0:
            mode.cells(rest[:cut], patterns)
            rest = rest[cut:]
        elif len(rest) > MAX_ROW:
            raise _RefusedError("too_large")
        chunk = next(source, b"")
        if not chunk:
            raise _RefusedError("unreadable")  # the sheet ends in the middle of its cells
        rest += chunk


def _tail(rest: bytes, source: Iterator[bytes], facts: Facts) -> None:
    while True:
        if b"sheetData" in rest:
            raise _RefusedError("unreadable")  # a second set of cells: no program writes it, a library may read it
        cut = rest.rfind(b"<")
        if b"mergeCell" in rest:
            facts.merged += [area.decode().upper() for area in _MERGED.findall(rest[:cut])]
        chunk = next(source, b"")
        if not chunk:
            return
        rest = rest[max(cut, 0) :][-MAX_ROW:] + chunk
