"""Spreadsheets in: which files of a folder are an inventory's, and the cells of each, read safely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from derbes.read import delimited, guard, ods, xlsx
from derbes.read.guard import written_by_derbes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from derbes.cells import Grid

__all__ = ["READERS", "Source", "grids", "sources", "written_by_derbes"]

#: Reader by the end of a file's name, in lower case.
READERS: dict[str, Callable[[Path], Iterator[Grid]]] = {
    ".xlsx": xlsx.grids,
    ".xlsm": xlsx.grids,
    ".ods": ods.grids,
    ".csv": delimited.grids,
}
#: Spreadsheets that a person would expect to be read, and that are not.
_OTHERS = frozenset({".xls", ".xlsb", ".xltx", ".tsv", ".tab", ".fods", ".numbers", ".et", ".dbf"})
_DECISIONS = "decisions.csv"


@dataclass(frozen=True)
class Source:
    """A spreadsheet of an inventory; ``reason`` is the code of why it is left out, None when it is read."""

    path: Path
    reason: str | None = None


def grids(path: Path) -> Iterator[Grid]:
    """Grid of each worksheet of a file, in the file's order; a .csv is one sheet named after the file.

    A sheet that cannot be read comes with a reason and without cells; texts are never shortened, rows never moved.
    Raises SourceError when the file as a whole cannot be read, with code missing, permission, unreadable, empty_file,
    too_large, bomb, encrypted, truncated or not_a_spreadsheet.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        remedy = "Save it as .xlsx, .ods or .csv."
        raise guard.refusal(path, "not_a_spreadsheet", "is of a kind that is not read", remedy)
    return reader(path)


def sources(path: Path) -> list[Source]:
    """Spreadsheets directly in a folder, by name, each with the reason why it is left out; or the file itself.

    Hidden files and files that are no spreadsheets are not listed. Raises SourceError for a folder that cannot be read.
    """
    try:
        if not path.is_dir():
            guard.opened(path).close()  # so that nobody waits for a pipe
            return [Source(path)]
        found = sorted(path.iterdir(), key=lambda file: (file.name.casefold(), file.name))
    except PermissionError as error:
        raise guard.refusal(path, "permission", "may not be listed", "Ask for the right to read it.") from error
    except OSError as error:
        raise guard.refusal(path, "unreadable", f"cannot be listed ({error.strerror})", "Check the disk.") from error
    kinds = READERS.keys() | _OTHERS
    return [Source(file, _reason(file)) for file in found if file.suffix.lower() in kinds and file.name[0] != "."]


def _reason(file: Path) -> str | None:
    if file.name.startswith("~$"):
        return "lock_file"
    if file.suffix.lower() not in READERS:
        return "unsupported"
    if file.name.casefold() == _DECISIONS:
        return "decisions"
    if file.exists() and not file.is_file():
        return "not_a_file"
    return "written_by_derbes" if file.suffix.lower() in {".xlsx", ".xlsm"} and written_by_derbes(file) else None
