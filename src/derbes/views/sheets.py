"""Sheets and files: what each does that no row can say, and the tables that are not there."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pandas as pd

from derbes.identity import lawful_kinds, personal_kinds
from derbes.views.registry import view

if TYPE_CHECKING:
    from derbes.inventory import Inventory
    from derbes.law import LawPack

_FAULT = ("file", "sheet", "table", "problem", "what", "cell", "hint")


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
        parts = [_texts(inv, table) for table in inv.tables]
        inv.remembered["texts"] = pd.concat(parts, ignore_index=True).astype({"origin": int})
    return inv.remembered["texts"].copy(deep=False)


def _texts(inv: Inventory, table: str) -> pd.DataFrame:
    clean = pd.DataFrame({"origin": range(len(inv.tables[table]))}).assign(table=table, column=None, personal_kind=None)
    found = [clean]
    cells = {**inv.raw[table], **inv.extras[table]} if len(clean) else {}
    for column, said in cells.items():
        kinds = personal_kinds(pd.Series(said).reset_index(drop=True))
        kinds = kinds[kinds.astype(bool)].explode()
        kinds = kinds[[kind not in lawful_kinds(table, str(column)) for kind in kinds]]
        hits = pd.DataFrame(
            {"origin": kinds.index, "table": table, "column": column, "personal_kind": kinds.to_numpy()}
        )
        found.append(hits.assign(sub=[(str(column), kind) for kind in kinds]))
    return pd.concat(found, ignore_index=True)
