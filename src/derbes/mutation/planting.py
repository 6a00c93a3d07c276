"""Defects planted in memory: an inventory as if the cells had been written so, and which facts of it are new."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from derbes.inventory import Fault, Part, build, rearranged, rewritten
from derbes.mutation.watching import ALL, PARTS, Fact
from derbes.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from derbes.inventory import Inventory
    from derbes.mutation.defects import Defect
    from derbes.schema import Column, Schema, Table

_SAMPLED = 3


def planted(inv: Inventory, together: Iterable[Defect]) -> tuple[Inventory, set[Fact]]:
    """Inventory with the defects in it, and the facts that may differ from those of the one without."""
    spoiled, changed = inv, set[Fact]()
    for defect in together:
        before = spoiled
        if defect.order is not None:
            spoiled = rearranged(spoiled, defect.table, defect.order)
            changed |= {(part, defect.table, ALL) for part in PARTS}
        if defect.cells:
            spoiled = rewritten(spoiled, defect.table, defect.cells)
            changed |= _changed(before, spoiled, defect) if defect.order is None else set()
        if defect.absent:
            spoiled = replace(spoiled, present=spoiled.present - {defect.table})
        if defect.fault:
            spoiled = replace(spoiled, faults=(*spoiled.faults, _fault(inv, defect)))
    return spoiled, changed


def _fault(inv: Inventory, defect: Defect) -> Fault:
    """The fault as the reader would tell it of the first sheet of the table."""
    own = inv.sources[inv.sources["table"] == defect.table]
    file, sheet = (str(own[name].iat[0]) if len(own) else defect.table for name in ("file", "sheet"))
    key = inv.schema.tables[defect.table].key
    return Fault(file, sheet, defect.table, str(defect.fault), what=key)


def _changed(before: Inventory, after: Inventory, defect: Defect) -> set[Fact]:
    table = defect.table
    columns = {cell.column for cell in defect.cells}
    facts: set[Fact] = {("raw", table, column) for column in columns}
    for column in columns:
        if not before.tables[table][column].equals(after.tables[table][column]):
            facts.add(("tables", table, column))
        if not np.array_equal(before.states[table][column], after.states[table][column]):
            facts.add(("states", table, column))
    if not np.array_equal(before.keys[table], after.keys[table]):
        facts.add(("keys", table, ALL))
    return facts


def written(tables: Mapping[str, list[dict[str, Any]]]) -> Inventory:
    """Inventory of rows given as texts, one sheet a table, as the examples of a rule are."""
    schema = load()
    parts = {table: [_part(table, rows)] for table, rows in tables.items()}
    sources = [(f"{table}.csv", table, table, len(rows), 0, None) for table, rows in tables.items()]
    columns = ["file", "sheet", "table", "rows", "hidden_rows", "reason"]
    told = pd.DataFrame(sources, columns=columns)
    return build(Path("examples"), schema, parts, sources=told, faults=[], hashes={})


def sampled() -> Inventory:
    """Inventory that the model alone can make: a few rows a table, every cell filled with what its column takes."""
    schema = load()
    rows = {
        table.name: [
            {column.name: _filled(schema, table, column, number) for column in table.columns.values()}
            for number in range(1, 2 if table.one_row else _SAMPLED + 1)
        ]
        for table in schema.tables.values()
    }
    return written(rows)


def _filled(schema: Schema, table: Table, column: Column, number: int) -> str:
    """Text that the column takes, another one in every row."""
    if column.to:
        return "none" if column.to == table.name or schema.tables[column.to].one_row else f"{column.to}-{number}"
    if column.type == "choice":
        codes = [*schema.lists[column.list or ""]]
        return codes[number % len(codes)]
    dated = {
        "date": f"2026-01-{number:02d}",
        "number": f"{number}",
        "flag": "yes",
        "country": "KZ",
        "period": f"P{number}Y",
    }
    named = {"id": f"{table.name}-{number}", "basis": "consent", "code": f"A-{number}"}
    return {**dated, **named}.get(column.type, f"{column.name} {number}")


def _part(table: str, rows: list[dict[str, Any]]) -> Part:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = {name: np.array([str(row.get(name, "")) for row in rows], dtype=object) for name in names}
    kind = {name: np.zeros(len(rows), dtype=np.int8) for name in names}
    numbers = {name: number for number, name in enumerate(names, 1)}
    return Part(f"{table}.csv", table, np.arange(2, len(rows) + 2), numbers, text, kind)
