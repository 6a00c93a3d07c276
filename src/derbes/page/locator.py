"""Where the data of a group of subjects lie, said so that an operator can go down the list; and how gaps are shown."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from derbes.page.markup import Passage, element, heading, joined, paragraphs, passage, table
from derbes.page.sheet import NAME, NAMED, SENTENCE, Page, cut
from derbes.subject import Says, facts, known, runs, shown
from derbes.subject.about import chosen
from derbes.subject.facts import EVERYBODY
from derbes.subject.locator import locator

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from markupsafe import Markup

    from derbes.auditing import Audit
    from derbes.quarter import Quarter
    from derbes.subject import Facts

_LOCATED, _SITE = 500, 60
CELL = 280  # characters of a cell that holds several names


class LocatorPage(Page):
    """A page about one group of subjects and its kin: its facts, its words, and the list of places of its data."""

    section = "subject"

    def __init__(self, audit: Audit, quarter: Quarter, subject: str = "") -> None:
        super().__init__(audit, quarter)
        self.facts: Facts = facts(audit.inventory, audit.law, subject or chosen(audit.inventory) or EVERYBODY)
        self.says = Says(audit.lang, self.facts)

    def locator(self) -> Passage:
        """Where the data lie, field by field, and how to search and delete there: the list to answer a request by."""
        tell, frame = self.tell, self._places
        rows = [self._place_of(row) for row in frame.head(_LOCATED).itertuples()]
        rest = len(frame) - _LOCATED
        return passage(
            heading("locator", tell("headings", "locator")),
            paragraphs(tell("locator", "text")),
            self._listed("locator", ("system", "field", "category", "where", "search", "delete"), rows, n=len(frame)),
            paragraphs(tell("locator", "more", n=rest) if rest > 0 else "", class_="more"),
        )

    # -- parts ------------------------------------------------------------------------------------------------------

    @cached_property
    def _places(self) -> pd.DataFrame:
        return locator(self.facts)

    def _listed(
        self, section: str, names: tuple[str, ...], rows: list[list[object]], *, n: int, class_: str = "wrap"
    ) -> Markup:
        """The table, to be searched, or the sentence that there is nothing to put into it."""
        tell = self.tell
        if not rows:
            return paragraphs(tell(section, "none"))
        heads = [tell(section, name) for name in names]
        return table(heads, rows, caption=tell(section, "caption", n=n), class_=class_, searchable=True)

    def _gap(self) -> Markup:
        return element("mark", self.tell("unknown"))

    def _said(self, text: str, length: int = SENTENCE) -> Markup:
        """Text of a notice on this page: cut, its gaps told in a word."""
        parts, left = [], length
        for part, gap in runs(text):
            if left > 0:
                parts.append(self._gap() if gap else cut(part, left))
            left -= len(part)
        return joined(parts)

    def _few(self, names: Iterable[str]) -> str:
        told = [shown(name) for name in names]
        return ", ".join(told[:NAMED]) + " …" * (len(told) > NAMED)

    def _noted(self, name: object, note: str) -> Markup:
        return joined([name, " ", element("span", cut(note, CELL), class_="where")]) if note else joined([name])

    def _place_of(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        tell, there = self.tell, known(row.field_id)
        owner = joined([tell("locator", "owner"), ": ", self._said(self.says.text(row.owner, "owner"))])
        system = cut(shown(row.system if known(row.system) else row.system_id), NAME) if known(row.system_id) else None
        category = cut(self.says.name("categories", row.category_id), NAME) if known(row.category_id) else None
        return [
            joined([system or self._gap(), " ", element("span", owner, class_="where")]),
            self._field(row) if there else element("mark", tell("locator", "no_field")),
            category or self._gap(),
            self._where(row),
            self._search(row) if there else self._gap(),
            self._delete(row) if there else self._gap(),
        ]

    def _field(self, row: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        name = shown(row.field if known(row.field) else row.field_id)
        return self._noted(element("code", cut(name, NAME)), shown(row.label) if known(row.label) else "")

    def _where(self, row: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        held = known(row.provider) and row.provider != "none"
        by = self.tell("locator", "by", name=self.says.name("recipients", row.provider)) if held else ""
        site = cut(shown(row.site), _SITE) if known(row.site) else ""
        return self._noted(
            self._said(self.says.countries(row.countries, "countries")), "; ".join(filter(None, (site, by)))
        )

    def _search(self, row: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        """How a person is found there: by this field, by others of the system, or by nothing that is described."""
        tell = self.tell
        if row.state == "anonymised":
            return joined([tell("locator", "anonymised")])
        by = tell("locator", "paper") if row.medium == "paper" else ""
        if row.key:
            return self._noted(element("b", tell("locator", "key")), by)
        found = tell("locator", "by_fields", names=self._few(row.search)) if row.search else self._gap()
        return self._noted(found, by)

    def _delete(self, row: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        """How long the data stay and what becomes of them; what rests on no consent has to be looked at before."""
        acts = self.facts.activities
        if not row.terms:
            return self._gap()
        told = self._said(
            self.says.joined(self.says.retention(acts[place], authority=False) for place in row.terms), CELL
        )
        bound = [shown(acts[place]["name"]) for place in row.bound if known(acts[place]["name"])]
        return self._noted(told, self.tell("locator", "bound", names=self._few(bound)) if bound else "")
