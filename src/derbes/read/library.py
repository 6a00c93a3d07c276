"""The one place that calls calamine: sheets already surveyed become grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from python_calamine import CalamineError, PasswordError, SheetTypeEnum, SheetVisibleEnum, ZipError, load_workbook

from derbes.read.assembly import Columns, Facts, OverlongCellError, refused
from derbes.read.guard import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from python_calamine import CalamineSheet, CalamineWorkbook

    from derbes.cells import Grid
    from derbes.errors import SourceError


def sheets(path: Path, facts: list[tuple[str, Facts]], *, repaired: BinaryIO | None = None) -> Iterator[Grid]:
    """Grids of the worksheets of a workbook, given the facts of each sheet by name, in the workbook's order.

    ``repaired`` is read in the place of the file at ``path``. Sheets with a reason are not given to the library at
    all, and a sheet whose name or place differs from what was surveyed is not either.
    """
    try:
        book = load_workbook(repaired or str(path))
    except BaseException as error:  # a panic of the library is no Exception
        raise _said(path, error) from error
    if not book.sheets_metadata:
        raise refusal(path, "unreadable", "has no sheets", "Save it again in the spreadsheet program.")
    with book:
        yield from _each(path, book, facts)


def _each(path: Path, book: CalamineWorkbook, facts: list[tuple[str, Facts]]) -> Iterator[Grid]:
    names = [name for name, _ in facts]
    for index, known in enumerate(book.sheets_metadata):
        if known.typ is not SheetTypeEnum.WorkSheet:
            continue  # a chart or a dialogue: no cells
        visible = known.visible is SheetVisibleEnum.Visible
        surveyed = index < len(facts) and names[index] == known.name and names.index(known.name) == index
        fact = facts[index][1] if surveyed else Facts(reason="unreadable")
        if fact.reason:
            yield refused(path.name, known.name, fact, visible=visible)
        else:
            yield _grid(path, book, index, fact, visible=visible)


def _grid(path: Path, book: CalamineWorkbook, index: int, facts: Facts, *, visible: bool) -> Grid:
    name, columns = book.sheet_names[index], Columns()
    try:
        sheet = book.get_sheet_by_index(index)
        columns.extend(_rows(sheet), skipped=(sheet.start or (0, 0))[1])
        del sheet
        return columns.grid(path.name, name, facts, visible=visible)
    except OverlongCellError:
        facts.reason, facts.notes = "too_large", ("cell_overlong",)
    except BaseException as error:  # noqa: BLE001 - a panic of the library is a BaseException
        facts.reason, facts.notes = _said(path, error).code, (f"library:{_line(error)}",)
    return refused(path.name, name, facts, visible=visible)


def _rows(sheet: CalamineSheet) -> Iterator[list[Any]]:
    return sheet.iter_rows()


def _said(path: Path, error: BaseException) -> SourceError:
    """Error of the library as a refusal; what is not its error goes on as it is."""
    if isinstance(error, PasswordError):
        return refusal(path, "encrypted", "is protected by a password", "Save a copy without the password.")
    if isinstance(error, ZipError):
        return refusal(path, "truncated", "is cut off or damaged", "Copy or download it again.")
    if isinstance(error, PermissionError):
        return refusal(path, "permission", "is locked or may not be read", "Close it in the spreadsheet program.")
    panic = type(error).__name__ == "PanicException"
    if panic or isinstance(error, CalamineError | OverflowError | ValueError | OSError):
        remedy = "Open it in a spreadsheet program and save it again."
        return refusal(path, "unreadable", f"cannot be parsed ({_line(error)})", remedy)
    raise error


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
