"""Defects to plant: ways in which a cell, a row or a table can go wrong, made from the model and never for a rule."""

from __future__ import annotations

import datetime as dt
import re
import zlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from derbes.cells import Kind
from derbes.identity import iin_valid, mask
from derbes.text import data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from derbes.inventory import Inventory
    from derbes.law import LawPack
    from derbes.schema import Column, Table

#: Places in which each way of going wrong is tried.
DEPTH = 2
_TAKEN = 4  # values taken from elsewhere that a column is tried with
#: Types whose values the model or the law pack lists: what other rows say adds nothing to that.
_LISTED = frozenset({"id", "ref", "choice", "flag", "country", "basis"})
_ROWS = 3  # rows of a table that are removed, one at a time
_SEPARATOR = re.compile(r"[;\r\n]+")
_NO_BREAK = "\N{NO-BREAK SPACE}"
#: Somebody who never was: twelve digits with a right check digit and the mark of no company.
_NOBODY = next(digits for tail in range(100) if iin_valid(digits := f"9913323000{tail:02d}"))


class Cell(NamedTuple):
    """One cell and what is to stand in it."""

    position: int
    column: str
    text: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Defect:
    """One thing gone wrong in a table: rows taken in another ``order``, then cells that say something else.

    ``wrong`` whatever the rules say: it has to be found at its ``column``, anywhere in the table if that is None.
    An ``absent`` table is no table at all; ``fault`` is a problem of its sheet, as the reader tells it.
    """

    operator: str
    table: str
    cells: tuple[Cell, ...] = ()
    wrong: bool = False
    order: tuple[int, ...] | None = None
    absent: bool = False
    fault: str | None = None
    column: str | None = None
    key: str = ""

    def __str__(self) -> str:
        """Table, row, column and operator, with no personal value in it."""
        place = ".".join(filter(None, [self.table, self.column]))
        return mask(f"{place} [{self.key or '*'}] {self.operator}")


class _Way(NamedTuple):
    """A way for a cell to go wrong: what it says then, None where it cannot."""

    operator: str
    said: Callable[[str], str | None]
    kind: Kind = Kind.TEXT
    wrong: bool = False


Pools = dict[tuple[str, str], list[str]]


