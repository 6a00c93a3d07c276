"""Inventories as workbooks to fill in: headings, drop-downs, help on every column, and rows where there are any."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import schema as model
from derbes import text
from derbes.errors import UsageError, did_you_mean
from derbes.workbook.book import Book, height, opened, page, roomy
from derbes.workbook.choices import Choices, labelled
from derbes.workbook.guide import hint, write_guide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from derbes.schema import Column, Schema, Table

#: Stands in the properties instead of the clock: the same inventory gives the same bytes.
_NO_CLOCK = dt.date(2000, 1, 1)
#: Excel counts a day too many before it, since it takes 1900 for a leap year.
_FIRST_DAY = pd.Timestamp(1900, 3, 1)
_FILE = "register.xlsx"
_LAST_ROW = 1_048_575
_PLACE = frozenset({"file", "sheet", "row"})
_WIDTHS = {"id": 24, "choice": 24, "flag": 10, "date": 13, "number": 12, "country": 16, "period": 22, "code": 16,
           "text": 32}  # fmt: skip
_LOOKS = {"date": "cell_date", "number": "cell_number"}
_COMMENT = {"author": "", "width": 340, "font_name": "Arial", "font_size": 9, "color": "#FFFBEA"}


@dataclass(frozen=True)
class _Making:
    """What the sheets of an inventory workbook share."""

    book: Book
    schema: Schema
    lang: str
    words: Mapping[str, Any]
    choices: Choices
    labels: bool
    asked: Mapping[str, frozenset[tuple[str, str]]]


def write_inventory(
    path: Path,
    schema: Schema | None = None,
    *,
    lang: str,
    tables: Sequence[str] | None = None,
    rows: Mapping[str, pd.DataFrame] | None = None,
    labels: bool = False,
    grounds: Iterable[str] = (),
    guide: bool = True,
) -> Path:
    """Write an inventory workbook of these tables (all by default) of a model (the shipped one) and return its path.

    ``path`` is an .xlsx file, or a folder that gets ``register.xlsx``. ``rows`` gives tables rows of raw texts in
    columns of the model (lists with ``;``); unknown columns are kept at the end. Dates in ISO form become real dates,
    all else stays text; ``labels`` turns codes of closed lists into words of the language. ``grounds`` are the codes
    that legal-basis columns offer; ``guide`` puts a sheet ``_readme`` first. The reader takes the workbook for an
    input: it bears no mark of derbes. Raises OutputError, UsageError (language, table).
    """
    schema = schema or model.load()
    words = text.words(lang)["template"]
    chosen = _chosen(schema, tables, rows or {})
    target = path if path.suffix.lower() == ".xlsx" else path / _FILE
    form = text.words(lang)["workbook"]["excel_date"]
    with opened(target, created=_NO_CLOCK, mark=text.words(lang)["workbook"]["cut"], dates=form) as book:
        if guide:
            write_guide(book, chosen, words, lang)
        write_tables(book, chosen, rows or {}, lang=lang, schema=schema, labels=labels, grounds=grounds)
    return target


def write_tables(
    book: Book,
    tables: Sequence[Table],
    rows: Mapping[str, pd.DataFrame],
    *,
    lang: str,
    schema: Schema,
    labels: bool = False,
    grounds: Iterable[str] = (),
    asked: Mapping[str, frozenset[tuple[str, str]]] | None = None,
) -> None:
    """Write a sheet for each of the tables, and hidden the lists that they pick from; rows as in `write_inventory`.

    ``asked`` names cells by table, as pairs of key and column, that wait for an answer: they stand out.
    """
    words = text.words(lang)["template"]
    choices = Choices(
        schema, {table.name: table.title[lang] for table in tables}, words, lang=lang, grounds=tuple(grounds)
    )
    making = _Making(book, schema, lang, words, choices, labels, asked or {})
    for table in tables:
        _sheet(making, table, rows.get(table.name))
    choices.write(book)


def _chosen(schema: Schema, tables: Sequence[str] | None, rows: Mapping[str, pd.DataFrame]) -> list[Table]:
    names = list(schema.tables) if tables is None else list(tables)
    for name in [*names, *rows]:
        if name not in schema.tables:
            remedy = did_you_mean(name, schema.tables) or f"Tables: {', '.join(schema.tables)}."
            raise UsageError("table", f"there is no table “{name}”", remedy)
    if left := [name for name in rows if name not in names]:
        raise UsageError("table", f"rows are given for {', '.join(left)}, not among the tables", "Name it there.")
    return [schema.tables[name] for name in names]


def _sheet(making: _Making, table: Table, rows: pd.DataFrame | None) -> None:
    book, lang = making.book, making.lang
    sheet = book.sheet(table.title[lang])
    sheet.freeze_panes(1, 1 + list(table.columns).index(table.key))
    widths = [_width(column, lang) for column in table.columns.values()]
    titles = [column.title[lang] + (" *" if column.required else "") for column in table.columns.values()]
    sheet.set_row(0, max(32.0, *height([([title], width) for title, width in zip(titles, widths, strict=True)])))
    for place, column in enumerate(table.columns.values()):
        sheet.set_column(place, place, widths[place], book.looks[_LOOKS.get(column.type, "cell")])
        book.put(sheet, (0, place), titles[place], _head(column))
        told = hint(column, making.schema, making.words, lang)
        lines = sum(-(-len(line) // 55) for line in told.split("\n"))
        sheet.write_comment(0, place, told, _COMMENT | {"height": 16 * (lines + 1)})
        sheet.data_validation(1, place, _LAST_ROW, place, _rule(making, column))
    filled, wide = 0, len(table.columns)
    if rows is not None:
        filled, wide = len(rows), wide + _pour(making, sheet, table, rows)
    sheet.autofilter(0, 0, max(filled, 1), wide - 1)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    page(sheet, footer=table.title[lang], pages=text.words(lang)["workbook"]["page"], area=(filled or 30, wide - 1))


def _head(column: Column) -> str:
    return "required" if column.required else "head"


def _width(column: Column, lang: str) -> float:
    return roomy(column.title[lang], _WIDTHS.get(column.type, 20) + (6 if column.many else 0))


def _rule(making: _Making, column: Column) -> dict[str, Any]:
    """Return the validation of a column: help on entering a cell, a list where there is one, no refusal."""
    said = making.words["unknown_value"]
    rule: dict[str, Any] = {
        "validate": "any",
        "input_title": column.title[making.lang][:32],
        "input_message": _short(column.help[making.lang], 255),
    }
    source = making.choices.source(column)
    if source:
        rule |= {"validate": "list", "source": source, "show_error": not column.many}
        rule |= {"error_type": "warning", "error_title": said["title"], "error_message": said["text"]}
    elif column.type == "number":
        rule |= {"validate": "integer", "criteria": ">=", "value": 0, "error_type": "warning"}
    return rule


def _short(words: str, room: int) -> str:
    return words if len(words) <= room else words[: room - 1].rsplit(" ", 1)[0] + "…"


def _pour(making: _Making, sheet: Any, table: Table, rows: pd.DataFrame) -> int:  # noqa: ANN401 - XlsxWriter has no types
    """Write rows of raw texts under the headings; return how many columns of theirs the model does not know."""
    book = making.book
    extra = [name for name in rows.columns if name not in table.columns and name not in _PLACE]
    for place, name in enumerate(extra, start=len(table.columns)):
        sheet.set_column(place, place, _WIDTHS["text"], book.looks["cell"])
        book.put(sheet, (0, place), name, "head")
    columns = [_texts(making, column, rows) for column in table.columns.values()]
    columns += [rows[name].fillna("").astype(str).to_list() for name in extra]
    widths = [*(_width(column, making.lang) for column in table.columns.values()), *(_WIDTHS["text"] for _ in extra)]
    shown = [[value if isinstance(value, str) else "" for value in values] for values in columns]
    tall = height(list(zip(shown, widths, strict=True)))
    for row, values in enumerate(zip(*columns, strict=True), start=1):
        sheet.set_row(row, tall[row - 1])
        for place, value in enumerate(values):
            if isinstance(value, dt.date):
                sheet.write_datetime(row, place, dt.datetime.combine(value, dt.time()), book.looks["cell_date"])
            elif value:
                book.put(sheet, (row, place), value, "cell")
    _ask(making, sheet, table, rows)
    return len(extra)


def _ask(making: _Making, sheet: Any, table: Table, rows: pd.DataFrame) -> None:  # noqa: ANN401 - XlsxWriter has no types
    """Let the cells that are asked for stand out; what a placeholder says there stays."""
    asked = making.asked.get(table.name, frozenset())
    columns = {name: place for place, name in enumerate(table.columns)}
    for row, key in enumerate(rows[table.key] if asked else [], start=1):
        for name in [name for name in columns if (key, name) in asked]:
            look = _LOOKS.get(table.columns[name].type, "cell").replace("cell", "asked")
            said = rows[name].iat[row - 1] if name in rows else ""
            making.book.put(sheet, (row, columns[name]), said, look)


def _texts(making: _Making, column: Column, rows: pd.DataFrame) -> list[Any]:
    if column.name not in rows.columns:
        return [""] * len(rows)
    raw = rows[column.name].fillna("").astype(str)
    if column.type == "date":
        days = pd.to_datetime(raw, format="%Y-%m-%d", errors="coerce")
        days = days.mask(days < _FIRST_DAY)
        return [raw_text if pd.isna(day) else day.date() for raw_text, day in zip(raw, days, strict=True)]
    return list(labelled(raw, column, making.schema, making.words, lang=making.lang)) if making.labels else list(raw)
