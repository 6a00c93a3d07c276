"""changes.xlsx: what changed between two inventories, one line a row or cell, with the risk and its reason."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import version
from typing import TYPE_CHECKING

import pandas as pd

from derbes import schema, text
from derbes.change.telling import called, reason, turned
from derbes.workbook.book import LINES, opened
from derbes.workbook.sheets import Frame, Heading, Layout, write_rows

if TYPE_CHECKING:
    from pathlib import Path

    from derbes.change import Change

#: Stands in the properties instead of the clock: the same change gives the same bytes.
_NO_CLOCK = dt.date(2000, 1, 1)
_STREAM = 20_000
CHANGES = Layout(
    (Heading("table", 16), Heading("key", 22), Heading("name", 30), Heading("kind", 13), Heading("column", 20),
     Heading("old", 30), Heading("new", 30), Heading("risk", 14), Heading("reason", 30),
     Heading("old_key", 20, "grey")),
    printed=9,
)  # fmt: skip


def write_changes(change: Change, path: Path, *, lang: str) -> None:
    """Write a change as a workbook of one sheet; derbes does not take it for an inventory. Raises OutputError."""
    said = text.words(lang)["change"]
    words = {**text.words(lang)["workbook"], "columns": said["columns"]}
    rows = change_rows(change, lang)
    form = {"created": _NO_CLOCK, "mark": words["cut"], "dates": words["excel_date"]}
    with opened(path, **form, streamed=len(rows) >= _STREAM) as book:
        title = said["head"].format(old=change.old, new=change.new)
        book.file.set_properties({**book.file.doc_properties, "title": title, "author": "derbes"})
        book.file.set_custom_property("derbes", version("derbes"), "text")
        frame = Frame(words, title, _NO_CLOCK)
        write_rows(book, said["columns"]["sheet"], rows.iloc[:LINES], layout=CHANGES, frame=frame)


def change_rows(change: Change, lang: str) -> pd.DataFrame:
    """One line a change, in the words of a language; the columns are those of ``CHANGES``."""
    said, tables, rows = text.words(lang)["change"], schema.load().tables, change.rows
    sides = [turned(row, lang) if row.kind == "changed" else (row.old, row.new) for row in rows.itertuples()]
    titles = [
        tables[table].columns[column].title[lang] if isinstance(column, str) else ""
        for table, column in zip(rows["table"], rows["column"], strict=True)
    ]
    return pd.DataFrame(
        {
            "table": rows["table"].map(lambda name: tables[name].title[lang]),
            "key": rows["key"],
            "name": [called(row, lang) for row in rows.itertuples()],
            "kind": rows["kind"].map(said["kind"]),
            "column": titles,
            "old": pd.Series([old for old, _ in sides], index=rows.index, dtype=object),
            "new": pd.Series([new for _, new in sides], index=rows.index, dtype=object),
            "risk": rows["risk"].map(said["ways"]),
            "reason": rows["reason"].map(lambda code: reason(str(code), lang)),
            "old_key": rows["old_key"],
        }
    )
