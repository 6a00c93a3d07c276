"""What was dealt out, and what a merge comes to, as text in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derbes.read.worksheet import position
from derbes.returned import address
from derbes.schema import load
from derbes.text import fill, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from derbes.packs.handing import Written
    from derbes.packs.merging import Merge

_LONG = 60


def dealt(done: Written, lang: str) -> str:
    """Text of a dealing: every workbook with its rows, questions and findings, and what was left out."""
    said = words(lang)["packs"]
    lines = [str(done.folder)]
    for pack in done.dealing.packs:
        unknown = int(pack.findings["unknown"].fillna(value=False).astype(bool).sum())
        counts = {
            "file": pack.file,
            "rows": sum(map(len, pack.rows.values())),
            "questions": unknown,
            "findings": len(pack.findings) - unknown,
        }
        lines.append(f"  {fill(said['line'], counts)}")
    tables = load().tables
    if done.dealing.left:
        left = ", ".join(f"{tables[table].title[lang]}: {count}" for table, count in done.dealing.left.items())
        lines.append(fill(said["left"], {"rows": left}))
    return "\n".join(map(_line, lines))


def told(merge: Merge, lang: str, *, written: tuple[str, ...] | None = None) -> str:
    """Text of a merge: what changes, what conflicts, what is not taken and why, who has not answered.

    ``written`` names the files that the changes were written to; without it the text is a preview.
    """
    said = words(lang)["merge"]
    lines = [*_changes(merge.changes, said, lang)]
    for part, head in ((merge.conflicts, "conflicts"), (merge.refused, "refused")):
        if len(part):
            lines += ["", said[head], *_left(part, said, lang)]
    if merge.silent:
        lines += ["", said["silent"]]
        lines += [
            f"  {owner or words(lang)['packs']['nobody']}: {file} ({said['came' if came else 'absent']})"
            for owner, file, came in merge.silent
        ]
    counts = {"changes": len(merge.changes), "conflicts": _cells(merge.conflicts), "refused": len(merge.refused)}
    lines += ["", fill(said["summary"], counts | {"done": merge.done, "silent": len(merge.silent)})]
    if written:
        lines.append(fill(said["written"], {"files": ", ".join(written)}))
    elif len(merge.changes):
        lines.append(said["preview"])
    return "\n".join(map(_line, lines)).lstrip("\n")


def _cells(rows: pd.DataFrame) -> int:
    return len(rows.drop_duplicates(["table", "key", "column"]))


def _changes(rows: pd.DataFrame, said: Mapping[str, Any], lang: str) -> Iterator[str]:
    last: tuple[str, str] = ("", "")
    for row in rows.itertuples():
        if row.table != last[0]:
            yield f"{load().tables[row.table].title[lang]} ({row.table})"
        if (row.table, row.key) != last:
            yield f"  ~ {row.key}"
        at, column = position(row.cell.encode())
        place = f"{row.file}, {address(row.sheet, column, at)} ← {row.book}, {row.place}"
        yield f"      {_title(row, lang)}: {_change(row, said)}   {place}"
        last = (row.table, row.key)


def _left(rows: pd.DataFrame, said: Mapping[str, Any], lang: str) -> Iterator[str]:
    for row in rows.itertuples():
        where = ", ".join(filter(None, (row.book, row.place)))
        what = " ".join(filter(None, (row.table and load().tables[row.table].title[lang], row.key, _title(row, lang))))
        change = f": {_change(row, said)}" if row.column else f": {_short(row.text)}" if row.text else ""
        yield f"  {where}{': ' if what else ''}{what}{change} – {said['why'][row.why]}"


def _title(row: Any, lang: str) -> str:  # noqa: ANN401 - a named tuple of the frame's columns
    return f"«{load().tables[row.table].columns[row.column].title[lang]}»" if row.column else ""


def _change(row: Any, said: Mapping[str, Any]) -> str:  # noqa: ANN401
    old, new = (_short(text) or said["empty"] for text in (row.old, row.text))
    return f"{old} → {new}"


def _short(text: str) -> str:
    plain = " ".join(str(text).split())
    return plain if len(plain) <= _LONG else f"{plain[: _LONG - 1]}…"


def _line(text: str) -> str:
    """One line whatever a cell or a file's name holds."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
