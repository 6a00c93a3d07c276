"""What a report says of time: what changed since the last quarter, what falls due, how findings have come and gone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from derbes import due as calendar
from derbes.change.telling import around, called, reason, turned
from derbes.comparison import comparison
from derbes.identity import mask
from derbes.page.law import LawPage
from derbes.page.markup import Passage, element, heading, joined, paragraphs, passage, table
from derbes.page.sheet import NAME, SENTENCE, cut, text_of
from derbes.trends import course

if TYPE_CHECKING:
    from markupsafe import Markup

    from derbes.trends import Trends

_SHOWN, _HASH = 40, 12
_LOOKS = {"up": "warning", "down": "kept", "neutral": "info"}
_ORDER = {"up": 0, "down": 1, "neutral": 2}


class CoursePage(LawPage):
    """Passages on quarters before this one and on days after it; with nothing to tell, each says so in a sentence."""

    def course(self, out: str = "") -> Trends:
        """Trends over the quarters sealed beside the folder that the report is made in, and this one as the last."""
        return course(self.audit, self.quarter, Path(out).parent if out else None)

    def changes(self) -> Passage:
        """What changed in the inventory since the last frozen quarter, higher risks first."""
        say, told = self.say, comparison(self.audit)
        head = heading("changes", say("headings", "changes"))
        if told is None:
            return passage(head, paragraphs(say("changes", "no_quarter")))
        ordered = told.rows.assign(order=told.rows["risk"].map(_ORDER)).sort_values("order", kind="stable")
        counts = {name: int(n) for name, n in told.summary.items()}
        return passage(
            head,
            paragraphs(say("changes", "text", quarter=self.audit.compared[-1], **counts)),
            self._listed(
                "changes", "caption", ("row", "what", "risk", "why"),
                [self._changed(row) for row in ordered.head(_SHOWN).itertuples()],
            ),
            self._more(len(ordered) - _SHOWN),
        )  # fmt: skip

    def due(self) -> Passage:
        """What falls due within a year, and what is overdue."""
        say, told = self.say, calendar.due(self.audit)
        late = told["due_on"].map(lambda day: day < self.audit.as_of).astype(bool)
        rows: list[list[object]] = [
            [say.date(day), text_of(what), owner, self._state(late=over)]
            for day, what, owner, over in zip(
                told["due_on"], calendar.said(told, say.lang), told["owner"], late, strict=True
            )
        ]
        return passage(
            heading("due", say("headings", "due")),
            paragraphs(say("due", "text", n=len(told), late=int(late.sum()))),
            self._listed("due", "caption", ("day", "what", "owner", "state"), rows[:_SHOWN]),
            self._more(len(rows) - _SHOWN),
        )

    def trends(self, out: str = "") -> Passage:
        """How findings came and went over the sealed quarters: open, new, closed, how old, how long it took."""
        say, told = self.say, self.course(out)
        head = heading("trends", say("headings", "trends"))
        if len(told.quarters) < 2:  # noqa: PLR2004 - two points make a course
            return passage(head, paragraphs(say("trends", "no_quarter")))
        return passage(
            head,
            paragraphs(say("trends", "text", quarters=", ".join(told.quarters))),
            self._burndown(told),
            self._ages(told),
            self._closing(told),
            self._owners(told),
        )

    # -- parts ------------------------------------------------------------------------------------------------------

    def _changed(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        say, words = self.say, self.say.entry("changes", "kinds")
        name = f"{self._table(row.table)} / {cut(row.key, SENTENCE)}"
        if row.kind == "changed":
            was, now = map(mask, turned(row, say.lang))
            old, new = (text or "–" for text in around(was, now, NAME))
            if row.column == "text_sha256":  # that it changed is all a reader sees in it
                old, new = cut(old, _HASH), cut(new, _HASH)
            turn = say("changes", "turn", old=old, new=new)
            what = f"{self._column(row.table, row.column)}: {turn}"
        else:
            what = words[row.kind]
        told = [joined([name, " ", element("span", text_of(called(row, say.lang)), class_="place")]), what]
        badge = element("span", say("changes", "ways", row.risk), class_=f"badge {_LOOKS[row.risk]}")
        return [*told, badge, reason(row.reason, say.lang)]

    def _state(self, *, late: bool) -> Markup:
        say = self.say
        return element("span", say("due", "late" if late else "ahead"), class_=f"badge {'warning' if late else 'info'}")

    def _burndown(self, told: Trends) -> Markup:
        """A row a quarter; of the first one nobody knows what was new in it."""
        say, frame = self.say, told.burndown
        rows = [[row.quarter, *map(say.number, (row.open, row.new, row.closed))] for row in frame.itertuples()]
        rows[0][2:] = ["–", "–"]
        return table(self._heads("trends", "quarter", "open", "new", "closed"), rows, caption=say("trends", "burndown"))

    def _ages(self, told: Trends) -> Markup:
        say, frame = self.say, told.ages
        heads = [say("trends", "family"), *(say("trends", "age", n=int(age)) for age in frame.columns)]
        rows = [
            [say.label("family", name), *map(say.number, row)]
            for name, row in zip(frame.index, frame.to_numpy().tolist(), strict=True)
        ]
        return table(heads, rows, caption=say("trends", "ages")) if rows else paragraphs(say("trends", "no_open"))

    def _closing(self, told: Trends) -> Markup:
        say, frame = self.say, told.closing
        rows = [
            [say.label("family", row.family), say.number(row.closed), say.number(round(row.mean, 1))]
            for row in frame.itertuples()
        ]
        heads = self._heads("trends", "family", "closed", "mean")
        return table(heads, rows, caption=say("trends", "closing")) if rows else paragraphs(say("trends", "no_closed"))

    def _owners(self, told: Trends) -> Markup:
        say, frame = self.say, told.owners[told.owners["quarter"] == told.quarters[-1]]
        rows = [
            [row.owner or say("trends", "nobody"), *map(say.number, (row.required, row.known, _percent(row)))]
            for row in frame.itertuples()
        ]
        heads = self._heads("trends", "owner", "required", "known", "share")
        return table(heads, rows, caption=say("trends", "owners")) if rows else paragraphs("")


def _percent(row: Any) -> int:  # noqa: ANN401 - a namedtuple of pandas
    return 100 * int(row.known) // int(row.required) if row.required else 100
