"""Registers for those outside as a workbook: texts under headings in two languages, a sheet each, ready to print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derbes import text
from derbes.workbook.book import LINES, height, opened, page, roomy

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from derbes.workbook.book import Book

_NARROW, _WIDE = 14, 44
_WORD = 16  # letters of a word that is not broken; ids and addresses may be longer
_ROOM = 90.0
_FOOT = "&P / &N"


def write_registers(sheets: Mapping[str, pd.DataFrame | None], path: Path, *, operator: str, as_of: dt.date) -> None:
    """Write registers by name, one a sheet; a sheet without rows says why. The same registers give the same bytes.

    derbes does not take the workbook for an inventory. Raises OutputError.
    """
    said = text.data("registers")
    with opened(path, created=as_of) as book:
        book.file.set_properties({**book.file.doc_properties, "title": operator, "author": "derbes"})
        book.file.set_custom_property("derbes", "registers", "text")
        for name, rows in sheets.items():
            sheet = book.sheet(said["sheets"][name]["kk"])
            title = " / ".join(said["sheets"][name].values())
            under = f"{operator}, {as_of:%d.%m.%Y}"
            if rows is None or not len(rows):
                widths = [_ROOM]
                sheet.set_column(0, 0, _ROOM)
                book.put(sheet, (3, 0), " / ".join(said["absent" if rows is None else "empty"].values()), "plain")
            else:
                widths = [roomy(str(name), _width(rows.iloc[:, at])) for at, name in enumerate(rows)]
                _table(book, sheet, rows.iloc[: LINES - 3], widths, first=3)
            book.spread(sheet, (0, 0), title, "section", over=_reaching(widths))
            book.spread(sheet, (1, 0), under, "label", over=_reaching(widths))
            page(sheet, footer=title, pages=_FOOT, wide=sum(widths))


def _reaching(widths: list[float]) -> list[float]:
    """Widths of the first columns that together have room for a title, of all where they have not."""
    count = next((n for n in range(1, len(widths)) if sum(widths[:n]) >= _ROOM), len(widths))
    return widths[:count]


def _table(book: Book, sheet: Any, rows: pd.DataFrame, widths: list[float], *, first: int) -> None:  # noqa: ANN401
    titles = [str(title).replace(" / ", "\n", 1) for title in rows]
    for column, (title, width) in enumerate(zip(titles, widths, strict=True)):
        sheet.set_column(column, column, width)
        book.put(sheet, (first, column), title, "head")
    sheet.set_row(first, height([([title], width) for title, width in zip(titles, widths, strict=True)])[0])
    cells = [rows.iloc[:, at].to_list() for at in range(len(titles))]
    tall = height(list(zip(cells, widths, strict=True)))
    for at, values in enumerate(zip(*cells, strict=True)):
        sheet.set_row(first + 1 + at, tall[at])
        for column, value in enumerate(values):
            book.put(sheet, (first + 1 + at, column), value)
    sheet.freeze_panes(first + 1, 1)
    sheet.autofilter(first, 0, first + len(rows), len(titles) - 1)
    sheet.repeat_rows(first)
    sheet.repeat_columns(0)


def _width(column: pd.Series[Any]) -> float:
    """Characters that most cells need, within what fits on paper, and words of usual length need whole."""
    usual = column.str.len().quantile(0.8)
    longest = column.str.split().explode().str.len().clip(upper=_WORD).max()
    return float(int(min(_WIDE, max(_NARROW, usual * 0.6, longest * 1.2 + 2))))
