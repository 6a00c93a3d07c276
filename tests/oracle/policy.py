"""What the rules on the published policy have to find, from their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.rows import oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.rows import Case, Row

_SCOPES = {
    "subject_ids": "subjects",
    "category_ids": "categories",
    "purpose_ids": "purposes",
    "recipient_ids": "recipients",
}


def _says(row: Row, column: str, statement: str) -> bool:
    return statement in (row[column] or ())


def _passing_on(case: Case) -> Iterator[tuple[str, Row]]:
    """Clauses, rows of the register in force and consents by which somebody outside gets personal data."""
    outside = {r["recipient_id"] for r in case.tables["recipients"] if r["kind"] in {"third_party", "group", "public"}}
    for row in case.tables["clauses"]:
        tells = _says(row, "asserts", "third_parties") or case.named("clauses", row, "recipient_ids") & outside
        if tells and not _says(row, "denies", "third_parties") and not _says(row, "asserts", "anonymised"):
            yield "clauses", row
    for table, rows in (("processing", case.register), ("consents", case.tables["consents"])):
        yield from ((table, row) for row in rows if case.named(table, row, "recipient_ids") & outside)


def _meet(case: Case, clause: Row, other: tuple[str, Row], column: str) -> bool:
    """Whether a clause and another row may speak of the same things; a clause that names none speaks of all."""
    table, row = other
    held = column if column in row else column.removesuffix("s")
    if _sweeping(clause, column) or (table == "clauses" and _sweeping(row, column)):
        return True
    line = {kin for name in case.named("clauses", clause, column) for kin in case.line(_SCOPES[column], name)}
    return bool(line & case.named(table, row, held))


def _sweeping(clause: Row, column: str) -> bool:
    return not clause[column] or "all" in clause[column]


@oracle("policy.recipients.denied", "clauses")
def recipients_denied(case: Case) -> Iterator[str]:
    told = list(_passing_on(case))
    for clause in case.tables["clauses"]:
        if _says(clause, "denies", "third_parties") and not _says(clause, "except", "third_parties"):
            for table, row in told:
                excepted = table == "clauses" and set(clause["except"] or ()) & set(row["asserts"] or ())
                if not excepted and all(_meet(case, clause, (table, row), column) for column in _SCOPES):
                    yield clause["key"]
