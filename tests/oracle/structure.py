"""What the structure rules have to find, from the texts of the cells and from the files themselves."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

import openpyxl

from derbes import period
from oracle.cells import BLANKS, cited, elements, fault, heading, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from derbes.inventory import Inventory
    from derbes.schema import Column, Table

#: One finding: rule, table, key.
Pair = tuple[str, str, str]
KINDS = frozenset({
    "required", "unreadable", "number", "invalid", "closed_list", "homoglyph", "space", "slug", "comma",
    "reference", "unique", "duplicate", "near_duplicate", "unused",
})  # fmt: skip


class Facts:
    """An inventory's texts, the verdicts on its cells, and the keys of its rows."""

    def __init__(self, inv: Inventory) -> None:
        self.inv = inv
        self.model = inv.schema.tables

    @cached_property
    def verdicts(self) -> dict[str, pd.DataFrame]:
        """Verdicts by table."""
        return {table: verdicts(self.inv, table) for table in self.model}

    @cached_property
    def keys(self) -> dict[str, list[str]]:
        """Keys by table: the id, or ~ and 8 hex of the row where there is no good one."""
        return {
            name: [self._key(table, row) for row in range(len(self.inv.raw[name]))]
            for name, table in self.model.items()
        }

    def _key(self, table: Table, row: int) -> str:
        if not self.verdicts[table.name][table.key].iat[row]:
            return cited(table.columns[table.key], self.inv.raw[table.name][table.key].iat[row].strip(" \t\r\n"))
        content = json.dumps(list(self.inv.raw[table.name].iloc[row]), ensure_ascii=False)
        return "~" + hashlib.sha256(content.encode()).hexdigest()[:8]

    def named(self, table: str, column: Column) -> Iterator[tuple[int, str]]:
        """Row and id of every well-formed reference of a column."""
        cells = zip(self.inv.raw[table][column.name], self.verdicts[table][column.name], strict=True)
        for row, (text, said) in enumerate(cells):
            if said not in {"empty", "placeholder", "none", "all", "unreadable", "number"}:
                yield from ((row, cited(column, part)) for part in elements(column, text) if not fault(column, part))

    @cached_property
    def ids(self) -> dict[str, set[str]]:
        """Ids that can be referred to, by table."""
        return {table: {key for key in keys if not key.startswith("~")} for table, keys in self.keys.items()}


def structure(facts: Facts) -> Iterator[Pair]:
    """Findings of all structure rules over cells and rows."""
    for name, table in facts.model.items():
        if name in facts.inv.present:
            for column in table.columns.values():
                for kind, row in _cells(facts, name, column):
                    yield f"structure.{kind}.{name}.{column.name}", name, facts.keys[name][row]
            for kind, key in _rows(facts, table):
                yield f"structure.{kind}.{name}.{table.key}", name, key


def _cells(facts: Facts, table: str, column: Column) -> Iterator[tuple[str, int]]:
    for row, said in enumerate(facts.verdicts[table][column.name]):
        if said in {"empty", "placeholder"}:
            if column.required and not _excused(facts, table, column, row):
                yield "required", row
        elif said not in {"", "none", "all"}:
            yield said, row
    for row, named in facts.named(table, column) if column.type == "ref" else ():
        if named not in {"none", "all"} and named not in facts.ids[column.to or ""]:
            yield "reference", row


def _excused(facts: Facts, table: str, column: Column, row: int) -> bool:
    """Whether another cell of the row says that this one need not be filled in."""
    for other, values in column.required_unless.items():
        text = facts.inv.raw[table][other].iat[row]
        if text.strip(BLANKS) and period.parse(text).kind in values:
            return True
    return False


def _rows(facts: Facts, table: Table) -> Iterator[tuple[str, str]]:
    keys = facts.keys[table.name]
    if not table.one_row:
        yield from (("unique", key) for key in facts.ids[table.name] if keys.count(key) > 1)
        for group in _groups(_contents(facts, table)):
            if len({keys[row] for row in group}) > 1:
                yield "duplicate", max(keys[row] for row in group)
    if table.distinct:
        for group in _groups(_names(facts, table)):
            yield "near_duplicate", max(keys[row] for row in group)
    if table.referenced:
        yield from (("unused", key) for key in facts.ids[table.name] - _referred(facts, table.name))


def _groups(facts: list[Any]) -> Iterator[list[int]]:
    places = defaultdict(list)
    for row, fact in enumerate(facts):
        if fact is not None:
            places[fact].append(row)
    return (rows for rows in places.values() if len(rows) > 1)


