"""The pages of the policy notebook: what is promised clause by clause, beside what the inventory says of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import counterparts
from derbes.identity import mask
from derbes.page.labels import Labels, listed
from derbes.page.law import LawPage
from derbes.page.markup import Passage, element, heading, joined, paragraphs, passage, table
from derbes.page.markup import facts as pairs
from derbes.page.sheet import NAME, SENTENCE, THINGS, cut, text_of
from derbes.promises import VERDICTS, oppositions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from markupsafe import Markup


#: Clauses, contradictions and things without a counterpart that a page shows.
CLAUSES, CONTRADICTIONS, GAPS = 400, 60, 120
#: Things that a clause names and rows that come from it, shown of each table.
_FIX, _TITLE = 1200, 160
_STATED = ("asserts", "denies", "except")
_LISTED = ("natures", "recipient_kinds", "channels")
_LOOKS = {"contradicted": "critical", "objected": "warning", "not_provable": "warning"}


class PolicyPage(LawPage):
    """The published policy: how it stands, promises, contradictions, clauses beside the inventory, gaps.

    Every method returns a passage. Where the inventory has no clauses each of them says so in a sentence.
    """

    section = "policy"

    def title(self) -> Passage:
        """Title of the notebook: what it is, whose, which quarter."""
        return self._opening(self.tell("title"))

    def standing(self) -> Passage:
        """How the policy stands: clauses by verdict, its edition as the documents have it, what cannot be checked."""
        tell, told = self.tell, self._promises
        head = heading("standing", tell("headings", "standing"))
        if told.empty:
            return passage(head, paragraphs(tell("empty")))
        sizes = told["verdict"].value_counts()
        tiles = (
            element(
                "li", element("b", self.say.number(int(sizes.get(code, 0)))), " ", element("span", word), class_=look
            )
            for code in VERDICTS
            for word, look in [(tell("tiles", code, n=int(sizes.get(code, 0))), _LOOKS.get(code))]
        )
        sections = told["clause"].str.partition(".")[0].nunique()  # few policies have a row for the heading itself
        return passage(
            head,
            paragraphs(tell("standing", "text", n=len(told), sections=sections)),
            element("ul", *tiles, class_="tiles"),
            paragraphs(tell("standing", "verdicts")),
            *self._papers(),
        )

    def contradictions(self) -> Passage:
        """Clauses at odds with each other or with the register: both sides, what contradicts, what to write instead."""
        tell, told = self.tell, self._opposed
        head = heading("contradictions", tell("headings", "contradictions"))
        if told.empty:
            return passage(head, paragraphs(tell("contradictions", "none")))
        rows = [self._opposition(row) for row in told.head(CONTRADICTIONS).itertuples()]
        heads = [tell("contradictions", name) for name in ("sides", "what", "fix")]
        caption = tell("contradictions", "caption", n=len(told))
        return passage(
            head,
            paragraphs(tell("contradictions", "text")),
            table(heads, rows, caption=caption, class_="wrap", searchable=True),
            self._more(len(told) - CONTRADICTIONS),
        )

    def clauses(self) -> Passage:
        """Every clause in the policy's order: what it says, what the inventory has of it, verdict, findings."""
        tell, told = self.tell, self._promises
        head = heading("clauses", tell("headings", "clauses"))
        if told.empty:
            return passage(head, paragraphs(tell("empty")))
        rows = [self._beside(row) for row in told.head(CLAUSES).itertuples()]
        heads = [tell("clauses", name) for name in ("clause", "policy", "inventory", "findings")]
        return passage(
            head,
            paragraphs(tell("clauses", "text")),
            table(heads, rows, caption=tell("clauses", "caption", n=len(told)), class_="wrap", searchable=True),
            self._rest(len(told) - CLAUSES),
        )

    def gaps(self) -> Passage:
        """What the policy speaks of and the register lacks, and what the register has and the policy is silent on."""
        tell, inv = self.tell, self.audit.inventory
        head = heading("gaps", tell("headings", "gaps"))
        if self._promises.empty:
            return passage(head, paragraphs(tell("empty")))
        unmet, unsaid = counterparts.unmet(inv), counterparts.unsaid(inv)
        sides = {
            "unmet": [[*self._thing(row), self._numbers(row.clauses)] for row in unmet.head(GAPS).itertuples()],
            "unsaid": [[*self._thing(row), self._uses(row.uses)] for row in unsaid.head(GAPS).itertuples()],
        }
        parts: list[Markup] = []
        for (name, rows), found in zip(sides.items(), (unmet, unsaid), strict=True):
            heads = [tell("gaps", one) for one in ("name", "table", f"{name}_by")]
            shown = table(heads, rows, caption=tell("gaps", f"{name}_caption", n=len(found))) if rows else ""
            parts += [paragraphs("" if rows else tell("gaps", f"no_{name}")), joined([shown])]
            parts += [self._rest(len(found) - GAPS)]
        return passage(head, paragraphs(tell("gaps", "text")), *parts)

    # -- facts ------------------------------------------------------------------------------------------------------

    @cached_property
    def _opposed(self) -> pd.DataFrame:
        """Findings that set a clause at odds with something, the gravest first: those of the verdicts, then notes."""
        ids = {*self._promises["findings"].explode().dropna(), *oppositions(self.audit)["id"]}
        return self._found[self._found["id"].isin(ids)]

    @cached_property
    def _anchored(self) -> frozenset[str]:
        """Ids that have an anchor on this page: what contradicts, and what stands on a clause that is shown."""
        shown = self._opposed["id"].head(CONTRADICTIONS)
        return frozenset(shown) | frozenset(self._homes)

    @cached_property
    def _homes(self) -> dict[str, int]:
        """The first clause under which each finding is shown that is not among the contradictions."""
        above = set(self._opposed["id"].head(CONTRADICTIONS))
        homes: dict[str, int] = {}
        for row in self._promises.head(CLAUSES).itertuples():
            for one in self._distinct(row)[:THINGS]:
                homes.setdefault(one, row.origin)
        return {one: origin for one, origin in homes.items() if one not in above}

    def _distinct(self, row: Any) -> list[str]:  # noqa: ANN401 - a namedtuple of pandas
        """Findings of a clause, the first of each title: contradictions, objections, notes."""
        firsts: dict[str, str] = {}
        for one in (*row.findings, *row.objections, *row.notes):
            firsts.setdefault(self._facts_of[one][0], one)
        return list(firsts.values())

    @cached_property
    def _things_by(self) -> dict[str, pd.DataFrame]:
        frame = counterparts.spoken(self.audit.inventory)
        return {str(clause): group for clause, group in frame.groupby("clause", sort=False)}

    @cached_property
    def _rows_by(self) -> dict[str, pd.DataFrame]:
        frame = counterparts.cited(self.audit.inventory)
        return {str(clause): group for clause, group in frame.groupby("clause", sort=False)}

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        """Names of rows by table and id, masked and cut."""
        names = {}
        for name, frame in self.audit.inventory.tables.items():
            if "name" in frame:
                known = frame["name"].dropna().astype(object).map(text_of)
                names[name] = dict(zip(self.audit.inventory.keys[name][known.index], known, strict=True))
        return names

    # -- parts ------------------------------------------------------------------------------------------------------

    def _rest(self, n: int) -> Markup:
        return paragraphs(self.tell("rest", n=n), class_="more") if n > 0 else joined([])

    def _papers(self) -> Iterable[Markup]:
        """The policy as the table of documents has it, or that it has none; what is unknown is said to be so."""
        tell, inv = self.tell, self.audit.inventory
        rows = inv.documents[inv.documents["kind"] == "policy"]
        if rows.empty:
            yield paragraphs(tell("standing", "no_paper"), class_="caution")
        for row in rows.tail(1).to_dict("records"):
            named = (inv.schema.label("language", str(code), self.say.lang) for code in _several(row["languages"]))
            languages = ", ".join(named)
            told = {name: text_of(row[name]) for name in ("version", "number")}
            told |= {name: self.say.date(day if pd.notna(day := row[name]) else None) for name in ("approved_on",)}
            told |= {name: self.say.date(row[name] if pd.notna(row[name]) else None) for name in ("effective_on",)}
            told |= {"languages": languages}
            yield pairs([(self._column("documents", name), value or tell("unknown")) for name, value in told.items()])

    def _opposition(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        """One contradiction: the clauses that are its sides and the rows beside them, what it is, how to mend it."""
        beside = [key for name, key in row.related if name == "clauses"]
        numbers = [row.key, *beside] if row.table == "clauses" else beside
        sides = [element("div", self._link(one), " ", self._summaries.get(one, "")) for one in numbers[:THINGS]]
        rows = [(name, key) for name, key in row.related if name != "clauses"]
        rows += [(row.table, row.key)] if row.table != "clauses" else []
        register = self._register(rows)
        what = [element("div", self._badge(row.severity), " ", cut(row.title, SENTENCE), id=f"f-{row.id}")]
        what += [element("div", cut(row.why, SENTENCE), class_="where")]
        more = self.say("promises", "more", n=len(numbers) - THINGS) if len(numbers) > THINGS else ""
        return [joined([*sides, more, register]), joined(what), cut(row.fix, _FIX)]

    @cached_property
    def _summaries(self) -> dict[str, str]:
        told = self._promises
        return {clause: cut(said, _TITLE) for clause, said in zip(told["clause"], told["summary"], strict=True)}

    def _register(self, rows: list[tuple[str, str]]) -> Markup:
        """Rows of the register that stand on the other side, by table."""
        tables: dict[str, list[str]] = {}
        for name, key in rows:
            tables.setdefault(name, []).append(self._name(name, key))
        lines = [f"{self._table(name)}: {self._some(names)}" for name, names in tables.items()]
        return joined(element("div", line, class_="where") for line in lines)

    def _beside(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        """One clause: number with summary and verdict, what it says, what the inventory has of it, its findings."""
        record = self._records[row.origin]
        kinds = ", ".join(self._labels("kinds", record["kinds"]))
        first = [element("b", self._numbered(row)), " ", cut(row.summary, SENTENCE)]
        first += [element("div", kinds, class_="where"), self._mark("verdicts", row.verdict)]
        said = [*self._statements(record), *self._things(row.clause, named=True)]
        held = [*self._things(row.clause, named=False), *self._rows_from(row.clause)]
        silent = self.tell("clauses", "nothing_said" if not said else "nothing_held")
        lines = [element("div", line) for line in held] or [element("div", silent, class_="where")] * bool(said)
        return [
            joined(first),
            joined(element("div", line) for line in said) if said else element("span", silent, class_="where"),
            joined(lines),
            joined(self._standing_on(row)),
        ]

    @cached_property
    def _records(self) -> dict[int, dict[str, Any]]:
        """Cells of the clauses by position."""
        frame = self.audit.inventory.clauses
        return dict(zip(frame.index, frame.to_dict("records"), strict=True))

    @cached_property
    def _acts(self) -> dict[str, list[str]]:
        """Titles of the acts that each clause cites, as it cites them."""
        frame = self.audit.inventory.citations[["clause_id", "act_title"]].dropna().astype(object)
        return {clause: list(map(text_of, titles)) for clause, titles in frame.groupby("clause_id")["act_title"]}

    def _statements(self, record: dict[str, Any]) -> Iterable[Markup]:
        """What a clause asserts, denies and excepts, its grounds, elements and words, acts it cites, its deadline."""
        for name in (*_STATED, *_LISTED):
            if codes := self._labels(name, record[name]):
                yield self._line(self._column("clauses", name), self._some(codes))
        labels = Labels(self.audit)
        called: dict[str, Callable[[str], str]] = {"basis_codes": labels.basis, "elements": labels.part}
        called |= {"terms_defined": text_of, "requisites": labels.particular}
        for name, in_words in called.items():
            if told := list(dict.fromkeys(map(in_words, _several(record[name])))):
                rest = [self.say("promises", "more", n=len(told) - THINGS)] if len(told) > THINGS else []
                yield self._line(self._column("clauses", name), listed([*told[:THINGS], *rest]))
        if acts := self._acts.get(str(record["clause_id"])):
            yield self._line(self._table("citations"), self._some(acts))
        if pd.notna(record["deadline_days"]):
            yield self._line(self._column("clauses", "deadline_days"), self.say.number(int(record["deadline_days"])))

    def _labels(self, name: str, codes: object) -> list[str]:
        schema = self.audit.inventory.schema
        known = str(schema.tables["clauses"].columns[name].list)
        return [text_of(schema.label(known, code, self.audit.lang)) for code in _several(codes)]

    def _line(self, name: str, said: object) -> Markup:
        return joined([element("span", f"{name}: ", class_="more"), said])

    def _things(self, clause: str, *, named: bool) -> Iterable[Markup]:
        """Things that a clause names, by table: their names, or what the register has of each."""
        frame = self._things_by.get(clause)
        for name, group in frame.groupby("table", sort=False) if frame is not None else ():
            told = [
                self._name(str(name), row.id) if named else self._held(str(name), row) for row in group.itertuples()
            ]
            yield self._line(self._table(name), self._some(told))

    def _held(self, table_name: str, row: Any) -> str:  # noqa: ANN401 - a namedtuple of pandas
        name = self._name(table_name, row.id)
        if table_name == "retention" and row.id in self._periods:
            name = f"{name} ({self._periods[row.id]})"
        if not row.known:
            return self.tell("clauses", "no_row", name=name)
        return f"{name}: {self._uses(row.uses)}" if row.uses else self.tell("clauses", "unused", name=name)

    @cached_property
    def _periods(self) -> dict[str, str]:
        frame = self.audit.inventory.retention.dropna(subset=["retention_id"])
        known = frame["period"].astype(object).map(text_of)
        return {key: said or self.tell("unknown") for key, said in zip(frame["retention_id"], known, strict=True)}

    def _uses(self, uses: tuple[tuple[str, int], ...]) -> str:
        return ", ".join(f"{self._table(name)} {self.say.number(n)}" for name, n in uses)

    def _rows_from(self, clause: str) -> Iterable[Markup]:
        """Rows that say they come from the clause, by table."""
        frame = self._rows_by.get(clause)
        for row in frame.itertuples() if frame is not None else ():
            names = [self._name(row.table, key) for key in row.keys]
            yield self._line(self.tell("clauses", "rows_from", table=self._table(row.table)), self._some(names))

    def _standing_on(self, row: Any) -> Iterable[Markup]:  # noqa: ANN401 - a namedtuple of pandas
        """Findings of a clause with links to where they are told; then how many more, and what is unknown."""
        listed = self._distinct(row)
        for one in listed[:THINGS]:
            title, severity = self._facts_of[one]
            here = self._homes.get(one) == row.origin
            told = cut(title, SENTENCE) if here else self._linked(one, cut(title, _TITLE))
            yield element("div", self._badge(severity), " ", told, id=f"f-{one}" if here else None)
        if len(listed) > THINGS:
            yield element("div", self.say("promises", "more", n=len(listed) - THINGS), class_="where")
        if row.unknown:
            yield element("div", self.say("promises", "unknown", facts=self._facts(row.unknown)), class_="where")

    def _thing(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        return [self._name(row.table, row.id), self._table(row.table)]

    def _name(self, table_name: str, key: str) -> str:
        """The name of a row, the label of a right's kind, or the id itself."""
        if table_name == "rights":
            schema = self.audit.inventory.schema
            known = self._names["rights"].get(key)
            return known or schema.label("right_kind", key, self.audit.lang)
        return self._names.get(table_name, {}).get(key) or cut(mask(key), NAME)

    def _numbers(self, clauses: Iterable[str]) -> Markup:
        listed = list(clauses)
        links = [part for one in listed[:THINGS] for part in (self._link(one), ", ")][:-1]
        return joined([*links, " …" if len(listed) > THINGS else ""])

    def _link(self, clause: str) -> Markup:
        shown = clause in self._shown
        return (
            element("a", cut(mask(clause), NAME), href=f"#c-{clause}") if shown else joined([cut(mask(clause), NAME)])
        )

    @cached_property
    def _shown(self) -> frozenset[str]:
        return frozenset(self._promises["clause"].head(CLAUSES))

    def _clause(self, number: str) -> object:
        return self._link(number)

    def _numbered(self, row: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        """The number of a clause, with an anchor at the first of those that bear it."""
        first = self._firsts.get(row.clause) == row.origin
        return element("span", cut(mask(row.clause), NAME), id=f"c-{row.clause}" if first else None)

    @cached_property
    def _firsts(self) -> dict[str, int]:
        distinct = self._promises.drop_duplicates("clause")
        return dict(zip(distinct["clause"], distinct["origin"], strict=True))


def _several(cell: object) -> tuple[str, ...]:
    return cell if isinstance(cell, tuple) else ()
