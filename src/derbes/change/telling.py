"""A change as text and as JSON, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derbes.change import risk
from derbes.change.comparing import KINDS
from derbes.schema import load
from derbes.text import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.change.comparing import Change

SCHEMA = "derbes.diff/1"
_SIGNS = {"added": "+", "removed": "−"}
_ARROWS = {"up": "↑", "down": "↓", "neutral": "·"}
_LONG = 60


def to_json(change: Change) -> dict[str, Any]:
    """One object: counts, and every change with its risk and the code of its reason."""
    rows = change.rows.astype(object).where(change.rows.notna(), None).to_dict("records")
    return {"schema": SCHEMA, "old": change.old, "new": change.new, "summary": change.summary, "changes": rows}


def reason(code: str, lang: str) -> str:
    """Words for the code of a reason."""
    return str(words(lang)["change"]["reasons"].get(code, code))


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
            yield f"  ~ {row.key}{_named(row)}"
        column = model[row.table].columns.get(row.column) if row.kind == "changed" else None
        yield _row(row, said, f"{column.title[lang]} ({row.column})" if column else row.column)
        last = (row.table, row.key)


def _summary(change: Change, said: dict[str, Any]) -> str:
    if not len(change.rows):
        return str(said["same"])
    kinds = ", ".join(f"{said['kinds'][kind]}: {change.summary[kind]}" for kind in KINDS)
    ways = ", ".join(f"{_ARROWS[way]} {said['ways'][way]}: {change.summary[way]}" for way in risk.WAYS)
    return f"{kinds}. {ways}."


def _row(row: Any, said: dict[str, Any], column: str) -> str:  # noqa: ANN401 - a named tuple of the frame's columns
    """What became of a row, or of a cell, called by its column, of the row named above it."""
    why = f"{_ARROWS[row.risk]} {said['reasons'].get(row.reason, row.reason)}"
    if row.kind == "changed":
        old, new = (_short(text) or said["empty"] for text in (row.old, row.new))
        return f"      {column}: {old} → {new}   {why}"
    if row.kind == "renamed":
        likely = said["guess"].format(percent=round(100 * row.likeness))
        return f"  » {row.old_key} → {row.key}{_named(row)}   {likely}"
    return f"  {_SIGNS[row.kind]} {row.key}{_named(row)}   {why}"


def _named(row: Any) -> str:  # noqa: ANN401
    return "" if row.name in {"", row.key} else f" «{_short(row.name)}»"


def _short(text: str) -> str:
    plain = " ".join(str(text).split())
    return plain if len(plain) <= _LONG else f"{plain[: _LONG - 1]}…"


def _line(text: str) -> str:
    """One line whatever a cell holds."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
