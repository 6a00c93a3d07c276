"""Any cut of an inventory: its main tables with names in place of ids, to be searched and sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from babel import Locale

from derbes.atlas import names
from derbes.identity import mask
from derbes.page.markup import Passage, element, heading, joined, paragraphs, passage, table
from derbes.page.sheet import NAME, Page, cut, text_of
from derbes.views.links import links

if TYPE_CHECKING:
    from markupsafe import Markup

    from derbes.schema import Column

SHOWN = 150  # rows of a table: four of them, their pictures and the widget stay under a megabyte and a half
_LIST = 80  # letters of a list in one cell, whole names, and how many more there are
#: What each table shows: its columns, and what is counted over other tables.
_COLUMNS = {
    "systems": ("kind", "owner", "storage_countries", "provider_id", "fields", "processing"),
    "fields": ("system_id", "category_id", "subject_ids", "source", "mandatory"),
    "processing": (
        "purpose_id", "subject_ids", "system_ids", "category_ids", "legal_basis", "retention_id", "recipient_ids",
        "owner", "status",
    ),
    "recipients": ("kind", "countries", "contract", "systems", "processing"),
}  # fmt: skip
#: How rows of other tables are counted: the column of theirs that names the row.
_COUNTED = {
    ("systems", "fields"): "system_id",
    ("systems", "processing"): "system_ids",
    ("recipients", "systems"): "provider_id",
    ("recipients", "processing"): "recipient_ids",
}


class CutsPage(Page):
    """Passages with the tables of an inventory; every one says what it leaves out."""

    section = "explore"

    def systems(self) -> Passage:
        """Systems: kind, owner, countries, provider, measures, how many fields and activities, findings."""
        return self._cut("systems")

    def fields(self) -> Passage:
        """Fields: system, category, subjects, source, findings."""
        return self._cut("fields")

    def processing(self) -> Passage:
        """Activities: purpose, subjects, systems, categories, basis, term, recipients, owner, findings."""
        return self._cut("processing")

    def recipients(self) -> Passage:
        """Recipients: kind, countries, contract, how many systems and activities name them, findings."""
        return self._cut("recipients")

    # -- parts ------------------------------------------------------------------------------------------------------

    def _cut(self, name: str) -> Passage:
        """One table: the rows with the gravest findings first, as many as a page can hold."""
        tell, inv = self.tell, self.audit.inventory
        head = heading(f"cut-{name}", self._table(name))
        total = len(inv.tables[name])
        if not total:
            return passage(head, paragraphs(tell("cuts", "none")))
        grave = self._grave(name)
        order = grave.sort_values(["critical", "warning"], ascending=False, kind="stable").index[:SHOWN]
        columns = [self._written(name, column, order) for column in _COLUMNS[name]]
        firsts = [self._called(name, position) for position in order]
        counts = [[self.say.number(int(n)) for n in grave.loc[order, at]] for at in grave]
        rows = [list(cells) for cells in zip(firsts, *columns, *counts, strict=True)]
        titles = [self._title(name, column) for column in _COLUMNS[name]]
        headings = [tell("cuts", "row", name), *titles, *(tell("cuts", at) for at in grave)]
        caption = tell("cuts", "caption", table=self._table(name), n=total)
        more = tell("cuts", "more", shown=len(order), total=total) if total > SHOWN else ""
        listed = table(headings, rows, caption=caption, class_="wrap", searchable=True)
        return passage(head, listed, paragraphs(more, class_="more"))

    def _grave(self, name: str) -> pd.DataFrame:
        """How many findings of each weight stand on each row: frame critical, warning."""
        own = self._found[self._found["table"] == name]
        keys = pd.Series(self.audit.inventory.keys[name], dtype=object)
        counts = pd.crosstab(own["key"], own["severity"]).reindex(columns=["critical", "warning"], fill_value=0)
        return pd.DataFrame({at: keys.map(counts[at]).fillna(0).astype(int) for at in counts})

    def _called(self, name: str, position: int) -> Markup:
        """What a row is called, its id, and of a field its physical name; a row without a name is called by its id."""
        frame, key = self.audit.inventory.tables[name], self.audit.inventory.keys[name][position]
        said = frame["label" if name == "fields" else "name"].iloc[position]
        code = element("span", cut(mask(str(key)), NAME), class_="place")
        if name == "fields" and text_of(frame["name"].iloc[position]):
            code = joined([code, " ", element("span", text_of(frame["name"].iloc[position]), class_="place")])
        return joined([text_of(said), " ", code]) if text_of(said) else code

    def _title(self, name: str, column: str) -> str:
        return self.tell("cuts", "of", column) if (name, column) in _COUNTED else self._column(name, column)

    def _written(self, name: str, column: str, order: pd.Index[Any]) -> list[object]:
        """Cells of a column as they are read: names for ids, words for codes, *unknown* where nothing is said."""
        inv = self.audit.inventory
        if (name, column) in _COUNTED:
            pairs = links(inv, column, _COUNTED[name, column])["id"].value_counts()
            keys = pd.Series(inv.keys[name], dtype=object).iloc[order]
            return [self.say.number(int(n)) for n in keys.map(pairs).fillna(0)]
        model = inv.schema.tables[name].columns[column]
        cells = inv.tables[name][column].astype(object).iloc[order]
        words = self._words(model, cells)
        return [self._cell(cell, words) for cell in cells]

    def _words(self, column: Column, cells: pd.Series[Any]) -> dict[str, str]:
        """What the codes and ids in some cells of a column are called."""
        said = pd.Index(cells.explode().dropna().astype(str).unique())
        if column.to and "name" in self.audit.inventory.tables[column.to]:
            return dict(names(self.audit.inventory, column.to, said))
        if column.list:
            label = self.audit.inventory.schema.label
            return {code: mask(label(column.list, code, self.audit.lang)) for code in said}
        if column.type == "country":
            territories = Locale(self.audit.lang).territories
            return {code: str(territories.get(code, mask(code))) for code in said}
        return {text: mask(text) for text in said}

    def _cell(self, cell: Any, words: dict[str, str]) -> object:  # noqa: ANN401 - a value of any column
        special = self.tell.entry("cuts", "special")
        if isinstance(cell, tuple):
            return _listed([special.get(one, words.get(one, "")) for one in cell]) if cell else special["none"]
        if pd.isna(cell):
            return element("span", special["unknown"], class_="more")
        if isinstance(cell, bool):
            return special["yes" if cell else "no"]
        return cut(str(special.get(cell, words.get(str(cell), ""))), NAME)


def _listed(said: list[str]) -> str:
    """Names with commas, as many as a cell holds, the first of them in any case; then how many more there are."""
    total = 0
    for at, name in enumerate(said):
        total += len(name) + 2
        if at and total > _LIST:
            return f"{', '.join(said[:at])} +{len(said) - at}"
    return cut(", ".join(said), NAME)
