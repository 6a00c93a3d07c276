"""The pages of the notebook that looks around an inventory: sizes, flows, countries, owners, gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from babel import Locale

from derbes import atlas
from derbes.page.markup import Passage, element, heading, paragraphs, passage, table
from derbes.page.scenario import ScenarioPage
from derbes.page.sheet import NAME, cut
from derbes.wording import Number

if TYPE_CHECKING:
    from markupsafe import Markup

_OWNERS, _COUNTRIES, _GAPS = 60, 60, 40


class ExplorePage(ScenarioPage):
    """A look around an inventory: what there is, what flows where, whose it is, what is open, and what if.

    Every method returns a passage that JupyterLab shows as HTML and a terminal as text.
    """

    def title(self) -> Passage:
        """Title of the notebook: what it is, whose, which quarter."""
        return self._opening(self.tell("title"))

    def glance(self) -> Passage:
        """The inventory at a glance: how many of what, findings by weight, and how much of each table is filled in."""
        tell, say, sizes = self.tell, self.say, atlas.sizes(self.audit.inventory)
        tiles = (
            element("li", element("b", say.number(n)), " ", element("span", tell("glance", "counts", name, n=n)))
            for name, n in atlas.numbers(self.audit.inventory).items()
        )
        rows = [self._size(row) for row in sizes.itertuples()]
        headings = [tell("glance", name) for name in ("table", "rows", "required", "filled")]
        return passage(
            heading("glance", tell("headings", "glance")),
            paragraphs(tell("glance", "text")),
            element("ul", *tiles, class_="tiles"),
            paragraphs(tell("glance", "findings", date=say.date(self.audit.as_of))),
            self._tiles("critical", "warning", "info", "unknown"),
            table(headings, rows, caption=tell("glance", "caption")),
        )

    def flow(self) -> Passage:
        """Heading and words above the data map."""
        return self._section("flow")

    def uses(self) -> Passage:
        """Heading and words above the heat maps."""
        return self._section("uses")

    def countries(self) -> Passage:
        """Heading, words and table on the countries in which data are stored or to which they are sent."""
        tell, told = self.tell, atlas.places(self.audit.inventory, self.audit.law.country)
        territories = Locale(self.audit.lang).territories
        rows: list[list[object]] = [
            [str(territories.get(row.code, row.code)), self.say.number(row.systems), self.say.number(row.recipients)]
            for row in told.countries.head(_COUNTRIES).itertuples()
        ]
        if told.systems or told.recipients:
            rows.append([tell("unknown"), self.say.number(told.systems), self.say.number(told.recipients)])
        headings = [tell("countries", name) for name in ("country", "systems", "recipients")]
        return passage(
            heading("countries", tell("headings", "countries")),
            paragraphs(tell("countries", "text"), tell("countries", "abroad", n=len(told.abroad)) if rows else ""),
            table(headings, rows, caption=tell("countries", "caption"))
            if rows
            else paragraphs(tell("countries", "none")),
            self._rest(len(told.countries) - _COUNTRIES),
        )

    def owners(self) -> Passage:
        """Who owns what: systems, activities and rights by owner, with the findings on them."""
        tell, frame = self.tell, atlas.owners(self.audit)
        head = heading("owners", tell("headings", "owners"))
        if frame.empty:
            return passage(head, paragraphs(tell("owners", "none")))
        rows = [
            [cut(row.owner, NAME) or element("em", tell("owners", "nobody")), *map(self.say.number, row[2:])]
            for row in frame.head(_OWNERS).itertuples()
        ]
        headings = [tell("owners", name) for name in frame.columns]
        return passage(
            head,
            paragraphs(tell("owners", "text")),
            table(headings, rows, caption=tell("owners", "caption"), class_="wrap", searchable=True),
            self._rest(len(frame) - _OWNERS),
        )

    def gaps(self) -> Passage:
        """Heading and words above the picture of what is unknown."""
        return passage(heading("gaps", self.tell("headings", "gaps")), paragraphs(self.tell("gaps", "text")))

    def unknown(self) -> Passage:
        """Columns with cells that say nothing, those that must say something first."""
        tell, frame = self.tell, atlas.unknown(self.audit.inventory)
        frame = frame[frame["unknown"] > 0]
        if frame.empty:
            return passage(paragraphs(tell("gaps", "none")))
        share = frame["unknown"] / frame["rows"]
        order = pd.DataFrame({"required": ~frame["required"].astype(bool), "share": -share, "n": -frame["unknown"]})
        told = frame.loc[order.sort_values(["required", "share", "n"], kind="stable").index]
        rows = [self._gap(row) for row in told.head(_GAPS).itertuples()]
        headings = [tell("gaps", name) for name in ("table", "column", "required", "unknown", "rows", "share")]
        return passage(
            table(headings, rows, caption=tell("gaps", "caption"), searchable=True),
            self._rest(len(told) - _GAPS),
        )

    # -- parts ------------------------------------------------------------------------------------------------------

    def _section(self, name: str) -> Passage:
        return passage(heading(name, self.tell("headings", name)), paragraphs(self.tell(name)))

    def _rest(self, n: int) -> Markup:
        return paragraphs(self.tell("more", n=n) if n > 0 else "", class_="more")

    def _size(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        if not row.present:
            return [self._table(row.table), self.tell("glance", "absent"), Number(""), Number("")]
        return [
            self._table(row.table),
            self.say.number(row.rows),
            self._percent(row.required),
            self._percent(row.filled),
        ]

    def _percent(self, share: float) -> Number:
        """A share in whole percent, rounded down: what is not complete never reads 100; nothing where there is none."""
        return Number(self.tell("percent", n=int(100 * share + 1e-9)) if pd.notna(share) else "")

    def _gap(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        marks = self.tell.entry("gaps", "marks")
        return [
            self._table(row.table),
            self._column(row.table, row.column),
            marks["yes" if row.required else "no"],
            self.say.number(row.unknown),
            self.say.number(row.rows),
            self._percent(row.unknown / row.rows),
        ]
