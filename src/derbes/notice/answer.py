"""The answer to a subject's request: all that is kept of the group, and where the staff find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.notice.privacy import consents, operator
from derbes.notice.procedures import answers, rights
from derbes.notice.sheet import Grid, Line, Section
from derbes.notice.transfers import transfers
from derbes.subject.facts import known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.subject.facts import Facts, Row
    from derbes.subject.saying import Says

_DATA = ("data", "subjects", "access", "source", "systems")
_PURPOSES = ("purpose", "data", "basis", "retention", "recipients")
_LOCATOR = ("system", "owner", "field", "name", "data", "search")


def answer(facts: Facts, says: Says) -> tuple[Section, ...]:
    """The sections of the answer; the last one is for the staff."""
    return (
        Section(says("sections", "operator"), tuple(operator(facts, says))[:2]),
        Section(says("answer", "sections", "reply"), tuple(_reply(facts, says))),
        Section(says("answer", "sections", "data"), (_data(facts, says),)),
        Section(says("answer", "sections", "purposes"), (_purposes(facts, says),)),
        Section(says("sections", "consent"), tuple(consents(facts, says))),
        Section(says("sections", "transfers"), tuple(transfers(facts, says))),
        Section(says("sections", "rights"), tuple(rights(facts, says))),
        Section(says("sections", "answers"), tuple(answers(facts, says))),
        Section(
            says("answer", "sections", "locator"), (Line(says("answer", "internal"), "text"), _locator(facts, says))
        ),
    )


def _reply(facts: Facts, says: Says) -> Iterator[Line]:
    subject, blank = says.name("subjects", facts.subject), says("words", "blank")
    yield Line(says("answer", "asked", blank=blank, subject=subject, date=says.date(facts.law.as_of, "deadline")))
    yield Line(says("answer", "term", within=says.within("reply_to_subject_days")))


def _grid(says: Says, name: str, headings: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Grid:
    titles = tuple(says("answer", "headings", heading) for heading in headings)
    return Grid(says("answer", "captions", name), titles, tuple(rows))


def _data(facts: Facts, says: Says) -> Grid:
    found = {row["category_id"]: row for name in facts.group for row in facts.categories(name)}
    return _grid(says, "data", _DATA, (_kept(facts, says, row) for row in found.values()))


def _kept(facts: Facts, says: Says, category: Row) -> tuple[str, ...]:
    key = category["category_id"]
    fields = [row for row in facts.fields if row["category_id"] == key]
    whose = [name for name in facts.group if any(row["category_id"] == key for row in facts.categories(name))]
    places = [says.name("systems", row["system_id"]) for row in fields if known(row["system_id"])]
    return (
        says.name("categories", key),
        says.joined(says.name("subjects", name) for name in whose),
        says.label("access_class", category["access_class"], "access"),
        says.joined(says.label("source", row["source"], "source") for row in fields) if fields else says.gap("source"),
        says.joined(places) if places else says.gap("systems"),
    )


def _purposes(facts: Facts, says: Says) -> Grid:
    return _grid(says, "purposes", _PURPOSES, (_use(says, rows) for rows in facts.by_purpose))


def _use(says: Says, rows: list[Row]) -> tuple[str, ...]:
    purpose = rows[0]["purpose_id"]
    return (
        says.name("purposes", purpose) if known(purpose) else says.gap("purpose"),
        says.named("categories", rows, "category_ids", "categories"),
        says.joined(map(says.basis, rows)),
        says.joined(map(says.retention, rows)),
        says.named("recipients", rows, "recipient_ids", "recipients"),
    )


def _locator(facts: Facts, says: Says) -> Grid:
    systems, categories = facts.rows("systems"), facts.rows("categories")

    def place(row: Row) -> tuple[str, ...]:
        system, category = systems.get(str(row["system_id"]), {}), categories.get(str(row["category_id"]), {})
        return (
            says.called(system.get("name"), row["system_id"], gap="systems"),
            says.text(system.get("owner"), "owner"),
            says.text(row["label"], "categories"),
            says.called(row["name"], row["field_id"], gap="unnamed"),
            says.called(category.get("name"), row["category_id"], gap="categories"),
            says.flag(category.get("is_identifier"), "search"),
        )

    return _grid(says, "locator", _LOCATOR, (place(row) for row in facts.fields))
