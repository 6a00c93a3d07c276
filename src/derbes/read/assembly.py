"""Grids from two witnesses: the cells a library read, and what the pass over the file before it saw there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import islice, repeat, zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from derbes.cells import Grid, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Characters in one cell. Excel stops at 32,767; beyond a million it is a document, or an attack, in a cell.
MAX_CELL = 1_000_000
#: Cells in one sheet, blank ones between the first and the last included: calamine holds 32 bytes for each of them,
#: so this is 0.8 GB for a moment; a full sheet of 1,048,576 rows and 23 columns, or a stray cell below one, passes.
MAX_AREA = 25_000_000
#: Cells of one sheet with an error or without a stored value; a dictionary of more would outweigh the sheet.
MAX_MARKS = 1_000_000
#: From here on Python writes a float with an exponent; a spreadsheet keeps 15 digits, so no digit is lost below.
_EXPONENT = 1e16
_BLOCK = 1024  # rows taken at a time: enough to work by column, little enough to stay in the processor's cache
_FLAGS = {False: "false", True: "true"}
_KINDS = {
    str: Kind.TEXT,
    int: Kind.NUMBER,
    float: Kind.NUMBER,
    bool: Kind.FLAG,
    dt.date: Kind.DATE,
    dt.datetime: Kind.DATE,
    dt.time: Kind.TEXT,
    dt.timedelta: Kind.TEXT,
}


class OverlongCellError(Exception):
    """A cell of more than MAX_CELL characters was met."""


@dataclass
class Facts:
    """What the pass over a sheet's XML saw and a library does not say; rows and columns are 1-based.

    ``rows`` and ``columns`` bound the cells with content (not always tightly). ``marks`` are cells whose text and kind
    replace what the library returns: errors, formulas without a stored value, texts it would lose.
    """

    rows: int = 0
    columns: int = 0
    marks: dict[tuple[int, int], tuple[Kind, str]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)
    reason: str | None = None
    notes: tuple[str, ...] = ()

    def refuse_if_vast(self) -> None:
        """Set the reason `too_large` when the rectangle of cells would not fit into bounded memory."""
        if self.reason is None and self.rows * self.columns > MAX_AREA:
            self.reason = "too_large"
            self.notes = (f"cells_reach:{address(self.rows, self.columns)}",)


class Columns:
    """Columns gathered from rows of cells; every column is a list of shared texts and an array of kinds."""

    def __init__(self) -> None:
        self._texts: list[dict[Any, str]] = []  # by value, each made once: equal cells of a column share one string
        self._cells: list[list[str]] = []
        self._kinds: list[list[np.ndarray]] = []
        self._height = 0  # rows gathered
        self._filled = 0  # rows up to the last one that is not blank

    def extend(self, rows: Iterable[Sequence[Any]], *, skipped: int = 0) -> None:
        """Take all rows; ``skipped`` is the number of blank columns before their first cell."""
        source = iter(rows)
        while block := list(islice(source, _BLOCK)):
            filled = _last_filled(block)
            if filled:
                self._take(block, skipped)
                self._filled = self._height + filled
            self._height += len(block)

    def _take(self, block: list[Sequence[Any]], skipped: int) -> None:
        for number, cells in enumerate(zip_longest(*block, fillvalue=""), skipped):
            self._widen(number + 1)
            kinds, values = _kinds(cells)
            texts, column = self._texts[number], self._cells[number]
            column.extend(repeat("", self._height - len(column)))
            if kinds is None:
                column.extend(map(texts.setdefault, values, values))
                continue
            texts.update({value: written(value) for value in set(values).difference(texts)})
            column.extend(map(texts.__getitem__, values))
            behind = self._height - sum(map(len, self._kinds[number]))
            self._kinds[number] += [np.zeros(behind, np.int8), kinds]

    def _widen(self, width: int) -> None:
        while len(self._cells) < width:
            self._texts.append({})
            self._cells.append([])
            self._kinds.append([])

    def grid(self, file: str, sheet: str, facts: Facts, *, visible: bool = True) -> Grid:
        """Grid of what was gathered, corrected by the facts; the columns are given away, so call it once.

        Raises OverlongCellError.
        """
        if any(len(max(texts.values(), key=len)) > MAX_CELL for texts in self._texts if texts):
            raise OverlongCellError
        height = max([self._filled, *(row for row, _ in facts.marks)])
        self._widen(max([0, *(column for _, column in facts.marks)]))
        self._texts.clear()
        kind = [_fitted(np.concatenate([np.zeros(0, np.int8), *parts]), height) for parts in self._kinds]
        text = [_column(self._cells.pop(0), height) for _ in range(len(self._cells))]
        for (row, column), (known, said) in facts.marks.items():
            kind[column - 1][row - 1] = known
            text[column - 1][row - 1] = said
        hidden = frozenset(row for row in facts.hidden_rows if row <= height)
        return Grid(file, sheet, text, kind, visible, hidden, tuple(facts.merged), None, facts.notes)


def refused(file: str, sheet: str, facts: Facts, *, visible: bool = True) -> Grid:
    """Grid without cells that says why there are none."""
    return Grid(file, sheet, [], [], visible, reason=facts.reason or "unreadable", notes=facts.notes)


def address(row: int, column: int) -> str:
    """Cell in A1 notation from a 1-based row and column."""
    name = ""
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(ord("A") + letter) + name
    return f"{name}{row}"


def written(value: Any) -> str:  # noqa: ANN401 - a cell holds what it holds
    """Text of a cell's value: numbers as short as they read back, dates ISO 8601, durations as hours."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXPONENT else repr(value)
    if isinstance(value, dt.timedelta):
        return _hours(value)
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _hours(length: dt.timedelta) -> str:
    seconds = abs(round(length.total_seconds()))
    sign = "-" if length < dt.timedelta() else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _kinds(cells: tuple[Any, ...]) -> tuple[np.ndarray | None, Sequence[Any]]:
    """Kinds of the cells, None where all are text; and the cells with flags as text, since True equals 1."""
    types = set(map(type, cells))
    if types == {str}:
        return None, cells
    kinds = np.fromiter(map(_KINDS.__getitem__, map(type, cells)), np.int8, len(cells))
    if bool not in types:
        return kinds, cells
    return kinds, [_FLAGS[cell] if isinstance(cell, bool) else cell for cell in cells]


def _last_filled(block: list[Sequence[Any]]) -> int:
    """Rows of the block up to its last one that is not blank; 0 when all are."""
    for place, row in zip(range(len(block), 0, -1), reversed(block), strict=True):
        if row.count("") < len(row):
            return place
    return 0


def _column(cells: list[str], height: int) -> np.ndarray:
    column = np.full(height, "", dtype=object)
    column[: len(cells)] = cells[:height]
    return column


def _fitted(kinds: np.ndarray, height: int) -> np.ndarray:
    return np.concatenate([kinds[:height], np.zeros(max(0, height - len(kinds)), np.int8)])
