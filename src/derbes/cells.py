"""Cells: what a spreadsheet holds, and what the model takes it for.

A cell is text beside what the program that wrote it took it for (`Kind`). Reading it as a column of the model gives
a value and a `State`: facts about the cell, over which the structure rules judge.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib import resources
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import yaml
from babel import Locale

from derbes import text as words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from derbes.schema import Column, Schema

_SLUG = re.compile(r"[a-z0-9][a-z0-9_.-]*\Z")
_DIGIT = re.compile("[0-9]")  # no placeholder, and no word for none or all, holds one: most cells are told by it
_SPLIT = re.compile(r"[;\r\n]+")
_OTHER_SEPARATORS = re.compile(r"[,/|]")
_HIDDEN_SPACES = re.compile("[\u00a0\u2007\u202f\u200b\u200c\u200d\u2060\ufeff]")
_BLANK = " \t\r\n\v\f\u00a0\u2007\u202f\u200b\u200c\u200d\u2060\ufeff"
_FIRST_YEAR, _LAST_YEAR = 1900, 2200  # outside it a date is a slip of the keyboard


class Kind(IntEnum):
    """What the spreadsheet program took a cell for; FORMULA is a formula without a stored value."""

    TEXT = 0
    NUMBER = 1
    DATE = 2
    FLAG = 3
    ERROR = 4
    FORMULA = 5


class State(IntEnum):
    """What came of reading a cell as its column; of a list cell, the worst of its elements."""

    OK = 0
    EMPTY = 1
    PLACEHOLDER = 2
    NONE = 3
    ALL = 4
    UNREADABLE = 5
    NUMBER = 6
    INVALID = 7
    UNKNOWN = 8
    HOMOGLYPH = 9
    SPACE = 10
    SLUG = 11
    COMMA = 12


#: States of a cell whose value is not known.
UNKNOWN_STATES = (State.EMPTY, State.PLACEHOLDER)


@dataclass(frozen=True)
class Grid:
    """One sheet as found: per spreadsheet column an array of texts and one of kinds, all of one length.

    ``text[c][i]`` is the cell in column ``c + 1``, row ``i + 1``; an empty cell is an empty string.
    Numbers are the shortest text that reads back the same, dates ISO 8601, flags ``true``/``false``.
    ``reason`` is a code when the sheet could not be read; its arrays are empty then.
    """

    file: str
    sheet: str
    text: list[np.ndarray]
    kind: list[np.ndarray]
    visible: bool = True
    hidden_rows: frozenset[int] = frozenset()
    merged: tuple[str, ...] = ()
    reason: str | None = None
    notes: tuple[str, ...] = ()


class Reading(NamedTuple):
    """One cell read as its column; ``faults`` are the elements of a list cell that could not be taken."""

    value: Any
    state: State
    faults: tuple[tuple[str, State], ...] = ()


@cache
def _special() -> dict[str, Any]:
    data = yaml.safe_load(resources.files("derbes").joinpath("text", "cells.yaml").read_text(encoding="utf-8"))
    sets = {name: frozenset(map(words.heading, data[name])) for name in ("none", "all", "yes", "no")}
    return {**sets, "clause": re.compile(data["clause"], re.IGNORECASE), "marks": frozenset(data["marks"])}


@cache
def countries() -> dict[str, str]:
    """Canonical heading of every country name in ru, kk and en, and of its code, to ISO 3166-1 alpha-2."""
    names: dict[str, str] = {}
    for lang in words.LANGUAGES:
        for code, name in Locale(lang).territories.items():
            if len(code) == 2 and code.isalpha() and code not in {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}:  # noqa: PLR2004 - alpha-2
                names |= {words.heading(name): code, code.lower(): code}
    return names


def read_column(column: Column, schema: Schema, text: np.ndarray, kind: np.ndarray | None) -> tuple[Any, np.ndarray]:
    """Values of a column of cells and their states; each distinct cell is read once.

    Returns an array (dtype object) of values, None where unknown, and an int8 array of `State`.
    """
    codes, uniques = pd.factorize(text)
    kinds: Iterable[Kind] = repeat(Kind.TEXT)
    if kind is not None and kind.any():
        codes, pairs = pd.factorize(codes.astype(np.int64) * 8 + kind)
        uniques, kinds = uniques[pairs // 8], map(Kind, pairs % 8)
    values = np.empty(len(uniques), dtype=object)
    states = np.empty(len(uniques), dtype=np.int8)
    for place, reading in enumerate(_readings(column, schema, uniques, kinds)):
        values[place], states[place] = reading.value, reading.state
    return values[codes], states[codes]


def read_cells(column: Column, schema: Schema, cells: list[tuple[str, Kind]]) -> list[Reading]:
    """Read distinct (text, kind) cells as cells of the column."""
    return list(_readings(column, schema, [text for text, _ in cells], [kind for _, kind in cells]))


def _readings(column: Column, schema: Schema, texts: Sequence[str], kinds: Iterable[Kind]) -> Iterator[Reading]:
    """Yield readings one by one: a hundred thousand of them held together would keep the garbage collector busy."""
    element = _element_reader(column, schema)
    if column.many:
        element = cache(element)  # the same few values in many lists
    for text, kind in zip(texts, kinds, strict=False):
        yield _read(column, text, kind, element)


def _read(column: Column, text: str, kind: Kind, element: Callable[[str], tuple[Any, State]]) -> Reading:
    if kind >= Kind.ERROR:
        return Reading(None, State.UNREADABLE)
    bare = text.strip(_BLANK)
    if not bare:
        return Reading(None, State.EMPTY)
    if Kind.NUMBER <= kind <= Kind.DATE and column.is_code:
        return Reading(None, State.NUMBER, ((bare, State.NUMBER),))
    if not _DIGIT.search(bare) and (special := _read_word(column, bare)):
        return special
    if not column.many:
        value, state = element(text.strip(" \t\r\n"))
        return Reading(value, state, () if state is State.OK else ((bare, state),))
    return _read_list(column, text, element)


def _read_word(column: Column, bare: str) -> Reading | None:
    """Read a cell that says none, all, or that there is no answer yet; None where it says something else."""
    if column.many or column.type == "ref":
        said = words.heading(bare)
        if said in _special()["none"]:
            return Reading(() if column.many else "none", State.NONE)
        if said in _special()["all"]:
            return Reading(("all",) if column.many else "all", State.ALL)
    if words.placeholder(bare) and not (column.type == "flag" and bare in _special()["marks"]):
        return Reading(None, State.PLACEHOLDER)
    return None


def _read_list(column: Column, text: str, element: Callable[[str], tuple[Any, State]]) -> Reading:
    parts = [part.strip(" \t") for part in _SPLIT.split(text)]
    read = [(part, *element(part)) for part in parts if part]
    if not read:
        return Reading(None, State.EMPTY)  # a separator alone is no answer, least of all that there is none
    faults = []
    for part, _, state in read:
        if state is not State.OK:
            split = [piece.strip() for piece in _OTHER_SEPARATORS.split(part)]
            looks_like_list = len(split) > 1 and all(element(piece)[1] is State.OK for piece in split if piece)
            faults.append((part, State.COMMA if looks_like_list and column.type != "text" else state))
    values = tuple(dict.fromkeys(value for _, value, state in read if value is not None))
    return Reading(values, max((state for _, state in faults), default=State.OK), tuple(faults))


def _element_reader(column: Column, schema: Schema) -> Callable[[str], tuple[Any, State]]:
    if column.type == "choice":
        codes = {code.lower(): code for code in schema.lists[column.list or ""]}
        labels = {
            words.heading(word): code
            for code, by_lang in schema.lists[column.list or ""].items()
            for word in (code, *by_lang.values())
        }
        names = labels | codes
        return lambda text: _known(names, text)
    if column.type == "country":
        return lambda text: _known(countries(), text)
    clause = column.to == "clauses" or (column.type == "id" and column.name == "clause_id")
    readers: dict[str, Callable[[str], tuple[Any, State]]] = {
        "id": lambda text: _slug(text, clause=clause),
        "ref": lambda text: _slug(text, clause=clause),
        "basis": lambda text: _slug(text, clause=False),
        "flag": _flag,
        "date": _date,
        "number": _number,
    }
    return readers.get(column.type, lambda text: (text, State.OK))


def _known(names: dict[str, str], text: str) -> tuple[Any, State]:
    code = names.get(words.heading(text))
    return (code, State.OK) if code else (text, State.UNKNOWN)


def _slug(text: str, *, clause: bool) -> tuple[Any, State]:
    if clause:
        text = _special()["clause"].sub("", text)
    if _SLUG.match(text):
        return text, State.OK
    if _HIDDEN_SPACES.search(text):
        return text, State.SPACE
    return text, State.HOMOGLYPH if words.homoglyphs(text) else State.SLUG


def _flag(text: str) -> tuple[Any, State]:
    word = words.heading(text) or text
    if word in _special()["yes"] or text == "+":
        return True, State.OK
    if word in _special()["no"] or text in {"-", "\u2212"}:
        return False, State.OK
    return None, State.INVALID


def _date(text: str) -> tuple[Any, State]:
    bare = text.strip(_BLANK).split("T")[0]
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            day = dt.datetime.strptime(bare, form).date()  # noqa: DTZ007 - a calendar date has no zone
        except ValueError:
            continue
        return (day, State.OK) if _FIRST_YEAR <= day.year <= _LAST_YEAR else (None, State.INVALID)
    return None, State.INVALID


def _number(text: str) -> tuple[Any, State]:
    digits = re.sub(rf"[{_BLANK}]", "", text)
    return (int(digits), State.OK) if re.fullmatch(r"[0-9]{1,15}", digits) else (None, State.INVALID)
