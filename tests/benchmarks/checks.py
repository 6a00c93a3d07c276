"""The 54 checks that both pipelines make, and the rules of derbes that say the same of the same cells."""

from __future__ import annotations

from typing import NamedTuple

KEYS = {
    "systems": "system_id",
    "categories": "category_id",
    "subjects": "subject_id",
    "purposes": "purpose_id",
    "retention": "retention_id",
    "recipients": "recipient_id",
    "fields": "field_id",
    "processing": "processing_id",
    "clauses": "clause_id",
}
REQUIRED = {
    "systems": ("name", "kind", "owner", "storage_countries"),
    "categories": ("name", "access_class", "nature"),
    "purposes": ("name",),
    "subjects": ("name",),
    "retention": ("period", "trigger", "disposal"),
    "recipients": ("name", "kind", "countries"),
    "fields": ("system_id", "name", "label", "category_id", "source"),
    "processing": ("name", "subject_ids", "purpose_id", "legal_basis", "retention_id", "owner"),
}
REFERENCES = {
    "fields": {"system_id": "systems", "category_id": "categories"},
    "processing": {"purpose_id": "purposes", "retention_id": "retention"},
    "systems": {"provider_id": "recipients"},
}
LISTS = {
    "systems": {"medium": ["electronic", "paper", "mixed"]},
    "categories": {"access_class": ["public", "restricted"]},
    "fields": {
        "source": ["subject", "representative", "employee", "third_party", "public", "generated", "device"],
    },
    "retention": {"disposal": ["destroy", "anonymise", "archive", "delete"]},
    "recipients": {"kind": ["processor", "third_party", "state_body", "group", "public"]},
}
SLUG = r"^[a-z0-9][a-z0-9_.-]*$"
#: What is wrong with an id that is no slug; derbes has a rule for each way to spoil one.
_SPELLING = ("homoglyph", "space", "slug", "number")
_RULES = {
    "unique": ("unique",),
    "spelling": _SPELLING,
    "required": ("required",),
    "reference": ("reference", *_SPELLING),
    "closed_list": ("closed_list",),
}


class Check(NamedTuple):
    """One check of one column; a reference names the table it leads to."""

    kind: str
    table: str
    column: str
    to: str = ""

    @property
    def rules(self) -> list[str]:
        """Ids of the rules of derbes that together make this check."""
        return [f"structure.{rule}.{self.table}.{self.column}" for rule in _RULES[self.kind]]


CHECKS = [
    *(Check(kind, table, key) for table, key in KEYS.items() for kind in ("unique", "spelling")),
    *(Check("required", table, column) for table, columns in REQUIRED.items() for column in columns),
    *(Check("reference", table, column, to) for table, columns in REFERENCES.items() for column, to in columns.items()),
    *(Check("closed_list", table, column) for table, columns in LISTS.items() for column in columns),
]
