"""Packs dealt, answered as people answer them, and brought back."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openpyxl
from conftest import DAY

from derbes import packs
from derbes.auditing import audit
from derbes.packs.ledger import read
from derbes.schema import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from derbes.packs import Merge


@dataclass(frozen=True)
class Dealt:
    """A folder of packs in Russian, and the inventory that they are of."""

    folder: Path
    home: Path

    def book(self, table: str, key: str) -> Path:
        """Path of the pack that has a row, as it was handed out."""
        found = next(pack for pack in read(self.folder).packs if key in pack.keys.get(table, ()))
        return self.folder / found.file

    def edit(self, path: Path, table: str, change: Callable[[Any], None]) -> Path:
        """Change the sheet of a table in a pack, saved by another library."""
        book = openpyxl.load_workbook(path)
        change(book[load().tables[table].title["ru"]])
        book.save(path)
        return path

    def answer(self, table: str, key: str, **cells: object) -> Path:
        """Write into cells of a row in the pack that has it."""
        return self.edit(self.book(table, key), table, lambda sheet: write(sheet, table, key, **cells))

    def merge(self) -> Merge:
        """What the folder comes to."""
        return packs.merge(self.folder, self.home)

    def apply(self) -> tuple[str, ...]:
        """Bring the answers into the inventory."""
        return packs.apply(self.merge().prepared)


def write(sheet: Any, table: str, key: str, **cells: object) -> None:
    """Write into cells of a row of a sheet whose columns are in the model's order."""
    columns = list(load().tables[table].columns)
    row = next(one[0].row for one in sheet.iter_rows() if one[0].value == key)
    for column, value in cells.items():
        sheet.cell(row, columns.index(column) + 1).value = value


def copied(dealt: Dealt, folder: Path) -> Dealt:
    """Packs and inventory of a test's own."""
    return Dealt(shutil.copytree(dealt.folder, folder / "packs"), shutil.copytree(dealt.home, folder / "home"))


def changes(merge: Merge) -> list[tuple[str, str, str, str]]:
    """Table, key, column and new text of what is to change."""
    return [(row.table, row.key, row.column, row.text) for row in merge.changes.itertuples()]


def refusals(merge: Merge) -> list[tuple[str, str, str]]:
    """Key or text, column and reason of what is not taken."""
    return [(row.key, row.column, row.why) for row in merge.refused.itertuples()]


def deal(home: Path, folder: Path) -> Dealt:
    """Packs of an inventory, in Russian, audited by one rule."""
    done = audit(home, as_of=DAY, before="none", only=["structure.required.systems.owner"])
    packs.hand_out(done, folder, until=dt.date(2026, 10, 14))
    return Dealt(folder, home)
