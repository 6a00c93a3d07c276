"""Where data go and where they stay: recipients, borders, the public, bases, protection, machines that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.notice.sheet import Line
from derbes.subject.facts import known
from derbes.subject.saying import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from derbes.subject.facts import Facts, Row
    from derbes.subject.saying import Says

#: Kind of a recipient that acts for the operator, and those of recipients that act for themselves.
PROCESSOR = "processor"
_OUTSIDERS = ("third_party", "group", "public")


def transfers(facts: Facts, says: Says) -> Iterator[Line]:
    """Who receives the group's data, whether they cross the border, whether anybody can see them."""
    silent = [row for row in facts.activities if not _named(facts, row)]
    unsure = not facts.activities or bool(silent)
    if facts.recipients:
        yield Line(says("transfers", "lead"))
        yield from (Line(_recipient(facts, says, row), "item") for row in facts.recipients)
    yield from (Line(text) for text in _outsiders(facts, says, silent))
    yield Line(_border(facts, says, unsure=unsure))
    yield Line(_public(facts, says, unsure=unsure))


def _named(facts: Facts, row: Row) -> bool:
    """Whether it is known who gets the data of an activity: its cell says it, and of all of them there are rows."""
    listed = facts.listed(row, "recipient_ids", "recipients")
    return known(row["recipient_ids"]) and all(name in facts.rows("recipients") for name in listed)


def _recipient(facts: Facts, says: Says, row: Row) -> str:
    receiving = _receiving(facts, row)
    return says(
        "transfers",
        "item",
        name=says.name("recipients", row["recipient_id"]),
        kind=says.label("recipient_kind", row["kind"], "kind"),
        countries=says.countries(row["countries"], "countries"),
        purposes=says.joined(
            says.name("purposes", one["purpose_id"]) if known(one["purpose_id"]) else says.gap("purpose")
            for one in receiving
        ),
    )


def _receiving(facts: Facts, row: Row) -> list[Row]:
    """Activities in which a recipient gets data."""
    key = row["recipient_id"]
    return [one for one in facts.activities if key in facts.listed(one, "recipient_ids", "recipients")]


def _outsiders(facts: Facts, says: Says, silent: list[Row]) -> Iterator[str]:
    """What is said of those who act for the operator, and apart from them of third parties."""
    acting = [row for row in facts.recipients if row["kind"] == PROCESSOR]
    out = [row for row in facts.recipients if row["kind"] in _OUTSIDERS]
    if acting:
        yield says("transfers", "processors", names=_names(says, acting))
    if out:
        yield says("transfers", "outsiders", names=_names(says, out))
        logged = any(row["kind"] == "transfer_log" for row in facts.rows("documents").values())
        within = says.within("third_party_notice_days")
        yield says("transfers", "log" if logged else "unlogged", within=within, gap=says.gap("log"))
    unclear = [row for row in facts.recipients if str(row["kind"]) not in facts.inv.schema.lists["recipient_kind"]]
    if unclear:
        yield says("transfers", "unclear", gap=says.gap("kinds", rows=_names(says, unclear)))
    if silent and facts.recipients:
        rows = says.joined(shown(says.called(row["name"], row["processing_id"], gap="unnamed")) for row in silent)
        yield says("transfers", "silent", gap=says.gap("receivers", rows=rows))
    elif silent or not facts.activities:
        yield says("transfers", "unsure", gap=says.gap("recipients"))
    elif not out and not unclear:
        yield says("transfers", "others" if facts.recipients else "none")


def _names(says: Says, recipients: list[Row]) -> str:
    return says.joined(says.name("recipients", row["recipient_id"]) for row in recipients)


def _border(facts: Facts, says: Says, *, unsure: bool) -> str:
    """What is said of the border: of whoever receives data there, and of the systems that stand there."""
    home = facts.law.country
    rows = [
        (says.name("recipients", row["recipient_id"]), row["countries"], row.get("transfer_ground"))
        for row in facts.recipients
    ]
    rows += [(says.name("systems", row["system_id"]), row["storage_countries"], None) for row in facts.systems]
    places = [
        _place(says, name, code, ground)
        for name, codes, ground in rows
        for code in (codes if isinstance(codes, tuple) else ())
        if code != home
    ]
    if places:
        return says("transfers", "abroad", places="; ".join(dict.fromkeys(places)))
    if unsure or not all(isinstance(codes, tuple) for _, codes, _ in rows):
        return says("transfers", "border", gap=says.gap("cross_border"))
    return says("transfers", "home")


def _place(says: Says, name: str, code: str, ground: object) -> str:
    told = says.label("transfer_ground", ground, "ground")
    return says("transfers", "place", country=says.country(code), name=name, ground=told)


def _public(facts: Facts, says: Says, *, unsure: bool) -> str:
    seen = [row for row in facts.recipients if row["kind"] == "public"]
    if seen:
        rows = [one for row in seen for one in _receiving(facts, row)]
        categories = says.named("categories", rows, "category_ids", "categories")
        return says("transfers", "public", categories=categories, names=_names(says, seen))
    if unsure or any(not known(row["kind"]) for row in facts.recipients):
        return says("transfers", "published", gap=says.gap("public"))
    return says("transfers", "closed")


def security(facts: Facts, says: Says) -> Iterator[Line]:
    """Where the group's data are kept, how they are protected, what is done after a breach."""
    home = facts.law.country
    inside = [row for row in facts.systems if row["storage_countries"] == (home,)]
    silent = [row for row in facts.systems if not known(row["storage_countries"])]
    abroad = [row for row in facts.systems if row not in inside and row not in silent]
    if inside:
        yield Line(
            says("security", "home", sites=says.joined(says.text(row["storage_site"], "site") for row in inside))
        )
    if abroad:
        sites = (_site(says, row) for row in abroad)
        yield Line(says("security", "abroad", sites=says.joined(sites)))
    if silent or not facts.systems:
        rows = says.joined(says.name("systems", row["system_id"]) for row in silent)
        yield Line(says("security", "unsure", gap=says.gap("storage", rows=rows) if silent else says.gap("systems")))
    yield from (Line(text) for text in _measures(facts, says))
    yield Line(says("security", "breach", within=says.within("breach_notice_days")))


def _site(says: Says, system: Row) -> str:
    countries = says.countries(system["storage_countries"], "countries")
    where = says.allowed(countries, "systems", system, "storage_countries")
    return f"{says.name('systems', system['system_id'])} ({where})"


def _measures(facts: Facts, says: Says) -> Iterator[str]:
    """Measures of protection, systems with the same ones together."""
    together: dict[str, list[str]] = {}
    for row in facts.systems:
        measures = says.labels("measure", row["measures"], "measures")
        together.setdefault(measures, []).append(says.name("systems", row["system_id"]))
    for measures, names in together.items():
        yield says("security", "measures", systems=says.joined(names), measures=measures)
    if not together:
        yield says.gap("measures")


def automated(facts: Facts, says: Says) -> Iterator[Line]:
    """Whether machines decide about the group."""
    decided = [row for row in facts.activities if known(row["automated_decision"]) and row["automated_decision"]]
    if decided:
        names = says.joined(says.text(row["name"], "activities") for row in decided)
        yield Line(says("automated", "yes", activities=names, gap=says.gap("explanation")))
    if not facts.activities or not all(known(row["automated_decision"]) for row in facts.activities):
        yield Line(says("automated", "unsure", gap=says.gap("automated")))
    elif not decided:
        yield Line(says("automated", "no"))
