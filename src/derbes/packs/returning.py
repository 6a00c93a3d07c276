"""Returned workbooks, read and never written: which pack each is, and every cell that differs from what went out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.cells import UNKNOWN_STATES, Kind, State, read_column
from derbes.errors import SourceError
from derbes.inventory import letters
from derbes.read import guard, sources
from derbes.read.loading import load
from derbes.read.worksheet import position
from derbes.returned import address
from derbes.text import clean, words
from derbes.workbook import shown
from derbes.workbook.pack import PROPERTY
from derbes.workbook.patch import within

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.inventory import Inventory
    from derbes.packs.ledger import Base
    from derbes.schema import Column, Schema, Table

COLUMNS = ("table", "key", "column", "text", "state", "base", "book", "place")
_FAULTS = ("table", "key", "column", "text", "book", "place", "why")
_ID = re.compile(rb"""["']""" + PROPERTY.encode() + rb"""["'][^>]*>\s*<[^<>]*>([^<]*)<""")


@dataclass(frozen=True)
class Returned:
    """What lay in a folder of packs.

    ``answers`` has a row a cell that differs from what went out (`COLUMNS`; state is what came of reading it),
    ``faults`` a row a thing that could not be placed or read, with a reason code under ``why``. ``books`` maps a pack
    to the workbooks that came back for it.
    """

    answers: pd.DataFrame
    faults: pd.DataFrame
    books: dict[str, tuple[str, ...]]


@dataclass
class _Gathered:
    """What the workbooks have given so far."""

    base: Base
    schema: Schema
    answers: list[pd.DataFrame] = field(default_factory=list)
    faults: list[dict[str, str]] = field(default_factory=list)
    books: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def fault(self, why: str, book: str, **said: str) -> None:
        self.faults.append({**dict.fromkeys(_FAULTS, ""), "why": why, "book": book, **said})


def returned(folder: Path, base: Base, schema: Schema) -> Returned:
    """Answers of every workbook in a folder of packs; one that nobody has touched gives none.

    A workbook is known by a document property, else by the ids of its rows. Raises SourceError where the folder
    cannot be listed.
    """
    gathered = _Gathered(base, schema)
    for source in sources(folder):
        if source.reason in {None, "written_by_derbes"}:
            _workbook(gathered, source.path)
        elif source.reason != "lock_file":
            gathered.fault("unsupported", source.path.name)
    nothing = pd.DataFrame(columns=list(COLUMNS), dtype=object)
    answers = pd.concat([nothing, *gathered.answers], ignore_index=True)
    return Returned(answers, pd.DataFrame(gathered.faults, columns=list(_FAULTS)), gathered.books)


def _workbook(gathered: _Gathered, path: Path) -> None:
    try:
        if guard.sha256(path) in {pack.sha256 for pack in gathered.base.packs}:
            return
        said = _property(path)
        if said and said.split()[0] != gathered.base.id:
            gathered.fault("other_base", path.name)
            return
        inv = load(path, titled=True)
    except SourceError as error:
        code = "no_pack" if error.code == "no_table" else error.code
        known = code in words("en")["merge"]["why"]
        gathered.fault(code if known else "unreadable", path.name)
        return
    pack = said.split()[-1] if said else _by_content(inv, gathered.base)
    if pack is None:
        gathered.fault("no_pack", path.name)
        return
    gathered.books[pack] = (*gathered.books.get(pack, ()), path.name)
    handed = next((one.keys for one in gathered.base.packs if one.name == pack), {})
    for table in handed.keys() - inv.present:
        gathered.fault("no_table", path.name, table=table)
    for fault in inv.faults:
        if fault.problem in {"sheet_unreadable", "header_twice"}:
            what = {"text": fault.what, "place": _place(fault.sheet, fault.cell or "")}
            gathered.fault(fault.problem, path.name, table=fault.table or "", **what)
    for (table, _, sheet), numbers in inv.numbers.items():
        _sheet(gathered, inv, gathered.schema.tables[table], sheet=sheet, numbers=numbers)


def _property(path: Path) -> str:
    """Base and pack that a workbook says it is; empty where it says nothing."""
    if path.suffix.lower() not in {".xlsx", ".xlsm"}:
        return ""
    with guard.Archive(path) as archive:
        found = _ID.search(archive.read("docProps/custom.xml")) if "docProps/custom.xml" in archive else None
    said = found[1].decode(errors="replace").split() if found else []
    return " ".join(said) if len(said) == 2 else ""  # noqa: PLR2004 - base and pack


def _by_content(inv: Inventory, base: Base) -> str | None:
    """Pack whose rows a workbook has most of."""
    held = {table: set(inv.keys[table]) for table in inv.present}
    counts = {
        pack.name: sum(len(held.get(table, set()) & set(keys)) for table, keys in pack.keys.items())
        for pack in base.packs
    }
    best = max(counts, key=lambda name: (counts[name], name), default=None)
    return best if best is not None and counts[best] else None


