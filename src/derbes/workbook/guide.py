"""Help for whoever fills in an inventory: a sheet that explains it, and a few lines on every column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derbes.workbook.book import page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from derbes.schema import Column, Schema, Table
    from derbes.workbook.book import Book

_NAME, _TEXT = 26.0, 104.0


def write_guide(
    book: Book, tables: Sequence[Table], words: Mapping[str, Any], lang: str, *, name: str = "readme"
) -> None:
    """Write the sheet that explains how to fill in the others.

    In an inventory its name begins with _, so that it is not read; where nothing is read but tables, ``name`` may
    choose another of the words.
    """
    sheet = book.sheet(words[name])
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, _NAME)
    sheet.set_column(1, 1, _TEXT)
    book.spread(sheet, (0, 0), words["guide"], "title", over=[_NAME, _TEXT])
    book.spread(sheet, (1, 0), words["intro"], "plain", over=[_NAME, _TEXT])
    row = 3
    for entry in words["rules"]:
        row = _pair(book, sheet, row, (entry["head"], entry["text"]))
    book.spread(sheet, (row + 1, 0), words["tables"], "section", over=[_NAME, _TEXT])
    row += 2
    for table in tables:
        row = _pair(book, sheet, row, (table.title[lang], table.help[lang]))
    page(sheet, footer=words["guide"], pages="&P / &N")


def _pair(book: Book, sheet: Any, row: int, texts: tuple[str, str]) -> int:  # noqa: ANN401 - XlsxWriter has no types
    book.spread(sheet, (row, 1), texts[1], "plain", over=[_TEXT])
    book.put(sheet, (row, 0), texts[0], "bold")
    return row + 1


def hint(column: Column, schema: Schema, words: Mapping[str, Any], lang: str) -> str:
    """Help of a column, what may stand in it, whether it must, by which law, and an example; one fact a line."""
    said = [column.help[lang], words["kinds"].get(column.type, "")]
    if column.many:
        said.append(words["many"])
    if column.to:
        said.append(words["refers"].format(table=schema.tables[column.to].title[lang]))
    said.extend(_required(column, schema, words, lang))
    if column.cite:
        cites = "; ".join(f"{one['act']}, {one['at']}" if one.get("at") else one["act"] for one in column.cite)
        said.append(words["law"].format(cites=cites))
    if column.example:
        said.append(words["example"].format(example=column.example))
    return "\n".join(line for line in said if line)


def _required(column: Column, schema: Schema, words: Mapping[str, Any], lang: str) -> list[str]:
    if not column.required_unless:
        return [words["required"]] if column.required else []
    home = next(table for table in schema.tables.values() if column in table.columns.values())
    return [
        words["required_unless"].format(column=home.columns[other].title[lang], values=", ".join(values))
        for other, values in column.required_unless.items()
    ]
