"""What the rules on data by their nature, on protection, automated decisions and consents have to find."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from derbes.period import days, parse
from oracle.law import _consents, _grounds, _held, _needs, _state, _stored, _uses
from oracle.rows import oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.rows import Case, Row

_DIGITAL = {
    "access_list", "event_log", "access_log", "integrity_control", "encryption_at_rest", "protected_channel",
    "authentication", "updates",
}  # fmt: skip
_STAFF = {"hr", "recruiting", "payroll"}
#: The list of standard documents and the tax code, as their numbers are written.
_ARCHIVE = r"(?<!\w)(279-\u041d[\u049a\u041a]|279/\u041d[\u049a\u041a]|279-HK|G25JC000279)(?!\w)"
_TAX = r"(?<!\w)(214-VIII( (\u0417\u0420\u041a|\u049a\u0420\u0417))?|K2500000214)(?!\w)"


def _by_law(case: Case, row: Row) -> bool:
    """Whether a row of the register names a law by which its data are processed."""
    said = case.text("processing", row, "authority") or ""
    cases = [g for g in _grounds(case, row) if _state(case, g) == "valid" and g.startswith("art9-")]
    if any(ground != "art9-10" or re.search("[0-9]", said) for ground in cases):
        return True
    return any(number != "94-V" for number in re.findall(r"(?<!\d)\d+-[IVXLC]+\b", said))


def _using(case: Case, field: Row) -> list[Row]:
    """Rows in force that use a field."""
    return [row for row in case.serving if field["field_id"] and _needs_it(case, row, field)]


def _needs_it(case: Case, row: Row, field: Row) -> bool:
    same = [other for other in _held(case) if other["field_id"] == field["field_id"]]
    return any(_needs(case, row, other) for other in same) or field["field_id"] in case.named(
        "processing", row, "field_ids"
    )


def _part(case: Case, table: str, name: str | None, column: str) -> object:
    row = case.find(table, name) if name else None
    return row[column] if row else None


def _identity(case: Case) -> Iterator[tuple[Row, object, str]]:
    """Fields in use that no row by law uses, with the medium they lie on and whether they are copies."""
    for field in _held(case):
        medium = _part(case, "systems", field["system_id"], "medium")
        medium = "paper" if medium == "mixed" and field["collected_by"] == "paper" else medium
        identity = _part(case, "categories", field["category_id"], "nature") == "identity_document"
        whole = identity and _part(case, "categories", field["category_id"], "item") == "document"
        copied = "yes" if whole else "unsaid" if identity else "no"
        if field["document_copy"] is not None:
            copied = "yes" if field["document_copy"] else "no"
        if not any(_by_law(case, row) for row in _using(case, field)):
            yield field, medium, copied


@oracle("kz.identity_document.paper_copy", "fields")
def paper_copy(case: Case) -> Iterator[str]:
    yield from (f["key"] for f, medium, copied in _identity(case) if medium == "paper" and copied == "yes")


@oracle("kz.identity_document.copy_unknown", "fields")
def copy_unknown(case: Case) -> Iterator[str]:
    for field, medium, copied in _identity(case):
        if (medium == "mixed" and copied == "yes") or (medium in {"paper", "mixed"} and copied == "unsaid"):
            yield field["key"]


@oracle("kz.measures.none", "systems")
def measures_none(case: Case) -> Iterator[str]:
    yield from (row["key"] for row, _ in _stored(case) if row["measures"] == ())


@oracle("kz.measures.unknown", "systems")
def measures_unknown(case: Case) -> Iterator[str]:
    for row, _ in _stored(case):
        if case.facts.verdicts["systems"]["measures"].iat[row["at"]] in {"empty", "placeholder"}:
            yield row["key"]


def _guarded(case: Case) -> Iterator[tuple[Row, set[str]]]:
    """Systems in use with data of restricted access and known measures, with those measures."""
    secret = {row["category_id"] for row in case.tables["categories"] if row["access_class"] == "restricted"} - {None}
    holding = {field["system_id"] for field in _held(case) if field["category_id"] in secret}
    for row in case.register:
        systems = case.named("processing", row, "system_ids")
        if len(systems) == 1 and secret & case.named("processing", row, "category_ids"):
            holding |= systems
    for row, _ in _stored(case):
        known = case.facts.verdicts["systems"]["measures"].iat[row["at"]] in {"", "all"}
        if row["system_id"] and row["system_id"] in holding and known:
            yield row, set(row["measures"])


@oracle("kz.measures.restricted", "systems")
def measures_restricted(case: Case) -> Iterator[str]:
    for row, taken in _guarded(case):
        wanted = {"paper": {"access_list"}, "electronic": _DIGITAL, "mixed": _DIGITAL}.get(row["medium"], set())
        if "all" not in taken and wanted - taken:
            yield row["key"]


@oracle("kz.measures.biometric_auth", "systems")
def biometric_auth(case: Case) -> Iterator[str]:
    for row, taken in _guarded(case):
        many = row["medium"] in {"electronic", "mixed"} and (row["subject_count"] or 0) > 100_000
        if many and not taken & {"biometric_authentication", "all"}:
            yield row["key"]


def _automated(case: Case) -> list[Row]:
    return [row for row in case.register if row["automated_decision"]]


def _same(case: Case, row: Row, table: str, other: Row) -> bool:
    """Whether a row of the register and another may speak of the same subjects and purposes."""
    for own, column, to in (("subject_ids", "subject_ids", "subjects"), ("purpose_id", "purpose_ids", "purposes")):
        if row[own] is not None and other[column] and "all" not in other[column]:
            line = {kin for name in case.named("processing", row, own) for kin in case.line(to, name)}
            if not line & case.named(table, other, column):
                return False
    return True


@oracle("kz.automated.undisclosed", "processing")
def automated_undisclosed(case: Case) -> Iterator[str]:
    telling = [
        row
        for row in case.tables["clauses"]
        if "automated" in (row["asserts"] or ()) or "automated.explanation" in (row["elements"] or ())
    ]
    yield from (r["key"] for r in _automated(case) if not any(_same(case, r, "clauses", c) for c in telling))


@oracle("kz.automated.no_objection", "processing")
def automated_no_objection(case: Case) -> Iterator[str]:
    hearing = [row for row in case.tables["rights"] if row["kind"] == "object_automated"]
    yield from (r["key"] for r in _automated(case) if not any(_same(case, r, "rights", p) for p in hearing))


@oracle("kz.automated.no_ground", "processing")
def automated_no_ground(case: Case) -> Iterator[str]:
    for row in _automated(case):
        told = _grounds(case, row)
        if told and not any(_state(case, g) == "valid" and g != "public_reuse" for g in told):
            yield row["key"]


@oracle("kz.minors.no_representative", "processing")
def minors_no_representative(case: Case) -> Iterator[str]:
    young = {row["subject_id"] for row in case.tables["subjects"] if row["minors"]} - {None}
    brought = [field for field in case.tables["fields"] if field["source"] == "representative"]
    for row in case.register:
        alone = set(_grounds(case, row)) == {"consent"}
        helped = any(row in _using(case, field) for field in brought)
        for name in case.named("processing", row, "subject_ids") & young if alone and not helped else ():
            said = [_given_by(case, one, name) for one in _consents(case, row)]
            if {*said} - {"nobody"} == {"subject"}:
                yield row["key"]


def _given_by(case: Case, consent: Row | None, subject: str) -> object:
    """Who gives a consent, nobody where it does not speak of the subject."""
    if consent is None or consent["subject_ids"] is None:
        return consent and consent["given_by"]
    line = {k for name in case.named("consents", consent, "subject_ids") for k in case.line("subjects", name)}
    return consent["given_by"] if subject in line else "nobody"


def _about_staff(case: Case) -> set[str]:
    """Categories held about staff and applicants, by a field or by a row in force."""
    theirs = [f for f in _held(case) if _part(case, "systems", f["system_id"], "kind") in _STAFF]
    named = [case.named("fields", f, "subject_ids") for f in theirs if "all" not in (f["subject_ids"] or ())]
    staff = {name for names in named for name in names}
    for field in _held(case):
        subjects = case.named("fields", field, "subject_ids")
        if subjects and subjects <= staff and "all" not in field["subject_ids"]:
            theirs.append(field)
    found = {field["category_id"] for field in theirs if field["field_id"]}
    for row in case.register:
        kinds = {_part(case, "systems", name, "kind") for name in case.named("processing", row, "system_ids")}
        if kinds and kinds <= _STAFF and row["processing_id"]:
            found |= case.named("processing", row, "category_ids")
    return found - {None}


def _unfounded(case: Case, *natures: str) -> Iterator[str]:
    lawful = {name for row in case.serving if _by_law(case, row) for name in _uses(case, row)}
    about = _about_staff(case) - lawful
    yield from (r["key"] for r in case.tables["categories"] if r["nature"] in natures and r["category_id"] in about)


@oracle("kz.special.criminal", "categories")
def special_criminal(case: Case) -> Iterator[str]:
    yield from _unfounded(case, "criminal")


@oracle("kz.special.labour", "categories")
def special_labour(case: Case) -> Iterator[str]:
    yield from _unfounded(case, "family", "property", "health", "military")


@oracle("kz.depersonalised.identifying", "fields")
def depersonalised(case: Case) -> Iterator[str]:
    retired = {row["system_id"] for row in case.tables["systems"] if row["status"] == "retired"} - {None}
    for field in case.tables["fields"]:
        if field["state"] == "anonymised" and field["system_id"] not in retired:
            points = _part(case, "categories", field["category_id"], "is_identifier")
            nature = _part(case, "categories", field["category_id"], "nature")
            if points or (points is None and nature in {"identifier", "identity_document"}):
                yield field["key"]


@oracle("kz.category.sensitive_unflagged", "categories")
def sensitive_unflagged(case: Case) -> Iterator[str]:
    public = {row["recipient_id"] for row in case.tables["recipients"] if row["kind"] == "public"}
    published: set[str] = set()
    for row in case.serving:
        if {"public_reuse", "art9-7"} & {*_grounds(case, row)} or public & case.named(
            "processing", row, "recipient_ids"
        ):
            published |= _uses(case, row)
    for row in case.tables["categories"]:
        delicate = row["nature"] in {"biometric", "voice", "image", "health", "criminal"}
        if delicate and row["access_class"] == "public" and row["category_id"] not in published:
            yield row["key"]


@oracle("kz.category.access_conflict", "categories")
def access_conflict(case: Case) -> Iterator[str]:
    promised = {
        name
        for row in case.tables["clauses"]
        if "confidential" in (row["asserts"] or ()) and "public" not in (row["except"] or ()) and row["clause_id"]
        for name in case.named("clauses", row, "category_ids")
    }
    for row in case.tables["categories"]:
        open_to_all = row["access_class"] == "public" and row["category_id"]
        if open_to_all and promised & case.above("categories", row["category_id"]):
            yield row["key"]


@oracle("kz.source.public_scraped", "fields")
def public_scraped(case: Case) -> Iterator[str]:
    vague = [
        row
        for row in case.register
        if (row["category_ids"] is None and row["field_ids"] is None) or row["purpose_id"] is None
    ]
    for field in _held(case):
        if field["source"] != "public":
            continue
        told = [_grounds(case, row) for row in _using(case, field)]
        lawful = any(_state(case, ground) == "valid" for grounds in told for ground in grounds)
        here = any(
            field["system_id"] in case.named("processing", row, "system_ids")
            or (row["system_ids"] is None and field["system_id"] in case.ids("systems"))
            for row in vague
        )
        if not lawful and not here and [] not in told:
            yield field["key"]


@oracle("kz.consent.withdrawal_too_long", "consents")
def withdrawal_too_long(case: Case) -> Iterator[str]:
    for row in case.tables["consents"]:
        if row["withdrawal_days"] is not None and row["withdrawal_days"] > 15:
            yield row["key"]


@oracle("kz.consent.no_withdrawal_channel", "consents")
def no_withdrawal_channel(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in case.tables["consents"] if row["withdrawal_channels"] == ())


@oracle("kz.consent.bundled", "consents")
def bundled(case: Case) -> Iterator[str]:
    purposes = case.ids("purposes")
    heads = {row["purpose_id"] for row in case.tables["purposes"] if row["parent_id"] not in purposes} - {None}
    for row in case.tables["consents"]:
        named = case.named("consents", row, "purpose_ids") & purposes
        if len({top for name in named for top in case.above("purposes", name) & heads}) > 1:
            yield row["key"]


@oracle("kz.retention.shorter_than_law", "retention")
def shorter_than_law(case: Case) -> Iterator[str]:
    for row in case.tables["retention"]:
        said = case.text("retention", row, "authority") or ""
        length = days(parse(row["period"])) if row["period"] else None
        if length is None or row["then_retention_id"] not in {None, "none"}:
            continue
        archive = re.search(rf"{_ARCHIVE}.*(?<![\w-])462(?![\w-])", said, re.DOTALL | re.IGNORECASE)
        tax = re.search(_TAX, said, re.IGNORECASE)
        article = tax and {"206", "3"} <= set(re.findall(r"(?<![\w-])\d+(?![\w-])", said[tax.end() :]))
        since = case.law.as_of.isoformat() >= "2026-01-01"
        if (archive and length < 75 * 365) or (article and since and length < 5 * 365):
            yield row["key"]