def _place(sheet: str, cell: str) -> str:
    row, column = position(cell.encode()) if cell else (0, 0)
    return address(sheet, column, row) if cell else sheet


def _sheet(gathered: _Gathered, inv: Inventory, table: Table, *, sheet: str, numbers: dict[str, int]) -> None:
    """Gather what differs on one sheet, and the rows that no id places."""
    frame = inv.tables[table.name]
    book = str(frame["file"].iat[0]) if len(frame) else inv.path.name
    at = np.flatnonzero(frame["sheet"].to_numpy() == sheet)
    if table.key not in numbers:
        gathered.fault("no_key", book, table=table.name, place=sheet)
        return
    keys, rows = inv.keys[table.name][at].astype(str), frame["row"].to_numpy()[at]
    base = gathered.base.cells.get(table.name)
    known = np.isin(keys, [] if base is None else base.index.to_numpy())
    for key, row in zip(keys[~known], rows[~known], strict=True):
        why, cell = ("no_id" if key.startswith("~") else "no_row"), f"{letters(numbers[table.key])}{row}"
        gathered.fault(why, book, table=table.name, key=key, place=_place(sheet, cell))
    at, keys, rows = at[known], keys[known], rows[known]
    if base is None or not len(at):
        return
    places = {"keys": keys, "rows": rows, "at": at}
    covered = [fault.what for fault in inv.faults if fault.problem == "merged" and fault.sheet == sheet]
    for name in [name for name in table.columns if name not in numbers]:
        gathered.fault("no_heading", book, table=table.name, column=name, place=sheet)
    for name, number in numbers.items():
        if name in table.columns and name != table.key:
            told = _column(gathered, inv, table, name, base=base[name].reindex(keys), places=places)
            told["place"] = [address(sheet, number, row) for row in told.pop("row")]
            hidden = np.array([_covered(place, covered) for place in told["place"]], dtype=bool)
            for key, place in told.loc[hidden, ["key", "place"]].itertuples(index=False):
                gathered.fault("merged", book, table=table.name, key=key, column=name, place=place)
            gathered.answers.append(told[~hidden].assign(table=table.name, column=name, book=book))


def _column(
    gathered: _Gathered, inv: Inventory, table: Table, name: str, *, base: pd.Series[Any], places: dict[str, Any]
) -> pd.DataFrame:
    """Cells of a column that say something else than what went out: key, row, text, state, base."""
    column, schema, at = table.columns[name], gathered.schema, places["at"]
    said = inv.raw[table.name][name].to_numpy(dtype=object)[at]
    kinds = inv.kinds[table.name].get(name)
    kind = np.zeros(len(at), np.int8) if kinds is None else kinds[at]
    old = base.to_numpy(dtype=object)
    out = shown(base.reset_index(drop=True), column, schema, gathered.base.lang).to_numpy(dtype=object)
    odd = np.flatnonzero(((said != out) & (said != old)) | (kind >= Kind.ERROR))
    values, states = read_column(column, schema, said[odd], kind[odd])
    same = alike(said[odd], out[odd]) & (kind[odd] < Kind.ERROR)
    same |= equal((values, states), read_column(column, schema, old[odd], None))
    kept = odd[~same]
    told = {"key": places["keys"][kept], "row": places["rows"][kept], "text": said[kept], "base": old[kept]}
    return pd.DataFrame({**told, "state": states[~same]})


def alike(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where texts differ by no more than spaces, line breaks and the time of a day."""
    pairs = zip(one, other, strict=True)
    return np.array([_bare(first) == _bare(second) for first, second in pairs], dtype=bool)


def _bare(said: str) -> str:
    return clean(said).removesuffix("T00:00:00")


def equal(one: tuple[Any, np.ndarray], other: tuple[Any, np.ndarray]) -> np.ndarray:
    """Where two readings of a column mean the same: the same value, or both unknown."""
    good = (State.OK, State.NONE, State.ALL)
    (values, states), (others, stays) = one, other
    unknown = np.isin(states, UNKNOWN_STATES) & np.isin(stays, UNKNOWN_STATES)
    sound = np.isin(states, good) & np.isin(stays, good)
    return unknown | (sound & np.array([a == b for a, b in zip(values, others, strict=True)], dtype=bool))


def readings(column: Column, schema: Schema, texts: Any) -> tuple[Any, np.ndarray]:  # noqa: ANN401 - a series or an array
    """Values and states of texts read as a column."""
    return read_column(column, schema, np.asarray(texts, dtype=object), None)


def _covered(place: str, areas: list[str]) -> bool:
    """Whether a cell lies in a merged area, and is not the one that shows."""
    row, column = position(place.rpartition("!")[2].encode())
    return any(within(area, row, column, corner=False) for area in areas)
