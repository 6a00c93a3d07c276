"""Sheets and files: what each does that no row can say, and the tables that are not there."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from derbes.identity import lawful_kinds, personal_kinds
from derbes.views.registry import view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.inventory import Inventory
    from derbes.law import LawPack

_FAULT = ("file", "sheet", "table", "problem", "what", "cell", "hint")
_BLOCK = 1_000_000  # cells looked at together: most tables at once, a vast one column by column


@view("sheets", table="*")
def sheets(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a sheet or file without fault, and one a fault; ``problem`` is null in the former."""
    read = inv.sources[["file", "sheet", "table"]].assign(problem=None, what="", cell=None, hint="")
    frame = pd.concat([read, pd.DataFrame([asdict(f) for f in inv.faults], columns=list(_FAULT))], ignore_index=True)
    sub = [tuple(map(str, row)) for row in frame[["file", "sheet", "what"]].fillna("").itertuples(index=False)]
    absent = frame["sheet"].where(frame["sheet"].notna() & (frame["sheet"] != ""), frame["file"])
    return frame.astype(object).assign(origin=-1, table=frame["table"].fillna("*"), absent=absent, sub=sub)


@view("tables", table="*")
def tables(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a table of the model: whether an inventory must have it, whether it is there, how many rows it has."""
    rows = [
        (name, table.required, name in inv.present, len(inv.tables[name]), table.one_row)
        for name, table in inv.schema.tables.items()
    ]
    frame = pd.DataFrame(rows, columns=["table", "required", "present", "rows", "one_row"])
    return frame.assign(origin=-1, absent="*")


@view("texts", table="*")
def texts(inv: Inventory, _law: LawPack) -> pd.DataFrame:
    """One row a row of the inventory, and one a kind of personal value found in a cell of it; ``personal_kind``."""
    if "texts" not in inv.remembered:  # every cell is searched: once an inventory will do
        inv.remembered["texts"] = _texts(inv)
    return inv.remembered["texts"].copy(deep=False)


def _texts(inv: Inventory) -> pd.DataFrame:
    sizes = [len(frame) for frame in inv.tables.values()]
    origins = np.concatenate([np.arange(size) for size in sizes])
    clean = pd.DataFrame({"origin": origins, "table": np.repeat([*inv.tables], sizes)})
    clean = clean.assign(column=None, personal_kind=None)
    hits = [part for table in inv.tables for part in _personal(inv, table)]
    return pd.concat([clean, *hits], ignore_index=True)


def _personal(inv: Inventory, table: str) -> Iterator[pd.DataFrame]:
    """One row a cell of a table and a kind of personal value in it that the column may not hold, a block at a time."""
    raw, extras = inv.raw[table], inv.extras[table]
    cells = pd.concat([raw, extras], axis=1) if len(extras.columns) else raw
    rows, names = len(cells), np.array(cells.columns, dtype=object)
    width = max(1, _BLOCK // max(rows, 1))
    for first in range(0, len(names) if rows else 0, width):
        block = names[first : first + width]
        texts = cells.iloc[:, first : first + width].to_numpy(dtype=object)
        kinds = personal_kinds(pd.Series(texts.ravel(order="F")))
        found = kinds.to_numpy().astype(bool)
        if not found.any():
            continue
        kinds = kinds[found].explode()
        columns = block[kinds.index.to_numpy() // rows]
        frame = pd.DataFrame({"origin": kinds.index % rows, "table": table, "column": columns})
        frame = frame.assign(personal_kind=kinds.to_numpy(), sub=list(zip(columns, kinds, strict=True)))
        yield frame[[kind not in lawful_kinds(table, str(name)) for name, kind in zip(columns, kinds, strict=True)]]
