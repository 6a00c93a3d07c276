"""An inventory from a folder or a single file: which sheet is which table, which header which column."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from derbes import schema as model
from derbes.cells import Kind
from derbes.errors import SourceError, closest
from derbes.inventory import Fault, Inventory, Part, build, letters
from derbes.read import grids, guard, sources
from derbes.text import data, heading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from derbes.cells import Grid
    from derbes.schema import Schema, Table

#: In a frozen quarter, what a CSV cannot say of a cell: which were numbers, dates, errors, formulas without a value.
MARKS = "_cells.csv"
#: Rows among which headings are looked for below a title.
_TITLES = 50
_Mark = tuple[int, str, Kind]
_SOURCE = ["file", "sheet", "table", "rows", "hidden_rows", "reason"]


class _Gathered:
    """What the files have given so far."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.parts: dict[str, list[Part]] = defaultdict(list)
        self.faults: list[Fault] = []
        self.sources: list[tuple[str, str | None, str | None, int, int, str | None]] = []
        self.hashes: dict[str, str] = {}
        self.refusals: list[SourceError] = []
        self.marks: dict[str, list[_Mark]] = {}


def load(path: str | Path, *, titled: bool = False) -> Inventory:
    """Inventory read from a folder of spreadsheets, or from a single one.

    ``titled`` passes over lines that people have put above the headings: they are the first row with the key's one.

    A bad file, sheet or cell among good ones becomes a fault that the structure rules report. Raises SourceError when
    nothing can be read: no such path, no spreadsheet in it, none that opens, no sheet that bears a table's name.
    """
    home = Path(path)
    if not home.stem.strip("."):  # "." and "..": the operator may have to be named after the folder
        home = home.resolve()
    if not home.exists():
        raise SourceError(str(path), "there is no such file or folder", "Check the path.", code="missing")
    gathered = _Gathered(model.load())
    gathered.marks = _marks(home / MARKS)
    for source in sources(home):
        if source.reason:
            gathered.sources.append((_name(source.path), None, None, 0, 0, source.reason))
        else:
            _file(gathered, source.path, titled=titled)
    _refuse_nothing(home, gathered)
    listed = pd.DataFrame(gathered.sources, columns=_SOURCE).astype({"rows": int, "hidden_rows": int})
    return build(
        home,
        gathered.schema,
        dict(gathered.parts),
        sources=listed,
        faults=gathered.faults,
        hashes=gathered.hashes,
    )


def nothing(path: Path) -> Inventory:
    """Inventory without a table or a row: what stood at the path before there was anything."""
    listed = pd.DataFrame([], columns=_SOURCE).astype({"rows": int, "hidden_rows": int})
    return build(path, model.load(), {}, sources=listed, faults=[], hashes={})


def _marks(path: Path) -> dict[str, list[_Mark]]:
    """Record, column and kind of marked cells by table. Raises SourceError."""
    marks: dict[str, list[_Mark]] = defaultdict(list)
    if path.is_file():
        try:
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    marks[row["table"]].append((int(row["record"]), row["column"], Kind(int(row["kind"]))))
        except (csv.Error, KeyError, TypeError, ValueError) as error:
            raise _damaged(path) from error
    return marks


def _mark(kind: dict[str, np.ndarray], rows: np.ndarray, marks: Iterable[_Mark]) -> None:
    """Put the kinds that a frozen quarter keeps beside a table into its cells. Raises SourceError."""
    for record, column, known in marks:
        place = int(np.searchsorted(rows, record))
        if column not in kind or place == len(rows) or rows[place] != record:
            raise _damaged(Path(MARKS))
        kind[column][place] = known


def _damaged(path: Path) -> SourceError:
    return SourceError(path.name, "does not fit the tables beside it", "Take the folder from a copy: it was changed.")


def _refuse_nothing(home: Path, gathered: _Gathered) -> None:
    if gathered.parts:
        return
    if gathered.refusals:
        raise gathered.refusals[0]
    if not gathered.hashes:
        raise SourceError(
            str(home), "holds no spreadsheet", "Put .xlsx, .ods or .csv files there, or name another.", code="empty"
        )
    names = ", ".join(gathered.schema.tables)
    raise SourceError(str(home), "no sheet bears the name of a table", f"Name sheets {names}.", code="no_table")


def _file(gathered: _Gathered, path: Path, *, titled: bool = False) -> None:
    if _name(path) != path.name:
        what = "has a name that is no text in this system's encoding"
        _refuse(gathered, path, SourceError(_name(path), what, "Rename it."))
        return
    try:
        with guard.opened(path) as file:  # which refuses what is too large before a byte of it is read
            digest = hashlib.sha256(file.read()).hexdigest()
        found = list(grids(path))
    except SourceError as refusal:
        _refuse(gathered, path, refusal)
        return
    except OSError as error:
        what, code = f"cannot be read ({error.strerror})", "unreadable"
        _refuse(gathered, path, SourceError(path.name, what, "Copy it from elsewhere, or check the disk.", code=code))
        return
    gathered.hashes[path.name] = digest
    for grid in found:
        _sheet(gathered, _bared(gathered.schema, grid) if titled else grid)


def _bared(schema: Schema, grid: Grid) -> Grid:
    """Sheet without the lines above its headings, every row in its place."""
    table = schema.table_named(grid.sheet)
    if table is None or not grid.text:
        return grid
    names = {text: table.names.get(heading(text)) for column in grid.text for text in set(column[:_TITLES]) if text}
    said = [[names.get(text) for text in column[:_TITLES]] for column in grid.text]
    row = next((row for row, line in enumerate(zip(*said, strict=True)) if table.key in line), 0)
    for text, kind in zip(grid.text, grid.kind, strict=True):
        text[:row], kind[:row] = "", Kind.TEXT
    return grid


