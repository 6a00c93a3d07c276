"""What a board reads: one page with verdict, score and top risks, and how the numbers on it are worked out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from derbes import due as calendar
from derbes import scores
from derbes.page import facts
from derbes.page.course import CoursePage
from derbes.page.markup import Passage, element, heading, joined, paragraphs, passage, table
from derbes.page.sheet import cut, text_of
from derbes.tally import not_run, unread

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from derbes.wording import Number

_TOP = 5
MOST = 10
_WEIGHED = 15
_SOON = 3
_TITLE = 180


class BoardPage(CoursePage):
    """The summary on one page, and the score and the risks with every number that went into them."""

    section = "scores"

    @cached_property
    def _score(self) -> scores.Score:
        return scores.score(self.audit)

    @cached_property
    def _weighed(self) -> pd.DataFrame:
        return scores.risks(self.audit)

    @cached_property
    def _groups(self) -> list[pd.DataFrame]:
        """Findings of each rule, the greatest risk first."""
        return facts.risks(self._found, self._weighed)

    def summary(self) -> Passage:
        """One page: the verdict, the score, the counts, the greatest risks, what comes next and what is not known."""
        say, level = self.say, facts.verdict(self.audit)
        parts = (
            heading("summary", self.tell("headings", "summary")),
            element("p", element("strong", say("verdict", level, "title")), class_=f"verdict {level}"),
            paragraphs(say("verdict", level, "text")),
            self._meter(),
            self._tiles("critical", "warning", "info", "unknown", "rules_not_run"),
            paragraphs(self._statuses()),
            self._top(),
            self._soon(),
            self._open(),
        )
        return passage(element("section", *parts, class_="summary"))

    def score(self) -> Passage:
        """How the score and the risks are worked out, with every weight and every factor."""
        tell, score = self.tell, self._score
        cells = {"required": score.required, "known": score.known, "share": self._percent(score.completeness)}
        families = [
            [
                self.say.label("family", row.family),
                *map(self.say.number, (row.weight, row.rules)),
                self._percent(row.held),
            ]
            for row in score.families.itertuples()
        ]
        heads = [tell("families", name) for name in ("family", "weight", "rules", "held")]
        return passage(
            heading("score", tell("headings", "score")),
            paragraphs(
                tell("score", "formula", **self._factors()),
                tell("score", "conformity"),
                tell("score", "cells", **cells),
            ),
            table(heads, families, caption=tell("families", "caption")) if families else "",
            element("h3", tell("headings", "risk")),
            paragraphs(tell("risk", "formula"), tell("risk", "meaning")),
            element(
                "ul", *(element("li", tell("risk", "weights", name, **self._weights(name))) for name in scores.FACTORS)
            ),
            self._factors_of_risks(),
        )

    # -- parts ------------------------------------------------------------------------------------------------------

    def _percent(self, share: float) -> Number:
        """Share in whole percent, rounded down: what is not complete never reads 100."""
        return self.say.number(int(100 * share + 1e-9))

    def _factors(self) -> dict[str, Number]:
        score = self._score
        return {
            "value": self.say.number(score.value),
            "conformity": self._percent(score.conformity),
            "completeness": self._percent(score.completeness),
        }

    def _meter(self) -> Markup:
        text = self.tell("score", "line", **self._factors())
        bar = element("meter", min="0", max="100", value=str(self._score.value), aria_label=text)
        return element("p", bar, " ", element("a", text, href="#score"), class_="score")

    def _statuses(self) -> str:
        counts = facts.by_status(self.audit)
        if not sum(counts.values()):
            return ""
        if not self.audit.compared:
            return self.say("verdict", "first", new=counts["new"], accepted=counts["accepted"])
        return self.say("verdict", "changes", **counts)

    def _top(self) -> Markup:
        """The greatest risks, a line each, with a link to where they are told in full."""
        tell = self.tell
        lines = [
            element(
                "li",
                self._badge(group.iloc[0]["severity"]),
                " ",
                element("a", cut(group.iloc[0]["title"], _TITLE), href=f"#f-{group.iloc[0]['id']}"),
                " ",
                element("span", tell("top", "places", n=len(group)), " ", self._risk(group), class_="place"),
            )
            for group in self._groups[: self._shown]
        ]
        title = element("h3", tell("headings", "top"))
        if not lines:
            return joined([title, paragraphs(self.say("risks", "none"))])
        left = len(self._groups) - len(lines)
        more = self.say("risks", "more_below", n=left) if left else ""
        return joined([title, element("ol", *lines, class_="top"), paragraphs(more)])

    @cached_property
    def _shown(self) -> int:
        """Rules on the first page: every critical one up to the most, and never fewer than the usual number."""
        critical = sum("critical" in set(group["severity"]) for group in self._groups)
        return min(max(critical, _TOP), MOST)

    def _risk(self, group: pd.DataFrame) -> str:
        risk = self._weighed.set_index("id")["risk"].reindex(group["id"]).max()
        return self.tell("top", "risk", risk=self.say.number(float(risk)))

    def _soon(self) -> Markup:
        told = calendar.due(self.audit)
        if not len(told):
            return paragraphs(self.tell("soon", "none"))
        said = zip(told["due_on"], calendar.said(told, self.say.lang), strict=True)
        dates = [f"{self.say.date(day)} \N{EN DASH} {cut(text_of(what), _TITLE)}" for day, what in list(said)[:_SOON]]
        head = element("a", self.tell("soon", "text", n=len(told)), href="#due")
        return joined([element("p", head), element("ul", *(element("li", one) for one in dates))])

    def _open(self) -> Markup:
        """What nobody knows, and what was not looked at, with links to where it is told."""
        tell, audit = self.tell, self.audit
        named = "; ".join(f"{text} \N{EN DASH} {self.say.number(n)}" for text, n in not_run(audit)[:_SOON])
        idle, left = audit.summary["rules_not_run"], len(unread(audit))
        return joined(
            [
                element("p", element("a", tell("open", "unknown", n=audit.summary["unknown"]), href="#unknown")),
                element(
                    "p",
                    element("a", tell("open", "left" if left else "not_run", n=idle, left=left), href="#not-checked"),
                    f" ({named})" if named else "",
                ),
            ]
        )

    def _weights(self, factor: str) -> dict[str, object]:
        """Numbers of scores.yaml that the sentence on a factor names."""
        known = scores.weights()
        if factor == "sensitivity":
            return {"restricted": known["restricted"], "most": scores.SENSITIVITY}
        if factor == "persons":
            steps = [
                f"{self.say.number(least)} \N{RIGHTWARDS ARROW} {self.say.number(n)}"
                for least, n in known["persons"].items()
            ]
            return {"steps": "; ".join(steps), "unknown": known["unknown"]}
        return {name: self.say.number(number) for name, number in known[factor].items()}

    def _factors_of_risks(self) -> Markup:
        tell, frame = self.tell, self._weighed.head(_WEIGHED)
        if frame.empty:
            return paragraphs(self.say("risks", "none"))
        found = self._found.set_index("id")
        rows = [[self._named(found.loc[row.id]), *self._numbers(row)] for row in frame.itertuples()]
        heads = [tell("risk", name) for name in ("finding", "risk", *scores.FACTORS)]
        caption = tell("risk", "caption", n=len(self._weighed))
        mark = "" if frame["counted"].all() else tell("risk", "mark")
        return joined([table(heads, rows, caption=caption, class_="wrap"), paragraphs(mark)])

    def _named(self, row: pd.Series[Any]) -> Markup:
        link = (
            element("a", cut(row["title"], _TITLE), href=f"#f-{row.name}")
            if row.name in self._anchored
            else row["title"]
        )
        return joined([link, " ", element("code", row["rule"])])

    def _numbers(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        """The risk and its factors; a number of persons that nobody knows is marked."""
        numbers = [self.say.number(getattr(row, name)) for name in scores.FACTORS]
        persons = scores.FACTORS.index("persons")
        if not row.counted:
            numbers[persons] = type(numbers[persons])(f"{numbers[persons]}*")
        return [self.say.number(row.risk), *numbers]
