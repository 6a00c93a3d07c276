"""What the rules that hold the policy against the inventory have to find, from their words: rights, terms, deeds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from derbes.period import days
from oracle.law import _grounds
from oracle.pledges import COLUMNS, broad, meet, says
from oracle.rows import oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.rows import Case, Row

_SAME = {"access": "know", "supplement": "correct"}
_SCOPES = ("subject_ids", "category_ids", "purpose_ids")
_ASKED_FOR = {
    "know", "access", "correct", "supplement", "block", "restrict", "destroy", "delete", "anonymise", "withdraw",
    "object_automated", "public_sources",
}  # fmt: skip


def _granted(case: Case) -> Iterator[tuple[Row, str]]:
    """Clauses with the kinds of rights they grant."""
    for clause in case.tables["clauses"]:
        if not says(clause, "denies", "refusal", "withdrawal"):
            yield from ((clause, kind) for kind in sorted(set(clause["right_kinds"] or ())))


def _procedures(case: Case, clause: Row, kind: str) -> list[Row]:
    """Procedures that may serve the right that a clause grants."""
    alike = [row for row in case.tables["rights"] if row["kind"] and _family(row["kind"]) == _family(kind)]
    return [row for row in alike if meet(case, clause, "rights", row, blank=True, columns=("subject_ids",))]


def _family(kind: str) -> str:
    return _SAME.get(kind, kind)


def _number(clause: Row) -> str:
    return re.sub(r"\d+", lambda digits: digits[0].zfill(6), clause["key"])


@oracle("policy.rights.no_procedure", "clauses")
def rights_no_procedure(case: Case) -> Iterator[str]:
    unserved = [(kind, clause) for clause, kind in _granted(case) if not _procedures(case, clause, kind)]
    for asked in sorted(_ASKED_FOR):
        lacking = [clause for kind, clause in unserved if kind == asked]
        if lacking:
            yield min(lacking, key=lambda clause: (_number(clause), clause["at"]))["key"]


@oracle("policy.rights.unpublished", "rights")
def rights_unpublished(case: Case) -> Iterator[str]:
    granted = list(_granted(case))
    for row in case.tables["rights"]:
        told = any(row in _procedures(case, clause, kind) for clause, kind in granted)
        if granted and row["kind"] and not row["clauses"] and not told:
            yield row["key"]


def _promised(case: Case) -> Iterator[tuple[Row, str, Row]]:
    """Clauses that promise how a right is exercised, the right, and a procedure that may be meant."""
    for clause, kind in _granted(case):
        if says(clause, "kinds", "right", "procedure"):
            for row in _procedures(case, clause, kind):
                if meet(case, clause, "rights", row, blank=True, columns=("purpose_ids",)):
                    yield clause, kind, row


def _inside(case: Case, clause: Row, row: Row, column: str) -> bool:
    """Whether all that the procedure names lies at or below what the clause names."""
    if broad(case, "clauses", clause, column):
        return True
    named = case.named("clauses", clause, column)
    each = case.named("rights", row, column)
    return not broad(case, "rights", row, column) and all(case.above(COLUMNS[column], name) & named for name in each)


@oracle("policy.rights.deadline_exceeded", "rights")
def rights_deadline_differs(case: Case) -> Iterator[str]:
    pledges: dict[int, list[int]] = {}
    for clause, kind, row in _promised(case):
        inside = _inside(case, clause, row, "subject_ids") and _inside(case, clause, row, "purpose_ids")
        if inside and kind == row["kind"] and clause["deadline_days"] is not None:
            pledges.setdefault(row["at"], []).append(clause["deadline_days"])
    for row in case.tables["rights"]:
        promised = pledges.get(row["at"])
        if promised and row["deadline_days"] is not None and row["deadline_days"] > max(promised):
            yield row["key"]


@oracle("policy.rights.channels_unserved", "clauses")
def rights_channels_differ(case: Case) -> Iterator[str]:
    serving: dict[tuple[int, str], list[Row]] = {}
    for clause, kind, row in _promised(case):
        serving.setdefault((clause["at"], kind), []).append(row)
    for (at, _), rows in serving.items():
        if not any(row["channels"] is None or "all" in row["channels"] for row in rows):
            served = {channel for row in rows for channel in row["channels"]}
            clause = case.tables["clauses"][at]
            if set(clause["channels"] or ()) - {"all"} - served:
                yield clause["key"]


def _compare(case: Case, own: Row, promised: Row) -> str:
    """How the own term compares with the promised one: fits, longer, unlike."""
    a, b = (case.period(row["period"]) for row in (own, promised))
    known = {"fixed", "until", "indefinite"}
    if own is promised or a is None or b is None or not {a.kind, b.kind} <= known:
        return "fits"
    if "indefinite" in {a.kind, b.kind}:
        return "fits" if a.kind == b.kind else "longer" if a.kind == "indefinite" else "unlike"
    since = [p.trigger if p.kind == "until" else row["trigger"] or p.trigger for p, row in ((a, own), (b, promised))]
    if None in since and a.kind != b.kind:
        return "fits"
    if None not in since and since[0] != since[1]:
        return "unlike"
    mine, theirs = days(a) or 0, days(b) or 0
    if mine > theirs:
        return "fits" if promised["bound"] == "min" else "longer"
    return "unlike" if mine < theirs and promised["bound"] in {"min", "exact"} else "fits"


def _terms_differ(case: Case, row: Row) -> str:
    """How the term of a row of the register differs from all that clauses promise for its data, or nothing."""
    found = set()
    for clause in case.tables["clauses"]:
        singles = not all(broad(case, "clauses", clause, column) for column in _SCOPES)
        if singles and meet(case, clause, "processing", row, blank=False, columns=_SCOPES):
            named = case.named("clauses", clause, "retention_ids")
            stages = [one for one in case.tables["retention"] if one["retention_id"] in named]
            named |= {name for one in stages for name in case.named("retention", one, "then_retention_id")}
            found |= {_relation(case, row, name) for name in named}
    return "" if "fits" in found or not found else "longer" if "longer" in found else "unlike"


def _relation(case: Case, row: Row, promised: str) -> str:
    a, b = case.find("retention", row["retention_id"]), case.find("retention", promised)
    return "fits" if row["retention_id"] == promised or a is None or b is None else _compare(case, a, b)


@oracle("policy.retention.promise_differs", "processing")
def retention_promise_differs(case: Case) -> Iterator[str]:
    named = [row for row in case.register if case.named("processing", row, "retention_id")]
    yield from (row["key"] for row in named if _terms_differ(case, row) == "longer")


@oracle("policy.retention.promise_unlike", "processing")
def retention_promise_unlike(case: Case) -> Iterator[str]:
    named = [row for row in case.register if case.named("processing", row, "retention_id")]
    yield from (row["key"] for row in named if _terms_differ(case, row) == "unlike")


def _promised_grounds(case: Case, row: Row) -> set[str]:
    """Grounds that clauses name for the purpose and the subjects of a row."""
    above = {one for name in case.named("processing", row, "purpose_id") for one in case.above("purposes", name)}
    return {
        case.law.basis(code)
        for clause in case.tables["clauses"]
        if says(clause, "kinds", "basis", "consent") and not broad(case, "clauses", clause, "purpose_ids")
        if case.named("clauses", clause, "purpose_ids") & above
        if meet(case, clause, "processing", row, blank=False, columns=("subject_ids",))
        for code in clause["basis_codes"] or ()
        if code not in {"all", "none"}
    }


@oracle("policy.consent.claimed", "processing")
def consent_claimed(case: Case) -> Iterator[str]:
    for row in case.register:
        own = set(_grounds(case, row))
        if own and "consent" not in own and _promised_grounds(case, row) == {"consent"}:
            yield row["key"]


@oracle("policy.consent.unclaimed", "processing")
def consent_unclaimed(case: Case) -> Iterator[str]:
    for row in case.register:
        promised = _promised_grounds(case, row)
        if set(_grounds(case, row)) == {"consent"} and promised and "consent" not in promised:
            yield row["key"]


def _foreign(row: Row, column: str) -> bool:
    return any(re.fullmatch("[A-Z]{2}|all", place) and place != "KZ" for place in row[column] or ())


def _abroad(case: Case) -> Iterator[tuple[str, Row]]:
    """Rows of the register in force and consents by which data go to another country."""
    outside = [r for r in case.tables["recipients"] if _foreign(r, "countries") and r["kind"] != "public"]
    there = {row["recipient_id"] for row in outside}
    used = [row for row in case.tables["systems"] if row["status"] != "retired"]
    stores = {row["system_id"] for row in used if _foreign(row, "storage_countries")}
    for row in case.register:
        recipients, systems = (case.named("processing", row, column) for column in ("recipient_ids", "system_ids"))
        if recipients & there or systems & stores:
            yield "processing", row
    for row in case.tables["consents"]:
        if _foreign(row, "countries") or case.named("consents", row, "recipient_ids") & there:
            yield "consents", row


def _denying(case: Case) -> list[Row]:
    denying = [clause for clause in case.tables["clauses"] if says(clause, "denies", "cross_border")]
    return [clause for clause in denying if not says(clause, "except", "cross_border")]


@oracle("policy.countries.denied", "clauses")
def countries_denied(case: Case) -> Iterator[str]:
    scopes = (*_SCOPES, "recipient_ids")
    for clause in _denying(case):
        for table, row in _abroad(case):
            if row[case.inv.schema.tables[table].key] and meet(case, clause, table, row, blank=False, columns=scopes):
                yield clause["key"]


@oracle("policy.countries.undisclosed", "processing")
def countries_undisclosed(case: Case) -> Iterator[str]:
    scopes = (*_SCOPES, "recipient_ids")
    clauses = [clause for clause in case.tables["clauses"] if says(clause, "asserts", "cross_border")]
    telling = [clause for clause in clauses if not says(clause, "denies", "cross_border")]
    for table, row in _abroad(case):
        spoken = [
            clause
            for clause in (*telling, *_denying(case))
            if table == "processing" and meet(case, clause, table, row, blank=True, columns=scopes)
        ]
        if telling and table == "processing" and not spoken:
            yield row["key"]


@oracle("policy.measures.not_applied", "systems")
def measures_not_applied(case: Case) -> Iterator[str]:
    listed = set(case.inv.schema.lists["measure"])
    for row in case.tables["systems"]:
        known = row["measures"] is not None and "all" not in row["measures"] and row["status"] != "retired"
        if known and row["medium"] in {"electronic", "mixed"}:
            for clause in case.tables["clauses"]:
                everywhere = all(broad(case, "clauses", clause, column) for column in _SCOPES)
                promised = listed & set(clause["elements"] or ()) if says(clause, "kinds", "security") else set()
                if everywhere and promised - set(row["measures"]):
                    yield row["key"]
