"""A change as text and as JSON, in the reader's language."""

from __future__ import annotations

from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from babel import Locale

from derbes.cells import Kind, State, read_cells
from derbes.change import risk
from derbes.change.comparing import KINDS, NAMED_BY
from derbes.schema import load
from derbes.text import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from derbes.change.comparing import Change

SCHEMA = "derbes.diff/1"
_SIGNS = {"added": "+", "removed": "−"}
_ARROWS = {"up": "↑", "down": "↓", "neutral": "·"}
_LONG = 60
_LABELLED = ("choice", "country", "flag")
_HASH = "text_sha256"


def to_json(change: Change) -> dict[str, Any]:
    """One object: counts, and every change with its risk and the code of its reason."""
    rows = change.rows.astype(object).where(change.rows.notna(), None).to_dict("records")
    return {"schema": SCHEMA, "old": change.old, "new": change.new, "summary": change.summary, "changes": rows}


def reason(code: str, lang: str) -> str:
    """Words for the code of a reason."""
    return str(words(lang)["change"]["reasons"].get(code, code))


def turned(row: Any, lang: str) -> tuple[str, str]:  # noqa: ANN401 - a named tuple of the frame's columns
    """Both sides of a changed cell in the reader's language: codes and labels of lists by one name for both."""
    old, new = ("" if text is None else str(text) for text in (row.old, row.new))
    return _labelled(old, row.table, row.column, lang), _labelled(new, row.table, row.column, lang)


def called(row: Any, lang: str) -> str:  # noqa: ANN401
    """Name of a row; where a row bears none but its kind, that kind in words."""
    columns = load().tables[row.table].columns
    by = next((name for name in NAMED_BY if name in columns), "")
    return _labelled(str(row.name), row.table, by, lang) if by and columns[by].list else str(row.name)


def around(old: str, new: str, length: int) -> tuple[str, str]:
    """Both texts of at most that many characters, from shortly before the first letter that differs."""
    if max(len(old), len(new)) <= length:
        return old, new
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    start = old.rfind(" ", 0, max(0, same - length // 4)) + 1 if same > length // 2 else 0
    return _window(old, start, length), _window(new, start, length)


def without_hashes(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a change without those on hashes of texts where something else of the same row changed too."""
    cells = rows[rows["kind"] == "changed"]
    others = set(map(tuple, cells.loc[cells["column"] != _HASH, ["table", "key"]].to_numpy()))
    hashes = cells[cells["column"] == _HASH]
    told = [place in others for place in map(tuple, hashes[["table", "key"]].to_numpy())]
    return rows.drop(hashes.index[told])


@lru_cache(maxsize=4096)
def _labelled(text: str, table: str, name: str, lang: str) -> str:
    """Text of a cell with codes of closed lists, countries and yes or no in words; what is none of these as it is."""
    model, said = load(), words(lang)["change"]["special"]
    column = model.tables[table].columns[name]
    read = read_cells(column, model, [(text, Kind.TEXT)])[0]
    if read.state in {State.NONE, State.ALL}:
        return str(said[read.state.name.lower()])
    if read.state is not State.OK or not (column.many or column.type in _LABELLED):
        return text
    values = read.value if column.many else (read.value,)
    if column.type == "flag":
        return str(said["yes" if read.value else "no"])
    if column.type == "country":
        return "; ".join(Locale(lang).territories.get(code, code) for code in values)
    return "; ".join(model.label(column.list, code, lang) if column.list else str(code) for code in values)


def _window(text: str, start: int, length: int) -> str:
    shown = f"…{text[start:]}" if start else text
    return shown if len(shown) <= length else f"{shown[: length - 1]}…"


def told(change: Change, lang: str) -> Iterator[str]:
    """Lines of a change, each but the first with its break before it: what it comes to, then row by row."""
    said = words(lang)["change"]
    yield _line(said["head"].format(old=change.old, new=change.new))
    yield f"\n{_line(_summary(change, said))}"
    yield from (f"\n{_line(text)}" for text in _lines(change, said, lang))


def _lines(change: Change, said: dict[str, Any], lang: str) -> Iterator[str]:
    """Table by table and row by row, cells under their row."""
    model = load().tables
    last: tuple[str, str | None] = ("", None)
    for row in change.rows.itertuples():
        if row.table != last[0]:
            yield from ("", f"{model[row.table].title[lang]} ({row.table})")
        if row.kind == "changed" and (row.table, row.key) != last:
            yield f"  ~ {row.key}{_named(row, lang)}"
        column = model[row.table].columns.get(row.column) if row.kind == "changed" else None
        yield _row(row, said, f"{column.title[lang]} ({row.column})" if column else row.column, lang)
        last = (row.table, row.key)


def _summary(change: Change, said: dict[str, Any]) -> str:
    if not len(change.rows):
        return str(said["same"])
    kinds = ", ".join(f"{said['kinds'][kind]}: {change.summary[kind]}" for kind in KINDS)
    ways = ", ".join(f"{_ARROWS[way]} {said['ways'][way]}: {change.summary[way]}" for way in risk.WAYS)
    return f"{kinds}. {ways}."


def _row(row: Any, said: dict[str, Any], column: str, lang: str) -> str:  # noqa: ANN401 - a named tuple of the frame's columns
    """What became of a row, or of a cell, called by its column, of the row named above it."""
    why = f"{_ARROWS[row.risk]} {said['reasons'].get(row.reason, row.reason)}"
    if row.kind == "changed":
        was, now = (" ".join(text.split()) for text in turned(row, lang))
        old, new = (text or said["empty"] for text in around(was, now, _LONG))
        return f"      {column}: {old} → {new}   {why}"
    if row.kind == "renamed":
        likely = said["guess"].format(percent=round(100 * row.likeness))
        return f"  » {row.old_key} → {row.key}{_named(row, lang)}   {likely}"
    return f"  {_SIGNS[row.kind]} {row.key}{_named(row, lang)}   {why}"


def _named(row: Any, lang: str) -> str:  # noqa: ANN401
    return "" if row.name in {"", row.key} else f" «{_short(called(row, lang))}»"


def _short(text: str) -> str:
    plain = " ".join(str(text).split())
    return plain if len(plain) <= _LONG else f"{plain[: _LONG - 1]}…"


def _line(text: str) -> str:
    """One line whatever a cell holds."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
