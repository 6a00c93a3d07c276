"""The inventory in memory: typed tables, the texts they were read from, and where every cell stands."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.cells import Kind, State, read_column
from derbes.errors import Vocabulary, did_you_mean
from derbes.glance import everywhere, glance
from derbes.identity import mask, personal_kinds
from derbes.text import data

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from derbes.schema import Column, Schema, Table

PLACE = ("file", "sheet", "row")


@dataclass(frozen=True)
class Part:
    """The rows that one sheet gives to a table: texts and kinds by column, spreadsheet rows and column numbers."""

    file: str
    sheet: str
    rows: np.ndarray
    numbers: dict[str, int]
    text: dict[str, np.ndarray]
    kind: dict[str, np.ndarray]
    extras: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """Something a sheet does that no single row can say: a header twice, an unknown column, no header at all."""

    file: str
    sheet: str
    table: str | None
    problem: str
    what: str = ""
    cell: str | None = None
    hint: str = ""


@dataclass(frozen=True)
class Inventory:
    """Sixteen tables as typed frames, reachable as attributes (``inv.fields``), with their sources.

    ``tables`` has every table of the model, absent ones with no rows; ``present`` names those that were found.
    A frame has the model's columns, then ``file``, ``sheet``, ``row``. Lists are tuples (``()`` is *known to be none*,
    ``("all",)`` is *every row*), yes/no nullable booleans, dates datetime64, numbers Int64; what is unknown is missing.
    ``raw`` holds the texts, ``states`` what came of reading them, ``extras`` the columns that the model does not know.
    """

    path: Path
    schema: Schema
    tables: dict[str, pd.DataFrame]
    raw: dict[str, pd.DataFrame]
    states: dict[str, dict[str, np.ndarray]]
    kinds: dict[str, dict[str, np.ndarray]]
    numbers: dict[tuple[str, str, str], dict[str, int]]
    extras: dict[str, pd.DataFrame]
    present: frozenset[str]
    sources: pd.DataFrame
    faults: tuple[Fault, ...]
    hashes: dict[str, str]
    keys: dict[str, np.ndarray]

    def __getattr__(self, name: str) -> pd.DataFrame:
        """Return a table by its name. Raises AttributeError with the closest name."""
        tables: dict[str, pd.DataFrame] = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]
        raise AttributeError(f"an inventory has no table {name}. {did_you_mean(name, tables)}".strip())

    def __dir__(self) -> list[str]:
        """Names for tab completion, the tables among them."""
        return [*super().__dir__(), *self.tables]

    def __repr__(self) -> str:
        """One line: operator, tables, rows, files."""
        rows = sum(map(len, self.tables.values()))
        return f"<Inventory {self.operator_id}: {len(self.present)} tables, {rows} rows, {len(self.hashes)} files>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: whose inventory, the tables and how to reach them, what was left out."""
        names = [name for name in self.schema.tables if name in self.present]
        titles = [" · ".join(dict.fromkeys(self.schema.tables[name].title.values())) for name in names]
        rows = [len(self.tables[name]) for name in names]
        reached = {"name": [f".{name}" for name in names], "table": titles, "rows": rows}
        out = self.sources.loc[self.sources["reason"].notna(), ["file", "sheet", "reason"]]
        why = out["reason"].map(
            lambda code: " · ".join((data("reasons").get(code.split(":")[0]) or {"": code}).values())
        )
        left = {"file": out["file"].map(mask), "sheet": out["sheet"].map(mask, na_action="ignore"), "why": why}
        tables = (("tables", pd.DataFrame(reached)), ("left_out", pd.DataFrame(left)))
        shown = [(everywhere(name), frame.rename(columns=everywhere)) for name, frame in tables]
        called = mask(" ".join(map(str, self.tables["operator"]["name"].dropna().head(1))))
        return glance(f"{called} ({self.operator_id})" if called else self.operator_id, shown)

    @property
    def operator_id(self) -> str:
        """The operator's id, or the folder's name where the operator table does not say."""
        known = [key for key in self.keys["operator"] if not key.startswith("~")]
        return str(known[0]) if known else self.path.stem

    @property
    def digest(self) -> str:
        """SHA-256 over names and hashes of the files that were read: same digest, same inventory."""
        return hashlib.sha256(json.dumps(sorted(self.hashes.items())).encode()).hexdigest()

    @cached_property
    def remembered(self) -> dict[Any, Any]:
        """What views have worked out of the tables and may need again: it goes with the inventory."""
        return {}

    @cached_property
    def vocabulary(self) -> dict[str, Vocabulary]:
        """Keys of every table, to find the one that a dangling reference may mean."""
        return {name: Vocabulary(keys) for name, keys in self.keys.items()}

    @cached_property
    def texts(self) -> dict[str, dict[str, np.ndarray]]:
        """The same texts as ``raw``, as plain arrays: reaching a cell of a frame takes a hundred times longer."""
        return {name: {str(c): frame[c].to_numpy(dtype=object) for c in frame} for name, frame in self.raw.items()}

    @cached_property
    def _places(self) -> dict[str, list[np.ndarray]]:
        return {name: [frame[c].to_numpy(dtype=object) for c in PLACE] for name, frame in self.tables.items()}

    @cached_property
    def clause_ids(self) -> frozenset[str]:
        """Ids of the policy's clauses that the register has."""
        return frozenset(self.tables["clauses"]["clause_id"].dropna())

    @cached_property
    def clauses_of(self) -> dict[str, list[tuple[str, ...]]]:
        """Clauses of the register that each row says it comes from, by the tables that can say it."""
        known = self.clause_ids
        return {
            name: [tuple(known.intersection(cell)) if isinstance(cell, tuple) else () for cell in frame["clauses"]]
            for name, frame in self.tables.items()
            if "clauses" in frame
        }

    def address(self, table: str, position: int, column: str | None) -> tuple[str | None, str | None, str | None]:
        """File, sheet and A1 address of a row's cell; the address is None where the sheet lacks the column."""
        if position < 0:
            return None, None, None
        file, sheet, row = (places[position] for places in self._places[table])
        number = self.numbers.get((table, file, sheet), {}).get(column or "")
        return file, sheet, f"{letters(number)}{row}" if number else None


