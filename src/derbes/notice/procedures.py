"""The subject's rights as the law has them that day, and how the operator lets them be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.notice.sheet import Line
from derbes.subject.facts import known
from derbes.subject.saying import shown
from derbes.text import data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.subject.facts import Facts
    from derbes.subject.saying import Says

_AUTHORITY = "authority="


def rights(facts: Facts, says: Says) -> Iterator[Line]:
    """Every right of the law with the procedures of the register, or a gap where there is none."""
    elements = facts.law.elements
    due = {*elements.loc[elements["valid"] & elements["section"].eq("rights"), "code"]}
    for name, _, rows in facts.entitled:
        words = data("notice")["right"].get(name)
        if words is None:
            continue
        parts = [
            says("right", name, "text"),
            *(_part(says, name, code) for code in words.get("parts", {}) if code in due),
        ]
        yield Line(" ".join(parts))
        for row in rows:
            channels = says.labels("channel", row["channels"], "channels")
            days = says.days(row["deadline_days"], "deadline")
            label = shown(row["name"]) if known(row["name"]) else says.label("right_kind", row["kind"], "procedure")
            yield Line(says("rights", "procedure", name=label, channels=channels, days=days), "item")
        if not rows:
            yield Line(says("rights", "missing", gap=says.gap("procedure")), "item")


def _part(says: Says, name: str, code: str) -> str:
    return says("right", name, "parts", code)


def answers(facts: Facts, says: Says) -> Iterator[Line]:
    """When a request is answered, how it is refused, where to complain."""
    yield Line(says("answers", "reply", within=says.within("reply_to_subject_days")))
    yield Line(says("answers", "authority", authority=authority(facts, says)))


def authority(facts: Facts, says: Says) -> str:
    """Name of the authority for personal data, as the operator's own clauses have it; a gap where they do not."""
    told = facts.inv.clauses["requisites"].explode().dropna().astype(str)
    named = told[told.str.startswith(_AUTHORITY)].str.removeprefix(_AUTHORITY)
    return shown(named.iloc[0]) if len(named) else says.gap("authority")
