"""What a report says of the law and of the policy: promises, provisions, acts cited, fines, and what changed."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from derbes import promises as clauses
from derbes import provisions as law
from derbes.amendments import amendments
from derbes.identity import mask
from derbes.naming import LawNames
from derbes.page.markup import Passage, element, heading, joined, paragraphs, passage, table
from derbes.page.sheet import NAME, NAMED, ROWS, SENTENCE, Page, cut, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

#: How each verdict on a promise, and each state of a provision, is coloured: by the severity it comes nearest to.
_LOOKS = {
    "contradicted": "critical", "objected": "warning", "not_provable": "warning", "kept": "kept",
    "not_checkable": "info", "broken": "warning", "unknown": "warning", "passed": "kept", "idle": "info",
    "not_run": "info", "uncovered": "info", "in_force": "kept", "verify": "warning", "ceased": "critical",
    "future": "warning",
}  # fmt: skip
_TITLE = 160
_PLACES = re.compile(r"\{\w+\}")


class LawPage(Page):
    """Passages on the law and the policy; with nothing to tell, each says so in a sentence."""

    def promises(self) -> Passage:
        """Every clause of the policy with a verdict and its reasons."""
        say, told = self.say, self._promises
        head = heading("promises", say("headings", "promises"))
        if told.empty:
            return passage(head, paragraphs(say("promises", "absent_all")))
        titles = self.audit.findings.set_index("id")["title"]
        judged = told[told["verdict"] != "not_checkable"]
        rows: list[list[object]] = [
            [self._clause(row.clause), text_of(row.summary), *self._judgement(row, titles)]
            for row in judged.head(ROWS).itertuples()
        ]
        counts = {name: int((told["verdict"] == name).sum()) for name in clauses.VERDICTS}
        return passage(
            head,
            paragraphs(say("promises", "text"), say("promises", "counts", **counts)),
            self._listed("promises", "caption", ("clause", "summary", "verdict", "why"), rows),
            self._more(len(judged) - ROWS),
            self._unchecked(told.drop(judged.index)),
        )

    def amendments(self) -> Passage:
        """What changed in the law since the last day of the quarter before, and in the rules because of it."""
        say, start = self.say, self.quarter.previous().last_day
        changes = amendments(self.audit, start=start)
        events = [self._event(row) for row in changes.acts.itertuples()]
        rules = [self._amended(row) for row in changes.rules.itertuples()]
        return passage(
            heading("amendments", say("headings", "amendments")),
            paragraphs(say("amendments", "text", start=say.date(start), end=say.date(self.audit.as_of))),
            self._listed("amendments", "acts", ("act", "change", "day", "details"), events),
            self._listed("amendments", "rules", ("change", "what", "turn", "concerned", "findings"), rules),
        )

    def provisions(self) -> Passage:
        """Provisions of the law with the rules that look at them, and those that no rule looks at."""
        say, told = self.say, law.coverage(self.audit)
        if told.empty:
            return passage(heading("provisions", say("headings", "provisions")), paragraphs(say("provisions", "none")))
        rows = [
            [self._provision(row.act, row.at), cut(row.label, _TITLE), self._mark("states", row.state)]
            + [say.number(n) for n in (len(row.rules), row.findings, row.unknown)]
            for row in told.itertuples()
        ]
        state = told["state"].value_counts()
        covered = len(told) - int(state.get("uncovered", 0))
        counts = {"n": len(told), "covered": covered, "broken": int(state.get("broken", 0))}
        heads = self._heads("provisions", "at", "about", "state", "rules", "findings", "unknown")
        return passage(
            heading("provisions", say("headings", "provisions")),
            paragraphs(say("provisions", "text"), say("provisions", "counts", uncovered=len(told) - covered, **counts)),
            table(heads, rows, caption=say("provisions", "caption")),
        )

    def citations(self) -> Passage:
        """Acts that the policy cites, beside what became of them by the day of the audit."""
        say, told = self.say, law.citations(self.audit)
        rows = [
            [row.clause, self._cited(row), self._mark("statuses", row.status), self._standing(row)]
            for row in told.head(ROWS).itertuples()
        ]
        return passage(
            heading("citations", say("headings", "citations")),
            paragraphs(say("citations", "text") if rows else ""),
            self._listed("citations", "caption", ("clause", "cited", "status", "now"), rows),
            self._more(len(told) - ROWS),
        )

    def fines(self) -> Passage:
        """Articles on fines to which findings may lead, each once, with the amounts of the year; never a sum."""
        say, told = self.say, law.fines(self.audit)
        index, year = self.audit.law.constants.get("mci"), str(self.audit.as_of.year)
        rows = [
            [row.article, self._offence(row)]
            + [self._amount(getattr(row, payer), getattr(row, f"{payer}_tenge")) for payer in law.PAYERS]
            + [say.number(row.findings)]
            for row in told.itertuples()
        ]
        known = say("fines", "index", year=year, index=index) if index else say("fines", "no_index", year=year)
        return passage(
            heading("fines", say("headings", "fines")),
            paragraphs(*([say("fines", "text"), known] if rows else [])),
            self._listed("fines", "caption", ("article", "offence", *law.PAYERS, "findings"), rows),
        )

    # -- parts ------------------------------------------------------------------------------------------------------

    @cached_property
    def _promises(self) -> pd.DataFrame:
        return clauses.promises(self.audit)

    @cached_property
    def _law_names(self) -> LawNames:
        return LawNames(self.audit)

    def _clause(self, number: str) -> object:
        return cut(mask(number), NAME)

    def _heads(self, section: str, *names: str) -> list[str]:
        return [self.say(section, name) for name in names]

    def _listed(self, section: str, caption: str, names: tuple[str, ...], rows: list[list[object]]) -> Markup:
        """The table, or the sentence that there is nothing to put into it."""
        if not rows:
            return paragraphs(self.say(section, "none" if caption == "caption" else f"no_{caption}"))
        return table(self._heads(section, *names), rows, caption=self.say(section, caption), class_="wrap")

    def _provision(self, act: str, at: str) -> str:
        known = self.audit.law.find(act)
        form = "clause" if known and known.kind in {"order", "decree"} else "article"
        return self.say("provisions", form, act=act, at=at) if at else act

    def _mark(self, group: str, code: str) -> Markup:
        section = {"verdicts": "promises", "states": "provisions", "statuses": "citations"}[group]
        look = "warning" if (group, code) == ("statuses", "unknown") else _LOOKS[code]
        return element("span", self.say(section, group, code), class_=f"badge {look}")

    def _judgement(self, row: Any, titles: pd.Series[Any]) -> list[Markup]:  # noqa: ANN401 - a namedtuple of pandas
        return [self._mark("verdicts", row.verdict), self._reasons(row, titles)]

    def _reasons(self, row: Any, titles: pd.Series[Any]) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        """Why a promise has its verdict: what contradicts or stands on it, what is unknown, or what looked at it."""
        say = self.say
        if row.verdict in {"contradicted", "objected"}:
            return self._titled([*row.findings, *row.objections], titles)
        if row.verdict == "not_provable":
            return joined([say("promises", "unknown", facts=self._facts(row.unknown))])
        if row.verdict == "kept":
            codes = ", ".join(row.rules[:NAMED]) + " …" * (len(row.rules) > NAMED)
            told = say("promises", "looked", n=len(row.rules), rules=codes)
            notes = [say("promises", "note", titles=cut(titles[one], _TITLE)) for one in row.notes[:NAMED]]
            return joined(element("div", line) for line in (told, *notes))
        return Markup()

    def _titled(self, findings: Iterable[str], titles: pd.Series[Any]) -> Markup:
        """Titles of findings, each once, with links to those that the page has."""
        distinct: dict[str, str] = {}
        for one in findings:
            distinct.setdefault(titles[one], one)
        told = [self._linked(one, cut(title, _TITLE)) for title, one in list(distinct.items())[:NAMED]]
        more = self.say("promises", "more", n=len(distinct) - NAMED) if len(distinct) > NAMED else ""
        return joined([*(element("div", one) for one in told), more])

    def _unchecked(self, told: pd.DataFrame) -> Markup:
        """Clauses of which nothing can be said, by the reason, in a line each."""
        parts = []
        for code, coded in (("unwatched", True), ("uncoded", False)):
            clauses_ = told.loc[told["coded"] == coded, "clause"]
            if len(clauses_):
                parts.append(self.say("promises", code, clauses=", ".join(clauses_)))
        return paragraphs(*parts)

    def _linked(self, code: str, title: str) -> Markup:
        return element("a", title, href=f"#f-{code}") if code in self._anchored else joined([title])

    def _facts(self, unknown: Iterable[tuple[str, str]]) -> str:
        """Columns of tables that are unknown, a table once."""
        tables: dict[str, list[str]] = {}
        for name, column in unknown:
            known = self.say("promises", "absent") if column == "*" else self._column(name, column)
            tables.setdefault(self._table(name), []).append(known)
        return "; ".join(f"{name}: {', '.join(columns)}" for name, columns in tables.items())

    def _amended(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        say = self.say
        titles = self.audit.rules.set_index("rule")["title"]
        if row.kind in {"starts", "stops"}:
            what = joined([_bare(titles.get(row.name, "")), " ", element("code", row.name)])
        else:
            what = joined([self._law_names.part(row.kind, row.name)])
        active = self._found["rule"].isin(row.rules)
        turn = cut(self._law_names.turn(row.kind, row.name, row.before, row.after), SENTENCE)
        return [
            say("amendments", "kinds", row.kind),
            what,
            turn,
            say.number(len(row.rules)),
            say.number(int(active.sum())),
        ]

    def _event(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        say = self.say
        details = ""
        if row.change == "renamed":
            details = self._turn(row.before, row.after)
        elif row.after:
            ceased = row.change == "ceased"
            names = ", ".join(map(self._act, row.after.split(", "))) if ceased else row.after
            details = say("citations", "successor", acts=names) if ceased else say("amendments", "by", acts=names)
        return [self._act(row.act), say("amendments", "changes", row.change), say.date(row.date), details]

    def _act(self, number: str) -> str:
        return cut(law.named(number, self.audit.law, self.say.lang), SENTENCE)

    def _turn(self, before: str, after: str) -> str:
        if before and after and before != after:
            return self.say("amendments", "from_to", before=cut(before, SENTENCE), after=cut(after, SENTENCE))
        return cut(after or before, SENTENCE)

    def _cited(self, row: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        numbers = " ".join(filter(None, [row.number, row.provision]))
        return joined([text_of(row.title), " ", element("span", numbers, class_="place") if numbers else ""])

    def _standing(self, row: Any) -> str:  # noqa: ANN401 - a namedtuple of pandas
        """What the act is called now, with its edition, and what stands in its place."""
        say = self.say
        parts = [say("citations", "titled", title=row.now)] if row.now else []
        parts += [say("citations", "renamed")] if row.renamed else []
        parts += [say("citations", "edition", date=say.date(row.edition))] if row.edition else []
        parts += (
            [say("citations", "successor", acts=", ".join(map(self._act, row.successor.split(", "))))]
            if row.successor
            else []
        )
        return "; ".join(parts)

    def _offence(self, row: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        doubt = self.say("fines", "verify") if row.verify else ""
        return joined([row.label, *([" ", element("span", doubt, class_="place")] if doubt else [])])

    def _amount(self, mci: tuple[int, int] | None, tenge: tuple[int, int] | None) -> Markup:
        if mci is None:
            return Markup("\N{EN DASH}")
        say = self.say
        lines = [say("fines", "mci", amount=say.between(mci))]
        lines += [say("fines", "tenge", amount=say.between(tenge))] if tenge else []
        return joined(element("div", line) for line in lines)


def _bare(title: str) -> str:
    """The title of a rule with its places left open."""
    return _PLACES.sub("…", str(title))
