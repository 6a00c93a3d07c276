"""Answers written into the inventory's files: all prepared first, then put in place one by one."""

from __future__ import annotations

import contextlib
import datetime as dt
import glob
import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.cells import State
from derbes.errors import OutputError
from derbes.latch import latched
from derbes.packs import records
from derbes.packs.returning import readings
from derbes.read import grids
from derbes.read.worksheet import position
from derbes.workbook import patched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from derbes.cells import Grid
    from derbes.inventory import Inventory
    from derbes.schema import Column

_SPLIT = re.compile(r"\s*[;\r\n]+\s*")
_BLANK = " \t\r\n\u00a0"


@dataclass(frozen=True)
class Prepared:
    """What is to be written: new bytes by file, the SHA-256 that it had, its cells (sheet, row, column) that change.

    ``home`` is the inventory's folder, ``refused`` a reason code by number (``at``) of an answer not taken.
    """

    home: Path
    files: dict[Path, bytes]
    sums: dict[Path, str]
    places: dict[Path, frozenset[tuple[str, int, int]]]
    refused: dict[int, str]


def prepared(inv: Inventory, answers: pd.DataFrame) -> Prepared:
    """Files with the answers in them, in memory: nothing is written yet. Raises SourceError, OutputError."""
    home = inv.path if inv.path.is_dir() else inv.path.parent
    plan = Prepared(home, {}, {}, {}, dict.fromkeys(map(int, answers.loc[answers["cell"].isna(), "at"]), "no_column"))
    placed = answers[answers["cell"].notna()]
    placed = placed.assign(value=_values(inv, placed))
    for file, part in placed.groupby("file"):
        path = (home / str(file)).resolve()
        content, left = _file(path, part)
        plan.refused.update(left)
        if content is not None and len(left) < len(part):
            spots = zip(part["sheet"], (position(str(cell).encode()) for cell in part["cell"]), strict=True)
            plan.files[path], plan.sums[path] = content, inv.hashes[str(file)]
            plan.places[path] = frozenset((sheet, *place) for sheet, place in spots)
    return plan


def _file(path: Path, answers: pd.DataFrame) -> tuple[bytes | None, dict[int, str]]:
    """Content of a file with its answers in it, and those that it does not take."""
    cells = [position(str(cell).encode()) for cell in answers["cell"]]
    if path.suffix.lower() == ".csv":
        return records.patched(path, dict(zip(cells, map(_written, answers["value"]), strict=True))), {}
    if path.suffix.lower() not in {".xlsx", ".xlsm"}:
        return None, {int(at): "no_xlsx" for at in answers["at"]}
    changes: dict[str, dict[tuple[int, int], Any]] = {}
    for sheet, cell, value in zip(answers["sheet"], cells, answers["value"], strict=True):
        changes.setdefault(sheet, {})[cell] = value
    done = patched(path, changes)
    numbers = dict(zip(zip(answers["sheet"], cells, strict=True), answers["at"], strict=True))
    return done.content, {int(numbers[place]): code for place, code in done.refused.items()}


def _written(value: Any) -> str:  # noqa: ANN401 - a text, a number or a day
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _values(inv: Inventory, answers: pd.DataFrame) -> pd.Series[Any]:
    """What to write into the cells: days and numbers as such, lists in the words that they had, texts as they are."""
    written = pd.Series("", index=answers.index, dtype=object)
    for (table, name), part in answers.groupby(["table", "column"]):
        column = inv.schema.tables[str(table)].columns[str(name)]
        texts = part["text"].str.strip(_BLANK)
        if column.type in {"date", "number"}:
            values, states = readings(column, inv.schema, part["text"])
            said = zip(values, states, texts, strict=True)
            written[part.index] = pd.Series([v if s == State.OK else t for v, s, t in said], part.index, dtype=object)
        elif column.many:
            meaning = partial(_meaning, inv, column)
            pairs = zip(part["old"], texts, strict=True)
            written[part.index] = [_worded(old, new, meaning) for old, new in pairs]
        else:
            written[part.index] = texts
    return written


