"""The two inventories that are compared: as a person names them, or as git does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.errors import UsageError
from derbes.read.loading import load, nothing

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.inventory import Inventory


def sides(paths: tuple[Path, ...]) -> tuple[Inventory, Inventory]:
    """Old and new inventory: OLD NEW, or what git gives a diff driver (path, old file, hash, mode, new file, …).

    What git names as the null device is a workbook that is not there yet or no more. Raises SourceError, UsageError.
    """
    if len(paths) not in {2, 7, 9}:
        raise UsageError("diff", f"{len(paths)} paths were named", "Name two inventories: derbes diff OLD NEW.")
    old, new = paths if len(paths) == 2 else (paths[1], paths[4])  # noqa: PLR2004 - OLD NEW
    return _side(old, other=new), _side(new, other=old)


def _side(path: Path, *, other: Path) -> Inventory:
    return nothing(other) if path.as_posix() in {"/dev/null", "nul"} else load(path)