def pools(examples: Iterable[Mapping[str, list[dict[str, Any]]]]) -> Pools:
    """Texts by table and column, as they stand in examples of rules: what a rule may look for."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for tables in examples:
        for table, rows in tables.items():
            for row in rows:
                for column, said in row.items():
                    found.setdefault((table, column), {})[str(said)] = None
    return {place: sorted(said) for place, said in found.items()}


def defects(
    inv: Inventory, law: LawPack, taken: Pools, *, depth: int = DEPTH, tables: Iterable[str] | None = None
) -> Iterator[Defect]:
    """Every defect that the model can name for an inventory, over every column of every table, always the same ones."""
    for table in inv.schema.tables.values() if tables is None else map(inv.schema.tables.__getitem__, tables):
        if not len(inv.tables[table.name]):
            continue
        for column in table.columns.values():
            yield from _of_column(
                inv,
                table,
                column,
                [*_ways(inv, law, table, column, taken=taken, count=max(depth, _TAKEN))],
                depth=depth,
            )
        yield from _moves(inv, table, depth)
        yield from _stale(inv, law, table)
        yield from _of_rows(inv, table)
    first = next((name for name in inv.schema.tables if name in inv.present), None) if tables is None else None
    yield from (Defect(f"sheet:{fault}", first, fault=fault) for fault in data("structure")["sheets"] if first)


def _of_column(inv: Inventory, table: Table, column: Column, ways: list[_Way], *, depth: int) -> Iterator[Defect]:
    texts = [str(said) for said in inv.raw[table.name][column.name]]
    for number, way in enumerate(ways):
        fitting = [place for place, said in enumerate(texts) if way.said(said) not in {None, said}]
        if way.kind != Kind.TEXT:
            fitting = [*range(len(texts))]
        for place in _spread(fitting, f"{table.name}.{column.name}.{way.operator}.{number}", depth):
            cell = Cell(place, column.name, str(way.said(texts[place])), way.kind)
            yield Defect(way.operator, table.name, (cell,), way.wrong, column=column.name, key=_key(inv, table, place))
    said = [text for text in dict.fromkeys(texts) if text.strip()]
    if column.name != table.key and said:
        # the corner of a cell dragged down: every row says what one of them says
        longest = max(said, key=len)
        cells = tuple(Cell(place, column.name, longest) for place, text in enumerate(texts) if text != longest)
        if cells:
            yield Defect("filled_down", table.name, cells, column=column.name)


def _key(inv: Inventory, table: Table, place: int) -> str:
    return str(inv.keys[table.name][place])


def _spread(places: list[int], name: str, depth: int) -> list[int]:
    """A few of the places, by chance that is always the same."""
    if len(places) <= depth:
        return places
    first = zlib.crc32(name.encode()) % len(places)
    step = max(1, len(places) // depth)
    return sorted({places[(first + step * number) % len(places)] for number in range(depth)})


def _ways(inv: Inventory, law: LawPack, table: Table, column: Column, *, taken: Pools, count: int) -> Iterator[_Way]:
    firm = column.required and not column.required_unless
    yield _Way("blank", lambda _: "", wrong=firm)
    yield _Way("placeholder", lambda _: "n/a", wrong=firm or not column.required)
    yield _Way("unreadable", lambda _: "#REF!", Kind.ERROR, wrong=True)
    free = column.type in {"text", "period"}
    yield _Way("personal", lambda said: f"{said} {_NOBODY}".strip() if free else _NOBODY, wrong=True)
    looked_for = (
        [] if column.type in {"id", "ref"} else _some(taken.get((table.name, column.name), []), column.name, count)
    )
    if column.type not in _LISTED:
        yield from map(_instead, _some(sorted(set(inv.raw[table.name][column.name]) - {""}), column.name, count))
    if column.type not in _LISTED or column.many:
        yield from map(_instead, looked_for)
    if column.many or column.type == "ref":
        yield _Way("none", lambda _: "none")
        yield _Way("all", lambda _: "all")
    values = [*_values(inv, law, table, column)]
    yield from map(_instead, values if not column.many else _some(values, column.name, count))
    if column.many:
        yield from _listed(dict.fromkeys([*values, *looked_for]), column)
    yield from _broken(column, values, one=table.one_row)


def _some(said: list[str], name: str, count: int = _TAKEN) -> list[str]:
    return [said[place] for place in _spread([*range(len(said))], name, count)]


def _instead(text: str) -> _Way:
    return _Way(f"set:{text}", lambda _: text)


def _values(inv: Inventory, law: LawPack, table: Table, column: Column) -> Iterator[str]:
    """Values that a cell of the column may lawfully hold."""
    if column.type == "choice":
        yield from inv.schema.lists[column.list or ""]
    elif column.type == "basis":
        yield from law.bases["code"]
    elif column.type in {"ref", "id"}:
        to = inv.schema.tables[column.to or table.name]
        ids = [str(key) for key in inv.keys[to.name] if not str(key).startswith("~")]
        yield from _some(ids, f"{table.name}.{column.name}")
    else:
        day = law.as_of
        shifted = [day + dt.timedelta(days=days) for days in (-4000, -400, -1, 1, 4000)]
        yield from {"date": [at.isoformat() for at in shifted]}.get(column.type, data("defects")[column.type]["lawful"])


def _listed(values: Iterable[str], column: Column) -> Iterator[_Way]:
    """Lists that grow by a value, lose their first, or are parted by commas."""
    for value in values:
        yield _Way(f"add:{value}", lambda said, value=value: _joined([*_parts(said), value]))  # type: ignore[misc]
    yield _Way("first_gone", lambda said: _joined(parts[1:]) if len(parts := _parts(said)) > 1 else None)
    yield _Way("first_alone", lambda said: parts[0] if len(parts := _parts(said)) > 1 else None)
    if column.type != "text" and len(few := [*islice(values, 2)]) > 1:
        yield _Way("comma", lambda _: ", ".join(few), wrong=True)


def _parts(said: str) -> list[str]:
    return [part.strip() for part in _SEPARATOR.split(said) if part.strip()]


def _joined(parts: list[str]) -> str:
    return "; ".join(dict.fromkeys(parts))


def _broken(column: Column, values: list[str], *, one: bool) -> Iterator[_Way]:
    """Cells that cannot be read as what the column holds, or name what is not there."""
    for text in data("defects")[column.type]["wrong"]:
        yield _Way(f"wrong:{text}", lambda _, text=text: text, wrong=True)  # type: ignore[misc]
    if column.is_code:
        yield _Way("number", lambda _: "7.1", Kind.NUMBER, wrong=True)
        yield _Way("date", lambda _: "2026-10-07", Kind.DATE, wrong=True)
    if column.type in {"id", "ref", "basis"}:
        yield _Way("capital", lambda said: f"{said}A" if said else None, wrong=True)
        yield _Way("no_break_space", lambda said: f"{said}{_NO_BREAK}x" if said else None, wrong=True)
        yield _Way("homoglyph", _lookalike, wrong=True)
    if column.type == "id":
        yield _Way("renamed", lambda said: f"{said}-x" if said else None)
        if not one:
            yield from (_Way(f"duplicate:{value}", lambda _, value=value: value, wrong=True) for value in values[:2])  # type: ignore[misc]
    if column.type == "ref" and column.many:
        yield _Way("dangling", lambda said: _joined([*_parts(said), "no-such-row"]), wrong=True)


def _lookalike(said: str) -> str | None:
    """The text with a letter of another script that looks like the Latin one; None where it has no such letter."""
    alike = {latin: letters[0] for latin, letters in data("homoglyphs").items()}
    place = next((place for place, letter in enumerate(said) if letter in alike and letter.islower()), None)
    return None if place is None else f"{said[:place]}{alike[said[place]]}{said[place + 1 :]}"


def _moves(inv: Inventory, table: Table, depth: int) -> Iterator[Defect]:
    """Values of one list that moved to its neighbour: what was asserted is denied, and the other way round."""
    lists = [column for column in table.columns.values() if column.many and column.type == "choice"]
    pairs = [(one, other) for one in lists for other in lists if one.list == other.list and one.name != other.name]
    for one, other in pairs:
        texts = inv.raw[table.name]
        full = [place for place, said in enumerate(texts[one.name]) if _parts(said)]
        for place in _spread(full, f"{one.name}.{other.name}", depth * 2):
            first, *rest = _parts(texts[one.name].iat[place])
            there = _joined([*_parts(texts[other.name].iat[place]), first])
            cells = (Cell(place, one.name, _joined(rest)), Cell(place, other.name, there))
            operator = f"moved:{other.name}"
            yield Defect(operator, table.name, cells, column=one.name, key=_key(inv, table, place))


def _stale(inv: Inventory, law: LawPack, table: Table) -> Iterator[Defect]:
    """Acts cited by a title that they no longer bear, or by that of another act."""
    if not {"act_number", "act_title"} <= set(table.columns):
        return
    for place, number in enumerate(inv.raw[table.name]["act_number"]):
        act = law.find(number) if number else None
        former = [title for titles in (act.former if act else ()) for title in titles.values()]
        for title in islice(former, DEPTH):
            cell = Cell(place, "act_title", title)
            yield Defect("stale_title", table.name, (cell,), column="act_title", key=_key(inv, table, place))
    for act in law.acts.values():
        cells: tuple[Cell, ...] = (
            Cell(0, "act_number", act.number),
            Cell(0, "act_title", act.title("ru") or act.number),
        )
        cells += (Cell(0, "act_date", act.adopted.isoformat()),) if "act_date" in table.columns else ()
        yield Defect(f"act:{act.number}", table.name, cells, column="act_number", key=_key(inv, table, 0))


def _of_rows(inv: Inventory, table: Table) -> Iterator[Defect]:
    """Rows removed, standing twice, or written again under another id; the table empty, not there, or ill kept."""
    name, rows = table.name, [*range(len(inv.tables[table.name]))]
    for number, place in enumerate(_spread(rows, name, _ROWS)):
        key = _key(inv, table, place)
        yield Defect("row_gone", name, order=tuple(row for row in rows if row != place), key=key)
        twice, own = (*rows, place), None if table.one_row else table.key
        if number == 0:
            yield Defect("row_twice", name, order=twice, key=key, wrong=True, column=own)
            again = Cell(len(rows), table.key, f"{key.strip('~')}-x")
            yield Defect("row_copied", name, (again,), order=twice, key=key)
            yield Defect("row_alike", name, (again, Cell(len(rows), "note", "another")), order=twice, key=key)
    yield Defect("table_empty", name, order=(), wrong=table.required)
    yield Defect("table_absent", name, order=(), wrong=table.required, absent=True)
