"""What a cell of an inventory may be picked from: closed lists in the reader's language, and ids of other sheets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from babel import Locale

from derbes import text
from derbes.cells import countries
from derbes.workbook.book import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from derbes.schema import Column, Schema
    from derbes.workbook.book import Book


class Choices:
    """Sources of the drop-downs of one workbook; what they list goes to a hidden sheet when all are known.

    Lists stand on a sheet because a list inside a validation may not exceed 255 characters nor hold a comma.
    """

    def __init__(
        self, schema: Schema, names: Mapping[str, str], words: Mapping[str, Any], *, lang: str, grounds: tuple[str, ...]
    ) -> None:
        """Note what sheets the workbook has, by table, and the codes that legal-basis columns offer."""
        self._schema, self._names, self._words, self._lang = schema, names, words, lang
        self._grounds = grounds
        self._lists: dict[str, list[str]] = {}

    def source(self, column: Column) -> str | None:
        """Range that a column is picked from, or None: all ids of another sheet of the workbook, or a closed list."""
        if column.to is not None:
            return self._ids(column.to) if column.to in self._names else None
        offered = self._offered(column)
        if not offered:
            return None
        name = column.list or column.type
        self._lists[name] = offered
        place = _letters(list(self._lists).index(name))
        return f"={_quoted(self._words['lists'])}!${place}$2:${place}${len(offered) + 1}"

    def write(self, book: Book) -> None:
        """Write the lists to their sheet, hidden, under a name that readers of inventories leave alone."""
        if not self._lists:
            return
        sheet = book.sheet(self._words["lists"])
        for place, (name, offered) in enumerate(self._lists.items()):
            sheet.set_column(place, place, 28)
            for row, one in enumerate([name, *offered]):
                book.put(sheet, (row, place), one, "head" if row == 0 else "cell")
        sheet.hide()

    def _ids(self, table: str) -> str:
        """All filled cells of the key column, however many: a fixed range would end in a long blank."""
        columns = self._schema.tables[table].columns
        place, name = _letters(list(columns).index(self._schema.tables[table].key)), _quoted(self._names[table])
        column = f"{name}!${place}:${place}"
        return f"=OFFSET({name}!${place}$2,0,0,MAX(1,COUNTA({column})-1),1)"

    def _offered(self, column: Column) -> list[str]:
        none = [str(self._words["none"])] if column.many else []
        if column.type == "choice":
            return [words.get(self._lang, code) for code, words in self._schema.lists[column.list or ""].items()]
        if column.type == "flag":
            return [str(self._words["yes"]), str(self._words["no"])]
        if column.type == "country":
            names = Locale(self._lang).territories
            known = sorted({str(names[code]) for code in set(countries().values()) - {"KZ"} if code in names})
            return [str(names["KZ"]), *known]
        return [*self._grounds, *none] if column.type == "basis" and self._grounds else []


def labelled(
    raw: pd.Series[str], column: Column, schema: Schema, words: Mapping[str, Any], *, lang: str
) -> pd.Series[str]:
    """Raw texts with codes of closed lists, yes/no, none and all in the words of the language; all else as it is."""
    known = {code: labels.get(lang, code) for code, labels in schema.lists.get(column.list or "", {}).items()}
    if column.type == "flag":
        known = {"true": words["yes"], "yes": words["yes"], "false": words["no"], "no": words["no"]}
    if column.many or column.type == "ref":
        known |= {"none": str(words["none"]), "all": str(words["all"])}
    if not known:
        return raw
    cells = {cell: _translated(cell, known, many=column.many) for cell in raw.unique()}
    return raw.map(cells)


def shown(raw: pd.Series[str], column: Column, schema: Schema, lang: str) -> pd.Series[str]:
    """Raw texts as a workbook shows them: labelled in the language, and cut to what a cell can hold."""
    said = text.words(lang)
    told = labelled(raw, column, schema, said["template"], lang=lang)
    return told.map({cell: plain(cell, mark=said["workbook"]["cut"]) for cell in told.unique()})


def _translated(cell: str, known: Mapping[str, str], *, many: bool) -> str:
    if not many:
        return known.get(cell.strip(), cell)
    parts = [part.strip() for part in cell.replace("\n", ";").split(";")]
    return "; ".join(known.get(part, part) for part in parts if part)


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _letters(place: int) -> str:
    return chr(65 + place) if place < 26 else _letters(place // 26 - 1) + chr(65 + place % 26)  # noqa: PLR2004 - the alphabet
