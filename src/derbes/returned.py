"""A returned workbook of findings, read and never written: its lines, whatever was done to their order and place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from derbes.cells import Kind
from derbes.decisions import Basis
from derbes.errors import SourceError
from derbes.inventory import letters
from derbes.read import grids, guard
from derbes.text import LANGUAGES, clean, heading, words

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.cells import Grid

INPUTS = ("decision", "owner", "until", "comment", "answer")
_READ = (*INPUTS, "ids", "rule", "basis")
_IDS = re.compile(r"\s*[0-9a-f]{16}(?:[\s,;]+[0-9a-f]{16})*\s*")
_APART = re.compile(r"[\s,;]+")
_AREA = re.compile(r"([A-Z]+)(\d+):([A-Z]+)(\d+)")
_TITLE = 60  # characters; no heading of ours is longer
#: Lines of a workbook with something decided on them; nobody decides on more, and each is an object in memory.
MAX_LINES = 50_000


@dataclass(frozen=True)
class Cell:
    """A cell as written: its text, what the program took it for, its place such as ``Sheet!N7``."""

    text: str = ""
    kind: Kind = Kind.TEXT
    place: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing stands there."""
        return not self.text.strip() and self.kind not in {Kind.ERROR, Kind.FORMULA}


@dataclass(frozen=True)
class Line:
    """One line with its cells by column; ``twice`` names columns that the sheet has twice and that disagree there."""

    place: str
    cells: dict[str, Cell]
    twice: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """What stands for the findings' ids, in its order, each once."""
        return tuple(dict.fromkeys(filter(None, _APART.split(self.cells["ids"].text.lower()))))

    @property
    def basis(self) -> Basis | None:
        """What the line rests on, where that still stands there."""
        return Basis.parse(self.cells["basis"].text, self.ids)


@dataclass(frozen=True)
class Returned:
    """A workbook's name and SHA-256, its lines, and the sheets that bear decisions but no ids (by their heading).

    ``sheets`` counts those that bear both, with or without a line on which something is said.
    """

    name: str
    sha256: str
    lines: tuple[Line, ...] = ()
    without_ids: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    sheets: int = 0


def read(path: Path) -> Returned:
    """Lines of a workbook on which something is decided, or was: hidden, filtered, sorted and inserted ones as well.

    Columns are known by their headings in any language, wherever they stand; ids by their look where their heading is
    gone. Raises SourceError where the file cannot be read, or holds no column of decisions.
    """
    book = Returned(path.name, guard.sha256(path))
    for grid in grids(path):
        if grid.reason:
            book = replace(book, unread=(*book.unread, grid.sheet))
            continue
        row, columns = _heading(grid)
        if "decision" not in columns:
            continue
        if "ids" not in columns:
            book = replace(book, without_ids=(*book.without_ids, _at(grid, columns["decision"][0], row)))
            continue
        lines = _lines(grid, columns, path)
        book = replace(book, lines=(*book.lines, *lines), sheets=book.sheets + 1)
    if not book.sheets and not book.without_ids:
        remedy = "Name a copy of findings.xlsx that derbes wrote."
        raise SourceError(path.name, "holds no line of findings with a column for decisions", remedy)
    return book


def _at(grid: Grid, column: int, row: int) -> str:
    return address(grid.sheet, column + 1, row + 1)


def address(sheet: str, column: int, row: int) -> str:
    """Place of a cell as spreadsheet programs write it, numbers from 1."""
    quoted = sheet if sheet.isalnum() else "'{}'".format(sheet.replace("'", "''"))
    return f"{quoted}!{letters(column)}{row}"


def _names() -> dict[str, str]:
    titles = [(name, words(lang)["workbook"]["columns"][name]) for lang in LANGUAGES for name in _READ]
    return {heading(title): name for name, title in titles} | {name: name for name in _READ}


def _heading(grid: Grid) -> tuple[int, dict[str, list[int]]]:
    """First row that has the heading of decisions, and the columns under its headings by name."""
    names = _names()
    said = [{text: names.get(heading(text)) for text in set(column) if 0 < len(text) <= _TITLE} for column in grid.text]
    rows = []
    for column, known in zip(grid.text, said, strict=True):
        decisions = [text for text, name in known.items() if name == "decision"]
        rows += [int(place) for place in np.flatnonzero(np.isin(column, decisions))[:1]] if decisions else []
    if not rows:
        return 0, {}
    row = min(rows)
    columns: dict[str, list[int]] = {}
    for number, (column, known) in enumerate(zip(grid.text, said, strict=True)):
        if name := known.get(column[row]):
            columns.setdefault(name, []).append(number)
    if "ids" not in columns:
        alike = [number for number, column in enumerate(grid.text) if any(map(_IDS.fullmatch, set(column)))]
        columns |= {"ids": alike[:1]} if alike else {}
    return row, columns


def _lines(grid: Grid, columns: dict[str, list[int]], path: Path) -> list[Line]:
    """Lines of a sheet, its headings left out wherever sorting has put them, or pasting repeated them."""
    titles = {name for name in _names() if name}
    _spread(grid, list(chain.from_iterable(columns.get(name, []) for name in INPUTS)))
    placed, said = (_filled(grid, columns, names) for names in (("ids", "decision"), INPUTS))
    for number in columns.get("basis", []):
        said |= [bool(text) and " - " not in text for text in grid.text[number]]
    decisions = columns["decision"][0]
    rows = [int(row) for row in np.flatnonzero(placed & said)]
    if len(rows) > MAX_LINES:
        what = f"has decisions on {len(rows)} lines of {grid.sheet}, the limit is {MAX_LINES}"
        raise SourceError(path.name, what, "Return the decisions in several copies.", code="too_large")
    return [_line(grid, columns, row) for row in rows if heading(grid.text[decisions][row][:_TITLE]) not in titles]


def _filled(grid: Grid, columns: dict[str, list[int]], names: tuple[str, ...]) -> np.ndarray:
    """Rows in which any column of these names holds something, be it unreadable."""
    filled = np.zeros(len(grid.text[0]), dtype=bool)
    for number in chain.from_iterable(columns.get(name, []) for name in names):
        filled |= (grid.text[number] != "") | np.isin(grid.kind[number], [Kind.ERROR, Kind.FORMULA])
    return filled


def _spread(grid: Grid, numbers: list[int]) -> None:
    """Give every row of cells merged down a column what stands in the topmost."""
    for found in filter(None, map(_AREA.fullmatch, grid.merged)):
        first, last = int(found[2]) - 1, int(found[4])
        for number in numbers:
            if found[1] == found[3] == letters(number + 1) and first < len(grid.text[number]):
                grid.text[number][first:last] = grid.text[number][first]
                grid.kind[number][first:last] = grid.kind[number][first]


def _line(grid: Grid, columns: dict[str, list[int]], row: int) -> Line:
    cells, twice = {}, []
    for name in _READ:
        found = [_cell(grid, number, row) for number in columns.get(name, [])]
        filled = [cell for cell in found if not cell.blank]
        twice += [name] if len({clean(cell.text) for cell in filled}) > 1 else []
        cells[name] = next(iter([*filled, *found]), Cell())
    return Line(_at(grid, columns["ids"][0], row), cells, tuple(twice))


def _cell(grid: Grid, number: int, row: int) -> Cell:
    return Cell(str(grid.text[number][row]), Kind(int(grid.kind[number][row])), _at(grid, number, row))
