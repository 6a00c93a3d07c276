"""Frozen quarters: an inventory as one CSV a table, in canonical names and sorted, with its checksums."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from derbes.errors import OutputError, SourceError, UsageError
from derbes.quarter import Quarter
from derbes.read.loading import MARKS
from derbes.staging import staged
from derbes.text import escape

if TYPE_CHECKING:
    from derbes.inventory import Inventory

SUMS = "SHA256SUMS"
_BREAKS = re.compile(r"\s*[\r\n]+\s*")


def freeze(inv: Inventory, folder: Path) -> Path:
    """Write the inventory as a frozen quarter and return its folder, which must not exist yet.

    Texts are kept as they were read; only line breaks in list cells become ``;``. The quarter is there whole or not at
    all. Raises OutputError, and SourceError where a file or sheet could not be read.
    """
    if unread := [fault.file for fault in inv.faults if fault.problem in {"file_unreadable", "sheet_unreadable"}]:
        remedy = "Mend or remove it first: a frozen quarter without it would look complete."
        raise SourceError(unread[0], "could not be read", remedy)
    files = _files(inv)
    _refuse_frozen(folder)
    with staged(folder) as staging:
        _refuse_frozen(folder)  # by one who held the place until now
        for name, content in files.items():
            (staging / name).write_bytes(content)
    return folder


def _refuse_frozen(folder: Path) -> None:
    if folder.exists():
        raise OutputError(str(folder), "is frozen already", "A frozen quarter is never overwritten; name another.")


def sums(inv: Inventory) -> str:
    """SHA-256 of the checksums that freezing the inventory as it is would write: the same rows, the same hash."""
    return hashlib.sha256(_files(inv)[SUMS]).hexdigest()


def _files(inv: Inventory) -> dict[str, bytes]:
    files = {}
    marks: list[tuple[str, int, str, int]] = []
    for table in inv.schema.tables.values():
        if table.name not in inv.present:
            continue
        extras = inv.extras[table.name]
        twice = {name: f"{name} (2)" for name in extras if name in table.columns}
        raw = pd.concat([inv.raw[table.name], extras.rename(columns=twice)], axis=1)
        order = pd.Series(inv.keys[table.name]).sort_values(kind="stable").index
        for column, kinds in inv.kinds[table.name].items():
            marks += [(table.name, at, column, int(kinds[row])) for at, row in enumerate(order, 2) if kinds[row]]
        for column in (c.name for c in table.columns.values() if c.many):
            raw[column] = [_BREAKS.sub("; ", text.strip()) for text in raw[column]]
        files[f"{table.name}.csv"] = _csv([list(raw.columns), *raw.loc[order].to_numpy().tolist()])
    if marks:
        files[MARKS] = _csv([["table", "record", "column", "kind"], *[[*map(str, mark)] for mark in sorted(marks)]])
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    return {**files, SUMS: "".join(sums).encode()}


def _csv(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows([[escape(cell) for cell in row] for row in rows])
    return buffer.getvalue().encode()


def broken_sums(folder: Path) -> list[str]:
    """Names of the files of a frozen quarter that are not what they were: changed, missing or added."""
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    there = {path.name for path in folder.iterdir()} - {SUMS}
    changed = {n for n in there & set(listed) if hashlib.sha256((folder / n).read_bytes()).hexdigest() != listed[n]}
    return sorted(changed | (there ^ set(listed)))


def quarters(inventory: Path) -> dict[Quarter, Path]:
    """Frozen quarters of an inventory, the oldest first."""
    history = inventory / "history"
    if not history.is_dir():
        return {}
    found = {}
    for path in sorted(history.iterdir()):
        try:
            found[Quarter.parse(path.name)] = path
        except UsageError:
            continue
    return dict(sorted(found.items()))


def earlier(inventory: Path, asked: str | None, quarter: Quarter) -> dict[Quarter, Path]:
    """Quarters to compare with, the oldest first: up to the one asked for, else all earlier than this quarter.

    A path of an inventory stands for the quarter before; ``none`` asks for no comparison. Raises SourceError where
    the quarter asked for is not frozen.
    """
    frozen = quarters(inventory)
    if asked == "none":
        return {}
    if asked is None:
        return {when: path for when, path in frozen.items() if when < quarter}
    if Path(asked).exists():
        return {quarter.previous(): Path(asked)}
    last = Quarter.parse(asked)
    if last not in frozen:
        there = ", ".join(map(str, frozen)) or "none"
        raise SourceError(
            f"--before {asked}", f"that quarter is not frozen (frozen: {there})", "Freeze it, or name another."
        )
    return {when: path for when, path in frozen.items() if when <= last}
