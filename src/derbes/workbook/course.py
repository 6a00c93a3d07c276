"""The sheets of findings.xlsx that tell of time: changes since the last quarter, what falls due, the quarters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import due
from derbes import text as texts
from derbes.comparison import comparison
from derbes.identity import mask
from derbes.wording import Wording
from derbes.workbook.book import page
from derbes.workbook.changes import CHANGES, change_rows
from derbes.workbook.sheets import Frame, Heading, Layout, write_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from derbes.auditing import Audit
    from derbes.trends import Trends
    from derbes.workbook.book import Book

DUE = Layout(
    (Heading("due_on", 14, "day"), Heading("what", 60), Heading("charge", 30), Heading("state", 16),
     Heading("table", 24, "grey"), Heading("key", 24, "grey")),
    printed=6,
)  # fmt: skip
_WIDTHS = (36.0, 18.0, 18.0, 18.0, 18.0, 18.0, 18.0)
#: Pixels of a picture that is 9.6 inches wide at 160 dots, brought to the width of the sheet.
_SCALE = 0.55


@dataclass(frozen=True)
class Course:
    """Trends to be shown, and their picture: PNG and the words for those who cannot see it."""

    trends: Trends
    png: bytes
    alt: str


def changed_lines(audit: Audit) -> int:
    """Number of lines that the sheet of changes has."""
    told = comparison(audit)
    return 0 if told is None else len(told.rows)


def course_notes(audit: Audit, words: Mapping[str, Any], course: Course | None) -> list[str]:
    """What the cover says of these sheets: which there are, and why one is not there."""
    notes, sheets = [], words["sheets"]
    if comparison(audit) is None:
        notes.append(words["cover"]["no_changes"].format(**sheets))
    if course is None:
        notes.append(words["cover"]["no_trends"].format(**sheets))
    return notes


def write_course(book: Book, audit: Audit, course: Course | None, *, frame: Frame, room: int) -> None:
    """Write the sheets of which there is something to tell; no decisions are written there."""
    lang, sheets = audit.lang, frame.words["sheets"]
    told, falling = comparison(audit), due.due(audit)
    if told is not None and len(told.rows):
        said = {**frame.words, "columns": texts.words(lang)["change"]["columns"]}
        rows = change_rows(told, lang).iloc[:room]
        write_rows(book, sheets["changes"], rows, layout=CHANGES, frame=replace(frame, words=said))
    if len(falling):
        ours = texts.words(lang)["due"]["columns"]
        said = {**frame.words, "columns": {**frame.words["columns"], **ours, "charge": ours["owner"]}}
        rows = _due(falling, audit).iloc[:room]
        write_rows(book, sheets["due"], rows, layout=DUE, frame=replace(frame, words=said))
    if course is not None:
        _trends(book, course, frame, lang)


def _due(falling: pd.DataFrame, audit: Audit) -> pd.DataFrame:
    said, tables = texts.words(audit.lang)["due"], audit.inventory.schema.tables
    late = falling["due_on"].map(lambda day: day < audit.as_of)
    return pd.DataFrame(
        {
            "due_on": falling["due_on"].astype(object),
            "what": [mask(line) for line in due.said(falling, audit.lang)],
            "charge": falling["owner"],
            "state": late.map({True: said["overdue"], False: said["ahead"]}),
            "table": falling["table"].map(lambda name: tables[name].title[audit.lang] if name in tables else name),
            "key": falling["key"],
        }
    )


def _trends(book: Book, course: Course, frame: Frame, lang: str) -> None:
    """Tables one under another on one sheet, the picture below them."""
    say, sheet = Wording(lang, "page"), book.sheet(frame.words["sheets"]["trends"])
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    told, row = course.trends, 0
    book.spread(sheet, (row, 0), say("trends", "text", quarters=", ".join(told.quarters)), "plain", over=[*_WIDTHS[:5]])
    for title, heads, rows in _tables(told, say):
        row = _table(book, sheet, row + 2, title=title, rows=[[*heads], *rows])
    options = {"x_scale": _SCALE, "y_scale": _SCALE, "description": course.alt, "image_data": BytesIO(course.png)}
    sheet.insert_image(row + 2, 0, "trends.png", options)
    page(sheet, footer=frame.footer, pages=frame.words["page"])


def _tables(told: Trends, say: Wording) -> Iterator[tuple[str, list[str], list[list[object]]]]:
    """Title, headings and rows of each table that has any."""

    def heads(*names: str) -> list[str]:
        return [say("trends", name) for name in names]

    down = [[*row] for row in told.burndown.itertuples(index=False)]
    down[0][2:] = ["", ""]  # of the first quarter nobody knows what was new in it
    yield say("trends", "burndown"), heads("quarter", "open", "new", "closed"), down
    ages = told.ages
    if len(ages):
        spans = [say("trends", "age", n=int(age)) for age in ages.columns]
        rows = [
            [say.label("family", name), *counts]
            for name, counts in zip(ages.index, ages.to_numpy().tolist(), strict=True)
        ]
        yield say("trends", "ages"), [*heads("family"), *spans], rows
    closing = [[say.label("family", row.family), row.closed, f"{row.mean:.1f}"] for row in told.closing.itertuples()]
    if closing:
        yield say("trends", "closing"), heads("family", "closed", "mean"), closing
    owners = [
        [row.quarter, row.owner or say("trends", "nobody"), row.required, row.known] for row in told.owners.itertuples()
    ]
    if owners:
        yield say("trends", "owners"), heads("quarter", "owner", "required", "known"), owners


def _table(book: Book, sheet: Any, row: int, *, title: str, rows: list[list[object]]) -> int:  # noqa: ANN401 - XlsxWriter has no types
    """Write a titled table and return the row after it."""
    book.put(sheet, (row, 0), title, "section")
    for at, cells in enumerate(rows, start=row + 1):
        for column, value in enumerate(cells):
            if at > row + 1 and isinstance(value, int):
                sheet.write_number(at, column, value, book.looks["number"])
            else:
                book.put(sheet, (at, column), value, "head" if at == row + 1 else "text")
    return row + 1 + len(rows)