def _refuse(gathered: _Gathered, path: Path, refusal: SourceError) -> None:
    gathered.refusals.append(refusal)
    gathered.faults.append(Fault(_name(path), "", None, "file_unreadable", refusal.code))
    gathered.sources.append((_name(path), None, None, 0, 0, refusal.code))


def _name(path: Path) -> str:
    """Name that can be written: a file system may hold bytes that are no text."""
    return path.name.encode("utf-8", "backslashreplace").decode()


def _sheet(gathered: _Gathered, grid: Grid) -> None:
    table = None if grid.sheet.startswith("_") else gathered.schema.table_named(grid.sheet)
    if table is None:
        reason = "underscore" if grid.sheet.startswith("_") else "no_table"
        gathered.sources.append((grid.file, grid.sheet, None, 0, 0, reason))
        return
    gathered.faults += [Fault(grid.file, grid.sheet, table.name, "note", note) for note in grid.notes]
    if grid.reason:
        what = data("reasons")[grid.reason]["en"]
        refusal = SourceError(f"{grid.file}, {grid.sheet}", what, " ".join(grid.notes), code=grid.reason)
        gathered.refusals.append(refusal)
        gathered.faults.append(Fault(grid.file, grid.sheet, table.name, "sheet_unreadable", grid.reason))
        gathered.sources.append((grid.file, grid.sheet, table.name, 0, 0, grid.reason))
        return
    part, hidden = _part(gathered, grid, table)
    gathered.parts[table.name].append(part)
    seen = None if grid.visible else "hidden"
    gathered.sources.append((grid.file, grid.sheet, table.name, len(part.rows), hidden, seen))


def _part(gathered: _Gathered, grid: Grid, table: Table) -> tuple[Part, int]:
    filled = np.flatnonzero(_filled(grid))
    if not len(filled):
        gathered.faults.append(Fault(grid.file, grid.sheet, table.name, "no_header"))
        return Part(grid.file, grid.sheet, np.empty(0, dtype=np.int64), {}, {}, {}), 0
    header, body = filled[0], filled[1:]
    numbers, extras = _headers(gathered, grid, table, int(header))
    text = {name: grid.text[number - 1][body] for name, number in numbers.items()}
    kind = {name: grid.kind[number - 1][body] for name, number in numbers.items()}
    _mark(kind, body + 1, gathered.marks.get(table.name, ()))
    others = {name: grid.text[number - 1][body] for name, number in extras.items()}
    hidden = sum(int(row) + 1 in grid.hidden_rows for row in body) if grid.hidden_rows else 0
    gathered.faults += _remarks(grid, table, int(header), hidden)
    return Part(grid.file, grid.sheet, body + 1, {**numbers, **extras}, text, kind, others), hidden


def _filled(grid: Grid) -> np.ndarray:
    """Rows with something in them; blanks alone are nothing, an error or a formula is something."""
    height = len(grid.text[0]) if grid.text else 0
    filled = np.ones(height, dtype=bool)
    blank = np.arange(height)  # so far: the first column, the key, leaves few rows to look further
    for text, kind in zip(grid.text, grid.kind, strict=True):
        said = np.fromiter((bool(cell.strip()) for cell in text[blank]), dtype=bool, count=len(blank))
        blank = blank[~said & (kind[blank] == 0)]
    filled[blank] = False
    return filled


def _headers(gathered: _Gathered, grid: Grid, table: Table, row: int) -> tuple[dict[str, int], dict[str, int]]:
    """Column numbers of the model's columns, and of those it does not know; faults said as they are met."""
    numbers: dict[str, int] = {}
    extras: dict[str, int] = {}
    for number, texts in enumerate(grid.text, 1):
        said = str(texts[row]).strip()
        name = table.names.get(heading(said)) if said else None
        cell = f"{letters(number)}{row + 1}"
        if name and name not in numbers:
            numbers[name] = number
        elif name:
            gathered.faults.append(Fault(grid.file, grid.sheet, table.name, "header_twice", name, cell))
            extras[f"{said} ({letters(number)})"] = number
        elif said:
            hint = closest(heading(said), table.names) or ""
            meant = table.names.get(hint, "")
            gathered.faults.append(Fault(grid.file, grid.sheet, table.name, "unknown_column", said, cell, meant))
            extras[said if said not in extras else f"{said} ({letters(number)})"] = number
        elif any(texts[row + 1 :] != ""):
            gathered.faults.append(Fault(grid.file, grid.sheet, table.name, "column_unnamed", letters(number), cell))
            extras[letters(number)] = number
    for column in table.columns.values():
        if column.required and column.name not in numbers:
            gathered.faults.append(Fault(grid.file, grid.sheet, table.name, "column_missing", column.name))
    return numbers, extras


def _remarks(grid: Grid, table: Table, header: int, hidden: int) -> list[Fault]:
    merged = [area for area in grid.merged if int("".join(filter(str.isdigit, area.split(":")[-1]))) > header + 1]
    remarks = [Fault(grid.file, grid.sheet, table.name, "merged", area, area.split(":")[0]) for area in merged]
    if hidden:
        remarks.append(Fault(grid.file, grid.sheet, table.name, "hidden_rows", str(hidden)))
    return remarks
