"""The page of one quarter against the one before: what changed, whether the risk rose, what became of findings."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import fates, trends
from derbes.change.risk import WAYS
from derbes.change.telling import reason
from derbes.comparison import comparison
from derbes.page.course import CoursePage
from derbes.page.markup import Passage, element, heading, joined, paragraphs, passage, table
from derbes.page.sheet import NAME, NAMED, SENTENCE, cut, text_of
from derbes.wording import Wording

if TYPE_CHECKING:
    from markupsafe import Markup

    from derbes.change import Change
    from derbes.trends import Trends

_LISTED, _REASONS = 500, 8
_LOOKS = {"up": "warning", "down": "kept", "both": "warning", "same": "kept"}
_BADGES = {"new": "warning", "returned": "critical", "reopened": "critical", "expired": "warning"}
_ALARMING = ("up", "down", "neutral")


class ChangesPage(CoursePage):
    """This quarter against the last frozen one. Without one to compare with, the page says so and tells what it can."""

    section = "changes"

    def compared(self) -> Trends:
        """Trends over the frozen quarters, by the rules of their days, and this one as the last."""
        return trends.compared(self.audit, self.quarter)

    # -- passages ---------------------------------------------------------------------------------------------------

    def title(self) -> Passage:
        """Title of the page: what it is, whose, which quarter."""
        return self._opening(self.tell("title"))

    def headline(self) -> Passage:
        """Whether the risk rose or fell and why, and how many findings there were and are."""
        tell, told = self.tell, self._change
        head = heading("headline", tell("headings", "headline"))
        if told is None:
            return passage(head, element("p", element("strong", tell("headline", "no_quarter")), class_="verdict"),
                           paragraphs(tell("headline", "freeze")))  # fmt: skip
        up, down = told.summary["up"], told.summary["down"]
        way = "both" if up and down else "up" if up else "down" if down else "same"
        counts = {name: int(told.summary[name]) for name in ("added", "removed", "renamed", "changed")}
        return passage(
            head,
            element("p", element("strong", tell("headline", way, up=up, down=down)), class_=f"verdict {_LOOKS[way]}"),
            paragraphs(
                tell("headline", "rows", quarter=self._before, **counts), tell("headline", "findings", **self._totals())
            ),
            self._why(told),
        )

    def changes(self) -> Passage:
        """Changes by table, then every one of them with its risk and the reason, higher risks first."""
        tell, told = self.tell, self._change
        if told is None:
            return passage()
        head = heading("changes", tell("headings", "changes"))
        if told.rows.empty:
            return passage(head, paragraphs(tell("changes", "none")))
        order = told.rows["risk"].map({way: place for place, way in enumerate(_ALARMING)})
        ordered = told.rows.assign(order=order).sort_values("order", kind="stable")
        heads = [self.say("changes", name) for name in ("row", "what", "risk", "why")]
        lines = _gathered(ordered)
        rows = [self._line(row) for row in lines.head(_LISTED).itertuples()]
        caption = tell("changes", "caption", n=len(ordered))
        return passage(
            head,
            self._by_table(told),
            table(heads, rows, caption=caption, class_="wrap", searchable=True),
            self._rest(len(lines)),
        )

    def fates(self) -> Passage:
        """How many findings are new, came back, stay, are accepted or gone, by severity."""
        tell, frame = self.tell, fates.counts(self._fates)
        if not self.audit.compared:
            return passage()
        rows = [
            [tell("fates", name), *map(self.say.number, (*counts, sum(counts)))]
            for name, counts in zip(frame.index, frame.to_numpy().tolist(), strict=True)
            if sum(counts) or name not in {"returned", "unlooked"}
        ]
        severities = [self.say.label("severity", name) for name in frame.columns]
        heads = [tell("fate", "fate"), *severities, tell("fate", "all")]
        return passage(
            heading("fates", tell("headings", "fates")),
            paragraphs(tell("fate", "text", quarter=self._before)),
            table(heads, rows, caption=tell("fate", "caption")),
            element("dl", *self._meanings(frame), class_="facts"),
        )

    def findings(self) -> Passage:
        """The findings themselves with what became of each, to be searched; what merely stays comes last."""
        tell, frame = self.tell, self._fates
        if not self.audit.compared:
            return passage()
        head = heading("findings", tell("headings", "findings"))
        if frame.empty:
            return passage(head, paragraphs(tell("findings", "none")))
        rows = [self._fate(row) for row in frame.head(_LISTED).itertuples()]
        heads = [tell("findings", name) for name in ("what", "fate", "severity", "since", "id")]
        caption = tell("findings", "caption", n=len(frame))
        return passage(
            head,
            table(heads, rows, caption=caption, class_="findings", searchable=True),
            self._rest(len(frame)),
        )

    def ages(self) -> Passage:
        """How long the findings that count have been open."""
        tell, frame = self.tell, fates.ages(self.audit, self.quarter)
        head = heading("ages", tell("headings", "ages"))
        if frame.empty:
            return passage(head, paragraphs(tell("ages", "none")))
        heads = [tell("ages", "severity"), *(tell("ages", "columns", str(age)) for age in frame.columns)]
        rows = [
            [self.say.label("severity", name), *map(self.say.number, counts)]
            for name, counts in zip(frame.index, frame.to_numpy().tolist(), strict=True)
        ]
        return passage(
            head,
            paragraphs(tell("ages", "text") if self.audit.compared else tell("ages", "alone")),
            table(heads, rows, caption=tell("ages", "caption")),
        )

    def ending(self) -> Passage:
        """Decisions that end next, and those that have ended."""
        tell, frame = self.tell, fates.ending(self.audit)
        head = heading("ending", tell("headings", "ending"))
        if frame.empty:
            return passage(head, paragraphs(tell("ending", "none")))
        titles = self.audit.findings.set_index("id")["title"]
        rows = [self._ending(row, titles.get(row.id, "")) for row in frame.head(_LISTED).itertuples()]
        heads = [tell("ending", name) for name in ("day", "what", "decision", "owner", "state")]
        caption = tell("ending", "caption", n=len(frame))
        return passage(
            head, table(heads, rows, caption=caption, class_="wrap", searchable=True), self._rest(len(frame))
        )

    def quarters(self) -> Passage:
        """Heading of the course over all frozen quarters, and what it rests on; the picture of it follows."""
        tell = self.tell
        if not self.audit.compared:
            return passage()
        names = ", ".join((*self.audit.compared, str(self.quarter)))
        return passage(heading("quarters", tell("headings", "quarters")), paragraphs(tell("quarters", names=names)))

    # -- frames -----------------------------------------------------------------------------------------------------

    @cached_property
    def _change(self) -> Change | None:
        return comparison(self.audit)

    @cached_property
    def _fates(self) -> pd.DataFrame:
        return fates.fates(self.audit)

    @property
    def _before(self) -> str:
        return self.audit.compared[-1] if self.audit.compared else ""

    # -- parts ------------------------------------------------------------------------------------------------------

    def _rest(self, n: int) -> Markup:
        return paragraphs(self.tell("more", n=n - _LISTED) if n > _LISTED else "", class_="more")

    def _totals(self) -> dict[str, int]:
        """Findings that counted then and count now, and the critical ones of both."""
        frame = self._fates
        then, now = frame["before"].eq("counted"), ~frame["fate"].isin(["accepted", "closed", "unlooked"])
        grave = frame["severity"].eq("critical")
        return {
            "then": int(then.sum()),
            "now": int(now.sum()),
            "grave_then": int((then & grave).sum()),
            "grave_now": int((now & grave).sum()),
        }

    def _why(self, told: Change) -> Markup:
        """Reasons for which the risk rose or fell, with the number of changes of each."""
        moved = told.rows[told.rows["risk"].isin(WAYS[:2])]
        if moved.empty:
            return paragraphs("")
        sizes = moved.groupby(["risk", "reason"], sort=True).size().rename("n").reset_index()
        sizes = sizes.assign(order=sizes["risk"].map(WAYS.index)).sort_values(["order", "n"], ascending=[True, False])
        kept = sizes.groupby("risk", sort=False).head(_REASONS)
        rows: list[list[object]] = [
            [reason(row.reason, self.say.lang), self._risk(row.risk), self.say.number(row.n)]
            for row in kept.itertuples()
        ]
        heads = [self.tell("headline", name) for name in ("why", "risk", "n")]
        return table(heads, rows, caption=self.tell("headline", "caption"))

    def _line(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        cells = self._changed(row)
        if len(row.keys) > 1:
            keys = ", ".join(row.keys[:NAMED]) + " …" * (len(row.keys) > NAMED)
            note = element("span", cut(keys, NAME), class_="place")
            cells[0] = joined(
                [f"{self._table(row.table)} / ", self.tell("changes", "rows", n=len(row.keys)), " ", note]
            )
        return cells

    def _risk(self, way: str) -> Markup:
        looks = {"up": "warning", "down": "kept", "neutral": "info"}
        return element("span", self.say("changes", "ways", way), class_=f"badge {looks[way]}")

    def _by_table(self, told: Change) -> Markup:
        kinds = pd.crosstab(told.rows["table"], told.rows["kind"]).reindex(
            columns=["added", "removed", "renamed", "changed"], fill_value=0)  # fmt: skip
        ways = pd.crosstab(told.rows["table"], told.rows["risk"]).reindex(columns=[*WAYS], fill_value=0)
        both = kinds.join(ways).reindex([name for name in self.audit.inventory.schema.tables if name in kinds.index])
        rows: list[list[object]] = [
            [self._table(name), *map(self.say.number, counts)]
            for name, counts in zip(both.index, both.to_numpy().tolist(), strict=True)
        ]
        heads = [self.tell("changes", name) for name in ("table", *kinds.columns, *ways.columns)]
        return table(heads, rows, caption=self.tell("changes", "by_table"), class_="wrap")

    def _meanings(self, frame: pd.DataFrame) -> list[Markup]:
        """What the fates mean that there are."""
        there = [name for name in frame.index if frame.loc[name].sum()]
        return [
            element("div", element("dt", self.tell("fates", name)), element("dd", self.tell("meanings", name)))
            for name in there
        ]

    def _fate(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        place = element("span", self._place(row), class_="where")
        fate = element("span", self.tell("fate_of_one", row.fate), class_=f"badge {_BADGES.get(row.fate, 'kept')}")
        return [
            joined([cut(row.title, SENTENCE), " ", place]),
            fate,
            self._badge(row.severity),
            str(row.since),
            element("code", row.id),
        ]

    def _ending(self, row: Any, title: str) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        tell, over = self.tell, row.state == "expired"
        name = f"{self._table(row.table)} / {cut(row.key, NAME)}"
        return [
            self.say.date(row.until),
            joined([cut(title, SENTENCE) or name, " ", element("span", name if title else "", class_="where")]),
            Wording(self.say.lang, "workbook")("decisions", row.decision),
            text_of(row.owner),
            element(
                "span", tell("ending", "over" if over else "ahead"), class_=f"badge {'warning' if over else 'info'}"
            ),
        ]


def _gathered(rows: pd.DataFrame) -> pd.DataFrame:
    """Changes with the same turn of the same column on one line, in the order of the first of them; ``keys`` of all."""
    alike = rows["kind"].eq("changed")
    own = pd.Series(range(len(rows)), index=rows.index).where(~alike, -1)
    parts = rows.assign(own=own).groupby(
        ["own", "table", "column", "old", "new", "risk", "reason"], sort=False, dropna=False
    )
    first = parts.head(1)
    keys = parts["key"].agg(tuple)
    return first.assign(keys=keys.to_numpy())
