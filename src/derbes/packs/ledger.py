"""packs.json: what was handed out, cell by cell, so that what comes back can be told from what was there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes.errors import SourceError
from derbes.read import guard
from derbes.schema import load as load_schema
from derbes.text import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.inventory import Inventory
    from derbes.workbook.pack import Pack

FILE, SCHEMA = "packs.json", "derbes.packs/1"


@dataclass(frozen=True)
class Handed:
    """One workbook as it was handed out: its name, file, owner (None: nobody's), SHA-256, and keys by table."""

    name: str
    file: str
    owner: str | None
    sha256: str
    keys: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Base:
    """What was handed out: its id, language, operator, the packs, and raw texts by table with the key as index."""

    id: str
    lang: str
    operator: str
    packs: tuple[Handed, ...]
    cells: dict[str, pd.DataFrame]


def identify(inv: Inventory, packs: tuple[Pack, ...]) -> str:
    """16 hex that two dealings share only when the same rows went to the same owners from the same inventory."""
    handed = [[pack.name, pack.owner, {table: _cells(rows) for table, rows in pack.rows.items()}] for pack in packs]
    content = json.dumps([inv.digest, handed], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def written(inv: Inventory, packs: tuple[Pack, ...], sums: dict[str, str], *, lang: str, name: str) -> str:
    """Text of packs.json; ``sums`` are the SHA-256 of the workbooks by file."""
    listed = [
        {"name": p.name, "file": p.file, "owner": p.owner, "sha256": sums[p.file], "rows": _cells_by_table(p)}
        for p in packs
    ]
    head = {"schema": SCHEMA, "id": name, "operator": inv.operator_id, "inventory": inv.digest, "lang": lang}
    columns = {table: list(inv.schema.tables[table].columns) for pack in packs for table in pack.rows}
    return (
        json.dumps({**head, "columns": columns, "packs": listed}, ensure_ascii=False, indent=0, sort_keys=True) + "\n"
    )


def _cells(rows: pd.DataFrame) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in rows.to_numpy().tolist()]


def _cells_by_table(pack: Pack) -> dict[str, list[list[str]]]:
    return {table: _cells(rows) for table, rows in pack.rows.items()}


def read(folder: Path) -> Base:
    """Base that a folder of packs was dealt from. Raises SourceError where there is none, or it is no longer whole."""
    path = folder / FILE
    if not path.is_file():
        remedy = "Name the folder that derbes packs wrote, with its packs.json."
        raise SourceError(str(folder), f"holds no {FILE}", remedy, code="missing")
    try:
        with guard.opened(path) as file:
            content = json.loads(file.read().decode("utf-8"))
        return _base(content)
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(FILE, "is not as derbes wrote it", "Take it from the folder as it was dealt.") from error


def _base(content: dict[str, Any]) -> Base:
    tables = load_schema().tables
    if content["schema"] != SCHEMA or content["lang"] not in LANGUAGES:
        raise KeyError("schema")
    parts: dict[str, list[pd.DataFrame]] = {}
    packs = []
    for one in content["packs"]:
        keys = {}
        for table, rows in one["rows"].items():
            frame = pd.DataFrame(rows, columns=content["columns"][table], dtype=object)
            frame = frame.set_index(tables[table].key, drop=False)
            keys[table] = tuple(frame.index)
            if not frame.index.is_unique:
                raise KeyError(table)
            parts.setdefault(table, []).append(frame)
        packs.append(Handed(one["name"], one["file"], one["owner"], one["sha256"], keys))
    cells = {table: pd.concat(found) for table, found in parts.items()}
    return Base(content["id"], content["lang"], content["operator"], tuple(packs), cells)
