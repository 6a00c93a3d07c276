"""What a line of a returned workbook says: decision, owner, until, comment, and what keeps them from being taken."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from derbes.cells import Kind, State, read_cells
from derbes.decisions import CODES, CONTENT
from derbes.identity import mask, personal
from derbes.schema import load as load_schema
from derbes.text import LANGUAGES, clean, heading, placeholder, words

if TYPE_CHECKING:
    from derbes.returned import Cell, Line

_NEEDED = ("owner", "until", "comment")
_LONG = 60  # letters of a cell that are repeated


@dataclass(frozen=True)
class Remark:
    """Something to say about a cell: a code of ``decide.faults`` in the words of the language, and what it names."""

    code: str
    place: str
    said: str = ""


@dataclass
class Said:
    """What a line says, cleaned: decision, owner, until, comment; ``faults`` keep it from being taken."""

    content: tuple[str, ...]
    faults: list[Remark]
    remarks: list[Remark]


def understood(line: Line) -> Said:
    """What a line says, in whatever language and form; what cannot be understood is a fault of its cell."""
    said = Said((), [Remark("twice", line.cells[name].place) for name in line.twice if name != "rule"], [])
    content = []
    for name in CONTENT:
        cell = line.cells[name]
        if cell.kind in {Kind.ERROR, Kind.FORMULA}:
            said.faults.append(Remark("unreadable", cell.place))
        content.append(_PARTS[name](cell, said))
    said.content = tuple(content)
    return said


def _decision(cell: Cell, said: Said) -> str:
    bare = heading(cell.text)
    found = _labels().get(bare, "")
    if bare and not found:
        said.faults.append(Remark("unknown_decision", cell.place, mask(clean(cell.text))[:_LONG]))
    return found


def _labels() -> dict[str, str]:
    said = {heading(words(lang)["workbook"]["decisions"][code]): code for lang in LANGUAGES for code in CODES}
    return said | {heading(code): code for code in CODES}


def _owner(cell: Cell, said: Said) -> str:
    text = clean(cell.text)
    if personal(text):
        said.faults.append(Remark("personal_owner", cell.place))
    return "" if placeholder(text) else mask(text)


def _until(cell: Cell, said: Said) -> str:
    column = load_schema().tables["documents"].columns["approved_on"]
    reading = read_cells(column, load_schema(), [(cell.text, cell.kind)])[0]
    if reading.state not in {State.OK, State.EMPTY, State.PLACEHOLDER, State.UNREADABLE}:
        said.faults.append(Remark("no_date", cell.place, mask(clean(cell.text))[:_LONG]))
    return reading.value.isoformat() if reading.value else ""


def _comment(cell: Cell, said: Said) -> str:
    text = clean(cell.text)
    if personal(text):
        said.remarks.append(Remark("masked", cell.place))
    return "" if placeholder(text) else mask(text)


_PARTS = {"decision": _decision, "owner": _owner, "until": _until, "comment": _comment}


def lacking(line: Line, said: Said, today: dt.date) -> list[Remark]:
    """What keeps a decision from being taken: an accept needs owner, reason and a day within a year; no day is past."""
    faults, values = [], dict(zip(CONTENT, said.content, strict=True))
    if values["decision"] == "accept":
        faults = [Remark(f"no_{name}", line.cells[name].place or line.place) for name in _NEEDED if not values[name]]
    if until := values["until"]:
        day, place = dt.date.fromisoformat(until), line.cells["until"].place
        if day < today:
            faults.append(Remark("past", place, until))
        elif values["decision"] == "accept" and day > _year_after(today):
            faults.append(Remark("too_far", place, _year_after(today).isoformat()))
    read = {remark.place for remark in said.faults}  # what could not be read is not missing as well
    return [fault for fault in faults if fault.place not in read]


def _year_after(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return dt.date(day.year + 1, 2, 28)
