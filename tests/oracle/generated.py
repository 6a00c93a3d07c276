"""Inventories spoiled at random: the same seed gives the same one."""

from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING

import yaml
from conftest import ROOT, write_tables

from derbes.schema import load as load_schema
from derbes.text import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Rows

    from derbes.schema import Column

_POOLS = yaml.safe_load((ROOT / "tests" / "cases" / "spoiled.yaml").read_text(encoding="utf-8"))
_MODEL = load_schema()
_NUMBER, _DATE, _ERROR, _FORMULA = "1", "2", "4", "5"


def spoiled(tables: Rows, seed: int, folder: Path) -> Path:
    """Write the tables to the folder with some fifty slips of the keyboard, and return it."""
    rng = random.Random(seed)  # noqa: S311 - a seed, not a secret
    for _ in range(rng.randint(30, 60)):
        _cell(tables, rng)
    for slip in rng.choices((_double, _copy, _alike, _drop_row, _drop_column, _rename, _drop_table, _empty), k=5):
        slip(tables, rng)
    marks = [_mark(tables, rng) for _ in range(rng.randint(0, 6))]
    write_tables(folder, tables)
    with (folder / "_cells.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["table", "record", "column", "kind"], *sorted({m[:3]: m for m in marks}.values())])
    return folder


def _place(tables: Rows, rng: random.Random) -> tuple[str, dict[str, str], Column]:
    table = rng.choice(sorted(name for name, rows in tables.items() if rows))
    row = rng.choice(tables[table])
    columns = [column for name, column in _MODEL.tables[table].columns.items() if name in row]
    return table, row, rng.choice(columns)


def _cell(tables: Rows, rng: random.Random) -> None:
    """Change one cell, mostly to something that another row or a hurried hand might have put there."""
    table, row, column = _place(tables, rng)
    said = row[column.name]
    if column.type == "id":
        row[column.name] = rng.choice(["", said.upper(), _lookalike(said), f"{said}\u00a0x", f"{said}-2", "\u2014"])
        return
    pick = rng.random()
    if pick < 0.15:
        row[column.name] = ""
    elif pick < 0.2:
        row[column.name] = rng.choice(_POOLS["placeholder"])
    elif pick < 0.27:
        row[column.name] = rng.choice(_POOLS["none"] + _POOLS["all"])
    elif pick < 0.45:
        row[column.name] = rng.choice(tables[table]).get(column.name, "")
    elif pick < 0.9:
        new = _value(tables, rng, column)
        row[column.name] = f"{said};{new}" if column.many and said and rng.random() < 0.5 else new
    elif pick < 0.97:
        row[column.name] = said.replace(";", rng.choice([", ", "\n", "/", " ; ;"])) or ";"
    else:
        row[column.name] = f"{said} {rng.choice(_POOLS['personal'])}".strip()


def _value(tables: Rows, rng: random.Random, column: Column) -> str:
    if column.type == "choice":
        listed = _MODEL.lists[column.list or ""]
        code = rng.choice(sorted(listed))
        return rng.choice([code, code, listed[code][rng.choice(LANGUAGES)], code.upper(), "purple"])
    if column.type == "ref":
        key = _MODEL.tables[column.to or ""].key
        ids = sorted({row[key] for row in tables[column.to or ""] if row.get(key)})
        one = rng.choice(ids) if ids else "nobody"
        return rng.choice([one, one, one, one, "no-such", one.upper(), _lookalike(one), f" {one} "])
    return str(rng.choice(_POOLS.get(column.type, _POOLS["text"])))


def _lookalike(said: str) -> str:
    return said.translate({ord("a"): "\u0430", ord("e"): "\u0435", ord("o"): "\u043e"})


def _double(tables: Rows, rng: random.Random) -> None:
    """The same id twice; the rows say the same but for the note."""
    table, row, _ = _place(tables, rng)
    if table != "operator":
        tables[table].append({**row, "note": "again"})


def _copy(tables: Rows, rng: random.Random) -> None:
    table, row, _ = _place(tables, rng)
    tables[table].append({**row, _MODEL.tables[table].key: f"copy-{len(tables[table])}"})


def _alike(tables: Rows, rng: random.Random) -> None:
    table, row, _ = _place(tables, rng)
    if row.get("name"):
        name = " ".join(reversed(row["name"].upper().split()))
        tables[table].append({**row, "name": name, _MODEL.tables[table].key: f"alike-{len(tables[table])}"})


def _drop_row(tables: Rows, rng: random.Random) -> None:
    table, row, _ = _place(tables, rng)
    if len(tables[table]) > 1:
        tables[table].remove(row)


def _drop_column(tables: Rows, rng: random.Random) -> None:
    table, _, column = _place(tables, rng)
    tables[table] = [{name: cell for name, cell in row.items() if name != column.name} for row in tables[table]]


def _rename(tables: Rows, rng: random.Random) -> None:
    """A heading that no column bears, or one that another column bears already."""
    table, row, column = _place(tables, rng)
    other = rng.choice([f"{column.name}2", rng.choice(sorted(row)).upper(), column.title["ru"]])
    tables[table] = [
        {other if name == column.name else name: cell for name, cell in row.items()} for row in tables[table]
    ]


def _drop_table(tables: Rows, rng: random.Random) -> None:
    if rng.random() < 0.3:
        tables.pop(rng.choice(sorted(tables)))


def _empty(tables: Rows, rng: random.Random) -> None:
    if rng.random() < 0.2:
        table, row, _ = _place(tables, rng)
        tables[table] = [dict.fromkeys(row, "")]


def _mark(tables: Rows, rng: random.Random) -> tuple[str, str, str, str]:
    """A cell that the spreadsheet program took for a number, a date, an error, or a formula without a value."""
    table, row, column = _place(tables, rng)
    while not any(row.values()):
        table, row, column = _place(tables, rng)
    record = tables[table].index(row) + 2
    kind = rng.choice([_NUMBER, _NUMBER, _DATE, _ERROR, _FORMULA])
    return table, str(record), column.name, kind
