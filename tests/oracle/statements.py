"""What the rules on single clauses of the policy have to find, from their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.rows import oracle
from oracle.topics import number, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.rows import Case, Row


def _open(case: Case) -> Iterator[tuple[Row, str]]:
    """Clauses that leave a list open, and of what it is."""
    for row in case.tables["clauses"]:
        if says(case, row, "asserts", "open_list"):
            kinds = [kind for kind in ("data", "subject", "purpose") if says(case, row, "kinds", kind)]
            spoken = ["purpose"] if case.named("clauses", row, "purpose_ids") else []
            yield row, [*kinds, *spoken, "other"][0]


@oracle("policy.data.open_list", "clauses")
def open_data(case: Case) -> Iterator[str]:
    yield from (row["key"] for row, listed in _open(case) if listed == "data")


@oracle("policy.purpose.open_list", "clauses")
def open_purposes(case: Case) -> Iterator[str]:
    yield from (row["key"] for row, listed in _open(case) if listed == "purpose")


@oracle("policy.subject.catch_all", "clauses")
def catch_all(case: Case) -> Iterator[str]:
    yield from (row["key"] for row, listed in _open(case) if listed == "subject")


@oracle("policy.data.documents_mixed", "clauses")
def documents_mixed(case: Case) -> Iterator[str]:
    for row in case.tables["clauses"]:
        named = [case.find("categories", name) for name in case.named("clauses", row, "category_ids")]
        items = {category["item"] for category in named if category}
        if says(case, row, "kinds", "data") and {"data", "document"} <= items:
            yield row["key"]


@oracle("policy.retention.unlimited", "clauses")
def unlimited(case: Case) -> Iterator[str]:
    for row in case.tables["clauses"]:
        if says(case, row, "asserts", "unlimited_term") and not says(case, row, "except", "unlimited_term"):
            yield row["key"]


@oracle("policy.retention.vague", "clauses")
def vague(case: Case) -> Iterator[str]:
    terms = [row for row in case.tables["retention"] if row["period"] and case.period(row["period"]).kind == "vague"]
    ids = {row["retention_id"] for row in terms} - {None}
    for row in case.tables["clauses"]:
        if says(case, row, "kinds", "retention") and case.named("clauses", row, "retention_ids") & ids:
            yield row["key"]


def _read_off(case: Case) -> Iterator[tuple[Row, list[Row]]]:
    """Clauses on consent, and the consents that were read off each."""
    for row in case.tables["clauses"]:
        if says(case, row, "kinds", "consent") and row["clause_id"]:
            own = [c for c in case.tables["consents"] if row["clause_id"] in case.named("consents", c, "clauses")]
            yield row, own


@oracle("policy.consent.implied", "clauses")
def implied(case: Case) -> Iterator[str]:
    yield from (row["key"] for row, own in _read_off(case) if any(consent["form"] == "implied" for consent in own))


@oracle("policy.consent.bundled", "clauses")
def bundled(case: Case) -> Iterator[str]:
    for row, own in _read_off(case):
        spoken = case.named("clauses", row, "purpose_ids")
        lines = [{_top(case, n) for n in case.named("consents", c, "purpose_ids") & spoken} for c in own]
        if not says(case, row, "asserts", "refusal") and any(len(line) > 1 for line in lines):
            yield row["key"]


def _top(case: Case, name: str) -> str:
    """The purpose at the head of its line."""
    if name not in case.ids("purposes"):
        return name
    return min(case.above("purposes", name), key=lambda one: (len(case.above("purposes", one)), one))


@oracle("policy.consent.no_refusal", "clauses")
def no_refusal(case: Case) -> Iterator[str]:
    for row in case.tables["clauses"]:
        shut = [way for way in ("refusal", "withdrawal") if says(case, row, "denies", way)]
        grounds = {case.law.basis(word) for word in row["basis_codes"] or () if word != "all"}
        if (not grounds or "consent" in grounds) and any(not says(case, row, "except", way) for way in shut):
            yield row["key"]


@oracle("policy.basis.foreign", "clauses")
def foreign_basis(case: Case) -> Iterator[str]:
    states = case.law.bases.set_index("code")["state"].to_dict()
    for row in case.tables["clauses"]:
        if any(states.get(case.law.basis(word)) == "foreign" for word in row["basis_codes"] or ()):
            yield row["key"]


@oracle("policy.liability.disclaimer", "clauses")
def disclaimer(case: Case) -> Iterator[str]:
    for row in case.tables["clauses"]:
        told = set(row["elements"] or ())
        if says(case, row, "kinds", "liability") and "no_liability" in told and "liability.own_failures" not in told:
            yield row["key"]


def _rights(case: Case, row: Row) -> set[str]:
    kinds = set(row["right_kinds"] or ())
    return set(case.inv.schema.lists["right_kind"]) if "all" in kinds else kinds


@oracle("policy.deadline.too_long", "clauses")
def too_long(case: Case) -> Iterator[str]:
    longest = case.law.constants["right_deadline_days"]
    for row in case.tables["clauses"]:
        allowed = [longest[kind] for kind in _rights(case, row) if kind in longest]
        if row["deadline_days"] is not None and allowed and row["deadline_days"] > min(allowed):
            yield row["key"]


@oracle("policy.deadline.missing", "clauses")
def timeless(case: Case) -> Iterator[str]:
    clauses = case.tables["clauses"]
    timed = [row for row in clauses if row["deadline_days"] is not None]
    if any(says(case, row, "kinds", "right") and not row["right_kinds"] for row in timed):
        return
    for kind in case.law.constants["timed_rights"]:
        naming = [row for row in clauses if kind in _rights(case, row)]
        if naming and not any(row in timed for row in naming):
            yield min(naming, key=lambda row: (number(row), row["at"]))["key"]
