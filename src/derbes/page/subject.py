"""The page of one group of subjects: all that the law and the policy promise to tell it, and where its data lie."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from derbes.page.locator import CELL, LocatorPage
from derbes.page.markup import Passage, element, heading, joined, paragraphs, passage
from derbes.page.markup import facts as pairs
from derbes.page.sheet import NAME, SENTENCE, cut
from derbes.subject import known, shown
from derbes.subject.about import concerning, kinds, silences
from derbes.subject.facts import EVERYBODY
from derbes.views.links import lineage

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from markupsafe import Markup

    from derbes.subject import Row

_LISTED, _OTHERS = 150, 20


class SubjectPage(LocatorPage):
    """What is kept of one group of subjects and its kin, why, how long, who gets it, how its rights are used, where.

    The group with the most fields unless `about` names another. What the inventory does not say is marked.
    """

    def about(self, subject: str = "") -> Self:
        """Page of the group with this id; empty for that with the most fields. Raises UsageError for an unknown one."""
        return type(self)(self.audit, self.quarter, subject)

    @property
    def name(self) -> str:
        """What the group is called."""
        known_as = self.tell("everybody") if self.facts.subject == EVERYBODY else ""
        return known_as or cut(self.says.name("subjects", self.facts.subject), NAME)

    # -- passages ---------------------------------------------------------------------------------------------------

    def title(self) -> Passage:
        """Title of the page: which group, whose, which quarter."""
        return self._opening(self.tell("title", subject=self.name))

    def who(self) -> Passage:
        """Who they are, who answers to them, and how much there is."""
        tell, says = self.tell, self.says
        row = self.facts.rows("subjects").get(self.facts.subject, {})
        operator = self.facts.operator
        above, below = self._kin()
        clauses = row.get("clauses")
        told = [
            (tell("who", "subject"), joined([self.name, " ", element("code", self.facts.subject)])),
            (tell("who", "above"), above),
            (tell("who", "below"), below),
            (tell("who", "minors"), self._said(says.flag(row.get("minors"), "minors"))),
            (tell("who", "count"), self.say.number(int(row["count"])) if known(row.get("count")) else self._gap()),
            (
                tell("who", "clauses"),
                cut(", ".join(map(shown, clauses)), SENTENCE) if isinstance(clauses, tuple) else "",
            ),
            (tell("who", "operator"), self._said(says.text(operator.get("name"), "name"))),
            (tell("who", "role"), self._said(says.text(operator.get("responsible_role"), "role"))),
            (tell("who", "others"), self._others()),
        ]
        alone = len(self.facts.group) < 2  # noqa: PLR2004 - a family is two at least
        return passage(
            heading("who", tell("headings", "who")), pairs(told), self._sizes(),
            paragraphs("" if alone else tell("who", "kin"), self._nobodys()),
        )  # fmt: skip

    def data(self) -> Passage:
        """Kinds of data with their source, the systems that hold them and who of the group they are of."""
        frame = self._kinds
        names = ("category", "access", "source", "systems", "fields", "subjects")[
            : 6 if len(self.facts.group) > 1 else 5
        ]
        rows = [self._kind(row)[: len(names)] for row in frame.head(_LISTED).itertuples()]
        return passage(
            heading("data", self.tell("headings", "data")),
            self._listed("data", names, rows, n=len(frame)),
            self._more(len(frame) - _LISTED),
        )

    def purposes(self) -> Passage:
        """Every purpose with its data, ground, terms and recipients."""
        told = self.facts.by_purpose
        rows = [self._purpose(rows) for rows in told[:_LISTED]]
        return passage(
            heading("purposes", self.tell("headings", "purposes")),
            self._listed("purposes", ("purpose", "data", "basis", "retention", "recipients"), rows, n=len(told)),
            self._more(len(told) - _LISTED),
            paragraphs(self._automated()),
        )

    def recipients(self) -> Passage:
        """Who gets the data, in which countries, on what ground."""
        tell, told = self.tell, self.facts.recipients
        silent = sum(not known(row["recipient_ids"]) for row in self.facts.activities)
        rows = [self._recipient(row) for row in told[:_LISTED]]
        return passage(
            heading("recipients", tell("headings", "recipients")),
            self._listed("recipients", ("recipient", "kind", "countries", "ground", "purposes"), rows, n=len(told)),
            self._more(len(told) - _LISTED),
            paragraphs(tell("recipients", "silent", n=silent) if silent else "", class_="caution"),
        )

    def consents(self) -> Passage:
        """Every consent: form, term, and how it is withdrawn."""
        told = self.facts.consents
        rows = [self._consent(row) for row in told[:_LISTED]]
        return passage(
            heading("consents", self.tell("headings", "consents")),
            self._listed("consents", ("consent", "purposes", "form", "term", "channels", "days"), rows, n=len(told)),
            self._more(len(told) - _LISTED),
        )

    def rights(self) -> Passage:
        """Every right that the law gives, and how it is used: procedure, channels, days, owner."""
        tell, told = self.tell, self.facts.entitled
        rows = [line for name, right, rows in told for line in self._right(name, right, rows)]
        missing = sum(not rows for _, _, rows in told)
        return passage(
            heading("rights", tell("headings", "rights")),
            paragraphs(self._said(tell("rights", "term", within=self.says.within("reply_to_subject_days")))),
            self._listed("rights", ("right", "procedure", "channels", "days", "owner"), rows[:_LISTED], n=len(rows)),
            self._more(len(rows) - _LISTED),
            paragraphs(tell("rights", "missing", n=missing) if missing else "", class_="caution"),
        )

    def findings(self) -> Passage:
        """Findings on what is said of the group, worst first."""
        tell, found = self.tell, self._concerning
        rows = [self._finding(row) for row in found.head(_LISTED).itertuples()]
        return passage(
            heading("findings", tell("headings", "findings")),
            self._listed("findings", ("what", "severity", "status", "id"), rows, n=len(found), class_="findings"),
            self._more(len(found) - _LISTED),
        )

    def gaps(self) -> Passage:
        """What the inventory does not say and the group may ask."""
        tell, frame = self.tell, self._silences
        rows: list[list[object]] = [
            [self._table(row.table), self._column(row.table, row.column), self.say.number(row.n),
             self.say.number(row.rows), self._few(row.keys)]
            for row in frame.itertuples()
        ]  # fmt: skip
        return passage(
            heading("gaps", tell("headings", "gaps")),
            self._listed("gaps", ("table", "column", "n", "rows", "keys"), rows, n=int(frame["n"].sum())),
        )

    # -- frames -----------------------------------------------------------------------------------------------------

    @cached_property
    def _kinds(self) -> pd.DataFrame:
        return kinds(self.facts)

    @cached_property
    def _concerning(self) -> pd.DataFrame:
        return concerning(self.facts, self._found)

    @cached_property
    def _silences(self) -> pd.DataFrame:
        return silences(self.facts)

    # -- parts ------------------------------------------------------------------------------------------------------

    def _kin(self) -> tuple[str, str]:
        """Names of the groups above and of those below."""
        line = lineage(self.audit.inventory, "subjects")
        above = {*line.loc[line["id"].eq(self.facts.subject), "above"]}
        others = [one for one in self.facts.group if one != self.facts.subject]
        names = [
            [self.says.name("subjects", one) for one in others if (one in above) is up] for up in (True, False)
        ]  # fmt: skip
        alone = self.facts.subject == EVERYBODY
        return "" if alone else cut("; ".join(names[0]), SENTENCE), cut("; ".join(names[1]), SENTENCE)

    def _others(self) -> str:
        ids = [one for one in self.facts.rows("subjects") if one not in self.facts.group]
        names = [cut(self.says.name("subjects", one), NAME) for one in ids[:_OTHERS]]
        return "; ".join(names) + " …" * (len(ids) > _OTHERS)

    def _nobodys(self) -> str:
        told = [shown(row["name"]) if known(row["name"]) else shown(row["processing_id"]) for row in self.facts.nobodys]
        return self.tell("who", "nobodys", n=len(told), names=self._few(told)) if told else ""

    def _sizes(self) -> Markup:
        counts = {
            "fields": len(self.facts.fields),
            "systems": len(self.facts.systems),
            "purposes": len(self.facts.by_purpose),
            "recipients": len(self.facts.recipients),
            "findings": len(self._concerning),
            "gaps": int(self._silences["n"].sum()),
        }
        looks = {"findings": "critical", "gaps": "warning"}
        tiles = (
            element("li", element("b", self.say.number(n)), " ", element("span", self.tell("tiles", name, n=n)),
                    class_=looks.get(name))
            for name, n in counts.items()
        )  # fmt: skip
        return element("ul", *tiles, class_="tiles")

    def _kind(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        says, named = self.says, isinstance(row.category_id, str)
        category = self.facts.rows("categories").get(str(row.category_id), {})
        name = cut(says.name("categories", row.category_id), NAME) if named else self._gap()
        sources = [says.label("source", code, "source") for code in row.sources]
        unsure = [self._gap()] if row.unknown or not row.fields else []
        return [
            self._noted(
                name, "; ".join(text for text in map(shown, row.labels) if text.casefold() != str(name).casefold())
            ),
            self._said(says.label("access_class", category.get("access_class"), "access")),
            joined([self._said(", ".join(sources)), "; " if sources and unsure else "", *unsure]),
            self._named("systems", row.systems) if row.systems else self._gap(),
            self.say.number(row.fields),
            self._named("subjects", row.subjects) if row.subjects else self._gap(),
        ]

    def _named(self, place: str, ids: Iterable[str]) -> str:
        return cut("; ".join(self.says.name(place, one) for one in ids), CELL)

    def _purpose(self, rows: list[Row]) -> list[object]:
        says, purpose = self.says, rows[0]["purpose_id"]
        name = cut(says.name("purposes", purpose), NAME) if known(purpose) else self._gap()
        acts = "; ".join(shown(row["name"]) for row in rows if known(row["name"]))
        return [
            self._noted(name, acts),
            self._said(says.named("categories", rows, "category_ids", "categories")),
            self._said(says.joined(map(says.basis, rows))),
            self._said(says.joined(map(says.retention, rows))),
            self._said(says.named("recipients", rows, "recipient_ids", "recipients")),
        ]

    def _automated(self) -> Markup | str:
        acts = self.facts.activities
        decided = [shown(row["name"]) for row in acts if known(row["automated_decision"]) and row["automated_decision"]]
        if decided:
            return self.tell("purposes", "automated", names=self._few(decided))
        return self.tell("purposes", "unsure" if self.facts.automated else "by_people") if acts else ""

    def _recipient(self, row: Row) -> list[object]:
        says, facts, key = self.says, self.facts, row["recipient_id"]
        getting = [one for one in facts.activities if key in facts.listed(one, "recipient_ids", "recipients")]
        home = row["countries"] == (facts.law.country,)
        ground = says.label("transfer_ground", row["transfer_ground"], "ground")
        return [
            self._noted(cut(says.name("recipients", key), NAME), self._paper(row["contract"])),
            self._said(says.label("recipient_kind", row["kind"], "kind")),
            self._said(says.countries(row["countries"], "countries")),
            self.tell("recipients", "home") if home else self._said(ground),
            self._said(says.named("purposes", getting, "purpose_id", "purpose")),
        ]

    def _paper(self, key: object) -> str:
        """What a paper is, with its number; nothing where there is none."""
        row = self.facts.rows("documents").get(str(key))
        if row is None:
            return ""
        label = self.audit.inventory.schema.label
        kind = label("document_kind", shown(row["kind"]), self.audit.lang) if known(row["kind"]) else ""
        told = [kind, shown(row["number"])]
        return " ".join(told[: 1 + known(row["number"])]).strip()

    def _consent(self, row: Row) -> list[object]:
        says = self.says
        given = says.label("given_by", "representative", "") if row["given_by"] == "representative" else ""
        return [
            self._noted(cut(says.name("consents", row["consent_id"]), NAME), given),
            self._said(says.named("purposes", [row], "purpose_ids", "purpose")),
            self._said(says.form(row)),
            self._said(says.consent_term(row)),
            self._said(says.labels("channel", row["withdrawal_channels"], "withdrawal")),
            self._said(says.days(row["withdrawal_days"], "withdrawal_days")),
        ]

    def _right(self, name: str, right: Any, rows: list[Row]) -> list[list[object]]:  # noqa: ANN401 - a paragraph of YAML
        says = self.says
        title = self._noted(self.audit.inventory.schema.label("right_kind", name, self.audit.lang), self._cited(right))
        if not rows:
            return [[title, element("mark", self.tell("rights", "no_procedure")), "", "", ""]]
        return [
            [
                title,
                cut(shown(row["name"]), NAME) if known(row["name"]) else self._gap(),
                self._said(says.labels("channel", row["channels"], "channels")),
                self._said(says.days(row["deadline_days"], "deadline")),
                self._said(says.text(row["owner"], "owner")),
            ]
            for row in rows
        ]

    def _cited(self, right: Any) -> str:  # noqa: ANN401 - a paragraph of YAML
        cite = right.get("cite", {})
        return self.say("risks", "article", **cite) if {"act", "at"} <= {*cite} else ""
