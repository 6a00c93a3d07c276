"""The privacy notice for a group of subjects: what a policy has to tell them, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derbes.notice.procedures import answers, rights
from derbes.notice.sheet import Line, Section
from derbes.notice.transfers import automated, security, transfers
from derbes.policy.phrasing import LANGUAGES as LEXICONS
from derbes.policy.phrasing import lexicon
from derbes.subject.facts import known
from derbes.subject.saying import CONSENT, shown, unmarked
from derbes.text import data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from derbes.subject.facts import Facts, Row
    from derbes.subject.saying import Says

_OPERATOR = {"name": "name", "bin": "bin", "address": "address", "email": "email"}


def privacy(facts: Facts, says: Says) -> tuple[Section, ...]:
    """The sections of the notice."""
    parts = {
        "operator": operator(facts, says),
        "scope": _scope(facts, says),
        "data": _data(facts, says),
        "purposes": purposes(facts, says),
        "consent": consents(facts, says),
        "transfers": transfers(facts, says),
        "security": security(facts, says),
        "automated": automated(facts, says),
        "rights": rights(facts, says),
        "answers": answers(facts, says),
    }
    told = {name: tuple(lines) for name, lines in parts.items()}
    told["about"] = tuple(_about(facts, says))
    told["about"] += tuple(_terms(says, [line.text for lines in told.values() for line in lines]))
    return tuple(Section(says("sections", name), lines) for name, lines in told.items())


def operator(facts: Facts, says: Says) -> Iterator[Line]:
    """Who the operator is, who answers for the processing there, and the acts that it follows."""
    row = facts.operator
    yield Line(says("operator", "who", **{name: says.text(row.get(name), name) for name in _OPERATOR}))
    role = says.text(row.get("responsible_role"), "role")
    yield Line(says("operator", "responsible", role=role, contact=says.text(row.get("responsible_contact"), "contact")))
    yield Line(says("operator", "acts", acts="; ".join(says.act(number) for number in _acts(facts))))


def _acts(facts: Facts) -> Iterator[str]:
    """Acts that a policy which says all this has to name that day."""
    natures = {row["nature"] for name in facts.group for row in facts.categories(name)}
    bases = {facts.law.basis(str(row["legal_basis"])) for row in facts.activities if known(row["legal_basis"])}
    there = {"natures": natures, "basis_codes": bases}
    for number, entry in facts.law.sections["required_citations"].items():
        asked = entry.get("match", ())
        needed = {column for one in asked for column in one}
        met = any(there.get(column, set()) & {*values} for one in asked for column, values in one.items())
        if "cites" not in entry and (met or not needed & {*there}):
            yield number


def _scope(facts: Facts, says: Says) -> Iterator[Line]:
    rows = facts.rows("subjects")
    yield Line(says("scope", "whose", subjects=says.joined(says.name("subjects", name) for name in facts.group)))
    minors = [name for name in facts.group if known(rows[name]["minors"]) and rows[name]["minors"]]
    if minors:
        yield Line(says("scope", "minors", subjects=says.joined(says.name("subjects", name) for name in minors)))
    elif all(known(rows[name]["minors"]) for name in facts.group):
        yield Line(says("scope", "adults"))
    else:
        yield Line(says("scope", "unsure", gap=says.gap("minors")))


def _data(facts: Facts, says: Says) -> Iterator[Line]:
    for name in facts.group:
        subject = says.name("subjects", name)
        told = [_kept(facts, says, row, name) for row in facts.categories(name)]
        told += [_nameless(says, row) for row in facts.held(name) if not known(row["category_id"])]
        if told:
            yield Line(says("data", "lead", subject=subject))
            yield from (Line(text, "item") for text in told)
        else:
            yield Line(says("data", "no_data", subject=subject, gap=says.gap("categories")))
    if facts.nobodys:
        names = (says.called(row["name"], row["processing_id"], gap="unnamed") for row in facts.nobodys)
        rows = says.joined(map(shown, names))
        yield Line(says("data", "whose", gap=says.gap("whose", rows=rows)))


def _nameless(says: Says, field: Row) -> str:
    """A field of which the register does not say what data it holds."""
    label = says.called(field["label"], field["field_id"], gap="unnamed")
    return says("data", "field", field=label, gap=says.gap("categories"))


def _kept(facts: Facts, says: Says, category: Row, subject: str) -> str:
    """One kind of data: its name, who may have access, where it comes from, whether it must be given."""
    fields = [row for row in facts.held(subject) if row["category_id"] == category["category_id"]]
    sources = [says.label("source", row["source"], "source") for row in fields]
    must = [row["mandatory"] for row in fields]
    needed = True if True in must else (None if not must or not all(map(known, must)) else False)
    return says(
        "data",
        "item",
        category=says.name("categories", category["category_id"]),
        access=says.label("access_class", category["access_class"], "access"),
        source=says.joined(sources, ", ") if sources else says.gap("source"),
        mandatory=says.flag(needed, "mandatory"),
    )


def purposes(facts: Facts, says: Says) -> Iterator[Line]:
    """Every purpose of the group's activities with its data, grounds, terms and recipients."""
    yield Line(says("purposes", "lead"))
    yield from (Line(_purpose(facts, says, rows)) for rows in facts.by_purpose)
    if not facts.activities:
        yield Line(says.gap("activities"))


