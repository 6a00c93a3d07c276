"""The sheets of findings.xlsx that hold rows: findings, questions, sources and rules."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from derbes.workbook.book import height, page, plain, roomy

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from derbes.schema import Column, Schema
    from derbes.workbook.book import Book

_INPUTS = frozenset({"decision", "owner", "until", "comment", "answer"})
_BUTTON = 2  # characters, of a filter
_HEAD_HEIGHT = 30  # two lines, so that the filter buttons stand beside the words
_NUMBERS = frozenset({"number", "count", "rows", "hidden", "looked", "broken", "applied", "met", "open"})
_EXACT = _NUMBERS | {"until", "taken", "due_on"}


@dataclass(frozen=True)
class Heading:
    """A column of a sheet: its name in `workbook.columns`, its width in characters, how its cells look."""

    name: str
    width: float
    look: str = "text"


@dataclass(frozen=True)
class Layout:
    """Columns of a sheet in order; those before ``printed`` go on paper, the rest is for screens and for derbes."""

    headings: tuple[Heading, ...]
    printed: int


@dataclass(frozen=True)
class Frame:
    """What all sheets of a workbook share: the words of its language, its footer, the first day a decision may end."""

    words: Mapping[str, Any]
    footer: str
    as_of: dt.date


DECISION = Heading("decision", 13, "input")
_ANSWERED = (DECISION, Heading("owner", 15, "input"), Heading("until", 11, "input_date"),
             Heading("comment", 17, "input"))  # fmt: skip
_KNOWN = (Heading("status", 14, "grey"), Heading("since", 11, "grey"), Heading("rule", 28, "grey"),
          Heading("ids", 20, "ids"), Heading("basis", 20, "ids"))  # fmt: skip
FINDINGS = Layout(
    (Heading("number", 5, "number"), Heading("severity", 19, "severity"), Heading("table", 13), Heading("key", 20),
     Heading("cell", 18), Heading("what", 30), Heading("why", 30), Heading("fix", 30), Heading("law", 15), *_ANSWERED,
     Heading("related", 20), Heading("count", 10, "number"), Heading("value", 20, "grey"), *_KNOWN),
    printed=13,
)  # fmt: skip
QUESTIONS = Layout(
    (Heading("number", 5, "number"), Heading("table", 14), Heading("field", 17), Heading("question", 33),
     Heading("count", 10, "number"), Heading("key", 26), Heading("cell", 18), Heading("why", 30), Heading("law", 15),
     Heading("answer", 30, "input"), *_ANSWERED[1:3], _ANSWERED[0], _ANSWERED[3],
     Heading("severity", 19, "severity"), *_KNOWN),
    printed=12,
)  # fmt: skip
SOURCES = Layout(
    (Heading("file", 34), Heading("sheet", 28), Heading("table", 26), Heading("rows", 10, "number"),
     Heading("hidden", 12, "number"), Heading("reason", 56)),
    printed=6,
)  # fmt: skip
DECIDED = Layout(
    (Heading("standing", 16), Heading("decided", 16), Heading("table", 16), Heading("key", 26),
     Heading("count", 10, "number"), Heading("owner", 20), Heading("until", 12, "day"), Heading("comment", 36),
     Heading("taken", 12, "day"), Heading("book", 26), Heading("rule", 30, "grey")),
    printed=11,
)  # fmt: skip
RULES = Layout(
    (Heading("rule", 46), Heading("family", 18), Heading("severity", 17), Heading("title", 56),
     Heading("looked", 12, "number"), Heading("broken", 14, "number"), Heading("state", 12), Heading("reason", 36)),
    printed=8,
)  # fmt: skip


def write_rows(book: Book, name: str, rows: pd.DataFrame, *, layout: Layout, frame: Frame) -> str:
    """Write a sheet of texts under frozen headings and return its final name.

    ``rows`` has the columns of the layout and, for the colour of severities, ``grave``. A real Excel table, except in
    a streamed workbook and where there are no rows: there the headings get a plain filter.
    """
    sheet = book.sheet(name)
    last, wide, inputs = len(rows), len(layout.headings) - 1, _inputs(layout)
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, _HEAD_HEIGHT)
    for column, heading in enumerate(layout.headings):
        title = frame.words["columns"][heading.name]
        sheet.set_column(column, column, max(heading.width, roomy(title, 0) + _BUTTON))
        book.put(sheet, (0, column), title, _head(heading, inputs))
    if last:
        _cells(book, sheet, rows, layout)
    if last and not book.streamed:
        looks = [book.looks[_head(one, inputs)] for one in layout.headings]
        titles = [frame.words["columns"][one.name] for one in layout.headings]
        columns = [{"header": title, "header_format": look} for title, look in zip(titles, looks, strict=True)]
        sheet.add_table(0, 0, last, wide, {"columns": columns, "style": None})
    else:
        sheet.autofilter(0, 0, last, wide)
    _pick(sheet, layout, max(last, 1), frame)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
    page(sheet, footer=frame.footer, pages=frame.words["page"], area=(last, layout.printed - 1))
    return str(sheet.get_name())


def _inputs(layout: Layout) -> frozenset[str]:
    """Columns of the sheet that people fill in: none where decisions are only told."""
    return _INPUTS & {one.name for one in layout.headings} if DECISION in layout.headings else frozenset()


def _head(heading: Heading, inputs: frozenset[str]) -> str:
    if heading.name in inputs:
        return "input_head"
    return "head_center" if heading.name in _NUMBERS else "head"


def _cells(book: Book, sheet: Any, rows: pd.DataFrame, layout: Layout) -> None:  # noqa: ANN401 - XlsxWriter has no types
    columns = [_values(rows[one.name], one.name, book.mark) for one in layout.headings]
    severe = [book.looks[code] for code in rows["grave"]] if "grave" in rows else []
    looks = [severe if one.look == "severity" else [book.looks[one.look]] * len(rows) for one in layout.headings]
    wrapped = zip(columns, layout.headings, strict=True)
    tall = height([(texts, one.width) for texts, one in wrapped if one.name not in _EXACT and one.look != "ids"])
    written = zip(zip(*columns, strict=True), zip(*looks, strict=True), tall, strict=True)
    for row, (values, styles, points) in enumerate(written, start=1):
        sheet.set_row(row, points)
        for column, value in enumerate(values):
            if value.__class__ is str:
                sheet.write_string(row, column, value, styles[column])
            elif isinstance(value, int):
                sheet.write_number(row, column, value, styles[column])
            elif isinstance(value, dt.date):
                sheet.write_datetime(row, column, dt.datetime.combine(value, dt.time()), styles[column])
            else:
                sheet.write_blank(row, column, None, styles[column])


def _values(column: pd.Series[Any], name: str, mark: str) -> list[Any]:
    """Numbers and dates as they are, texts as a cell may hold them; an empty text is None and becomes a blank."""
    values = column.astype(object).where(column.notna(), None).to_list()
    if name in _EXACT:
        return values
    cleaned = {value: plain(value, mark=mark) or None for value in set(values) if value is not None}
    return [cleaned.get(value) for value in values]


def _pick(sheet: Any, layout: Layout, last: int, frame: Frame) -> None:  # noqa: ANN401 - XlsxWriter has no types
    """Drop-down of decisions, a date for until, and a word of help on every column that people fill in."""
    for column, heading in enumerate(layout.headings):
        if heading.name not in _inputs(layout):
            continue
        hint = frame.words["inputs"][heading.name]
        rule: dict[str, Any] = {"input_title": hint["title"], "input_message": hint["text"], "validate": "any"}
        if heading.name == "decision":
            rule |= {"validate": "list", "source": list(frame.words["decisions"].values())}
            rule |= _refusal(frame.words["invalid"], kind="stop")
        if heading.name == "until":
            rule |= {"validate": "date", "criteria": ">=", "value": frame.as_of}
            rule |= _refusal(frame.words["invalid_date"], kind="warning")
        sheet.data_validation(1, column, last, column, rule)


def _refusal(words: Mapping[str, str], *, kind: str) -> dict[str, str]:
    return {"error_title": words["title"], "error_message": words["text"], "error_type": kind}


def asked(lines: pd.DataFrame, schema: Schema, words: Mapping[str, Any], lang: str) -> list[str]:
    """Sentence for every line that asks for what it does not know; the finding's title where no column is at fault."""
    asking = []
    for code, column, what in zip(lines["code"], lines["column"], lines["what"], strict=True):
        known = schema.tables[code].columns.get(column) if code in schema.tables else None
        asking.append(_question(known, schema, words["questions"], lang) if known else str(what))
    return asking


def _question(column: Column, schema: Schema, words: Mapping[str, str], lang: str) -> str:
    kind = {"id": "text", "code": "text"}.get(column.type, column.type)
    if column.many and kind in {"choice", "ref"}:
        kind += "s"
    to = schema.tables[column.to].title[lang] if column.to else ""
    sentence = words[kind].format(column=column.title[lang], to=to)
    if column.example and kind in {"text", "number", "period", "country"}:
        return f"{sentence} {words['example'].format(example=column.example)}"
    return sentence