def _contents(facts: Facts, table: Table) -> list[Any]:
    """All that a row says beside its key, where it says more than one thing."""
    said = facts.inv.raw[table.name].drop(columns=table.key)
    full = facts.verdicts[table.name].drop(columns=table.key).ne("empty").sum(axis=1)
    return [tuple(row) if many > 1 else None for row, many in zip(said.to_numpy(), full, strict=True)]


def _names(facts: Facts, table: Table) -> list[Any]:
    """What tells rows apart, in lower case and in the order of the alphabet; none for copies of another row."""
    said = facts.inv.raw[table.name].drop(columns=table.key)
    copies = said.duplicated(keep=False)
    names: list[Any] = []
    for row in range(len(said)):
        parts = [_name(facts, table, column, row) for column in table.distinct]
        names.append(None if copies.iat[row] or None in parts else tuple(parts))
    return names


def _name(facts: Facts, table: Table, column: str, row: int) -> str | None:
    if facts.verdicts[table.name][column].iat[row] in {"empty", "placeholder", "unreadable", "number"}:
        return None
    text = facts.inv.raw[table.name][column].iat[row]
    if table.columns[column].type == "text":
        folded = unicodedata.normalize("NFKC", text).casefold().replace("\u0451", "\u0435")
        glued = re.sub("(?<=\\w)[-.'\u2010\u2011\u2019\u02bc](?=\\w)", "", folded)
        return " ".join(sorted(set(re.sub(r"[\W_]+", " ", glued).split())))
    value = facts.inv.tables[table.name][column].iat[row]
    return str(value)


def _referred(facts: Facts, to: str) -> set[str]:
    """Ids of a table that any cell anywhere refers to; all of them where a cell says *all*."""
    found: set[str] = set()
    for name, table in facts.model.items():
        for column in table.columns.values():
            if column.to == to:
                if "all" in set(facts.verdicts[name][column.name]):
                    return facts.ids[to]
                found |= {named for _, named in facts.named(name, column)}
    return facts.ids[to] if "all" in found else found


def sheets(facts: Facts) -> Iterator[Pair]:
    """Findings about files, sheets and whole tables."""
    inv = facts.inv
    for name, table in facts.model.items():
        if table.required and name not in inv.present:
            yield "structure.table.missing", name, "*"
        elif table.required and not len(inv.raw[name]):
            yield "structure.table.empty", name, "*"
        if table.one_row and len(inv.raw[name]) > 1:
            yield "structure.table.rows", name, "*"
    files = [inv.path] if inv.path.is_file() else sorted(inv.path.iterdir())
    for path in files:
        for sheet, rows, merged, hidden in _sheets(path):
            table = next(
                (t for t in facts.model.values() if heading(sheet) in map(heading, (t.name, *t.title.values()))), None
            )
            if table and not sheet.startswith("_"):
                problems = {
                    *_header(table, rows),
                    *(["merged"] if merged else ()),
                    *(["hidden_rows"] if hidden else ()),
                }
                yield from ((f"structure.sheet.{problem}", table.name, sheet) for problem in problems)


def _sheets(path: Path) -> Iterator[tuple[str, list[list[str]], bool, bool]]:
    """Sheets of a file: name, cells, whether cells below the header are merged and rows hidden."""
    if path.suffix == ".csv" and path.name != "decisions.csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            top = file.readline()
            file.seek(0)
            rows = list(csv.reader(file, delimiter=";" if top.count(";") >= top.count(",") else ","))
        yield path.stem, rows, False, False
    elif path.suffix == ".xlsx" and not path.name.startswith("~$"):
        for sheet in openpyxl.load_workbook(path).worksheets:
            rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
            top = next((number for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)), 0)
            merged = any(area.max_row > top for area in sheet.merged_cells.ranges)
            yield sheet.title, rows, merged, _hidden(sheet, top, rows)


def _hidden(sheet: Any, top: int, rows: list[list[str]]) -> bool:
    below = [number for number, row in enumerate(rows, 1) if number > top and any(cell.strip() for cell in row)]
    return any(sheet.row_dimensions[number].hidden for number in below)


def _header(table: Table, rows: list[list[str]]) -> Iterator[str]:
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        yield "no_header"
        return
    meant = {heading(word): c.name for c in table.columns.values() for word in (c.name, *c.title.values())}
    names = [meant.get(heading(cell)) if cell.strip() else "" for cell in filled[0]]
    known = [name for name in names if name]
    if len(known) > len(set(known)):
        yield "header_twice"
    if None in names:
        yield "unknown_column"
    width = max(map(len, filled))
    bare = [i for i in range(width) if i >= len(names) or names[i] == ""]
    if any(row[i].strip() for row in filled[1:] for i in bare if i < len(row)):
        yield "column_unnamed"
    if any(column.required and column.name not in known for column in table.columns.values()):
        yield "column_missing"
