"""The pages of the audit notebook: each method is one passage, in the language of the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from derbes.page import facts
from derbes.page.board import MOST, BoardPage
from derbes.page.markup import (
    Passage,
    element,
    heading,
    joined,
    paragraphs,
    passage,
    table,
)
from derbes.page.sheet import NAMED, ROWS, SENTENCE, cut, text_of
from derbes.tally import set_aside, unread
from derbes.telling import reason

if TYPE_CHECKING:
    import pandas as pd

PLACES = 8
RELATED = 12
SOURCES = 60
WORDING = 2000  # characters of what to do: wording to be copied must not be cut


class AuditPage(BoardPage):
    """A report on one audit: title, summary, scope, risks, score, promises, coverage, the law, time, unknowns and all.

    Every method returns a passage that JupyterLab shows as HTML and a terminal as text. The findings are in
    findings.xlsx in full; a page shows the first of them and says how many more there are.
    """

    # -- passages ---------------------------------------------------------------------------------------------------

    def title(self) -> Passage:
        """Title of the report: what it is, whose, which quarter."""
        return self._opening(self.say("title"))

    def risks(self) -> Passage:
        """The worst rules broken: what, why it matters, what to do, where; then every broken rule with its count."""
        say = self.say
        groups = self._groups
        head = heading("risks", say("headings", "risks"))
        if not groups:
            return passage(head, paragraphs(say("risks", "none")), self._broken())
        more = say("risks", "more", n=len(groups) - MOST) if len(groups) > MOST else ""
        cards = map(self._card, groups[:MOST])
        return passage(head, paragraphs(say("risks", "order")), *cards, paragraphs(more), self._broken())

    def coverage(self) -> Passage:
        """How far the audit reached: rules by family, and the sheets that were read."""
        say = self.say
        headings = [say("coverage", name) for name in ("family", "rules", "run", "broken", "idle", "not_run")]
        rows = [
            [say.label("family", row.family), *(say.number(n) for n in row[2:])]
            for row in facts.families(self.audit).itertuples()
        ]
        return passage(
            heading("coverage", say("headings", "coverage")),
            paragraphs(say("coverage", "text")),
            table(headings, rows, caption=say("coverage", "caption")),
            self._sources(),
        )

    def unknown(self) -> Passage:
        """Which facts the inventory leaves open, by table and column."""
        say, frame = self.say, facts.unknowns(self._found)
        if frame.empty:
            return passage(heading("unknown", say("headings", "unknown")), paragraphs(say("unknown", "none")))
        rows = [
            [self._table(row.table), self._column(row.table, row.column), self._badge(row.severity), say.number(row.n)]
            for row in frame.head(SOURCES).itertuples()
        ]
        headings = [say("unknown", name) for name in ("table", "column", "severity", "n")]
        total = int(self.audit.summary["unknown"])
        return passage(
            heading("unknown", say("headings", "unknown")),
            paragraphs(say("unknown", "text", n=total)),
            table(headings, rows, caption=say("unknown", "caption")),
            self._more(len(frame) - SOURCES),
        )

    def not_checked(self) -> Passage:
        """What the audit did not check: rules not run and why, sheets left out, and what no such audit can see."""
        say = self.say
        rows = [
            [
                reason(row.reason, self.audit.lang),
                say.number(row.n),
                ", ".join(row.rules[:NAMED]) + (" …" * (row.n > NAMED)),
            ]
            for row in facts.not_run(self.audit).itertuples()
        ]
        headings = [say("not_checked", name) for name in ("reason", "n", "rules")]
        ran = table(headings, rows, caption=say("not_checked", "caption")) if rows else ""
        confirm = int(self._found["confirm"].astype(bool).sum())
        limits = element("ul", *(element("li", limit) for limit in say.entry("not_checked", "limits")))
        return passage(
            heading("not-checked", say("headings", "not_checked")),
            ran or paragraphs(say("not_checked", "all_run")),
            self._left_out(),
            element("h3", say("not_checked", "limits_title")),
            limits,
            paragraphs(say("not_checked", "confirm", n=confirm) if confirm else ""),
        )

    def findings(self) -> Passage:
        """The findings, worst first, each with its anchor; critical ones beyond the table by their ids alone."""
        say, found = self.say, self._found
        head = heading("findings", say("headings", "findings"))
        if found.empty:
            return passage(head, paragraphs(say("findings", "none")))
        headings = [say("findings", name) for name in ("what", "severity", "status", "id")]
        rows = [self._finding(row) for row in found.head(ROWS).itertuples()]
        rest = found.iloc[ROWS:]
        return passage(
            head,
            paragraphs(say("findings", "text")),
            table(headings, rows, caption=say("findings", "caption", n=len(found)), class_="findings", searchable=True),
            self._more(len(rest)),
            self._ids(rest[rest["severity"] == "critical"]),
        )

    # -- parts ------------------------------------------------------------------------------------------------------

    def _card(self, group: pd.DataFrame) -> Markup:
        say, first = self.say, group.iloc[0]
        places = (
            element("li", self._place(row, link=row.id in self._anchored), " ", self._related(row))
            for row in group.head(PLACES).itertuples()
        )
        more = say("risks", "places_more", n=len(group) - PLACES) if len(group) > PLACES else ""
        confirm = say("risks", "confirm") if bool(first["confirm"]) else ""
        law = "; ".join(self._citations(first["citations"]))
        return element(
            "article",
            element("h3", self._badge(first["severity"]), " ", cut(first["title"], SENTENCE)),
            paragraphs(self._risk(group), class_="place"),
            paragraphs(cut(first["why"], SENTENCE)),
            paragraphs(joined([element("b", say("risks", "law")), " ", law])) if law else "",
            paragraphs(confirm, class_="caution"),
            paragraphs(joined([element("b", say("risks", "fix")), " ", cut(first["fix"], WORDING)]), class_="lines"),
            paragraphs(element("b", say("risks", "places", n=len(group)))),
            element("ul", *places),
            paragraphs(more),
            class_=f"risk {first['severity']}",
        )

    def _broken(self) -> Markup:
        say, frame = self.say, facts.broken_rules(self._found[~self._found["unknown"].astype(bool)])
        if frame.empty:
            return Markup()
        rows = [
            [cut(row.title, SENTENCE), self._badge(row.severity), element("code", row.rule), say.number(row.n)]
            for row in frame.head(SOURCES).itertuples()
        ]
        headings = [say("risks", name) for name in ("rule", "severity", "code", "n")]
        return joined([table(headings, rows, caption=say("risks", "caption")), self._more(len(frame) - SOURCES)])

    def _sources(self) -> Markup:
        say, read = self.say, self.audit.sources[self.audit.sources["reason"].isna()]
        rows = [
            [
                text_of(row.file),
                text_of(row.sheet),
                self._table(row.table),
                say.number(row.rows),
                say.number(row.hidden_rows or 0),
            ]
            for row in read.head(SOURCES).itertuples()
        ]
        headings = [say("coverage", name) for name in ("file", "sheet", "table", "rows", "hidden")]
        return joined([table(headings, rows, caption=say("coverage", "sources")), self._more(len(read) - SOURCES)])

    def _left_out(self) -> Markup:
        say, rest, aside = self.say, unread(self.audit), paragraphs(set_aside(self.audit))
        if rest.empty:
            return aside
        rows = [
            [text_of(row.file), text_of(row.sheet), reason(row.reason, self.audit.lang)]
            for row in rest.head(SOURCES).itertuples()
        ]
        headings = [say("not_checked", name) for name in ("file", "sheet", "why")]
        told = table(headings, rows, caption=say("not_checked", "sources"))
        return joined([told, self._more(len(rest) - SOURCES), aside])

    def _related(self, row: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        """The other rows that a finding is about, by table."""
        tables: dict[str, list[str]] = {}
        for name, key in row.related[:RELATED]:
            tables.setdefault(self._table(name), []).append(key)
        rows = "; ".join(f"{name} {', '.join(keys)}" for name, keys in tables.items())
        rest = " …" if len(row.related) > RELATED else ""
        return (
            element("span", self.say("risks", "related", rows=cut(rows, SENTENCE) + rest), class_="place")
            if rows
            else Markup()
        )

    def _ids(self, rest: pd.DataFrame) -> Markup:
        if rest.empty:
            return Markup()
        codes = Markup(" ").join(element("code", code, id=f"f-{code}") for code in rest["id"])
        return joined([element("h3", self.say("findings", "rest", n=len(rest))), element("p", codes, class_="ids")])

    def _citations(self, citations: tuple[dict[str, Any], ...]) -> list[str]:
        """Acts cited, each once, with their provisions."""
        acts: dict[str, list[str]] = {}
        for cite in citations:
            title = (cite.get("title") or {}).get(self.audit.lang)
            acts.setdefault(f"{title} ({cite['act']})" if title else cite["act"], []).append(cite["at"])
        return [self.say("risks", "article", act=act, at=", ".join(filter(None, at))) for act, at in acts.items()]
