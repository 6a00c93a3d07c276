"""What the rules of the law of Kazakhstan have to find, from their words."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from derbes.period import days
from oracle.rows import oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.rows import Case, Row


def _grounds(case: Case, row: Row) -> list[str]:
    """Grounds of a row as codes, where the law pack knows the word."""
    words = [part.strip() for part in (row["legal_basis"] or "").split(";") if part.strip()]
    return [case.law.basis_words.get(" ".join(word.casefold().split()), word) for word in words]


def _state(case: Case, ground: str) -> str:
    found = case.law.bases.set_index("code")["state"].to_dict()
    return str(found.get(ground, "unknown"))


def _planned(case: Case) -> list[Row]:
    return [row for row in case.tables["processing"] if (row["status"] or "active") in {"active", "draft"}]


def _stored(case: Case) -> Iterator[tuple[Row, set[str]]]:
    """Systems in use that hold personal data, with the countries they are said to hold them in."""
    for row in case.tables["systems"]:
        fields = [
            field for field in case.tables["fields"] if field["system_id"] == row["system_id"] and row["system_id"]
        ]
        anonymous = bool(fields) and all(field["state"] == "anonymised" for field in fields)
        places = {place for place in row["storage_countries"] or () if re.fullmatch("[A-Z]{2}|all", place)}
        if row["status"] != "retired" and not anonymous:
            yield row, places


@oracle("kz.storage.abroad", "systems")
def storage_abroad(case: Case) -> Iterator[str]:
    yield from (row["key"] for row, places in _stored(case) if places and not places & {"KZ", "all"})


@oracle("kz.storage.copy_abroad", "systems")
def storage_copy_abroad(case: Case) -> Iterator[str]:
    yield from (row["key"] for row, places in _stored(case) if places & {"KZ", "all"} and places - {"KZ"})


def _terms(case: Case, *kinds: str) -> Iterator[Row]:
    for row in case.tables["retention"]:
        if row["period"] and case.period(row["period"]).kind in kinds:
            yield row


@oracle("kz.retention.unlimited", "retention")
def retention_unlimited(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in _terms(case, "indefinite"))


@oracle("kz.retention.vague", "retention")
def retention_vague(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in _terms(case, "vague"))


@oracle("kz.retention.no_authority", "retention")
def retention_no_authority(case: Case) -> Iterator[str]:
    yield from (r["key"] for r in _terms(case, "fixed", "by_law") if case.text("retention", r, "authority") is None)


@oracle("kz.basis.unknown", "processing")
def basis_unknown(case: Case) -> Iterator[str]:
    for row in _planned(case):
        well = case.facts.verdicts["processing"]["legal_basis"].iat[row["at"]] == ""
        if well and any(_state(case, ground) in {"unknown", "not_in_force"} for ground in _grounds(case, row)):
            yield row["key"]


@oracle("kz.basis.foreign", "processing")
def basis_foreign(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in _planned(case) if any(_state(case, g) == "foreign" for g in _grounds(case, row)))


@oracle("kz.basis.no_authority", "processing")
def basis_no_authority(case: Case) -> Iterator[str]:
    for row in _planned(case):
        if "art9-10" in _grounds(case, row) and not re.search("[0-9]", case.text("processing", row, "authority") or ""):
            yield row["key"]


@oracle("kz.basis.no_consent", "processing")
def basis_no_consent(case: Case) -> Iterator[str]:
    yield from (r["key"] for r in case.register if "consent" in _grounds(case, r) and r["consent_ids"] == ())


@oracle("completeness.processing.consent_unnamed", "processing")
def consent_unnamed(case: Case) -> Iterator[str]:
    yield from (r["key"] for r in _planned(case) if "consent" in _grounds(case, r) and r["consent_ids"] is None)


@oracle("kz.consent.no_evidence", "consents")
def consent_no_evidence(case: Case) -> Iterator[str]:
    for row in case.tables["consents"]:
        known = case.facts.verdicts["consents"]["form"].iat[row["at"]] in {"", "empty", "placeholder", "unreadable"}
        proves_itself = row["form"] == "state_service"
        if known and not proves_itself and case.text("consents", row, "evidence") is None:
            yield row["key"]


@oracle("kz.consent.implied", "consents")
def consent_implied(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in case.tables["consents"] if row["form"] == "implied")


@oracle("kz.consent.no_term", "consents")
def consent_no_term(case: Case) -> Iterator[str]:
    yield from (row["key"] for row in case.tables["consents"] if case.text("consents", row, "term") is None)


@oracle("kz.consent.term_unlimited", "consents")
def consent_term_unlimited(case: Case) -> Iterator[str]:
    for row in case.tables["consents"]:
        if row["term"] and case.period(row["term"]).kind == "indefinite":
            yield row["key"]


@oracle("kz.consent.term_too_long", "consents")
def consent_term_too_long(case: Case) -> Iterator[str]:
    for row in case.tables["consents"]:
        using = [use for use in case.register if row["consent_id"] in case.named("processing", use, "consent_ids")]
        kept = [_kept(case, case.find("retention", use["retention_id"])) for use in using]
        term = days(case.period(row["term"])) if row["term"] else None
        if term is not None and kept and None not in kept and term > max(filter(None, kept)):
            yield row["key"]


def _kept(case: Case, row: Row | None) -> float | None:
    """Days that data are kept from the day they were collected, None where that cannot be said."""
    if row is None or not row["period"]:
        return None
    read = case.period(row["period"])
    since = row["trigger"] or read.trigger or "collection"
    ends = row["then_retention_id"] in {None, "none"} and row["bound"] != "min"
    return days(read) if ends and since in {"collection", "document_year_end"} else None


@oracle("kz.consent.content_missing", "consents")
def consent_content_missing(case: Case) -> Iterator[str]:
    wanted = {"operator", "subject", "term", "third_parties", "cross_border", "public_sources", "data_list"}
    for row in case.tables["consents"]:
        unsaid = {"term"} if case.text("consents", row, "term") is None else set()  # said by a rule of its own
        if row["contents"] is not None and "all" not in row["contents"] and wanted - unsaid - set(row["contents"]):
            yield row["key"]


def _consents(case: Case, row: Row) -> list[Row | None]:
    """Consents that a row of the register names, None for one that is not in the table."""
    return [case.find("consents", name) for name in sorted(case.named("processing", row, "consent_ids"))]


@oracle("kz.consent.purpose_missing", "processing")
def consent_purpose_missing(case: Case) -> Iterator[str]:
    for row in case.serving:
        consents = _consents(case, row)
        if "consent" not in _grounds(case, row) or not row["consent_ids"]:
            continue
        for purpose in case.named("processing", row, "purpose_id"):
            wide = case.above("purposes", purpose)
            named = any(one and wide & case.named("consents", one, "purpose_ids") for one in consents)
            unsure = any(one is None or one["purpose_ids"] is None for one in consents)
            if not named and not unsure:
                yield row["key"]


@oracle("kz.recipient.no_consent", "processing")
def recipient_no_consent(case: Case) -> Iterator[str]:
    bearing = set(case.law.bases.loc[case.law.bases["third_party_ok"], "code"])
    for row in case.register:
        grounds = _grounds(case, row)
        if grounds and not bearing & set(grounds) and row["consent_ids"] is not None:
            for name in case.named("processing", row, "recipient_ids"):
                to = case.find("recipients", name)
                if to and to["kind"] in {"third_party", "group", "public"} and not _covered(case, row, to):
                    yield row["key"]


def _covered(case: Case, row: Row, to: Row) -> bool:
    """Whether a consent of the row names the recipient, or may for all that is known."""
    spoken = {"third_parties", "all"} | ({"public_sources"} if to["kind"] == "public" else set())
    for one in _consents(case, row):
        if one is None or to["recipient_id"] in case.named("consents", one, "recipient_ids"):
            return True
        if one["recipient_ids"] is None and (one["contents"] is None or spoken & set(one["contents"])):
            return True
    return False


@oracle("kz.transfer.no_ground", "recipients")
def transfer_no_ground(case: Case) -> Iterator[str]:
    rows = case.tables["processing"]
    running = [row for row in rows if row["status"] != "stopped"]
    naming = {name for row in rows for name in case.named("processing", row, "recipient_ids")}
    still = {name for row in running for name in case.named("processing", row, "recipient_ids")}
    still |= {row["provider_id"] for row in case.tables["systems"]}
    for row in case.tables["recipients"]:
        abroad = any(re.fullmatch("[A-Z]{2}|all", place) and place != "KZ" for place in row["countries"] or ())
        over = row["recipient_id"] in naming - still
        known = row["kind"] in {None, "processor", "third_party", "state_body", "group"}
        if abroad and known and not over and case.text("recipients", row, "transfer_ground") is None:
            yield row["key"]


@oracle("kz.purpose.vague", "purposes")
def purpose_vague(case: Case) -> Iterator[str]:
    pattern = case.law.constants["vague_purpose"]
    yield from (row["key"] for row in case.tables["purposes"] if row["name"] and re.search(pattern, row["name"]))


@oracle("kz.purpose.unregistered", "purposes")
def purpose_unregistered(case: Case) -> Iterator[str]:
    declared = {name for row in case.tables["clauses"] for name in case.named("clauses", row, "purpose_ids")}
    used = {row["purpose_id"] for row in case.register if row["purpose_id"]}
    for row in case.tables["purposes"]:
        name = row["purpose_id"]
        if declared and name in used and not row["clauses"] and not declared & case.above("purposes", name):
            yield row["key"]


def _held(case: Case) -> list[Row]:
    """Fields with personal data of systems in use."""
    retired = {row["system_id"] for row in case.tables["systems"] if row["status"] == "retired"} - {None}
    return [row for row in case.tables["fields"] if row["system_id"] not in retired and row["state"] != "anonymised"]


def _uses(case: Case, row: Row) -> set[str]:
    """Categories that a row of the register uses, by name or by field, with those above and below."""
    fields = [case.find("fields", name) for name in case.named("processing", row, "field_ids")]
    named = case.named("processing", row, "category_ids") | {field["category_id"] for field in fields if field}
    return {kin for name in named - {None} for kin in case.line("categories", name)}


@oracle("kz.category.no_purpose", "categories")
def category_no_purpose(case: Case) -> Iterator[str]:
    used = {name for row in case.serving for name in _uses(case, row)}
    held = {row["category_id"] for row in _held(case)}
    telling = [row for row in case.tables["clauses"] if not row["denies"]]
    spoken = [row for row in telling if "all" not in (row["category_ids"] or ())]
    held |= {name for row in spoken for name in case.named("clauses", row, "category_ids")}
    known = {row["clause_id"] for row in case.tables["clauses"]}
    denying = known - {row["clause_id"] for row in telling}
    for row in case.tables["categories"]:
        told = case.named("categories", row, "clauses") - denying
        name = row["category_id"]  # of a row without an id nobody can say what uses it
        if name and (name in held or told) and name not in used and not _may_use(case, name):
            yield row["key"]


def _may_use(case: Case, name: str) -> bool:
    """Whether a row in force uses the category for a purpose that it does not name, or may use it, unsaid."""
    for row in case.register:
        if row["category_ids"] is None and not row["field_ids"]:
            return True
        if not row["purpose_id"] and name in _uses(case, row):
            return True
    return False


@oracle("kz.field.no_purpose", "fields")
def field_no_purpose(case: Case) -> Iterator[str]:
    used = {name for row in case.serving for name in _uses(case, row)}
    for field in _held(case):
        elsewhere = field["category_id"] in used or field["category_id"] not in case.ids("categories")
        needed = any(_needs(case, row, field) or _may_need(case, row, field) for row in case.register)
        if field["category_id"] and elsewhere and field["system_id"] and not needed:
            yield field["key"]


def _may_need(case: Case, row: Row, field: Row) -> bool:
    """Whether a row names the place of the field and leaves open what it takes from there."""
    here = row["system_ids"] is None or field["system_id"] in case.named("processing", row, "system_ids")
    return here and row["field_ids"] is None and row["category_ids"] is None


def _needs(case: Case, row: Row, field: Row) -> bool:
    if row["field_ids"] is not None:
        return field["field_id"] in case.named("processing", row, "field_ids")
    here = row["system_ids"] is None or field["system_id"] in case.named("processing", row, "system_ids")
    return here and field["category_id"] in _uses(case, row)


@oracle("kz.rights.deadline_missing", "rights")
def right_deadline_missing(case: Case) -> Iterator[str]:
    timed = {"know", "access", "correct", "supplement", "block", "destroy", "delete", "anonymise", "withdraw"}
    timed |= {"object_automated"}
    for row in case.tables["rights"]:
        if row["kind"] in timed and case.text("rights", row, "deadline_days") is None:
            yield row["key"]


@oracle("kz.rights.deadline_too_long", "rights")
def right_deadline_too_long(case: Case) -> Iterator[str]:
    longest = {**dict.fromkeys(("know", "access"), 3), "withdraw": 15}
    longest |= {"object_automated": 3} if case.law.as_of >= dt.date(2026, 1, 18) else {}
    longest |= dict.fromkeys(("correct", "supplement", "block", "destroy", "public_sources"), 1)
    for row in case.tables["rights"]:
        if row["deadline_days"] is not None and row["deadline_days"] > longest.get(row["kind"], 10**15):
            yield row["key"]
