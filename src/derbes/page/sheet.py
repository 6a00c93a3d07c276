"""What every page of a report shares: the audit it speaks of, and how it names tables, places and severities."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from markupsafe import Markup

from derbes.auditing import audit
from derbes.identity import mask
from derbes.page import facts
from derbes.page.markup import Passage, element, joined, paragraphs, passage
from derbes.quarter import Quarter, last_complete
from derbes.wording import Wording

if TYPE_CHECKING:
    import pandas as pd

    from derbes.auditing import Audit

NAMED = 3
ROWS = 150
NAME, VALUE, SENTENCE = 100, 80, 400  # characters of a cell on the page


class Page:
    """An audit and the quarter it is of, in the words of its language."""

    def __init__(self, audit: Audit, quarter: Quarter) -> None:
        self.audit = audit
        self.quarter = quarter
        self.say = Wording(audit.lang, "page")

    @classmethod
    def of(
        cls,
        inventory: str | Path,
        *,
        quarter: str = "",
        as_of: str = "",
        law: str = "kz",
        lang: str = "ru",
        before: str = "",
    ) -> Self:
        """Page of the audit of an inventory; what is left empty is the last complete quarter, its last day, no choice.

        A relative path is looked for in the current folder and in those above it, so that a notebook finds the same
        inventory wherever it is opened. Raises DerbesError as `derbes.auditing.audit` does.
        """
        today = dt.datetime.now(tz=dt.UTC).astimezone().date()
        chosen = Quarter.parse(quarter) if quarter else last_complete(today)
        day = as_of or chosen.last_day
        return cls(audit(_above(inventory), as_of=day, law=law, lang=lang, before=before or None), chosen)

    def colophon(self) -> Passage:
        """How the report was made, so that it can be made again."""
        say, audit = self.say, self.audit
        text = say("colophon", as_of=audit.as_of.isoformat(), law=audit.law.id, edition=str(audit.law.edition))
        return passage(element("footer", element("p", text, " ", element("code", audit.digest))))

    @cached_property
    def _found(self) -> pd.DataFrame:
        return facts.counted(self.audit)

    @cached_property
    def _anchored(self) -> frozenset[str]:
        """Ids that have an anchor on the page: those in the table, and every critical one."""
        critical = self._found.loc[self._found["severity"] == "critical", "id"]
        return frozenset(self._found["id"].head(ROWS)) | frozenset(critical)

    @cached_property
    def operator(self) -> str:
        """The operator's name, or its id where the inventory does not give one."""
        names = self.audit.inventory.tables["operator"]["name"].dropna()
        return cut(mask(str(names.iloc[0])), NAME) if len(names) else self.audit.operator

    def _opening(self, title: str) -> Passage:
        """What a notebook begins with: its title, whose it is, which quarter."""
        subtitle = element("p", self.operator, " · ", self.say.quarter(self.quarter), class_="subtitle")
        return passage(element("header", element("h1", title), subtitle))

    def _tiles(self, *names: str) -> Markup:
        """Counts of the audit's summary, large, each over the word for it."""
        say, counts = self.say, self.audit.summary
        tiles = (
            element("li", element("b", say.number(counts[name])), " ", element("span", say("tiles", name)), class_=name)
            for name in names
        )
        return element("ul", *tiles, class_="tiles")

    def _more(self, n: int) -> Markup:
        return paragraphs(self.say("more", n=n), class_="more") if n > 0 else Markup()

    def _badge(self, severity: str) -> Markup:
        return element("span", self.say.label("severity", severity), class_=f"badge {severity}")

    def _table(self, name: object) -> str:
        known = self.audit.inventory.schema.tables.get(str(name))
        return known.title[self.audit.lang] if known else str(name or "")

    def _column(self, table_name: str, name: str) -> str:
        known = self.audit.inventory.schema.tables.get(table_name)
        column = known.columns.get(name) if known else None
        return column.title[self.audit.lang] if column else name

    def _place(self, row: Any, *, link: bool = False) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        where = [part for part in map(text_of, (row.file, row.sheet, row.cell)) if part]
        name = f"{self._table(row.table)} / {cut(row.key, NAME)}"
        key = element("a", name, href=f"#f-{row.id}") if link else Markup("{}").format(name)
        return joined([key, " ", element("span", " · ".join(where), class_="place")]) if where else joined([key])


def _above(path: str | Path) -> Path:
    """Return the path as it is if something is there, else the first of that name in a folder above."""
    here = Path(path)
    others = () if here.is_absolute() else (folder / here for folder in Path.cwd().parents)
    return here if here.exists() else next((place for place in others if place.exists()), here)


def text_of(value: object) -> str:
    """Text of a cell, masked and cut to the length of a name; nothing where the cell has none."""
    return cut(mask(value), NAME) if isinstance(value, str) else ""


def cut(text: str, length: int) -> str:
    """Text of at most that many characters, marked where it was cut."""
    return text if len(text) <= length else text[: length - 1] + "…"
