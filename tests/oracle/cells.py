"""Cells read once more, from their texts alone: what model.md, section 2, says, in a few lines a kind of cell."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml
from babel import Locale

import derbes

if TYPE_CHECKING:
    from collections.abc import Callable

    from derbes.inventory import Inventory
    from derbes.schema import Column

HOME = Path(derbes.__file__).parent
LANGUAGES = ("ru", "kk", "en")
BLANKS = " \t\r\n\v\f\u00a0\u2007\u202f\u200b\u200c\u200d\u2060\ufeff"
NUMBER, DATE, ERROR, FORMULA = 1, 2, 4, 5
SLUG = re.compile(r"[a-z0-9][a-z0-9_.-]*")
#: A cell has one reason: of the faults of a list's elements the last of these.
WORST = ("", "invalid", "closed_list", "homoglyph", "space", "slug", "comma")


@cache
def data(name: str) -> Any:
    """A file of data of the package, as it stands."""
    return yaml.load((HOME / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


@cache
def heading(text: str) -> str:
    """Letters and digits that count when names are compared."""
    folded = unicodedata.normalize("NFKC", " ".join(text.split())).casefold().replace("\u0451", "\u0435")
    return re.sub(r"[\s_\u2010-\u2015\u2212-]+", "", folded.rstrip("* "))


@cache
def labels(name: str) -> dict[str, str]:
    """Codes of a closed list by their code and their label in every language."""
    said = data("tables")["lists"][name]
    return {heading(str(word)): str(code) for code, words in said.items() for word in (code, *words.values())}


@cache
def countries() -> frozenset[str]:
    """Names and codes of countries."""
    no_country = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
    known = [
        (code, name)
        for lang in LANGUAGES
        for code, name in Locale(lang).territories.items()
        if re.fullmatch("[A-Z]{2}", code) and code not in no_country
    ]
    return frozenset(heading(word) for pair in known for word in pair)


@cache
def _stand_ins() -> frozenset[str]:
    return frozenset(
        str(word).casefold().replace("\u0451", "\u0435")
        for group in data("text/placeholders").values()
        for word in group
    )


@cache
def stands_in(text: str) -> bool:
    """Whether a text only holds the place of an answer."""
    said = unicodedata.normalize("NFKC", " ".join(text.split())).casefold().replace("\u0451", "\u0435")
    listed = _stand_ins()
    bare = said.strip("\"'()[]<>\u00ab\u00bb")
    marks = re.fullmatch(r"[\s\-\u2010-\u2015\u2212?\u00bf.\u2026_*/\\|~#]+|[x\u0445]{2,}", bare)
    return bool(marks) or bare in listed or bare.rstrip(" .?!:;\u2026*") in listed


def elements(column: Column, text: str) -> list[str]:
    """Values of a cell; a cell that takes one value holds one."""
    parts = re.split(r"[;\r\n]+", text) if column.many else [text.strip(" \t\r\n")]
    return [part.strip(" \t") for part in parts if part.strip(" \t")]


def cited(column: Column, element: str) -> str:
    """An element without the word *clause* in front of its number, where it names a clause."""
    clause = column.to == "clauses" or (column.type == "id" and column.name == "clause_id")
    return re.sub(data("text/cells")["clause"], "", element, flags=re.IGNORECASE) if clause else element


def _code(column: Column, element: str) -> str:
    said = cited(column, element)
    if SLUG.fullmatch(said):
        return ""
    if re.search("[\u00a0\u2007\u202f\u200b\u200c\u200d\u2060\ufeff]", said):
        return "space"
    alike = {ord(one): latin for latin, letters in data("text/homoglyphs").items() for one in letters}
    return "homoglyph" if said.translate(alike) != said and said.translate(alike).isascii() else "slug"


def _flag(_: Column, element: str) -> str:
    words = {heading(str(word)) for key in ("yes", "no") for word in data("text/cells")[key]}
    return "" if heading(element) in words or element in {"+", "-", "\u2212"} else "invalid"


def _date(_: Column, element: str) -> str:
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            year = dt.datetime.strptime(element.strip(BLANKS).split("T")[0], form).year  # noqa: DTZ007 - a calendar date
        except ValueError:
            continue
        return "" if 1900 <= year <= 2200 else "invalid"
    return "invalid"


def _number(_: Column, element: str) -> str:
    return "" if re.fullmatch(r"[0-9]{1,15}", re.sub(f"[{BLANKS}]", "", element)) else "invalid"


_FAULTS: dict[str, Callable[[Column, str], str]] = {
    "id": _code,
    "ref": _code,
    "basis": _code,
    "flag": _flag,
    "date": _date,
    "number": _number,
    "choice": lambda column, element: "" if heading(element) in labels(column.list or "") else "closed_list",
    "country": lambda _, element: "" if heading(element) in countries() else "closed_list",
}


def fault(column: Column, element: str) -> str:
    """Name of what is wrong with one element, or nothing."""
    found = _FAULTS.get(column.type, lambda *_: "")(column, element)
    pieces = [piece.strip() for piece in re.split("[,/|]", element)]
    if found and column.many and len(pieces) > 1 and not any(_FAULTS[column.type](column, p) for p in pieces if p):
        return "comma"
    return found


def verdict(column: Column, text: str, kind: int) -> str:
    """What a cell comes to: empty, placeholder, none, all, the name of a fault, or nothing where it is well."""
    bare = text.strip(BLANKS)
    if kind in {ERROR, FORMULA}:
        return "unreadable"
    if not bare:
        return "empty"
    if kind in {NUMBER, DATE} and column.type in {"id", "ref", "code"}:
        return "number"
    for word in ("none", "all"):
        if (column.many or column.type == "ref") and heading(bare) in map(heading, data("text/cells")[word]):
            return word
    if stands_in(bare) and not (column.type == "flag" and bare in {"+", "-", "\u2212"}):
        return "placeholder"
    parts = elements(column, text)
    return max((fault(column, part) for part in parts), key=WORST.index) if parts else "empty"


def verdicts(inv: Inventory, table: str) -> pd.DataFrame:
    """Verdict of every cell of a table."""
    raw, kinds = inv.raw[table], inv.kinds[table]
    found = {}
    for name, column in inv.schema.tables[table].columns.items():
        cells = list(zip(raw[name], kinds.get(name, [0] * len(raw)), strict=True))
        known = {cell: verdict(column, *cell) for cell in set(cells)}
        found[name] = [known[cell] for cell in cells]
    return pd.DataFrame(found, dtype=object)