def _meaning(inv: Inventory, column: Column, element: str) -> object:
    return readings(column, inv.schema, [element])[0][0]


def _worded(old: str, new: str, meaning: Callable[[str], object]) -> str:
    """List whose elements are written as they were where they mean what they meant."""
    known = {meaning(one): one for one in _SPLIT.split(old.strip()) if one}
    return "; ".join(known.get(meaning(one), one) for one in _SPLIT.split(new) if one)


def apply(plan: Prepared) -> tuple[str, ...]:
    """Put the prepared files in the place of the old ones and return their names.

    Every file is written beside its place and read back first; then one after another is renamed. Raises OutputError:
    every file is the old or the new one then, and merging again does what is left.
    """
    if not plan.files:
        return ()
    drafts = {path: path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}") for path in plan.files}
    put: list[str] = []
    try:
        with latched(plan.home / "derbes-merge", patience=0):
            _clear(plan.files)
            for path, draft in drafts.items():
                _write(path, draft, plan.files[path])
                _check(path, draft, plan.places[path])
            for path, draft in drafts.items():
                _refuse_changed(path, plan.sums[path], put)
                draft.replace(path)
                put.append(path.name)
    except OutputError:
        raise
    except OSError as error:
        where = Path(str(error.filename2 or error.filename or next(iter(plan.files)))).name
        what = f"could not be written ({error.strerror or type(error).__name__}){_said(put)}"
        remedy = "Close it in the spreadsheet program, check rights and space, then merge again: it does what is left."
        raise OutputError(where, what, remedy) from error
    finally:
        for draft in drafts.values():
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
    return tuple(put)


def _refuse_changed(path: Path, known: str, put: list[str]) -> None:
    if hashlib.sha256(path.read_bytes()).hexdigest() != known:
        raise OutputError(path.name, f"was changed meanwhile{_said(put)}", "Merge again.")


def _said(put: list[str]) -> str:
    return f"; answers are in {', '.join(put)} already" if put else "; nothing was changed"


def _clear(paths: Iterable[Path]) -> None:
    """Remove what a killed merge left beside the files."""
    for path in paths:
        for leftover in path.parent.glob(f".{glob.escape(path.stem)}.*.tmp{path.suffix}"):
            leftover.unlink(missing_ok=True)


def _write(path: Path, draft: Path, content: bytes) -> None:
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    shutil.copymode(path, draft)


def _check(path: Path, draft: Path, places: frozenset[tuple[str, int, int]]) -> None:
    """Make sure that the reader finds the old cells in the draft, but for those that were to change."""
    old, new = list(grids(path)), list(grids(draft))
    same = len(old) == len(new)
    for one, other in zip(old, new, strict=False):
        same &= path.suffix.lower() == ".csv" or one.sheet == other.sheet
        same &= one.reason == other.reason
        same &= all((one.sheet, row, column) in places for row, column in _differing(one, other))
    if not same:
        raise OutputError(path.name, "would have changed by more than the answers", "Please report it.")


def _differing(one: Grid, other: Grid) -> Iterator[tuple[int, int]]:
    """Row and column of every cell that differs between two readings of a sheet."""
    height = max([0, *map(len, one.text), *map(len, other.text)])
    for number in range(max(len(one.text), len(other.text))):
        texts = [_column(grid.text, number, height, "") for grid in (one, other)]
        kinds = [_column(grid.kind, number, height, 0) for grid in (one, other)]
        for row in np.flatnonzero((texts[0] != texts[1]) | (kinds[0] != kinds[1])):
            yield int(row) + 1, number + 1


def _column(columns: list[np.ndarray], number: int, height: int, blank: object) -> np.ndarray:
    made = np.full(height, blank, dtype=object)
    if number < len(columns):
        made[: len(columns[number])] = columns[number]
    return made
