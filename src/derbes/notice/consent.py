"""Texts of consent: for each consent of the register what article 8(4) asks for that day, and a line to sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.notice.sheet import Line, Section
from derbes.notice.transfers import PROCESSOR
from derbes.subject.facts import known
from derbes.subject.saying import CONSENT, begun, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.subject.facts import Facts, Row
    from derbes.subject.saying import Says

#: What activities tell of a consent that the register does not have, besides its purpose.
_KNOWN = ("category_ids", "recipient_ids")


def consent(facts: Facts, says: Says) -> tuple[Section, ...]:
    """One section a consent: those of the register, and one for every activity whose consent is not in it."""
    made = [
        Section(_title(says, row), tuple(_contents(facts, says, row)), apart=place > 0)
        for place, row in enumerate((*facts.consents, *_missing(facts)))
    ]
    return tuple(made) or (Section(says("form", "section"), (Line(says("form", "nothing"), "text"),)),)


def _missing(facts: Facts) -> Iterator[Row]:
    """What is known of consents that activities rest on and the register does not have, one a purpose."""
    columns = facts.inv.schema.tables["consents"].columns
    asked = {name for row in facts.consents for name in facts.listed(row, "purpose_ids", "purposes")}
    for rows in facts.by_purpose:
        resting = [row for row in rows if known(row["legal_basis"]) and facts.law.basis(row["legal_basis"]) == CONSENT]
        silent = [row for row in resting if not known(row["consent_ids"])]
        if silent and rows[0]["purpose_id"] not in asked:
            told = {column: _together([row[column] for row in silent]) for column in _KNOWN}
            yield dict.fromkeys(columns) | told | {"purpose_ids": silent[0]["purpose_id"]}


def _together(cells: list[object]) -> tuple[str, ...] | None:
    """What several list cells name; nothing is known where one of them is empty."""
    lists = [cell for cell in cells if isinstance(cell, tuple)]
    return tuple(dict.fromkeys(name for cell in lists for name in cell)) if len(lists) == len(cells) else None


def _title(says: Says, row: Row) -> str:
    if known(row["name"]):
        return begun(shown(row["name"]))
    return says("form", "untitled", purposes=says.named("purposes", [row], "purpose_ids", "purpose"))


def _contents(facts: Facts, says: Says, row: Row) -> Iterator[Line]:
    values = _values(facts, says, row)
    for name, item in facts.law.sections["consent_contents"].items():
        yield Line(
            says("form", "item", label=begun(item["labels"][says.lang]), value=values.get(name, says.gap("consents")))
        )
    yield Line(says("form", "purposes", purposes=says.named("purposes", [row], "purpose_ids", "purpose")))
    channels = says.labels("channel", row["withdrawal_channels"], "withdrawal")
    yield Line(says("form", "withdrawal", channels=channels, days=says.days(row["withdrawal_days"], "withdrawal_days")))
    yield Line(says("form", "evidence", form=says.form(row), evidence=says.text(row["evidence"], "evidence")))
    yield from (Line(says("form", sign, blank=says("words", "blank")), "text") for sign in ("agree", "refuse"))


def _values(facts: Facts, says: Says, row: Row) -> dict[str, str]:
    """The answer to every item that a consent must have, by its code."""
    blank = says("words", "blank")
    by = "representative" if row["given_by"] == "representative" else "subject"
    told = {name: says.text(facts.operator.get(name), name) for name in ("name", "bin", "address")}
    return {
        "operator": says("form", "operator", **told),
        "subject": says("form", by, blank=blank) if known(row["given_by"]) else f"{blank}; {says.gap('given_by')}",
        "term": says.consent_term(row),
        "third_parties": _recipients(facts, says, row),
        "cross_border": _abroad(facts, says, row),
        "public_sources": _recipients(facts, says, row, kind="public"),
        "data_list": says.named("categories", [row], "category_ids", "categories"),
    }


def _recipients(facts: Facts, says: Says, row: Row, kind: str = "") -> str:
    """Whether others get the data, and who; with a kind only those of that kind."""
    if not known(row["recipient_ids"]):
        return says.gap("public" if kind else "recipients")
    rows, silent = _receiving(facts, row)
    unsure = [says.gap("public" if kind else "recipients")] if silent else []
    if kind:
        return _answered(says, [*(_recipient(says, one) for one in rows if one["kind"] == kind), *unsure])
    acting = [_recipient(says, one) for one in rows if one["kind"] == PROCESSOR]
    others = _answered(says, [*(_recipient(says, one) for one in rows if one["kind"] != PROCESSOR), *unsure])
    return says("form", "apart", processors=says.joined(acting), others=others) if acting else others


def _receiving(facts: Facts, row: Row) -> tuple[list[Row], bool]:
    """Rows of whoever gets data by a consent, and whether it names some of whom there is no row."""
    named = [facts.rows("recipients").get(key) for key in facts.listed(row, "recipient_ids", "recipients")]
    return [one for one in named if one is not None], None in named


def _answered(says: Says, names: list[str]) -> str:
    """*Yes* with names, or *no* where there are none."""
    return says("form", "yes", names=says.joined(names)) if names else says("form", "no")


def _recipient(says: Says, row: Row) -> str:
    kind, countries = says.label("recipient_kind", row["kind"], "kind"), says.countries(row["countries"], "countries")
    return says("form", "recipient", name=says.name("recipients", row["recipient_id"]), kind=kind, countries=countries)


def _abroad(facts: Facts, says: Says, row: Row) -> str:
    """Whether the data cross the border: what the consent says, and where those who get or hold the data are."""
    rows, silent = _receiving(facts, row)
    told = [one["countries"] for one in rows] + [one["storage_countries"] for one in _holding(facts, row)]
    sure = known(row["countries"]) or (known(row["recipient_ids"]) and not silent and all(map(known, told)))
    codes = [code for cell in (row["countries"], *told) if isinstance(cell, tuple) for code in cell]
    abroad = [says.country(code) for code in codes if code != facts.law.country]
    unsure = [] if sure else [says.gap("cross_border")]
    return _answered(says, [*abroad, *unsure]) if abroad or sure else unsure[0]


def _holding(facts: Facts, row: Row) -> list[Row]:
    """Systems of the activities that rest on a consent; of one that is not in the register, of those of its purpose."""
    acts = [
        one
        for one in facts.activities
        if row["consent_id"] in facts.listed(one, "consent_ids", "consents")
        or (not known(row["consent_id"]) and one["purpose_id"] == row["purpose_ids"])
    ]
    named = {name for one in acts for name in facts.listed(one, "system_ids", "systems")}
    return [one for name, one in facts.rows("systems").items() if name in named]