@cache
def letters(number: int) -> str:
    """Letters of a column number: 1 is A, 27 is AA."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def build(
    path: Path,
    schema: Schema,
    parts: dict[str, list[Part]],
    *,
    sources: pd.DataFrame,
    faults: list[Fault],
    hashes: dict[str, str],
) -> Inventory:
    """Inventory from the parts of its tables, in the order the sheets were read."""
    built = {name: _table(table, schema, parts.get(name, [])) for name, table in schema.tables.items()}
    return Inventory(
        path=path,
        schema=schema,
        tables={name: one.frame for name, one in built.items()},
        raw={name: one.raw for name, one in built.items()},
        states={name: one.states for name, one in built.items()},
        kinds={name: one.kinds for name, one in built.items()},
        numbers={(name, part.file, part.sheet): part.numbers for name, found in parts.items() for part in found},
        extras={name: one.extras for name, one in built.items()},
        present=frozenset(name for name, found in parts.items() if found),
        sources=sources,
        faults=tuple(faults),
        hashes=hashes,
        keys={name: one.keys for name, one in built.items()},
    )


def rewritten(inv: Inventory, table: str, cells: Iterable[tuple[int, str, str, Kind]]) -> Inventory:
    """Inventory whose cells (position, column, text, kind) of a table say something else, read as the reader would.

    Files and hashes stay as they are: the inventory is one that was never written.
    """
    model = inv.schema.tables[table]
    raw, frame = inv.raw[table].copy(deep=False), inv.tables[table].copy(deep=False)
    states, kinds = dict(inv.states[table]), dict(inv.kinds[table])
    changed: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for position, name, text, kind in cells:
        blank = np.full(len(frame), Kind.TEXT, dtype=np.int8)
        before = raw[name].to_numpy(dtype=object).copy(), kinds.get(name, blank).copy()
        texts, marks = changed.setdefault(name, before)
        texts[position], marks[position] = text, kind
    for name, (texts, marks) in changed.items():
        values, states[name] = read_column(model.columns[name], inv.schema, texts, marks)
        raw[name], frame[name] = pd.Series(texts, dtype=object), _series(model.columns[name], values)
        kinds |= {name: marks} if marks.any() else {}
    return replace(
        inv,
        tables={**inv.tables, table: frame},
        raw={**inv.raw, table: raw},
        states={**inv.states, table: states},
        kinds={**inv.kinds, table: kinds},
        keys={**inv.keys, table: _keys(model, frame, raw, states)},
    )


def rearranged(inv: Inventory, table: str, order: Iterable[int]) -> Inventory:
    """Inventory with these rows of a table, by position; a row taken twice stands below the others the second time."""
    places = np.fromiter(order, dtype=np.int64)
    frame = inv.tables[table].iloc[places].reset_index(drop=True)
    again = frame.duplicated([*PLACE])
    frame.loc[again, "row"] = int(frame["row"].max() if len(frame) else 0) + again.cumsum()[again]
    return replace(
        inv,
        tables={**inv.tables, table: frame},
        raw={**inv.raw, table: inv.raw[table].iloc[places].reset_index(drop=True)},
        states={**inv.states, table: {name: states[places] for name, states in inv.states[table].items()}},
        kinds={**inv.kinds, table: {name: kinds[places] for name, kinds in inv.kinds[table].items()}},
        extras={**inv.extras, table: inv.extras[table].iloc[places].reset_index(drop=True)},
        keys={**inv.keys, table: inv.keys[table][places]},
    )


def keyed(inv: Inventory, table: str, **more: pd.Series[Any]) -> pd.DataFrame:
    """A table by its key, to look rows up in, with further columns where given; the first of several rows of one key.

    Rows without a key are left out: pandas would take them for what an empty reference means.
    """
    key = inv.schema.tables[table].key
    return inv.tables[table].assign(**more).dropna(subset=[key]).drop_duplicates(key).set_index(key)


@dataclass(frozen=True)
class _Built:
    frame: pd.DataFrame
    raw: pd.DataFrame
    states: dict[str, np.ndarray]
    kinds: dict[str, np.ndarray]
    extras: pd.DataFrame
    keys: np.ndarray


def _table(table: Table, schema: Schema, parts: list[Part]) -> _Built:
    sizes = [len(part.rows) for part in parts]
    typed: dict[str, Any] = {}
    raw: dict[str, np.ndarray] = {}
    states: dict[str, np.ndarray] = {}
    kinds: dict[str, np.ndarray] = {}
    for name, column in table.columns.items():
        raw[name] = _joined([part.text.get(name) for part in parts], sizes, "", object)
        kind = _joined([part.kind.get(name) for part in parts], sizes, Kind.TEXT, np.int8)
        values, states[name] = read_column(column, schema, raw[name], kind)
        typed[name] = _series(column, values)
        if kind.any():
            kinds[name] = kind
    place = {
        "file": np.repeat(np.array([part.file for part in parts], dtype=object), sizes),
        "sheet": np.repeat(np.array([part.sheet for part in parts], dtype=object), sizes),
        "row": _joined([part.rows for part in parts], sizes, 0, np.int64),
    }
    extra_names = list(dict.fromkeys(name for part in parts for name in part.extras))
    extras = {name: _joined([p.extras.get(name) for p in parts], sizes, "", object) for name in extra_names}
    frame = pd.DataFrame(typed | place)
    texts = pd.DataFrame(raw, dtype=object)
    index = frame.index
    return _Built(frame, texts, states, kinds, pd.DataFrame(extras, index=index), _keys(table, frame, texts, states))


def _joined(arrays: list[np.ndarray | None], sizes: list[int], blank: object, dtype: Any) -> np.ndarray:  # noqa: ANN401 - numpy's own word
    filled = [
        np.full(size, blank, dtype=dtype) if array is None else array for array, size in zip(arrays, sizes, strict=True)
    ]
    return np.concatenate(filled).astype(dtype) if filled else np.empty(0, dtype=dtype)


def _series(column: Column, values: np.ndarray) -> pd.Series[Any]:
    if column.many:
        return pd.Series(values, dtype=object)
    if column.type == "flag":
        return pd.Series(values, dtype="boolean")
    if column.type == "number":
        return pd.Series(values, dtype="Int64")
    if column.type == "date":
        return pd.to_datetime(pd.Series(values, dtype=object)).astype("datetime64[s]")
    return pd.Series(values, dtype="str")


def _keys(table: Table, frame: pd.DataFrame, raw: pd.DataFrame, states: dict[str, np.ndarray]) -> np.ndarray:
    """Keys of the rows; an empty or broken id, or one that is a person's, becomes ~ and 8 hex of the row's content."""
    keys = frame[table.key].to_numpy(dtype=object).copy()
    broken = states[table.key] != State.OK
    if len(keys):
        broken = broken | personal_kinds(frame[table.key].fillna("")).astype(bool).to_numpy()
    for position in np.flatnonzero(broken):
        content = json.dumps([*raw.iloc[position]], ensure_ascii=False)
        keys[position] = "~" + hashlib.sha256(content.encode()).hexdigest()[:8]
    return keys
