"""The operator's list of personal data as a workbook to approve and sign: five columns on A4, the full list annexed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derbes import text
from derbes.exchange.bilingual import word
from derbes.identity import mask
from derbes.workbook.book import LINES, height, opened, page, roomy

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import pandas as pd

    from derbes.exchange import Listed
    from derbes.inventory import Inventory
    from derbes.workbook.book import Book

_WIDTHS: dict[str, float] = {"number": 5, "data": 34, "subjects": 30, "purpose": 40, "basis": 40}
_WIDE = 22
_FOOT = "&P / &N"


def write_list(listed: Listed, inv: Inventory, path: Path, *, as_of: dt.date) -> None:
    """Write the list and its annex, texts only, in Kazakh and Russian. The same list gives the same bytes.

    Raises OutputError.
    """
    said = text.data("list")
    with opened(path, created=as_of) as book:
        book.file.set_properties({**book.file.doc_properties, "title": _two(said["title"]), "author": "derbes"})
        book.file.set_custom_property("derbes", "list-kz", "text")
        for name, rows in _marked(listed).items():
            sheet = book.sheet(said["sheets"][name]["kk"])
            over, gaps = _widths(rows)[: len(_WIDTHS)], sum(listed.gaps.values())
            lines = _lines(inv, as_of=as_of, gaps=gaps, annex=name == "full")
            for row, (look, line) in enumerate(lines):
                book.spread(sheet, (row, 0), line, look, over=over)
            first = len(lines) + 1
            _table(book, sheet, rows.iloc[: LINES - first], first=first)
            page(sheet, footer=_two(said["title"]), pages=_FOOT, wide=sum(_widths(rows)))
            sheet.repeat_rows(first)
            sheet.repeat_columns(0, 2 if name == "full" else 0)


def _marked(listed: Listed) -> dict[str, pd.DataFrame]:
    """Both forms of the list, what is unknown said in words: who signs the list has to see it."""
    unknown = word("unknown")
    return {
        "short": listed.short.replace("", unknown),
        "full": listed.full.mask(listed.open[[*listed.full]], unknown),
    }


def _two(words: dict[str, str]) -> str:
    return words["kk"] if words["kk"] == words["ru"] else f"{words['kk']} / {words['ru']}"


def _lines(inv: Inventory, *, as_of: dt.date, gaps: int, annex: bool) -> list[tuple[str, str]]:
    """Lines above the table, each with its look: who approves what, and how much is not known."""
    said = text.data("list")
    names = inv.operator["legal_name"].fillna(inv.operator["name"]).dropna()
    number = inv.operator["bin"].dropna()
    who = ", ".join(
        [*map(mask, map(str, names[:1])), *(f"{_two(said['number'])} {mask(str(one))}" for one in number[:1])]
    )
    lines = [
        ("section", _two(said["annex" if annex else "title"])),
        ("plain", f"{_two(said['operator'])}: {who}"),
        ("plain", f"{_two(said['as_of'])}: {as_of:%d.%m.%Y}"),
        ("label", f"{_two(said['basis'])}. {_two(said['form'])}"),
    ]
    if annex:
        lines.append(("label", _two(said["blank"])))
    else:
        lines.insert(0, ("bold", f"{_two(said['approve'])}  ______________________  ({_two(said['signature'])})"))
    if gaps:
        lines.append(("bold", " ".join(said["gaps"][lang].format(count=gaps) for lang in ("kk", "ru"))))
    return lines


def _widths(rows: pd.DataFrame) -> list[float]:
    said = text.data("list")["columns"]
    return [_WIDTHS.get(str(name)) or roomy(_two(said[name]), _WIDE) for name in rows]


def _table(book: Book, sheet: Any, rows: pd.DataFrame, *, first: int) -> None:  # noqa: ANN401
    said, articles = text.data("list")["columns"], text.data("list")["articles"]
    widths = _widths(rows)
    titles = [f"{_two(said[name])}\n{articles.get(name, '')}".strip() for name in rows]
    for column, (title, width) in enumerate(zip(titles, widths, strict=True)):
        sheet.set_column(column, column, width)
        book.put(sheet, (first, column), title, "head")
    sheet.set_row(first, height([([title], width) for title, width in zip(titles, widths, strict=True)])[0])
    tall = height([(rows[name].to_list(), width) for name, width in zip(rows, widths, strict=True)])
    for at, (values, points) in enumerate(zip(rows.to_numpy().tolist(), tall, strict=True), start=first + 1):
        sheet.set_row(at, points)
        for column, value in enumerate(values):
            book.put(sheet, (at, column), value)
    sheet.freeze_panes(first + 1, 2)
