"""What the rules that hold the policy against the inventory have to find, from their words: names and purposes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.law import _held
from oracle.rows import oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.rows import Case, Row

COLUMNS = {
    "subject_ids": "subjects",
    "category_ids": "categories",
    "purpose_ids": "purposes",
    "recipient_ids": "recipients",
}
_MEANING_ALL = {"categories": {"data"}, "subjects": {"scope", "subject", "data"}, "recipients": {"recipient"}}
_DENIAL = {"categories": "biometric", "subjects": "minors", "recipients": "third_parties"}
_IN_GENERAL = {"third_parties": {"third_party", "group"}, "public": {"public"}}


def says(row: Row, column: str, *words: str) -> bool:
    """Whether a cell of a list holds one of the words."""
    return bool(set(row[column] or ()) & set(words))


def broad(case: Case, table: str, row: Row, column: str) -> bool:
    """Whether the row singles nothing out there."""
    cell = row[column] or ()
    return "all" in (cell if isinstance(cell, tuple) else (cell,)) or not case.named(table, row, column)


def meet(case: Case, clause: Row, table: str, row: Row, *, blank: bool, columns: tuple[str, ...]) -> bool:
    """Whether the clause and the row may speak of the same; one that names none is met where ``blank``."""
    return all(_meet(case, clause, table, row, blank=blank, column=column) for column in columns)


def _meet(case: Case, clause: Row, table: str, row: Row, *, blank: bool, column: str) -> bool:
    held = column if column in row else column.removesuffix("s")
    if broad(case, "clauses", clause, column) or (blank and broad(case, table, row, held)):
        return True
    line = {kin for name in case.named("clauses", clause, column) for kin in case.line(COLUMNS[column], name)}
    return bool(line & case.named(table, row, held))


def ongoing(case: Case) -> list[Row]:
    """Rows of the register in force or planned."""
    return [row for row in case.tables["processing"] if row["status"] != "stopped"]


def _key(case: Case, table: str) -> str:
    return case.inv.schema.tables[table].key


def _told(case: Case, table: str) -> list[tuple[Row, str]]:
    """Clauses and the ids of the table that they name as something there is."""
    column = next(column for column, to in COLUMNS.items() if to == table)
    telling = [clause for clause in case.tables["clauses"] if not says(clause, "denies", _DENIAL[table])]
    pairs = [
        (clause, name)
        for clause in telling
        if not says(clause, column, "all") or says(clause, "kinds", *_MEANING_ALL[table])
        for name in case.named("clauses", clause, column)
    ]
    for row in case.tables[table]:
        own = case.named(table, row, "clauses")
        if name := row[_key(case, table)]:
            pairs += [(clause, name) for clause in telling if clause["clause_id"] and clause["clause_id"] in own]
    return pairs


def _firsts(case: Case, table: str) -> Iterator[tuple[Row, str]]:
    """Rows of a table with their ids, one a row for every id."""
    for row in case.tables[table]:
        name = row[_key(case, table)]
        if name and case.find(table, name) == row:
            yield row, name


def _using(case: Case, rows: list[Row]) -> set[str]:
    """Categories that rows of the register name, or fields of theirs."""
    fields = {name for row in rows for name in case.named("processing", row, "field_ids")}
    named = {name for row in rows for name in case.named("processing", row, "category_ids")}
    return named | {field["category_id"] for field in case.tables["fields"] if field["field_id"] in fields} - {None}


@oracle("policy.data.collected_unlisted", "categories")
def data_collected_unlisted(case: Case) -> Iterator[str]:
    told = _told(case, "categories")
    named = {kin for _, name in told for kin in case.line("categories", name)}
    general = [row for row in case.tables["clauses"] if broad(case, "clauses", row, "category_ids")]
    natures = {n for row in general if not says(row, "denies", "biometric") for n in row["natures"] or ()}
    held = {field["category_id"] for field in _held(case) if field["field_id"]}
    held |= _using(case, [row for row in case.register if row["processing_id"]])
    for row, name in _firsts(case, "categories"):
        if told and name in held and name not in named and row["nature"] not in natures:
            yield row["key"]


@oracle("policy.data.listed_uncollected", "clauses")
def data_listed_uncollected(case: Case) -> Iterator[str]:
    had = _using(case, ongoing(case)) | {field["category_id"] for field in case.tables["fields"]} - {None}
    lines = {kin for name in had for kin in case.line("categories", name)}
    unsure = any(row["category_ids"] is None and row["field_ids"] is None for row in ongoing(case))
    for clause in case.tables["clauses"]:
        listing = says(clause, "kinds", "data") and not says(clause, "denies", "biometric")
        if listing and not unsure and not broad(case, "clauses", clause, "category_ids"):
            idle = case.named("clauses", clause, "category_ids") - lines
            if idle & case.ids("categories"):
                yield clause["key"]


@oracle("policy.subjects.collected_unnamed", "subjects")
def subjects_collected_unnamed(case: Case) -> Iterator[str]:
    told = _told(case, "subjects")
    named = {kin for _, name in told for kin in case.line("subjects", name)}
    held = {name for f in _held(case) if f["field_id"] for name in case.named("fields", f, "subject_ids")}
    held |= {n for r in case.register if r["processing_id"] for n in case.named("processing", r, "subject_ids")}
    for row, name in _firsts(case, "subjects"):
        if told and name in held and name not in named:
            yield row["key"]


@oracle("policy.subjects.named_uncollected", "subjects")
def subjects_named_uncollected(case: Case) -> Iterator[str]:
    rows = {"fields": case.tables["fields"], "consents": case.tables["consents"], "processing": ongoing(case)}
    had = {name for table, of in rows.items() for row in of for name in case.named(table, row, "subject_ids")}
    lines = {kin for name in had for kin in case.line("subjects", name)}
    spoken = {name for clause, name in _told(case, "subjects") if clause["clause_id"]}
    unsure = any(row["subject_ids"] is None for row in ongoing(case))
    for row, name in _firsts(case, "subjects"):
        if name in spoken and name not in lines and not unsure:
            yield row["key"]


def _on_purpose(case: Case, row: Row) -> list[Row]:
    """Clauses that name the purpose of a row, or one on its line."""
    purposes = case.named("processing", row, "purpose_id")
    line = {kin for name in purposes for kin in case.line("purposes", name)}
    return [one for one in case.tables["clauses"] if case.named("clauses", one, "purpose_ids") & line]


def _strange(case: Case, row: Row, clauses: list[Row], column: str) -> bool:
    """Whether the row names something there that no clause on its purpose does, while those that declare it list."""
    declaring = [clause for clause in clauses if says(clause, "kinds", "purpose")]
    if not declaring or any(broad(case, "clauses", clause, column) for clause in declaring):
        return False
    named = {name for clause in clauses for name in case.named("clauses", clause, column)}
    known = {kin for name in named for kin in case.line(COLUMNS[column], name)}
    return not broad(case, "processing", row, column) and bool(case.named("processing", row, column) - known)


@oracle("policy.purposes.other_subjects", "processing")
def purposes_other_subjects(case: Case) -> Iterator[str]:
    yield from (r["key"] for r in case.register if _strange(case, r, _on_purpose(case, r), "subject_ids"))


@oracle("policy.purposes.more_data", "processing")
def purposes_more_data(case: Case) -> Iterator[str]:
    for row in case.register:
        clauses = [
            clause
            for clause in _on_purpose(case, row)
            if meet(case, clause, "processing", row, blank=True, columns=("subject_ids",))
        ]
        if _strange(case, row, clauses, "category_ids"):
            yield row["key"]


def _kinds_meant(case: Case, clause: Row) -> set[str]:
    """Kinds of recipients of which a clause speaks in general."""
    silent = broad(case, "clauses", clause, "recipient_ids") and not says(clause, "denies", "third_parties")
    if not silent or says(clause, "asserts", "anonymised"):
        return set()
    stated = {kind for said, kinds in _IN_GENERAL.items() if says(clause, "asserts", said) for kind in kinds}
    if not stated and not says(clause, "kinds", "recipient"):
        return set()
    return set(clause["recipient_kinds"] or ()) or stated


@oracle("policy.recipients.unnamed", "recipients")
def recipients_unnamed(case: Case) -> Iterator[str]:
    clauses = case.tables["clauses"]
    spoken = ("third_parties", "public")
    coded = any(row["recipient_ids"] is not None or row["recipient_kinds"] is not None for row in clauses)
    coded |= any(says(row, column, *spoken) for row in clauses for column in ("asserts", "denies"))
    named = {name for _, name in _told(case, "recipients")}
    rows = [("processing", row) for row in case.register] + [("consents", row) for row in case.tables["consents"]]
    for to, name in _firsts(case, "recipients"):
        if not coded or name in named or to["kind"] not in {"third_party", "group", "public"}:
            continue
        general = [clause for clause in clauses if to["kind"] in _kinds_meant(case, clause)]
        for table, row in rows:
            met = any(
                meet(case, one, table, row, blank=True, columns=("subject_ids", "purpose_ids")) for one in general
            )
            if name in case.named(table, row, "recipient_ids") and row[_key(case, table)] and not met:
                yield to["key"]


@oracle("policy.recipients.named_unused", "recipients")
def recipients_named_unused(case: Case) -> Iterator[str]:
    rows = {"processing": ongoing(case), "consents": case.tables["consents"]}
    had = {name for table, of in rows.items() for row in of for name in case.named(table, row, "recipient_ids")}
    had |= {name for row in case.tables["systems"] for name in case.named("systems", row, "provider_id")}
    spoken = {name for clause, name in _told(case, "recipients") if clause["clause_id"]}
    unsure = any(row["recipient_ids"] is None for row in ongoing(case))
    for to, name in _firsts(case, "recipients"):
        if to["kind"] in {"processor", "third_party", "group", "public"} and name in spoken - had and not unsure:
            yield to["key"]