def _purpose(facts: Facts, says: Says, rows: list[Row]) -> str:
    first = rows[0]["purpose_id"]
    subjects = (says.name("subjects", name) for row in rows for name in facts.subjects(row))
    return says(
        "purposes",
        "item",
        purpose=says.name("purposes", first) if known(first) else says.gap("purpose"),
        subjects=says.joined(subjects),
        categories=says.named("categories", rows, "category_ids", "categories"),
        basis=says.joined(map(says.basis, rows)),
        retention=says.joined(map(says.retention, rows)),
        recipients=says.named("recipients", rows, "recipient_ids", "recipients"),
    )


def consents(facts: Facts, says: Says) -> Iterator[Line]:
    """Every consent with its form and term, and how it is withdrawn."""
    asked = [
        row for row in facts.activities if known(row["legal_basis"]) and facts.law.basis(row["legal_basis"]) == CONSENT
    ]
    yield from (Line(_consent(says, row)) for row in facts.consents)
    if any(not known(row["consent_ids"]) for row in asked):
        yield Line(says.gap("consents"))
    if not facts.consents and not asked:
        yield Line(says("consent", "none"))


def _consent(says: Says, row: Row) -> str:
    return says(
        "consent",
        "item",
        name=says.name("consents", row["consent_id"]),
        purposes=says.named("purposes", [row], "purpose_ids", "purpose"),
        form=says.form(row),
        given_by=says.label("given_by", row["given_by"], "given_by"),
        term=says.consent_term(row),
        channels=says.labels("channel", row["withdrawal_channels"], "withdrawal"),
        days=says.days(row["withdrawal_days"], "withdrawal_days"),
    )


def _about(facts: Facts, says: Says) -> Iterator[Line]:
    day = facts.law.as_of
    papers = [row for row in facts.rows("documents").values() if row["kind"] == "policy" and known(row["effective_on"])]
    valid = [row for row in papers if row["effective_on"].date() <= day]
    if not valid:
        yield Line(says("about", "no_policy", gap=says.gap("policy")))
        return
    row = max(valid, key=lambda one: one["effective_on"])
    dates = {name: says.date(row[f"{name}_on"], "policy") for name in ("approved", "effective")}
    number, version = says.text(row["number"], "policy"), says.text(row["version"], "policy")
    yield Line(says("about", "policy", number=number, version=version, **dates))


def _terms(says: Says, texts: list[str]) -> Iterator[Line]:
    """What the words of the notice mean: those of the law, and others that policies should explain."""
    lawful = data("notice")["law_terms"][says.lang]
    yield Line(says("about", "meaning", terms=_quoted(lawful)))
    others = [term for term in _used(says.lang, unmarked(" ".join(texts))) if term not in lawful]
    form = "single" if len(others) == 1 else "ordinary"
    yield Line(says("about", form, terms=_quoted(others)) if others else says("about", "rest"))


def _quoted(terms: Iterable[str]) -> str:
    return ", ".join(
        f"\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}{term}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
        for term in terms
    )


def _used(lang: str, text: str) -> list[str]:
    """Terms that policies use and seldom define, as far as they stand in the text."""
    if lang not in LEXICONS:
        return []
    words = lexicon(lang)
    folded = words.fold(text)
    return [term for term in words.at("terms") if words.term(term).search(folded)]
