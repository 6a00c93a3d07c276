"""The pages of the retention notebook: how long each category is kept, on what authority, and what falls due."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import ledger
from derbes.findings import SEVERITIES
from derbes.identity import mask
from derbes.page import ahead
from derbes.page.markup import Passage, element, heading, joined, paragraphs, passage, table
from derbes.page.sheet import NAME, SENTENCE, THINGS, Page, cut, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markupsafe import Markup


#: Rows of the ledger and of the other tables, things of one cell, and what falls due in one quarter.
LEDGER, ROWS, DUE = 500, 200, 60
_PERIOD = 120
_LOOKS = {"by_law": "info", "until": "info", "unknown": "warning", "vague": "warning", "indefinite": "critical"}
_CODE = re.compile(r"until:|indefinite$|by_law$")


class RetentionPage(Page):
    """The retention ledger: terms, their authority and fate, what differs, what has no term, what falls due.

    Every method returns a passage. An inventory without terms or activities says so in a sentence.
    """

    section = "retention"

    def title(self) -> Passage:
        """Title of the notebook: what it is, whose, which quarter."""
        return self._opening(self.tell("title"))

    def standing(self) -> Passage:
        """How storage stands: terms, those without end or authority, categories without a term or with several."""
        tell, told = self.tell, self._terms
        endless = int(told["kind"].isin(["indefinite", "vague", "unknown"]).sum())
        counts = {
            "terms": (len(told), None),
            "endless": (endless, "critical"),
            "unfounded": (int(told["authority"].isna().sum()), "warning"),
            "uncovered": (len(self._uncovered), "warning"),
            "differing": (int(ledger.differing(self._ledger)["category"].nunique()), None),
        }
        tiles = (
            element(
                "li",
                element("b", self.say.number(n)),
                " ",
                element("span", tell("tiles", name, n=n)),
                class_=look or None,
            )
            for name, (n, look) in counts.items()
        )
        return passage(
            heading("standing", tell("headings", "standing")),
            paragraphs(tell("standing") if len(told) else tell("no_terms")),
            element("ul", *tiles, class_="tiles"),
        )

    def ledger(self) -> Passage:
        """The ledger: each category with its terms, their authority and fate, what they cover, what was found."""
        tell, told = self.tell, self._ledger
        head = heading("ledger", tell("headings", "ledger"))
        if told.empty:
            return passage(head, paragraphs(tell("no_ledger")))
        names = ("category", "term", "authority", "fate", "covers", "findings")
        rows = [self._entry(row) for row in told.head(LEDGER).itertuples()]
        caption = tell("captions", "ledger", n=len(told))
        return passage(
            head,
            paragraphs(tell("ledger")),
            table(self._heads(*names), rows, caption=caption, class_="wrap", searchable=True),
            self._rest(len(told) - LEDGER),
        )

    def terms(self) -> Passage:
        """Every term of the retention table with its findings; then those for which no authority is named."""
        tell, told = self.tell, self._terms
        head = heading("terms", tell("headings", "terms"))
        if told.empty:
            return passage(head, paragraphs(tell("no_terms")))
        names = ("term", "period", "trigger", "authority", "fate", "activities", "findings")
        rows = [self._term(row) for row in told.head(ROWS).itertuples()]
        return passage(
            head,
            table(self._heads(*names), rows, caption=tell("captions", "terms", n=len(told)), class_="wrap"),
            self._rest(len(told) - ROWS),
            element("h3", tell("headings", "unfounded")),
            self._unfounded(),
        )

    def gaps(self) -> Passage:
        """Categories kept for different terms, and categories for which no activity names a term."""
        tell = self.tell
        several = ledger.differing(self._ledger)
        groups = [(str(key), rows) for key, rows in several.groupby("category", sort=False)]
        differing: list[list[object]] = [
            [self._name("categories", key), self._spread(rows)] for key, rows in groups[:ROWS]
        ]
        bare: list[list[object]] = [
            [self._name("categories", row.category), self._why(row), self.say.number(row.fields)]
            for row in self._uncovered.head(ROWS).itertuples()
        ]
        return passage(
            heading("gaps", tell("headings", "gaps")),
            self._listed("differing", ("category", "several"), differing, len(groups)),
            self._listed("uncovered", ("category", "why", "fields"), bare, len(self._uncovered)),
        )

    def due(self) -> Passage:
        """What is overdue and what falls due in each of the next four quarters; then what has no day to go by."""
        tell, told = self.tell, ahead.ahead(self.audit, self.quarter)
        parts: list[Markup] = []
        for one in ahead.coming(self.quarter):
            rows = told[told["quarter"] == str(one)]
            parts += self._season(str(one), self.say.quarter(one), rows)
        late = told[~told["quarter"].isin([str(one) for one in ahead.coming(self.quarter)])]
        before = self._season(ahead.OVERDUE, tell("overdue"), late) if len(late) else []
        return passage(
            heading("due", tell("headings", "due")),
            paragraphs(tell("due")),
            *before,
            *parts,
            element("h3", tell("headings", "undated")),
            *self._undated(),
        )

    # -- facts ------------------------------------------------------------------------------------------------------

    @cached_property
    def _terms(self) -> pd.DataFrame:
        return ledger.terms(self.audit)

    @cached_property
    def _ledger(self) -> pd.DataFrame:
        return ledger.ledger(self.audit.inventory)

    @cached_property
    def _uncovered(self) -> pd.DataFrame:
        return ledger.uncovered(self.audit.inventory, self._ledger)

    @cached_property
    def _known(self) -> dict[str, Any]:
        """Rows of the terms by key, the first of each."""
        return {str(row.term): row for row in self._terms.drop_duplicates("term").itertuples()}

    @cached_property
    def _labels(self) -> dict[str, dict[str, str]]:
        """Names of rows by table and id, masked and cut."""
        found = {}
        for name in ("categories", "purposes", "systems", "processing", "retention"):
            known = self.audit.inventory.tables[name]["name"].dropna().astype(object).map(text_of)
            found[name] = dict(zip(self.audit.inventory.keys[name][known.index], known, strict=True))
        return found

    # -- parts ------------------------------------------------------------------------------------------------------

    def _heads(self, *names: str) -> list[str]:
        return [self.tell("columns", name) for name in names]

    def _rest(self, n: int) -> Markup:
        return paragraphs(self.tell("rest", n=n), class_="more") if n > 0 else joined([])

    def _listed(self, what: str, names: tuple[str, ...], rows: list[list[object]], total: int) -> Markup:
        """A heading with the table under it, or the sentence that there is nothing to put into it."""
        head = element("h3", self.tell("headings", what))
        if not rows:
            return joined([head, paragraphs(self.tell("none", what))])
        shown = table(self._heads(*names), rows, caption=self.tell("captions", what, n=total), class_="wrap")
        return joined([head, paragraphs(self.tell(what)), shown, self._rest(total - len(rows))])

    def _name(self, table_name: str, key: str) -> str:
        return self._labels[table_name].get(key) or cut(mask(key), NAME)

    def _entry(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        """One row of the ledger; where the term is unknown, it and all that hangs on it is said to be so."""
        unknown = element("span", self.tell("unknown"), class_="badge warning")
        term = self._known.get(row.term) if isinstance(row.term, str) else None
        said: list[object] = [unknown, self.tell("unknown"), self.tell("unknown")]
        if term is not None:
            said = [self._period(term, link=True), self._authority(term), self._fate(term)]
        elif isinstance(row.term, str):
            said[0] = joined([cut(mask(row.term), NAME), " ", self.tell("no_row")])
        counted = self._counted(term.findings) if term is not None else ""
        return [self._name("categories", row.category), *said, self._covers(row), counted]

    def _period(self, term: Any, *, link: bool) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        """Name of a term, its length as written, what kind of length that is, and from when it counts."""
        name = self._name("retention", term.term)
        parts: list[object] = [element("a", name, href=f"#t-{term.term}") if link else name]
        parts += [element("div", self._written(term)), element("div", self._from(term), class_="where")]
        return joined(parts)

    def _written(self, term: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        """The length of a term in words; where it has none, the phrase as it is written and what kind of term it is."""
        schema, lang = self.audit.inventory.schema, self.audit.lang
        bound = f"{schema.label('bound', term.bound, lang)} " if isinstance(term.bound, str) else ""
        if term.kind == "fixed":
            return joined([bound, self.say.lasting(str(term.duration), term.days)])
        phrase = isinstance(term.period, str) and not _CODE.match(term.period.strip())
        said = [cut(mask(term.period), _PERIOD), " "] if phrase else []
        return joined([*said, element("span", self.tell("kinds", term.kind), class_=f"badge {_LOOKS[term.kind]}")])

    def _from(self, term: Any) -> str:  # noqa: ANN401 - a namedtuple of pandas
        """The event that the term counts from, or that it is unknown; nothing where it has no end to count to."""
        if isinstance(term.trigger, str):
            label = self.audit.inventory.schema.label("trigger", term.trigger, self.audit.lang)
            return self.tell("until" if term.kind == "until" else "counts_from", event=label)
        return "" if term.kind in {"indefinite", "by_law"} else self.tell("no_trigger")

    def _authority(self, term: Any) -> str:  # noqa: ANN401 - a namedtuple of pandas
        return cut(mask(term.authority), SENTENCE) if isinstance(term.authority, str) else self.tell("unknown")

    def _fate(self, term: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        """What happens at the end, within how many working days, and the stages that follow."""
        if term.kind == "indefinite" and not isinstance(term.disposal, str):
            return joined([self.tell("no_end")])
        label = self.tell("unknown")
        if isinstance(term.disposal, str):
            label = self.audit.inventory.schema.label("disposal", term.disposal, self.audit.lang)
        days = self.tell("within", n=int(term.disposal_days)) if pd.notna(term.disposal_days) else ""
        lines = [element("div", label), *([element("div", days, class_="where")] if days else [])]
        stages = [self._name("retention", one) for one in term.chain[1:]]
        if stages:
            lines.append(element("div", self.tell("then", stages=" → ".join(stages)), class_="where"))
        return joined(lines)

    def _covers(self, row: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        """Activities, purposes and systems to which the term applies."""
        parts = {"processing": row.activities, "purposes": row.purposes, "systems": row.systems}
        lines = []
        for name, keys in parts.items():
            said = self._some(self._name(name, key) for key in keys) or self.tell("unknown")
            lines.append(element("div", element("span", f"{self._table(name)}: ", class_="more"), said))
        return joined(lines)

    def _counted(self, findings: tuple[str, ...]) -> Markup:
        """Findings of a term by severity, as counts; they are named once, in the table of terms."""
        codes = [self._facts_of[one][1] for one in findings]
        sizes = [(name, codes.count(name)) for name in SEVERITIES if name in codes]
        return joined(element("div", self._badge(name), f" {n}") for name, n in sizes)

    def _term(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        name = self._name("retention", row.term)
        first = self._known[row.term].Index == row.Index
        said = self._from(row) if row.kind == "indefinite" or isinstance(row.trigger, str) else self.tell("unknown")
        told = [
            element("div", self._badge(severity), " ", cut(title, SENTENCE), id=f"f-{one}" if first else None)
            for one in row.findings
            for title, severity in [self._facts_of[one]]
        ]
        anchor = element("span", name, id=f"t-{row.term}" if first else None)
        cells: list[object] = [anchor, self._written(row), said, self._authority(row), self._fate(row)]
        return [*cells, self.say.number(int(row.activities)), joined(told)]

    def _unfounded(self) -> Markup:
        """Terms whose authority is unknown, those that most activities use first."""
        bare = self._terms[self._terms["authority"].isna()]
        if bare.empty:
            return paragraphs(self.tell("none", "unfounded"))
        ranked = bare.sort_values("activities", ascending=False, kind="stable")
        rows = [
            [self._name("retention", row.term), self._written(row), self.say.number(int(row.activities))]
            for row in ranked.head(ROWS).itertuples()
        ]
        heads = self._heads("term", "period", "activities")
        shown = table(heads, rows, caption=self.tell("captions", "unfounded", n=len(bare)), class_="wrap")
        return joined([paragraphs(self.tell("unfounded")), shown, self._rest(len(bare) - ROWS)])

    def _spread(self, rows: pd.DataFrame) -> Markup:
        """The terms of one category, with the purposes that each is for."""
        lines = []
        for row in rows.head(THINGS * 2).itertuples():
            term = self._known.get(row.term) if isinstance(row.term, str) else None
            said = self._period_words(term) if term is not None else self.tell("unknown")
            purposes = self._some(self._name("purposes", key) for key in row.purposes)
            lines.append(element("div", said, " ", element("span", purposes, class_="place")))
        more = len(rows) - len(lines)
        return joined([*lines, self.say("promises", "more", n=more) if more > 0 else ""])

    def _period_words(self, term: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        name = self._name("retention", term.term)
        return joined([name, ": ", self._written(term)])

    def _why(self, row: Any) -> str:  # noqa: ANN401 - a namedtuple of pandas
        names = self._some(self._name("processing", key) for key in row.activities)
        return self.tell("why", row.why, activities=names)

    def _season(self, code: str, name: str, rows: pd.DataFrame) -> list[Markup]:
        """One quarter: its table, or that nothing is known to fall due in it."""
        head = element("h3", name)
        if rows.empty:
            return [head, paragraphs(self.tell("none", "due"))]
        lines = [
            [self.say.date(row.due_on), self.tell("what", row.what), cut(row.name, SENTENCE), row.owner or "–"]
            for row in rows.rename(columns={"name": "said"}).head(DUE).assign(name=rows["name"]).itertuples()
        ]
        caption = self.tell("captions", "overdue" if code == ahead.OVERDUE else "due", n=len(rows))
        return [
            head,
            table(self._heads("day", "what", "name", "owner"), lines, caption=caption, class_="wrap"),
            self._rest(len(rows) - DUE),
        ]

    def _undated(self) -> Iterable[Markup]:
        """How many things of each table have no day to go by."""
        counts = ahead.undated(self.audit)
        if not counts:
            yield paragraphs(self.tell("none", "undated"))
            return
        yield paragraphs(self.tell("undated"))
        yield element("ul", *(element("li", self._table(name), ": ", self.say.number(n)) for name, n in counts.items()))
